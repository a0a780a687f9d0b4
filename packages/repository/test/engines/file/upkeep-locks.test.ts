import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
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
import {
  collectGarbage,
  type FileRepository,
  type Fs,
  openFileRepository,
  type Processes,
  packRefs,
  repack,
} from '../../../src/engines/file/index.js';
import { nodeFs, writeMultiPackIndex } from '../../../src/node/index.js';

/** Process `pid` of a host, for whom those of the same host that are named are dead. */
const processOf = (host: string, pid: number, dead: readonly number[] = []): Processes => ({
  self: { host, pid, start: '1' },
  isAlive: (owner) => owner.host !== host || !dead.includes(owner.pid),
});

/** The file system for a process that dies when it has taken the lock at `lock`. */
function dyingAt(lock: string): Fs {
  let isDead = false;
  return new Proxy(nodeFs, {
    get(real, name) {
      const call = Reflect.get(real, name) as (...args: string[]) => Promise<unknown>;
      return async (...args: string[]): Promise<unknown> => {
        if (isDead) throw Object.assign(new Error('dead'), { code: 'EIO' });
        const result = await call.apply(real, args);
        if (name === 'link' && args[1]?.endsWith(`/${lock}`)) isDead = true;
        return result;
      };
    },
  });
}

const shortenLog = async ({ refs }: FileRepository): Promise<unknown> => {
  const place = await refs.findLog('refs/heads/main');
  return place && (await refs.shortenLog(place, () => true));
};

const WORK: readonly [title: string, lock: string, work: (repository: FileRepository) => Promise<unknown>][] = [
  ['packs refs', 'packed-refs.lock', (one) => packRefs(one, { all: true })],
  ['has packed a ref', 'refs/heads/main.lock', (one) => packRefs(one, { all: true })],
  [
    'repacks',
    'objects/pack/multi-pack-index.lock',
    (one) => repack(one, { mode: 'all', deleteRedundant: true, multiPackIndex: true }),
  ],
  ['is about to collect garbage', 'gc.pid.lock', (one) => collectGarbage(one)],
  ['packs refs for a gc', 'packed-refs.lock', (one) => collectGarbage(one)],
  ['writes a commit-graph for a gc', 'objects/info/commit-graph.lock', (one) => collectGarbage(one)],
  ['changes settings', 'config.lock', (one) => one.config.update((config) => config.set('core.x', 'y'))],
  ['makes a repository shallow', 'shallow.lock', (one) => one.shallow.update({ add: [], remove: [] })],
  ['shortens a log', 'logs/refs/heads/main.lock', shortenLog],
];

describe.each(['sha1', 'sha256'] as const)('a lock of a process that %s', (format) => {
  let root: string;
  let template: string;

  beforeAll(() => {
    root = makeDirectory();
    template = initBare(join(root, 'template.git'), format);
    git(['config', 'core.logAllRefUpdates', 'true'], { cwd: template });
    for (const a of ['1', '2']) commitFiles(template, [{ files: { a } }]);
    git(['update-ref', 'refs/heads/main', 'main~0'], { cwd: template });
    git(['update-ref', '--create-reflog', '-m', 'back', 'refs/heads/main', 'main~1'], { cwd: template });
    git(['repack', '-q'], { cwd: template });
  });
  afterAll(() => removeDirectory(root));

  /** What work under way leaves in a repository. */
  const leftovers = (directory: string): string[] =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /\.(?:lock|tmp|owner|recovery)$|gc\.pid$/.test(path),
    );
  const visit = async (directory: string, processes: Processes): Promise<string[]> => {
    const repository = await openFileRepository(nodeFs, directory, { processes });
    expect(repository.recovery).toEqual([]);
    await repository.close();
    return leftovers(directory);
  };

  test.each(WORK)(
    '%s and dies with %s goes with the next opening, and not before it is dead',
    async (_, lock, work) => {
      const directory = join(temporaryDirectory(), 'repository.git');
      cpSync(template, directory, { recursive: true });
      const options = { processes: processOf('here', 1), lockTimeoutMs: 0 };
      const repository = await openFileRepository(dyingAt(lock), directory, options);
      await expect(work(repository)).rejects.toMatchObject({ code: 'IO_FAILED' });
      await repository.close();
      const left = leftovers(directory);
      expect(left).toContain(lock);

      expect(await visit(directory, processOf('here', 2))).toEqual(left);
      expect(await visit(directory, processOf('elsewhere', 2, [1]))).toEqual(left);
      expect(await visit(directory, processOf('here', 2, [1]))).toEqual([]);

      const after = await openFileRepository(nodeFs, directory, { ...options, processes: processOf('here', 3) });
      await work(after);
      await after.close();
      expect(leftovers(directory)).toEqual([]);
      git(['fsck', '--full', '--strict'], { cwd: directory });
      git(['gc', '-q'], { cwd: directory });
    },
  );

  test.each([...new Set(WORK.map(([, lock]) => lock))])('of git, %s, stays', async (lock) => {
    const directory = join(temporaryDirectory(), 'repository.git');
    cpSync(template, directory, { recursive: true });
    // Somebody of ours died there too, so that there is something to recover.
    const dying = await openFileRepository(dyingAt('HEAD.lock'), directory, { processes: processOf('here', 1) });
    await expect(dying.refs.update([{ name: 'HEAD', next: { target: 'refs/heads/x' } }])).rejects.toThrow();
    writeFileSync(join(directory, lock), '1234 here\n');
    expect(await visit(directory, processOf('here', 2, [1]))).toEqual([lock]);
  });
});

test('the lock of a multi-pack-index is that of the repository whose packs it names', async () => {
  const directory = initBare(temporaryDirectory());
  commitFiles(directory, [{ files: { a: '1' } }]);
  git(['repack', '-q'], { cwd: directory });
  const algorithm = (await openFileRepository(nodeFs, directory)).algorithm;
  expect(await writeMultiPackIndex(join(directory, 'objects'), { algorithm })).toMatchObject({ status: 'written' });
  // Made for the name of the lock.
  expect(existsSync(join(directory, 'git-kv/journal'))).toBe(true);
  git(['multi-pack-index', 'verify'], { cwd: directory });
});
