import { cpSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  initBare,
  makeDirectory,
  removeDirectory,
  temporaryDirectory,
} from '../../../../../test/support/git.js';
import { type FileRepository, openFileRepository, type Processes } from '../../../src/engines/file/index.js';
import { FaultyFs } from './faulty-fs.js';

const A = 'refs/heads/a';
const B = 'refs/heads/b';
const C = 'refs/heads/c';

/** A process whose deaths the test decides. */
const processOf = (host: string, pid: number, dead: readonly number[] = []): Processes => ({
  self: { host, pid, start: '1' },
  isAlive: (owner) => owner.host !== host || !dead.includes(owner.pid),
});

describe.each(['sha1', 'sha256'] as const)('a transaction of three refs (%s)', (format) => {
  let root: string;
  let template: string;
  let first: string;
  let second: string;

  beforeAll(() => {
    root = makeDirectory();
    template = initBare(join(root, 'template.git'), format);
    first = commitFiles(template, [{ files: { a: '1' } }]);
    second = commitFiles(template, [{ files: { a: '2' } }]);
    git(['update-ref', A, first], { cwd: template });
    git(['update-ref', C, first], { cwd: template });
    git(['pack-refs', '--all'], { cwd: template });
  });
  afterAll(() => removeDirectory(root));

  const fresh = (): string => {
    const directory = join(temporaryDirectory(), 'repository.git');
    cpSync(template, directory, { recursive: true });
    return directory;
  };

  /** Moves one, creates one, deletes one. */
  const change = async (repository: FileRepository): Promise<void> => {
    const outcome = await repository.refs.update([
      { name: A, expected: { oid: first }, next: { oid: second } },
      { name: B, expected: null, next: { oid: second } },
      { name: C, expected: { oid: first }, next: null },
    ]);
    expect(outcome.status).toBe('updated');
  };
  const before = () => `${A} ${first}\n${C} ${first}`;
  const after = () => `${A} ${second}\n${B} ${second}`;
  const refsOf = (directory: string): string =>
    git(['for-each-ref', '--format=%(refname) %(objectname)', A, B, C], { cwd: directory });

  /** Let process 1 die at a call, in a fresh copy. @returns undefined where there is no such call */
  const dieAt = async (number: number): Promise<{ directory: string; call: string } | undefined> => {
    const directory = fresh();
    const faulty = new FaultyFs((_call, at) => (at === number ? 'stop' : undefined));
    try {
      const repository = await openFileRepository(faulty.fs, directory, { processes: processOf('here', 1) });
      await change(repository);
      return undefined;
    } catch {
      return { directory, call: `${number}: ${faulty.calls.at(-1)}` };
    }
  };
  const open = (directory: string, processes: Processes, fs = new FaultyFs().fs): Promise<FileRepository> =>
    openFileRepository(fs, directory, { processes, lockTimeoutMs: 20 });
  /** What a transaction leaves while it is under way; an owner who died before he had a name is swept when it is old. */
  const leftovers = (directory: string): string[] =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
      (path) => /\.(lock|tmp|owner|recovery)$/.test(path) && statSync(join(directory, path)).size > 0,
    );
  const committed = async (repository: FileRepository): Promise<number> => {
    let count = 0;
    await repository.close();
    for await (const _ of repository.refs.transactions({})) count++;
    return count;
  };
  /** Deaths at every `step`th call. */
  const deaths = async (step: number, visit: (directory: string, call: string) => Promise<void>): Promise<void> => {
    for (let number = 1; ; number += step) {
      const death = await dieAt(number);
      if (death === undefined) break;
      await visit(death.directory, death.call);
    }
  };

  test('whose process died at any call is there wholly or not at all once the next one opens, and told if it is', async () => {
    const seen = new Set<string>();
    await deaths(format === 'sha1' ? 2 : 5, async (directory, call) => {
      const repository = await open(directory, processOf('here', 2, [1]));
      const refs = refsOf(directory);
      expect([call, refs]).toEqual([call, refs === before() ? before() : after()]);
      seen.add(refs);
      expect([call, repository.recovery]).toEqual([call, []]);
      await repository.close();
      expect([call, leftovers(directory)]).toEqual([call, []]);
      const again = await open(directory, processOf('here', 3, [1, 2]));
      expect([call, refsOf(directory)]).toEqual([call, refs]);
      expect([call, await committed(again)]).toEqual([call, refs === before() ? 0 : 1]);
      git(['fsck', '--strict', '--full'], { cwd: directory });
    });
    expect(seen).toEqual(new Set([before(), after()]));
  });

  test('is the same where who recovers dies at any call too, and the next one after him', async () => {
    let death = await dieAt(1);
    let number = 1;
    // The last call before the refs change: the longest way for a recovery.
    for (; death !== undefined && !/rename/.test(death.call); number++) death = await dieAt(number);
    for (let at = 1; ; at += format === 'sha1' ? 3 : 11) {
      const { directory } = (await dieAt(number - 1)) as { directory: string };
      const faulty = new FaultyFs((_call, call) => (call === at ? 'stop' : undefined));
      const died = await open(directory, processOf('here', 2, [1]), faulty.fs).then(
        () => false,
        () => true,
      );
      const third = new FaultyFs((_call, call) => (call === at ? 'stop' : undefined));
      await open(directory, processOf('here', 3, [1, 2]), third.fs).catch(() => undefined);
      const repository = await open(directory, processOf('here', 4, [1, 2, 3]));
      expect([at, refsOf(directory)]).toEqual([at, after()]);
      expect(repository.recovery).toEqual([]);
      await repository.close();
      expect([at, leftovers(directory)]).toEqual([at, []]);
      if (!died) break;
    }
  });

  test.each([
    ['alive', processOf('here', 2)],
    ['of another host', processOf('elsewhere', 2, [1])],
  ])('whose owner is %s is left alone', async (_case, processes) => {
    await deaths(3, async (directory, call) => {
      const files = () => leftovers(directory);
      const was = [refsOf(directory), files()];
      const repository = await open(directory, processes);
      await repository.close();
      expect([call, refsOf(directory), files()]).toEqual([call, ...was]);
    });
  });

  test('that stands half in the files of its refs is whole in a snapshot', async () => {
    const seen = new Set<string>();
    await deaths(2, async (directory, call) => {
      const repository = await open(directory, processOf('here', 2));
      const values = [...(await repository.refs.snapshot([A, B, C]))];
      const refs = values.map(([name, value]) => `${name} ${'oid' in value ? value.oid : ''}`).join('\n');
      expect([call, [before(), after()]]).toEqual([call, expect.arrayContaining([refs])]);
      seen.add(refs);
      await repository.close();
    });
    expect(seen).toEqual(new Set([before(), after()]));
  });

  test('loses to a git that moved one of its refs on meanwhile, and says so', async () => {
    const third = commitFiles(template, [{ files: { a: '3' } }], 'third');
    let told = 0;
    await deaths(3, async (directory, call) => {
      // A power loss took the lock.
      const lock = join(directory, `${A}.lock`);
      if (!existsSync(lock)) return;
      const committedAlready = readdirSync(join(directory, 'git-kv/journal')).some((name) => /^\d+$/.test(name));
      rmSync(lock);
      git(['update-ref', A, third], { cwd: directory });
      const repository = await open(directory, processOf('here', 2, [1]));
      expect([call, git(['rev-parse', A], { cwd: directory })]).toEqual([call, third]);
      const findings = repository.recovery.map(({ type, name, actual }) => ({ type, name, actual }));
      const moved = [{ type: 'movedOn', name: A, actual: { oid: third } }];
      expect([[], moved]).toContainEqual(findings);
      if (!committedAlready) expect([call, findings]).toEqual([call, []]);
      told += findings.length;
      await repository.close();
      expect([call, leftovers(directory)]).toEqual([call, []]);
    });
    expect(told).toBeGreaterThan(0);
  });

  test('that is under way is no matter for git', async () => {
    await deaths(3, async (directory, call) => {
      expect([call, git(['fsck', '--strict'], { cwd: directory })]).toEqual([call, expect.any(String)]);
      git(['for-each-ref'], { cwd: directory });
    });
  });

  test('of a dead owner is brought to its end by a writer who meets its lock', async () => {
    const directory = fresh();
    const dead: number[] = [];
    const writer = await open(directory, {
      self: { host: 'here', pid: 2, start: '1' },
      isAlive: ({ pid }) => !dead.includes(pid),
    });
    const faulty = new FaultyFs((name) => (name === 'rename' ? 'stop' : undefined));
    await change(await open(directory, processOf('here', 1), faulty.fs)).catch(() => undefined);
    const update = () => writer.refs.update([{ name: B, expected: { oid: second }, next: { oid: first } }]);
    await expect(update()).rejects.toMatchObject({ code: 'REF_LOCKED' });
    dead.push(1);
    expect((await update()).status).toBe('updated');
    expect(refsOf(directory)).toBe(`${A} ${second}\n${B} ${first}`);
    await writer.close();
    expect(leftovers(directory)).toEqual([]);
  });

  test('is not taken for a foreign lock, nor a foreign lock for ours', async () => {
    const { directory } = (await dieAt(30)) as { directory: string };
    writeFileSync(join(directory, 'refs/heads/other.lock'), `${first}\n`);
    writeFileSync(join(directory, 'git-kv/journal/notes.txt'), 'x');
    const repository = await open(directory, processOf('here', 2, [1]));
    expect(leftovers(directory).filter((path) => path.endsWith('.lock'))).toEqual(['refs/heads/other.lock']);
    expect(repository.recovery).toEqual([
      expect.objectContaining({ type: 'foreignFile', path: join(directory, 'git-kv/journal/notes.txt') }),
    ]);
    await repository.close();
  });
});
