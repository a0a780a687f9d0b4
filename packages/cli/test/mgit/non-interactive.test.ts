import { describe, expect, test } from 'vitest';
import { gitBytes } from '../../../../test/support/git.js';
import { mgitFixture } from '../support/mgit.js';
import { closedPort } from '../support/remote.js';
import { run, runBuilt } from '../support/run.js';

const dump = '00000000: 4865 6c6c 6f20 576f 726c 6421 0a         Hello World!.\n';

describe('mgit without lines to read', () => {
  test('does what stands behind -c, in turn, and reads no input', async () => {
    const { url, cwd } = mgitFixture();
    const lines = ['-c', 'fold', '-c', 'set /a "x y"', '-c', 'quit', '--command=size /a'];
    expect(await run('mgit', [url, ...lines], { cwd, input: 'nonsense\n' })).toMatchObject({
      code: 0,
      stdout: '3\n',
      stderr: '',
    });
  });

  test('does the one command behind --, whose words are what the shell made of them', async () => {
    const { url, cwd, repository } = mgitFixture();
    expect(await run('mgit', [url, '--', 'get', '/foo'], { cwd })).toMatchObject({ code: 0, stdout: dump, stderr: '' });
    expect(await run('mgit', [url, '--', 'set', '/a b', '"two  words"', '-c'], { cwd })).toMatchObject({ code: 0 });
    expect(Buffer.from(gitBytes(['cat-file', 'blob', 'main:a b'], { cwd: repository })).toString()).toBe(
      '"two  words" -c',
    );
    expect(await run('mgit', ['--json', url, '--', 'exists', '/a b'], { cwd })).toMatchObject({
      code: 0,
      stdout: '{"command":"exists","ok":true,"key":"/a b","kind":"value"}\n',
    });
  });

  test('starts from a file, too', async () => {
    const { mgit, cwd } = mgitFixture();
    await mgit(['save state']);
    const gone = `http://127.0.0.1:${await closedPort()}/r.git`;
    expect(await run('mgit', [gone, 'state', '-c', 'size /foo'], { cwd })).toMatchObject({ code: 0, stdout: '13\n' });
    expect(await run('mgit', [gone, 'state', '--', 'size', '/foo'], { cwd })).toMatchObject({
      code: 0,
      stdout: '13\n',
    });
  });

  test.each([
    [['-c', 'get /nope'], 1],
    [['-c', 'get /nope', '-c', 'size /foo'], 1],
    [['--', 'get', '/nope'], 1],
    [['--', 'nonsense'], 1],
    [['-c', 'exists /nope'], 0],
  ] as const)('exits as the commands went: %j', async (args, code) => {
    const { url, cwd } = mgitFixture();
    expect(await runBuilt('mgit', [url, ...args], { cwd })).toMatchObject({ code });
  });

  test.each([
    ['-c', 'quit'],
    ['--', 'get', '/foo'],
    ['url', 'file', 'more', '-c', 'quit'],
    ['url', '-c', 'quit', '--', 'quit'],
    ['url', '-c'],
  ])('%j is a usage error (K42)', async (...args) => {
    const ended = await run('mgit', args);
    expect(ended).toMatchObject({ code: 129, stdout: '' });
    expect(ended.stderr).toContain('usage: mgit <remote> [<filename>]\n');
  });

  test('a remote that cannot be reached is an object in JSON, too', async () => {
    for (const [remote, code] of [
      [`http://127.0.0.1:${await closedPort()}/r.git`, 'TRANSPORT_FAILED'],
      ['gopher://127.0.0.1/', 'UNSUPPORTED'],
      ['', 'INVALID_URL'],
      ['x#..', 'INVALID_REF_NAME'],
    ] as const) {
      const { code: exitCode, stdout, stderr } = await run('mgit', ['--json', remote]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 128, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ command: 'connect', ok: false, error: { code } });
    }
  });

  test('progress is shown where it is asked for', async () => {
    const { url, cwd } = mgitFixture();
    const ended = await run('mgit', ['--progress', url, '-c', 'size /foo'], { cwd });
    expect(ended).toMatchObject({ code: 0, stdout: '13\n' });
    expect(ended.stderr.match(/Receiving objects: 100% \(\d+\/\d+\), done\.\n/g)).toHaveLength(1);
  });
});
