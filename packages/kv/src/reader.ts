import {
  algorithmOf,
  decodeUtf8Exact,
  GitError,
  isTreeMode,
  MalformedError,
  NotFoundError,
  type Oid,
  oidToBytes,
  type RawObject,
} from '@git-kv/objects';
import { isValueMode } from './changes.js';
import { dictionaryExpected, valueExpected } from './errors.js';
import { Key } from './key.js';
import type { Found, WorkingTree } from './tree/working-tree.js';

/** What a key stands for. */
export type KvKind = 'value' | 'dictionary';

/** A key in a dictionary. */
export interface KvEntry {
  /** The whole key, from the root on. */
  readonly key: Key;
  readonly kind: KvKind;
}

/** The commit a store stands on; `dirty` inside a batch, whether or not the batch has changed anything. */
export interface KvCommit {
  readonly state: 'clean' | 'dirty';
  readonly oid: Oid;
}

/** How one read goes. */
export interface KvReadOptions {
  readonly signal?: AbortSignal;
}

/** One state of a store, as the reading operations need it. */
export interface ReadView {
  readonly tree: WorkingTree;
  readObject(oid: Oid, options?: KvReadOptions): Promise<RawObject | undefined>;
  statObject(oid: Oid): Promise<{ readonly size: number } | undefined>;
  /** Seconds; `undefined` where there is no commit. */
  readonly timestamp: number | undefined;
}

/**
 * Reading by key. Absence is `undefined`; a key of the wrong kind is an error. Symbolic links and submodules are no
 * values: they are not listed and do not exist, and reading one is VALUE_EXPECTED.
 */
export abstract class KvReader {
  /** Run `read` on the state as it is now, which stays readable until it ends. */
  protected abstract view<T>(read: (view: ReadView) => Promise<T>): Promise<T>;

  /** The commit this reads from; `undefined` where there is none yet. */
  abstract get commit(): KvCommit | undefined;

  /** The value of `key`, in a fresh buffer. @throws {KvError} VALUE_EXPECTED for a dictionary */
  async get(key: string | Key, options?: KvReadOptions): Promise<Uint8Array | undefined> {
    const at = Key.of(key);
    return this.view(async ({ tree, readObject }) => {
      const oid = valueOid(at, await tree.find(at));
      if (oid === undefined) return undefined;
      const object = await readObject(oid, options);
      return checkedBlob(at, oid, object).body.slice();
    });
  }

  /** The value as UTF-8. @throws {KvError} VALUE_EXPECTED; {MalformedError} where it is not UTF-8 */
  async getText(key: string | Key, options?: KvReadOptions): Promise<string | undefined> {
    const value = await this.get(key, options);
    if (value === undefined) return undefined;
    const text = decodeUtf8Exact(value);
    if (text === undefined) throw new MalformedError(`value of ${Key.of(key).format()}`, 0, 'it is not UTF-8');
    return text;
  }

  /** The value parsed as JSON. @throws {KvError} VALUE_EXPECTED; {MalformedError} where it is not JSON */
  async getJson(key: string | Key, options?: KvReadOptions): Promise<unknown> {
    const text = await this.getText(key, options);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new MalformedError(`value of ${Key.of(key).format()}`, 0, 'it is not JSON', { cause });
    }
  }

  /** What `key` stands for, if anything. The root is a dictionary, always. */
  async exists(key: string | Key): Promise<KvKind | undefined> {
    const at = Key.of(key);
    return this.view(async ({ tree }) => {
      const found = await tree.find(at);
      return found && kindOf(found.mode);
    });
  }

  /**
   * The keys directly in a dictionary, in the order of git's trees; `undefined` where there is no such dictionary.
   * @throws {KvError} DICTIONARY_EXPECTED for a value
   */
  async list(key: string | Key = Key.root): Promise<KvEntry[] | undefined> {
    const at = Key.of(key);
    return this.view(async ({ tree }) => {
      const found = await tree.find(at);
      if (found === undefined) return undefined;
      if (!isTreeMode(found.mode)) throw dictionaryExpected(at);
      const entries: KvEntry[] = [];
      for (const { name, mode } of await tree.list(found)) {
        const kind = kindOf(mode);
        const child = Key.find(`${at}/${name}`);
        if (kind !== undefined && child !== undefined) entries.push({ key: child, kind });
      }
      return entries;
    });
  }

  /**
   * The raw object id of the value or dictionary (20 or 32 bytes, not printable): it changes when and only when the
   * content does. @throws {KvError} VALUE_EXPECTED for a link
   */
  async digest(key: string | Key): Promise<Uint8Array | undefined> {
    const at = Key.of(key);
    return this.view(async ({ tree }) => {
      const found = await tree.find(at);
      if (found === undefined) return undefined;
      if (kindOf(found.mode) === undefined) throw valueExpected(at);
      return oidToBytes(tree.oidOf(found));
    });
  }

  /** Bytes of a value. @throws {KvError} VALUE_EXPECTED for a dictionary */
  async size(key: string | Key): Promise<number | undefined> {
    const at = Key.of(key);
    return this.view(async ({ tree, statObject }) => {
      const oid = valueOid(at, await tree.find(at));
      if (oid === undefined) return undefined;
      const stat = await statObject(oid);
      if (stat === undefined) throw missing(at, oid);
      return stat.size;
    });
  }

  /**
   * When the store was last changed, in seconds since 1970: the committer date of its commit, which is the same for
   * every key that exists. `undefined` for a key that does not, and for any key of a store without commits.
   */
  async lastModified(key: string | Key): Promise<number | undefined> {
    const at = Key.of(key);
    return this.view(async ({ tree, timestamp }) => {
      const found = await tree.find(at);
      return found && timestamp;
    });
  }
}

function kindOf(mode: number): KvKind | undefined {
  if (isTreeMode(mode)) return 'dictionary';
  return isValueMode(mode) ? 'value' : undefined;
}

function valueOid(key: Key, found: Found | undefined): Oid | undefined {
  if (found === undefined) return undefined;
  if (found.directory !== undefined || !isValueMode(found.mode)) throw valueExpected(key);
  return found.oid;
}

function checkedBlob(key: Key, oid: Oid, object: RawObject | undefined): RawObject {
  if (object === undefined) throw missing(key, oid);
  if (object.kind !== 'blob') {
    throw new GitError('OBJECT_KIND_MISMATCH', `Cannot read the value of ${key.format()}: ${oid} is a ${object.kind}`);
  }
  return object;
}

function missing(key: Key, oid: Oid): NotFoundError {
  const { name } = algorithmOf(oid);
  return new NotFoundError(
    'OBJECT_NOT_FOUND',
    oid,
    `Cannot read the value of ${key.format()}: ${name} object ${oid} is missing`,
  );
}
