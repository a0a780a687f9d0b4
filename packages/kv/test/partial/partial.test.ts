import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { sha256 } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { createPathTransport, initRepository } from '@git-kv/repository/node-fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  initBare,
  makeDirectory,
  type ObjectFormat,
  removeDirectory,
} from '../../../../test/support/git.js';
import { type GitHttpBackend, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import { type ConnectOptions, GitKv } from '../../src/index.js';
import { bytesOf, text } from '../support/remote.js';

let root: string;
let backend: GitHttpBackend;
let proxy: Server;
/** What went through the proxy. */
const wire = { requests: 0, bytes: 0 };
const opened: GitKv[] = [];

const name = (at: number): string => String(at).padStart(3, '0');
/** 313 directories of 320 keys are 100,160 keys. */
const keyOf = (directory: number, at: number): string => `d${name(directory)}/k${name(at)}`;
/** A thousand values, in every directory otherwise. */
const textOf = (key: string): string => `value ${(Number(key.slice(1, 4)) * 7 + Number(key.slice(6))) % 1000}`;

function makeMany(path: string, directories: number, keys: number, format?: ObjectFormat): void {
  initBare(path, format);
  const lines: string[] = [];
  for (let value = 0; value < 1000; value++)
    lines.push(`blob\nmark :${value + 1}\ndata ${`value ${value}`.length}\nvalue ${value}`);
  lines.push('commit refs/heads/main\ncommitter A <a@example.com> 1700000000 +0000\ndata 0\n');
  for (let directory = 0; directory < directories; directory++) {
    for (let at = 0; at < keys; at++) {
      const key = keyOf(directory, at);
      lines.push(`M 100644 :${Number(textOf(key).slice(6)) + 1} ${key}`);
    }
  }
  git(['fast-import', '--quiet', '--depth=0'], { cwd: path, input: `${lines.join('\n')}\n` });
  git(['config', 'uploadpack.allowFilter', 'true'], { cwd: path });
}

beforeAll(async () => {
  root = makeDirectory('git-kv-partial');
  makeMany(join(root, 'many.git'), 313, 320);
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

beforeEach(() => void Object.assign(wire, { requests: 0, bytes: 0 }));
afterEach(async () => {
  for (const store of opened.splice(0)) await store.disconnect();
});

/** Counts bodies and headers both ways. */
function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
  wire.requests++;
  wire.bytes += incoming.rawHeaders.join('').length + (incoming.url?.length ?? 0);
  incoming.on('data', (chunk: Buffer) => (wire.bytes += chunk.length));
  const { method, url, headers } = incoming;
  const onward = forward({ port: backend.port, host: '127.0.0.1', method, path: url, headers }, (answer) => {
    wire.bytes += answer.rawHeaders.join('').length;
    answer.on('data', (chunk: Buffer) => (wire.bytes += chunk.length));
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

async function connect(repository: string, options: ConnectOptions = { partial: true }): Promise<GitKv> {
  const { port } = proxy.address() as AddressInfo;
  const store = await GitKv.connect(`http://127.0.0.1:${port}/${repository}`, options);
  opened.push(store);
  return store;
}

/** A repository of the running test's own. */
let made = 0;
function makeSmall(format?: ObjectFormat): { directory: string; path: string } {
  const path = `small-${made++}.git`;
  makeMany(join(root, path), 4, 5, format);
  return { directory: join(root, path), path };
}

/** Run `action`; how many requests and bytes it took. */
async function costOf<T>(action: () => Promise<T>): Promise<{ result: T; requests: number; bytes: number }> {
  const before = { ...wire };
  const result = await action();
  return { result, requests: wire.requests - before.requests, bytes: wire.bytes - before.bytes };
}

describe('a partial store of 100,000 keys', () => {
  const keys = [keyOf(2, 7), keyOf(160, 319), keyOf(312, 0)];

  test.each(['assume', 'ask'] as const)('gets three keys in 5 requests and 200 kB (%s)', async (handshake) => {
    const store = await connect('many.git', { partial: { handshake } });
    expect((await store.getMany(keys)).map(text)).toEqual(keys.map(textOf));
    expect(wire.requests).toBe(handshake === 'assume' ? 4 : 5);
    expect(wire.bytes).toBeLessThan(100_000);
    const again = await costOf(() => Promise.all(keys.map((key) => store.getText(key))));
    expect(again).toMatchObject({ result: keys.map(textOf), requests: 0 });
  });

  test('lists a dictionary without its values', async () => {
    const store = await connect('many.git');
    const { result, requests, bytes } = await costOf(() => store.list('d007'));
    expect(result).toHaveLength(320);
    expect(requests).toBe(1);
    expect(bytes).toBeLessThan(20_000);
    // Names and kinds are in trees that are here.
    expect((await costOf(() => store.exists('d007/k001'))).requests).toBe(0);
    expect((await costOf(() => store.digest('d099'))).requests).toBe(0);
  });

  test('holds no more than it may, and fetches again what went', async () => {
    const store = await connect('many.git', { partial: { cacheBytes: 30_000 } });
    for (const key of keys) await store.get(key);
    expect((await costOf(() => store.getText(keys[0] as string))).result).toBe(textOf(keys[0] as string));
  });
});

describe('a partial store', () => {
  test('writes what changed, and fetches nothing beside it', async () => {
    const { path, directory } = makeSmall();
    const before = git(['rev-parse', 'main:d001'], { cwd: directory });
    const store = await connect(path);
    const { requests, bytes } = await costOf(() => store.set(keyOf(0, 1), 'new'));
    // The directory that is written to; then what a push is: the refs there, and the pack.
    expect(requests).toBe(3);
    expect(bytes).toBeLessThan(6_000);
    await store.remove(keyOf(0, 2));
    await store.changeAndPush(async (batch) => {
      await batch.set('d000/deep/er', '1');
      await batch.remove('d002');
      expect(await batch.getText(keyOf(0, 1))).toBe('new');
    });
    git(['fsck', '--full', '--strict'], { cwd: directory });
    expect(git(['rev-parse', 'main:d001'], { cwd: directory })).toBe(before);
    expect(git(['ls-tree', '-r', '--name-only', 'main'], { cwd: directory }).split('\n')).toHaveLength(15);
    expect(git(['show', 'main:d000/deep/er'], { cwd: directory })).toBe('1');
    expect(git(['rev-list', '--count', 'main'], { cwd: directory })).toBe('4');
  });

  test('tells what others changed by trees alone', async () => {
    const { path, directory } = makeSmall();
    const store = await connect(path);
    await store.getMany([keyOf(0, 0), keyOf(1, 0), keyOf(2, 0), keyOf(3, 0)]);
    commitFiles(directory, [{ files: { [keyOf(1, 1)]: 'x'.repeat(50_000), 'new/key': 'y', [keyOf(2, 3)]: null } }]);
    const { result, requests, bytes } = await costOf(() => store.pull());
    expect(result.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      'change /d001/k001',
      'remove /d002/k003',
      'add /new/key',
    ]);
    expect(requests).toBe(3); // the ref, the root, the three directories
    expect(bytes).toBeLessThan(10_000);
    expect(await store.getText('new/key')).toBe('y');
    expect(await store.pull()).toEqual([]);
  });

  test('a rejected write leaves it as it was, and goes through after a pull', async () => {
    const { path, directory } = makeSmall();
    const store = await connect(path);
    commitFiles(directory, [{ files: { a: '1' } }]);
    const settled = await store.set('b', '2', { onConflict: 'fail' } as object).catch((error: unknown) => error);
    if (settled !== undefined) {
      expect(settled).toMatchObject({ code: 'PUSH_REJECTED' });
      expect(await store.exists('b')).toBeUndefined();
      await store.pull();
      await store.set('b', '2');
    }
    expect(git(['show', 'main:b'], { cwd: directory })).toBe('2');
    expect(git(['show', 'main:a'], { cwd: directory })).toBe('1');
  });

  test('of an empty remote makes the branch, of a sha256 one works alike', async () => {
    const { path, directory } = makeSmall('sha256');
    const store = await connect(path);
    expect(await store.getText(keyOf(3, 3))).toBe(textOf(keyOf(3, 3)));
    await store.set('a', '1');
    expect(git(['show', 'main:a'], { cwd: directory })).toBe('1');
    initBare(join(root, 'empty.git'));
    git(['config', 'uploadpack.allowFilter', 'true'], { cwd: join(root, 'empty.git') });
    const empty = await connect('empty.git');
    expect(await empty.list()).toEqual([]);
    await empty.set('a/b', '1');
    expect(await (await connect('empty.git')).getText('a/b')).toBe('1');
  });

  test('with valueBytes, trees and small values come at once, large ones when they are read', async () => {
    const { path, directory } = makeSmall();
    commitFiles(directory, [{ files: { large: 'x'.repeat(5000), small: 'y' } }]);
    const store = await connect(path, { partial: { valueBytes: 1000 } });
    const near = await costOf(() => store.getMany([keyOf(0, 0), keyOf(3, 4), 'small']));
    expect(near.requests).toBe(0);
    expect((await costOf(() => store.get('large'))).requests).toBe(1);
    commitFiles(directory, [{ files: { [keyOf(0, 0)]: 'new', larger: 'x'.repeat(6000) } }]);
    const pulled = await costOf(() => store.pull());
    expect(pulled).toMatchObject({ requests: 2, result: [{ kind: 'change' }, { kind: 'add' }] });
    expect((await costOf(() => store.getText(keyOf(0, 0)))).requests).toBe(0);
    await expect(connect(path, { partial: { valueBytes: -1 } })).rejects.toThrow(RangeError);
  });

  test.each([
    ['memory', () => createMemoryRepository()],
    ['a directory', () => initRepository(join(root, `cache-${made++}.git`), { bare: true })],
  ])('keeps what it fetched in a cache (%s), for the next one', async (_kind, makeCache) => {
    const { path } = makeSmall();
    const cache = await makeCache();
    const first = await connect(path, { partial: true, cache });
    await first.getMany([keyOf(0, 0), keyOf(1, 1)]);
    await first.set(keyOf(0, 3), 'mine');
    const { result, requests } = await costOf(async () => {
      const second = await connect(path, { partial: true, cache });
      return (await second.getMany([keyOf(0, 0), keyOf(1, 1), keyOf(0, 3)])).map(text);
    });
    expect(result).toEqual([textOf(keyOf(0, 0)), textOf(keyOf(1, 1)), 'mine']);
    expect(requests).toBe(1); // where the branch is
    const other = createMemoryRepository({ algorithm: sha256 });
    await expect(connect(path, { partial: true, cache: other })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await cache.close();
  });

  test('a server without filters is an error, or taken whole', async () => {
    const { path, directory } = makeSmall();
    git(['config', 'uploadpack.allowFilter', 'false'], { cwd: directory });
    await expect(connect(path)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    const store = await connect(path, { partial: { withoutFilters: 'whole' } });
    expect(await store.getText(keyOf(1, 1))).toBe(textOf(keyOf(1, 1)));
    await store.set('a', '1');
    expect((await costOf(() => store.getText(keyOf(3, 4)))).requests).toBe(0);
  });

  test('is saved whole, and what was saved is a whole store', async () => {
    const { path } = makeSmall();
    const store = await connect(path);
    await store.set('a', '1');
    const { result: saved, requests } = await costOf(() => bytesOf(store.toOctets()));
    expect(requests).toBeLessThan(5);
    const whole = await GitKv.ofOctets(saved, { remote: `http://127.0.0.1:9/${path}` });
    expect(await whole.getText(keyOf(3, 3))).toBe(textOf(keyOf(3, 3)));
    expect(whole.commit).toEqual(store.commit);
  });

  test('works over connections, served by git-kv itself', async () => {
    const { directory } = makeSmall();
    const store = await GitKv.connect('file:///served', { partial: true, transport: createPathTransport(directory) });
    expect((await store.getMany([keyOf(0, 0), keyOf(3, 4)])).map(text)).toEqual([
      textOf(keyOf(0, 0)),
      textOf(keyOf(3, 4)),
    ]);
    await store.set(keyOf(0, 0), 'new');
    expect(git(['show', `main:${keyOf(0, 0)}`], { cwd: directory })).toBe('new');
    commitFiles(directory, [{ files: { other: '1' } }]);
    expect(await store.pull()).toMatchObject([{ kind: 'add' }]);
    await store.disconnect();
  });
});
