/** Blocks of the base are indexed by their hash, each of this many bytes: the shift in `roll` forgets a byte after as many. */
const BLOCK_BYTES = 16;
/** Candidates looked at for one place of the target: repetitive bases have many of the same hash. */
const MAX_CANDIDATES = 64;
/** A match of this many bytes is taken without looking for a longer one. */
const LONG_MATCH_BYTES = 4096;
/** Shorter copies cost as much as the bytes themselves. */
const LEAST_COPY_BYTES = 5;
/** git reads larger copies and writes none. */
const MAX_COPY_BYTES = 0x10000;
const MAX_INSERT_BYTES = 0x7f;
const WORD_BYTES = 4;
/** Offsets are kept as Int32 (a delta itself has room for 32 bits). */
const MAX_BASE_BYTES = 0x7fffffff;

/** A number for each byte, for the rolling hash, out of a generator with a fixed seed: the same input gives the same delta everywhere. */
export const BYTE_HASHES: Int32Array = /* @__PURE__ */ (() => {
  let state = 0x9e3779b9;
  return Int32Array.from({ length: 256 }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return mixed ^ (mixed >>> 14);
  });
})();

/** Where the blocks of a base are, by their hashes: made once, used for every target. See {@link createDeltaIndex}. */
export interface DeltaIndex {
  /** Bytes of the base it was made of. */
  readonly baseSize: number;
  /** Bytes of memory it takes beside the base. */
  readonly byteLength: number;
}

/** In `tags`: no block here; else 1 to 128, of the only hash in the chain; or several hashes are. */
const EMPTY_TAG = 0;
const MIXED_TAG = 0xff;
const TAG_BITS = 7;
const TAG_MASK = (1 << TAG_BITS) - 1;
/** So that a hash has bits for a tag below those that choose the chain. */
const MAX_CHAIN_BITS = 32 - TAG_BITS;

/** Chains for so many blocks: two to the power of this, two to four for each. */
export function headBits(blockCount: number): number {
  return Math.max(4, 34 - Math.clz32(blockCount));
}

class BlockIndex implements DeltaIndex {
  baseSize = 0;
  /** The hash's upper bits choose a chain: `hash >>> shift`. */
  shift = 0;
  /**
   * Of each chain, seven more bits of its hash, or why there are none. A target's bytes mostly hit no block at all: a table of
   * bytes tells so from the nearest cache, where one of entries would not fit.
   */
  tags: Uint8Array = new Uint8Array(0);
  /** First entry of each chain whose tag is not empty. Entries count from 1. */
  heads: Int32Array = new Int32Array(0);
  /** Three numbers an entry: its hash, the offset of its block's end, the next entry of the chain, 0 for none. */
  entries: Int32Array = new Int32Array(0);

  get byteLength(): number {
    return this.tags.byteLength + this.heads.byteLength + this.entries.byteLength;
  }

  build(base: Uint8Array, start: number, end: number): void {
    const blockCount = Math.floor((end - start) / BLOCK_BYTES);
    const bits = Math.min(MAX_CHAIN_BITS, Math.max(4, 33 - Math.clz32(blockCount)));
    const chainCount = 1 << bits;
    this.baseSize = end - start;
    this.shift = 32 - bits;
    if (this.tags.length < chainCount) {
      this.tags = new Uint8Array(chainCount);
      this.heads = new Int32Array(chainCount);
      // Room for as many blocks as choose so many chains, so that a spare index serves for the next base.
      this.entries = new Int32Array(3 * Math.max(blockCount + 1, chainCount >>> 1) + 3);
    } else {
      this.tags.fill(EMPTY_TAG, 0, chainCount);
      if (this.entries.length < 3 * (blockCount + 1)) this.entries = new Int32Array(3 * (blockCount + 1));
    }
    const { tags, heads, entries, shift } = this;
    const tagShift = shift - TAG_BITS;
    let entry = 0;
    let lastHash = 0;
    // From the last block to the first, so that a chain begins with the lowest offsets.
    for (let blockEnd = blockCount * BLOCK_BYTES; blockEnd > 0; blockEnd -= BLOCK_BYTES) {
      // Two halves at a time, so that neither waits for the other; eight bytes move a hash by sixteen bits.
      let firstHalf = 0;
      let secondHalf = 0;
      const middle = start + blockEnd - BLOCK_BYTES / 2;
      for (let at = middle - BLOCK_BYTES / 2; at < middle; at++) {
        firstHalf = ((firstHalf << 2) + BYTE_HASHES[base[at]!]!) | 0;
        secondHalf = ((secondHalf << 2) + BYTE_HASHES[base[at + BLOCK_BYTES / 2]!]!) | 0;
      }
      const hash = ((firstHalf << BLOCK_BYTES) + secondHalf) | 0;
      if (entry > 0 && hash === lastHash) {
        // A run of equal blocks is one entry, its first.
        entries[3 * entry + 1] = blockEnd;
        continue;
      }
      lastHash = hash;
      entry++;
      const chain = hash >>> shift;
      const tag = ((hash >>> tagShift) & TAG_MASK) + 1;
      const before = tags[chain]!;
      entries[3 * entry] = hash;
      entries[3 * entry + 1] = blockEnd;
      entries[3 * entry + 2] = before === EMPTY_TAG ? 0 : heads[chain]!;
      heads[chain] = entry;
      tags[chain] = before === EMPTY_TAG || before === tag ? tag : MIXED_TAG;
    }
  }
}

