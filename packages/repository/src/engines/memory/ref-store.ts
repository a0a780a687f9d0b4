import { assertRefName, GitError, type HashAlgorithm, isOid } from '@git-kv/objects';
import type {
  PreparedRefUpdate,
  RefEntry,
  RefName,
  RefOutcome,
  RefStore,
  RefTransaction,
  RefUpdate,
  RefUpdateOptions,
  RefValue,
  TransactionId,
} from '../../ref-store.js';
import { compareRefNames } from '../file/ref-order.js';
import { RefHistory } from './ref-history.js';

/** Refs in a map. An update waits for prepared ones and then runs without a pause, so it is one instant for everyone else. */
export class MemoryRefStore implements RefStore {
  private readonly algorithm: HashAlgorithm;
  private readonly values = new Map<RefName, RefValue>();
  private readonly history: RefHistory;
  /** Names under refs/ in order; made when asked for, thrown away when a name comes or goes. */
  private sortedNames: readonly RefName[] | undefined;
  private term = 0;
  /** Names whose prepared update waits for its last word, and who is told of it. */
  private readonly held = new Map<RefName, Promise<void>>();

  constructor(algorithm: HashAlgorithm, historySize: number) {
    this.algorithm = algorithm;
    this.history = new RefHistory(historySize);
  }

  async read(name: RefName): Promise<RefValue | undefined> {
    assertRefName(name);
    return this.values.get(name);
  }

  async *list(prefix: string): AsyncGenerator<RefEntry> {
    const names = this.namesWith(prefix);
    // Values are taken at once: what is listed stood together at one instant.
    const entries = names.map((name) => ({ name, value: this.values.get(name) as RefValue }));
    yield* entries;
  }

  async snapshot(names: readonly RefName[]): Promise<ReadonlyMap<RefName, RefValue>> {
    const found = new Map<RefName, RefValue>();
    for (const name of names) {
      assertRefName(name);
      const value = this.values.get(name);
      if (value !== undefined) found.set(name, value);
    }
    return found;
  }

  async update(updates: readonly RefUpdate[], options: RefUpdateOptions = {}): Promise<RefOutcome> {
    while (this.held.size > 0) {
      const other = this.heldBeside(updates);
      if (other === undefined) break;
      await other;
    }
    return this.apply(updates, options);
  }

