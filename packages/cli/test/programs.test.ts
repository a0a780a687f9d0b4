import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { commitFiles, gitEnv, initBare, runAsync, temporaryDirectory } from '../../../test/support/git.js';
import { tsgitCommands } from '../src/tsgit-commands.js';
import { serveUntilTestEnds } from './support/remote.js';
import { makeOddRepository } from './support/repositories.js';
import { programPath, run, runBuilt, startBuilt } from './support/run.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

describe('the programs, as processes', () => {
  test.each(['tsgit', 'mgit'] as const)('%s tells its version and how it is used', async (program) => {
    expect(await runBuilt(program, ['--version'])).toEqual({
      code: 0,
      stdout: `${program} version ${version}\n`,
      stderr: '',
    });
    const help = await runBuilt(program, ['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(new RegExp(`^usage: ${program} `));
    if (program === 'tsgit') for (const { name } of tsgitCommands) expect(help.stdout).toContain(`   ${name} `);
  });

  test('tsgit without a command, with a wrong one, and with a wrong option', async () => {
    expect(await runBuilt('tsgit', [])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^usage: tsgit /),
    });
    expect(await runBuilt('tsgit', ['nonsense'])).toEqual({
      code: 1,
      stdout: '',
      stderr: "tsgit: 'nonsense' is not a tsgit command. See 'tsgit --help'.\n",
    });
    expect(await runBuilt('tsgit', ['--nonsense'])).toMatchObject({
      code: 129,
      stdout: '',
      stderr: expect.stringMatching(/^unknown option: --nonsense\nusage: tsgit /),
    });
    expect(await runBuilt('tsgit', ['-C'])).toMatchObject({ code: 129, stdout: '' });
  });

  test.each(tsgitCommands.map(({ name }) => name))('tsgit %s --help', async (command) => {
    const usage = expect.stringMatching(
      new RegExp(`^usage: tsgit ${command} .*\\n(?:   or: tsgit ${command} .*\\n| {12,}.*\\n)*$`),
    );
    expect(await run('tsgit', [command, '--help'])).toMatchObject({ code: 0, stdout: usage, stderr: '' });
    expect(await run('tsgit', [command, '-h'])).toMatchObject({ code: 129, stdout: usage });
  });

  test.each([[['--nope', 'http://127.0.0.1/x']], [[]], [['a', 'b', 'c']]])(
    'mgit %j is a usage error (K42)',
    async (args) => {
      const ended = await runBuilt('mgit', args);
      expect(ended).toMatchObject({ code: 129, stdout: '' });
      expect(ended.stderr).toContain('usage: mgit <remote> [<filename>]\n');
    },
  );

  test('tsgit finds its repository by -C, --git-dir, GIT_DIR, or the directory it is in', async () => {
    const root = temporaryDirectory();
    const head = commitFiles(initBare(join(root, 'r.git')), [{ files: { 'a/b': 'A' } }]);
    mkdirSync(join(root, 'elsewhere'));
    const args = ['cat-file', '--batch-check=%(objectname)'];
    const input = 'HEAD\n';
    for (const [global, options] of [
      [['-C', 'r.git'], { cwd: root }],
      [['-C', root, '-C', 'r.git'], {}],
      [['--git-dir', 'r.git'], { cwd: root }],
      [['--git-dir=r.git'], { cwd: root }],
      [['-C', root, '--git-dir=r.git'], { cwd: join(root, 'elsewhere') }],
      [[], { cwd: root, env: { GIT_DIR: 'r.git' } }],
      [[], { cwd: join(root, 'r.git') }],
      [[], { cwd: join(root, 'r.git/objects/pack') }],
    ] as const) {
      const ended = await run('tsgit', [...global, ...args], { ...options, input });
      expect(ended, JSON.stringify([global, options])).toMatchObject({ code: 0, stdout: `${head}\n`, stderr: '' });
    }
    expect(await run('tsgit', args, { cwd: join(root, 'elsewhere'), input })).toMatchObject({
      code: 128,
      stderr: 'fatal: not a git repository (or any of the parent directories): .git\n',
    });
    expect(await run('tsgit', ['--git-dir=nope', ...args], { cwd: root, input })).toMatchObject({
      code: 128,
      stderr: "fatal: not a git repository: 'nope'\n",
    });
  });
});

