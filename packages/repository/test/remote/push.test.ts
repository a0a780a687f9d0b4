import { chmodSync, cpSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { concatBytes, decodeUtf8, encodeUtf8, GitError, type Oid } from '@git-kv/objects';
import { createHttpTransport, encodeSideband, type FetchFunction, type RequestTransport } from '@git-kv/protocol';
import {
  cloneInto,
  PushOutcomeUnknownError,
  type PushUpdate,
  pushFailure,
  pushFrom,
  type Repository,
} from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  initBare,
  makeDirectory,
  type ObjectFormat,
  removeDirectory,
} from '../../../../test/support/git.js';
import { type GitHttpBackend, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import { MATRIX, openEngine } from '../support/engines.js';
import { makeHistory } from '../support/history.js';
import { collect, inventedOid, writeCommit } from '../support/objects.js';

let root: string;
let backend: GitHttpBackend;
let intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
let count = 0;

beforeAll(async () => {
  root = makeDirectory('git-kv-push');
  backend = await startGitHttpBackend({
    root,
    intercept: (request, response) => intercept?.(request, response) ?? false,
  });
});

beforeEach(() => {
  intercept = undefined;
});

afterAll(async () => {
  await backend.close();
  removeDirectory(root);
});

interface Remote {
  readonly directory: string;
  readonly transport: RequestTransport;
  refs(): Record<string, string>;
  fsck(): void;
}

function remoteAt(directory: string, fetchOption?: FetchFunction): Remote {
  const name = directory.slice(root.length + 1);
  return {
    directory,
    transport: createHttpTransport(`${backend.url}/${name}`, fetchOption ? { fetch: fetchOption } : {}),
    refs: () => {
      const lines = git(['for-each-ref', '--format=%(refname) %(objectname)'], { cwd: directory }).split('\n');
      return Object.fromEntries(lines.filter((line) => line !== '').map((line) => line.split(' ')));
    },
    fsck: () => void git(['fsck', '--strict', '--full', '--no-dangling'], { cwd: directory }),
  };
}

/** `transport`, and the bytes of each request of a push. */
function countingPushes(transport: RequestTransport): { transport: RequestTransport; sizes: number[] } {
  const sizes: number[] = [];
  const exchange: RequestTransport['exchange'] = async (call) => {
    const { body } = call;
    if (call.phase !== 'call' || body === undefined || body instanceof Uint8Array)
      return await transport.exchange(call);
    let size = 0;
    async function* counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        size += chunk.length;
        yield chunk;
      }
    }
    const answer = await transport.exchange({ ...call, body: counted(body) });
    sizes.push(size);
    return answer;
  };
  return { transport: { url: transport.url, exchange }, sizes };
}

const newRemote = (format: ObjectFormat): Remote => remoteAt(initBare(join(root, `${++count}.git`), format));

