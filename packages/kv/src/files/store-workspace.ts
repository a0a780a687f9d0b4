import { equalBytes, GitError, type Oid } from '@git-kv/objects';
import { dictionaryExpected, KvConflictError, valueExpected } from '../errors.js';
import type { Key } from '../key.js';
import { findKeyMerge, type KeyConflict, type MergeRules } from '../merge/merge.js';
import type { GitKv } from '../store.js';
import type { History } from './history.js';
import type { Workspace, WorkspaceEntry } from './workspace.js';

/** What was done to a file since it was first touched. */
interface Touched {
  readonly key: Key;
  /** `undefined`: removed. */
  readonly bytes: Uint8Array | undefined;
  /** What the store had then. */
  readonly base: Uint8Array | undefined;
}

/** Files that are values of a store: a commit is the store's own, pushed at once. */
export class StoreWorkspace implements Workspace {
  readonly maxBytes: number;
  readonly conflicts: readonly KeyConflict[] = [];
  readonly #store: GitKv;
  readonly #merge: MergeRules | undefined;
  /** What the store had when a file was opened to write, by printed key. */
  readonly #bases = new Map<string, Uint8Array | undefined>();
  /** By printed key. */
  readonly #touched = new Map<string, Touched>();

  constructor(store: GitKv, options: { readonly merge?: MergeRules | undefined; readonly maxBytes: number }) {
    this.#store = store;
    this.#merge = options.merge;
    this.maxBytes = options.maxBytes;
  }

  get refName(): string {
    return this.#store.refName;
  }

  get headOid(): Oid | undefined {
    return this.#store.commit?.oid;
  }

  get hasChanges(): boolean {
    return this.#touched.size > 0;
  }

  get history(): History {
    throw new GitError(
      'UNSUPPORTED',
      'Cannot read history: a store keeps its newest commit alone; open the URL instead',
    );
  }

  async find(key: Key): Promise<WorkspaceEntry | undefined> {
    const touched = this.#touched.get(key.toString());
    if (touched?.bytes !== undefined) {
      const { bytes } = touched;
      return { kind: 'value', load: async () => bytes };
    }
    for (const other of this.#touched.values()) {
      if (other.bytes === undefined) continue;
      if (isBelow(other.key, key)) return { kind: 'dictionary' };
      if (isBelow(key, other.key)) return undefined;
    }
    if (touched !== undefined) return undefined;
    const kind = await this.#store.exists(key);
    if (kind === undefined) return undefined;
    if (kind === 'dictionary') return (await this.list(key))?.length === 0 ? undefined : { kind };
    // Read now: the store may move on.
    const bytes = (await this.#store.get(key)) as Uint8Array;
    return { kind: 'value', load: async () => bytes };
  }

  async list(key: Key): Promise<string[] | undefined> {
    const kind = await this.#store.exists(key);
    const names = new Set<string>();
    if (kind === 'dictionary') {
      for (const entry of (await this.#store.list(key)) ?? []) {
        const isGone = entry.kind === 'value' && this.#isRemoved(entry.key);
        const isEmpty = entry.kind === 'dictionary' && this.hasChanges && (await this.list(entry.key))?.length === 0;
        if (!isGone && !isEmpty) names.add(entry.key.basename);
      }
    }
    for (const { key: other, bytes } of this.#touched.values()) {
      if (bytes === undefined) continue;
      if (other.equals(key)) throw dictionaryExpected(key);
      if (isBelow(other, key)) names.add(other.segments[key.segments.length] as string);
    }
    if (kind === 'value' && !this.#isRemoved(key)) throw dictionaryExpected(key);
    if (names.size === 0 && kind !== 'dictionary') return undefined;
    return [...names].sort();
  }

  async begin(key: Key): Promise<void> {
    const name = key.toString();
    if (!this.#touched.has(name) && !this.#bases.has(name)) this.#bases.set(name, await this.#current(key));
  }

  async set(key: Key, bytes: Uint8Array): Promise<void> {
    if (key.isRoot || (await this.find(key))?.kind === 'dictionary') throw valueExpected(key);
    for (let count = 1; count < key.segments.length; count++) {
      if ((await this.find(key.prefix(count)))?.kind === 'value') throw dictionaryExpected(key);
    }
    await this.#touch(key, bytes);
  }

  async remove(key: Key): Promise<void> {
    const found = await this.find(key);
    if (found?.kind === 'dictionary') {
      for (const name of (await this.list(key)) ?? []) await this.remove(key.add(name));
    } else if (found !== undefined) await this.#touch(key, undefined);
  }

  async commit(message: string): Promise<Oid | undefined> {
    const before = this.headOid;
    // What came back to what it was is the others' to change.
    const touched = [...this.#touched.values()].filter(({ bytes, base }) => !isSame(bytes, base));
    if (touched.length === 0) {
      await this.discard();
      return undefined;
    }
    await this.#store.changeAndPush(
      async (batch) => {
        const conflicts: KeyConflict[] = [];
        for (const { key, bytes, base } of touched) {
          const theirs = (await batch.exists(key)) === 'value' ? await batch.get(key) : undefined;
          const value = isSame(base, theirs)
            ? bytes
            : await this.#merged({ key, base, ours: bytes, theirs }, conflicts);
          if (isSame(value, theirs)) continue;
          if (value === undefined) await batch.remove(key);
          else await batch.set(key, value);
        }
        if (conflicts.length > 0) throw new KvConflictError('commit', conflicts);
      },
      { message },
    );
    this.#touched.clear();
    return this.headOid === before ? undefined : this.headOid;
  }

  async pull(): Promise<void> {
    await this.#store.pull();
  }

  async push(): Promise<void> {
    await this.#store.push();
  }

  async discard(): Promise<void> {
    this.#touched.clear();
    this.#bases.clear();
  }

  async reset(): Promise<void> {
    await this.discard();
    await this.#store.pull({ onUnpushed: 'theirs' });
  }

  async close(): Promise<void> {
    // The store is its owner's to disconnect.
  }

  #isRemoved(key: Key): boolean {
    const touched = this.#touched.get(key.toString());
    return touched !== undefined && touched.bytes === undefined;
  }

  async #touch(key: Key, bytes: Uint8Array | undefined): Promise<void> {
    const name = key.toString();
    await this.begin(key);
    const base = this.#touched.has(name) ? this.#touched.get(name)?.base : this.#bases.get(name);
    this.#bases.delete(name);
    this.#touched.set(name, { key, bytes, base });
  }

  async #current(key: Key): Promise<Uint8Array | undefined> {
    return (await this.#store.exists(key)) === 'value' ? await this.#store.get(key) : undefined;
  }

  async #merged(
    sides: Omit<KeyConflict, 'reason' | 'oids'>,
    conflicts: KeyConflict[],
  ): Promise<Uint8Array | undefined> {
    const { ours, theirs } = sides;
    if (isSame(ours, theirs)) return theirs;
    const outcome = await findKeyMerge(this.#merge, sides.key)?.(sides);
    if (outcome?.status === 'merged') return outcome.value;
    conflicts.push({ ...sides, oids: {}, reason: outcome?.reason ?? 'both sides changed it' });
    return theirs;
  }
}

function isBelow(key: Key, above: Key): boolean {
  return key.segments.length > above.segments.length && key.prefix(above.segments.length).equals(above);
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}
