import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
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
import { run } from '../support/run.js';
import { filesBelow } from '../support/twins.js';

let root: string;
let backend: GitHttpBackend;
let count = 0;

beforeAll(async () => {
  root = makeDirectory();
  backend = await startGitHttpBackend({ root });
  for (const format of ['sha1', 'sha256'] as const) await makeTemplate(join(root, format), format);
});
afterAll(async () => {
  await backend.close();
  removeDirectory(root);
});

/** `remote.git`, and `local`, a clone of it that has gone on, as has the remote. */
async function makeTemplate(directory: string, format: ObjectFormat): Promise<void> {
  mkdirSync(directory);
  const remote = initBare(join(directory, 'remote.git'), format);
  const there = (...args: string[]): string => git(args, { cwd: remote });
  there('config', 'receive.advertisePushOptions', 'true');
  commitFiles(remote, [{ files: { a: '1' } }, { files: { a: '2' } }, { files: { a: '3' } }]);
  for (const name of ['same', 'behind', 'rewound', 'diverged', 'gone-here']) there('branch', name, 'main~1');
  there('branch', 'ahead-there', 'main~1');
  there('tag', 'moved', 'main~1');
  there('tag', 'kept', 'main~1');
  const local = join(directory, 'local');
  await gitAsync(['clone', '--quiet', '--no-checkout', '--no-local', remote, local]);
  const here = (...args: string[]): string => git(args, { cwd: local });
  for (const name of ['same', 'behind', 'diverged', 'ahead-there']) here('branch', '--quiet', name, `origin/${name}`);
  here('branch', '--quiet', 'rewound', 'main~2');
  here('branch', '--quiet', 'new-here', 'main');
  commitFiles(local, [{ files: { b: '1' } }], 'behind');
  commitFiles(local, [{ files: { b: '2' } }], 'diverged');
  commitFiles(remote, [{ files: { c: '1' } }], 'diverged');
  commitFiles(remote, [{ files: { c: '1' } }], 'ahead-there');
  commitFiles(local, [{ files: { a: '4' } }]);
  here('tag', '-f', 'moved', 'main');
  here('tag', '-a', '-m', 'Annotated', 'v1', 'main');
  here('tag', 'light', 'main');
  here('tag', '-a', '-m', 'Elsewhere', 'v2', 'behind');
  here('tag', 'tree', 'main^{tree}');
}

/** Two copies of a template with their remotes: git pushes in one and tsgit in the other. */
class Pair {
  readonly directories: readonly [theirs: string, ours: string];

  readonly #isHttp: boolean;

  constructor(format: ObjectFormat, { isHttp = false } = {}) {
    this.#isHttp = isHttp;
    const name = `${++count}`.padStart(4, '0');
    this.directories = [join(root, `${name}-a`), join(root, `${name}-b`)];
    for (const directory of this.directories) {
      cpSync(join(root, format), directory, { recursive: true });
      git(['remote', 'set-url', 'origin', this.urlOf(directory)], { cwd: join(directory, 'local') });
      onTestFinished(() => removeDirectory(directory));
    }
  }

  urlOf(directory: string): string {
    const path = `${directory.slice(root.length + 1)}/remote.git`;
    return this.#isHttp ? `${backend.url}/${path}` : join(root, path);
  }

  each(change: (local: string, remote: string) => void): void {
    for (const directory of this.directories) change(join(directory, 'local'), join(directory, 'remote.git'));
  }

  /** Expects the same words, exit code, refs and logs. */
  async same(args: readonly string[], { isQuiet = false } = {}): Promise<number> {
    const [theirDirectory, ourDirectory] = this.directories;
    const of = (directory: string): string[] => [
      'push',
      ...args.map((arg) => arg.replace('URL', this.urlOf(directory))),
    ];
    const theirs = await gitAsync(of(theirDirectory), { cwd: join(theirDirectory, 'local') });
    const ours = await run('tsgit', of(ourDirectory), { cwd: join(ourDirectory, 'local') });
    const shown = ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }, directory: string) => ({
      code,
      stdout: stdout.replaceAll(this.urlOf(directory), 'URL'),
      stderr: isQuiet || theirs.code === 129 ? '' : stderr.replaceAll(this.urlOf(directory), 'URL'),
    });
    expect(shown(ours, ourDirectory), ours.stderr).toEqual(shown(theirs, theirDirectory));
    expect(stateOf(ourDirectory)).toEqual(stateOf(theirDirectory));
    return theirs.code;
  }
}

