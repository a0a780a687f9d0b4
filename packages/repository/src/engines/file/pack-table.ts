import type { Oid } from '@git-kv/objects';
import type { PackIndex } from '@git-kv/pack';

/** Packs share a double with 32 bits of an oid while they are sorted. */
const NUMBER_UNIT = 2 ** 21;

/**
 * Which of many packs an object may be in: one sorted table over their idx, of eight bytes an object. It holds the first four bytes
 * of each oid and the number of its pack, so an answer is a candidate, to be looked up in the pack's own idx.
 */
export class PackTable<P> {
  readonly packs: readonly P[];
  readonly #prefixes: Uint32Array;
  readonly #numbers: Uint32Array;

  private constructor(packs: readonly P[], prefixes: Uint32Array, numbers: Uint32Array) {
    this.packs = packs;
    this.#prefixes = prefixes;
    this.#numbers = numbers;
  }

  static of<P>(entries: readonly (readonly [P, PackIndex])[]): PackTable<P> {
    const count = entries.reduce((sum, [, { objectCount }]) => sum + objectCount, 0);
    const keys = new Float64Array(count);
    const oid = new Uint8Array(32);
    const view = new DataView(oid.buffer);
    let at = 0;
    for (const [number, [, index]] of entries.entries()) {
      for (let position = 0; position < index.objectCount; position++) {
        index.writeOidAt(position, oid, 0);
        keys[at++] = view.getUint32(0) * NUMBER_UNIT + number;
      }
    }
    keys.sort();
    const prefixes = new Uint32Array(count);
    const numbers = new Uint32Array(count);
    for (let rank = 0; rank < count; rank++) {
      const key = keys[rank] as number;
      prefixes[rank] = Math.floor(key / NUMBER_UNIT);
      numbers[rank] = key % NUMBER_UNIT;
    }
    const packs = entries.map(([pack]) => pack);
    return new PackTable(packs, prefixes, numbers);
  }

  /** The packs that may have an oid whose first four bytes are `prefix`. */
  candidates(prefix: number): P[] {
    const prefixes = this.#prefixes;
    const found: P[] = [];
    for (let at = lowerBound(prefixes, prefix); prefixes[at] === prefix; at++) {
      found.push(this.packs[this.#numbers[at] as number] as P);
    }
    return found;
  }
}

/** The first four bytes of an oid as a number. */
export function prefixOf(oid: Oid): number {
  return Number.parseInt(oid.slice(0, 8), 16);
}

/** The first place at which `prefixes` is not below `wanted`. */
function lowerBound(prefixes: Uint32Array, wanted: number): number {
  let low = 0;
  let high = prefixes.length;
  // Oids are as good as random, so the place is near their share; the steps outwards grow, whatever the oids are.
  let middle = Math.floor(high * (wanted / 2 ** 32));
  for (let reach = 16; low < high; reach *= 4) {
    if ((prefixes[middle] as number) < wanted) {
      low = middle + 1;
      middle = Math.min(low + reach, (low + high) >>> 1);
    } else {
      high = middle;
      middle = Math.max(high - 1 - reach, (low + high) >>> 1);
    }
  }
  return low;
}
