import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { commitFiles, git, gitAsync, initBare, temporaryDirectory } from '../../../test/support/git.js';
import { CERTIFICATE, KEY } from '../../../test/support/tls.js';
import type { Console } from '../src/console.js';
import { RemoteProgress } from '../src/progress.js';
import { basicAuth, serveUntilTestEnds } from './support/remote.js';
import { run } from './support/run.js';

describe('credentials by a program that asks', () => {
  test('tsgit asks as git does, with GIT_ASKPASS, core.askPass and SSH_ASKPASS', async () => {
    const cwd = temporaryDirectory();
    const repository = initBare(join(cwd, 'r.git'));
    commitFiles(repository, [{ files: { foo: 'x' } }]);
    const { url } = await serveUntilTestEnds(cwd, basicAuth('ann', 'geheim'));
    const log = join(cwd, 'asked');
    const script = (name: string, body: string): string => {
      const path = join(cwd, name);
      writeFileSync(path, `#!/bin/sh\necho "$1" >>'${log}'\n${body}\n`, { mode: 0o755 });
      return path;
    };
    const right = script('right', 'case "$1" in Username*) echo ann;; *) printf "geheim\\nmore\\n";; esac');
    const wrong = script('wrong', 'echo ann');
    const failing = script('failing', 'exit 1');
    const here = initBare(join(cwd, 'here.git'));
    git(['config', 'core.askPass', right], { cwd: here });
    const remote = `${url}/r.git`;
    const named = remote.replace('//', '//ann@');

    for (const [from, env, isGood] of [
      [remote, { GIT_ASKPASS: right }, true],
      [remote, { SSH_ASKPASS: right }, true],
      [named, { GIT_ASKPASS: right }, true],
      [remote, { GIT_ASKPASS: right, SSH_ASKPASS: failing }, true],
      [remote, { GIT_ASKPASS: '', SSH_ASKPASS: right }, false],
      [remote, { GIT_ASKPASS: wrong }, false],
      [remote, { GIT_ASKPASS: failing }, false],
      [remote, { GIT_ASKPASS: join(cwd, 'nothing') }, false],
      [remote, { GIT_DIR: here }, true],
      [remote, { GIT_DIR: here, GIT_ASKPASS: failing }, false],
      [remote, { GIT_DIR: here, SSH_ASKPASS: failing }, true],
    ] as const) {
      const asked = async (task: () => Promise<{ code: number; stdout: string; stderr: string }>) => {
        rmSync(log, { force: true });
        const { code, stdout, stderr } = await task();
        expect(stdout + stderr).not.toContain('geheim');
        return { code, stdout, asked: existsSync(log) ? readFileSync(log, 'utf8') : '' };
      };
      const theirs = await asked(() => gitAsync(['ls-remote', from, 'HEAD'], { cwd, env }));
      const ours = await asked(() => run('tsgit', ['ls-remote', from, 'HEAD'], { cwd, env }));
      expect(ours, JSON.stringify({ from, env })).toEqual(theirs);
      expect(ours.code === 0).toBe(isGood);
    }
    // A name of the URL cannot end the question, nor steer a terminal.
    rmSync(log);
    const odd = remote.replace('//', "//a%1b[2J'%0d@");
    await run('tsgit', ['ls-remote', odd.replace('%0d', ''), 'HEAD'], { cwd, env: { GIT_ASKPASS: right } });
    expect(readFileSync(log, 'utf8')).toBe(`Password for '${url.replace('//', '//a%1B%5B2J%27@')}': \n`);
    const refused = await run('tsgit', ['ls-remote', odd, 'HEAD'], { cwd, env: { GIT_ASKPASS: right } });
    expect(refused).toMatchObject({ code: 128, stderr: expect.stringContaining('[INVALID_URL]') });
  });
});

