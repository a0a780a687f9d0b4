import { equalBytes, GitError, isGitError, type Oid } from '@git-kv/objects';
import type { KvBatch } from '../batch.js';
import { dictionaryExpected, KvConflictError, valueExpected } from '../errors.js';
import { compareText, type Key } from '../key.js';
import { findKeyMerge, type KeyConflict, type MergeRules } from '../merge/merge.js';
import type { KvSnapshot } from '../snapshot.js';
import type { GitKv } from '../store.js';
import type { History } from './history.js';
import type { Workspace, WorkspaceEntry } from './workspace.js';

/** What was done to a file since the last commit. */
interface Touched {
  readonly key: Key;
  /** `undefined`: removed. */
  readonly bytes: Uint8Array | undefined;
  /** What it held before, as far as readers here could see. */
  readonly base: Uint8Array | undefined;
}

/** The store as readers see it, kept until the last of them has ended. */
interface Base {
  readonly snapshot: KvSnapshot;
  readers: number;
  isOver: boolean;
}

/**
 * Files that are values of a store: a commit is the store's own, pushed at once. Until a commit or a pull they are what the store held
 * when they were opened, so that a change is based on what was read.
 */
export class StoreWorkspace implements Workspace {
  readonly maxBytes: number;
  readonly conflicts: readonly KeyConflict[] = [];
  readonly #store: GitKv;
  readonly #merge: MergeRules | undefined;
  #base: Base;
  /** By printed key. */
  readonly #touched = new Map<string, Touched>();
  /** A commit of this may have arrived: what the store has may be ours. */
  #isInDoubt = false;

  constructor(store: GitKv, options: { readonly merge?: MergeRules | undefined; readonly maxBytes: number }) {
    this.#store = store;
    this.#merge = options.merge;
    this.maxBytes = options.maxBytes;
    this.#base = takeBase(store);
  }

  get refName(): string {
    return this.#store.refName;
  }

