import type { InflateStatus } from '../types.js';

/**
 * Where the stream stands. One stream at a time: nothing here is ever interrupted, and one object for all calls allocates
 * nothing. The buffers are parameters, so that no call keeps them alive.
 */
export const cursor: { at: number; hold: number; bits: number; out: number } = {
  /** Offset of the next byte of input. */
  at: 0,
  /** Bits taken from the input and not used yet, the next one lowest. */
  hold: 0,
  /** How many they are: fewer than eight between two codes. */
  bits: 0,
  /** Offset of the next byte of output. */
  out: 0,
};

/** Not a status: the block ended well, go on. */
export const GO_ON = -1;
/** How a step of the stream ended. */
export type Step = InflateStatus | typeof GO_ON;

/** The next `count` bits (at most 24), or -1 when the input ends before. Takes no byte it does not need. */
export function takeBits(input: Uint8Array, count: number): number {
  while (cursor.bits < count) {
    if (cursor.at >= input.length) return -1;
    cursor.hold |= input[cursor.at++]! << cursor.bits;
    cursor.bits += 8;
  }
  const value = cursor.hold & ((1 << count) - 1);
  cursor.hold >>>= count;
  cursor.bits -= count;
  return value;
}

/** Leave the bits in locals to the cursor: whole bytes that are not used go back to the input. */
export function putBack(at: number, hold: number, bits: number): void {
  cursor.at = at - (bits >> 3);
  cursor.bits = bits & 7;
  cursor.hold = hold & ((1 << cursor.bits) - 1);
}
