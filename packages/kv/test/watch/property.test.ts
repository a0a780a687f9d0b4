import { isGitError, type Oid } from '@git-kv/objects';
import { commitsFrom, createRepositoryTransport } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GitKv } from '../../src/index.js';
import { text } from '../support/remote.js';

const FAST = { pollMs: 1, maxPollMs: 2 };
const WRITERS = 3;

/** Takes what watches tell until the branch has come to its end, leaving and coming back as often as `stays` says. */
async function follow(
  first: GitKv,
  open: () => Promise<GitKv>,
  stays: readonly number[],
  end: Promise<Oid>,
): Promise<Watched> {
  const seen: Watched = { commits: [], state: new Map() };
  let from: Oid | undefined;
  let final: Oid | undefined;
  for (let round = 0, store = first; ; round++, store = await open()) {
    const leave = new AbortController();
    void end.then((oid) => {
      final = oid;
      if (from === oid) leave.abort();
    });
    let left = stays[round] ?? Number.POSITIVE_INFINITY;
    // Whoever comes back goes on where it ended.
    for await (const event of store.watch('', { ...FAST, signal: leave.signal, ...(from !== undefined && { from }) })) {
      expect(event).toMatchObject({ kind: 'commit', from });
      seen.commits.push(event.commit as Oid);
      for (const change of event.changes ?? []) {
        expect(change.kind).toBe(seen.state.has(String(change.key)) ? 'change' : 'add');
        seen.state.set(String(change.key), text(await change.value()));
      }
      from = event.commit;
      if (--left <= 0 || from === final) break;
    }
    await store.disconnect();
    if (final !== undefined && from === final) return seen;
  }
}

interface Watched {
  readonly commits: Oid[];
  readonly state: Map<string, string | undefined>;
}

test('every commit is told once and in order, with writers at work and watchers that come and go', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(WRITERS - 1), fc.nat(4)), { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
      fc.boolean(),
      async (writes, stays, partial) => {
        const remote = createMemoryRepository();
        const open = (): Promise<GitKv> =>
          GitKv.connect('memory://remote', { transport: createRepositoryTransport(remote), partial });
        const writers = await Promise.all(Array.from({ length: WRITERS }, open));
        const local = (): Promise<GitKv> => GitKv.open(remote);
        const [third, fourth] = [await open(), await local()];
        let finish: (oid: Oid) => void = () => {};
        const end = new Promise<Oid>((resolve) => (finish = resolve));
        const watchers = [
          // One of them writes itself, one comes and goes, one looks at the repository.
          follow(writers[0] as GitKv, open, [], end),
          follow(third, open, stays, end),
          follow(fourth, local, stays, end),
        ];
        const queues = writers.map((_, writer) => writes.filter(([one]) => one === writer));
        await Promise.all(
          queues.map(async (queue, writer) => {
            for (const [at, [, key]] of queue.entries())
              await write(writers[writer] as GitKv, `k${key}`, `${writer}.${at}`);
          }),
        );
        const head = await remote.refs.read('refs/heads/main');
        const oid = (head as { oid: Oid }).oid;
        const expected: Oid[] = [];
        for await (const commit of commitsFrom(remote.objects, [oid])) expected.unshift(commit.oid);
        finish(oid);
        const whole = await GitKv.open(remote);
        for (const { commits, state } of await Promise.all(watchers)) {
          expect(commits).toEqual(expected);
          for (const [key, value] of state) expect(await whole.getText(key)).toBe(value);
        }
      },
    ),
    { numRuns: 8 },
  );
}, 60_000);

/** Writes, as often as it takes. */
async function write(store: GitKv, key: string, value: string): Promise<void> {
  for (;;) {
    try {
      await store.set(key, value);
      return;
    } catch (error) {
      if (!isGitError(error, 'PUSH_REJECTED') && !isGitError(error, 'MERGE_CONFLICT')) throw error;
      await store.pull();
    }
  }
}
