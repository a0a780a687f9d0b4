/** What one instruction inserts at most. */
const MOST_INSERTED = 0x7f;

/** What one instruction copies at most, and the offsets that it takes two bytes to say. */
const MOST_BYTES = 0xffff;

/** A delta of this kind is no larger. */
const LARGEST = 3 + 3 + 5 + 1 + MOST_INSERTED + 5;

/**
 * Write the delta of a `target` that differs from `base` in one short place: the bytes before it and after it are copied. To find them
 * takes a fifth of the time of indexing the base.
 * @returns its size; `undefined` where it is another kind of target, or `output` has no room to spare
 */
export function writeEndsDelta(base: Uint8Array, target: Uint8Array, output: Uint8Array): number | undefined {
  const shared = Math.min(base.length, target.length);
  if (base.length > MOST_BYTES || target.length > MOST_BYTES || output.length < LARGEST) return undefined;
  let start = 0;
  while (start < shared && base[start] === target[start]) start++;
  let tail = 0;
  while (tail < shared - start && base[base.length - 1 - tail] === target[target.length - 1 - tail]) tail++;
  const inserted = target.length - start - tail;
  if (inserted > MOST_INSERTED) return undefined;
  let at = writeSize(output, writeSize(output, 0, base.length), target.length);
  if (start > 0) at = writeCopy(output, at, 0, start);
  if (inserted > 0) {
    output[at++] = inserted;
    output.set(target.subarray(start, start + inserted), at);
    at += inserted;
  }
  return tail > 0 ? writeCopy(output, at, base.length - tail, tail) : at;
}

/** Seven bits a byte, the lowest first. */
function writeSize(output: Uint8Array, offset: number, size: number): number {
  let at = offset;
  let rest = size;
  for (; rest > 0x7f; rest >>>= 7) output[at++] = (rest & 0x7f) | 0x80;
  output[at++] = rest;
  return at;
}

/** Bytes that are zero are left out, and the first byte says which are there. */
function writeCopy(output: Uint8Array, offset: number, start: number, size: number): number {
  let at = offset + 1;
  let present = 0x80;
  for (const [bit, byte] of [
    [0x01, start & 0xff],
    [0x02, start >> 8],
    [0x10, size & 0xff],
    [0x20, size >> 8],
  ] as const) {
    if (byte === 0) continue;
    output[at++] = byte;
    present |= bit;
  }
  output[offset] = present;
  return at;
}
