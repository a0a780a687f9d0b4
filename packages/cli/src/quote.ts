const ESCAPES: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

/**
 * A path as git prints it with core.quotePath: in double quotes with C escapes where it has control bytes, quotes, backslashes or
 * bytes over 0x7f; bare otherwise.
 * @see git's quote.c, quote_c_style()
 */
export function quotePath(path: Uint8Array): string {
  let quoted = '';
  let isPlain = true;
  for (const byte of path) {
    const escaped =
      ESCAPES[byte] ?? (byte < 0x20 || byte >= 0x7f ? `\\${byte.toString(8).padStart(3, '0')}` : undefined);
    if (escaped !== undefined) isPlain = false;
    quoted += escaped ?? String.fromCharCode(byte);
  }
  return isPlain ? quoted : `"${quoted}"`;
}
