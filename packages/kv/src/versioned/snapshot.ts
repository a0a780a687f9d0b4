import { isTreeMode, NotFoundError, type Oid } from '@git-kv/objects';
import { isValueMode } from '../changes.js';
import { keyNotFound } from '../edit-errors.js';
import { Key } from '../key.js';
import { createProof } from '../proof/create.js';
import type { ProvenRead } from '../proof/proof.js';
import type { KvKind } from '../reader.js';
import { WorkingTree } from '../tree/working-tree.js';
import { valueOid } from '../value.js';
import type { VersionedCommit } from './commit.js';
import type { VersionedContext } from './context.js';
import { listKeys } from './keys.js';
import type { CallOptions } from './options.js';

/**
 * One version of a store. It never changes: whatever is written later, it reads what it read before. As long as a branch, tag or
 * pin leads to its commit, no collection takes that away; else what is collected under it is OBJECT_NOT_FOUND, never another value.
 */
export class VersionedSnapshot<T> {
  /** `undefined` of a branch without commits, where there are no keys. */
  readonly commit: VersionedCommit | undefined;
  readonly treeOid: Oid;
  readonly #context: VersionedContext<T>;
  #tree: Promise<WorkingTree> | undefined;

  /** @internal */
  constructor(context: VersionedContext<T>, commit: VersionedCommit | undefined) {
    this.#context = context;
    this.commit = commit;
    this.treeOid = commit?.treeOid ?? context.repository.algorithm.emptyTreeOid;
  }

  /**
   * The value of `key`, decoded; with `proof`, and what proves it to others.
   * @throws {KvError} VALUE_EXPECTED for a dictionary; what the codec throws for bytes that it cannot decode
   */
  get(key: string | Key, options: CallOptions & { readonly proof: true }): Promise<ProvenRead<T>>;
  get(key: string | Key, options?: CallOptions): Promise<T | undefined>;
  async get(
    key: string | Key,
    options: CallOptions & { readonly proof?: boolean } = {},
  ): Promise<T | ProvenRead<T> | undefined> {
    const at = Key.of(key);
    if (options.proof === true) return await this.#prove(at, options);
    const oid = await this.version(at);
    return oid === undefined ? undefined : await this.#context.value(at, oid, options);
  }

  /** The value of a key that has to be there. @throws {KvError} KEY_NOT_FOUND, VALUE_EXPECTED */
  async require(key: string | Key, options?: CallOptions): Promise<T> {
    const at = Key.of(key);
    const oid = await this.version(at);
    if (oid === undefined) throw keyNotFound(at);
    return await this.#context.value(at, oid, options);
  }

  /** The object id of a key's value, which is the same for equal bytes. @throws {KvError} VALUE_EXPECTED for a dictionary */
  async version(key: string | Key): Promise<Oid | undefined> {
    const at = Key.of(key);
    return valueOid(at, await (await this.#open()).find(at));
  }

  /** What `key` stands for, if anything. */
  async exists(key: string | Key): Promise<KvKind | undefined> {
    const found = await (await this.#open()).find(Key.of(key));
    if (found === undefined) return undefined;
    if (isTreeMode(found.mode)) return 'dictionary';
    return isValueMode(found.mode) ? 'value' : undefined;
  }

  /** The keys of all values at `prefix` and below it, in the order of keys. */
  async *keys(prefix: string | Key = Key.root, options: CallOptions = {}): AsyncGenerator<Key, void, undefined> {
    yield* listKeys(await this.#open(), Key.of(prefix), options.signal);
  }

  /** The same with their values, read one by one. */
  async *entries(
    prefix: string | Key = Key.root,
    options: CallOptions = {},
  ): AsyncGenerator<readonly [key: Key, value: T], void, undefined> {
    for await (const key of this.keys(prefix, options)) yield [key, await this.require(key, options)];
  }

  /**
   * Keep this version from collections for as long as it is held: by a ref below `refs/git-kv/pins/`, which goes when this is
   * disposed of. Where the process dies first, the ref stays.
   */
  async pin(): Promise<AsyncDisposable> {
    const { refs } = this.#context.repository;
    const { commit } = this;
    if (commit === undefined) return { [Symbol.asyncDispose]: async () => {} };
    const name = `refs/git-kv/pins/${crypto.randomUUID()}`;
    await refs.update([{ name, expected: null, next: { oid: commit.oid } }]);
    return {
      [Symbol.asyncDispose]: async () => {
        await refs.update([{ name, next: null }]);
      },
    };
  }

  async #prove(key: Key, options: CallOptions): Promise<ProvenRead<T>> {
    const { commit } = this;
    if (commit === undefined) {
      throw new NotFoundError('OBJECT_NOT_FOUND', key.toString(), `Cannot prove ${key.format()}: there is no commit`);
    }
    const { repository, codec } = this.#context;
    const proof = await createProof(repository.objects, commit.oid, key, options);
    return { value: proof.value && (await codec.decode(proof.value.slice())), proof };
  }

  #open(): Promise<WorkingTree> {
    this.#tree ??= WorkingTree.open(this.#context.trees, this.treeOid);
    this.#tree.catch(() => {
      this.#tree = undefined; // a read that failed may go well the next time
    });
    return this.#tree;
  }
}
