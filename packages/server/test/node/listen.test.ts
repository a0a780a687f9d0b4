import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connectUploadPack, createHttpTransport } from '@git-kv/protocol';
import { createNodeFetch } from '@git-kv/protocol/node';
import { pushFrom, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { allowAll, createGitServer, type GitServer, type ServerEvent } from '@git-kv/server';
import { type ListeningServer, type ListenOptions, listen } from '@git-kv/server/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { git, gitAsync, temporaryDirectory } from '../../../../test/support/git.js';
import { CERTIFICATE, KEY } from '../../../../test/support/tls.js';
import { writeCommit } from '../../../repository/test/support/objects.js';

let repository: Repository;
let asked: string[];
let events: ServerEvent[];
let listening: ListeningServer | undefined;

beforeEach(() => {
  repository = createMemoryRepository();
  asked = [];
  events = [];
});

afterEach(async () => {
  await listening?.close();
  listening = undefined;
});

const gitServer = (): GitServer =>
  createGitServer({
    resolve: (path) => {
      asked.push(path);
      return path === 'repo.git' ? repository : undefined;
    },
    authorize: allowAll,
    onEvent: (event) => void events.push(event),
  });

async function start(options: Partial<ListenOptions> = {}): Promise<ListeningServer> {
  listening = await listen({ server: gitServer(), ...options });
  return listening;
}

/** Send `text` as it is and read the answer until the server closes. */
async function exchange({ port }: ListeningServer, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  return await readAll(socket);
}

async function readAll(socket: Socket): Promise<string> {
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk;
  });
  socket.on('error', () => {}); // a reset is an end, too
  await new Promise((resolve) => socket.on('close', resolve));
  return answer;
}

