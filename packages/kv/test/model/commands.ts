import fc from 'fast-check';
import { expect } from 'vitest';
import type { GitKv, KvReader, KvWriter } from '../../src/index.js';
import { changesBetween, Model, type Write } from './model.js';

/** The store under test, and how it is lost and others write to its branch. */
export interface System {
  store: GitKv;
  /** Lose the store and make it again from what outlives it: the repository, or its octets. */
  reopen(): Promise<void>;
  /** A store of somebody else on the same branch, as it stands now. */
  other(): Promise<GitKv>;
}

/** What should be so: what the store sees and what the branch holds. Versions count commits, which may be of equal contents. */
export interface Expected {
  local: Model;
  branch: Model;
  localVersion: number;
  branchVersion: number;
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

/** What a write that the local model took does to the branch: nothing where nothing changed, refused where others were faster. */
function push(expected: Expected, next: Model): string | undefined {
  if (String(next) === String(expected.local)) return undefined;
  if (expected.localVersion !== expected.branchVersion) return 'PUSH_REJECTED';
  expected.local = next;
  expected.branch = next.copy();
  expected.branchVersion++;
  expected.localVersion = expected.branchVersion;
  return undefined;
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
    const code = next.write(this.#write) ?? push(expected, next);
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

class PullCommand implements Command {
  check(): boolean {
    return true;
  }

  async run(expected: Expected, { store }: System): Promise<void> {
    const changes = await store.pull();
    expect(changes.map(({ kind, key }) => `${kind} ${key}`).sort()).toEqual(
      changesBetween(expected.local, expected.branch),
    );
    expected.local = expected.branch.copy();
    expected.localVersion = expected.branchVersion;
    await expectSame(store, expected.local);
  }

  toString(): string {
    return 'pull';
  }
}

class ReopenCommand implements Command {
  /** Whether what comes back is as the branch is now, and not as the store was. */
  readonly #pulls: boolean;

  constructor(pulls: boolean) {
    this.#pulls = pulls;
  }

  check(): boolean {
    return true;
  }

  async run(expected: Expected, system: System): Promise<void> {
    await system.reopen();
    if (this.#pulls) {
      expected.local = expected.branch.copy();
      expected.localVersion = expected.branchVersion;
    }
    await expectSame(system.store, expected.local);
  }

  toString(): string {
    return 'reopen';
  }
}

/** Runs of commands for {@link fc.asyncModelRun}. */
export function commands(options: {
  readonly reopenPulls: boolean;
  readonly size: number;
}): fc.Arbitrary<Iterable<Command>> {
  const writes = fc.array(write, { maxLength: 5 });
  const all: fc.Arbitrary<Command>[] = [
    write.map((one) => new WriteCommand(one)),
    write.map((one) => new WriteCommand(one)),
    fc.tuple(writes, fc.nat(9)).map(([some, dice]) => new BatchCommand(some, dice === 0)),
    writes.map((some) => new OthersCommand(some)),
    fc.constant(new PullCommand()),
    fc.constant(new ReopenCommand(options.reopenPulls)),
  ];
  return fc.commands(all, { maxCommands: options.size, size: 'max' });
}

export function nothing(): Expected {
  return { local: new Model(), branch: new Model(), localVersion: 0, branchVersion: 0 };
}
