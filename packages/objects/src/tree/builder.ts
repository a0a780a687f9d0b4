import { decodeLatin1, toBytes } from '../bytes/text.js';
import { MalformedError } from '../error.js';
import type { HashAlgorithm } from '../hash.js';
import type { Oid } from '../oid.js';
import { TreeCursor } from './cursor.js';
import { checkTreeEntryName } from './name.js';
import { sortTreeEntries } from './order.js';
import { entryAt, serializeTree, type TreeEntry } from './tree.js';

/** Changes one tree: starts empty or from a tree's body, and gives a body in the order git wants. */
export class TreeBuilder {
  readonly algorithm: HashAlgorithm;
  // Keyed by the name one character a byte, so that names that are not UTF-8 stay apart. Insertion order keeps the
  // stored order, which makes the sort at the end nearly linear.
  readonly #entries = new Map<string, TreeEntry>();

  /**
   * @param body the tree to start from; its odd entries stay as they are until they are set
   * @throws {MalformedError} where `body` is broken or has two entries of one name
   */
  constructor(algorithm: HashAlgorithm, body?: Uint8Array) {
    this.algorithm = algorithm;
    if (body === undefined) return;
    const cursor = new TreeCursor(body, algorithm.oidLength);
    while (cursor.next()) {
      const key = decodeLatin1(body, cursor.nameStart, cursor.nameEnd);
      if (this.#entries.has(key)) throw new MalformedError('tree', cursor.nameStart, 'two entries have one name');
      this.#entries.set(key, entryAt(cursor));
    }
  }

  /** Entries in the tree as it stands. */
  get size(): number {
    return this.#entries.size;
  }

  /** The entry of this name, whether a tree or not, or `undefined`. */
  get(name: Uint8Array | string): TreeEntry | undefined {
    return this.#entries.get(keyOf(toBytes(name)));
  }

  /**
   * Put an entry in, in place of one of the same name. Keeps `name`: it is not to be changed after.
   * @throws {RangeError} where the name must not stand in a tree, see {@link checkTreeEntryName}
   */
  set(name: Uint8Array | string, mode: number, oid: Oid): this {
    const bytes = toBytes(name);
    const key = keyOf(bytes);
    const problem = checkTreeEntryName(bytes);
    if (problem !== undefined) throw new RangeError(`Cannot set tree entry ${JSON.stringify(key)}: ${problem}`);
    this.#entries.set(key, { mode, name: bytes, oid });
    return this;
  }

  /** Take the entry of this name out. False where there was none. */
  remove(name: Uint8Array | string): boolean {
    return this.#entries.delete(keyOf(toBytes(name)));
  }

  /** All entries in the order git wants. */
  entries(): TreeEntry[] {
    return sortTreeEntries(this.#entries.values());
  }

  /** The tree's body. @throws {RangeError} where an entry was set with a mode or oid that a tree cannot hold */
  build(): Uint8Array {
    return serializeTree(this.entries(), this.algorithm);
  }
}

function keyOf(name: Uint8Array): string {
  return decodeLatin1(name);
}
