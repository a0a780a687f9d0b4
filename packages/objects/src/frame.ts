import type { ObjectKind } from './kind.js';

/**
 * The header that is hashed, and stored in a loose object, before a body.
 *
 *     frame = kind SP size NUL      ; ASCII; size in decimal, bytes of the body
 */
export function encodeFrame(kind: ObjectKind, size: number): Uint8Array {
  const frame = new Uint8Array(kind.length + 2 + digitsOf(size));
  writeFrame(kind, size, frame, 0);
  return frame;
}

/** The same at `start` of `output`. @returns where it ends */
export function writeFrame(kind: ObjectKind, size: number, output: Uint8Array, start: number): number {
  let at = start;
  for (let letter = 0; letter < kind.length; letter++) output[at++] = kind.charCodeAt(letter);
  output[at++] = 0x20;
  const end = at + digitsOf(size);
  let rest = size;
  for (let place = end - 1; place >= at; place--) {
    output[place] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  output[end] = 0;
  return end + 1;
}

function digitsOf(size: number): number {
  let digits = 1;
  for (let rest = size; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  return digits;
}