/**
 * Index bytes `start` to `end` of `base` for {@link createDelta}. The base itself is not kept. Takes up to three times the base's
 * size in memory.
 * @param spare an index that is not needed any more: its memory is used again, and it becomes the result
 */
export function createDeltaIndex(
  base: Uint8Array,
  start: number = 0,
  end: number = base.length,
  spare?: DeltaIndex,
): DeltaIndex {
  assertCreateRange(base, start, end, 'base');
  if (end - start > MAX_BASE_BYTES) throw new RangeError(`Cannot index ${end - start} bytes for deltas`);
  const index = spare instanceof BlockIndex ? spare : new BlockIndex();
  index.build(base, start, end);
  return index;
}

/**
 * Write a delta that makes bytes `targetStart` to `targetEnd` of `target` out of a base, as `applyDelta` reads it: what the
 * base has in blocks of 16 bytes is copied, the rest inserted. The same input gives the same delta. Allocates nothing where
 * `index` is given.
 * @param output gets the delta at `outputStart`; must not overlap the base or the target
 * @param maxSize bytes of delta at most; it gives up as soon as it knows that they do not suffice. Also bounded by `output`
 * @param index of exactly these bytes of the base, for bases that are used more than once
 * @returns the size of the delta, or -1 where it gave up; what was written by then is of no use
 */
export function createDelta(
  base: Uint8Array,
  baseStart: number,
  baseEnd: number,
  target: Uint8Array,
  targetStart: number,
  targetEnd: number,
  output: Uint8Array,
  outputStart: number,
  maxSize: number = output.length - outputStart,
  index: DeltaIndex = createDeltaIndex(base, baseStart, baseEnd),
): number {
  assertCreateRange(base, baseStart, baseEnd, 'base');
  assertCreateRange(target, targetStart, targetEnd, 'target');
  assertCreateRange(output, outputStart, output.length, 'output');
  if (!(index instanceof BlockIndex) || index.baseSize !== baseEnd - baseStart) {
    throw new RangeError(`Cannot create a delta: the index is not of these ${baseEnd - baseStart} bytes`);
  }
  const { tags, heads, entries, shift } = index;
  const tagShift = shift - TAG_BITS;
  const limit = Math.min(output.length, outputStart + maxSize);
  if (outputStart + sizeLength(baseEnd - baseStart) + sizeLength(targetEnd - targetStart) > limit) return -1;
  let out = writeSize(output, writeSize(output, outputStart, baseEnd - baseStart), targetEnd - targetStart);
  /** First byte of the target that is not in the delta yet. */
  let pending = targetStart;
  let hash = 0;
  let at = targetStart;
  /** Both ends four bytes at a time: most of the work is to see how far long matches go. Made when there is one. */
  let baseWords: DataView | undefined;
  let targetWords: DataView | undefined;
  for (const primed = Math.min(targetEnd, at + BLOCK_BYTES - 1); at < primed; at++) {
    hash = ((hash << 2) + BYTE_HASHES[target[at]!]!) | 0;
  }
  // With more bytes pending than fit the delta fails, unless a match takes some back: two blocks at most, as a rule.
  let scanEnd = Math.min(targetEnd, pending + (limit - out) + 2 * BLOCK_BYTES);
  while (at < scanEnd) {
    hash = ((hash << 2) + BYTE_HASHES[target[at++]!]!) | 0;
    const tag = tags[hash >>> shift]!;
    if (tag !== ((hash >>> tagShift) & TAG_MASK) + 1 && tag !== MIXED_TAG) continue;
    let entry = heads[hash >>> shift]!;
    let bestSize = 0;
    let bestForward = 0;
    let bestFrom = 0;
    for (let tries = MAX_CANDIDATES; entry !== 0 && tries > 0; tries--) {
      const slot = 3 * entry;
      entry = entries[slot + 2]!;
      if (entries[slot] !== hash) continue;
      const blockEnd = baseStart + entries[slot + 1]!;
      let forward = 0;
      const most = Math.min(targetEnd - at, baseEnd - blockEnd);
      if (most >= 2 * WORD_BYTES) {
        baseWords ??= new DataView(base.buffer, base.byteOffset, base.length);
        targetWords ??= new DataView(target.buffer, target.byteOffset, target.length);
        for (const last = most - 2 * WORD_BYTES; forward <= last; forward += 2 * WORD_BYTES) {
          const atTarget = at + forward;
          const atBase = blockEnd + forward;
          const first = targetWords.getInt32(atTarget, true) ^ baseWords.getInt32(atBase, true);
          const second =
            targetWords.getInt32(atTarget + WORD_BYTES, true) ^ baseWords.getInt32(atBase + WORD_BYTES, true);
          if ((first | second) !== 0) break;
        }
      }
      while (forward < most && target[at + forward] === base[blockEnd + forward]) forward++;
      let backward = 0;
      for (const room = Math.min(at - pending, blockEnd - baseStart); backward < room; ) {
        if (target[at - backward - 1] !== base[blockEnd - backward - 1]) break;
        backward++;
      }
      if (forward + backward <= bestSize) continue;
      bestSize = forward + backward;
      bestForward = forward;
      bestFrom = blockEnd - backward - baseStart;
      if (bestSize >= LONG_MATCH_BYTES) break;
    }
    if (bestSize < LEAST_COPY_BYTES) continue;

    const copyEnd = at + bestForward;
    out = writeInserts(target, pending, copyEnd - bestSize, output, out, limit);
    if (out >= 0) out = writeCopies(output, out, limit, bestFrom, bestSize);
    if (out < 0) return -1;
    pending = copyEnd;
    if (bestForward > 0) {
      // The window goes on behind the copy, its first bytes still in it.
      at = Math.max(targetStart, copyEnd - BLOCK_BYTES + 1);
      for (hash = 0; at < copyEnd; at++) hash = ((hash << 2) + BYTE_HASHES[target[at]!]!) | 0;
    }
    scanEnd = Math.min(targetEnd, pending + (limit - out) + 2 * BLOCK_BYTES);
  }
  out = writeInserts(target, pending, targetEnd, output, out, limit);
  return out < 0 ? -1 : out - outputStart;
}

