import { compareBytes, encodeUtf8, type HashAlgorithm } from '@git-kv/objects';
import { type Chunk, serializeChunkFile } from '../chunk-file/serialize.js';
import type { PackIndex } from '../idx/pack-index.js';
import { sortOids } from '../idx/sort.js';
import { FANOUT_SIZE } from '../oid-table.js';
import { writeUint32 } from '../uint32.js';
import type { MultiPackIndex } from './multi-pack-index.js';
import { LARGE_OFFSET_FLAG, MIDX_HASH_VERSIONS, MIDX_HEADER_SIZE } from './parse.js';

/** A pack that a multi-pack-index is to name. */
export interface IndexedPackFile {
  /** The name of its idx: `pack-<hex>.idx`. */
  readonly name: string;
  readonly index: PackIndex;
  /** When the pack was last changed, in whole seconds since 1970: of an object in several packs the youngest pack is named. */
  readonly timestamp: number;
}

/** What {@link serializeMultiPackIndex} takes. */
export interface MultiPackIndexParts {
  readonly algorithm: HashAlgorithm;
  /** Of packs with the same `timestamp` the first counts as younger. */
  readonly packs: readonly IndexedPackFile[];
  /** An older one to build on: its packs and its choices are kept, and it counts as older than any of `packs`. */
  readonly existing?: MultiPackIndex;
  /** The pack, of `packs` or by name among those of `existing`, that is named wherever it has an object. */
  readonly preferred?: IndexedPackFile;
}

/** Where the objects of a source are, in terms of the pack names of the file to come. */
interface Source {
  readonly index: Pick<PackIndex, 'objectCount' | 'writeOidAt' | 'packOffsetAt'>;
  packOf(position: number): number;
}

/** In OOFF from here on a table of 64-bit offsets is needed; then offsets of 32 bits with the top bit go there too. */
const OFFSET_SPACE = 2 ** 32;
const ALIGNMENT = 4;

/**
 * A multi-pack-index over packs, byte for byte as git writes it: of each object that several packs have, the preferred
 * pack is named, else the youngest, else the first.
 * @throws {RangeError} where no pack is given, or two have one name
 * @see gitformat-pack(5), "multi-pack-index (MIDX) files have the following format"
 */
export function serializeMultiPackIndex(parts: MultiPackIndexParts): Uint8Array {
  const { algorithm } = parts;
  const { oidLength } = algorithm;
  const names = sortedNames(parts);
  const sources = sourcesOf(parts, names);
  let total = 0;
  for (const { index } of sources) total += index.objectCount;
  const oids = new Uint8Array(total * oidLength);
  let at = 0;
  for (const { index } of sources) {
    for (let position = 0; position < index.objectCount; position++, at += oidLength) {
      index.writeOidAt(position, oids, at);
    }
  }
  // Equal oids stay in the order of the sources, so the first of them is the one to name.
  const order = withoutRepeats(sortOids(oids, oidLength, total), oids, oidLength);
  const { packs, offsets } = placesOf(order, sources);
  let largeCount = 0;
  let needsLarge = false;
  for (const offset of offsets) {
    if (offset >= LARGE_OFFSET_FLAG) largeCount++;
    if (offset >= OFFSET_SPACE) needsLarge = true;
  }
  const encodedNames = names.map((name) => encodeUtf8(`${name}\0`));
  const namesSize = encodedNames.reduce((size, name) => size + name.length, 0);
  const chunks: Chunk[] = [
    {
      id: 'PNAM',
      size: Math.ceil(namesSize / ALIGNMENT) * ALIGNMENT,
      write(output) {
        let end = 0;
        for (const name of encodedNames) {
          output.set(name, end);
          end += name.length;
        }
      },
    },
    { id: 'OIDF', size: FANOUT_SIZE, write: (output) => writeFanout(output, order, oids, oidLength) },
    {
      id: 'OIDL',
      size: order.length * oidLength,
      write(output) {
        for (let rank = 0; rank < order.length; rank++) {
          const from = (order[rank] as number) * oidLength;
          const to = rank * oidLength;
          for (let byte = 0; byte < oidLength; byte++) output[to + byte] = oids[from + byte] as number;
        }
      },
    },
    {
      id: 'OOFF',
      size: order.length * 8,
      write(output) {
        let large = 0;
        for (let rank = 0; rank < order.length; rank++) {
          const offset = offsets[rank] as number;
          const isLarge = needsLarge && offset >= LARGE_OFFSET_FLAG;
          writeUint32(output, rank * 8, packs[rank] as number);
          writeUint32(output, rank * 8 + 4, isLarge ? LARGE_OFFSET_FLAG + large++ : offset);
        }
      },
    },
  ];
  if (needsLarge) {
    chunks.push({
      id: 'LOFF',
      size: largeCount * 8,
      write(output) {
        let to = 0;
        for (const offset of offsets) {
          if (offset < LARGE_OFFSET_FLAG) continue;
          writeUint32(output, to, Math.floor(offset / 2 ** 32));
          writeUint32(output, to + 4, offset % 2 ** 32);
          to += 8;
        }
      },
    });
  }
  const header = new Uint8Array(MIDX_HEADER_SIZE);
  header.set([0x4d, 0x49, 0x44, 0x58, 1, MIDX_HASH_VERSIONS[algorithm.name], chunks.length, 0]);
  writeUint32(header, 8, names.length);
  return serializeChunkFile(header, chunks, algorithm);
}