describe('listen', () => {
  test('takes a free port of the loopback address by default, and says which', async () => {
    const { host, port, url } = await start();
    expect(host).toBe('127.0.0.1');
    expect(port).toBeGreaterThan(0);
    expect(url).toBe(`http://127.0.0.1:${port}`);
    const response = await fetch(`${url}/repo.git/info/refs?service=git-receive-pack`);
    expect(response.status).toBe(200);
    await response.arrayBuffer();
    expect(asked).toEqual(['repo.git']);
  });

  test('writes an IPv6 address as URLs do', async ({ skip }) => {
    try {
      const { url, port } = await start({ host: '::1' });
      expect(url).toBe(`http://[::1]:${port}`);
    } catch (error) {
      if (['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes((error as NodeJS.ErrnoException).code ?? '')) {
        skip('this machine has no IPv6');
      }
      throw error;
    }
  });

  test('serves over HTTPS where it has a key and a certificate', async () => {
    const { url } = await start({ tls: { key: KEY, cert: CERTIFICATE } });
    expect(url).toMatch(/^https:/);
    const fetch = createNodeFetch({ ca: CERTIFICATE });
    const transport = createHttpTransport(`${url}/repo.git`, { fetch });
    const client = await connectUploadPack(transport);
    expect(client.version).toBe(2);
    await fetch.close();
    const strict = createNodeFetch();
    await expect(connectUploadPack(createHttpTransport(`${url}/repo.git`, { fetch: strict }))).rejects.toMatchObject({
      code: 'TRANSPORT_FAILED',
    });
    await strict.close();
  });

  test('closes while a handshake of TLS is waited for', async () => {
    const server = await start({ tls: { key: KEY, cert: CERTIFICATE } });
    const socket = connect(server.port, '127.0.0.1');
    const ended = readAll(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
    await server.close();
    expect(await ended).toBe('');
  });

  test('rejects where the port is taken', async () => {
    const { port } = await start();
    await expect(listen({ server: gitServer(), port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('leaves the runtime\u2019s own Request and Response as they are', async () => {
    const before = [globalThis.Request, globalThis.Response];
    await start();
    expect([globalThis.Request, globalThis.Response]).toEqual(before);
  });

  test('closes idle and busy connections, and closes twice', async () => {
    const server = await start({ server: () => new Promise(() => {}) });
    const idle = connect(server.port, '127.0.0.1');
    const busy = connect(server.port, '127.0.0.1');
    busy.write('GET /repo.git/info/refs?service=git-upload-pack HTTP/1.1\r\nHost: x\r\n\r\n');
    await Promise.all([once(idle, 'connect'), once(busy, 'connect')]);
    const ended = Promise.all([readAll(idle), readAll(busy)]);
    await server.close();
    await server.close();
    expect(await ended).toEqual(['', '']);
    await expect(fetch(server.url)).rejects.toThrow();
  });
});

describe('a listening server refuses', () => {
  const REFS = 'info/refs?service=git-upload-pack';

  test.each([
    ['a path that climbs', `/a/../repo.git/${REFS}`],
    ['a path that climbs, encoded', `/a/%2e%2E/repo.git/${REFS}`],
    ['a path that stands still', `/./repo.git/${REFS}`],
    ['an empty segment', `//repo.git/${REFS}`],
    ['an encoded slash', `/a%2frepo.git/${REFS}`],
    ['an encoded backslash', `/a%5crepo.git/${REFS}`],
    ['a backslash', `/a\\repo.git/${REFS}`],
    ['an encoded NUL', `/repo.git%00/${REFS}`],
    ['an encoded line feed', `/repo.git%0a/${REFS}`],
    ['an absolute URL', `http://127.0.0.1/repo.git/${REFS}`],
    ['an absolute URL of somebody else', `https://elsewhere.example/repo.git/${REFS}`],
    ['an asterisk', '*'],
  ])('%s', async (_what, target) => {
    const answer = await exchange(await start(), `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(asked).toEqual([]);
  });

  test('what is no HTTP', async () => {
    expect(await exchange(await start(), 'git-upload-pack /repo.git\0host=x\0\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('headers without end', async () => {
    const server = await start();
    const answer = await exchange(server, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('headers that drip', async () => {
    const { port } = await start({ headersTimeoutMs: 200 });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /repo.git/info/refs HTTP/1.1\r\nHost: x\r\nX: ');
    const drip = setInterval(() => socket.write('x'), 20);
    expect(await readAll(socket)).toMatch(/^(HTTP\/1\.1 408 |$)/);
    clearInterval(drip);
    expect(asked).toEqual([]);
  });

  test('a handshake of TLS that does not come', async () => {
    const { port } = await start({ tls: { key: KEY, cert: CERTIFICATE }, initTimeoutMs: 100 });
    expect(await readAll(connect(port, '127.0.0.1'))).toBe('');
  });

  test('to wait for ever', async () => {
    const slow = await start({ idleTimeoutMs: 150 });
    expect(await exchange(slow, 'GET /repo.git/info/refs HTTP/1.1\r\nHost')).not.toContain('200');
    expect(await exchange(slow, '')).toBe('');
    const body = 'POST /repo.git/git-upload-pack HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n';
    const half = await exchange(slow, `${body}Content-Type: application/x-git-upload-pack-request\r\n\r\n0014command`);
    expect(half).not.toContain('200 OK');
    expect(asked).toEqual(['repo.git']);
  });
});

describe('a connection that breaks', () => {
  test('lets go of the repository while it answers', async () => {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const endless = async (): Promise<Response> => {
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
        cancel: () => release(),
      });
      return new Response(body);
    };
    const { port } = await start({ server: endless });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /repo.git HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    await released;
  });

  test('in the middle of a push changes nothing, and the server goes on', async () => {
    const { port, url } = await start();
    const oid = await writeCommit(repository.objects, { files: { a: 'A' } });
    const socket = connect(port, '127.0.0.1');
    const command = `${'0'.repeat(40)} ${oid} refs/heads/x\0report-status`;
    const line = `${(command.length + 4).toString(16).padStart(4, '0')}${command}0000`;
    socket.write(
      'POST /repo.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-receive-pack-request\r\n' +
        `Content-Length: 1000\r\n\r\n${line}PACK\0\0\0\u0002`,
    );
    await new Promise<void>((resolve) => {
      const poll = setInterval(() => {
        if (asked.length === 0) return;
        clearInterval(poll);
        resolve();
      }, 5);
    });
    socket.destroy();
    const response = await fetch(`${url}/repo.git/info/refs?service=git-receive-pack`);
    expect(await response.text()).not.toContain('refs/heads/x');
    expect(await repository.refs.read('refs/heads/x')).toBeUndefined();
  });
});

describe('a large push', () => {
  const noise = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) bytes[at] = (Math.imul(at, 2_654_435_761) >>> 13) & 0xff;
    return bytes;
  };

  test('of git is told why it is refused, although nobody wants its pack', async () => {
    listening = await listen({
      server: createGitServer({
        resolve: () => repository,
        authorize: ({ changes }) => (changes ? { kind: 'deny', reason: 'main is frozen' } : { kind: 'allow' }),
      }),
    });
    const work = join(temporaryDirectory(), 'work');
    git(['init', '-q', '-b', 'main', work]);
    const blob = git(['hash-object', '-w', '--stdin'], { cwd: work, input: noise(8 * 2 ** 20) });
    git(['update-index', '--add', '--cacheinfo', `100644,${blob},large`], { cwd: work });
    git(['commit', '-q', '-m', 'Large'], { cwd: work });
    const ended = await gitAsync(['-c', 'core.compression=0', 'push', `${listening.url}/repo.git`, 'main'], {
      cwd: work,
    });
    expect(ended.stderr).toContain('! [remote rejected] main -> main (main is frozen)');
  });

  test('of ours arrives in a stream', async () => {
    const { url } = await start();
    const client = createMemoryRepository();
    const next = await client.objects.write({ kind: 'blob', body: noise(6 * 2 ** 20) });
    const updates = [{ name: 'refs/tags/large', next }];
    const results = await pushFrom(client, createHttpTransport(`${url}/repo.git`), { updates, level: 0 });
    expect(results).toEqual([{ name: 'refs/tags/large', status: 'updated' }]);
    expect(events.filter(({ kind }) => kind === 'error')).toEqual([]);
  });
});