function sizeLength(size: number): number {
  let length = 1;
  for (let rest = size; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

function writeSize(output: Uint8Array, start: number, size: number): number {
  let out = start;
  let rest = size;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) output[out++] = (rest % 0x80) | 0x80;
  output[out++] = rest;
  return out;
}

/** @returns where the next instruction goes, or -1 where these do not fit */
function writeInserts(
  target: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  outputStart: number,
  limit: number,
): number {
  const size = end - start;
  let out = outputStart;
  if (out + size + Math.ceil(size / MAX_INSERT_BYTES) > limit) return -1;
  for (let at = start; at < end; ) {
    const insertEnd = Math.min(end, at + MAX_INSERT_BYTES);
    output[out++] = insertEnd - at;
    while (at < insertEnd) output[out++] = target[at++]!;
  }
  return out;
}

/** @returns as `writeInserts` */
function writeCopies(output: Uint8Array, outputStart: number, limit: number, from: number, size: number): number {
  let out = outputStart;
  let offset = from;
  for (let rest = size; rest > 0; ) {
    const copied = Math.min(rest, MAX_COPY_BYTES);
    // Of a copy of 0x10000 bytes the size is left out, so its low two bytes are all there is to write.
    let operands = 0;
    if (offset & 0xff) operands |= 0x01;
    if (offset & 0xff00) operands |= 0x02;
    if (offset & 0xff0000) operands |= 0x04;
    if (offset & 0xff000000) operands |= 0x08;
    if (copied & 0xff) operands |= 0x10;
    if (copied & 0xff00) operands |= 0x20;
    if (out + 7 > limit && out + 1 + bitCount(operands) > limit) return -1;
    output[out++] = 0x80 | operands;
    if (operands & 0x01) output[out++] = offset;
    if (operands & 0x02) output[out++] = offset >>> 8;
    if (operands & 0x04) output[out++] = offset >>> 16;
    if (operands & 0x08) output[out++] = offset >>> 24;
    if (operands & 0x10) output[out++] = copied;
    if (operands & 0x20) output[out++] = copied >>> 8;
    offset += copied;
    rest -= copied;
  }
  return out;
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest >>>= 1) count += rest & 1;
  return count;
}

/** @throws {RangeError} when the range lies outside `bytes` */
export function assertCreateRange(bytes: Uint8Array, start: number, end: number, what: string): void {
  if (!(start >= 0 && start <= end && end <= bytes.length)) {
    throw new RangeError(`Cannot create a delta with ${what} bytes ${start} to ${end}: there are ${bytes.length}`);
  }
}
