import { createRepositoryTransport, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FileRepo, type FileSource, type OpenMode, openRepo, type RepoOptions } from '../../src/files/index.js';
import { GitKv } from '../../src/index.js';

// Whatever is done to files, and whenever others write or a block throws: the branch holds what a map of files says.

const isSlow = process.env.GIT_KV_SLOW === '1';
const PATHS = ['a', 'b', 'dir/c', 'dir/deep/d'];
type Files = ReadonlyMap<string, string>;

type Step =
  | { readonly kind: 'write'; readonly path: string; readonly mode: OpenMode; readonly text: string }
  | { readonly kind: 'failedWrite'; readonly path: string; readonly text: string }
  | { readonly kind: 'read'; readonly path: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'commit' };

interface Block {
  readonly steps: readonly Step[];
  readonly throws: boolean;
  /** What somebody else writes before the first step or after the last; `null` removes. */
  readonly others: readonly { readonly path: string; readonly text: string | null; readonly when: 'first' | 'last' }[];
}

const path = fc.constantFrom(...PATHS);
const text = fc.constantFrom('', 'x', 'yy', 'line\nline\n', 'zzz');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      path,
      mode: fc.constantFrom<OpenMode>('w', 'a', 'r+', 'x', 'w+'),
      text,
    }),
  },
  fc.record({ kind: fc.constant('failedWrite' as const), path, text }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const), path }) },
  fc.record({ kind: fc.constant('remove' as const), path }),
  fc.record({ kind: fc.constant('commit' as const) }),
);
const block: fc.Arbitrary<Block> = fc.record({
  steps: fc.array(step, { maxLength: 5 }),
  throws: fc.integer({ min: 0, max: 3 }).map((drawn) => drawn === 0),
  others: fc.array(
    fc.record({ path, text: fc.option(text), when: fc.constantFrom('first' as const, 'last' as const) }),
    { maxLength: 2 },
  ),
});

/** What a step does to a map of files; the code of its error where it fails. */
function apply(files: Map<string, string>, step: Step): string | undefined {
  switch (step.kind) {
    case 'write': {
      const before = files.get(step.path);
      if (step.mode === 'r+' && before === undefined) return 'KEY_NOT_FOUND';
      if (step.mode === 'x' && before !== undefined) return 'ALREADY_PRESENT';
      const old = before === undefined || /[wx]/.test(step.mode) ? '' : before;
      files.set(step.path, step.mode === 'a' ? old + step.text : overwrite(old, step.text));
      return undefined;
    }
    case 'read':
      return files.has(step.path) ? undefined : 'KEY_NOT_FOUND';
    case 'remove':
      files.delete(step.path);
      return undefined;
    default:
      return undefined;
  }
}

function overwrite(old: string, text: string): string {
  const [before, now] = [new TextEncoder().encode(old), new TextEncoder().encode(text)];
  const bytes = new Uint8Array(Math.max(before.length, now.length));
  bytes.set(before);
  bytes.set(now);
  return new TextDecoder().decode(bytes);
}

/** Do the step to real files. */
async function perform(repo: FileRepo, step: Step): Promise<string | undefined> {
  switch (step.kind) {
    case 'write':
      await repo.open(step.path, step.mode, (file) => file.write(step.text));
      return undefined;
    case 'failedWrite': {
      const failing = repo.open(step.path, 'w', async (file) => {
        await file.write(step.text);
        throw new Error('in the file');
      });
      await expect(failing).rejects.toThrow('in the file');
      return undefined;
    }
    case 'read':
      return new TextDecoder().decode(await repo.read(step.path));
    case 'remove':
      await repo.remove(step.path);
      return undefined;
    case 'commit':
      await repo.commit();
      return undefined;
  }
}

/** One way to have the files of a repository, and what is really in it. */
interface Way {
  open(): { readonly source: FileSource; readonly options: RepoOptions };
  /** Write as somebody else. */
  change(path: string, text: string | null): Promise<void>;
  files(): Promise<Files>;
  /** A commit is pushed at once. */
  readonly isStore: boolean;
}

async function ways(): Promise<readonly Way[]> {
  const clock = counter();
  const remote = createMemoryRepository();
  const local = createMemoryRepository();
  const store = await GitKv.open(createMemoryRepository(), { clock });
  return [
    {
      open: () => ({
        source: 'https://example.com/x.git',
        options: { transport: createRepositoryTransport(remote), clock },
      }),
      change: (path, text) => write(remote, path, text, clock),
      files: () => read(remote),
      isStore: false,
    },
    {
      open: () => ({ source: local, options: { clock } }),
      change: (path, text) => write(local, path, text, clock),
      files: () => read(local),
      isStore: false,
    },
    {
      open: () => ({ source: store, options: {} }),
      change: (path, text) => (text === null ? store.remove(path) : store.set(path, text)),
      files: () => listed(store),
      isStore: true,
    },
  ];
}

async function write(repository: Repository, path: string, text: string | null, clock: () => number): Promise<void> {
  const store = await GitKv.open(repository, { clock });
  await (text === null ? store.remove(path) : store.set(path, text));
}

async function read(repository: Repository): Promise<Files> {
  return await listed(await GitKv.open(repository));
}

async function listed(store: GitKv): Promise<Files> {
  const files = new Map<string, string>();
  for (const one of PATHS) {
    const bytes = await store.get(one);
    if (bytes !== undefined) files.set(one, new TextDecoder().decode(bytes));
  }
  return files;
}

