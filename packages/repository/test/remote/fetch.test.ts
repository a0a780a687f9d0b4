import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { concatBytes, encodeUtf8, type Oid, type RawObject } from '@git-kv/objects';
import { packBytes } from '@git-kv/pack';
import {
  connectUploadPack,
  createHttpTransport,
  encodeSideband,
  FLUSH,
  serializeFetchAnswerHead,
  type UploadPackClient,
} from '@git-kv/protocol';
import { cloneInto, type FetchIntoOptions, fetchInto, findRemoteRef, type Repository } from '@git-kv/repository';
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
import { fsck, MATRIX, openEngine, stateOf } from '../support/engines.js';
import { type History, makeHistory } from '../support/history.js';
import { collect, inventedOid } from '../support/objects.js';

let root: string;
let backend: GitHttpBackend;
let intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
const histories = new Map<ObjectFormat, History>();

beforeAll(async () => {
  root = makeDirectory('git-kv-fetch');
  for (const format of ['sha1', 'sha256'] as const) {
    histories.set(format, makeHistory(join(root, `${format}.git`), format));
  }
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

const connect = (name: string): Promise<UploadPackClient> =>
  connectUploadPack(createHttpTransport(`${backend.url}/${name}.git`));

let count = 0;

describe.each(MATRIX)('fetchInto with $engine in $format', ({ engine, format }) => {
  const history = (): History => histories.get(format) as History;
  let directory: string;
  const open = async (): Promise<Repository> => {
    directory = join(root, `${++count}.git`);
    return await openEngine(engine, format, directory);
  };
  const setMain = async (repository: Repository, oid: Oid): Promise<void> => {
    await repository.refs.update([{ name: 'refs/heads/main', next: { oid } }]);
  };
  const check = (repository: Repository): Promise<void> => fsck(repository, engine, directory);

  test('brings what the haves do not reach, and no more', async () => {
    const repository = await open();
    const client = await connect(format);
    const { main } = history();
    const [, second, , , last] = main as [Oid, Oid, Oid, Oid, Oid];
    const all = await fetchInto(repository, client, { wants: [second] });
    expect(all).toMatchObject({ shallowOids: [], unshallowOids: [] });
    const more = await fetchInto(repository, client, { wants: [last], haves: [second] });
    // Three commits, each with a root, `dir`, `dir/sub`, two new blobs.
    expect(more.objectCount).toBe(18);
    await setMain(repository, last);
    await check(repository);
  });

  test('asks for nothing where nothing is wanted', async () => {
    const repository = await open();
    const client = await connect(format);
    const asked = backend.requests.length;
    expect(await fetchInto(repository, client, { wants: [] })).toEqual({
      objectCount: 0,
      shallowOids: [],
      unshallowOids: [],
    });
    expect(backend.requests.length).toBe(asked);
  });

  test('goes from tip to tip with depth 1, then deepens, then gets the rest', async () => {
    const source = join(root, `${++count}.git`);
    initBare(source, format);
    const name = String(count);
    const first = commitFiles(source, [{ files: { a: '1', 'd/b': '1' } }, { files: { a: '2' } }]);
    const repository = await open();
    await fetchInto(repository, await connect(name), { wants: [first], depth: 1 });
    const second = commitFiles(source, [{ files: { a: '3' } }, { files: { a: '4' } }]);
    const client = await connect(name);
    const summary = await fetchInto(repository, client, { wants: [second], haves: [first], depth: 1 });
    // The commit, its root and `a`; `d` is at hand.
    expect(summary).toMatchObject({ objectCount: 3, shallowOids: [second] });
    await setMain(repository, second);
    await check(repository);

    const deeper = await fetchInto(repository, client, { wants: [second], haves: [second], depth: 2 });
    expect(deeper.unshallowOids).toEqual([second]);
    const all = await fetchInto(repository, client, { wants: [second], haves: [second], depth: 100 });
    expect(all.shallowOids).toEqual([]);
    expect([...(await repository.shallow.read())]).toEqual([]);
    const commits = git(['rev-list', 'main'], { cwd: source }).split('\n');
    for (const oid of commits) expect(await repository.objects.stat(oid)).toMatchObject({ kind: 'commit' });
    if (engine === 'files') await check(repository);
  });

  test('leaves the repository as it was where the remote refuses a want', async () => {
    const repository = await open();
    const { main } = history();
    const client = await connect(format);
    await fetchInto(repository, client, { wants: [main[0] as Oid] });
    const before = await stateOf(repository, engine === 'files' ? directory : undefined);
    const wants = [inventedOid(repository.algorithm, 'e')];
    await expect(fetchInto(repository, client, { wants })).rejects.toMatchObject({ code: 'REMOTE_ERROR' });
    expect(await stateOf(repository, engine === 'files' ? directory : undefined)).toEqual(before);
  });

  describe('leaves the repository as it was where the answer', () => {
    /** Serve `parts` for the next fetch and let go of the connection as told. */
    const answerWith = (parts: readonly Uint8Array[], end: 'end' | 'destroy' | 'hang' = 'end'): void => {
      intercept = (request, response) => {
        if (request.method !== 'POST') return false;
        request.resume();
        response.writeHead(200, { 'Content-Type': 'application/x-git-upload-pack-result' });
        for (const part of parts) response.write(part);
        if (end === 'end') response.end();
        // Only what the socket has taken arrives before it is destroyed.
        else if (end === 'destroy') setImmediate(() => response.destroy());
        return true;
      };
    };
    const head = serializeFetchAnswerHead({}, true);
    const pack = async (repository: Repository, keep: (object: RawObject) => boolean): Promise<Uint8Array> => {
      const whole = createMemoryRepository({ algorithm: repository.algorithm });
      await cloneInto(whole, createHttpTransport(`${backend.url}/${format}.git`));
      const objects: RawObject[] = [];
      for await (const [, object] of whole.objects.readMany(await collect(whole.objects.oids()))) {
        if (object !== undefined && keep(object)) objects.push(object);
      }
      return (await packBytes({ algorithm: repository.algorithm, objects, objectCount: objects.length })).bytes;
    };
    const inBand = (bytes: Uint8Array): Uint8Array[] => [...encodeSideband(1, bytes)];
    const all = (): boolean => true;

    const refuses = async (
      repository: Repository,
      options: Partial<FetchIntoOptions>,
      expected: Record<string, unknown>,
    ): Promise<void> => {
      const client = await connect(format);
      const before = await stateOf(repository, engine === 'files' ? directory : undefined);
      const wants = [history().main.at(-1) as Oid];
      await expect(fetchInto(repository, client, { wants, ...options })).rejects.toMatchObject(expected);
      expect(await stateOf(repository, engine === 'files' ? directory : undefined)).toEqual(before);
    };

    test('is a pack with a wrong byte', async () => {
      const repository = await open();
      const bytes = await pack(repository, all);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 0x40;
      answerWith([head, ...inBand(bytes), FLUSH]);
      await refuses(repository, {}, { code: expect.stringMatching(/^(MALFORMED|HASH_MISMATCH)$/) });
    });

    test('is a pack without an end', async () => {
      const repository = await open();
      const bytes = await pack(repository, all);
      answerWith([head, ...inBand(bytes.subarray(0, bytes.length - 30)), FLUSH]);
      await refuses(repository, {}, { code: 'MALFORMED' });
    });

    test.each(['end', 'destroy'] as const)('breaks off half-way (%s)', async (how) => {
      const repository = await open();
      const bytes = await pack(repository, all);
      answerWith([head, ...inBand(bytes.subarray(0, bytes.length >> 1))], how);
      await refuses(repository, {}, { code: 'TRANSPORT_CLOSED' });
    });

    test('is the words of a failure', async () => {
      const repository = await open();
      const bytes = await pack(repository, all);
      const words = [...encodeSideband(3, encodeUtf8('out of \u001b[31mmemory\n'))];
      answerWith([head, ...inBand(bytes.subarray(0, 100)), ...words]);
      await refuses(repository, {}, { code: 'REMOTE_ERROR', remoteMessage: expect.stringContaining('memory') });
    });

    test.each(['tree', 'blob', 'commit'] as const)('is a whole pack in which a %s is missing', async (kind) => {
      const repository = await open();
      let left = false;
      const bytes = await pack(repository, (object) => {
        // Not a tip: the first one in the order of ids that something else needs.
        const leave = !left && object.kind === kind && (kind !== 'commit' || !includes(object.body, 'commit 5'));
        if (leave) left = true;
        return !leave;
      });
      answerWith([head, ...inBand(bytes), FLUSH]);
      await refuses(repository, {}, { code: 'OBJECT_NOT_FOUND' });
    });

    test('is a pack without the want', async () => {
      const repository = await open();
      const bytes = await pack(repository, ({ kind }) => kind === 'blob');
      answerWith([head, ...inBand(bytes), FLUSH]);
      const want = history().main.at(-1);
      await refuses(repository, {}, { code: 'OBJECT_NOT_FOUND', subject: want });
    });

    test('is larger than allowed', async () => {
      const repository = await open();
      const bytes = await pack(repository, all);
      answerWith([head, ...inBand(bytes), FLUSH]);
      await refuses(repository, { maxPackBytes: 200 }, { code: 'LIMIT_EXCEEDED', allowed: 200 });
    });

    test('is given up half-way', async () => {
      const repository = await open();
      const bytes = await pack(repository, all);
      answerWith([head, ...inBand(bytes.subarray(0, bytes.length >> 1))], 'hang');
      const controller = new AbortController();
      intercept = withHook(intercept, () => setImmediate(() => controller.abort()));
      await refuses(repository, { signal: controller.signal }, { name: 'AbortError' });
    });
  });

  test.each([
    ['where no more history was asked for', false, false, false],
    ['of a commit where history is not cut', true, false, false],
    ['of a commit whose parents did not come', true, true, false],
    ['of a commit whose parents did not come, where nothing else is missing', true, true, true],
  ])('does not let a remote undo a boundary %s', async (_what, deepens, isOurs, isWhole) => {
    const repository = await open();
    const client = await connect(format);
    const { main } = history();
    const [first, second, third] = main as [Oid, Oid, Oid];
    await fetchInto(repository, client, { wants: [third], depth: 1 });
    const whole = createMemoryRepository({ algorithm: repository.algorithm });
    await fetchInto(whole, client, { wants: [first] });
    const objects: RawObject[] = [];
    for await (const [, object] of whole.objects.readMany(await collect(whole.objects.oids()))) {
      if (object !== undefined) objects.push(object);
    }
    const { bytes } = await packBytes({ algorithm: repository.algorithm, objects, objectCount: objects.length });
    intercept = (request, response) => {
      if (request.method !== 'POST') return false;
      request.resume();
      const shallowInfo = { shallowOids: [], unshallowOids: [isOurs || !deepens ? third : second] };
      response.writeHead(200, { 'Content-Type': 'application/x-git-upload-pack-result' });
      response.end(concatBytes([serializeFetchAnswerHead({ shallowInfo }, true), ...encodeSideband(1, bytes), FLUSH]));
      return true;
    };
    const depth = deepens ? { depth: 2 } : {};
    const fetched = fetchInto(repository, client, { wants: [first], haves: [third], isWhole, ...depth });
    if (isOurs) await expect(fetched).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND', subject: second });
    else expect(await fetched).toMatchObject({ unshallowOids: [] });
    expect([...(await repository.shallow.read())]).toEqual([third]);
  });

  test('does not let a remote hide history that is here', async () => {
    const repository = await open();
    const client = await connect(format);
    const { main } = history();
    const [, , third, , last] = main as [Oid, Oid, Oid, Oid, Oid];
    await fetchInto(repository, client, { wants: [third] });
    const whole = createMemoryRepository({ algorithm: repository.algorithm });
    await cloneInto(whole, createHttpTransport(`${backend.url}/${format}.git`));
    const objects: RawObject[] = [];
    for await (const [, object] of whole.objects.readMany(await collect(whole.objects.oids()))) {
      if (object !== undefined) objects.push(object);
    }
    const { bytes } = await packBytes({ algorithm: repository.algorithm, objects, objectCount: objects.length });
    intercept = (request, response) => {
      if (request.method !== 'POST') return false;
      request.resume();
      const told = serializeFetchAnswerHead({ shallowInfo: { shallowOids: [third], unshallowOids: [] } }, true);
      response.writeHead(200, { 'Content-Type': 'application/x-git-upload-pack-result' });
      response.end(concatBytes([told, ...encodeSideband(1, bytes), FLUSH]));
      return true;
    };
    const { shallowOids } = await fetchInto(repository, client, { wants: [last], haves: [third] });
    expect(shallowOids).toEqual([]);
    expect([...(await repository.shallow.read())]).toEqual([]);
  });
});

describe('findRemoteRef', () => {
  test('tells a ref, an absent ref and an empty remote apart', async () => {
    const { main } = histories.get('sha1') as History;
    const client = await connect('sha1');
    expect(await findRemoteRef(client, 'refs/heads/main')).toEqual({ status: 'found', oid: main.at(-1) });
    expect(await findRemoteRef(client, 'refs/heads/mai')).toEqual({ status: 'absent' });
    initBare(join(root, 'nothing.git'));
    expect(await findRemoteRef(await connect('nothing'), 'refs/heads/main')).toEqual({ status: 'empty' });
  });

  test('needs one request for a ref that is there', async () => {
    const client = await connect('sha1');
    const asked = backend.requests.length;
    await findRemoteRef(client, 'refs/tags/v1');
    expect(backend.requests.length - asked).toBe(1);
  });
});

function includes(body: Uint8Array, text: string): boolean {
  return Buffer.from(body).includes(text);
}

/** `intercept`, and `hook` after it has answered. */
function withHook(inner: typeof intercept, hook: () => void): typeof intercept {
  return (request, response) => {
    const answered = inner?.(request, response) ?? false;
    if (answered) hook();
    return answered;
  };
}
