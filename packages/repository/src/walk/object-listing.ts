import {
  canonicalMode,
  findHeader,
  isGitlinkMode,
  isTreeMode,
  type ObjectKind,
  type Oid,
  OidRows,
  oidFromBytes,
  parseTag,
  TreeCursor,
} from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { assertKind, missingObject, readTrees } from '../read-object.js';
import type { CommitSource } from './commit-source.js';
import { DONE, type ListingFilter, SHOW, SKIP } from './listing-filter.js';
import { Turns } from './turns.js';

/** A tree, blob or tag as `git rev-list --objects` lists it. */
export interface ListedObject {
  readonly oid: Oid;
  readonly kind: ObjectKind;
  /** Where it was met first: the path of a tree or blob, empty for a root tree; the name of a tag. Raw bytes. */
  readonly path: Uint8Array;
}

const LISTED = 1;
const KNOWN = 2;
/** A commit or a tree leads to it: it is no longer one that was asked for by itself, as git has it. */
const MET = 4;

/** The verdict where nothing is filtered. */
const TAKEN = SHOW | DONE;

/** Objects between two turns of the event loop. */
const BATCH = 1024;

const EMPTY = /* @__PURE__ */ new Uint8Array(0);

/** A tree that is being stepped through. */
interface OpenTree {
  readonly cursor: TreeCursor;
  /** Bytes of the path up to and including the slash after this tree's name. */
  readonly pathLength: number;
  /** What the filter knows it by; -1 where it was not asked. */
  readonly row: number;
}

/** How objects are listed. */
export interface ObjectListingOptions extends ReadOptions {
  /** Asked about every tree and blob but those that are `given`. */
  readonly filter?: ListingFilter | undefined;
}

/**
 * Lists trees and what they hold in git's order: each object once, a tree before what is in it, depth first. Trees that are
 * known, and what they hold, are left out.
 * @see git's list-objects.c
 */
export class ObjectListing {
  readonly #reader: ObjectReader;
  readonly #source: CommitSource | undefined;
  readonly #options: ReadOptions;
  readonly #filter: ListingFilter | undefined;
  readonly #turns: Turns;
  readonly #oids: OidRows;
  #flags = new Uint8Array(1024);
  #path = new Uint8Array(4096);

  constructor(reader: ObjectReader, source: CommitSource | undefined, options: ObjectListingOptions = {}) {
    const { filter, ...readOptions } = options;
    this.#reader = reader;
    this.#source = source;
    this.#options = readOptions;
    this.#filter = filter;
    this.#turns = new Turns(options.signal);
    this.#oids = new OidRows(reader.algorithm);
  }