test('settings of credentials count in the contexts that they count in for git', async () => {
  const cwd = temporaryDirectory();
  commitFiles(initBare(join(cwd, 'group/r.git')), [{ files: { foo: 'x' } }]);
  // Anybody comes in with this password, whoever it is.
  const { url } = await serveUntilTestEnds(cwd, (request, response) => {
    if (atob(request.headers.authorization?.split(' ')[1] ?? '').endsWith(':anything')) return false;
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="test"' }).end('no');
    return true;
  });
  const { host, port } = new URL(url);
  const log = join(cwd, 'log');
  const askpass = join(cwd, 'askpass');
  writeFileSync(askpass, `#!/bin/sh\necho "$1" >>'${log}'\necho anything\n`, { mode: 0o755 });
  const contexts = [
    '',
    `${url}.`,
    `http://ann@${host}.`,
    `http://bob@${host}.`,
    `http://a%6en@${host}.`,
    `https://${host}.`,
    'http://127.0.0.1.',
    `http://127.0.0.2:${port}.`,
    `http://*.0.0.1:${port}.`,
    `${url}/group.`,
    `${url}/group/r.git.`,
    `${url}/grou.`,
    `${host}.`,
    'other.host.',
    '127.0.0.1.',
    `${host}/group.`,
    `ann@${host}.`,
    `*.0.0.1:${port}.`,
    `127%2e0.0.1:${port}.`,
    '/group/r.git.',
  ];
  const helpers = contexts.map(
    (context, at) =>
      [
        `credential.${context}helper`,
        `!f() { (echo "${at} $1"; cat) >>'${log}'; }; f`,
      ] as const satisfies readonly string[],
  );
  for (const [user, more] of [
    ['', []],
    ['ann@', []],
    ['bob@', [[`credential.http://bob@${host}.useHttpPath`, 'true']]],
    ['', [[`credential.${url}/group.useHttpPath`, 'true'] as const, [`credential.${url}.username`, 'ann bob']]],
  ] as const) {
    const env = { ...settings(...helpers, ...more), GIT_ASKPASS: askpass };
    const args = ['ls-remote', `${url.replace('//', `//${user}`)}/group/r.git`];
    const asked = async (task: () => Promise<{ code: number | null }>): Promise<unknown> => {
      rmSync(log, { force: true });
      const { code } = await task();
      // What helpers are told, without how it is spelled: the order of lines, and what newer gits add.
      const lines = (existsSync(log) ? readFileSync(log, 'utf8') : '').split('\n');
      return [code, lines.filter((line) => !/^(?:wwwauth|capability)|^$/.test(line))];
    };
    const theirs = await asked(() => gitAsync(args, { cwd, env }));
    expect(await asked(() => run('tsgit', args, { cwd, env })), JSON.stringify([user, more])).toEqual(theirs);
  }
});

describe('a least speed', () => {
  test.each([
    ['by the configuration', {}],
    ['by the environment', { GIT_HTTP_LOW_SPEED_LIMIT: '1000', GIT_HTTP_LOW_SPEED_TIME: '1' }],
  ])('%s ends a server that sends nothing', async (_, env) => {
    const cwd = temporaryDirectory();
    const here = initBare(join(cwd, 'here.git'));
    const { url } = await serveUntilTestEnds(cwd, () => true); // and nothing is ever answered
    git(['config', 'http.lowSpeedLimit', '1k'], { cwd: here });
    git(['config', 'http.lowSpeedTime', '1'], { cwd: here });
    const where = Object.keys(env).length > 0 ? {} : { GIT_DIR: here };
    const ended = await run('tsgit', ['ls-remote', `${url}/r.git`], { cwd, env: { ...env, ...where } });
    expect(ended).toMatchObject({ code: 128, stdout: '' });
    expect(ended.stderr).toMatch(/\[TRANSPORT_[A-Z]+\]\n$/);
  });

  test('asks for nothing without both, and not of those that are no HTTP servers', async () => {
    const cwd = temporaryDirectory();
    commitFiles(initBare(join(cwd, 'r.git')), [{ files: { foo: 'x' } }]);
    const env = { GIT_HTTP_LOW_SPEED_LIMIT: '1000000', GIT_HTTP_LOW_SPEED_TIME: 'x' };
    expect(await run('tsgit', ['ls-remote', './r.git', 'HEAD'], { cwd, env })).toMatchObject({ code: 0 });
  });
});

const settings = (...pairs: readonly (readonly [key: string, value: string])[]): Record<string, string> => ({
  GIT_CONFIG_COUNT: `${pairs.length}`,
  ...Object.fromEntries(
    pairs.flatMap(([key, value], at) => [
      [`GIT_CONFIG_KEY_${at}`, key],
      [`GIT_CONFIG_VALUE_${at}`, value],
    ]),
  ),
});

describe('settings of HTTP, some of them for one URL', () => {
  test('headers and the name of the client are those that git sends', async () => {
    const root = temporaryDirectory();
    commitFiles(initBare(join(root, 'group/r.git')), [{ files: { foo: 'x' } }]);
    const backend = await serveUntilTestEnds(root);
    const { host, port } = new URL(backend.url);
    const url = `${backend.url}/group/r.git`;
    const header = (part: string, value: string): readonly [string, string] => [`http.${part}extraHeader`, value];
    for (const pairs of [
      [header('', 'X-One: 1')],
      [header('', 'X-One: 1'), header(`${backend.url}/.`, 'X-Two: 2')],
      [header(`${backend.url}/.`, 'X-Two: 2'), header('', 'X-One: 1')],
      [header(`${backend.url}/group.`, 'X-One: 1'), header(`${backend.url}/grou.`, 'X-Two: 2')],
      [header(`http://*.0.0.1:${port}/.`, 'X-One: 1'), header(`http://*.0.1:${port}/.`, 'X-Two: 2')],
      [header('http://127.0.0.1/.', 'X-One: 1'), header(`https://${host}/.`, 'X-Two: 2')],
      [header(`http://ann@${host}/.`, 'X-One: 1'), header(`${backend.url}/group/r.git/.`, 'X-Two: 2')],
      [header('', 'X-One: 1'), header('', ''), header('', 'X-Two: 2'), header('', 'X-Three:')],
      [['http.userAgent', 'git/one'] as const, [`http.${backend.url}.userAgent`, 'git/two'] as const],
    ]) {
      const seen = async (task: () => Promise<{ code: number | null }>): Promise<unknown> => {
        const before = backend.requests.length;
        const { code } = await task();
        const requests = backend.requests.slice(before).map(({ headers }) => {
          const sent = String(headers['user-agent']);
          const agent = sent.includes('git/2') ? 'git' : sent;
          const own = Object.entries(headers).filter(([name]) => name.startsWith('x-'));
          return [agent.startsWith('git/git-kv') ? 'git' : agent, own];
        });
        return { code, requests };
      };
      const env = settings(...pairs);
      const theirs = await seen(() => gitAsync(['ls-remote', url], { env }));
      const ours = await seen(() => run('tsgit', ['ls-remote', url], { env }));
      expect(ours, JSON.stringify(pairs)).toEqual(theirs);
    }
  });

  test('a least speed for one server alone', async () => {
    const { url } = await serveUntilTestEnds(temporaryDirectory(), () => true); // and nothing is ever answered
    const env = settings([`http.${url}.lowSpeedLimit`, '1k'], [`http.${url}.lowSpeedTime`, '1']);
    expect(await run('tsgit', ['ls-remote', `${url}/r.git`], { env })).toMatchObject({ code: 128, stdout: '' });
  });

  test('certificates: whom to trust, and who one is', async () => {
    const root = temporaryDirectory();
    commitFiles(initBare(join(root, 'r.git')), [{ files: { foo: 'x' } }]);
    const backend = await serveUntilTestEnds(root);
    const demanding = { key: KEY, cert: CERTIFICATE, requestCert: true, ca: CERTIFICATE };
    const server = createTlsServer(demanding, ({ method, url, headers }, response) => {
      const passed = request(`${backend.url}${url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      passed.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const [cert, key] = [join(root, 'cert'), join(root, 'key')];
    writeFileSync(cert, CERTIFICATE);
    writeFileSync(key, KEY);
    const known = [
      ['http.sslCert', cert],
      ['http.sslKey', key],
    ] as const;
    for (const env of [
      settings(['http.sslCAInfo', cert], ...known),
      settings([`http.${origin}.sslCAInfo`, cert], [`http.${origin}.sslCert`, cert], [`http.${origin}.sslKey`, key]),
      settings(['http.sslCAInfo', cert], ['http.https://other.sslCert', cert], ['http.https://other.sslKey', key]),
      { GIT_SSL_CAINFO: cert, GIT_SSL_CERT: cert, GIT_SSL_KEY: key },
      { GIT_SSL_CAINFO: cert },
      settings(...known),
      settings(['http.sslVerify', 'false'], ...known),
      settings(['http.sslVerify', 'true'], ...known),
      settings(['http.sslVerify', 'false'], [`http.${origin}.sslVerify`, 'true'], ...known),
      { ...settings(...known), GIT_SSL_NO_VERIFY: '0' },
    ]) {
      const args = ['-c', 'protocol.version=0', 'ls-remote', `${origin}/r.git`];
      const theirs = await gitAsync(args, { env });
      const { code, stdout } = await run('tsgit', args, { env });
      expect({ code, stdout }, JSON.stringify(env)).toEqual({ code: theirs.code, stdout: theirs.stdout });
    }
  });

  test('a proxy, which is asked in the place of the server', async () => {
    const root = temporaryDirectory();
    commitFiles(initBare(join(root, 'r.git')), [{ files: { foo: 'x' } }]);
    const backend = await serveUntilTestEnds(root);
    const proxy = backend.url.replace('//', '//ann:geheim@');
    const env = settings(['http.http://host.invalid:81.proxy', proxy]);
    const args = ['ls-remote', 'http://host.invalid:81/r.git'];
    const theirs = await gitAsync(args, { env });
    // curl waits for a 407 before it says who it is; what else it asks is the same.
    const asked = (): unknown => backend.requests.map(({ method, url, headers }) => [method, url, headers.host]);
    const seen = asked();
    backend.requests.length = 0;
    const { code, stdout, stderr } = await run('tsgit', args, { env });
    expect({ code, stdout, stderr }).toEqual(theirs);
    expect(asked()).toEqual(seen);
    expect(backend.requests[0]).toMatchObject({ url: expect.stringContaining('http://host.invalid:81/r.git/') });
    expect(stdout + stderr).not.toContain('geheim');
  });
});

describe('which transports may be used', () => {
  const URLS = ['file:///nowhere', '/nowhere', 'ssh://host/x', 'host:x', 'git://127.0.0.1:1/x', 'http://127.0.0.1:1/x'];

  test.each([
    [{ GIT_ALLOW_PROTOCOL: '' }],
    [{ GIT_ALLOW_PROTOCOL: 'http:https' }],
    [{ GIT_ALLOW_PROTOCOL: 'file', ...settings(['protocol.allow', 'never']) }],
    [{ GIT_PROTOCOL_FROM_USER: '0' }],
    [settings(['protocol.allow', 'never'], ['protocol.file.allow', 'always'])],
    [settings(['protocol.allow', 'user'])],
    [settings(['protocol.http.allow', 'bogus'])],
  ])('%j refuses what git refuses', async (env) => {
    const cwd = temporaryDirectory();
    for (const url of URLS) {
      const refusal = ({ stderr }: { stderr: string }): string =>
        /^fatal: (?:transport .*|unknown value .*)$/m.exec(stderr)?.[0] ?? '';
      const all = { GIT_SSH_COMMAND: 'false', ...env };
      const theirs = refusal(await gitAsync(['ls-remote', url], { cwd, env: all }));
      expect(refusal(await run('tsgit', ['ls-remote', url], { cwd, env: all })), url).toBe(theirs);
    }
  });
});

test('what a remote says is held as far as a slow terminal can be waited for', async () => {
  const lines: string[] = [];
  let open = (): void => {};
  const isOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  const stderr = {
    isTTY: true,
    write: async (text: string | Uint8Array) => {
      await isOpen;
      lines.push(`${text}`);
    },
  };
  const progress = new RemoteProgress({ stderr } as unknown as Console);
  for (let at = 0; at < 30_000; at++) progress.say(`${at}`);
  open();
  await progress.end();
  progress.say('last');
  await progress.end();
  expect(lines).toHaveLength(10_001);
  expect(lines.at(-1)).toBe('remote: last\n');
});