describe.each(MATRIX)('pushFrom with $engine in $format', ({ engine, format }) => {
  const open = (): Promise<Repository> => openEngine(engine, format, join(root, `${++count}.git`));

  test('creates, moves and deletes refs, and sends what they need', async () => {
    const remote = newRemote(format);
    const repository = await open();
    const first = await writeCommit(repository.objects, { files: { a: '1', 'd/b': '1' } });
    const main = 'refs/heads/main';
    const push = (...updates: PushUpdate[]): ReturnType<typeof pushFrom> =>
      pushFrom(repository, remote.transport, { updates });

    expect(await push({ name: main, next: first, expected: null })).toEqual([{ name: main, status: 'updated' }]);
    const second = await writeCommit(repository.objects, { files: { a: '2', 'd/b': '1' }, parents: [first] });
    expect(await push({ name: main, next: second, expected: first }, { name: 'refs/heads/side', next: first })).toEqual(
      [
        { name: main, status: 'updated' },
        { name: 'refs/heads/side', status: 'updated' },
      ],
    );
    expect(remote.refs()).toEqual({ [main]: second, 'refs/heads/side': first });
    remote.fsck();
    expect(await push({ name: 'refs/heads/side', next: null })).toEqual([
      { name: 'refs/heads/side', status: 'updated' },
    ]);
    expect(remote.refs()).toEqual({ [main]: second });
  });

  test('sends a changed line as a delta against what the remote has', async () => {
    const remote = newRemote(format);
    const { transport: counting, sizes } = countingPushes(remote.transport);
    const repository = await open();
    const lines = Array.from({ length: 6000 }, (_, at) => `${(at * 2654435761) >>> 0} is line ${at}\n`);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`d/${at}`, `file ${at}\n`]));
    const write = (long: string, parents: Oid[]): Promise<Oid> =>
      writeCommit(repository.objects, { files: { ...many, 'a/b/long': long }, parents });
    const first = await write(lines.join(''), []);
    const second = await write(lines.with(3000, 'changed\n').join(''), [first]);
    const push = (next: Oid, expected: Oid | null): ReturnType<typeof pushFrom> =>
      pushFrom(repository, counting, { updates: [{ name: 'refs/heads/main', next, expected }] });
    await push(first, null);
    await push(second, first);
    expect(remote.refs()).toEqual({ 'refs/heads/main': second });
    remote.fsck();
    expect(sizes[0]).toBeGreaterThan(40_000);
    expect(sizes[1]).toBeLessThan(2000);
  });

  test('sends nothing where the remote is as asked', async () => {
    const remote = newRemote(format);
    const repository = await open();
    const oid = await writeCommit(repository.objects, { files: { a: '1' } });
    const updates = [
      { name: 'refs/heads/main', next: oid },
      { name: 'refs/heads/gone', next: null },
    ];
    await pushFrom(repository, remote.transport, { updates });
    const asked = backend.requests.length;
    const again = await pushFrom(repository, remote.transport, { updates });
    expect(again.map(({ status }) => status)).toEqual(['updated', 'updated']);
    expect(backend.requests.length - asked).toBe(1);
  });

  test('pushes from a shallow repository, to where it came from and to one that lacks the rest', async () => {
    const { directory, main } = makeHistory(join(root, `${++count}.git`), format);
    const source = remoteAt(directory);
    const repository = await open();
    await cloneInto(repository, source.transport, { depth: 1 });
    const tip = main.at(-1) as Oid;
    const next = await writeCommit(repository.objects, { files: { new: 'n' }, parents: [tip] });
    const updates = [{ name: 'refs/heads/main', next, expected: tip }];
    expect(await pushFrom(repository, source.transport, { updates })).toMatchObject([{ status: 'updated' }]);
    expect(git(['rev-list', '--count', 'main'], { cwd: directory })).toBe('6');
    source.fsck();

    const empty = newRemote(format);
    const refused = await pushFrom(repository, empty.transport, { updates: [{ name: 'refs/heads/main', next }] });
    expect(refused).toMatchObject([{ status: 'rejected' }]);
    expect(empty.refs()).toEqual({});
  });

  test('refuses a remote in the other object format', async () => {
    const remote = newRemote(format === 'sha1' ? 'sha256' : 'sha1');
    const repository = await open();
    const next = await writeCommit(repository.objects, { files: { a: '1' } });
    const pushed = pushFrom(repository, remote.transport, { updates: [{ name: 'refs/heads/main', next }] });
    await expect(pushed).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe.each(['sha1', 'sha256'] as const)('pushFrom with negotiate (%s)', (format) => {
  const main = 'refs/heads/main';

  /** A remote that has gone on, and a clone from before. */
  async function clonedAndMoved(): Promise<{ remote: Remote; repository: Repository; base: Oid }> {
    const remote = newRemote(format);
    const commits = Array.from({ length: 300 }, (_, at) => ({
      files: { a: randomText(at) },
      time: 1_700_000_000 + at,
    }));
    const base = commitFiles(remote.directory, commits);
    const repository = await openEngine('memory', format, '');
    await cloneInto(repository, remote.transport);
    commitFiles(remote.directory, [{ files: { theirs: '1' } }]);
    return { remote, repository, base };
  }

  /** Text that does not compress well, and that no other is like. */
  const randomText = (seed: number): string =>
    Array.from({ length: 60 }, (_, at) => Math.imul(seed * 60 + at + 1, 2_654_435_761) >>> 0).join(' ');

  test('sends the difference alone where nothing that the remote refs hold is here', async () => {
    const { remote, repository, base } = await clonedAndMoved();
    const next = await writeCommit(repository.objects, { files: { ours: '1' }, parents: [base], time: 1_700_001_000 });
    const copy = join(root, `${++count}.git`);
    cpSync(remote.directory, copy, { recursive: true });
    const { transport, sizes } = countingPushes(remote.transport);
    const plain = countingPushes(remoteAt(copy).transport);
    const asked = backend.requests.length;
    const pushed = await pushFrom(repository, transport, {
      updates: [{ name: 'refs/heads/topic', next }],
      negotiate: true,
    });
    expect(pushed).toEqual([{ name: 'refs/heads/topic', status: 'updated' }]);
    expect(backend.requests.slice(asked).map(({ url }) => url.replace(/^.*\.git\//, ''))).toEqual([
      'info/refs?service=git-receive-pack',
      'info/refs?service=git-upload-pack',
      'git-upload-pack',
      'git-receive-pack',
    ]);
    await pushFrom(repository, plain.transport, { updates: [{ name: 'refs/heads/topic', next }] });
    expect(sizes[0]).toBeLessThan(1000);
    expect(plain.sizes[0]).toBeGreaterThan(90_000);
    remote.fsck();
  });

  test('asks on where what both have lies far back, and nothing of what lies behind it', async () => {
    const { remote, repository, base } = await clonedAndMoved();
    let next = base;
    for (let at = 0; at < 100; at++) {
      const time = 1_700_001_000 + at;
      next = await writeCommit(repository.objects, { files: { ours: `${at}` }, parents: [next], time });
    }
    const { transport, sizes } = countingPushes(remote.transport);
    const haves: number[] = [];
    const listening: RequestTransport = {
      url: transport.url,
      exchange: async (call) => {
        const { service, phase, body } = call;
        if (service === 'git-upload-pack' && phase === 'call')
          haves.push(decodeUtf8(body as Uint8Array).split('have ').length - 1);
        return await transport.exchange(call);
      },
    };
    const { objects, shallow, algorithm } = repository;
    await pushFrom({ objects, shallow, algorithm }, listening, {
      updates: [{ name: 'refs/heads/topic', next }],
      negotiate: true,
    });
    expect(haves).toEqual([64, 128]);
    expect(sizes[0]).toBeLessThan(40_000);
    remote.fsck();
  });

  test('asks nothing where all that the remote refs hold is here', async () => {
    const remote = newRemote(format);
    const repository = await openEngine('memory', format, '');
    const first = await writeCommit(repository.objects, { files: { a: '1' } });
    const asked = backend.requests.length;
    for (const name of [main, 'refs/heads/other'])
      await pushFrom(repository, remote.transport, { updates: [{ name, next: first }], negotiate: true });
    expect(backend.requests.slice(asked).some(({ url }) => url.includes('upload-pack'))).toBe(false);
  });

  test('goes on without where the remote cannot be asked', async () => {
    const { remote, repository, base } = await clonedAndMoved();
    git(['config', 'http.uploadpack', 'false'], { cwd: remote.directory });
    const failures: unknown[] = [];
    const pushed = await pushFrom(repository, remote.transport, {
      updates: [{ name: 'refs/heads/topic', next: base }],
      negotiate: true,
      onNegotiationFailure: (error) => void failures.push(error),
    });
    expect(pushed).toMatchObject([{ status: 'updated' }]);
    expect(failures).toMatchObject([{ code: 'ACCESS_DENIED' }]);
  });

  test('does not hide that something is wrong here', async () => {
    for (const failure of [new GitError('IO_FAILED', 'Cannot read a pack: EIO'), new TypeError('a mistake')]) {
      const { remote, repository, base } = await clonedAndMoved();
      let isAsking = false;
      const transport: RequestTransport = {
        url: remote.transport.url,
        exchange: async (call) => {
          isAsking = call.service === 'git-upload-pack';
          return await remote.transport.exchange(call);
        },
      };
      const { objects, shallow, algorithm } = repository;
      const failing = new Proxy(objects, {
        get(target, name) {
          if (name === 'read' && isAsking) return () => Promise.reject(failure);
          const value: unknown = Reflect.get(target, name);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      const pushed = pushFrom({ objects: failing, shallow, algorithm }, transport, {
        updates: [{ name: 'refs/heads/topic', next: base }],
        negotiate: true,
      });
      await expect(pushed).rejects.toBe(failure);
      expect(Object.keys(remote.refs())).toEqual([main]);
    }
  });

  test('is given up by who gives up the push', async () => {
    const { remote, repository, base } = await clonedAndMoved();
    const controller = new AbortController();
    const transport: RequestTransport = {
      url: remote.transport.url,
      exchange: async (call) => {
        if (call.service === 'git-upload-pack') controller.abort(new Error('enough'));
        return await remote.transport.exchange(call);
      },
    };
    const updates = [{ name: 'refs/heads/topic', next: base }];
    const pushed = pushFrom(repository, transport, { updates, negotiate: true, signal: controller.signal });
    await expect(pushed).rejects.toThrow('enough');
    expect(Object.keys(remote.refs())).toEqual([main]);
  });
});

describe('pushFrom', () => {
  let repository: Repository;
  let first: Oid;
  let second: Oid;

  beforeEach(async () => {
    repository = createMemoryRepository();
    first = await writeCommit(repository.objects, { files: { a: '1' } });
    second = await writeCommit(repository.objects, { files: { a: '2' }, parents: [first] });
  });

  const put = (remote: Remote, ...updates: PushUpdate[]): ReturnType<typeof pushFrom> =>
    pushFrom(repository, remote.transport, { updates });
  const update = (name: string, next: Oid | null, expected?: Oid | null): PushUpdate => ({
    name: `refs/heads/${name}`,
    next,
    ...(expected === undefined ? {} : { expected }),
  });

  test('moves hundreds of refs at once', async () => {
    const remote = newRemote('sha1');
    const updates = Array.from({ length: 300 }, (_, index) => update(`b/${index}`, index % 2 ? first : second));
    const results = await pushFrom(repository, remote.transport, { updates });
    expect(results.every(({ status }) => status === 'updated')).toBe(true);
    expect(Object.keys(remote.refs()).length).toBe(300);
    remote.fsck();
  });

  test('does not move a ref that is not what was expected, and says what it is', async () => {
    const remote = newRemote('sha1');
    await put(remote, update('main', first));
    const results = await put(remote, update('main', second, null), update('new', first, second), update('ok', first));
    expect(results).toEqual([
      { name: 'refs/heads/main', status: 'stale', actual: first },
      { name: 'refs/heads/new', status: 'stale', actual: null },
      { name: 'refs/heads/ok', status: 'updated' },
    ]);
    const [stale] = results;
    expect(pushFailure(stale as Parameters<typeof pushFailure>[0])).toMatchObject({
      code: 'PUSH_REJECTED',
      message: expect.stringContaining(first),
    });
  });

  test('with atomic, moves nothing where one ref is stale', async () => {
    const remote = newRemote('sha1');
    await put(remote, update('main', first));
    const updates = [update('main', second, second), update('side', first)];
    const results = await pushFrom(repository, remote.transport, { updates, atomic: true });
    expect(results.map(({ status }) => status)).toEqual(['stale', 'rejected']);
    expect(remote.refs()).toEqual({ 'refs/heads/main': first });
  });

  test('hears what a hook says, of each ref', async () => {
    const remote = newRemote('sha1');
    const hook = join(remote.directory, 'hooks', 'update');
    writeFileSync(hook, '#!/bin/sh\ncase "$1" in refs/heads/no*) echo "not this one" >&2; exit 1;; esac\n');
    chmodSync(hook, 0o755);
    const said: string[] = [];
    const results = await pushFrom(repository, remote.transport, {
      updates: [update('no', first), update('yes', first)],
      onRemoteProgress: (line) => void said.push(line),
    });
    expect(results).toEqual([
      { name: 'refs/heads/no', status: 'rejected', reason: 'hook declined' },
      { name: 'refs/heads/yes', status: 'updated' },
    ]);
    expect(said).toContain('not this one');
    const atomic = await pushFrom(repository, remote.transport, {
      updates: [update('no', first), update('maybe', first)],
      atomic: true,
    });
    expect(atomic.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(remote.refs()).toEqual({ 'refs/heads/yes': first });
  });

  test('hears of a pre-receive hook that declines all', async () => {
    const remote = newRemote('sha1');
    const hook = join(remote.directory, 'hooks', 'pre-receive');
    writeFileSync(hook, '#!/bin/sh\nexit 1\n');
    chmodSync(hook, 0o755);
    expect(await put(remote, update('a', first), update('b', first))).toEqual([
      { name: 'refs/heads/a', status: 'rejected', reason: 'pre-receive hook declined' },
      { name: 'refs/heads/b', status: 'rejected', reason: 'pre-receive hook declined' },
    ]);
  });

  test('does not push what it does not have', async () => {
    const remote = newRemote('sha1');
    const missing = inventedOid(repository.algorithm, '7');
    await expect(put(remote, update('main', missing))).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    expect(remote.refs()).toEqual({});
  });

  test('refuses to name a ref twice', async () => {
    const remote = newRemote('sha1');
    await expect(put(remote, update('main', first), update('main', second))).rejects.toThrow(TypeError);
  });

  describe('when the answer is lost', () => {
    /** A `fetch` that lets the push through, and then does as told instead of giving the answer. */
    const losing = (then: () => void = () => {}): FetchFunction => {
      return async (url, init) => {
        const response = await fetch(url, init);
        if (!isPush(init.method, url)) return response;
        await response.arrayBuffer(); // git has done its work
        then();
        throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET', message: 'reset' } });
      };
    };

    test('takes a push that arrived for a success', async () => {
      const { directory } = newRemote('sha1');
      const remote = remoteAt(directory, losing());
      expect(await put(remote, update('main', first), update('side', first))).toEqual([
        { name: 'refs/heads/main', status: 'updated' },
        { name: 'refs/heads/side', status: 'updated' },
      ]);
      expect(await put(remote, update('side', null))).toMatchObject([{ status: 'updated' }]);
      expect(remote.refs()).toEqual({ 'refs/heads/main': first });
    });

    test('takes an answer that breaks off for lost, too', async () => {
      const { directory } = newRemote('sha1');
      const remote = remoteAt(directory, async (url, init) => {
        const response = await fetch(url, init);
        if (!isPush(init.method, url)) return response;
        const bytes = new Uint8Array(await response.arrayBuffer());
        return new Response(bytes.subarray(0, 9), { headers: response.headers });
      });
      expect(await put(remote, update('main', first))).toMatchObject([{ status: 'updated' }]);
    });

    test('does not know where the refs have their old values: the server may still be at work', async () => {
      const remote = newRemote('sha1');
      intercept = (request) => {
        if (!isPush(request.method, request.url)) return false;
        request.socket.destroy();
        return true;
      };
      await expect(put(remote, update('main', first))).rejects.toMatchObject({
        code: 'PUSH_OUTCOME_UNKNOWN',
        message: expect.stringContaining('it had the old values'),
        cause: { code: 'TRANSPORT_CLOSED' },
      });
      expect(remote.refs()).toEqual({});
    });

    test.each([408, 500, 503])(
      'does not know after an answer %i that came before the work was done',
      async (status) => {
        const { directory } = newRemote('sha1');
        let work: (() => Promise<Response>) | undefined;
        const remote = remoteAt(directory, async (url, init) => {
          if (!isPush(init.method, url)) return await fetch(url, init);
          work = () => fetch(url, init);
          return new Response('a proxy lost patience', { status });
        });
        await expect(put(remote, update('main', first))).rejects.toMatchObject({ code: 'PUSH_OUTCOME_UNKNOWN' });
        expect(remote.refs()).toEqual({});
        await (await work?.())?.arrayBuffer();
        expect(remote.refs()).toEqual({ 'refs/heads/main': first });
      },
    );

    test('throws what the server itself says where nothing moved', async () => {
      const remote = newRemote('sha1');
      intercept = (request, response) => {
        if (!isPush(request.method, request.url)) return false;
        request.resume();
        response.writeHead(200, { 'Content-Type': 'application/x-git-receive-pack-result' });
        response.end(concatBytes([...encodeSideband(3, encodeUtf8('no room'))]));
        return true;
      };
      const error: unknown = await put(remote, update('main', first)).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'REMOTE_ERROR' });
      expect(error).not.toHaveProperty('outcomeUnknown');
    });

    test('does not know where some moved and others not yet', async () => {
      const { directory } = newRemote('sha1');
      const hook = join(directory, 'hooks', 'update');
      writeFileSync(hook, '#!/bin/sh\ncase "$1" in refs/heads/no*) exit 1;; esac\n');
      chmodSync(hook, 0o755);
      const remote = remoteAt(directory, losing());
      await expect(put(remote, update('no', first), update('yes', first))).rejects.toMatchObject({
        code: 'PUSH_OUTCOME_UNKNOWN',
        message: expect.stringContaining('refs/heads/no had its old value'),
      });
      expect(remote.refs()).toEqual({ 'refs/heads/yes': first });
    });

    test('does not know where somebody else moved the ref since', async () => {
      const { directory } = newRemote('sha1');
      const remote = remoteAt(
        directory,
        losing(() => void git(['update-ref', 'refs/heads/main', second], { cwd: directory })),
      );
      await put(remoteAt(directory), update('keep', second));
      const pushed = put(remote, update('main', first));
      await expect(pushed).rejects.toThrow(PushOutcomeUnknownError);
      await expect(pushed).rejects.toMatchObject({ code: 'PUSH_OUTCOME_UNKNOWN', updates: [update('main', first)] });
    });

    test('does not know where the remote cannot be asked any more', async () => {
      const { directory } = newRemote('sha1');
      let gone = false;
      const lose = losing(() => {
        gone = true;
      });
      const remote = remoteAt(directory, async (url, init) => {
        if (gone) throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } });
        return await lose(url, init);
      });
      await expect(put(remote, update('main', first))).rejects.toMatchObject({ code: 'PUSH_OUTCOME_UNKNOWN' });
      expect(remote.refs()).toEqual({ 'refs/heads/main': first });
    });

    test('settles a push that is given up after it was sent', async () => {
      const { directory } = newRemote('sha1');
      const controller = new AbortController();
      const remote = remoteAt(directory, async (url, init) => {
        const response = await fetch(url, init);
        if (!isPush(init.method, url)) return response;
        await response.arrayBuffer();
        controller.abort();
        throw controller.signal.reason;
      });
      const { signal } = controller;
      const results = await pushFrom(repository, remote.transport, { updates: [update('main', first)], signal });
      expect(results).toMatchObject([{ status: 'updated' }]);
    });
  });

  test.each(['before it is sent', 'while the pack is sent'])('moves nothing where it is given up %s', async (when) => {
    const { directory } = newRemote('sha1');
    const controller = new AbortController();
    const remote = remoteAt(directory, async (url, init) => {
      // Over 1 MiB a body is streamed, after a request that asks whether it may come.
      const isStreamed = init.body instanceof ReadableStream;
      if (!isPush(init.method, url) || (when !== 'before it is sent' && !isStreamed)) return await fetch(url, init);
      if (init.body instanceof ReadableStream) await init.body.getReader().read();
      controller.abort();
      throw controller.signal.reason;
    });
    const noise = Array.from({ length: 60 }, (_, index) => [`f${index}`, randomText(40_000)]);
    const next = await writeCommit(repository.objects, { files: Object.fromEntries(noise) });
    const updates = [update('main', next)];
    const pushed = pushFrom(repository, remote.transport, { updates, signal: controller.signal });
    await expect(pushed).rejects.toMatchObject({ name: 'AbortError' });
    expect(remote.refs()).toEqual({});
    expect(await collect(repository.objects.oids())).toContain(next);
  });

  test('streams a pack of more than a mebibyte', async () => {
    const remote = newRemote('sha1');
    const noise = Array.from({ length: 60 }, (_, index) => [`f${index}`, randomText(40_000)]);
    const next = await writeCommit(repository.objects, { files: Object.fromEntries(noise) });
    expect(await put(remote, update('main', next))).toMatchObject([{ status: 'updated' }]);
    expect(backend.requests.at(-1)?.headers).toMatchObject({ 'transfer-encoding': 'chunked' });
    remote.fsck();
  });
});

function isPush(method: string | undefined, url: string | undefined): boolean {
  return method === 'POST' && url?.endsWith('/git-receive-pack') === true;
}

/** Text that does not compress, the same in every run. */
function randomText(length: number): string {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = 32 + ((seed >>> 16) % 95);
  }
  return new TextDecoder().decode(bytes);
}
let seed = 1;
