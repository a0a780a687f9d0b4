import { encodeUtf8 } from '@git-kv/objects';
import { isWellFormed } from './well-formed.js';

/** Values up to this size share a buffer with others. */
const SMALL_BYTES = 1024;
const SHARED_BYTES = 16 * 1024;

let shared: Uint8Array = /* @__PURE__ */ new Uint8Array(0);
let used = 0;

/**
 * A copy of `bytes`. Small ones come to lie side by side: a buffer of its own costs each some 300 bytes, and the garbage collector more
 * time than to hash what is in it. So nobody outside is to be given one, as its `buffer` holds others.
 */
export function copySmall(bytes: Uint8Array): Uint8Array {
  if (bytes.length > SMALL_BYTES) return new Uint8Array(bytes); // a slice of Node's Buffer would be a view
  makeRoom(bytes.length);
  shared.set(bytes, used);
  return take(bytes.length);
}

/** The UTF-8 of `text`, as {@link copySmall}; `undefined` for text that has none, as it is not well-formed. */
export function encodeSmall(text: string): Uint8Array | undefined {
  const { length } = text;
  if (length > SMALL_BYTES) return encodeWellFormed(text);
  makeRoom(length);
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x80) return encodeWellFormed(text);
    shared[used + at] = code;
  }
  return take(length);
}

/** In place of half a character the encoder would put U+FFFD, which nobody wrote. */
function encodeWellFormed(text: string): Uint8Array | undefined {
  return isWellFormed(text) ? encodeUtf8(text) : undefined;
}

function makeRoom(size: number): void {
  if (used + size <= shared.length) return;
  shared = new Uint8Array(SHARED_BYTES);
  used = 0;
}

function take(size: number): Uint8Array {
  const taken = shared.subarray(used, used + size);
  used += size;
  return taken;
}
