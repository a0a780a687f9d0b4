import { type Oid, oidFromBytes, type TreeCursor } from '@git-kv/objects';
import type { ObjectReader } from '../object-store.js';
import { readBody } from '../read-object.js';
import type { CommitSource } from './commit-source.js';

/** Bytes of trees kept: one commit's trees are mostly those of the next one to be looked at. */
const CACHE_BYTES = 16 * 2 ** 20;

const EMPTY = /* @__PURE__ */ new Uint8Array(0);

/** Trees for work that goes on without waiting as long as what it needs is at hand. */
export class TreeCache {
  readonly #reader: ObjectReader;
  readonly #source: CommitSource | undefined;
  readonly #bodies = new Map<string, Uint8Array>();
  #cachedBytes = 0;
  #wanted: { readonly oid: Oid; readonly key: string } | undefined;

  constructor(reader: ObjectReader, source: CommitSource | undefined) {
    this.#reader = reader;
    this.#source = source;
  }

  /** The tree whose oid stands at `offset`, or `undefined` where it has to be waited for: then it is wanted. -1: the empty tree. */
  find(oidBytes: Uint8Array, offset: number): Uint8Array | undefined {
    if (offset < 0) return EMPTY;
    const { oidLength, emptyTreeOid } = this.#reader.algorithm;
    const key = latin1(oidBytes, offset, offset + oidLength);
    const cached = this.#bodies.get(key);
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

  /** Get the tree that was wanted last. @throws {NotFoundError} OBJECT_NOT_FOUND */
  async fetchWanted(): Promise<void> {
    const wanted = this.#wanted;
    if (wanted !== undefined) this.#keep(wanted.key, await readBody(this.#reader, wanted.oid, 'tree'));
  }

  #keep(key: string, body: Uint8Array): void {
    this.#bodies.set(key, body);
    this.#cachedBytes += body.length;
    for (const [oldest, oldBody] of this.#bodies) {
      if (this.#cachedBytes <= CACHE_BYTES) break;
      this.#bodies.delete(oldest);
      this.#cachedBytes -= oldBody.length;
    }
  }
}

/**
 * Pass over entries that are the same byte for byte. Of a commit's root tree that is nearly all of it: with this, the
 * filters of git/git take half of the time that they took entry by entry.
 */
export function skipEqualEntries(old: TreeCursor, now: TreeCursor): void {
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
export function equalLength(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): number {
  const length = Math.min(a.length - aStart, b.length - bStart);
  const aWords = new DataView(a.buffer, a.byteOffset + aStart, length);
  const bWords = new DataView(b.buffer, b.byteOffset + bStart, length);
  let at = 0;
  while (at + 4 <= length && aWords.getInt32(at) === bWords.getInt32(at)) at += 4;
  while (at < length && a[aStart + at] === b[bStart + at]) at++;
  return at;
}

/** Whether `length` bytes are the same from two places on. */
export function equalRange(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let at = 0; at < length; at++) if (a[aStart + at] !== b[bStart + at]) return false;
  return true;
}

/** Bytes as characters of the same number. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}
