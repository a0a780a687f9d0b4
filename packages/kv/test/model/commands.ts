import fc from 'fast-check';
import { expect } from 'vitest';
import type { GitKv, KvReader, KvWriter } from '../../src/index.js';
import { changesBetween, Model, mergeModels, type Write } from './model.js';

/** The store under test, and how it is lost and others write to its branch. */
export interface System {
  store: GitKv;
  /** Lose the store and make it again from what outlives it: the repository, or its octets, in one of two formats. */
  reopen(format: Format): Promise<void>;
  /** Cut the line in the midst of the next push, before or after it arrives, until it is mended. */
  cut?(hasArrived: boolean): void;
  mend?(): void;
  /** A store of somebody else on the same branch, as it stands now. */
  other(): Promise<GitKv>;
}

export type Format = 'bundle' | 'pack';

/** What should be so: what the store sees and what the branch holds. Versions count commits, which may be of equal contents. */
export interface Expected {
  local: Model;
  branch: Model;
  localVersion: number;
  branchVersion: number;
  /** What a write does that others were faster than. */
  readonly onConflict: 'rebase' | 'fail';
  /** What the branch held where the store last met it. */
  base: Model;
  /** Whether the store has commits that a pull made of ours and others', which no write pushed yet. */
  isAhead: boolean;
  /** A commit of which the store does not know whether it arrived. */
  pending?: { readonly made: Model; readonly hasArrived: boolean } | undefined;
}

const name = fc.constantFrom('a', 'b', 'c.d');
const path = fc.oneof(
  { weight: 20, arbitrary: fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/')) },
  { weight: 1, arbitrary: fc.constant('') },
);
const value = fc.string({ maxLength: 3 });
const permissions = fc.constantFrom('normal' as const, 'exec' as const, 'everybody' as const, 'link' as const);

const write: fc.Arbitrary<Write> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('set' as const), path, value }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('set' as const), path, value, permissions }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('setPartial' as const), path, offset: fc.nat(4), value }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('allocate' as const), path, size: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), path }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('rename' as const), source: path, destination: path }) },
);

type Command = fc.AsyncCommand<Expected, System>;

/** Do `one`, and give the code that it is refused with. */
async function refusal(one: Promise<unknown>): Promise<string | undefined> {
  return await one.then(
    () => undefined,
    (error: { code?: string }) => error.code ?? String(error),
  );
}

function apply(target: KvWriter, one: Write): Promise<void> {
  switch (one.kind) {
    case 'set':
      return target.set(one.path, one.value, one.permissions === undefined ? {} : { permissions: one.permissions });
    case 'setPartial':
      return target.setPartial(one.path, { offset: one.offset }, bytesOf(one.value));
    case 'allocate':
      return target.allocate(one.path, one.size);
    case 'remove':
      return target.remove(one.path);
    case 'rename':
      return target.rename(one.source, one.destination);
  }
}

/** Offsets of the model are characters, so a value must have a byte for each. */
function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function expectSame(store: KvReader, model: Model): Promise<void> {
  const seen = new Map<string, string>();
  const visit = async (dictionary: string): Promise<void> => {
    const entries = (await store.list(dictionary)) ?? [];
    const listed = entries.map(({ kind, key }) => `${kind} ${key}`).sort();
    expect(listed).toEqual(model.list(dictionary));
    for (const { kind, key } of entries) {
      if (kind === 'dictionary') await visit(String(key).slice(1));
      else seen.set(String(key).slice(1), (await store.getText(key)) ?? '');
    }
  };
  await visit('');
  const values = [...model.values].filter(([at]) => model.kindOf(at) === 'value');
  expect(seen).toEqual(new Map(values.map(([at, { value }]) => [at, value])));
  for (const [at, { value, permissions }] of model.values) {
    const found = await store.getWithPermissions(at);
    expect({ ...found, value: new TextDecoder().decode(found?.value) }).toEqual({ value, permissions });
  }
}

/**
 * What a write that the local model took does to the branch: nothing where nothing changed; where others were faster it is refused,
 * or made on top of what they wrote.
 */
function push(expected: Expected, next: Model): string | undefined {
  if (String(next) === String(expected.local)) return undefined;
  let made = next;
  if (expected.localVersion !== expected.branchVersion) {
    if (expected.onConflict === 'fail' || expected.isAhead) return 'PUSH_REJECTED';
    const merged = mergeModels(expected.local, next, expected.branch);
    if (merged === undefined) return 'MERGE_CONFLICT';
    made = merged;
  }
  // What others have made the same needs no commit, but those that wait for one are pushed with it.
  if (String(made) !== String(expected.branch) || expected.isAhead) expected.branchVersion++;
  expected.branch = made;
  meet(expected);
  return undefined;
}

