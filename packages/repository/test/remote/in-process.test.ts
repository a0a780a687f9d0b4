import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashAlgorithm } from '@git-kv/objects';
import { type ConnectionTransport, connectReceivePack, connectUploadPack } from '@git-kv/protocol';
import {
  cloneInto,
  createInProcessTransport,
  createRepositoryTransport,
  pushFrom,
  resolveRef,
} from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { createPathTransport } from '@git-kv/repository/node-fs';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, initBare, type ObjectFormat, temporaryDirectory } from '../../../../test/support/git.js';

const FORMATS: readonly ObjectFormat[] = ['sha1', 'sha256'];

describe.each(FORMATS)('a repository in %s', (format) => {
  function repositoryOnDisk(): { path: string; tip: string } {
    const path = initBare(join(temporaryDirectory(), 'r.git'), format);
    const tip = commitFiles(path, [{ files: { 'a.txt': 'one\n' } }, { files: { 'b/c.txt': 'two\n' } }]);
    return { path, tip };
  }

  test('at a path is cloned and pushed to, without a program', async () => {
    const { path, tip } = repositoryOnDisk();
    const transport = createPathTransport(path);
    const copy = createMemoryRepository({ algorithm: hashAlgorithm(format) });
    await cloneInto(copy, transport);
    expect((await resolveRef(copy.refs, 'refs/heads/main'))?.oid).toBe(tip);
    const [result] = await pushFrom(copy, transport, {
      updates: [{ name: 'refs/heads/other', next: tip, expected: null }],
    });
    expect(result).toEqual({ name: 'refs/heads/other', status: 'updated' });
    expect(git(['rev-parse', 'refs/heads/other'], { cwd: path })).toBe(tip);
    git(['fsck', '--strict'], { cwd: path });
  });

  test('of this process is cloned and pushed to', async () => {
    const algorithm = hashAlgorithm(format);
    const { path, tip } = repositoryOnDisk();
    const held = createMemoryRepository({ algorithm });
    await cloneInto(held, createPathTransport(path));
    const transport = createRepositoryTransport(held, { url: 'memory:r' });
    expect(transport.url).toBe('memory:r');
    const copy = createMemoryRepository({ algorithm });
    await cloneInto(copy, transport);
    expect((await resolveRef(copy.refs, 'refs/heads/main'))?.oid).toBe(tip);
    for (const [next, expected] of [
      [tip, null],
      [null, tip],
    ] as const) {
      const updates = [{ name: 'refs/heads/other', next, expected }];
      expect(await pushFrom(copy, transport, { updates })).toMatchObject([{ status: 'updated' }]);
      expect((await held.refs.read('refs/heads/other')) === undefined).toBe(next === null);
    }
  });
});

describe('a transport to a path', () => {
  test.each([
    ['with its ending', (path: string) => path],
    ['without its ending', (path: string) => path.replace(/\.git$/, '')],
    ['of a work tree', (path: string) => path],
  ])('finds a repository %s', async (how, spell) => {
    const root = temporaryDirectory();
    const path = join(root, 'r.git');
    if (how === 'of a work tree') git(['init', '--quiet', path]);
    else initBare(path);
    const client = await connectUploadPack(createPathTransport(spell(path)));
    expect(await client.lsRefs()).toHaveLength(1); // HEAD, unborn
    await client.close();
  });

  test('says that there is none, when it is used', async () => {
    const root = temporaryDirectory();
    const transport = createPathTransport(join(root, 'absent'));
    await expect(connectUploadPack(transport)).rejects.toMatchObject({ code: 'REPOSITORY_NOT_FOUND' });
    await expect(connectReceivePack(createPathTransport(root))).rejects.toMatchObject({ code: 'REPOSITORY_NOT_FOUND' });
  });

  test('serves by the rules it is given for the repository', async () => {
    const path = initBare(join(temporaryDirectory(), 'r.git'));
    const tip = commitFiles(path, [{ files: { a: '1' } }]);
    appendFileSync(join(path, 'config'), '[receive]\n\tdenyDeletes = true\n');
    const transport = createPathTransport(path, {
      serve: (repository) => ({
        receivePack: { rules: { denyDeletes: repository.layout.config.getBoolean('receive', 'denydeletes') ?? false } },
      }),
    });
    const copy = createMemoryRepository();
    await cloneInto(copy, transport);
    const updates = [{ name: 'refs/heads/main', next: null, expected: tip }];
    expect(await pushFrom(copy, transport, { updates })).toMatchObject([{ status: 'rejected' }]);
  });
});

describe('a transport within the process', () => {
  test('tells the server that the client has let go, and waits for it', async () => {
    const told: string[] = [];
    const transport: ConnectionTransport = createInProcessTransport({
      uploadPack: async function* (incoming, { signal }) {
        try {
          yield new Uint8Array(1);
          for await (const _chunk of incoming) told.push('chunk');
        } finally {
          told.push(signal.aborted ? 'aborted' : 'ended');
        }
      },
    });
    const connection = await transport.connect({ service: 'git-upload-pack' });
    await connection.incoming[Symbol.asyncIterator]().next();
    await connection.close();
    await connection.close();
    expect(told).toEqual(['aborted']);
    await expect(connection.send(new Uint8Array(1))).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });

  test('gives the client what the server throws', async () => {
    const failure = new Error('the disk is gone');
    const transport = createInProcessTransport({
      uploadPack: async function* () {
        yield new Uint8Array(0);
        throw failure;
      },
    });
    const { incoming } = await transport.connect({ service: 'git-upload-pack' });
    await expect(incoming[Symbol.asyncIterator]().next()).rejects.toBe(failure);
  });

  test('lets neither side run far ahead of the other', async () => {
    let produced = 0;
    const transport = createInProcessTransport({
      uploadPack: async function* () {
        for (;;) {
          produced++;
          yield new Uint8Array(64 * 1024);
        }
      },
    });
    const connection = await transport.connect({ service: 'git-upload-pack' });
    const reader = connection.incoming[Symbol.asyncIterator]();
    for (let turn = 0; turn < 10; turn++) await reader.next();
    expect(produced).toBeLessThan(20);
    await connection.close();
  });

  test('has only the services that it is given', async () => {
    const transport = createInProcessTransport({});
    await expect(transport.connect({ service: 'git-receive-pack' })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('is not used after an abort', async () => {
    const transport = createRepositoryTransport(createMemoryRepository());
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(transport.connect({ service: 'git-upload-pack', signal })).rejects.toBe(reason);
  });
});
