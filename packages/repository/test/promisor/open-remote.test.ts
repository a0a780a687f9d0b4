import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { decodeUtf8, encodeUtf8 } from '@git-kv/objects';
import { createHttpTransport } from '@git-kv/protocol';
import { type OpenRemoteOptions, openRemote, type RemoteSnapshot } from '@git-kv/repository';
import { createPathTransport, initRepository } from '@git-kv/repository/node-fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { git, initBare, makeDirectory, type ObjectFormat, removeDirectory } from '../../../../test/support/git.js';
import { type GitHttpBackend, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';

/** Directories, directories in each, files in each of those: 100,000 files. */
const SHAPES = { flat: [313, 320], deep: [18, 18, 310], even: [47, 46, 47] } as const;
type Shape = keyof typeof SHAPES;
const SMALL = [5, 5, 5];

let root: string;
let backend: GitHttpBackend;
let proxy: Server;
/** What went through the proxy. */
const wire = { requests: 0, sent: 0, received: 0 };

const name = (at: number, kind: string): string => `${kind}${String(at).padStart(5, '0')}`;

/** Every file's path, in the order of their positions. */
function pathsOf([count = 0, ...below]: readonly number[]): string[] {
  if (below.length === 0) return Array.from({ length: count }, (_, at) => name(at, 'file-'));
  const inner = pathsOf(below);
  return Array.from({ length: count }, (_, at) => inner.map((path) => `${name(at, 'd')}/${path}`)).flat();
}

const textOf = (position: number): string => `the text of file ${position}\n`;

/** A bare repository with a branch for each shape: the same files, otherwise arranged. */
function makeRemote(path: string, format: ObjectFormat, shapes: Readonly<Record<string, readonly number[]>>): void {
  initBare(path, format);
  const listings = Object.entries(shapes).map(([branch, shape]) => ({ branch, paths: pathsOf(shape) }));
  const count = Math.max(...listings.map(({ paths }) => paths.length));
  const stream: string[] = [];
  for (let at = 0; at < count; at++) stream.push(`blob\nmark :${at + 1}\ndata ${textOf(at).length}\n${textOf(at)}`);
  for (const { branch, paths } of listings) {
    stream.push(`commit refs/heads/${branch}\ncommitter A <a@example.com> 1700000000 +0000\ndata 0\n`);
    for (const [at, file] of paths.entries()) stream.push(`M 100644 :${at + 1} ${file}`);
  }
  git(['fast-import', '--quiet', '--depth=0'], { cwd: path, input: `${stream.join('\n')}\n` });
  git(['config', 'uploadpack.allowFilter', 'true'], { cwd: path });
}

beforeAll(async () => {
  root = makeDirectory('git-kv-open-remote');
  makeRemote(join(root, 'many.git'), 'sha1', SHAPES);
  makeRemote(join(root, 'sha256.git'), 'sha256', { main: SMALL });
  makeRemote(join(root, 'unfiltered.git'), 'sha1', { main: [2, 2] });
  git(['config', 'uploadpack.allowFilter', 'false'], { cwd: join(root, 'unfiltered.git') });
  backend = await startGitHttpBackend({ root });
  proxy = createServer(pass);
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
  await backend.close();
  removeDirectory(root);
});

/** Counts bodies and headers both ways. */
function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
  wire.requests++;
  wire.sent += incoming.rawHeaders.join('').length + (incoming.url?.length ?? 0);
  incoming.on('data', (chunk: Buffer) => (wire.sent += chunk.length));
  const { method, url, headers } = incoming;
  const onward = forward({ port: backend.port, host: '127.0.0.1', method, path: url, headers }, (answer) => {
    wire.received += answer.rawHeaders.join('').length;
    answer.on('data', (chunk: Buffer) => (wire.received += chunk.length));
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

const opened: RemoteSnapshot[] = [];
const open = async (repository: string, options?: OpenRemoteOptions): Promise<RemoteSnapshot> => {
  const { port } = proxy.address() as AddressInfo;
  const remote = await openRemote(createHttpTransport(`http://127.0.0.1:${port}/${repository}.git`), options);
  opened.push(remote);
  return remote;
};

beforeEach(() => void Object.assign(wire, { requests: 0, sent: 0, received: 0 }));
afterEach(async () => {
  for (const remote of opened.splice(0)) await remote.close();
});

/** Three files in different directories, the last in the last one, with their texts. */
function someFiles(shape: Shape): [string, string][] {
  const sizes = SHAPES[shape];
  return [0.2, 0.55, 1].map((part) => {
    const at = sizes.map((size) => Math.ceil(size * part) - 1);
    const position = at.reduce((sum, index, level) => sum * (sizes[level] as number) + index, 0);
    const path = at.map((index, level) => name(index, level === sizes.length - 1 ? 'file-' : 'd')).join('/');
    return [path, textOf(position)];
  });
}

describe.each(Object.keys(SHAPES) as Shape[])('of a remote with 100,000 files (%s)', (shape) => {
  const handshakes = shape === 'flat' ? (['assume', 'ask'] as const) : (['assume'] as const);

  test.each(handshakes)('three files take at most 5 requests and 200 kB (%s)', async (handshake) => {
    const files = someFiles(shape);
    const remote = await open('many', { ref: shape, handshake });
    const texts = await remote.read(files.map(([path]) => path));
    expect(texts.map((text) => text && decodeUtf8(text))).toEqual(files.map(([, text]) => text));
    expect(wire.requests).toBe(SHAPES[shape].length + (handshake === 'ask' ? 3 : 2));
    expect(wire.requests).toBe(remote.requestCount);
    expect(wire.requests).toBeLessThanOrEqual(5);
    expect(wire.sent + wire.received).toBeLessThan(100_000);
    // What was read is at hand.
    await remote.read(files.map(([path]) => path));
    expect(wire.requests).toBe(remote.requestCount);
  });

  test('a directory is listed without its files', async () => {
    const remote = await open('many', { ref: shape });
    const directory = (someFiles(shape)[1] as [string, string])[0].replace(/\/[^/]+$/, '');
    const entries = await remote.list(directory);
    expect(entries).toHaveLength(SHAPES[shape].at(-1) as number);
    expect(decodeUtf8(entries?.[0]?.name ?? new Uint8Array())).toBe('file-00000');
    expect(wire.requests).toBeLessThanOrEqual(4);
    expect(wire.sent + wire.received).toBeLessThan(60_000);
  });
});

describe('a remote is read', () => {
  test('at a branch, a tag, a whole name, and an object id', async () => {
    const cwd = join(root, 'sha256.git');
    git(['tag', '-a', '-m', 'one', 'v1', 'main'], { cwd });
    const commitOid = git(['rev-parse', 'main'], { cwd });
    for (const ref of ['main', 'v1', 'refs/heads/main', 'HEAD', commitOid]) {
      const remote = await open('sha256', { ref });
      expect(remote.commitOid).toBe(commitOid);
      expect(await remote.treeOid()).toBe(git(['rev-parse', 'main^{tree}'], { cwd }));
    }
    await expect(open('sha256', { ref: 'nowhere' })).rejects.toMatchObject({ code: 'REMOTE_REF_NOT_FOUND' });
  });

  test('though it is of sha256, for one or two requests more', async () => {
    const remote = await open('sha256');
    expect(await remote.list('')).toHaveLength(5);
    expect(wire.requests).toBeLessThanOrEqual(5);
  });

  test('over a connection that stays', async () => {
    const transport = createPathTransport(join(root, 'sha256.git'));
    const remote = await openRemote(transport, { ref: 'main' });
    const paths = pathsOf(SMALL).slice(-2);
    expect((await remote.read(paths)).map((text) => text && decodeUtf8(text))).toEqual([textOf(123), textOf(124)]);
    expect(remote.requestCount).toBe(6);
    await remote.close();
    await transport.close?.();
  });

  test('into a repository that is a partial clone of it then, and needs no request again', async () => {
    const directory = join(root, 'cache.git');
    const cache = await initRepository(directory, { durability: 'none' });
    const files = someFiles('deep').map(([path]) => path);
    const first = await open('many', { ref: 'deep', cache });
    const texts = await first.read(files);
    git(['fsck'], { cwd: directory });
    const { requests } = wire;
    const again = await open('many', { cache, ref: first.commitOid });
    expect(await again.read(files)).toEqual(texts);
    expect(wire.requests).toBe(requests);
    await cache.close();
  });

  test('in memory of a few bytes, again and again', async () => {
    const remote = await open('sha256', { cacheBytes: 2000 });
    const paths = pathsOf(SMALL);
    const texts = await remote.read(paths);
    expect(texts.map((text) => text && decodeUtf8(text))).toEqual(paths.map((_, at) => textOf(at)));
  });

  test('up to a number of requests', async () => {
    const remote = await open('many', { ref: 'deep', maxRequests: 3 });
    await expect(remote.read(someFiles('deep').map(([path]) => path))).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    expect(wire.requests).toBe(3);
  });
});

describe('a path that leads', () => {
  test.each([
    ['nowhere', 'd00000/none', undefined],
    ['through a file', 'd00000/d00000/file-00000/x', undefined],
  ])('%s is absent', async (_where, path, absent) => {
    const remote = await open('sha256');
    expect(await remote.read([path])).toEqual([absent]);
    expect(await remote.list(path)).toBe(absent);
  });

  test('to a directory is not read, to a file is not listed', async () => {
    const remote = await open('sha256');
    await expect(remote.read(['d00000'])).rejects.toMatchObject({ code: 'OBJECT_KIND_MISMATCH' });
    const file = [encodeUtf8('d00000'), 'd00001', 'file-00000'];
    await expect(remote.list(file)).rejects.toMatchObject({ code: 'OBJECT_KIND_MISMATCH' });
    expect(await remote.read([file])).toHaveLength(1);
  });
});

test('a remote without filters is refused', async () => {
  const remote = await open('unfiltered');
  await expect(remote.list('')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
});

test('a remote that is not there is asked twice: only the first question of a session is redirected', async () => {
  await expect(open('nowhere')).rejects.toMatchObject({ code: 'REPOSITORY_NOT_FOUND' });
  expect(wire.requests).toBe(2);
});
