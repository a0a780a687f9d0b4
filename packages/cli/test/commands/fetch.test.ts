import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  gitAsync,
  initBare,
  makeDirectory,
  type ObjectFormat,
  removeDirectory,
} from '../../../../test/support/git.js';
import { type GitHttpBackend, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import { Twins } from '../support/twins.js';

/** A clone, and the remote that has gone on since. */
interface Pair {
  readonly url: string;
  readonly local: string;
  readonly source: string;
}

let root: string;
let backend: GitHttpBackend;
const pairs = new Map<ObjectFormat, Pair>();

beforeAll(async () => {
  root = makeDirectory();
  backend = await startGitHttpBackend({ root });
  for (const format of ['sha1', 'sha256'] as const) pairs.set(format, await makePair(format));
});
afterAll(async () => {
  await backend.close();
  removeDirectory(root);
});

async function makePair(format: ObjectFormat): Promise<Pair> {
  const source = initBare(join(root, `${format}.git`), format);
  const url = `${root}/${format}.git`;
  const local = join(root, `${format}-local`);
  const at = (...args: string[]): string => git(args, { cwd: source });
  commitFiles(source, [{ files: { a: '1' } }, { files: { a: '2' } }, { files: { b: '1' } }]);
  at('branch', 'side', 'main');
  at('branch', 'gone', 'main~1');
  at('branch', 'folder', 'main~1');
  at('tag', 'moving', 'main~2');
  at('tag', '-a', '-m', 'One', 'v1', 'main~1');
  await gitAsync(['clone', '--quiet', '--no-checkout', url, local]);
  git(['config', 'remote.mirror.url', url], { cwd: local });
  git(['config', 'remote.mirror.fetch', '+refs/*:refs/mirror/*'], { cwd: local });
  git(['update-ref', 'refs/copies/side', 'refs/remotes/origin/side'], { cwd: local });

  commitFiles(source, [{ files: { a: '3' } }, { files: { a: '4' }, message: 'tagged' }, { files: { a: '5' } }]);
  at('tag', '-a', '-m', 'Two', 'v2', 'main~1');
  at('tag', 'light', 'main');
  at('tag', '-f', 'moving', 'main');
  at('branch', '-f', 'side', 'main~4');
  commitFiles(source, [{ files: { s: '1' } }], 'side');
  at('branch', '-D', 'gone');
  at('branch', '-D', 'folder');
  at('branch', 'folder/inside', 'main~1');
  at('branch', 'topic/a-much-longer-name', 'main~1');
  at('tag', 'a-tree', 'main^{tree}');
  return { url, local, source };
}

/** Of the command lines each so-manieth is tried; all of them with GIT_KV_SLOW. */
const EVERY = process.env.GIT_KV_SLOW === undefined ? 2 : 1;

/** Command lines, most of them in one object format only: what differs between the two is below. */
const CASES: readonly [args: string[]][] = [
  [['--prune', '-v']],
  [['--prune']],
  [['--prune', '--tags']],
  [['--prune', '--tags', '--force']],
  [['--prune', '--prune-tags']],
  [['--prune', '--no-tags']],
  [['--prune', '--quiet']],
  [['--prune', '--atomic']],
  [['--prune', '--atomic', '--tags']],
  [['--prune', '--dry-run']],
  [['--prune', '--depth=1']],
  [['--prune', '--no-write-fetch-head']],
  [['--prune', '--all']],
  [['origin', 'main']],
  [['origin', 'main', 'side']],
  [['origin', 'main:refs/x/main']],
  [['origin', 'main:new', 'side:tags/side-tag', 'v2:v2']],
  [['origin', '+side:refs/copies/side']],
  [['origin', 'side:refs/copies/side']],
  [['--force', 'origin', 'side:refs/copies/side']],
  [['--atomic', 'origin', 'side:refs/copies/side', 'main:refs/x/main']],
  [['origin', 'refs/heads/*:refs/all/*', '^refs/heads/side']],
  [['origin', '+refs/heads/*:refs/all/*', 'main:refs/all/main']],
  [['--prune', 'origin', 'refs/heads/*:refs/copies/*']],
  [['origin', 'tag', 'v2']],
  [['origin', 'moving:refs/tags/moving']],
  [['origin', 'HEAD']],
  [['origin', '@:refs/x/head']],
  [['--refmap=', 'origin', 'main']],
  [['--refmap=refs/heads/*:refs/mapped/*', 'origin', 'main']],
  [['--append', 'origin', 'main']],
  [['mirror']],
  [['mirror', 'main']],
  [['--multiple', 'mirror']],
  [['-u', 'origin', 'main:main']],
];

describe.each(['sha1', 'sha256'] as const)('tsgit fetch (%s)', (format) => {
  const pair = (): Pair => pairs.get(format) as Pair;

  test.each(CASES.filter((_, at) => at % (format === 'sha1' ? EVERY : 10) === 0))(
    '%j changes and says what git does',
    async (args) => {
      const twins = new Twins(pair().local);
      // git fetches from many by other processes of its own, whose command lines would be in the logs.
      const env = { GIT_REFLOG_ACTION: 'update' };
      const options = args.includes('--all') || args.includes('--multiple') ? { env } : {};
      await twins.same(['fetch', ...args], options);
      twins.expectSameFiles({ folders: false });
      git(['fsck', '--connectivity-only'], { cwd: twins.ours });
      if (args.length > 1) return;
      // Nothing is new any more.
      await twins.same(['fetch', ...args], options);
      twins.expectSameFiles({ folders: false });
    },
  );

  test.runIf(format === 'sha1')(
    'a ref that is pruned by a short name, and fetched, is where git leaves it',
    async () => {
      const { source } = pair();
      for (const from of ['main', 'refs/heads/main']) {
        for (const at of ['main', 'main~1']) {
          const twins = new Twins(pair().local);
          const oid = git(['rev-parse', at], { cwd: source });
          twins.each((directory) => {
            git(['fetch', '-q', '--prune', 'origin'], { cwd: directory });
            git(['update-ref', 'refs/copies/main', oid], { cwd: directory });
          });
          // Where it has moved, git has words of its own for a ref that it has just pruned.
          const quiet = from === 'main' && at !== 'main';
          await twins.same(['fetch', '--prune', 'origin', `${from}:refs/copies/main`], { quiet });
          twins.expectSameFiles({ folders: false });
        }
      }
    },
  );

  test.runIf(format === 'sha1')('a branch stays that is checked out in some work tree', async () => {
    const twins = new Twins(pair().local);
    twins.each((directory) => {
      git(['branch', 'linked', 'HEAD'], { cwd: directory });
      git(['worktree', 'add', '-q', '--no-checkout', join(directory, 'linked'), 'linked'], { cwd: directory });
    });
    const fetch = async (options: string[], where: { inside?: string } = {}): Promise<number | null> => {
      const { code } = await twins.same(['fetch', ...options], { quiet: options.includes('-u'), ...where });
      twins.expectSameRefs();
      return code;
    };
    for (const inside of ['.', 'linked']) {
      expect(await fetch(['origin', 'main:linked'], { inside })).toBe(128);
      expect(await fetch(['origin', 'main:main'], { inside })).toBe(128);
    }
    expect(await fetch(['-u', 'origin', 'main:linked'])).toBe(0);
  });

  test('a URL, an object id, and what is not in any settings', async () => {
    const { url, source } = pair();
    const oid = git(['rev-parse', 'side'], { cwd: source });
    for (const args of [
      [url],
      [url, 'side'],
      [`${url}/`, '+refs/heads/*:refs/x/*'],
      ['origin', oid],
      ['origin', `${oid}:refs/x/by-oid`],
    ]) {
      const twins = new Twins(pair().local);
      await twins.same(['fetch', ...args]);
      twins.expectSameFiles({ folders: false });
    }
  });

  test('the branch that the current one merges is what is to be merged', async () => {
    const twins = new Twins(pair().local);
    twins.each((directory) => git(['config', 'branch.main.merge', 'refs/heads/side'], { cwd: directory }));
    await twins.same(['fetch']);
    twins.expectSameFiles({ folders: false });
    twins.each((directory) => git(['config', 'branch.main.remote', 'elsewhere'], { cwd: directory }));
    await twins.same(['fetch', 'origin']);
    twins.expectSameFiles({ folders: false });
  });

  test('settings: tagOpt, prune, insteadOf, compact output, a name for the log', async () => {
    const twins = new Twins(pair().local);
    twins.each((directory) => {
      const set = (...args: string[]): string => git(['config', ...args], { cwd: directory });
      set('remote.origin.tagOpt', '--no-tags');
      set('fetch.prune', 'true');
      set('fetch.output', 'compact');
      set(`url.${root}/.insteadOf`, 'short:');
      set('remote.origin.url', `short:${format}.git`);
    });
    await twins.same(['fetch'], { env: { GIT_REFLOG_ACTION: 'refresh' } });
    twins.expectSameFiles({ folders: false });
  });

  test('a shallow clone is deepened and made whole', async () => {
    const twins = new Twins();
    twins.each((directory) => git(['init', '--quiet', `--object-format=${format}`, '.'], { cwd: directory }));
    for (const args of [
      ['--depth=1'],
      ['--deepen=1'],
      ['--shallow-exclude=v1'],
      ['--shallow-since=2000-01-01'],
      ['--depth=2'],
      ['--unshallow'],
    ]) {
      await twins.same(['fetch', ...args, pair().url, 'main:refs/x/main']);
      twins.expectSameFiles({ folders: false });
    }
    await twins.same(['fetch', '--unshallow', pair().url]);
  });

  test.runIf(format === 'sha1')(
    'a repository does not become shallow because the remote is, unless it may',
    async () => {
      const twins = new Twins();
      const shallow = join(root, 'shallow.git');
      git(['clone', '-q', '--bare', '--depth=2', `file://${pair().url}`, shallow]);
      commitFiles(shallow, [{ files: { n: '1' } }]);
      git(['tag', '-a', '-m', 'here', 'here', 'main'], { cwd: shallow });
      const other = commitFiles(shallow, [{ files: { o: '1' } }], 'other');
      git(['update-ref', 'refs/heads/orphan', git(['commit-tree', '-m', 'o', `${other}^{tree}`], { cwd: shallow })], {
        cwd: shallow,
      });
      twins.each((directory) => git(['init', '-q', '.'], { cwd: directory }));
      for (const args of [['main:main'], ['main:main'], ['main'], ['refs/heads/*:refs/x/*'], ['tag', 'here']]) {
        await twins.same(['fetch', '--no-tags', shallow, ...args], { quiet: args[0] === 'tag' });
        twins.expectSameFiles({ folders: false });
        twins.expectSameRefs();
      }
      await twins.same(['fetch', '--no-tags', '--update-shallow', shallow, 'main:main'], { quiet: true });
      twins.expectSameFiles({ folders: false });
      git(['fsck', '--connectivity-only'], { cwd: twins.ours });
      const whole = new Twins(pair().source);
      await whole.same(['fetch', shallow, 'main:refs/x/main']);
      whole.expectSameFiles({ folders: false });
    },
  );

  test("what cannot be done is told in git's words", async () => {
    const twins = new Twins(pair().local);
    for (const args of [
      ['origin', 'nothing'],
      ['origin', 'main', 'nothing:refs/x'],
      ['origin', 'main:main'],
      ['origin', 'refs/heads/main:refs/x', 'refs/heads/side:refs/x'],
      ['origin', 'a..b'],
      ['origin', 'refs/heads/*'],
      ['--depth=0'],
      ['--depth=1', '--unshallow'],
      ['--depth=1', '--deepen=1'],
      ['--deepen=-1'],
      ['--filter=nonsense'],
      ['--unshallow'],
      ['--all', 'origin'],
      ['--all', 'origin', 'main'],
      ['--refmap=x'],
      ['origin', 'tag'],
    ]) {
      await twins.same(['fetch', ...args]);
      twins.expectSameFiles({ folders: false });
    }
    expect(await twins.same(['fetch', 'origin', 'nothing'])).toMatchObject({ code: 128 });
  });
});