function sortedNames({ packs, existing }: MultiPackIndexParts): string[] {
  const names = [...(existing?.packNames ?? []), ...packs.map(({ name }) => name)];
  if (names.length === 0) throw new RangeError('Cannot make a multi-pack-index of no packs');
  names.sort((a, b) => compareBytes(encodeUtf8(a), encodeUtf8(b)));
  const twice = names.find((name, at) => name === names[at - 1]);
  if (twice !== undefined) throw new RangeError(`Cannot name ${twice} twice in a multi-pack-index`);
  return names;
}

/** All sources, the one to believe first. */
function sourcesOf({ packs, existing, preferred }: MultiPackIndexParts, names: readonly string[]): Source[] {
  const packOfName = new Map(names.map((name, pack) => [name, pack]));
  const sourceOf = ({ name, index }: IndexedPackFile): Source => {
    const pack = packOfName.get(name);
    if (pack === undefined) throw new RangeError(`Cannot prefer ${name}: it is not among the packs`);
    return { index, packOf: () => pack };
  };
  const others = packs.filter(({ name }) => name !== preferred?.name).sort((a, b) => b.timestamp - a.timestamp);
  const sources = [...(preferred ? [preferred] : []), ...others].map(sourceOf);
  if (existing !== undefined) {
    const packOfExisting = existing.packNames.map((name) => packOfName.get(name) as number);
    sources.push({ index: existing, packOf: (position) => packOfExisting[existing.packAt(position)] as number });
  }
  return sources;
}

function withoutRepeats(order: Uint32Array, oids: Uint8Array, oidLength: number): Uint32Array {
  let kept = 0;
  for (let rank = 0; rank < order.length; rank++) {
    const position = order[rank] as number;
    if (kept > 0 && isSameOid(oids, (order[kept - 1] as number) * oidLength, position * oidLength, oidLength)) continue;
    order[kept++] = position;
  }
  return order.subarray(0, kept);
}

function isSameOid(oids: Uint8Array, aAt: number, bAt: number, oidLength: number): boolean {
  for (let at = 0; at < oidLength; at++) if (oids[aAt + at] !== oids[bAt + at]) return false;
  return true;
}

/** Pack and offset of each row of `order`, whose numbers run through the sources one after another. */
function placesOf(order: Uint32Array, sources: readonly Source[]): { packs: Uint32Array; offsets: Float64Array } {
  const starts = new Float64Array(sources.length + 1);
  for (const [at, { index }] of sources.entries()) starts[at + 1] = (starts[at] as number) + index.objectCount;
  const packs = new Uint32Array(order.length);
  const offsets = new Float64Array(order.length);
  for (let rank = 0; rank < order.length; rank++) {
    const row = order[rank] as number;
    let low = 0;
    for (let high = sources.length - 1; low < high; ) {
      const middle = (low + high) >>> 1;
      if (row < (starts[middle + 1] as number)) high = middle;
      else low = middle + 1;
    }
    const source = sources[low] as Source;
    const position = row - (starts[low] as number);
    packs[rank] = source.packOf(position);
    offsets[rank] = source.index.packOffsetAt(position);
  }
  return { packs, offsets };
}

function writeFanout(output: Uint8Array, order: Uint32Array, oids: Uint8Array, oidLength: number): void {
  const counts = new Uint32Array(256);
  for (const position of order) counts[oids[position * oidLength] as number]!++;
  for (let byte = 0, sum = 0; byte < 256; byte++) {
    sum += counts[byte] as number;
    writeUint32(output, byte * 4, sum);
  }
}
