import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createHttpTransport, encodeDataLine, serializeDaemonRequest, type Transport } from '@git-kv/protocol';
import { createGitTransport, createNodeFetch } from '@git-kv/protocol/node';
import { pushFrom, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { allowAll, createGitServer } from '@git-kv/server';
import { type ListeningServer, type ListenOptions, listen, listenGit } from '@git-kv/server/node';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { writeCommit } from '../../../repository/test/support/objects.js';

let listening: ListeningServer | undefined;

afterEach(async () => {
  await listening?.close();
  listening = undefined;
});

async function start(options: Partial<ListenOptions> = {}): Promise<ListeningServer> {
  const repository = createMemoryRepository();
  const server = createGitServer({ resolve: () => repository, authorize: allowAll });
  listening = await listen({ server, ...options });
  return listening;
}

/** A connection that has sent `text`, and takes what comes only where it is told to. */
async function open(port: number, text: string | Uint8Array, takes = true): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(text);
  if (takes) socket.resume();
  return socket;
}
const closed = (socket: Socket): Promise<unknown> =>
  socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve));
const drip = (socket: Socket, text: string): void => {
  const timer = setInterval(() => socket.write(text), 20);
  socket.once('close', () => clearInterval(timer));
};

const HEAD_OF_PUSH =
  'POST /r/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-receive-pack-request\r\nContent-Length: 1000000\r\n\r\n';
const PACE = { minBytesPerSecond: 2000, rateWindowMs: 200 };

