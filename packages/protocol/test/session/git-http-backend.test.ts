import { join } from 'node:path';
import { sha1, sha256 } from '@git-kv/objects';
import {
  connectReceivePack,
  connectUploadPack,
  createHttpTransport,
  type RemoteRef,
  type Transport,
} from '@git-kv/protocol';
import { createNodeFetch } from '@git-kv/protocol/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { commitFiles, git, initBare, type ObjectFormat, temporaryDirectory } from '../../../../test/support/git.js';
import { type GitHttpBackendOptions, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import { chunked, collect, packOf, unpack } from '../support.js';

interface Remote {
  readonly directory: string;
  readonly transport: Transport;
  readonly requests: readonly { method: string; url: string; headers: Readonly<Record<string, unknown>> }[];
}

async function serve(objectFormat: ObjectFormat, options: Partial<GitHttpBackendOptions> = {}): Promise<Remote> {
  const root = temporaryDirectory();
  const directory = initBare(join(root, 'project.git'), objectFormat);
  const backend = await startGitHttpBackend({ root, ...options });
  onTestFinished(() => backend.close());
  return {
    directory,
    transport: createHttpTransport(`${backend.url}/project.git`, { fetch: keptFetch() }),
    requests: backend.requests,
  };
}

const named = (refs: readonly RemoteRef[], name: string): RemoteRef | undefined =>
  refs.find((ref) => ref.name === name);

describe.each([sha1, sha256])('against git http-backend, with $name,', (algorithm) => {
  const format = algorithm.name;

  test('the client tells the algorithm, and lists refs with symbolic targets and peeled tags', async () => {
    const { directory, transport, requests } = await serve(format);
    const head = commitFiles(directory, [{ files: { a: '1' } }]);
    git(['tag', '-a', '-m', 'first', 'v1', head], { cwd: directory });
    const remote = await connectUploadPack(transport);
    expect(remote.algorithm.name).toBe(format);
    expect(await remote.lsRefs()).toEqual([
      { name: 'HEAD', oid: head, target: 'refs/heads/main' },
      { name: 'refs/heads/main', oid: head },
      { name: 'refs/tags/v1', oid: git(['rev-parse', 'v1'], { cwd: directory }), peeledOid: head },
    ]);
    expect(await remote.lsRefs({ prefixes: ['refs/heads/'], symrefs: false })).toEqual([
      { name: 'refs/heads/main', oid: head },
    ]);
    expect(requests[0]?.headers['user-agent']).toMatch(/^git\//);
    expect(requests[0]?.headers['git-protocol']).toBe('version=2');
  });

  test('an empty repository has an unborn HEAD', async () => {
    const { transport } = await serve(format);
    const remote = await connectUploadPack(transport);
    expect(await remote.lsRefs()).toEqual([{ name: 'HEAD', oid: undefined, target: 'refs/heads/main' }]);
  });

  test('a fetch brings a pack that git takes for whole', async () => {
    const { directory, transport } = await serve(format);
    const head = commitFiles(directory, [{ files: { a: '1' } }, { files: { b: '2' } }]);
    const remote = await connectUploadPack(transport);
    const progress: string[] = [];
    const answer = await remote.fetch({ wants: [head], onProgress: (line) => progress.push(line) });
    const clone = unpack(await collect(answer.pack!), format);
    expect(git(['rev-list', '--count', head], { cwd: clone })).toBe('2');
    git(['fsck', '--strict'], { cwd: clone });
    expect(answer).toMatchObject({ shallowOids: [], unshallowOids: [], commonOids: [] });
    expect(progress.length).toBeGreaterThan(0);
  });

  test('a fetch of depth 1 brings one commit, and says where history is cut', async () => {
    const { directory, transport } = await serve(format);
    const head = commitFiles(directory, [{ files: { a: '1' } }, { files: { b: '2' } }]);
    const remote = await connectUploadPack(transport);
    const answer = await remote.fetch({ wants: [head], depth: 1 });
    const clone = unpack(await collect(answer.pack!), format);
    expect(answer.shallowOids).toEqual([head]);
    expect(
      git(['cat-file', '--batch-all-objects', '--batch-check=%(objecttype)'], { cwd: clone }).match(/commit/g),
    ).toEqual(['commit']);
  });

  test('a fetch with haves brings only what is new, in one request', async () => {
    const { directory, transport, requests } = await serve(format);
    const base = commitFiles(directory, [{ files: { a: '1', b: '2' } }]);
    const head = commitFiles(directory, [{ files: { a: '3' }, time: 1700000100 }]);
    const remote = await connectUploadPack(transport);
    const before = requests.length;
    const answer = await remote.fetch({ wants: [head], haves: [base] });
    const pack = await collect(answer.pack!);
    expect(requests.length - before).toBe(1);
    expect(new DataView(pack.buffer, pack.byteOffset).getUint32(8)).toBe(3); // a commit, a tree, a blob
  });

  test('a fetch with many haves negotiates in rounds', async () => {
    const { directory, transport, requests } = await serve(format);
    const base = commitFiles(directory, [{ files: { a: '1', b: '2' } }]);
    const head = commitFiles(directory, [{ files: { a: '3' }, time: 1700000100 }]);
    const strangers = Array.from({ length: 1500 }, (_, index) => index.toString(16).padStart(algorithm.hexLength, 'e'));
    const remote = await connectUploadPack(transport);
    const before = requests.length;
    const answer = await remote.fetch({
      wants: [head],
      haves: [...strangers.slice(0, 600), base, ...strangers.slice(600)],
    });
    const pack = await collect(answer.pack!);
    expect(answer.commonOids).toEqual([base]);
    expect(requests.length - before).toBeGreaterThan(1);
    expect(new DataView(pack.buffer, pack.byteOffset).getUint32(8)).toBe(3);
  });

  test('a want that the server does not have is a remote error', async () => {
    const { directory, transport } = await serve(format);
    commitFiles(directory, [{ files: { a: '1' } }]);
    const remote = await connectUploadPack(transport);
    await expect(remote.fetch({ wants: ['d'.repeat(algorithm.hexLength)] })).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
      remoteMessage: expect.stringContaining('not our ref'),
    });
  });

  test('a push creates, updates and deletes, and reports on each', async () => {
    const { directory, transport } = await serve(format);
    const source = initBare(temporaryDirectory(), format);
    const first = commitFiles(source, [{ files: { a: '1' } }]);
    const second = commitFiles(source, [{ files: { a: '2' }, time: 1700000100 }]);

    const empty = await connectReceivePack(transport);
    expect(empty.refs).toEqual([]);
    expect(empty.algorithm.name).toBe(format);
    const created = await empty.push({
      commands: [
        { name: 'refs/heads/main', oldOid: null, newOid: first },
        { name: 'refs/heads/other', oldOid: null, newOid: first },
      ],
      pack: chunked(packOf(source, [first])),
    });
    expect(created).toEqual({
      unpack: 'ok',
      results: [
        { name: 'refs/heads/main', ok: true },
        { name: 'refs/heads/other', ok: true },
      ],
    });

    const remote = await connectReceivePack(transport);
    expect(remote.refs).toEqual([
      { name: 'refs/heads/main', oid: first },
      { name: 'refs/heads/other', oid: first },
    ]);
    const updated = await remote.push({
      commands: [
        { name: 'refs/heads/main', oldOid: first, newOid: second },
        { name: 'refs/heads/other', oldOid: first, newOid: null },
      ],
      pack: chunked(packOf(source, [second, `^${first}`]), 100),
      atomic: true,
    });
    expect(updated.results.map((result) => result.ok)).toEqual([true, true]);
    expect(named((await connectReceivePack(transport)).refs, 'refs/heads/main')?.oid).toBe(second);
    git(['fsck', '--strict'], { cwd: directory });

    git(['config', 'receive.denyDeleteCurrent', 'ignore'], { cwd: directory });
    const deleted = await remote.push({ commands: [{ name: 'refs/heads/main', oldOid: second, newOid: null }] });
    expect(deleted.results).toEqual([{ name: 'refs/heads/main', ok: true }]);
    expect((await connectReceivePack(transport)).refs).toEqual([]);
  });

  test('a push that the server refuses is reported with its reason', async () => {
    const { directory, transport } = await serve(format);
    const first = commitFiles(directory, [{ files: { a: '1' } }]);
    const second = commitFiles(directory, [{ files: { a: '2' }, time: 1700000100 }]);
    git(['config', 'receive.denyNonFastForwards', 'true'], { cwd: directory });
    const remote = await connectReceivePack(transport);
    const report = await remote.push({
      commands: [{ name: 'refs/heads/main', oldOid: second, newOid: first }],
      pack: chunked(packOf(directory, [first, `^${second}`])),
    });
    expect(report).toEqual({
      unpack: 'ok',
      results: [{ name: 'refs/heads/main', ok: false, reason: 'non-fast-forward' }],
    });
  });

  test('a push whose pack is broken is reported, and nothing moves', async () => {
    const { directory, transport } = await serve(format);
    const source = initBare(temporaryDirectory(), format);
    const first = commitFiles(source, [{ files: { a: '1' } }]);
    const pack = packOf(source, [first]);
    pack[pack.length - 1]! ^= 1;
    const remote = await connectReceivePack(transport);
    const report = await remote.push({
      commands: [{ name: 'refs/heads/main', oldOid: null, newOid: first }],
      pack: chunked(pack),
    });
    expect(report.unpack).not.toBe('ok');
    expect(report.results).toMatchObject([{ name: 'refs/heads/main', ok: false }]);
    expect(git(['for-each-ref'], { cwd: directory })).toBe('');
  });

  test('a pack over the post buffer is streamed, after an empty request', async () => {
    const { directory, transport, requests } = await serve(format);
    const source = initBare(temporaryDirectory(), format);
    const noise = Uint8Array.from({ length: 3_000_000 }, (_, at) => (at * at * 2654435761) >>> 13);
    const head = commitFiles(source, [{ files: { noise } }]);
    const pack = packOf(source, [head], ['--compression=0']);
    expect(pack.length).toBeGreaterThan(2_000_000);
    const remote = await connectReceivePack(transport);
    const commands = [{ name: 'refs/heads/main', oldOid: null, newOid: head }];
    expect(await remote.push({ commands, pack: chunked(pack, 65_536) })).toMatchObject({ unpack: 'ok' });
    const posts = requests.filter((request) => request.method === 'POST');
    expect(posts.map((request) => request.headers['content-length'])).toEqual(['4', undefined]);
    expect(git(['rev-parse', 'refs/heads/main'], { cwd: directory })).toBe(head);
  });
});