  async prepare(
    updates: readonly RefUpdate[],
    options: RefUpdateOptions = {},
  ): Promise<PreparedRefUpdate | Exclude<RefOutcome, { status: 'updated' }>> {
    for (let other = this.heldBeside(updates); other !== undefined; other = this.heldBeside(updates)) await other;
    const refusal = this.refusal(updates, options);
    if (refusal !== undefined) return refusal;
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    for (const { name } of updates) this.held.set(name, released);
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) throw new Error('BUG: a prepared update is closed already');
      isOpen = false;
      for (const { name } of updates) this.held.delete(name);
      release();
    };
    return {
      status: 'prepared',
      commit: async () => {
        close();
        return this.apply(updates, options);
      },
      abort: async () => close(),
    };
  }

  /** A prepared update of one of these refs, or of one that is in the way of them. */
  private heldBeside(updates: readonly RefUpdate[]): Promise<void> | undefined {
    for (const [held, released] of this.held) {
      for (const { name } of updates) {
        if (name === held || name.startsWith(`${held}/`) || held.startsWith(`${name}/`)) return released;
      }
    }
    return undefined;
  }

  private apply(updates: readonly RefUpdate[], options: RefUpdateOptions): RefOutcome {
    const refusal = this.refusal(updates, options);
    if (refusal !== undefined) return refusal;
    if (options.fence) this.term = options.fence.term;
    const changes: RefUpdate[] = [];
    for (const { name, next } of updates) {
      const old = this.values.get(name) ?? null;
      if (sameRefValue(old, next)) continue;
      changes.push({ name, expected: old, next: next && copy(next) });
      if (next === null) this.values.delete(name);
      else this.values.set(name, copy(next));
      if (old === null || next === null) this.sortedNames = undefined;
    }
    return { status: 'updated', transaction: this.history.append(changes, options.attachment) };
  }

  /** Why `updates` cannot be made now, or `undefined`. Changes nothing. */
  refusal(
    updates: readonly RefUpdate[],
    options: RefUpdateOptions = {},
  ): Exclude<RefOutcome, { status: 'updated' }> | undefined {
    options.signal?.throwIfAborted();
    this.assertUpdates(updates);
    if (options.fence && options.fence.term < this.term) return { status: 'fenced', term: this.term };
    for (const { name, expected } of updates) {
      const actual = this.values.get(name) ?? null;
      if (expected !== undefined && !sameRefValue(expected, actual)) return { status: 'conflict', name, actual };
    }
    const created = updates.filter(({ name, next }) => next !== null && !this.values.has(name));
    const createdNames = new Set(created.map(({ name }) => name));
    for (const { name } of created) {
      const inTheWay = this.inTheWay(name, createdNames);
      if (inTheWay !== undefined) {
        return { status: 'conflict', name: inTheWay, actual: this.values.get(inTheWay) ?? null };
      }
    }
    return undefined;
  }

  transactions(options: { since?: TransactionId; signal?: AbortSignal }): AsyncIterable<RefTransaction> {
    return this.history.follow(options.since, options.signal);
  }

  async close(): Promise<void> {
    this.history.close();
  }

  /** Put a value in without a transaction: what a repository is born with. */
  set(name: RefName, value: RefValue): void {
    assertRefName(name);
    this.assertValue(name, value);
    this.values.set(name, copy(value));
  }

  private assertUpdates(updates: readonly RefUpdate[]): void {
    const names = new Set<RefName>();
    for (const { name, expected, next } of updates) {
      assertRefName(name);
      if (names.has(name))
        throw new GitError('REF_CONFLICT', `Cannot update ${name}: it is named twice in one transaction`);
      names.add(name);
      for (const value of [expected, next]) if (value) this.assertValue(name, value);
    }
  }

  private assertValue(name: RefName, value: RefValue): void {
    if ('target' in value) {
      assertRefName(value.target);
    } else if (
      !isOid(value.oid) ||
      value.oid.length !== this.algorithm.hexLength ||
      value.oid === this.algorithm.zeroOid
    ) {
      const problem = `it is no object id of ${this.algorithm.name}`;
      throw new GitError('INVALID_OID', `Cannot point ${name} to ${JSON.stringify(value.oid)}: ${problem}`);
    }
  }

  /** A ref that is a directory of `name`, or has `name` as a directory: git could not keep both as files. */
  private inTheWay(name: RefName, created: ReadonlySet<RefName>): RefName | undefined {
    for (let slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
      const parent = name.slice(0, slash);
      if (this.values.has(parent) || created.has(parent)) return parent;
    }
    return this.namesWith(`${name}/`)[0];
  }

  private namesWith(prefix: string): readonly RefName[] {
    this.sortedNames ??= [...this.values.keys()].filter((name) => name.startsWith('refs/')).sort(compareRefNames);
    const names = this.sortedNames;
    let start = 0;
    for (let end = names.length; start < end; ) {
      const middle = (start + end) >> 1;
      if (compareRefNames(names[middle] as string, prefix) < 0) start = middle + 1;
      else end = middle;
    }
    let end = start;
    while (names[end]?.startsWith(prefix)) end++;
    return names.slice(start, end);
  }
}

/** Whether two values say the same; `null` is the absent ref. */
export function sameRefValue(a: RefValue | null, b: RefValue | null): boolean {
  if (a === null || b === null) return a === b;
  if ('oid' in a) return 'oid' in b && a.oid === b.oid;
  return 'target' in b && a.target === b.target;
}

function copy(value: RefValue): RefValue {
  return 'oid' in value ? { oid: value.oid } : { target: value.target };
}
