import {
  decodeUtf8Exact,
  isTreeMode,
  MalformedError,
  type ObjectKind,
  type Oid,
  oidToBytes,
  type RawObject,
} from '@git-kv/objects';
import { isValueMode } from './changes.js';
import { dictionaryExpected, valueExpected } from './errors.js';
import type { Head } from './head.js';
import { Key } from './key.js';
import { type Permissions, permissionsOf } from './permissions.js';
import type { TreeReads } from './read-set.js';
import { findSlot } from './tree/slot.js';
import type { TreeCache } from './tree/tree-cache.js';
import { checkedBlob, checkedCount, missingValue, valueOid } from './value.js';

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

/** Part of a value. */
export interface ReadRange {
  /** Bytes from the start of the value. Default 0. */
  readonly offset?: number;
  /** Bytes at most. Default: to the end. */
  readonly length?: number;
}

/** A value, and what git makes of it when it checks it out. */
export interface PermittedValue {
  readonly permissions: Permissions;
  /** The target, of a link. */
  readonly value: Uint8Array;
}

/** Whose time is asked for. */
export interface LastModifiedOptions extends KvReadOptions {
  /** The time of the last commit that changed the key itself, by history, instead of that of the store. Default false. */
  readonly exact?: boolean;
}

/** An object whose body comes in pieces. */
export interface ObjectStream {
  readonly kind: ObjectKind;
  readonly size: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/** One state of a store, as the reading operations need it. */
export interface ReadView {
  readonly tree: TreeReads;
  readObject(oid: Oid, options?: KvReadOptions): Promise<RawObject | undefined>;
  statObject(oid: Oid): Promise<{ readonly size: number } | undefined>;
  openObject(oid: Oid, options?: KvReadOptions): Promise<ObjectStream | undefined>;
  /** The commit that `tree` stands on, with changes or without. */
  readonly base: Head | undefined;
  /** What the trees of `base` and its history are read through. */
  readonly trees: TreeCache;
  /** Commits whose parents are not to be looked at, though some may still be there. */
  shallow(): Promise<ReadonlySet<Oid>>;
  /** Seconds, for what has no commit yet; `undefined` where nothing can be so. */
  readonly now: number | undefined;
}

/**
 * Reading by key. Absence is `undefined`; a key of the wrong kind is an error. Symbolic links and submodules are no
 * values: they are not listed and do not exist, and reading one is VALUE_EXPECTED; `getWithPermissions` reads links.
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
      return checkedBlob(at, oid, await readObject(oid, options)).body.slice();
    });
  }

  /**
   * Part of a value, in a fresh buffer: what there is of it, so nothing where the value ends before `offset`. Where the engine can
   * stream, no more than the part is held; its bytes are then not checked against their hash.
   * @throws {KvError} VALUE_EXPECTED for a dictionary
   */
  async getPartial(key: string | Key, range: ReadRange, options?: KvReadOptions): Promise<Uint8Array | undefined> {
    const at = Key.of(key);
    const start = checkedCount(at, 'offset', range.offset ?? 0);
    const length = checkedCount(at, 'length', range.length ?? Number.MAX_SAFE_INTEGER);
    return this.view(async ({ tree, openObject }) => {
      const oid = valueOid(at, await tree.find(at));
      if (oid === undefined) return undefined;
      const object = checkedBlob(at, oid, await openObject(oid, options));
      return await partOf(object, start, length);
    });
  }

  /** A value with its permissions; links too are read, and not followed. @throws {KvError} VALUE_EXPECTED for a dictionary */
  async getWithPermissions(key: string | Key, options?: KvReadOptions): Promise<PermittedValue | undefined> {
    const at = Key.of(key);
    return this.view(async ({ tree, readObject }) => {
      const found = await tree.find(at);
      if (found === undefined) return undefined;
      const permissions = permissionsOf(found.mode);
      if (found.directory !== undefined || permissions === undefined) throw valueExpected(at);
      const { body } = checkedBlob(at, found.oid, await readObject(found.oid, options));
      return { permissions, value: body.slice() };
    });
  }

  /**
   * The values of several keys, in their order, all of one state of the store. A partial store fetches them together: a request for each
   * level of dictionaries, and one for the values.
   * @throws {KvError} VALUE_EXPECTED for a dictionary
   */
  async getMany(keys: readonly (string | Key)[], options?: KvReadOptions): Promise<(Uint8Array | undefined)[]> {
    const all = keys.map((key) => Key.of(key));
    return this.view(async ({ tree, readObject }) =>
      Promise.all(
        all.map(async (at) => {
          const oid = valueOid(at, await tree.find(at));
          return oid === undefined ? undefined : checkedBlob(at, oid, await readObject(oid, options)).body.slice();
        }),
      ),
    );
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
        const child = at.findChild(name);
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
      if (stat === undefined) throw missingValue(at, oid);
      return stat.size;
    });
  }

  /**
   * When the store was last changed, in seconds since 1970: the committer date of its commit, which is the same for every key that
   * exists. With `exact`, when the key itself was, by history: of a dictionary, when anything in it was. `undefined` for a key that
   * does not exist, and for any key of a store without commits. In a batch, what has no commit yet was changed now.
   * @throws {KvError} HISTORY_MISSING for `exact` where a store holds too little of the history, as those that `connect` makes do
   */
  async lastModified(key: string | Key, options: LastModifiedOptions = {}): Promise<number | undefined> {
    const at = Key.of(key);
    const { exact = false, signal } = options;
    return this.view(async ({ tree, base, trees, shallow, now }) => {
      const found = await tree.find(at);
      if (found === undefined) return undefined;
      if (base === undefined) return now;
      if (!exact) return base.timestamp;
      const committed = await findSlot(trees, base.treeOid, at);
      if (committed?.mode !== found.mode || committed.oid !== tree.oidOf(found)) return now;
      const { findLastChange } = await import('./later.js');
      return await findLastChange({ trees, shallow: await shallow() }, base, at, signal);
    });
  }
}

async function partOf({ size, body }: ObjectStream, start: number, length: number): Promise<Uint8Array> {
  const part = new Uint8Array(Math.min(length, Math.max(0, size - start)));
  let filled = 0;
  let offset = 0;
  if (part.length === 0) return part;
  for await (const chunk of body) {
    const wanted = chunk.subarray(Math.max(0, start - offset), start + part.length - offset);
    offset += chunk.length;
    if (wanted.length === 0) continue;
    part.set(wanted, filled);
    filled += wanted.length;
    if (filled === part.length) break;
  }
  return part;
}

function kindOf(mode: number): KvKind | undefined {
  if (isTreeMode(mode)) return 'dictionary';
  return isValueMode(mode) ? 'value' : undefined;
}
