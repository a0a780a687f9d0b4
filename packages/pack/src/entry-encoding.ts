// What a writer of packs puts before the deflated bytes of an entry; a client that only writes goes without the decoders.

/** Bytes that type and size take at most. */
export const MOST_SIZE_BYTES = 10;

/** Encode type and size; an ofs distance or base oid follows it where the type asks for one. */
export function encodeEntryHeader(typeCode: number, inflatedSize: number): Uint8Array {
  const bytes = new Uint8Array(MOST_SIZE_BYTES);
  return bytes.slice(0, writeEntryHeader(typeCode, inflatedSize, bytes, 0));
}

/** The same to `output` at `start`. @returns where it ends */
export function writeEntryHeader(typeCode: number, inflatedSize: number, output: Uint8Array, start: number): number {
  if (!Number.isSafeInteger(inflatedSize) || inflatedSize < 0)
    throw new RangeError(`Cannot encode size ${inflatedSize}`);
  let at = start;
  let rest = Math.floor(inflatedSize / 16);
  let byte = (typeCode << 4) | (inflatedSize % 16);
  for (; rest > 0; rest = Math.floor(rest / 128)) {
    output[at++] = byte | 0x80;
    byte = rest % 128;
  }
  output[at++] = byte;
  return at;
}

/** Encode a distance as {@link decodeOfsDistance} reads it. */
export function encodeOfsDistance(distance: number): Uint8Array {
  if (!Number.isSafeInteger(distance) || distance < 0) throw new RangeError(`Cannot encode distance ${distance}`);
  const groups = [distance % 128];
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest--;
    groups.unshift(0x80 | (rest % 128));
  }
  return Uint8Array.from(groups);
}
