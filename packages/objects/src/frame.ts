import type { ObjectKind } from './kind.js';

/**
 * The header that is hashed, and stored in a loose object, before a body.
 *
 *     frame = kind SP size NUL      ; ASCII; size in decimal, bytes of the body
 */
export function encodeFrame(kind: ObjectKind, size: number): Uint8Array {
  const text = `${kind} ${size}`;
  const frame = new Uint8Array(text.length + 1);
  for (let at = 0; at < text.length; at++) frame[at] = text.charCodeAt(at);
  return frame;
}
