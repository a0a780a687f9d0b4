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
import { assertKind, missingObject } from '../read-object.js';
import type { CommitSource } from './commit-source.js';
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

/** Objects between two turns of the event loop. */
const BATCH = 1024;

const EMPTY = /* @__PURE__ */ new Uint8Array(0);

/** A tree that is being stepped through. */
interface OpenTree {
  readonly cursor: TreeCursor;
  /** Bytes of the path up to and including the slash after this tree's name. */
  readonly pathLength: number;
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
  readonly #turns: Turns;
  readonly #oids: OidRows;
  #flags = new Uint8Array(1024);
  #path = new Uint8Array(4096);

  constructor(reader: ObjectReader, source: CommitSource | undefined, options: ReadOptions = {}) {
    this.#reader = reader;
    this.#source = source;
    this.#options = options;
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

  /** A tag, unless it was listed. */
  async *tag(oid: Oid, oidBytes: Uint8Array): AsyncGenerator<ListedObject> {
    if (!this.#claim(oidBytes, 0, LISTED)) return;
    const object = await this.#reader.read(oid, this.#options);
    if (object === undefined) throw missingObject(oid, 'tag');
    assertKind(oid, object, 'tag');
    const { headers } = parseTag(object.body);
    yield { oid, kind: 'tag', path: findHeader({ headers }, 'tag')?.value ?? EMPTY };
  }

  /** A blob, unless it was listed or is known. */
  async *blob(oid: Oid, oidBytes: Uint8Array, path: Uint8Array): AsyncGenerator<ListedObject> {
    if (!this.#claim(oidBytes, 0, LISTED)) return;
    yield { oid, kind: 'blob', path };
  }

  /**
   * The tree whose oid stands at `offset` and all in it, in batches.
   * @param path where the tree itself is listed at
   * @throws {NotFoundError} OBJECT_NOT_FOUND for a tree or blob that is missing
   */
  async *tree(oidBytes: Uint8Array, offset: number, path: Uint8Array = EMPTY): AsyncGenerator<ListedObject[]> {
    if (!this.#claim(oidBytes, offset, LISTED)) return;
    const { oidLength } = this.#reader.algorithm;
    let batch: ListedObject[] = [{ oid: oidFromBytes(oidBytes, offset, oidLength), kind: 'tree', path }];
    this.#extendPath(0, path, 0, path.length);
    const open: OpenTree[] = [
      {
        cursor: new TreeCursor(await this.#readTree(oidBytes, offset), oidLength),
        pathLength: path.length === 0 ? 0 : this.#addSlash(path.length),
      },
    ];
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const { cursor, pathLength } = top;
      if (!cursor.next()) {
        open.pop();
        continue;
      }
      const { body, oidStart } = cursor;
      const mode = canonicalMode(cursor.mode);
      if (isGitlinkMode(mode) || !this.#claim(body, oidStart, LISTED)) continue;
      const end = this.#extendPath(pathLength, body, cursor.nameStart, cursor.nameEnd);
      const isTree = isTreeMode(mode);
      const child = isTree ? (this.#treeAtOnce(body, oidStart) ?? (await this.#readTree(body, oidStart))) : undefined;
      if (!isTree && !this.#source?.hasSync(body, oidStart)) await this.#assertBlob(cursor.oid());
      batch.push({ oid: cursor.oid(), kind: isTree ? 'tree' : 'blob', path: this.#path.slice(0, end) });
      if (child) open.push({ cursor: new TreeCursor(child, oidLength), pathLength: this.#addSlash(end) });
      if (batch.length >= BATCH) {
        yield batch;
        batch = [];
        await this.#turns.step();
      }
    }
    yield batch;
  }

  /** Whether the object was neither listed nor known before; from now on it is. */
  #claim(oidBytes: Uint8Array, offset: number, flag: number): boolean {
    const row = this.#oids.add(oidBytes, offset);
    if (row === this.#flags.length) {
      const flags = new Uint8Array(row * 2);
      flags.set(this.#flags);
      this.#flags = flags;
    }
    const before = this.#flags[row] as number;
    this.#flags[row] = before | flag;
    return flag === KNOWN ? (before & KNOWN) === 0 : before === 0;
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
