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

const UNESCAPED: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '"': 34,
  '\\': 92,
};

/**
 * The path that `quoted` stands for, which begins with a double quote: what {@link quotePath} did, undone. `undefined` where
 * the quotes do not end or an escape is unknown. What follows the quotes is passed over, as git does.
 * @see git's quote.c, unquote_c_style()
 */
export function unquotePath(quoted: Uint8Array): Uint8Array | undefined {
  const path: number[] = [];
  for (let at = 1; at < quoted.length; at++) {
    const byte = quoted[at] as number;
    if (byte === 0x22) return Uint8Array.from(path);
    if (byte !== 0x5c) {
      path.push(byte);
      continue;
    }
    const escaped = String.fromCharCode(...quoted.subarray(at + 1, at + 4));
    const octal = /^[0-3][0-7]{2}/.exec(escaped)?.[0];
    const value = octal === undefined ? UNESCAPED[escaped[0] ?? ''] : Number.parseInt(octal, 8);
    if (value === undefined) return undefined;
    path.push(value);
    at += octal === undefined ? 1 : 3;
  }
  return undefined;
}