  /** Leave out the tree whose oid stands at `offset`, and all that it holds. One that is missing holds nothing. */
  async markKnown(oidBytes: Uint8Array, offset: number): Promise<void> {
    const open: TreeCursor[] = [];
    const enter = async (bytes: Uint8Array, at: number): Promise<void> => {
      if (!this.#claim(bytes, at, KNOWN)) return;
      const body = await this.#findTree(bytes, at);
      if (body) open.push(new TreeCursor(body, this.#reader.algorithm.oidLength));
    };
    await enter(oidBytes, offset);
    for (let cursor = open.at(-1); cursor !== undefined; cursor = open.at(-1)) {
      if (!cursor.next()) open.pop();
      else if (isTreeMode(cursor.mode)) await enter(cursor.body, cursor.oidStart);
      else if (!isGitlinkMode(canonicalMode(cursor.mode))) this.#claim(cursor.body, cursor.oidStart, KNOWN);
    }
  }

  /** Leave out one object. */
  markOneKnown(oidBytes: Uint8Array, offset: number): void {
    this.#claim(oidBytes, offset, KNOWN);
  }

  /** Say that the tree whose oid stands at `offset` is the root tree of a commit that is listed. */
  markRoot(oidBytes: Uint8Array, offset: number): void {
    const row = this.#rowOf(oidBytes, offset);
    this.#flags[row] = (this.#flags[row] as number) | MET;
  }

  /** A tag, unless it was listed. One that is not given is listed as the filter says. */
  async *tag(oid: Oid, oidBytes: Uint8Array, isGiven = true): AsyncGenerator<ListedObject> {
    if (!this.#claim(oidBytes, 0, LISTED)) return;
    if (!isGiven && this.#filter?.takesTags === false) return;
    const object = await this.#reader.read(oid, this.#options);
    if (object === undefined) throw missingObject(oid, 'tag');
    assertKind(oid, object, 'tag');
    const { headers } = parseTag(object.body);
    yield { oid, kind: 'tag', path: findHeader({ headers }, 'tag')?.value ?? EMPTY };
  }

  /** A blob, unless it was listed or is known. */
  async *blob(oid: Oid, oidBytes: Uint8Array, path: Uint8Array, isGiven = true): AsyncGenerator<ListedObject> {
    const row = this.#meet(oidBytes, 0);
    if (row < 0) return;
    const verdict = isGiven && !this.#isMet(row) ? TAKEN : await this.#judgeBlob(row, oid);
    if (verdict & DONE) this.#flags[row] = LISTED;
    if (verdict & SHOW) yield { oid, kind: 'blob', path };
  }

  /**
   * The tree whose oid stands at `offset` and all in it, in batches. With a filter, what it says; one that is given is listed itself.
   * @param path where the tree itself is listed at
   * @throws {NotFoundError} OBJECT_NOT_FOUND for a tree or blob that is missing
   */
  async *tree(
    oidBytes: Uint8Array,
    offset: number,
    path: Uint8Array = EMPTY,
    isGiven = false,
  ): AsyncGenerator<ListedObject[]> {
    const { oidLength } = this.#reader.algorithm;
    const root = this.#meet(oidBytes, offset);
    if (root < 0) return;
    // What a filter takes is known only on the way.
    if (this.#reader.prefetch && this.#filter === undefined) await this.#prefetchBelow(oidBytes, offset);
    const isApart = isGiven && !this.#isMet(root);
    const rootVerdict = isApart ? TAKEN : this.#enter(root);
    if (isApart) this.#flags[root] = LISTED;
    let batch: ListedObject[] = [];
    if (rootVerdict & SHOW) batch.push({ oid: oidFromBytes(oidBytes, offset, oidLength), kind: 'tree', path });
    this.#extendPath(0, path, 0, path.length);
    const open: OpenTree[] = [];
    if (!(rootVerdict & SKIP)) {
      open.push({
        cursor: new TreeCursor(await this.#readTree(oidBytes, offset), oidLength),
        pathLength: path.length === 0 ? 0 : this.#addSlash(path.length),
        row: isApart ? -1 : root,
      });
    }
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const { cursor, pathLength } = top;
      if (!cursor.next()) {
        open.pop();
        if (top.row >= 0) this.#filter?.leave(top.row);
        continue;
      }
      const { body, oidStart } = cursor;
      const mode = canonicalMode(cursor.mode);
      const row = isGitlinkMode(mode) ? -1 : this.#meet(body, oidStart);
      if (row < 0) continue;
      if (this.#filter) this.#flags[row] = MET;
      const isTree = isTreeMode(mode);
      const verdict = isTree ? this.#enter(row) : this.#filter ? await this.#judgeBlob(row, cursor.oid()) : TAKEN;
      if (!isTree && verdict & DONE) this.#flags[row] = LISTED;
      const isOpened = isTree && !(verdict & SKIP);
      if (!isOpened && !(verdict & SHOW)) continue;
      const end = this.#extendPath(pathLength, body, cursor.nameStart, cursor.nameEnd);
      const child = isOpened ? (this.#treeAtOnce(body, oidStart) ?? (await this.#readTree(body, oidStart))) : undefined;
      if (!isTree && !this.#source?.hasSync(body, oidStart)) await this.#assertBlob(cursor.oid());
      if (verdict & SHOW)
        batch.push({ oid: cursor.oid(), kind: isTree ? 'tree' : 'blob', path: this.#path.slice(0, end) });
      if (child) open.push({ cursor: new TreeCursor(child, oidLength), pathLength: this.#addSlash(end), row });
      if (batch.length >= BATCH) {
        yield batch;
        batch = [];
        await this.#turns.step();
      }
    }
    yield batch;
  }

  /** What becomes of a tree. Where it is passed over, the filter has left it again. */
  #enter(row: number): number {
    const verdict = this.#filter?.enter(row) ?? TAKEN;
    if (verdict & DONE) this.#flags[row] = LISTED;
    if (verdict & SKIP) this.#filter?.leave(row);
    return verdict;
  }

  async #judgeBlob(row: number, oid: Oid): Promise<number> {
    const filter = this.#filter;
    if (filter === undefined) return TAKEN;
    if (!filter.needsSizes) return filter.blob(row, undefined);
    const size = this.#reader.sizeSync?.(oid) ?? (await this.#reader.stat(oid, this.#options))?.size;
    return filter.blob(row, size);
  }

  /** The row of an object that is neither listed nor known, or -1. */
  #meet(oidBytes: Uint8Array, offset: number): number {
    const row = this.#rowOf(oidBytes, offset);
    return ((this.#flags[row] as number) & (LISTED | KNOWN)) === 0 ? row : -1;
  }

  #isMet(row: number): boolean {
    return ((this.#flags[row] as number) & MET) !== 0;
  }

  /** Ask for all that is listed below a tree, a level at a time. */
  async #prefetchBelow(oidBytes: Uint8Array, offset: number): Promise<void> {
    const { algorithm } = this.#reader;
    const met = new Set<Oid>();
    let level: Oid[] = [oidFromBytes(oidBytes, offset, algorithm.oidLength)];
    while (level.length > 0) {
      await this.#reader.prefetch?.(level, this.#options);
      const trees: Oid[] = [];
      const blobs: Oid[] = [];
      for (const [, body] of await readTrees(this.#reader, level, this.#options)) {
        const cursor = new TreeCursor(body, algorithm.oidLength);
        while (cursor.next()) {
          const mode = canonicalMode(cursor.mode);
          if (isGitlinkMode(mode) || this.#oids.find(cursor.body, cursor.oidStart) >= 0) continue;
          const oid = cursor.oid();
          if (met.has(oid)) continue;
          met.add(oid);
          (isTreeMode(mode) ? trees : blobs).push(oid);
        }
      }
      await this.#reader.prefetch?.([...blobs, ...trees], this.#options);
      level = trees;
    }
  }

  /** Whether the object was neither listed nor known before; from now on it is. */
  #claim(oidBytes: Uint8Array, offset: number, flag: number): boolean {
    const row = this.#rowOf(oidBytes, offset);
    const before = this.#flags[row] as number;
    this.#flags[row] = before | flag;
    return flag === KNOWN ? (before & KNOWN) === 0 : (before & (LISTED | KNOWN)) === 0;
  }

  #rowOf(oidBytes: Uint8Array, offset: number): number {
    const row = this.#oids.add(oidBytes, offset);
    if (row === this.#flags.length) {
      const flags = new Uint8Array(row * 2);
      flags.set(this.#flags);
      this.#flags = flags;
    }
    return row;
  }

  #extendPath(start: number, bytes: Uint8Array, nameStart: number, nameEnd: number): number {
    const end = start + nameEnd - nameStart;
    if (end + 1 > this.#path.length) {
      const path = new Uint8Array(Math.max(end + 1, this.#path.length * 2));
      path.set(this.#path);
      this.#path = path;
    }
    for (let at = nameStart; at < nameEnd; at++) this.#path[start + at - nameStart] = bytes[at] as number;
    return end;
  }

  #addSlash(end: number): number {
    this.#path[end] = 0x2f;
    return end + 1;
  }

  #treeAtOnce(oidBytes: Uint8Array, offset: number): Uint8Array | undefined {
    const object = this.#source?.readSync(oidBytes, offset);
    if (object === undefined) return undefined;
    if (object.kind !== 'tree') assertKind(this.#oid(oidBytes, offset), object, 'tree');
    return object.body;
  }

  async #findTree(oidBytes: Uint8Array, offset: number): Promise<Uint8Array | undefined> {
    const atOnce = this.#treeAtOnce(oidBytes, offset);
    if (atOnce) return atOnce;
    const oid = this.#oid(oidBytes, offset);
    if (oid === this.#reader.algorithm.emptyTreeOid) return EMPTY;
    const object = await this.#reader.read(oid, this.#options);
    if (object) assertKind(oid, object, 'tree');
    return object?.body;
  }

  async #readTree(oidBytes: Uint8Array, offset: number): Promise<Uint8Array> {
    const body = await this.#findTree(oidBytes, offset);
    if (body === undefined) throw missingObject(this.#oid(oidBytes, offset), 'tree');
    return body;
  }

  async #assertBlob(oid: Oid): Promise<void> {
    const stat = await this.#reader.stat(oid, this.#options);
    if (stat === undefined) throw missingObject(oid, 'blob');
  }

  #oid(oidBytes: Uint8Array, offset: number): Oid {
    return oidFromBytes(oidBytes, offset, this.#reader.algorithm.oidLength);
  }
}
