import { MalformedError, NotFoundError, type ObjectKind, type Oid, oidFromBytes } from '@git-kv/objects';
import type { ByteSource } from '../byte-source.js';
import { decodeEntryHeader, emptyEntryHeader, HEADER_BYTES } from '../entry-header.js';
import type { PackIndex } from '../idx/pack-index.js';
import { findRow, packOrder } from '../pack-order.js';
import { ReadWindows } from '../read-windows.js';
import type { ReverseIndex } from '../rev/reverse-index.js';
import { kindOfTypeCode, TypeCode } from '../type-code.js';

/** A line of `git verify-pack -v`. */
export interface PackListEntry {
  readonly oid: Oid;
  readonly kind: ObjectKind;
  /** Bytes of what the entry holds: the object, or the delta it is stored as. */
  readonly inflatedSize: number;
  /** Bytes of the entry: header and deflated body. */
  readonly sizeInPack: number;
  readonly packOffset: number;
  /** Deltas between the object and the full object its chain ends in: 0 for a full one. */
  readonly depth: number;
  /** The object a delta is made for. */
  readonly baseOid?: Oid;
}

/** What `git verify-pack -v` tells of a pack. */
export interface PackListing {
  /** In pack order. */
  readonly entries: readonly PackListEntry[];
  /** How many objects have a chain of this many deltas; the first number counts the full objects. */
  readonly chainLengths: readonly number[];
}

const WINDOWS = { windowBytes: 2 ** 20, windowCount: 2 };
const NONE = -1;

/**
 * List the entries of a pack, out of their headers alone: nothing is inflated or verified.
 * @throws {MalformedError} where idx and pack do not fit each other
 */
export async function listPack(
  pack: { readonly source: ByteSource; readonly index: PackIndex; readonly reverse?: ReverseIndex },
  options?: { signal?: AbortSignal },
): Promise<PackListing> {
  const { source, index } = pack;
  const { objectCount } = index;
  const packEnd = source.size - index.algorithm.oidLength;
  const { packOffsets, positions } = packOrder(index, pack.reverse);
  const rowOfPosition = new Int32Array(objectCount);
  positions.forEach((position, row) => {
    rowOfPosition[position] = row;
  });

  const windows = new ReadWindows(source, WINDOWS);
  const header = emptyEntryHeader();
  const typeCodes = new Uint8Array(objectCount);
  const sizes = new Float64Array(objectCount);
  const bases = new Int32Array(objectCount).fill(NONE);
  for (let row = 0; row < objectCount; row++) {
    const packOffset = packOffsets[row] as number;
    const length = Math.min(HEADER_BYTES, packEnd - packOffset);
    if (length <= 0) throw new MalformedError('pack', packOffset, 'no entry can begin here');
    while (!windows.peek(packOffset, length)) await windows.load(packOffset, length, options?.signal);
    const { bytes, at } = windows;
    if (!decodeEntryHeader(bytes, at, at + length, index.algorithm.oidLength, packOffset, header)) {
      throw new MalformedError('pack entry', packOffset, 'its header is cut short');
    }
    typeCodes[row] = header.typeCode;
    sizes[row] = header.inflatedSize;
    if (header.typeCode === TypeCode.ofsDelta) {
      bases[row] = findRow(packOffsets, packOffset - header.baseDistance);
      if (bases[row] === NONE)
        throw new MalformedError('pack entry', packOffset, 'no entry begins where its base should');
    } else if (header.typeCode === TypeCode.refDelta) {
      const base = index.findBytes(bytes, header.baseOidOffset);
      if (base === undefined) {
        const baseOid = oidFromBytes(bytes, header.baseOidOffset, index.algorithm.oidLength);
        throw new NotFoundError(
          'OBJECT_NOT_FOUND',
          baseOid,
          `Cannot list pack entry at byte ${packOffset}: its base ${baseOid} is missing`,
        );
      }
      bases[row] = rowOfPosition[base] as number;
    }
  }

  const depths = resolveChains(bases, packOffsets, typeCodes);
  const entries: PackListEntry[] = [];
  const chainLengths: number[] = [];
  for (let row = 0; row < objectCount; row++) {
    const depth = depths[row] as number;
    const packOffset = packOffsets[row] as number;
    const base = bases[row] as number;
    entries.push({
      oid: index.oidAt(positions[row] as number),
      kind: kindOfTypeCode(typeCodes[row] as number) as ObjectKind,
      inflatedSize: sizes[row] as number,
      sizeInPack: (packOffsets[row + 1] ?? packEnd) - packOffset,
      packOffset,
      depth,
      ...(base === NONE ? {} : { baseOid: index.oidAt(positions[base] as number) }),
    });
    while (chainLengths.length <= depth) chainLengths.push(0);
    chainLengths[depth] = (chainLengths[depth] as number) + 1;
  }
  return { entries, chainLengths };
}

/**
 * Give each delta the type code of the object its chain ends in. A ref-delta's base may lie anywhere, so chains may cross and,
 * in a bad pack, close.
 * @returns the length of each row's chain
 */
function resolveChains(bases: Int32Array, packOffsets: Float64Array, typeCodes: Uint8Array): Int32Array {
  const depths = new Int32Array(bases.length).fill(NONE);
  const chain: number[] = [];
  for (let row = 0; row < bases.length; row++) {
    let at = row;
    while (at !== NONE && depths[at] === NONE) {
      chain.push(at);
      if (chain.length > bases.length) {
        throw new MalformedError('pack entry', packOffsets[row] as number, 'its delta chain is a circle');
      }
      at = bases[at] as number;
    }
    let depth = at === NONE ? NONE : (depths[at] as number);
    for (let next = chain.pop(); next !== undefined; next = chain.pop()) {
      depths[next] = ++depth;
      const base = bases[next] as number;
      if (base !== NONE) typeCodes[next] = typeCodes[base] as number;
    }
  }
  return depths;
}
