import { isGitlinkMode, isTreeMode, type Oid, TreeCursor } from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { readBody } from '../read-object.js';

/** Blobs asked for together. */
const WINDOW = 4096;

/** Asks for the blobs of a tree before they are read, many at a time, where a reader fetches what is missing. */
export class BlobsAhead {
  readonly #reader: ObjectReader;
  readonly #options: ReadOptions;
  readonly #oids: AsyncGenerator<Oid, void, undefined>;
  /** Blobs that were asked for and not yet read. */
  #left = 0;

  constructor(reader: ObjectReader, rootOid: Oid, options: ReadOptions) {
    this.#reader = reader;
    this.#options = options;
    this.#oids = this.#list(rootOid);
  }

  /** To be called before each blob of the tree is read, in the order of the tree. */
  async next(): Promise<void> {
    if (this.#reader.prefetch === undefined || --this.#left >= 0) return;
    const window: Oid[] = [];
    while (window.length < WINDOW) {
      const step = await this.#oids.next();
      if (step.done) break;
      window.push(step.value);
    }
    this.#left = window.length - 1;
    await this.#reader.prefetch(window, this.#options);
  }

  async *#list(rootOid: Oid): AsyncGenerator<Oid, void, undefined> {
    const { oidLength } = this.#reader.algorithm;
    const open = async (oid: Oid): Promise<TreeCursor> =>
      new TreeCursor(await readBody(this.#reader, oid, 'tree', this.#options), oidLength);
    const stack = [await open(rootOid)];
    for (let cursor = stack.at(-1); cursor !== undefined; cursor = stack.at(-1)) {
      if (!cursor.next()) stack.pop();
      else if (isTreeMode(cursor.mode)) stack.push(await open(cursor.oid()));
      else if (!isGitlinkMode(cursor.mode)) yield cursor.oid();
    }
  }
}
