import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import { type Fs, openFileRepository, type Processes } from '../../../src/engines/file/index.js';
import { nodeFs } from '../../../src/node/index.js';

const NEW = 'refs/heads/a';
const BELOW = 'refs/heads/a/b';
const MOVED = 'refs/heads/moved';
const DELETED = 'refs/heads/old';

const processOf = (pid: number, dead: readonly number[] = []): Processes => ({
  self: { host: 'here', pid, start: '1' },
  isAlive: (owner) => !dead.includes(owner.pid),
});

describe.each(['sha1', 'sha256'] as const)('git creates a/b beside a new ref a that is committed (%s)', (format) => {
  const make = () => {
    const directory = initBare(join(temporaryDirectory(), 'repository.git'), format);
    const [first = '', second = ''] = ['1', '2'].map((a) => commitFiles(directory, [{ files: { a } }]));
    for (const name of [MOVED, DELETED]) git(['update-ref', name, first], { cwd: directory });
    git(['update-ref', '--create-reflog', '-m', 'began', MOVED, second], { cwd: directory });
    git(['update-ref', '-m', 'came', MOVED, first], { cwd: directory });
    git(['pack-refs', '--all'], { cwd: directory });
    return { directory, first, second };
  };

  /** The file system for a process beside which git creates the ref when the new one is about to get its file; and that dies. */
  const beside = (directory: string, oid: string, dieAt = Number.POSITIVE_INFINITY): Fs => {
    let calls = -1;
    return new Proxy(nodeFs, {
      get(real, name) {
        const call = Reflect.get(real, name) as (...args: string[]) => Promise<unknown>;
        return async (...args: string[]): Promise<unknown> => {
          if (calls < 0 && name === 'rename' && args[1]?.endsWith(`/${NEW}`)) {
            git(['update-ref', BELOW, oid], { cwd: directory });
            calls = 0;
          }
          if (calls >= 0 && ++calls >= dieAt) throw Object.assign(new Error('dead'), { code: 'EIO' });
          return call.apply(real, args);
        };
      },
    });
  };

  const change = async (fs: Fs, { directory, first, second }: ReturnType<typeof make>) => {
    const repository = await openFileRepository(fs, directory, { processes: processOf(1), lockTimeoutMs: 30 });
    const outcome = await repository.refs.update([
      { name: MOVED, expected: { oid: first }, next: { oid: second } },
      { name: NEW, expected: null, next: { oid: second } },
      { name: DELETED, expected: { oid: first }, next: null },
    ]);
    await repository.close();
    return { outcome, repository };
  };
  const refsOf = (directory: string): string =>
    git(['for-each-ref', '--format=%(refname) %(objectname)', NEW, BELOW, MOVED, DELETED], { cwd: directory });
  const leftovers = (directory: string): string[] =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /\.(?:lock|tmp|owner|recovery)$/.test(path),
    );

  test('and wins: the transaction is taken back whole, and a second one tells so', async () => {
    const made = make();
    const { directory, first, second } = made;
    const { outcome, repository } = await change(beside(directory, second), made);
    expect(outcome).toEqual({ status: 'conflict', name: BELOW, actual: { oid: second } });
    expect(refsOf(directory)).toBe(`${BELOW} ${second}\n${MOVED} ${first}\n${DELETED} ${first}`);
    expect(leftovers(directory)).toEqual([]);
    const told: unknown[] = [];
    for await (const { updates } of repository.refs.transactions({})) told.push(updates);
    expect(told).toEqual([
      [
        { name: NEW, expected: null, next: { oid: second } },
        { name: MOVED, expected: { oid: first }, next: { oid: second } },
        { name: DELETED, expected: { oid: first }, next: null },
      ],
      [
        { name: NEW, expected: { oid: second }, next: null },
        { name: MOVED, expected: { oid: second }, next: { oid: first } },
        { name: DELETED, expected: null, next: { oid: first } },
      ],
    ]);
    // The log tells both ways.
    const log = git(['reflog', '--format=%H', MOVED], { cwd: directory }).split('\n');
    expect(log.slice(0, 3)).toEqual([first, second, first]);
    git(['fsck', '--full', '--strict'], { cwd: directory });
  });

  test('and the process dies: git keeps its ref, nothing stays locked, and the recovery tells what could not be', async () => {
    const outcomes = new Set<string>();
    for (let dieAt = 1; ; dieAt += format === 'sha1' ? 2 : 7) {
      const made = make();
      const { directory, first, second } = made;
      const died = await change(beside(directory, second, dieAt), made).then(
        () => false,
        () => true,
      );
      if (!died) break;
      const repository = await openFileRepository(nodeFs, directory, { processes: processOf(2, [1]) });
      const refs = refsOf(directory);
      const back = `${BELOW} ${second}\n${MOVED} ${first}\n${DELETED} ${first}`;
      const forth = `${BELOW} ${second}\n${MOVED} ${second}`;
      expect([dieAt, [back, forth]]).toEqual([dieAt, expect.arrayContaining([refs])]);
      const findings = repository.recovery.map(({ type, name }) => `${type} ${name}`);
      // Either all of it is taken back, or all is done but for what cannot be, and that is told.
      expect([dieAt, findings]).toEqual([dieAt, refs === back ? [] : [`blocked ${NEW}`]]);
      outcomes.add(refs === back ? 'back' : 'forth');
      await repository.close();
      expect([dieAt, leftovers(directory)]).toEqual([dieAt, []]);
      git(['fsck', '--full', '--strict'], { cwd: directory });
    }
    expect(outcomes.size).toBeGreaterThan(0);
  });
});
