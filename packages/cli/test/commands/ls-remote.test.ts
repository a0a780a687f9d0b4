import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  git,
  gitAsync,
  initBare,
  makeDirectory,
  removeDirectory,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import { startGitDaemon } from '../../../../test/support/git-daemon.js';
import { type GitHttpBackend, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import { basicAuth, closedPort, serveUntilTestEnds } from '../support/remote.js';
import { makeOddRepository } from '../support/repositories.js';
import { run } from '../support/run.js';

let root: string;
let backend: GitHttpBackend;
beforeAll(async () => {
  root = makeDirectory();
  makeOddRepository(join(root, 'odd.git'));
  makeOddRepository(join(root, 'odd256.git'), 'sha256');
  initBare(join(root, 'empty.git'));
  backend = await startGitHttpBackend({ root });
});
afterAll(async () => {
  await backend.close();
  removeDirectory(root);
});

describe('tsgit ls-remote', () => {
  test.each(['0', '1', '2', '3'])('in the version of the protocol that is configured: %s', async (version) => {
    const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'protocol.version', GIT_CONFIG_VALUE_0: version };
    const args = ['ls-remote', `${backend.url}/odd.git`];
    const before = backend.requests.length;
    const ours = await run('tsgit', args, { env });
    const asked = backend.requests.slice(before).map(({ headers }) => headers['git-protocol']);
    const theirs = await gitAsync(args, { env });
    expect(ours).toMatchObject({ code: theirs.code, stdout: theirs.stdout });
    if (version === '3') expect(ours.stderr).toBe(theirs.stderr);
    const expected = { '0': [undefined], '1': ['version=1'], '2': ['version=2', 'version=2'] }[version] ?? [];
    expect(asked).toEqual(expected);
  });

  test.each([
    [[], []],
    [['--heads'], []],
    [['-h'], []],
    [['--tags'], []],
    [['--heads', '--tags'], []],
    [['--refs'], []],
    [['--refs', '--tags'], []],
    [['--symref'], []],
    [['--symref'], ['HEAD']],
    [['--symref', '--heads'], []],
    [['-q'], []],
    [[], ['main']],
    [[], ['HEAD', 'v1']],
    [[], ['v1^{}']],
    [[], ['refs/heads/*']],
    [[], ['v*']],
    [[], ['v?']],
    [[], ['v[0-9]']],
    [[], ['v[!0-9]*']],
    [[], ['[a-m]*in']],
    [[], ['v1^[{]}']],
    [[], ['v[1']],
    [[], ['v[2-1]']],
    [[], ['.*', 'v+', 'm(ai)n']],
    [[], ['ma']],
    [[], ['heads/main']],
    [[], ['one']],
    [['--exit-code'], ['main']],
    [['--exit-code'], ['nothing']],
    [[], ['nothing']],
  ])('%j with patterns %j prints what git prints', async (options, patterns) => {
    for (const name of ['odd.git', 'odd256.git']) {
      const args = ['ls-remote', ...options, `${backend.url}/${name}`, ...patterns];
      const theirs = await gitAsync(args);
      const ours = await run('tsgit', args);
      expect({ code: ours.code, stdout: ours.stdout }).toEqual({ code: theirs.code, stdout: theirs.stdout });
      expect(ours.stderr).toBe('');
    }
  });

  test('says where the refs are from, but not the password', async () => {
    const cwd = initBare(join(temporaryDirectory(), 'here.git'));
    const url = `${backend.url.replace('//', '//ann:geheim@')}/empty.git`;
    git(['config', 'remote.origin.url', url], { cwd });
    git(['config', 'remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*'], { cwd });
    const ended = await run('tsgit', ['ls-remote'], { cwd });
    expect(ended).toMatchObject({ code: 0, stdout: '', stderr: `From ${backend.url}/empty.git\n` });
    const commit = git(['commit-tree', '-m', 'x', git(['mktree'], { cwd, input: '' })], { cwd });
    git(['update-ref', 'refs/remotes/origin/gone', commit], { cwd });
    const pruned = await run('tsgit', ['remote', 'prune', 'origin'], { cwd });
    expect(pruned.stdout).toContain(`URL: ${backend.url}/empty.git\n`);
  });

  test('prints nothing for an empty repository', async () => {
    const url = `${backend.url}/empty.git`;
    expect(await run('tsgit', ['ls-remote', url])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await run('tsgit', ['ls-remote', '--exit-code', url])).toMatchObject({ code: 2, stdout: '' });
  });

  test('goes where info/refs is redirected', async () => {
    const { url } = await serveUntilTestEnds(root, (request, response) => {
      if (!request.url?.startsWith('/old.git/')) return false;
      response.writeHead(301, { Location: request.url.replace('/old.git/', '/odd.git/') }).end();
      return true;
    });
    const ours = await run('tsgit', ['ls-remote', `${url}/old.git`, 'HEAD']);
    expect(ours).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{40}\tHEAD\n$/) });
  });
});