describe('a reader that goes away', () => {
  /** A repository with more in it than any pipe buffers. */
  function large(): string {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'));
    const files = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`file-${at}`, `${at}`.repeat(8000)]));
    commitFiles(cwd, [{ files }]);
    return cwd;
  }

  test.each([
    [['cat-file', '--batch-all-objects', '--batch']],
    [['cat-file', '--batch-all-objects', '--batch', '--buffer']],
    [['cat-file', '-p', 'main:file-199']],
    [['ls-tree', '-r', 'main']],
  ])('ends tsgit %j quietly', async (args) => {
    const cwd = large();
    const child = spawn(process.execPath, [programPath('tsgit'), ...args], { cwd, env: gitEnv });
    child.stdin.end();
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    expect(stderr).toBe('');
    expect([0, 141]).toContain(code);
  });

  test('head -c 10 gets its ten bytes', async () => {
    const cwd = large();
    const ended = await runAsync(
      'sh',
      ['-c', `'${process.execPath}' '${programPath('tsgit')}' cat-file --batch-all-objects --batch | head -c 10`],
      { cwd },
    );
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toHaveLength(10);
  });
});

describe('Ctrl-C', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends programs that wait for input, quietly', async (signal, code) => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'));
    commitFiles(cwd, [{ files: { a: 'A' } }]);
    const temporaryFiles = (): string[] =>
      readdirSync(join(cwd, 'objects/pack')).filter((name) => name.startsWith('tmp'));
    const quiet = { code, signal: null, stdout: expect.any(String), stderr: '' };

    const batch = startBuilt('tsgit', ['cat-file', '--batch-check'], { cwd });
    batch.child.stdin.write('HEAD\n');
    await batch.stdoutMatching(/commit/);
    batch.child.kill(signal);
    expect(await batch.ended).toEqual(quiet);

    const paths = startBuilt('tsgit', ['hash-object', '--stdin-paths'], { cwd });
    paths.child.stdin.write('HEAD\n');
    await paths.stdoutMatching(/^[0-9a-f]+\n/);
    paths.child.kill(signal);
    expect(await paths.ended).toEqual(quiet);

    const pack = startBuilt('tsgit', ['index-pack', '--stdin'], { cwd });
    pack.child.stdin.write('PACK'); // a beginning
    await expect.poll(temporaryFiles, { timeout: 10_000 }).toHaveLength(1);
    pack.child.kill(signal);
    expect(await pack.ended).toEqual(quiet);
    expect(temporaryFiles()).toEqual([]);
  });

  test('ends mgit at its prompt', async () => {
    const root = temporaryDirectory();
    commitFiles(initBare(join(root, 'r.git')), [{ files: { a: 'A' } }]);
    const { url } = await serveUntilTestEnds(root);
    const started = startBuilt('mgit', [`${url}/r.git`]);
    started.child.stdin.write('exists /a\n');
    await started.stdoutMatching(/exists as a value/);
    started.child.kill('SIGINT');
    expect(await started.ended).toEqual({ code: 130, signal: null, stdout: '/a exists as a value\n', stderr: '' });
  });
});

describe('colours', () => {
  test('nothing but text goes to a pipe, whatever the environment says', async () => {
    const root = temporaryDirectory();
    makeOddRepository(join(root, 'r.git'));
    const { url } = await serveUntilTestEnds(root);
    for (const env of [{ NO_COLOR: '1' }, { FORCE_COLOR: '3' }, { CLICOLOR_FORCE: '1' }] as Record<string, string>[]) {
      const ended = [
        await runBuilt('tsgit', ['--help'], { env }),
        await runBuilt('tsgit', ['clone', '--bare', `${url}/r.git`, `copy-${Object.keys(env)[0]}`], { cwd: root, env }),
        await runBuilt('mgit', [`${url}/r.git`], { env, input: 'list /\nnonsense\nquit\n' }),
      ];
      for (const { stdout, stderr } of ended) expect(stdout + stderr).not.toContain('\x1b');
    }
  });
});