/** The store is where the branch is. */
function meet(expected: Expected): void {
  expected.local = expected.branch.copy();
  expected.base = expected.branch.copy();
  expected.localVersion = expected.branchVersion;
  expected.isAhead = false;
  expected.pending = undefined;
}

class WriteCommand implements Command {
  readonly #write: Write;

  constructor(one: Write) {
    this.#write = one;
  }

  check(): boolean {
    return true;
  }

  async run(expected: Expected, { store }: System): Promise<void> {
    const next = expected.local.copy();
    const code = expected.pending ? 'UNPUSHED_COMMIT' : (next.write(this.#write) ?? push(expected, next));
    expect(await refusal(apply(store, this.#write))).toBe(code);
    await expectSame(store, expected.local);
  }

  toString(): string {
    return JSON.stringify(this.#write);
  }
}

class BatchCommand implements Command {
  readonly #writes: readonly Write[];
  /** Whether the function throws in the end. */
  readonly #isGivenUp: boolean;

  constructor(writes: readonly Write[], isGivenUp: boolean) {
    this.#writes = writes;
    this.#isGivenUp = isGivenUp;
  }

  check(): boolean {
    return true;
  }

  async run(expected: Expected, { store }: System): Promise<void> {
    const next = expected.local.copy();
    if (expected.pending) {
      expect(await refusal(store.changeAndPush(() => {}))).toBe('UNPUSHED_COMMIT');
      return;
    }
    const batch = store.changeAndPush(async (inside) => {
      for (const [index, one] of this.#writes.entries()) {
        expect(await refusal(apply(inside, one))).toBe(next.write(one));
        if (index === 1) await inside.digest('/'); // makes trees of what was changed so far
      }
      await expectSame(inside, next);
      await expectSame(store, expected.local);
      if (this.#isGivenUp) throw Object.assign(new Error(), { code: 'GIVEN_UP' });
    });
    const outcome = await refusal(batch);
    expect(outcome).toBe(this.#isGivenUp ? 'GIVEN_UP' : push(expected, next));
    await expectSame(store, expected.local);
  }

  toString(): string {
    return `batch${this.#isGivenUp ? ', given up' : ''}: ${JSON.stringify(this.#writes)}`;
  }
}

class OthersCommand implements Command {
  readonly #writes: readonly Write[];

  constructor(writes: readonly Write[]) {
    this.#writes = writes;
  }

  check(): boolean {
    return true;
  }

  async run(expected: Expected, system: System): Promise<void> {
    const other = await system.other();
    const next = expected.branch.copy();
    await other.changeAndPush(async (batch) => {
      for (const one of this.#writes) expect(await refusal(apply(batch, one))).toBe(next.write(one));
    });
    if (String(next) !== String(expected.branch)) expected.branchVersion++;
    expected.branch = next;
    await other.disconnect();
    await expectSame(system.store, expected.local);
  }

  toString(): string {
    return `others: ${JSON.stringify(this.#writes)}`;
  }
}

class CutCommand implements Command {
  readonly #write: Write;
  readonly #hasArrived: boolean;

  constructor(one: Write, hasArrived: boolean) {
    this.#write = one;
    this.#hasArrived = hasArrived;
  }

  check(expected: Readonly<Expected>): boolean {
    return expected.pending === undefined && !expected.isAhead && expected.localVersion === expected.branchVersion;
  }

  async run(expected: Expected, system: System): Promise<void> {
    const next = expected.local.copy();
    let code = next.write(this.#write);
    if (code === undefined && String(next) !== String(expected.local)) {
      code = 'PUSH_OUTCOME_UNKNOWN';
      expected.pending = { made: next, hasArrived: this.#hasArrived };
      if (this.#hasArrived) {
        expected.branch = next;
        expected.branchVersion++;
      }
    }
    system.cut?.(this.#hasArrived);
    expect(await refusal(apply(system.store, this.#write))).toBe(code);
    system.mend?.();
    expect(system.store.pendingCommit !== undefined).toBe(expected.pending !== undefined);
    await expectSame(system.store, expected.local);
  }

  toString(): string {
    return `cut ${this.#hasArrived ? 'after' : 'before'}: ${JSON.stringify(this.#write)}`;
  }
}

type UnpushedPolicy = 'reject' | 'rebase' | 'merge' | 'theirs';

class PullCommand implements Command {
  readonly #onUnpushed: UnpushedPolicy;
  #wasElsewhere = false;

  constructor(onUnpushed: UnpushedPolicy) {
    this.#onUnpushed = onUnpushed;
  }

  check(): boolean {
    return true;
  }

  async run(expected: Expected, { store }: System): Promise<void> {
    const { pending } = expected;
    const before = expected.local;
    const settled: string[] = [];
    const code = this.#settle(expected);
    const pull = store.pull({ onUnpushed: this.#onUnpushed, onSettled: ({ status }) => settled.push(status) });
    if (code !== undefined) {
      expect(await refusal(pull)).toBe(code);
    } else {
      const changes = (await pull).map(({ kind, key }) => `${kind} ${key}`).sort();
      expect(changes).toEqual(changesBetween(before, expected.local));
      expect(settled).toEqual(pending ? [this.#fateOf(pending.hasArrived)] : []);
      expect(store.pendingCommit).toBeUndefined();
    }
    await expectSame(store, expected.local);
  }

  /** Bring ours and theirs together, or say with which code that is refused. */
  #settle(expected: Expected): string | undefined {
    const { pending, isAhead } = expected;
    const isElsewhere = expected.localVersion !== expected.branchVersion;
    this.#wasElsewhere = isElsewhere;
    const isOurs = isAhead || pending?.hasArrived === false;
    if (!isOurs) {
      meet(expected);
      return undefined;
    }
    if (!isElsewhere) {
      expected.pending = undefined;
      return undefined;
    }
    if (this.#onUnpushed === 'reject') return 'UNPUSHED_COMMIT';
    if (this.#onUnpushed === 'theirs') {
      meet(expected);
      return undefined;
    }
    const merged = mergeModels(expected.base, pending?.made ?? expected.local, expected.branch);
    if (merged === undefined) return 'MERGE_CONFLICT';
    meet(expected);
    expected.isAhead = this.#onUnpushed === 'merge' || String(merged) !== String(expected.branch);
    expected.local = merged;
    return undefined;
  }

  #fateOf(hasArrived: boolean): string {
    if (hasArrived) return 'pushed';
    if (!this.#wasElsewhere) return 'rolled-back';
    return { reject: '', theirs: 'abandoned', rebase: 'rebased', merge: 'merged' }[this.#onUnpushed];
  }

  toString(): string {
    return `pull, ${this.#onUnpushed}`;
  }
}

class ReopenCommand implements Command {
  readonly #format: Format;
  /** Whether what comes back is as the branch is now, and not as the store was. */
  readonly #pulls: boolean;

  constructor(format: Format, pulls: boolean) {
    this.#format = format;
    this.#pulls = pulls;
  }

  /** A pack does not say what was pushed, so it is not for those who have commits that were not. */
  check(expected: Readonly<Expected>): boolean {
    return this.#format === 'bundle' || !expected.isAhead;
  }

  async run(expected: Expected, system: System): Promise<void> {
    await system.reopen(this.#format);
    if (this.#format === 'pack') expected.pending = undefined; // it has no place for it
    if (this.#pulls) meet(expected);
    expect(system.store.pendingCommit !== undefined).toBe(expected.pending !== undefined);
    await expectSame(system.store, expected.local);
  }

  toString(): string {
    return `reopen from ${this.#format}`;
  }
}

/** What a way in has besides. */
export interface CommandOptions {
  /** Whether a store that is made again is as the branch is now. */
  readonly reopenPulls: boolean;
  /** Whether there is a line to the branch, which can be cut. */
  readonly hasLine: boolean;
  readonly size: number;
}

/** Runs of commands for {@link fc.asyncModelRun}. */
export function commands({ reopenPulls, hasLine, size }: CommandOptions): fc.Arbitrary<Iterable<Command>> {
  const writes = fc.array(write, { maxLength: 5 });
  const all: fc.Arbitrary<Command>[] = [
    write.map((one) => new WriteCommand(one)),
    write.map((one) => new WriteCommand(one)),
    fc.tuple(writes, fc.nat(9)).map(([some, dice]) => new BatchCommand(some, dice === 0)),
    writes.map((some) => new OthersCommand(some)),
    fc.constantFrom<UnpushedPolicy>('reject', 'rebase', 'merge', 'theirs').map((policy) => new PullCommand(policy)),
    fc.constantFrom('bundle' as const, 'pack' as const).map((format) => new ReopenCommand(format, reopenPulls)),
  ];
  if (hasLine) all.push(fc.tuple(write, fc.boolean()).map(([one, hasArrived]) => new CutCommand(one, hasArrived)));
  return fc.commands(all, { maxCommands: size, size: 'max' });
}

export function nothing(onConflict: Expected['onConflict']): Expected {
  const empty = { local: new Model(), branch: new Model(), base: new Model(), localVersion: 0, branchVersion: 0 };
  return { ...empty, isAhead: false, onConflict };
}