function counter(): () => number {
  let time = 1_700_000_000_000;
  return () => (time += 1000);
}

/** What both sides come to, or `undefined` for a conflict. */
function merge(base: Files, ours: Files, theirs: Files): Map<string, string> | undefined {
  const merged = new Map(theirs);
  for (const one of PATHS) {
    const [was, mine, other] = [base.get(one), ours.get(one), theirs.get(one)];
    if (mine === was || mine === other) continue;
    if (other !== was) return undefined;
    if (mine === undefined) merged.delete(one);
    else merged.set(one, mine);
  }
  return merged;
}

async function runBlock(way: Way, { steps, throws, others }: Block, before: Files): Promise<Files> {
  const ours = new Map(before);
  let theirs = new Map(before);
  const change = async (when: 'first' | 'last'): Promise<void> => {
    for (const other of others) {
      if (other.when !== when) continue;
      await way.change(other.path, other.text);
      if (other.text === null) theirs.delete(other.path);
      else theirs.set(other.path, other.text);
    }
  };
  const { source, options } = way.open();
  const running = openRepo(source, options, async (repo) => {
    await change('first');
    for (const one of steps) {
      if (one.kind === 'commit' && way.isStore) continue;
      const expected = apply(ours, one);
      const done = perform(repo, one);
      if (expected !== undefined) await expect(done).rejects.toMatchObject({ code: expected });
      else {
        const seen = await done;
        if (one.kind === 'read') expect(seen).toBe(ours.get(one.path));
      }
    }
    await change('last');
    if (throws) throw new Error('in the block');
  });
  if (throws) await expect(running).rejects.toThrow('in the block');
  else {
    const code = await running.then(
      () => undefined,
      (error: { readonly code?: unknown }) => error.code,
    );
    const merged = merge(before, ours, theirs);
    expect(code).toBe(merged === undefined ? 'MERGE_CONFLICT' : undefined);
    theirs = merged ?? theirs;
  }
  expect(await way.files()).toEqual(theirs);
  return theirs;
}

describe('G16 G8 G9 files of a branch are what a map of them says', () => {
  test.each([
    ['a server in this process', 0],
    ['a repository at hand', 1],
    ['a store', 2],
  ])(
    '%s',
    async (_name, index) => {
      await fc.assert(
        fc.asyncProperty(fc.array(block, { minLength: 1, maxLength: 4 }), async (blocks) => {
          const way = (await ways())[index] as Way;
          let files: Files = new Map();
          for (const one of blocks) files = await runBlock(way, one, files);
        }),
        { numRuns: isSlow ? 1000 : 40 },
      );
    },
    isSlow ? 600_000 : 30_000,
  );
});

describe('G2 an open file is what an array of bytes says', () => {
  type Call =
    | { readonly kind: 'read' | 'truncate'; readonly count: number }
    | { readonly kind: 'seek'; readonly offset: number; readonly from: 'start' | 'current' | 'end' }
    | { readonly kind: 'write'; readonly bytes: Uint8Array };
  const call: fc.Arbitrary<Call> = fc.oneof(
    fc.record({ kind: fc.constantFrom('read' as const, 'truncate' as const), count: fc.nat(20) }),
    fc.record({
      kind: fc.constant('seek' as const),
      offset: fc.integer({ min: -10, max: 20 }),
      from: fc.constantFrom('start' as const, 'current' as const, 'end' as const),
    }),
    fc.record({ kind: fc.constant('write' as const), bytes: fc.uint8Array({ maxLength: 12 }) }),
  );

  test.each(['r+b', 'a+b', 'w+b'] as const)('%s', async (mode) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 20 }), fc.array(call, { maxLength: 12 }), async (start, calls) => {
        const repo = await openRepo();
        await repo.open('f', 'wb', (file) => file.write(start));
        let model = mode === 'w+b' ? [] : [...start];
        let position = mode === 'a+b' ? model.length : 0;
        await repo.open('f', mode, async (file) => {
          for (const one of calls) {
            if (one.kind === 'read') {
              expect([...(await file.read(one.count))]).toEqual(model.slice(position, position + one.count));
              position += model.slice(position, position + one.count).length;
            } else if (one.kind === 'truncate') {
              await file.truncate(one.count);
              model = Array.from({ length: one.count }, (_, at) => model[at] ?? 0);
            } else if (one.kind === 'seek') {
              const to = { start: 0, current: position, end: model.length }[one.from] + one.offset;
              if (to < 0) await expect(file.seek(one.offset, one.from)).rejects.toThrow(RangeError);
              else position = await file.seek(one.offset, one.from);
              if (to >= 0) expect(position).toBe(to);
            } else if ('bytes' in one) {
              await file.write(one.bytes);
              if (mode === 'a+b') position = model.length;
              const end = position + one.bytes.length;
              model = Array.from({ length: Math.max(model.length, end) }, (_, at) => model[at] ?? 0);
              for (const [at, byte] of one.bytes.entries()) model[position + at] = byte;
              position = end;
            }
            expect([file.position, await file.size()]).toEqual([position, model.length]);
          }
        });
        expect([...(await repo.read('f'))]).toEqual(model);
      }),
      { numRuns: 100 },
    );
  });
});
