import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitFiles, git, gitAsync, initBare, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { type GitHttpBackend, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import { basicAuth, serveUntilTestEnds } from '../support/remote.js';
import { run } from '../support/run.js';

let root: string;
let backend: GitHttpBackend;
let count = 0;
beforeAll(async () => {
  root = makeDirectory();
  commitFiles(initBare(join(root, 'r.git')), [{ files: { a: '1' } }]);
  backend = await startGitHttpBackend({ root });
});
afterAll(async () => {
  await backend.close();
  removeDirectory(root);
});

type Ended = { readonly code: number | null; readonly stderr: string };

/** What each of the two asks the server, and how it ends. */
async function both(args: (cwd: string) => readonly string[]): Promise<[theirs: unknown, ours: unknown]> {
  const seen = async (task: (cwd: string) => Promise<Ended>): Promise<unknown> => {
    const before = backend.requests.length;
    const ended = await task(join(root, `${++count}`));
    const asked = backend.requests.slice(before).map(({ method, url, headers }) => {
      const own = Object.entries(headers).filter(([name]) => name.startsWith('x-') || name === 'git-protocol');
      return `${method} ${url} ${JSON.stringify(own.sort())}`;
    });
    return { code: ended.code, asked, fatal: /^fatal: .*$/m.exec(ended.stderr)?.[0] };
  };
  return [
    await seen((cwd) => gitAsync(args(cwd), { cwd: root })),
    await seen((cwd) => run('tsgit', args(cwd), { cwd: root })),
  ];
}

describe('settings of the command line', () => {
  const there = (): string => `${backend.url}/r.git`;
  const clone = (...settings: string[]): readonly string[] => ['clone', '--bare', '-q', ...settings];

  test.each<[what: string, args: (cwd: string) => readonly string[]]>([
    ['headers', (cwd) => [...clone('-c', 'http.extraHeader=X-One: 1'), there(), cwd]],
    ['headers of one URL', (cwd) => [...clone('-c', `http.${backend.url}/.extraHeader=X-One: 1`), there(), cwd]],
    ['the protocol version', (cwd) => [...clone('-c', 'protocol.version=1'), there(), cwd]],
    ['what is forbidden', (cwd) => [...clone('-c', 'protocol.http.allow=never'), there(), cwd]],
    ['what all transports are', (cwd) => [...clone('-c', 'protocol.allow=never'), there(), cwd]],
    ['another address', (cwd) => [...clone('-c', `url.${backend.url}/.insteadOf=there:`), 'there:r.git', cwd]],
    ['one for all commands before', (cwd) => ['-c', 'protocol.version=1', ...clone(), there(), cwd]],
    [
      'both, of which the first is stronger',
      (cwd) => ['-c', 'protocol.version=1', ...clone('-c', 'protocol.version=2'), there(), cwd],
    ],
    ['a name without a value', () => ['-c', 'http.followRedirects', 'ls-remote', '-q', there()]],
    ['a broken name', () => ['-c', '=x', 'ls-remote', '-q', there()]],
  ])('count for the clone itself, as with git: %s', async (_, args) => {
    const [theirs, ours] = await both(args);
    expect(ours).toEqual(theirs);
  });

  test('name a helper that knows the password, and checks of what arrives', async () => {
    const { url } = await serveUntilTestEnds(root, basicAuth('ann', 'geheim'));
    const helper = 'credential.helper=!f() { echo username=ann; echo password=geheim; }; f';
    const cwd = join(root, `${++count}`);
    const args = ['-c', helper, '-c', 'fetch.fsckObjects=true', '-c', 'fetch.fsck.noSuchRule=warn'];
    const ended = await run('tsgit', [...clone(...args), `${url}/r.git`, cwd], { cwd: root });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(git(['rev-parse', 'HEAD'], { cwd })).toBe(git(['rev-parse', 'HEAD'], { cwd: join(root, 'r.git') }));
    expect(git(['config', 'credential.helper'], { cwd })).toContain('geheim');
  });

  test('let a push ask for protocol version 1', async () => {
    for (const version of ['0', '1', '2']) {
      const [theirs, ours] = await both((cwd) => {
        const branch = `HEAD:refs/heads/${cwd.split('/').at(-1)}`;
        return ['--git-dir', 'r.git', '-c', `protocol.version=${version}`, 'push', '-q', there(), branch];
      });
      expect(ours, version).toEqual(theirs);
      expect(JSON.stringify(ours)).toContain(version === '1' ? 'version=1' : '"code":0');
    }
  });
});