describe('against git http-backend behind a door', () => {
  const AUTHORIZATION = `Basic ${btoa('user:s3cret')}`;
  const guard: GitHttpBackendOptions['intercept'] = (request, response) => {
    if (request.headers.authorization === AUTHORIZATION) return false;
    request.resume();
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    return true;
  };

  test('credentials are asked for, and a large push is streamed once', async () => {
    const { url, directory, requests } = await start({ intercept: guard });
    const source = initBare(temporaryDirectory());
    const head = commitFiles(source, [{ files: { a: 'a'.repeat(1000) } }]);
    let asked = 0;
    const transport = createHttpTransport(`${url}/project.git`, {
      fetch: keptFetch(),
      postBufferBytes: 100,
      credentials: async () => {
        asked++;
        return { username: 'user', password: 's3cret' };
      },
    });
    const remote = await connectReceivePack(transport);
    const commands = [{ name: 'refs/heads/main', oldOid: null, newOid: head }];
    expect(await remote.push({ commands, pack: chunked(packOf(source, [head]), 50) })).toMatchObject({ unpack: 'ok' });
    expect(git(['rev-parse', 'refs/heads/main'], { cwd: directory })).toBe(head);
    expect(asked).toBe(1);
    expect(requests.map((request) => request.method)).toEqual(['GET', 'GET', 'POST', 'POST']);
  });

  test('a large push asks for credentials before its pack is spent', async () => {
    const onlyPosts: GitHttpBackendOptions['intercept'] = (request, response) =>
      request.method === 'POST' ? guard(request, response) : false;
    const { url, requests } = await start({ intercept: onlyPosts });
    const source = initBare(temporaryDirectory());
    const head = commitFiles(source, [{ files: { a: 'a'.repeat(1000) } }]);
    const transport = createHttpTransport(`${url}/project.git`, {
      fetch: keptFetch(),
      postBufferBytes: 100,
      credentials: async () => ({ username: 'user', password: 's3cret' }),
    });
    const remote = await connectReceivePack(transport);
    const commands = [{ name: 'refs/heads/main', oldOid: null, newOid: head }];
    expect(await remote.push({ commands, pack: chunked(packOf(source, [head]), 50) })).toMatchObject({ unpack: 'ok' });
    expect(requests.map((request) => request.headers['content-length'])).toEqual([undefined, '4', '4', undefined]);
  });

  test('a redirect to another server is followed, without the credentials of the first', async () => {
    const { url, directory, requests } = await start({});
    const head = commitFiles(directory, [{ files: { a: '1' } }]);
    const door = await start({
      intercept: (request, response) => {
        response.writeHead(301, { location: `${url}${request.url}` }).end();
        return true;
      },
    });
    const doorUrl = door.url.replace('//', '//user:s3cret@');
    const remote = await connectUploadPack(createHttpTransport(`${doorUrl}/project.git`, { fetch: keptFetch() }));
    const { pack } = await remote.fetch({ wants: [head] });
    expect((await collect(pack!)).length).toBeGreaterThan(100);
    expect(door.requests).toHaveLength(1);
    expect(door.requests[0]?.headers.authorization).toBe(AUTHORIZATION);
    expect(requests).toHaveLength(2);
    for (const request of requests) expect(request.headers.authorization).toBeUndefined();
  });

  test('a repository that is not there, or may not be pushed to, is a typed error', async () => {
    const { url } = await start({ enableReceivePack: false });
    const at = (path: string) => createHttpTransport(`${url}${path}`, { fetch: keptFetch() });
    await expect(connectUploadPack(at('/none.git'))).rejects.toMatchObject({ code: 'REPOSITORY_NOT_FOUND' });
    await expect(connectReceivePack(at('/project.git'))).rejects.toMatchObject({ code: 'ACCESS_DENIED', status: 403 });
  });

  test('a pack that breaks off is an error, and one that is not wanted lets its connection go', async () => {
    let cutAfter = Number.POSITIVE_INFINITY;
    const { url, directory } = await start({
      intercept: (request, response) => {
        if (request.method !== 'POST') return false;
        const write = response.write.bind(response);
        let written = 0;
        response.write = ((chunk: Uint8Array) => {
          written += chunk.length;
          if (written <= cutAfter) return write(chunk);
          return write(chunk.subarray(0, 10), () => response.destroy());
        }) as typeof response.write;
        return false;
      },
    });
    const noise = Uint8Array.from({ length: 1_000_000 }, (_, at) => (at * at * 2654435761) >>> 13);
    const head = commitFiles(directory, [{ files: { noise } }]);
    const remote = await connectUploadPack(createHttpTransport(`${url}/project.git`, { fetch: keptFetch() }));
    const unwanted = await remote.fetch({ wants: [head] });
    await unwanted.pack?.return?.();
    const begun = await remote.fetch({ wants: [head] });
    await begun.pack?.next();
    await begun.pack?.return?.();
    cutAfter = 100_000;
    const broken = await remote.fetch({ wants: [head] });
    await expect(collect(broken.pack!)).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });

  async function start(options: Partial<GitHttpBackendOptions>) {
    const root = temporaryDirectory();
    const directory = initBare(join(root, 'project.git'));
    const { url, requests, close } = await startGitHttpBackend({ root, ...options });
    onTestFinished(close);
    return { url, directory, requests };
  }
});

function keptFetch(): ReturnType<typeof createNodeFetch> {
  const fetch = createNodeFetch();
  onTestFinished(() => fetch.close());
  return fetch;
}
