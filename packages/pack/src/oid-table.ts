import { type HashAlgorithm, type Oid, oidFromBytes, writeOid } from '@git-kv/objects';
import { readUint32 } from './uint32.js';

/** Bytes of a fanout: 256 counts. */
export const FANOUT_SIZE: number = 256 * 4;

/** Sorted oids in a file, with the fanout before them that says how many begin with each byte or a lower one. */
export class OidTable {
  readonly algorithm: HashAlgorithm;
  readonly count: number;
  readonly #bytes: Uint8Array;
  readonly #fanoutAt: number;
  readonly #oidsAt: number;
  readonly #stride: number;
  readonly #wanted: Uint8Array;

  /** @param stride bytes from one oid to the next, where other things stand between them */
  constructor(
    bytes: Uint8Array,
    algorithm: HashAlgorithm,
    places: { readonly count: number; readonly fanoutAt: number; readonly oidsAt: number; readonly stride?: number },
  ) {
    this.algorithm = algorithm;
    this.count = places.count;
    this.#bytes = bytes;
    this.#fanoutAt = places.fanoutAt;
    this.#oidsAt = places.oidsAt;
    this.#stride = places.stride ?? algorithm.oidLength;
    this.#wanted = new Uint8Array(algorithm.oidLength);
  }

  /** @throws {RangeError} where there is no such position, in the name of what it is a `position` of */
  assertPosition(position: number, format: string): void {
    if (!(position >= 0 && position < this.count)) {
      throw new RangeError(`Cannot read index position ${position}: the ${format} has ${this.count} objects`);
    }
  }

  oidAt(position: number): Oid {
    return oidFromBytes(this.#bytes, this.#oidsAt + position * this.#stride, this.algorithm.oidLength);
  }

  /** Copy the bytes of an oid to `output` at `offset`. */
  writeOidAt(position: number, output: Uint8Array, offset: number): void {
    const from = this.#oidsAt + position * this.#stride;
    for (let at = 0; at < this.algorithm.oidLength; at++) output[offset + at] = this.#bytes[from + at] as number;
  }

  find(oid: Oid): number | undefined {
    if (oid.length !== this.algorithm.hexLength) return undefined;
    writeOid(oid, this.#wanted, 0);
    return this.findBytes(this.#wanted, 0);
  }

  findBytes(bytes: Uint8Array, offset: number): number | undefined {
    const first = bytes[offset] as number;
    let low = this.fanout(first - 1);
    let high = this.fanout(first);
    // Oids are as good as random, so the bytes after the first tell where to look. From there the search goes outwards in
    // growing steps until the oid is between two looks, and halves what is left: whatever the oids are, it ends soon.
    let middle = low + Math.floor((high - low) * shareOf(bytes, offset + 1));
    for (let reach = 8; low < high; reach *= 4) {
      const order = this.#compare(middle, bytes, offset);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
      if (reach >= high - low) middle = (low + high) >>> 1;
      else middle = order < 0 ? low + reach : high - 1 - reach;
    }
    return undefined;
  }

  findByPrefix(hex: string, limit: number): Oid[] {
    if (!/^[0-9a-f]*$/.test(hex) || hex.length > this.algorithm.hexLength) return [];
    const least = new Uint8Array(this.algorithm.oidLength);
    writeOid(hex.padEnd(this.algorithm.hexLength, '0'), least, 0);
    const first = least[0] as number;
    let low = this.fanout(first - 1);
    let high = hex.length < 2 ? this.count : this.fanout(first);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(middle, least, 0) < 0) low = middle + 1;
      else high = middle;
    }
    const found: Oid[] = [];
    for (let position = low; position < this.count && found.length < limit; position++) {
      const oid = this.oidAt(position);
      if (!oid.startsWith(hex)) break;
      if (oid !== found.at(-1)) found.push(oid);
    }
    return found;
  }

  /** How many oids begin with `byte` or a lower one. */
  fanout(byte: number): number {
    return byte < 0 ? 0 : readUint32(this.#bytes, this.#fanoutAt + byte * 4);
  }

  /** Below 0 where the oid at `position` comes before the wanted one. */
  #compare(position: number, wanted: Uint8Array, wantedAt: number): number {
    const bytes = this.#bytes;
    const oidAt = this.#oidsAt + position * this.#stride;
    for (let at = 0; at < this.algorithm.oidLength; at++) {
      const difference = (bytes[oidAt + at] as number) - (wanted[wantedAt + at] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  }
}

/** The three bytes at `offset` as a fraction: how far on among sorted oids one with these bytes is to be expected. */
function shareOf(bytes: Uint8Array, offset: number): number {
  const high = (bytes[offset] as number) * 65536 + (bytes[offset + 1] as number) * 256;
  return (high + (bytes[offset + 2] as number)) / 2 ** 24;
}
