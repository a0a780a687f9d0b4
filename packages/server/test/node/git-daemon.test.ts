import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { hashAlgorithm } from '@git-kv/objects';
import { connectUploadPack, serializeDaemonRequest } from '@git-kv/protocol';
import { createGitTransport } from '@git-kv/protocol/node';
import type { Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { allowAll, type ConnectionAccess, type ServerEvent } from '@git-kv/server';
import { type ListenGitOptions, type ListeningServer, listenGit } from '@git-kv/server/node';
import { afterEach, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  gitAsync,
  initBare,
  type ObjectFormat,
  temporaryDirectory,
} from '../../../../test/support/git.js';

let listening: ListeningServer | undefined;
let events: ServerEvent[] = [];
let asked: ConnectionAccess[] = [];

afterEach(async () => {
  await listening?.close();
  listening = undefined;
  events = [];
  asked = [];
});

async function start(
  options: Partial<ListenGitOptions> = {},
  repository: Repository = createMemoryRepository(),
): Promise<ListeningServer> {
  listening = await listenGit({
    resolve: (path) => (path === 'r.git' ? repository : undefined),
    authorize: (access) => {
      asked.push(access);
      return allowAll();
    },
    onEvent: (event) => void events.push(event),
    ...options,
  });
  return listening;
}

describe.each<ObjectFormat>(['sha1', 'sha256'])('git uses a git:// server for a repository in %s', (objectFormat) => {
  test.each([0, 1, 2])('to push, clone, fetch and delete, in protocol v%i', async (version) => {
    const { url } = await start({}, createMemoryRepository({ algorithm: hashAlgorithm(objectFormat) }));
    const source = initBare(join(temporaryDirectory(), 'source.git'), objectFormat);
    const tip = commitFiles(source, [{ files: { 'a.txt': 'one\n' } }, { files: { 'b.txt': 'two\n' } }]);
    const run = async (...args: string[]): Promise<string> => {
      const ended = await gitAsync(['-c', `protocol.version=${version}`, ...args], { cwd: source });
      expect(ended.code, ended.stderr).toBe(0);
      return ended.stdout;
    };
    await run('push', '--quiet', `${url}/r.git`, 'main', 'main:refs/heads/other');
    expect(await run('ls-remote', `${url}/r.git`)).toContain(`${tip}\trefs/heads/other`);
    const clone = join(source, 'clone.git');
    await run('clone', '--quiet', '--bare', `${url}/r.git`, clone);
    expect(git(['rev-parse', 'main'], { cwd: clone })).toBe(tip);
    git(['fsck', '--strict'], { cwd: clone });
    await run('push', '--quiet', `${url}/r.git`, ':other');
    expect(await run('ls-remote', `${url}/r.git`)).not.toContain('other');
    expect(asked.at(-1)?.peer).toMatchObject({ transport: 'git', remoteAddress: '127.0.0.1' });
    expect(asked.at(-1)?.peer.host).toMatch(/^127\.0\.0\.1:[0-9]+$/);
    expect(events.filter(({ kind }) => kind === 'error')).toEqual([]);
  });
});

describe('a git:// server', () => {
  test('refuses pushes by default, and says so', async () => {
    const { url } = await start({ authorize: undefined as never });
    const source = initBare(join(temporaryDirectory(), 'source.git'));
    commitFiles(source, [{ files: { a: '1' } }]);
    const ended = await gitAsync(['push', `${url}/r.git`, 'main'], { cwd: source });
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toContain('pushes are not enabled on this server');
  });

  test('asks about a push twice: for its path, and for its refs', async () => {
    const { url } = await start();
    const source = initBare(join(temporaryDirectory(), 'source.git'));
    const tip = commitFiles(source, [{ files: { a: '1' } }]);
    await gitAsync(['push', `${url}/r.git`, 'main'], { cwd: source });
    expect(asked.map(({ service, changes }) => [service, changes])).toEqual([
      ['git-receive-pack', undefined],
      ['git-receive-pack', [{ name: 'refs/heads/main', oldOid: null, newOid: tip }]],
    ]);
  });

  test.each([
    ['a repository that is not there', '/absent.git', 'there is no repository here'],
    ['a path that climbs', '/../r.git', 'the path is not allowed'],
    ['a home', '/~me/r.git', 'the path is not allowed'],
  ])('says that it does not serve %s', async (_what, path, words) => {
    const { url } = await start();
    await expect(connectUploadPack(createGitTransport(`${url}${path}`))).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
      remoteMessage: words,
    });
    expect(events).toMatchObject([{ kind: 'refused', reason: words }]);
  });

  test('refuses where deciding fails, and says no more', async () => {
    const { url } = await start({
      authorize: () => {
        throw new Error('s3cret');
      },
    });
    await expect(connectUploadPack(createGitTransport(`${url}/r.git`))).rejects.toMatchObject({
      remoteMessage: 'access could not be decided',
    });
  });

  test.each([
    ['a denial without a reason', { kind: 'deny' }, 'access is denied'],
    ['no decision', { kind: 'perhaps' }, 'access could not be decided'],
  ])('refuses where the answer is %s', async (_what, decision, words) => {
    const { url } = await start({ authorize: () => decision as never });
    await expect(connectUploadPack(createGitTransport(`${url}/r.git`))).rejects.toMatchObject({ remoteMessage: words });
  });

  test.each([
    ['another protocol', 'GET / HTTP/1.1\r\n\r\n'],
    ['another service', '0023git-upload-archive /r.git\0host=h\0'],
    ['a flush', '0000'],
    ['an end', ''],
  ])('hangs up on a client that begins with %s', async (_what, text) => {
    const { port } = await start();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.end(text);
    socket.resume();
    await once(socket, 'close');
  });

  const stall = async (port: number, first: Uint8Array | string): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(first);
    return socket;
  };
  const request = serializeDaemonRequest({ service: 'git-receive-pack', path: '/r.git', version: 0 });

  test.each([
    ['does not say what it wants', '', { initTimeoutMs: 50 }],
    ['says it byte by byte', '00', { initTimeoutMs: 50, idleTimeoutMs: 10_000 }],
    ['falls silent', request, { idleTimeoutMs: 50 }],
    ['is too slow', request, { minBytesPerSecond: 1000, rateWindowMs: 50 }],
  ])('lets go of a client that %s', async (_what, first, limits) => {
    const { port } = await start(limits);
    const socket = await stall(port, first);
    const drip = setInterval(() => socket.write('0'), 20);
    socket.on('error', () => {}); // what is written to a connection that was let go may come back as a reset
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drip);
  });

  test('takes no more connections than it is told, and goes on when one ends', async () => {
    const { port, url } = await start({ maxConnections: 2 });
    const held = [await stall(port, ''), await stall(port, '')];
    const refused = await stall(port, '');
    refused.resume();
    await once(refused, 'close');
    expect(events).toContainEqual(expect.objectContaining({ kind: 'refused', status: 503 }));
    held[0]?.destroy();
    await once(held[0] as Socket, 'close');
    await expect
      .poll(() =>
        connectUploadPack(createGitTransport(`${url}/r.git`)).then(
          (client) => client.close().then(() => 'served'),
          () => 'refused',
        ),
      )
      .toBe('served');
    held[1]?.destroy();
  });

  test('closes twice, with a client under way', async () => {
    const server = await start();
    const socket = await stall(server.port, request);
    socket.resume();
    const isGone = new Promise((resolve) => socket.once('close', resolve));
    await Promise.all([server.close(), isGone]);
    await server.close();
  });
});
