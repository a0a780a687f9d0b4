// Deltas between two byte strings: what src/delta-create.ts does, to the byte.
import { BYTE_HASHES } from './layout';

const BLOCK_BYTES: usize = 16;
const MAX_CANDIDATES: u32 = 64;
const LONG_MATCH_BYTES: usize = 4096;
const LEAST_COPY_BYTES: usize = 5;
const MAX_COPY_BYTES: usize = 0x10000;
const MAX_INSERT_BYTES: usize = 0x7f;

/** Where the next instruction goes, and the end of the room for them. */
let out: usize = 0;
let limit: usize = 0;

function roll(hash: u32, byte: u32): u32 {
  return (hash << 2) + load<u32>(BYTE_HASHES + (byte << 2));
}

/** Index the `size` bytes at `base`: `1 << bits` heads at `heads`, which are zeroed first, and entries at `entries`. */
export function indexBase(base: usize, size: usize, heads: usize, bits: u32, entries: usize): void {
  memory.fill(heads, 0, (<usize>4) << bits);
  const shift: u32 = 32 - bits;
  let entry: u32 = 0;
  let lastHash: u32 = 0;
  for (let blockEnd = size & ~(BLOCK_BYTES - 1); blockEnd > 0; blockEnd -= BLOCK_BYTES) {
    let hash: u32 = 0;
    const stop = base + blockEnd;
    for (let at = stop - BLOCK_BYTES; at < stop; at++) hash = roll(hash, load<u8>(at));
    if (entry > 0 && hash === lastHash) {
      store<u32>(entries + entry * 12, <u32>blockEnd, 4);
      continue;
    }
    lastHash = hash;
    entry++;
    const head = heads + ((hash >> shift) << 2);
    const slot = entries + entry * 12;
    store<u32>(slot, hash);
    store<u32>(slot, <u32>blockEnd, 4);
    store<u32>(slot, load<u32>(head), 8);
    store<u32>(head, entry);
  }
}

/** Write a delta to the `maxSize` bytes at `output`. Gives its size, or -1 where these do not suffice. */
export function createDelta(
  base: usize,
  baseSize: usize,
  heads: usize,
  bits: u32,
  entries: usize,
  target: usize,
  targetSize: usize,
  output: usize,
  maxSize: usize,
): i32 {
  if (sizeLength(baseSize) + sizeLength(targetSize) > maxSize) return -1;
  const shift: u32 = 32 - bits;
  const baseEnd = base + baseSize;
  const targetEnd = target + targetSize;
  out = output;
  limit = output + maxSize;
  writeSize(baseSize);
  writeSize(targetSize);
  let pending = target;
  let hash: u32 = 0;
  let at = target;
  for (const primed = min<usize>(targetEnd, at + BLOCK_BYTES - 1); at < primed; at++) hash = roll(hash, load<u8>(at));
  let scanEnd = min<usize>(targetEnd, pending + (limit - out) + 2 * BLOCK_BYTES);
  while (at < scanEnd) {
    hash = roll(hash, load<u8>(at++));
    let entry = load<u32>(heads + ((hash >> shift) << 2));
    if (entry === 0) continue;
    let bestSize: usize = 0;
    let bestForward: usize = 0;
    let bestFrom: usize = 0;
    for (let tries = MAX_CANDIDATES; entry !== 0 && tries > 0; tries--) {
      const slot = entries + entry * 12;
      entry = load<u32>(slot, 8);
      if (load<u32>(slot) !== hash) continue;
      const blockEnd = base + load<u32>(slot, 4);
      const forward = equalAfter(at, blockEnd, min<usize>(targetEnd - at, baseEnd - blockEnd));
      const backward = equalBefore(at, blockEnd, min<usize>(at - pending, blockEnd - base));
      if (forward + backward <= bestSize) continue;
      bestSize = forward + backward;
      bestForward = forward;
      bestFrom = blockEnd - backward - base;
      if (bestSize >= LONG_MATCH_BYTES) break;
    }
    if (bestSize < LEAST_COPY_BYTES) continue;

    const copyEnd = at + bestForward;
    if (!writeInserts(pending, copyEnd - bestSize) || !writeCopies(bestFrom, bestSize)) return -1;
    pending = copyEnd;
    if (bestForward > 0) {
      at = max<usize>(target, copyEnd - BLOCK_BYTES + 1);
      for (hash = 0; at < copyEnd; at++) hash = roll(hash, load<u8>(at));
    }
    scanEnd = min<usize>(targetEnd, pending + (limit - out) + 2 * BLOCK_BYTES);
  }
  return writeInserts(pending, targetEnd) ? <i32>(out - output) : -1;
}

