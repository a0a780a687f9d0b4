import { decodeUtf8Exact } from '@git-kv/objects';

const ZERO = /^[\p{Mn}\p{Me}\p{Cf}\u{1160}-\u{11ff}\u{200b}]$/u;
const WIDE =
  /^[\u{1100}-\u{115f}\u{231a}\u{231b}\u{2329}\u{232a}\u{23e9}-\u{23ec}\u{2e80}-\u{303e}\u{3041}-\u{33ff}\u{3400}-\u{4dbf}\u{4e00}-\u{9fff}\u{a000}-\u{a4cf}\u{a960}-\u{a97c}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe10}-\u{fe19}\u{fe30}-\u{fe6b}\u{ff01}-\u{ff60}\u{ffe0}-\u{ffe6}\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]$/u;

/** Columns of a character on a terminal: 0, 1 or 2; -1 of a control character. */
export function widthOf(char: string): number {
  const code = char.codePointAt(0) as number;
  if (code === 0) return 0;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return -1;
  if (code === 0xad) return 1;
  return ZERO.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
}

/** The characters of text whose bytes are characters; `undefined` where it is not UTF-8. */
export function charactersOf(bytes: string): string[] | undefined {
  const text = decodeUtf8Exact(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
  return text === undefined ? undefined : [...text];
}

/** Columns of a text; of one that is not UTF-8, its bytes. */
export function textWidth(bytes: string): number {
  const characters = charactersOf(bytes);
  if (characters === undefined) return bytes.length;
  return characters.reduce((width, char) => width + Math.max(0, widthOf(char)), 0);
}

/** Put so many spaces in the place of each tab that what follows stands at a multiple of `size`. */
export function expandTabs(line: string, size: number): string {
  let rest = line;
  let expanded = '';
  for (let tab = rest.indexOf('\t'); tab >= 0; tab = rest.indexOf('\t')) {
    const before = rest.slice(0, tab);
    const characters = charactersOf(before);
    // What has no certain width is left as it is.
    if (characters === undefined || characters.some((char) => widthOf(char) < 0)) break;
    const width = characters.reduce((sum, char) => sum + widthOf(char), 0);
    expanded += before + ' '.repeat(size - (width % size));
    rest = rest.slice(tab + 1);
  }
  return expanded + rest;
}
