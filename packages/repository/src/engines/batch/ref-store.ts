import { assertOid, assertRefName, GitError, type HashAlgorithm } from '@git-kv/objects';
import type {
  RefEntry,
  ReflogNote,
  RefName,
  RefOutcome,
  RefStore,
  RefUpdate,
  RefUpdateOptions,
  RefValue,
} from '../../ref-store.js';
import { compareRefNames } from '../file/ref-order.js';
import type { Batch } from './batch.js';

/** A ref that moved in memory, and what the base has. */
interface Moved {
  readonly base: RefValue | null;
  readonly value: RefValue | null;
}

/** Refs that move in memory, over a store in which they move together, all at once. */
export class BatchedRefStore implements RefStore {
  /** Of the base, once it holds everything. */
  readonly audit?: NonNullable<RefStore['audit']>;
  readonly #base: RefStore;
  readonly #algorithm: HashAlgorithm;
  readonly #batch: Batch;
  readonly #moved = new Map<RefName, Moved>();
  #note: ReflogNote | undefined;
  #transactions = 0;
  /** Updates run one after another: each reads before it moves anything. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(base: RefStore, algorithm: HashAlgorithm, batch: Batch) {
    this.#base = base;
    this.#algorithm = algorithm;
    this.#batch = batch;
    const audit = base.audit?.bind(base);
    if (audit) {
      this.audit = async function* (options) {
        await batch.sync();
        yield* audit(options);
      };
    }
  }

  get pendingCount(): number {
    return this.#moved.size;
  }

  /** Take the moves so far. @throws by the returned work {GitError} REF_CONFLICT where somebody else moved one of the refs */
  takePending(): () => Promise<void> {
    const moves = [...this.#moved];
    const note = this.#note;
    return async () => {
      const updates = moves.map(([name, { base, value }]): RefUpdate => ({ name, expected: base, next: value }));
      if (updates.length === 0) return;
      const outcome = await this.#base.update(updates, note && { reflog: note });
      if (outcome.status !== 'updated') {
        const name = outcome.status === 'conflict' ? outcome.name : 'refs';
        throw new GitError('REF_CONFLICT', `Cannot move ${name}: somebody else did while the batch was open`);
      }
      for (const [name, { value }] of moves) {
        const now = this.#moved.get(name);
        if (now?.value === value) this.#moved.delete(name);
        else if (now) this.#moved.set(name, { base: value, value: now.value });
      }
    };
  }

  async read(name: RefName): Promise<RefValue | undefined> {
    const moved = this.#moved.get(name);
    return moved ? (moved.value ?? undefined) : this.#base.read(name);
  }

  async *list(prefix: string): AsyncGenerator<RefEntry, void, undefined> {
    const values = new Map([...this.#moved].map(([name, { value }]) => [name, value]));
    const names = [...values.keys()]
      .filter((name) => name.startsWith('refs/') && name.startsWith(prefix) && values.get(name) !== null)
      .sort(compareRefNames);
    let at = 0;
    const movedUpTo = function* (name?: RefName): Generator<RefEntry> {
      for (; at < names.length; at++) {
        const next = names[at] as RefName;
        if (name !== undefined && compareRefNames(next, name) > 0) return;
        yield { name: next, value: values.get(next) as RefValue };
      }
    };
    for await (const entry of this.#base.list(prefix)) {
      yield* movedUpTo(entry.name);
      if (!values.has(entry.name)) yield entry;
    }
    yield* movedUpTo();
  }

  async snapshot(names: readonly RefName[]): Promise<ReadonlyMap<RefName, RefValue>> {
    const values = new Map(await this.#base.snapshot(names));
    for (const name of names) {
      const moved = this.#moved.get(name);
      if (moved?.value) values.set(name, moved.value);
      else if (moved) values.delete(name);
    }
    return values;
  }

  update(updates: readonly RefUpdate[], options: RefUpdateOptions = {}): Promise<RefOutcome> {
    const work = this.#last.then(() => this.#update(updates, options));
    this.#last = work.catch(() => undefined);
    return work;
  }

  async close(): Promise<void> {
    await this.#batch.sync();
    await this.#base.close();
  }

  async #update(updates: readonly RefUpdate[], options: RefUpdateOptions): Promise<RefOutcome> {
    this.#batch.assertOpen();
    this.#assertUpdates(updates);
    if (options.fence || options.attachment) {
      throw new GitError('UNSUPPORTED', 'Cannot update refs: a batch has neither fences nor attachments');
    }
    options.signal?.throwIfAborted();
    const moves: (readonly [RefName, Moved])[] = [];
    const created: RefName[] = [];
    for (const { name, expected, next } of updates) {
      const now = this.#moved.get(name) ?? (await this.#unmoved(name));
      if (expected !== undefined && !isSame(expected, now.value))
        return { status: 'conflict', name, actual: now.value };
      if (next !== null && now.value === null) created.push(name);
      if (!isSame(next, now.value)) moves.push([name, { base: now.base, value: next && copy(next) }]);
    }
    for (const name of created) {
      const inTheWay = await this.#inTheWay(name, created);
      if (inTheWay) return { status: 'conflict', ...inTheWay };
    }
    for (const [name, moved] of moves) this.#moved.set(name, moved);
    if (options.reflog) this.#note = options.reflog;
    if (moves.length > 0) await this.#batch.changed();
    return { status: 'updated', transaction: `batch-${++this.#transactions}` };
  }

  async #unmoved(name: RefName): Promise<Moved> {
    const base = (await this.#base.read(name)) ?? null;
    return { base, value: base };
  }

  /** A ref that is a directory of `name`, or has `name` as a directory: they could not both be files. */
  async #inTheWay(
    name: RefName,
    created: readonly RefName[],
  ): Promise<{ readonly name: RefName; readonly actual: RefValue | null } | undefined> {
    const isAbove = (one: RefName): boolean => name.startsWith(`${one}/`) || one.startsWith(`${name}/`);
    const gone = [...this.#moved].some(([one, { base, value }]) => base !== null && value === null && isAbove(one));
    // The base could not do both at one instant.
    if (gone) await this.#batch.sync();
    for (let slash = name.indexOf('/', 'refs/'.length); slash >= 0; slash = name.indexOf('/', slash + 1)) {
      const parent = name.slice(0, slash);
      if (created.includes(parent)) return { name: parent, actual: null };
      const value = parent.split('/').length > 2 ? await this.read(parent) : undefined;
      if (value) return { name: parent, actual: value };
    }
    for await (const { name: below, value } of this.list(`${name}/`)) return { name: below, actual: value };
    return undefined;
  }

  #assertUpdates(updates: readonly RefUpdate[]): void {
    const names = new Set<RefName>();
    for (const { name, next } of updates) {
      assertRefName(name);
      if (names.has(name)) throw new GitError('REF_CONFLICT', `Cannot update ref ${name}: it is named twice`);
      names.add(name);
      if (next) this.#assertValue(next);
    }
  }

  #assertValue(value: RefValue): void {
    if ('target' in value) {
      assertRefName(value.target);
      return;
    }
    assertOid(value.oid);
    const { name, hexLength, zeroOid } = this.#algorithm;
    if (value.oid.length !== hexLength || value.oid === zeroOid) {
      throw new GitError('INVALID_OID', `Cannot put ${value.oid} in a ref: it is no object id of ${name}`);
    }
  }
}

function isSame(a: RefValue | null, b: RefValue | null): boolean {
  if (a === null || b === null) return a === b;
  if ('oid' in a) return 'oid' in b && a.oid === b.oid;
  return 'target' in b && a.target === b.target;
}

function copy(value: RefValue): RefValue {
  return 'oid' in value ? { oid: value.oid } : { target: value.target };
}