describe('the way to a remote', () => {
  function repository(): string {
    const root = temporaryDirectory();
    commitFiles(initBare(join(root, 'r.git')), [{ files: { a: 'A' } }]);
    return root;
  }

  /** A proxy that only tunnels, to wherever it is told to, and remembers for whom. */
  async function startProxy(target: number): Promise<{ url: string; seen: string[] }> {
    const seen: string[] = [];
    const proxy = createHttpServer((_, response) => response.writeHead(405).end());
    proxy.on('connect', (request, socket) => {
      seen.push(request.url ?? '');
      const upstream = connect(target, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket);
        socket.pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, seen };
  }

  /** A certificate for git.test that signs itself, and its key. */
  async function selfSigned(): Promise<{ certPath: string; cert: Buffer; key: Buffer } | undefined> {
    const directory = temporaryDirectory();
    const certPath = join(directory, 'cert.pem');
    const keyPath = join(directory, 'key.pem');
    const made = await runAsync('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=git.test'],
      ...['-addext', 'subjectAltName=DNS:git.test,IP:127.0.0.1', '-keyout', keyPath, '-out', certPath],
    ]).catch(() => undefined);
    if (made?.code !== 0) return undefined;
    return { certPath, cert: readFileSync(certPath), key: readFileSync(keyPath) };
  }

  test('goes through HTTPS_PROXY and trusts the authorities of GIT_SSL_CAINFO, and no others', async ({ skip }) => {
    const identity = await selfSigned();
    if (identity === undefined) skip('no openssl here to make a certificate');
    else {
      const { url } = await serveUntilTestEnds(repository());
      const backendPort = Number(new URL(url).port);
      // TLS in front of git's server: the bytes inside are passed on as they are.
      const tls = createTlsServer({ cert: identity.cert, key: identity.key }, (socket) => {
        const upstream = connect(backendPort, '127.0.0.1');
        socket.pipe(upstream).pipe(socket);
        upstream.on('error', () => socket.destroy());
        socket.on('error', () => upstream.destroy());
      });
      await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void tls.close());
      const port = (tls.address() as AddressInfo).port;
      const proxy = await startProxy(port);
      const env = { HTTPS_PROXY: proxy.url, GIT_SSL_CAINFO: identity.certPath };

      const listed = await runBuilt('tsgit', ['ls-remote', 'https://git.test/r.git', 'HEAD'], { env });
      expect(listed, listed.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/\tHEAD\n$/) });
      expect(new Set(proxy.seen)).toEqual(new Set(['git.test:443']));
      const prompt = await runBuilt('mgit', ['https://git.test/r.git'], { env, input: 'exists /a\n' });
      expect(prompt).toEqual({ code: 0, stdout: '/a exists as a value\n', stderr: '' });

      // NO_PROXY leads around it.
      const count = proxy.seen.length;
      const direct = { ...env, NO_PROXY: '127.0.0.1' };
      expect(await runBuilt('tsgit', ['ls-remote', `https://127.0.0.1:${port}/r.git`], { env: direct })).toMatchObject({
        code: 0,
      });
      expect(proxy.seen).toHaveLength(count);

      const untrusted = await runBuilt('tsgit', ['ls-remote', `https://127.0.0.1:${port}/r.git`]);
      expect(untrusted).toMatchObject({ code: 128, stdout: '' });
      expect(untrusted.stderr).toMatch(/^fatal: [^\n]*certificate[^\n]*\n$/i);
    }
  });

  test('a GIT_SSL_CAINFO that cannot be read is told', async () => {
    for (const program of ['tsgit', 'mgit'] as const) {
      const args = program === 'tsgit' ? ['ls-remote', 'https://127.0.0.1:1/r'] : ['https://127.0.0.1:1/r'];
      expect(await run(program, args, { env: { GIT_SSL_CAINFO: '/no/such/file' } })).toMatchObject({
        code: 128,
        stderr: "fatal: could not read GIT_SSL_CAINFO '/no/such/file': No such file or directory\n",
      });
    }
  });

  test('nothing is half-written where standard output is full', async ({ skip }) => {
    const cwd = repository();
    try {
      writeFileSync('/dev/full', '');
    } catch {
      skip('no /dev/full here');
    }
    const ended = await runAsync(
      'sh',
      ['-c', `'${process.execPath}' '${programPath('tsgit')}' ls-tree main > /dev/full`],
      {
        cwd: join(cwd, 'r.git'),
      },
    );
    expect(ended.code).toBe(128);
    expect(ended.stderr).toMatch(/^fatal: [^\n]*\n$/);
  });
});
