import { isGitError } from '@git-kv/objects';
import type { PackIndex } from './idx/pack-index.js';
import type { ReverseIndex } from './rev/reverse-index.js';

/** The entries of a pack in the order of the pack. Rows count from 0 in that order. */
export interface PackOrder {
  /** Where each entry begins. */
  readonly packOffsets: Float64Array;
  /** Where in the idx each entry is. */
  readonly positions: Uint32Array;
}

/** Sort an idx by offset. @param reverse the `.rev` of the pack, which spares the sorting; one with another order is passed over */
export function packOrder(index: PackIndex, reverse?: ReverseIndex): PackOrder {
  return (reverse && readOrderIfSound(index, reverse)) ?? sortOrder(index);
}

function readOrderIfSound(index: PackIndex, reverse: ReverseIndex): PackOrder | undefined {
  try {
    return readOrder(index, reverse);
  } catch (error) {
    // A position that the idx does not have; where it is the idx that is wrong, sorting it says so.
    if (isGitError(error, 'MALFORMED')) return undefined;
    throw error;
  }
}

function readOrder(index: PackIndex, reverse: ReverseIndex): PackOrder | undefined {
  const { objectCount } = index;
  if (reverse.objectCount !== objectCount) return undefined;
  const packOffsets = new Float64Array(objectCount);
  const positions = new Uint32Array(objectCount);
  let previous = -1;
  for (let row = 0; row < objectCount; row++) {
    const position = reverse.indexPositionAt(row);
    const packOffset = index.packOffsetAt(position);
    if (packOffset <= previous) return undefined;
    positions[row] = position;
    packOffsets[row] = packOffset;
    previous = packOffset;
  }
  return { packOffsets, positions };
}

function sortOrder(index: PackIndex): PackOrder {
  const unsorted = new Float64Array(index.objectCount);
  for (let position = 0; position < unsorted.length; position++) unsorted[position] = index.packOffsetAt(position);
  const positions = orderOf(unsorted);
  const packOffsets = new Float64Array(unsorted.length);
  for (let row = 0; row < positions.length; row++) packOffsets[row] = unsorted[positions[row] as number] as number;
  return { packOffsets, positions };
}

/** Where each of the offsets is in ascending order: the smallest first. */
export function orderOf(offsets: ArrayLike<number>): Uint32Array {
  const count = offsets.length;
  let highest = 0;
  for (let at = 0; at < count; at++) highest = Math.max(highest, offsets[at] as number);
  if ((highest + 1) * count > Number.MAX_SAFE_INTEGER) {
    return Uint32Array.from({ length: count }, (_, at) => at).sort(
      (a, b) => (offsets[a] as number) - (offsets[b] as number),
    );
  }
  // Offset and position in one number: numbers sort ten times as fast without a function that compares.
  const keys = new Float64Array(count);
  for (let at = 0; at < count; at++) keys[at] = (offsets[at] as number) * count + at;
  keys.sort();
  const order = new Uint32Array(count);
  for (let row = 0; row < count; row++) order[row] = (keys[row] as number) % count;
  return order;
}

/** The row of the entry at `packOffset`, or -1 where none begins there. */
export function findRow(packOffsets: Float64Array, packOffset: number): number {
  let low = 0;
  let high = packOffsets.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const at = packOffsets[middle] as number;
    if (at === packOffset) return middle;
    if (at < packOffset) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
