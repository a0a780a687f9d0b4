/** `parts` one after another, in a fresh buffer. */
export function concatBytes(parts: Iterable<Uint8Array>): Uint8Array {
  const list = Array.isArray(parts) ? (parts as Uint8Array[]) : [...parts];
  let size = 0;
  for (const part of list) size += part.length;
  const joined = new Uint8Array(size);
  let at = 0;
  for (const part of list) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Whether both hold the same bytes. Not constant in time: do not compare secrets with it. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Order by unsigned bytes, a prefix before what it begins: negative, zero or positive, for `Array.sort`. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Whether `bytes` holds all of `prefix` at `offset`. */
export function startsWithBytes(bytes: Uint8Array, prefix: Uint8Array, offset = 0): boolean {
  if (offset + prefix.length > bytes.length) return false;
  for (let at = 0; at < prefix.length; at++) if (bytes[offset + at] !== prefix[at]) return false;
  return true;
}