/** Refs of both sides, and what the logs here say. */
function stateOf(directory: string): unknown {
  const refs = (name: string): string => git(['for-each-ref'], { cwd: join(directory, name) });
  const config = readFileSync(join(directory, 'local/.git/config'), 'utf8').replaceAll(
    directory.slice(root.length),
    '',
  );
  return {
    local: refs('local'),
    remote: refs('remote.git'),
    logs: filesBelow(join(directory, 'local/.git/logs')),
    config,
  };
}

/** Of the command lines each so-manieth is tried; all of them with GIT_KV_SLOW. */
const EVERY = process.env.GIT_KV_SLOW === undefined ? 2 : 1;

/** Command lines, most of them in one object format only: what differs between the two is below. */
const CASES: readonly [args: string[]][] = [
  [['origin', 'main']],
  [['origin', 'main', 'behind', 'same']],
  [['-v', 'origin', 'same']],
  [['origin', 'same']],
  [['-q', 'origin', 'main']],
  [['--porcelain', 'origin', 'main', 'behind', 'same', 'new-here', 'light', 'v1']],
  [['--porcelain', 'origin', 'rewound', 'diverged', 'ahead-there', 'moved', 'main']],
  [['origin', 'rewound']],
  [['origin', 'diverged', 'main']],
  [['origin', 'moved']],
  [['origin', '+moved', '+rewound', '+diverged']],
  [['--force', 'origin', 'rewound', 'diverged', 'main']],
  [['origin', 'HEAD']],
  [['origin', '@']],
  [['origin', 'HEAD:elsewhere']],
  [['origin', 'HEAD~1:refs/heads/by-name']],
  [['origin', 'main:same', 'light:refs/odd/light', 'tree:refs/tags/t']],
  [['origin', 'tree:refs/heads/main']],
  [['origin', 'tree:refs/tags/kept']],
  [['origin', ':']],
  [['origin', '+:']],
  [['origin', 'refs/heads/*']],
  [['origin', '+refs/heads/*:refs/copies/*', '^refs/copies/same']],
  [['--all', 'origin']],
  [['--tags', 'origin']],
  [['--tags', '--force', 'origin', 'main']],
  [['--follow-tags', 'origin', 'main']],
  [['--prune', 'origin', 'refs/heads/*']],
  [['--mirror', 'origin']],
  [['--delete', 'origin', 'same', 'gone-here']],
  [['--delete', 'origin', 'tag', 'kept']],
  [['origin', ':gone-here']],
  [['--atomic', 'origin', 'main', 'behind']],
  [['--dry-run', 'origin', 'main', 'new-here', ':same', '+rewound']],
  [['--dry-run', '--porcelain', '--all', 'origin']],
  [['--force-with-lease', 'origin', 'rewound', 'diverged']],
  [['--force-with-lease=diverged', 'origin', '+diverged', '+rewound']],
  [['--force-with-lease=rewound:main~1', 'origin', 'rewound']],
  [['--force-with-lease=rewound:main', 'origin', 'rewound']],
  [['--force-with-lease=new-here:', 'origin', 'new-here']],
  [['--force-with-lease=same:', 'origin', '+main:same']],
  [['--set-upstream', 'origin', 'new-here', 'light']],
  [['URL', 'main', 'new-here']],
  [['origin', 'tag', 'light']],
  [[]],
];

