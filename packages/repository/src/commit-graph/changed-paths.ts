import { canonicalMode, compareCursors, isTreeMode, type Oid, oidFromBytes, TreeCursor } from '@git-kv/objects';
import { fullPathFilter, MAX_FILTER_PATHS, makePathFilter, type PathFilterSettings } from '@git-kv/pack';
import type { ObjectReader } from '../object-store.js';
import { readBody } from '../read-object.js';
import type { CommitSource } from '../walk/commit-source.js';

/** Bytes of trees kept: one commit's trees are mostly those of the next one to be looked at. */
const CACHE_BYTES = 16 * 2 ** 20;

const EMPTY = /* @__PURE__ */ new Uint8Array(0);

/** Makes the changed-path filters of commits. */
export class ChangedPaths {
  readonly #reader: ObjectReader;
  readonly #source: CommitSource | undefined;
  readonly #settings: PathFilterSettings;
  readonly #cache = new Map<string, Uint8Array>();
  #cachedBytes = 0;
  #paths: string[] = [];
  #wanted: Wanted | undefined;

  constructor(reader: ObjectReader, source: CommitSource | undefined, settings: PathFilterSettings) {
    this.#reader = reader;
    this.#source = source;
    this.#settings = settings;
  }

  /**
   * The filter of a commit whose tree stands at `treeAt` and the one of its first parent at `parentTreeAt` (-1: none).
   * @throws {NotFoundError} OBJECT_NOT_FOUND for a tree that is missing
   */
  async filter(trees: Uint8Array, treeAt: number, parentTreeAt: number): Promise<Uint8Array> {
    for (;;) {
      this.#paths = [];
      const outcome = this.#compareTrees(trees, parentTreeAt, trees, treeAt, '');
      if (outcome === 'done') return makePathFilter(this.#paths, this.#settings);
      if (outcome === 'too many') return fullPathFilter();
      // Once more, with the tree that could not be had at once.
      const { oid, key } = this.#wanted as Wanted;
      this.#keep(key, await readBody(this.#reader, oid, 'tree'));
    }
  }

  /** Collect the paths of leaves that differ below `prefix`. An offset of -1 stands for no tree. */
  #compareTrees(
    oldOids: Uint8Array,
    oldAt: number,
    newOids: Uint8Array,
    newAt: number,
    prefix: string,
  ): 'done' | 'too many' | 'waiting' {
    const { oidLength } = this.#reader.algorithm;
    if (oldAt >= 0 && newAt >= 0 && equalBytes(oldOids, oldAt, newOids, newAt, oidLength)) return 'done';
    const before = oldAt < 0 ? EMPTY : this.#tree(oldOids, oldAt);
    if (before === undefined) return 'waiting';
    const after = newAt < 0 ? EMPTY : this.#tree(newOids, newAt);
    if (after === undefined) return 'waiting';
    const old = new TreeCursor(before, oidLength);
    const now = new TreeCursor(after, oidLength);
    skipEqualEntries(old, now);
    let hasOld = old.next();
    let hasNow = now.next();
    while (hasOld || hasNow) {
      const order = !hasOld ? 1 : !hasNow ? -1 : compareCursors(old, now);
      const isSame =
        order === 0 &&
        canonicalMode(old.mode) === canonicalMode(now.mode) &&
        equalBytes(before, old.oidStart, after, now.oidStart, oidLength);
      if (!isSame) {
        const entry = order <= 0 ? old : now;
        const path = prefix + latin1(entry.body, entry.nameStart, entry.nameEnd);
        if (!isTreeMode(entry.mode)) this.#paths.push(path);
        else {
          const oldTreeAt = order <= 0 ? old.oidStart : -1;
          const newTreeAt = order >= 0 ? now.oidStart : -1;
          const outcome = this.#compareTrees(before, oldTreeAt, after, newTreeAt, `${path}/`);
          if (outcome !== 'done') return outcome;
        }
        if (this.#paths.length > MAX_FILTER_PATHS) return 'too many';
        if (order === 0) skipEqualEntries(old, now);
      }
      if (order <= 0) hasOld = old.next();
      if (order >= 0) hasNow = now.next();
    }
    return 'done';
  }

  /** The tree, or `undefined` where it has to be waited for: then it is wanted. */
  #tree(oidBytes: Uint8Array, offset: number): Uint8Array | undefined {
    const { oidLength, emptyTreeOid } = this.#reader.algorithm;
    const key = latin1(oidBytes, offset, offset + oidLength);
    const cached = this.#cache.get(key);
    if (cached) return cached;
    const object = this.#source?.readSync(oidBytes, offset);
    if (object?.kind === 'tree') {
      this.#keep(key, object.body);
      return object.body;
    }
    const oid = oidFromBytes(oidBytes, offset, oidLength);
    if (oid === emptyTreeOid) return EMPTY;
    this.#wanted = { oid, key };
    return undefined;
  }

  #keep(key: string, body: Uint8Array): void {
    this.#cache.set(key, body);
    this.#cachedBytes += body.length;
    for (const [oldest, oldBody] of this.#cache) {
      if (this.#cachedBytes <= CACHE_BYTES) break;
      this.#cache.delete(oldest);
      this.#cachedBytes -= oldBody.length;
    }
  }
}

/**
 * Pass over entries that are the same byte for byte. Of a commit's root tree that is nearly all of it: with this, the
 * filters of git/git take half of the time that they took entry by entry.
 */
function skipEqualEntries(old: TreeCursor, now: TreeCursor): void {
  const { body, oidLength, nextStart } = old;
  const end = nextStart + equalLength(body, nextStart, now.body, now.nextStart);
  let at = nextStart;
  for (let entryEnd = at; entryEnd <= end; ) {
    at = entryEnd;
    // Neither mode nor name has a NUL.
    while (entryEnd < end && body[entryEnd] !== 0) entryEnd++;
    entryEnd += 1 + oidLength;
  }
  now.skipTo(now.nextStart + at - nextStart);
  old.skipTo(at);
}

/** How many bytes are the same from two places on. */
function equalLength(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): number {
  const length = Math.min(a.length - aStart, b.length - bStart);
  const aWords = new DataView(a.buffer, a.byteOffset + aStart, length);
  const bWords = new DataView(b.buffer, b.byteOffset + bStart, length);
  let at = 0;
  while (at + 4 <= length && aWords.getInt32(at) === bWords.getInt32(at)) at += 4;
  while (at < length && a[aStart + at] === b[bStart + at]) at++;
  return at;
}

interface Wanted {
  readonly oid: Oid;
  /** Of the cache. */
  readonly key: string;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}

function equalBytes(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let at = 0; at < length; at++) if (a[aStart + at] !== b[bStart + at]) return false;
  return true;
}
