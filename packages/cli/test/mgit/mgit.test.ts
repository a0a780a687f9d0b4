import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, gitAsync, initBare, runAsync, temporaryDirectory } from '../../../../test/support/git.js';
import { mgitFixture } from '../support/mgit.js';
import { basicAuth, closedPort, serveUntilTestEnds } from '../support/remote.js';
import { run, startBuilt } from '../support/run.js';

describe('the input of mgit (K43)', () => {
  test.each([
    ['ends at the end of the input', 'exists /foo\n'],
    ['takes a last line without a line feed', 'exists /foo'],
    ['takes lines that end in CR LF', 'exists /foo\r\nquit\r\nexists /dir\r\n'],
    ['reads no further than quit', 'exists /foo\nquit\nexists /dir\n'],
    ['passes over empty lines', '\n\n   \nexists /foo\n\n'],
  ])('%s', async (_, input) => {
    const { url, cwd } = mgitFixture();
    expect(await run('mgit', [url], { cwd, input })).toMatchObject({
      code: 0,
      stdout: '/foo exists as a value\n',
      stderr: '',
    });
  });

  test('no input at all is no error, and no prompt is printed into a pipe', async () => {
    const { url, cwd } = mgitFixture();
    expect(await run('mgit', [url], { cwd, input: '' })).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('a value keeps its CR where it is quoted, and CR LF ends the line', async () => {
    const { url, cwd, repository } = mgitFixture();
    expect(await run('mgit', [url], { cwd, input: 'set /crlf "a\\r"\r\n' })).toMatchObject({ code: 0, stderr: '' });
    expect(git(['cat-file', 'blob', 'main:crlf'], { cwd: repository })).toBe('a\r');
  });
});

describe('errors at the prompt leave it alive', () => {
  test('a server that goes away between two lines, and comes back', async () => {
    const cwd = temporaryDirectory();
    const repository = initBare(join(cwd, 'r.git'));
    git(['config', 'http.receivepack', 'true'], { cwd: repository });
    commitFiles(repository, [{ files: { foo: 'x' } }]);
    let isGone = false;
    const { url } = await serveUntilTestEnds(cwd, (request) => {
      if (isGone) request.socket.destroy();
      return isGone;
    });
    const started = startBuilt('mgit', [`${url}/r.git`], { cwd });
    started.child.stdin.write('exists /foo\n');
    await started.stdoutMatching(/exists as a value/);
    isGone = true;
    started.child.stdin.write('pull\nset /bar y\nfold\nset /baz z\nquit\nexists /bar\nexists /baz\n');
    await started.stdoutMatching(/\/baz does not exists/);
    isGone = false;
    started.child.stdin.end('pull\nset /bar y\nexists /bar\n');
    const ended = await started.ended;
    expect(ended.code).toBe(1);
    expect(ended.stdout).toBe(
      '/foo exists as a value\n/bar does not exists\n/baz does not exists\n/bar exists as a value\n',
    );
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(3);
    for (const line of ended.stderr.trimEnd().split('\n')) expect(line).toMatch(/\.? \[[A-Z_]+\]$/);
    expect(git(['cat-file', 'blob', 'main:bar'], { cwd: repository })).toBe('y');
  });

  test('another writer was faster: the write is made again on top of theirs', async () => {
    const { mgit, repository, url, cwd } = mgitFixture();
    const started = startBuilt('mgit', [url], { cwd });
    started.child.stdin.write('exists /foo\n');
    await started.stdoutMatching(/exists as a value/);
    expect(await mgit(['set /theirs 1'])).toMatchObject({ code: 0, stderr: '' });
    started.child.stdin.end('set /ours 2\npull\nlist /\n');
    const ended = await started.ended;
    expect(ended.stderr).toBe('');
    expect(git(['ls-tree', '--name-only', 'main'], { cwd: repository }).split('\n')).toEqual(
      expect.arrayContaining(['ours', 'theirs']),
    );
  });
});

describe('fold', () => {
  test('nests no further: the inner one is an error, and its lines belong to the outer', async () => {
    const { mgit, repository } = mgitFixture();
    const ended = await mgit(['fold', 'set /a 1', 'fold', 'set /b 2', 'quit', 'exists /b', 'quit']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^Cannot change the store: nested changeAndPush\. \[NESTED_CHANGE\]\n$/);
    expect(ended.stdout).toBe('/b exists as a value\n');
    expect(git(['rev-list', '--count', 'main'], { cwd: repository })).toBe('2');
  });

  test('ends with the input, and then commits too', async () => {
    const { mgit, repository } = mgitFixture();
    expect(await mgit(['fold', 'set /a 1', 'remove /foo', 'exists /foo'])).toMatchObject({
      code: 0,
      stdout: '/foo does not exists\n',
      stderr: '',
    });
    expect(git(['ls-tree', '--name-only', 'main'], { cwd: repository }).split('\n')).toEqual([
      'a',
      'dir',
      expect.any(String),
    ]);
  });

  test('without a change makes no commit', async () => {
    const { mgit, repository } = mgitFixture();
    expect(await mgit(['fold', 'get /foo', 'quit'])).toMatchObject({ code: 0, stderr: '' });
    expect(git(['rev-list', '--count', 'main'], { cwd: repository })).toBe('1');
  });

  test('errors inside leave it open', async () => {
    const { mgit, repository } = mgitFixture();
    const ended = await mgit(['fold', 'set /foo/below x', 'set /good y', 'quit']);
    expect(ended.stderr).toContain('[DICTIONARY_EXPECTED]');
    expect(git(['cat-file', 'blob', 'main:good'], { cwd: repository })).toBe('y');
  });
});

describe('pull (K14)', () => {
  test('shows + - * with directories, additions first', async () => {
    const { url, cwd, repository } = mgitFixture();
    const started = startBuilt('mgit', [url], { cwd });
    started.child.stdin.write('exists /foo\n');
    await started.stdoutMatching(/exists as a value/);
    commitFiles(repository, [
      { files: { foo: 'changed', 'dir/a': null, 'dir/new/c': 'C', bar: 'B', 'dir/sub/b': null } },
    ]);
    started.child.stdin.end('pull\npull\nquit\n');
    const ended = await started.ended;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout.split('\n').slice(1)).toEqual([
      '+ /bar',
      '+ /dir/new',
      '+ /dir/new/c',
      '* /',
      '* /dir',
      '- /dir/a',
      '- /dir/sub',
      '- /dir/sub/b',
      '* /foo',
      '',
    ]);
  });
});

describe('save', () => {
  test('twice gives equal bytes, a pack that git takes, and a state to start from', async () => {
    const { mgit, cwd, url } = mgitFixture();
    const ended = await mgit(['save one.pack', 'save two.pack', 'set /more x', 'save three.pack']);
    expect(ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const [one, two, three] = ['one', 'two', 'three'].map((name) => readFileSync(join(cwd, `${name}.pack`)));
    expect(one?.equals(two as Buffer)).toBe(true);
    expect(one?.equals(three as Buffer)).toBe(false);
    for (const name of ['one.pack', 'three.pack']) {
      expect(await gitAsync(['index-pack', '-o', `${name}.idx`, name], { cwd })).toMatchObject({ code: 0 });
    }
    expect(readdirSync(cwd).filter((name) => name.includes('tmp'))).toEqual([]);

    // From the file, without the network until pull.
    const gone = `http://127.0.0.1:${await closedPort()}/r.git`;
    expect(await run('mgit', [gone, 'one.pack'], { cwd, input: 'exists /foo\nexists /more\n' })).toMatchObject({
      code: 0,
      stdout: '/foo exists as a value\n/more does not exists\n',
      stderr: '',
    });
    expect(await run('mgit', [url, 'one.pack'], { cwd, input: 'pull\nexists /more\nsave four.pack\n' })).toMatchObject({
      code: 0,
      stdout: '+ /more\n* /\n/more exists as a value\n',
      stderr: '',
    });
    expect(existsSync(join(cwd, 'four.pack'))).toBe(true);
  });

  test('writes over an older file only when the new one is whole', async () => {
    const { mgit, cwd } = mgitFixture();
    writeFileSync(join(cwd, 'state'), 'old');
    expect(await mgit(['save state'])).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(cwd, 'state')).subarray(0, 4).toString()).toBe('PACK');
    mkdirSync(join(cwd, 'folder'));
    expect((await mgit(['save folder'])).stderr).toContain("could not write 'folder': ");
    expect(readdirSync(cwd).sort()).toEqual(['folder', 'simple.git', 'state']);
  });

  test('follows a link, and writes into a pipe or a device without taking its place', async ({ skip }) => {
    const { mgit, cwd } = mgitFixture();
    writeFileSync(join(cwd, 'state'), 'old');
    symlinkSync('state', join(cwd, 'link'));
    expect(await mgit(['save link'])).toMatchObject({ code: 0, stderr: '' });
    expect(lstatSync(join(cwd, 'link')).isSymbolicLink()).toBe(true);
    const saved = readFileSync(join(cwd, 'state'));
    expect(saved.subarray(0, 4).toString()).toBe('PACK');
    if ((await runAsync('mkfifo', [join(cwd, 'fifo')]).catch(() => undefined))?.code !== 0) skip('no mkfifo here');
    const [read, ended] = await Promise.all([readFile(join(cwd, 'fifo')), mgit(['save fifo'])]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(read.equals(saved)).toBe(true);
    expect(lstatSync(join(cwd, 'fifo')).isFIFO()).toBe(true);
  });

  test('works inside of fold, on what is committed', async () => {
    const { mgit, cwd } = mgitFixture();
    const ended = await mgit(['fold', 'set /a 1', 'save state', 'quit']);
    expect(ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const again = await run('mgit', ['http://127.0.0.1:1/r.git', 'state'], { cwd, input: 'exists /a\n' });
    expect(again.stdout).toBe('/a does not exists\n');
  });
});

describe('mgit at the start', () => {
  const fails = async (args: readonly string[], cwd = temporaryDirectory()): Promise<string> => {
    const ended = await run('mgit', args, { cwd, input: 'list /\n' });
    expect(ended).toMatchObject({ code: 128, stdout: '' });
    expect(ended.stderr).toMatch(/^fatal: [^\n]*\n$/);
    return ended.stderr;
  };

  test('a remote that cannot be used ends it with 128 and the code of what is wrong', async () => {
    const cwd = temporaryDirectory();
    commitFiles(initBare(join(cwd, 'simple.git')), [{ files: { foo: 'x' } }]);
    const backend = await serveUntilTestEnds(cwd);
    expect(await fails(['http://no-such-host.invalid/r.git'])).toMatch(/\[TRANSPORT_[A-Z_]+\]\n$/);
    expect(await fails([`http://127.0.0.1:${await closedPort()}/r.git`])).toMatch(/\[TRANSPORT_[A-Z_]+\]\n$/);
    expect(await fails([`${backend.url}/nothing.git`])).toContain('[REPOSITORY_NOT_FOUND]');
    expect(await fails([`${backend.url}/simple.git#nope`])).toContain('[REMOTE_REF_NOT_FOUND]');
    expect(await fails([`${backend.url}/simple.git#..`])).toContain('[INVALID_REF_NAME]');
    expect(await fails(['nonsense'])).toContain('[REPOSITORY_NOT_FOUND]');
    expect(await fails([''])).toContain('[INVALID_URL]');
    expect(await fails([`git://127.0.0.1:${await closedPort()}/simple`])).toContain('[TRANSPORT_FAILED]');
    expect(await fails(['gopher://127.0.0.1/simple'])).toContain('[UNSUPPORTED]');
  });

  test('a state that is cut anywhere, damaged, or none is refused', async () => {
    const { mgit, cwd, url } = mgitFixture();
    await mgit(['save state']);
    const state = readFileSync(join(cwd, 'state'));
    for (const size of [0, 3, 4, 11, 12, 13, 40, Math.floor(state.length / 2), state.length - 20, state.length - 1]) {
      writeFileSync(join(cwd, 'cut'), state.subarray(0, size));
      expect(await fails([url, 'cut'], cwd), `${size} bytes`).toContain('[INVALID_STATE]');
    }
    const damaged = Buffer.from(state);
    damaged.writeUInt8(damaged.readUInt8(40) ^ 0xff, 40);
    writeFileSync(join(cwd, 'damaged'), damaged);
    expect(await fails([url, 'damaged'], cwd)).toContain('[INVALID_STATE]');
    writeFileSync(join(cwd, 'text'), 'this is no state\n'.repeat(10));
    expect(await fails([url, 'text'], cwd)).toContain('[INVALID_STATE]');
    expect(await fails([url, 'missing'], cwd)).toContain(
      "could not open 'missing' for reading: No such file or directory",
    );
    expect(await fails([url, '.'], cwd)).toContain("could not open '.' for reading: Is a directory");
  });

  test('an empty remote makes an empty store, and the first set makes the branch', async () => {
    const { repository, url, cwd } = mgitFixture({ isEmpty: true });
    const input = 'list /\nexists /\npull\nset /a 1\nlist /\n';
    expect(await run('mgit', [`${url}#data`], { cwd, input })).toMatchObject({
      code: 0,
      stdout: '/ exists as a dictionary\n- /a\n',
      stderr: '',
    });
    expect(git(['for-each-ref', '--format=%(refname)'], { cwd: repository })).toBe('refs/heads/data');
  });

  test('credentials come from the URL or the environment, and are never printed', async () => {
    const cwd = temporaryDirectory();
    commitFiles(initBare(join(cwd, 'r.git')), [{ files: { foo: 'x' } }]);
    const { url, requests } = await serveUntilTestEnds(cwd, basicAuth('ann', 'geheim'));
    const remote = `${url}/r.git`;
    const withUserinfo = (userinfo: string): string => remote.replace('//', `//${userinfo}@`);
    const input = 'exists /foo\nset /bar x\npull\n';

    for (const [target, env] of [
      [withUserinfo('ann:geheim'), {}],
      [withUserinfo('ann'), { GIT_KV_PASSWORD: 'geheim' }],
      [remote, { GIT_KV_USERNAME: 'ann', GIT_KV_PASSWORD: 'geheim' }],
    ] as const) {
      const ended = await run('mgit', [target], { cwd, env, input });
      expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\/foo exists as a value\n/) });
      expect(ended.stdout + ended.stderr).not.toContain('geheim');
    }
    for (const [target, env] of [
      [withUserinfo('ann:ungeheim'), {}],
      [remote, { GIT_KV_USERNAME: 'ann', GIT_KV_PASSWORD: 'ungeheim' }],
      [withUserinfo('ann:ungeheim').replace('http:', 'httpx:'), {}],
      [withUserinfo('ann:ungeheim').replace(/:\d+/, ':99999'), {}],
      [remote, {}],
    ] as const) {
      const ended = await run('mgit', [target], { cwd, env, input });
      expect(ended, target).toMatchObject({ code: 128, stdout: '' });
      expect(ended.stderr).toMatch(/^fatal: [^\n]*\[[A-Z_]+\]\n$/);
      expect(ended.stderr).not.toContain('geheim');
    }
    expect(requests.every(({ url }) => !url.includes('geheim'))).toBe(true);
  });
});