describe.each(['sha1', 'sha256'] as const)('tsgit push (%s)', (format) => {
  test.each(CASES.filter((_, at) => at % (format === 'sha1' ? EVERY : 10) === 0))(
    '%j moves and says what git does',
    async (args) => {
      const pair = new Pair(format);
      await pair.same(args);
      git(['fsck', '--connectivity-only'], { cwd: join(pair.directories[1], 'remote.git') });
      if (args.length > 2) return;
      // Once more, with nothing new.
      await pair.same(args);
    },
  );

  test.each<[args: string[]]>([
    [['origin', 'nothing']],
    [['origin', 'nothing:x', 'main']],
    [['origin', 'main:a..b']],
    [['origin', 'main:new', 'same:new']],
    [['origin', ':nothing']],
    [['origin', 'main^{tree}:x']],
    [['--delete', 'origin']],
    [['--delete', 'origin', 'a:b']],
    [['--delete', '--tags', 'origin', 'a']],
    [['--all', '--tags', 'origin']],
    [['--all', 'origin', 'main']],
    [['--mirror', 'origin', 'main']],
    [['origin', 'tag']],
    [['--force-with-lease=main:nothing', 'origin', 'main']],
  ])('%j is refused as git refuses it', async (args) => {
    expect(await new Pair(format).same(args, { isQuiet: args.includes('main^{tree}:x') })).not.toBe(0);
  });

  test('push.default, remote.pushDefault, remote.*.push and pushurl', async () => {
    for (const settings of [
      [['push.default', 'current']],
      [['push.default', 'matching']],
      [['push.default', 'nothing']],
      [
        ['push.default', 'upstream'],
        ['branch.main.merge', 'refs/heads/other'],
      ],
      [['branch.main.merge', 'refs/heads/other']],
      [['branch.main.remote', 'elsewhere']],
      [['remote.origin.push', 'refs/heads/behind:refs/heads/main-behind']],
      [['remote.origin.mirror', 'true']],
      [['push.followTags', 'true']],
      [
        ['push.default', 'current'],
        ['push.negotiate', 'true'],
      ],
      [['push.pushOption', 'from-config']],
    ]) {
      const pair = new Pair(format, { isHttp: settings.some(([key]) => key === 'push.pushOption') });
      pair.each((local) => {
        for (const [key = '', value = ''] of settings) git(['config', key, value], { cwd: local });
      });
      await pair.same(settings.some(([key]) => key === 'branch.main.remote') ? ['origin'] : []);
    }
  });

  test("over HTTP, to git's own server", async () => {
    for (const args of [
      ['origin', 'main', 'v1', ':gone-here'],
      ['--porcelain', 'origin', 'main', 'rewound', 'same'],
      ['--atomic', '--porcelain', 'origin', 'main', 'rewound', 'same'],
      ['--force-with-lease', 'origin', 'rewound', 'diverged'],
      ['-o', 'one', '--push-option=two', 'origin', 'main'],
    ]) {
      await new Pair(format, { isHttp: true }).same(args);
    }
  });

  test('--force-if-includes gives up only what somebody here has seen', async () => {
    const pair = new Pair(format);
    const lease = ['--force-with-lease', '--force-if-includes', 'origin', 'main'];
    pair.each((local, remote) => {
      commitFiles(remote, [{ files: { theirs: 'unseen' }, message: 'Theirs\n', time: 1650000000 }]);
      git(['fetch', '--quiet'], { cwd: local });
    });
    expect(await pair.same(lease)).toBe(1);
    expect(await pair.same(['--porcelain', '--atomic', ...lease, 'same'], { isQuiet: true })).toBe(1);
    expect(
      await pair.same(['--dry-run', '--force-with-lease=main:origin/main', '--force-if-includes', 'origin', 'main']),
    ).toBe(0);
    expect(await pair.same(['--dry-run', '--force-with-lease', '--no-force-if-includes', 'origin', 'main'])).toBe(0);
    pair.each((local) => git(['config', 'push.useForceIfIncludes', 'true'], { cwd: local }));
    expect(await pair.same(['--force-with-lease', 'origin', 'main'])).toBe(1);
    expect(await pair.same(['--dry-run', '--force-with-lease', 'origin', '+main'])).toBe(0);
    pair.each((local) => {
      const before = git(['rev-parse', 'main'], { cwd: local });
      const seen = git(['commit-tree', '-p', 'origin/main', '-m', 'on theirs', 'origin/main^{tree}'], { cwd: local });
      git(['update-ref', '-m', 'look', 'refs/heads/main', seen], { cwd: local });
      git(['update-ref', '-m', 'back', 'refs/heads/main', before], { cwd: local });
    });
    expect(await pair.same(lease)).toBe(0);
  });

  test('what the remote refuses is told with its reason', async () => {
    const pair = new Pair(format, { isHttp: true });
    pair.each((_local, remote) => {
      git(['config', 'receive.denyDeletes', 'true'], { cwd: remote });
      git(['config', 'receive.denyNonFastForwards', 'true'], { cwd: remote });
    });
    expect(await pair.same(['origin', ':same', '+rewound', 'main'], { isQuiet: true })).toBe(1);
    expect(await pair.same(['--porcelain', 'origin', ':same', '+rewound', 'main'], { isQuiet: true })).toBe(1);
  });
});