  get headOid(): Oid | undefined {
    return this.#base.snapshot.commit?.oid;
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
    return await this.#reading(async (snapshot) => {
      const kind = await snapshot.exists(key);
      if (kind === undefined) return (await isOther(snapshot, key)) ? { kind: 'other' } : undefined;
      if (kind === 'dictionary') return (await this.list(key))?.length === 0 ? undefined : { kind };
      const bytes = (await snapshot.get(key)) as Uint8Array;
      return { kind: 'value', load: async () => bytes };
    });
  }

  list(key: Key): Promise<string[] | undefined> {
    return this.#reading((snapshot) => this.#listed(key, snapshot));
  }

  async #listed(key: Key, snapshot: KvSnapshot): Promise<string[] | undefined> {
    const kind = await snapshot.exists(key);
    /** Whether each is a directory. */
    const names = new Map<string, boolean>();
    if (kind === 'dictionary') {
      for (const entry of (await snapshot.list(key)) ?? []) {
        const isGone = entry.kind === 'value' && this.#isRemoved(entry.key);
        const isEmpty = entry.kind === 'dictionary' && this.hasChanges && (await this.list(entry.key))?.length === 0;
        if (!isGone && !isEmpty) names.set(entry.key.basename, entry.kind === 'dictionary');
      }
    }
    for (const { key: other, bytes } of this.#touched.values()) {
      if (bytes === undefined) continue;
      if (other.equals(key)) throw dictionaryExpected(key);
      const { length } = key.segments;
      if (isBelow(other, key)) names.set(other.segments[length] as string, other.segments.length > length + 1);
    }
    if (kind === 'value' && !this.#isRemoved(key)) throw dictionaryExpected(key);
    if (names.size === 0 && kind !== 'dictionary') return undefined;
    return inTreeOrder(names);
  }

  async set(key: Key, bytes: Uint8Array): Promise<void> {
    if (key.isRoot || (await this.find(key))?.kind === 'dictionary') throw valueExpected(key);
    for (let count = 1; count < key.segments.length; count++) {
      const above = key.prefix(count);
      if ((await this.find(above))?.kind === 'value') throw dictionaryExpected(above);
    }
    await this.#touch(key, bytes);
  }

  async remove(key: Key): Promise<void> {
    const found = await this.find(key);
    if (found?.kind === 'dictionary') {
      for (const name of (await this.list(key)) ?? []) await this.remove(key.add(name));
    } else if (found?.kind === 'value') await this.#touch(key, undefined);
  }

  async commit(message: string): Promise<Oid | undefined> {
    const before = this.#store.commit?.oid;
    // What came back to what it was is the others' to change.
    const touched = [...this.#touched.values()].filter(({ bytes, base }) => !isSame(bytes, base));
    if (touched.length === 0) {
      await this.discard();
      return undefined;
    }
    const change = async (batch: KvBatch): Promise<void> => {
      const conflicts: KeyConflict[] = [];
      for (const { key, bytes, base } of touched) {
        const theirs = (await batch.exists(key)) === 'value' ? await batch.get(key) : undefined;
        const value = isSame(base, theirs) ? bytes : await this.#merged({ key, base, ours: bytes, theirs }, conflicts);
        if (isSame(value, theirs)) continue;
        if (value === undefined) await batch.remove(key);
        else await batch.set(key, value);
      }
      if (conflicts.length > 0) throw new KvConflictError('commit', conflicts);
    };
    try {
      await this.#store.changeInTurn(change, { message, ...(this.#merge && { merge: this.#merge }) });
    } catch (error) {
      if (isGitError(error, 'PUSH_OUTCOME_UNKNOWN')) this.#isInDoubt = true;
      throw error;
    }
    await this.discard();
    return this.headOid === before ? undefined : this.headOid;
  }

  async pull(): Promise<void> {
    await this.#store.pull();
    this.#renew();
  }

  async push(): Promise<void> {
    await this.#store.push();
  }

  async discard(): Promise<void> {
    this.#touched.clear();
    this.#isInDoubt = false;
    this.#renew();
  }

  async reset(): Promise<void> {
    this.#touched.clear();
    await this.#store.pull({ onUnpushed: 'theirs' });
    this.#renew();
  }

  async close(): Promise<void> {
    // The store is its owner's to disconnect.
    endBase(this.#base);
  }

  #isRemoved(key: Key): boolean {
    const touched = this.#touched.get(key.toString());
    return touched !== undefined && touched.bytes === undefined;
  }

  async #touch(key: Key, bytes: Uint8Array | undefined): Promise<void> {
    const name = key.toString();
    const before = this.#touched.get(name);
    const base = before === undefined ? await this.#held(key) : before.base;
    this.#touched.set(name, { key, bytes, base });
  }

  #held(key: Key): Promise<Uint8Array | undefined> {
    return this.#reading(async (snapshot) =>
      (await snapshot.exists(key)) === 'value' ? await snapshot.get(key) : undefined,
    );
  }

  /** Read what the store holds now from here on. */
  #renew(): void {
    endBase(this.#base);
    this.#base = takeBase(this.#store);
  }

  async #reading<T>(read: (snapshot: KvSnapshot) => Promise<T>): Promise<T> {
    const base = this.#base;
    base.readers++;
    try {
      return await read(base.snapshot);
    } finally {
      if (--base.readers === 0 && base.isOver) base.snapshot.close();
    }
  }

  async #merged(
    sides: Omit<KeyConflict, 'reason' | 'oids'>,
    conflicts: KeyConflict[],
  ): Promise<Uint8Array | undefined> {
    const { ours, theirs } = sides;
    const merge = findKeyMerge(this.#merge, sides.key);
    const asksAlike = merge?.mergesEqual === true && ours !== undefined && !this.#isInDoubt;
    if (isSame(ours, theirs) && !asksAlike) return theirs;
    const outcome = await merge?.(sides);
    if (outcome?.status === 'merged') return outcome.value;
    conflicts.push({ ...sides, oids: {}, reason: outcome?.reason ?? 'both sides changed it' });
    return theirs;
  }
}

function takeBase(store: GitKv): Base {
  return { snapshot: store.snapshot(), readers: 0, isOver: false };
}

function endBase(base: Base): void {
  base.isOver = true;
  if (base.readers === 0) base.snapshot.close();
}

/** Names in git's order, in which a directory stands as if its name ended in a slash. */
function inTreeOrder(names: ReadonlyMap<string, boolean>): string[] {
  const place = (name: string): string => (names.get(name) === true ? `${name}/` : name);
  return [...names.keys()].sort((a, b) => compareText(place(a), place(b)));
}

/** Whether a link or a submodule stands there, which are no values. */
async function isOther(snapshot: KvSnapshot, key: Key): Promise<boolean> {
  try {
    await snapshot.digest(key);
    return false;
  } catch (error) {
    if (isGitError(error, 'VALUE_EXPECTED')) return true;
    throw error;
  }
}

function isBelow(key: Key, above: Key): boolean {
  return key.segments.length > above.segments.length && key.prefix(above.segments.length).equals(above);
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}
