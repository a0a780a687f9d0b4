/**
 * `bytes` with every byte that is not part of UTF-8 taken for Latin-1, as git repairs a commit that says it is UTF-8: the
 * same array where there was nothing to repair. Code points that are no characters (U+FFFE, U+FDD0) count as broken.
 * @see git's commit.c, verify_utf8()
 */
export function repairUtf8(bytes: Uint8Array): Uint8Array {
  let repaired: number[] | undefined;
  for (let at = 0; at < bytes.length; ) {
    const size = sequenceSize(bytes, at);
    if (size === undefined) {
      const byte = bytes[at] as number;
      repaired ??= [...bytes.subarray(0, at)];
      repaired.push(0xc0 | (byte >> 6), 0x80 | (byte & 0x3f));
      at++;
      continue;
    }
    if (repaired !== undefined)
      for (let end = at + size, copy = at; copy < end; copy++) repaired.push(bytes[copy] as number);
    at += size;
  }
  return repaired === undefined ? bytes : Uint8Array.from(repaired);
}

/** Bytes of the character at `at`, or `undefined` where none begins there. */
function sequenceSize(bytes: Uint8Array, at: number): number | undefined {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + size > bytes.length) return undefined;
  let point = first & (0x7f >> size);
  for (let next = at + 1; next < at + size; next++) {
    const byte = bytes[next] as number;
    if ((byte & 0xc0) !== 0x80) return undefined;
    point = (point << 6) | (byte & 0x3f);
  }
  const least = size === 2 ? 0x80 : size === 3 ? 0x800 : 0x10000;
  const isCharacter =
    point >= least &&
    point <= 0x10ffff &&
    (point < 0xd800 || point > 0xdfff) &&
    (point & 0xfffe) !== 0xfffe &&
    (point < 0xfdd0 || point > 0xfdef);
  return isCharacter ? size : undefined;
}
