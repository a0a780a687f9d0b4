import { decodeUtf8Exact, encodeUtf8, isSafeTreeName } from '@git-kv/objects';
import { Key, KvError } from '../key.js';
import { isWellFormed } from '../well-formed.js';

/** Characters of one name. File systems stop at 255 bytes, and some of what checks repositories out adds to a name. */
const MAX_NAME_LENGTH = 200;
const PERCENT = 0x25;

/** Names that Windows takes for devices, with or without an ending. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** How each byte is written in a name. */
const UNITS: readonly string[] = /* @__PURE__ */ Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9_\-.~@+=,]/.test(character) ? character : escaped(byte);
});

/**
 * Names in a tree for a key of any bytes, which git hosts and file systems take, and which tell the key again.
 *
 *     key   = *part name          ; each part is a directory, the name is the file
 *     part  = 1*200 unit "%"      ; for what does not fit in one name
 *     name  = 1*200 unit | "%"    ; "%" alone for the key without bytes
 *     unit  = A-Z a-z 0-9 _ - . ~ @ + = ,  |  "%" 2 upper-case hex digits, for any other byte
 *
 * A dot at the start or the end, and the first letter of what git or Windows would not have (`git~1`, `con`), are
 * written as `%XX` too. The order of names is not the order of keys.
 */
export function encodeKeyNames(key: Uint8Array): string[] {
  if (key.length === 0) return ['%'];
  const names: string[] = [];
  let name = '';
  for (const byte of key) {
    const unit = UNITS[byte] as string;
    if (name.length + unit.length > MAX_NAME_LENGTH) {
      names.push(`${protectedName(name)}%`);
      name = '';
    }
    name += unit;
  }
  names.push(protectedName(name));
  return names;
}

/** The key that {@link encodeKeyNames} writes so; `undefined` for names that it does not make. */
export function decodeKeyNames(names: readonly string[]): Uint8Array | undefined {
  if (names.length === 1 && names[0] === '%') return new Uint8Array(0);
  const text = names
    .map((name, at) => (at < names.length - 1 && name.endsWith('%') ? name.slice(0, -1) : name))
    .join('');
  const key = new Uint8Array(text.length);
  let size = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== PERCENT) {
      key[size++] = code;
      continue;
    }
    const hex = text.slice(at + 1, at + 3);
    if (!/^[0-9A-F]{2}$/.test(hex)) return undefined;
    key[size++] = Number.parseInt(hex, 16);
    at += 2;
  }
  const found = key.slice(0, size);
  const again = encodeKeyNames(found);
  return again.length === names.length && again.every((name, at) => name === names[at]) ? found : undefined;
}

/** Whether a name can only be a directory of a long key. */
export function isPartName(name: string): boolean {
  return name.length > 1 && name.endsWith('%');
}

/**
 * The path for a key of text.
 * @throws {KvError} INVALID_KEY for text that is not well-formed: it has no bytes, and another key would stand for it
 */
export function textToPath(text: string): string {
  if (!isWellFormed(text)) {
    const shown = JSON.stringify(text.slice(0, 200));
    throw new KvError('INVALID_KEY', Key.root, `Cannot use ${shown} as a key: it is not well-formed text`);
  }
  return encodeKeyNames(encodeUtf8(text)).join('/');
}

/** The text that {@link textToPath} wrote so. */
export function pathToText(names: readonly string[]): string | undefined {
  const key = decodeKeyNames(names);
  return key && decodeUtf8Exact(key);
}

function protectedName(name: string): string {
  const ended = name.endsWith('.') ? `${name.slice(0, -1)}${escaped(0x2e)}` : name;
  const isTaken = ended.startsWith('.') || DEVICE.test(ended) || !isSafeTreeName(ended);
  return isTaken ? escaped(ended.charCodeAt(0)) + ended.slice(1) : ended;
}

function escaped(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}
