import { decodeLatin1, toBytes } from '../bytes/text.js';
import type { HashAlgorithm } from '../hash.js';
import { isOid, type Oid, writeOid } from '../oid.js';
import { TreeCursor } from './cursor.js';

/** One line of a tree: a name in a directory and what is there. */
export interface TreeEntry {
  readonly mode: number;
  /** One path component, any bytes but NUL. A view into the tree it was parsed from. */
  readonly name: Uint8Array;
  readonly oid: Oid;
  /** The mode's text where it is not what git writes now (`040000`), so that the tree comes back byte for byte. */
  readonly rawMode?: string;
}

/**
 * Parse the body of a tree, in stored order. Lenient, as {@link TreeCursor} says; each `name` is a view into `body`.
 * @throws {MalformedError} at the first byte that cannot be part of an entry
 */
export function parseTree(body: Uint8Array, oidLength: number): TreeEntry[] {
  const cursor = new TreeCursor(body, oidLength);
  const entries: TreeEntry[] = [];
  while (cursor.next()) entries.push(entryAt(cursor));
  return entries;
}

/**
 * The entry of this name, or `undefined`. Looks at the whole tree, so that one in the wrong order is read too, and
 * makes nothing of the other entries.
 * @throws {MalformedError} where the tree is broken before the entry
 */
export function findTreeEntry(body: Uint8Array, name: Uint8Array | string, oidLength: number): TreeEntry | undefined {
  const wanted = toBytes(name);
  const cursor = new TreeCursor(body, oidLength);
  while (cursor.next()) if (cursor.isNamed(wanted)) return entryAt(cursor);
  return undefined;
}

/** The entry that `cursor` stands on. */
export function entryAt(cursor: TreeCursor): TreeEntry {
  const { body, mode, modeStart, nameStart } = cursor;
  const entry = { mode, name: cursor.name(), oid: cursor.oid() };
  // Only leading zeros can differ from the mode's canonical text, and these are rare: look at the first byte alone.
  if (body[modeStart] !== 0x30) return entry;
  return { ...entry, rawMode: decodeLatin1(body, modeStart, nameStart - 1) };
}

/**
 * The body of a tree with `entries` in the order given, which git wants as {@link sortTreeEntries} has it. What
 * {@link parseTree} gave comes back byte for byte.
 * @throws {RangeError} where a name is empty or has a NUL, or an oid is not of `algorithm`
 */
export function serializeTree(entries: Iterable<TreeEntry>, algorithm: HashAlgorithm): Uint8Array {
  const list = Array.isArray(entries) ? (entries as readonly TreeEntry[]) : [...entries];
  let size = 0;
  for (const entry of list) {
    assertWritable(entry, algorithm);
    size += modeText(entry).length + entry.name.length + 2 + algorithm.oidLength;
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const entry of list) {
    const mode = modeText(entry);
    for (let index = 0; index < mode.length; index++) body[at++] = mode.charCodeAt(index);
    body[at++] = 0x20;
    body.set(entry.name, at);
    at += entry.name.length + 1;
    writeOid(entry.oid, body, at);
    at += algorithm.oidLength;
  }
  return body;
}

/** The raw text only for as long as it is the mode: an entry may be spread into one with another mode. */
function modeText(entry: TreeEntry): string {
  const { rawMode, mode } = entry;
  return rawMode !== undefined && /^[0-7]+$/.test(rawMode) && Number.parseInt(rawMode, 8) === mode
    ? rawMode
    : mode.toString(8);
}

function assertWritable(entry: TreeEntry, algorithm: HashAlgorithm): void {
  if (entry.name.length === 0) throw new RangeError('Cannot serialize tree: a name is empty');
  if (entry.name.includes(0)) throw new RangeError('Cannot serialize tree: a name has a NUL');
  if (entry.oid.length !== algorithm.hexLength || !isOid(entry.oid)) {
    throw new RangeError(`Cannot serialize tree: ${JSON.stringify(entry.oid)} is not a ${algorithm.name} object id`);
  }
  if (!Number.isInteger(entry.mode) || entry.mode < 0 || entry.mode > 0xffff_ffff) {
    throw new RangeError(`Cannot serialize tree: ${entry.mode} is not a mode`);
  }
}