/** How many bytes from `a` and `b` on are the same, `most` at most. */
function equalAfter(a: usize, b: usize, most: usize): usize {
  let size: usize = 0;
  while (most - size >= 8) {
    const different = load<u64>(a + size) ^ load<u64>(b + size);
    if (different !== 0) return size + <usize>(ctz<u64>(different) >> 3);
    size += 8;
  }
  while (size < most && load<u8>(a + size) === load<u8>(b + size)) size++;
  return size;
}

/** The same of the bytes before `a` and `b`. */
function equalBefore(a: usize, b: usize, most: usize): usize {
  let size: usize = 0;
  while (most - size >= 8) {
    const different = load<u64>(a - size - 8) ^ load<u64>(b - size - 8);
    if (different !== 0) return size + <usize>(clz<u64>(different) >> 3);
    size += 8;
  }
  while (size < most && load<u8>(a - size - 1) === load<u8>(b - size - 1)) size++;
  return size;
}

function sizeLength(size: usize): usize {
  let length: usize = 1;
  for (let rest = size; rest >= 0x80; rest >>= 7) length++;
  return length;
}

function writeSize(size: usize): void {
  let rest = size;
  for (; rest >= 0x80; rest >>= 7) store<u8>(out++, <u8>(rest | 0x80));
  store<u8>(out++, <u8>rest);
}

/** Whether they fit. */
function writeInserts(start: usize, end: usize): bool {
  const size = end - start;
  if (size + (size + MAX_INSERT_BYTES - 1) / MAX_INSERT_BYTES > limit - out) return false;
  for (let at = start; at < end; ) {
    const inserted = min<usize>(end - at, MAX_INSERT_BYTES);
    store<u8>(out++, <u8>inserted);
    memory.copy(out, at, inserted);
    out += inserted;
    at += inserted;
  }
  return true;
}

/** Whether they fit. */
function writeCopies(from: usize, size: usize): bool {
  let offset = from;
  for (let rest = size; rest > 0; ) {
    const copied = min<usize>(rest, MAX_COPY_BYTES);
    const operandAt = out + 1;
    if (limit - out < 8) {
      // Near the end the bytes are counted first.
      if (copySize(offset, copied) > limit - out) return false;
    }
    let operands: u32 = 0x80;
    let next = operandAt;
    for (let byte: u32 = 0; byte < 4; byte++) {
      const value = (offset >> (byte << 3)) & 0xff;
      if (value === 0) continue;
      operands |= 1 << byte;
      store<u8>(next++, <u8>value);
    }
    for (let byte: u32 = 0; byte < 2; byte++) {
      const value = (copied >> (byte << 3)) & 0xff;
      if (value === 0) continue;
      operands |= 0x10 << byte;
      store<u8>(next++, <u8>value);
    }
    store<u8>(out, <u8>operands);
    out = next;
    offset += copied;
    rest -= copied;
  }
  return true;
}

function copySize(offset: usize, size: usize): usize {
  let bytes: usize = 1;
  for (let rest: u32 = offset; rest !== 0; rest >>= 8) if (rest & 0xff) bytes++;
  for (let rest: u32 = size & 0xffff; rest !== 0; rest >>= 8) if (rest & 0xff) bytes++;
  return bytes;
}