describe('tsgit ls-remote over every transport', () => {
  test.each(['odd.git', 'odd256.git'])('prints of %s what git prints', async (name) => {
    const daemon = await startGitDaemon(root);
    const theirs = await gitAsync(['ls-remote', join(root, name)]);
    // What stands in for ssh runs what it is given here.
    const env = { GIT_SSH_COMMAND: 'sh -c \'shift $(($# - 1)); exec sh -c "$1"\' ssh' };
    for (const url of [join(root, name), `file://${root}/${name}`, `${daemon.url}/${name}`, `host:${root}/${name}`]) {
      expect(await run('tsgit', ['ls-remote', url], { env }), url).toMatchObject({ code: 0, stdout: theirs.stdout });
    }
    const GIT_CONFIG = {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.sshCommand',
      GIT_CONFIG_VALUE_0: env.GIT_SSH_COMMAND,
    };
    const configured = await run('tsgit', ['ls-remote', `host:${root}/${name}`], {
      env: { ...GIT_CONFIG, GIT_SSH: 'false' },
    });
    expect(configured).toMatchObject({ code: 0, stdout: theirs.stdout });
    await daemon.close();
  });
});

describe('tsgit ls-remote, where the remote cannot be used', () => {
  const refused = async (url: string, env: Record<string, string> = {}): Promise<string> => {
    const ours = await run('tsgit', ['ls-remote', url], { env });
    expect(ours).toMatchObject({ code: 128, stdout: '' });
    expect(ours.stderr).toMatch(/^fatal: [^\n]*\n$/);
    return ours.stderr;
  };

  test('an unknown host', async () => {
    expect(await refused('http://no-such-host.invalid/r.git')).toMatch(/no-such-host\.invalid.*\[TRANSPORT_[A-Z_]+\]/);
  });

  test('a refused port', async () => {
    const port = await closedPort();
    expect(await refused(`http://127.0.0.1:${port}/r.git`)).toMatch(
      new RegExp(`127\\.0\\.0\\.1:${port}.*\\[[A-Z_]+\\]`),
    );
  });

  test('a repository that is not there', async () => {
    expect(await refused(`${backend.url}/nothing.git`)).toContain('/nothing.git/info/refs [REPOSITORY_NOT_FOUND]');
  });

  test('another scheme', async () => {
    for (const url of ['ftp://user:secret@example.com/r.git', 'ext::sh -c x']) {
      const message = await refused(url);
      expect(message).toMatch(/the scheme is not known|remote helpers are not run/);
      expect(message).not.toContain('secret');
    }
  });

  test('what would be an option of another program', async () => {
    for (const url of ['ssh://-oProxyCommand=x/r', '-oProxyCommand=x:r', 'host:-r']) {
      expect(await refused(url.startsWith('-') ? `ssh://[${url}]/r` : url)).toContain('cannot reach');
    }
  });

  test('a path where there is no repository', async () => {
    expect(await refused('/some/path')).toContain('/some/path [REPOSITORY_NOT_FOUND]');
  });

  test('no credentials, wrong ones, and the right ones', async () => {
    const { url, requests } = await serveUntilTestEnds(root, basicAuth('ann', 'geheim'));
    expect(await refused(`${url}/odd.git`)).toMatch(/401|authenti/i);
    const wrong = await refused(`${url}/odd.git`, { GIT_KV_USERNAME: 'ann', GIT_KV_PASSWORD: 'nicht-geheim' });
    expect(wrong).not.toContain('nicht-geheim');
    const inUrl = await refused(`${url.replace('//', '//ann:nicht-geheim@')}/odd.git`);
    expect(inUrl).not.toContain('nicht-geheim');

    const env = { GIT_KV_USERNAME: 'ann', GIT_KV_PASSWORD: 'geheim' };
    expect(await run('tsgit', ['ls-remote', `${url}/odd.git`, 'HEAD'], { env })).toMatchObject({ code: 0, stderr: '' });
    const named = { GIT_KV_PASSWORD: 'geheim' };
    const withName = `${url.replace('//', '//ann@')}/odd.git`;
    expect(await run('tsgit', ['ls-remote', withName, 'HEAD'], { env: named })).toMatchObject({ code: 0, stderr: '' });
    const withBoth = `${url.replace('//', '//ann:geheim@')}/odd.git`;
    expect(await run('tsgit', ['ls-remote', withBoth, 'HEAD'])).toMatchObject({ code: 0, stderr: '' });
    expect(requests.every(({ url }) => !url.includes('geheim'))).toBe(true);
  });

  test('a server that hangs up in the middle, and one that is no git server', async () => {
    const { url } = await serveUntilTestEnds(root, (request, response) => {
      if (request.url?.startsWith('/closed.git')) request.socket.destroy();
      else if (request.url?.startsWith('/page.git'))
        response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>');
      else return false;
      return true;
    });
    expect(await refused(`${url}/closed.git`)).toMatch(/\[TRANSPORT_[A-Z_]+\]/);
    expect(await refused(`${url}/page.git`)).toMatch(/\[[A-Z_]+\]/);
  });

  test('what a server says never steers the terminal', async () => {
    const answers: Record<string, string> = {
      '/error.git': line('ERR \x1b]0;title\x07\x1b[31mno\x9b1m\n') + FLUSH,
      '/ref.git': line(`${'1'.repeat(40)} refs/heads/\x1b[31mred\n`) + FLUSH,
      '/target.git': line(`${'1'.repeat(40)} HEAD symref-target:refs/heads/\x1b[31mred\n`) + FLUSH,
      '/short.git': line('\x1b[31m refs/heads/main\n') + FLUSH,
    };
    const { url } = await serveUntilTestEnds(root, (request, response) => {
      const body = Object.entries(answers).find(([path]) => request.url?.startsWith(path))?.[1];
      if (body === undefined) return false;
      const isGreeting = request.method === 'GET';
      const greeting = `${line('# service=git-upload-pack\n') + FLUSH + line('version 2\n') + line('ls-refs\n') + FLUSH}`;
      const kind = isGreeting ? 'advertisement' : 'result';
      response.writeHead(200, { 'Content-Type': `application/x-git-upload-pack-${kind}` });
      response.end(Buffer.from(isGreeting ? greeting : body, 'latin1'));
      return true;
    });
    for (const path of Object.keys(answers)) {
      const ours = await run('tsgit', ['ls-remote', '--symref', `${url}${path}`]);
      expect(ours, path).toMatchObject({ code: 128, stdout: '' });
      expect(ours.stderr, path).toMatch(/^fatal: [^\x00-\x1f\x7f-\x9f]*\[[A-Z_]+\]\n$/);
    }
  });

  test('none at all', async () => {
    expect(await run('tsgit', ['ls-remote'])).toMatchObject({
      code: 128,
      stderr: 'fatal: No remote configured to list refs from.\n',
    });
  });
});

const FLUSH = '0000';

/** A pkt-line of bytes. */
function line(text: string): string {
  return (text.length + 4).toString(16).padStart(4, '0') + text;
}