describe('an HTTP server lets go of a client that', () => {
  test('sends its request too slowly', async () => {
    const { port } = await start(PACE);
    const socket = await open(port, HEAD_OF_PUSH);
    drip(socket, '0');
    await closed(socket);
  });

  test('does not take the answer', async () => {
    const endless = async (): Promise<Response> =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(65536)),
        }),
      );
    const { port } = await start({ ...PACE, server: endless });
    const socket = await open(port, 'GET /r/info/refs HTTP/1.1\r\nHost: x\r\n\r\n', false);
    const answered = closed(socket);
    // A socket that is not read does not hear that it was reset until it is.
    const poll = setInterval(() => socket.write('x'), 50);
    await answered;
    clearInterval(poll);
  });

  test('says nothing for the time that it may be idle', async () => {
    const { port } = await start({ idleTimeoutMs: 100 });
    await closed(await open(port, HEAD_OF_PUSH));
  });

  test('sends its headers slowly', async () => {
    const { port } = await start({ initTimeoutMs: 200 });
    const socket = await open(port, 'GET /r HTTP/1.1\r\nHost: x\r\n');
    drip(socket, 'A: b\r\n');
    await closed(socket);
  });

  test('floods it with headers', async () => {
    const { port } = await start();
    const socket = await open(port, 'GET /r HTTP/1.1\r\nHost: x\r\n', false);
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.write(`${'X: y\r\n'.repeat(100_000)}`);
    await closed(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('is one too many', async () => {
    const { port, url } = await start({ maxConnections: 2 });
    const held = [await open(port, ''), await open(port, '')];
    await closed(await open(port, ''));
    held[0]?.destroy();
    const served = (): Promise<number> =>
      new Promise((resolve) => {
        const request = httpRequest(`${url}/r/info/refs?service=git-upload-pack`, { agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        request.on('error', () => resolve(0)).end();
      });
    await expect.poll(served).toBe(200);
  });
});

describe('an HTTP server keeps a client that', () => {
  test('waits for an answer that takes its time', async () => {
    const slow = async (): Promise<Response> => {
      await new Promise((resolve) => setTimeout(resolve, 600));
      return new Response('done');
    };
    const { url } = await start({ minBytesPerSecond: 1_000_000, rateWindowMs: 100, server: slow });
    expect(await (await fetch(url)).text()).toBe('done');
  });

  test('is quick enough', async () => {
    const echo = async (request: Request): Promise<Response> => new Response(`${(await request.text()).length}`);
    const { port } = await start({ minBytesPerSecond: 100, rateWindowMs: 100, server: echo });
    const socket = await open(
      port,
      'POST /r HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4000\r\n\r\n',
      false,
    );
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    for (let turn = 0; turn < 40; turn++) {
      socket.write('x'.repeat(100));
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await closed(socket);
    expect(answer).toMatch(/4000$/);
  });
});

/** How many hostile clients there are at a time: enough to show it, and as many as were promised in the long run. */
const CROWD = process.env.GIT_KV_SLOW === '1' ? 500 : 50;
const LIMITS = {
  maxConnections: 2000,
  initTimeoutMs: 3000,
  idleTimeoutMs: 3000,
  minBytesPerSecond: 1000,
  rateWindowMs: 3000,
};

const gzipped = gzipSync(Buffer.alloc(4_000_000, '0032have 0000000000000000000000000000000000000000\n'));
const haves = encodeDataLine(new TextEncoder().encode(`have ${'0'.repeat(40)}\n`));
const httpPost = (service: string, extra: string, body: Uint8Array | string, length = body.length): Uint8Array =>
  Buffer.concat([
    Buffer.from(
      `POST /r/git-${service} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-${service}-request\r\n${extra}Content-Length: ${length}\r\n\r\n`,
    ),
    Buffer.from(body as string),
  ]);

const HOSTILE_HTTP: readonly (string | Uint8Array)[] = [
  '',
  'GET /r/info/refs?service=git-upload-pack HTTP/1.1\r\nX-',
  `GET /r/info/refs HTTP/1.1\r\n${'X-Flood: 1\r\n'.repeat(2000)}`,
  HEAD_OF_PUSH,
  httpPost('receive-pack', '', '00', 100_000),
  httpPost('upload-pack', 'Git-Protocol: version=2\r\n', '0014command=ls-refs\n', 100_000),
  httpPost('upload-pack', 'Content-Encoding: gzip\r\n', gzipped),
  httpPost(
    'upload-pack',
    'Git-Protocol: version=2\r\n',
    Buffer.concat([Buffer.from('0012command=fetch\n0001'), ...Array.from({ length: 20_000 }, () => haves)]),
  ),
];
const request = (service: 'git-upload-pack' | 'git-receive-pack'): Uint8Array =>
  serializeDaemonRequest({ service, path: '/r', version: 2 });
const HOSTILE_GIT: readonly (string | Uint8Array)[] = [
  '',
  '00',
  request('git-upload-pack'),
  request('git-receive-pack'),
  Buffer.concat([request('git-receive-pack'), Buffer.from('ffff')]),
  Buffer.concat([
    request('git-upload-pack'),
    Buffer.from('0012command=fetch\n0001'),
    ...Array.from({ length: 20_000 }, () => haves),
  ]),
];

async function serveHttp(
  repository: Repository,
): Promise<{ port: number; transport: Transport; hostile: readonly (string | Uint8Array)[] }> {
  const server = createGitServer({ resolve: () => repository, authorize: allowAll });
  listening = await listen({ server, ...LIMITS });
  const fetch = createNodeFetch();
  onTestFinished(() => fetch.close());
  const transport = createHttpTransport(`${listening.url}/r`, { fetch });
  return { port: listening.port, transport, hostile: HOSTILE_HTTP };
}

async function serveGit(repository: Repository): ReturnType<typeof serveHttp> {
  listening = await listenGit({ resolve: () => repository, authorize: allowAll, ...LIMITS });
  return { port: listening.port, transport: createGitTransport(`${listening.url}/r`), hostile: HOSTILE_GIT };
}

describe.each([
  ['HTTP', serveHttp],
  ['git://', serveGit],
])(`among ${CROWD} stalled and hostile clients over %s`, (_name, serve) => {
  test('a push takes less than twice its time, and they are all let go of', { timeout: 60_000 }, async () => {
    const repository = createMemoryRepository();
    const { port, transport, hostile } = await serve(repository);
    const source = createMemoryRepository();
    const tip = await writeCommit(source.objects, { files: { 'a.txt': 'one\n' } });
    let count = 0;
    const push = async (): Promise<number> => {
      const begun = performance.now();
      const updates = [{ name: `refs/heads/b${count++}`, next: tip, expected: null }];
      expect(await pushFrom(source, transport, { updates })).toMatchObject([{ status: 'updated' }]);
      return performance.now() - begun;
    };
    const median = async (): Promise<number> => {
      const times: number[] = [];
      for (let turn = 0; turn < 9; turn++) times.push(await push());
      return times.sort((a, b) => a - b)[4] as number;
    };
    await median(); // to warm up
    const base = await median();

    const sockets: Socket[] = [];
    for (let at = 0; at < CROWD; at++)
      sockets.push(await open(port, hostile[at % hostile.length] as string, at % 3 === 0));
    // Some milliseconds each, of which a timer's grain is a part; whatever else runs here may be in the way of one look, not of all.
    const looks: number[] = [];
    do looks.push(await median());
    while (looks.length < 8 && (looks.at(-1) as number) >= 2 * base + 5);
    expect(looks.at(-1), `of ${looks}, without the crowd ${base}`).toBeLessThan(2 * base + 5);
    for (const socket of sockets) socket.resume();
    await Promise.all(sockets.map(closed));
  });
});
