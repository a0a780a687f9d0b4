import { join } from 'node:path';
import { sha1, sha256, TransportError } from '@git-kv/objects';
import {
  type Connection,
  type ConnectionTransport,
  connectReceivePack,
  connectUploadPack,
  encodeText,
  isPushOutcomeUnknown,
  serializeErrorLine,
} from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { gitPipe } from '../../../../test/support/git-pipe.js';
import { chunked, collect, packOf, unpack } from '../support.js';

describe.each([sha1, sha256])('over a connection to git, with $name,', (algorithm) => {
  const format = algorithm.name;

  test('protocol v2 serves call after call on one connection, and ends it well', async () => {
    const directory = initBare(temporaryDirectory(), format);
    const base = commitFiles(directory, [{ files: { a: '1', b: '2' } }]);
    const head = commitFiles(directory, [{ files: { a: '3' }, time: 1700000100 }]);
    const transport = gitPipe(directory);
    const remote = await connectUploadPack(transport);
    expect(remote).toMatchObject({ version: 2, algorithm });
    expect(await remote.lsRefs()).toContainEqual({ name: 'refs/heads/main', oid: head });
    const whole = await remote.fetch({ wants: [head] });
    const clone = unpack(await collect(whole.pack!), format);
    expect(git(['rev-list', '--count', head], { cwd: clone })).toBe('2');
    const part = await remote.fetch({ wants: [head], haves: [base] });
    const pack = await collect(part.pack!);
    expect(new DataView(pack.buffer, pack.byteOffset).getUint32(8)).toBe(3);
    expect(await remote.lsRefs({ prefixes: ['refs/heads/'] })).toHaveLength(1);
    expect(transport.exitCodes).toEqual([undefined]);
    await remote.close();
    expect(transport.exitCodes).toEqual([0]);
  });

  test('a second call while the first is answered, or after one that was broken off, has a connection of its own', async () => {
    const directory = initBare(temporaryDirectory(), format);
    const noise = Uint8Array.from({ length: 300_000 }, (_, at) => (at * at * 2654435761) >>> 13);
    const head = commitFiles(directory, [{ files: { noise } }]);
    const transport = gitPipe(directory);
    const remote = await connectUploadPack(transport);
    const first = await remote.fetch({ wants: [head] });
    await first.pack?.next();
    expect(await remote.lsRefs({ prefixes: ['refs/heads/'] })).toEqual([{ name: 'refs/heads/main', oid: head }]);
    await first.pack?.return?.();
    const again = await remote.fetch({ wants: [head] });
    expect((await collect(again.pack!)).length).toBeGreaterThan(100_000);
    await remote.close();
    expect(transport.exitCodes).toEqual([expect.not.stringMatching('0'), 0]);
    expect(await remote.lsRefs({ prefixes: ['refs/heads/'] })).toHaveLength(1);
    await remote.close();
    expect(transport.exitCodes).toHaveLength(3);
  });

  test('a push creates, updates and deletes', async () => {
    const directory = initBare(temporaryDirectory(), format);
    git(['config', 'receive.denyDeleteCurrent', 'ignore'], { cwd: directory });
    const source = initBare(temporaryDirectory(), format);
    const first = commitFiles(source, [{ files: { a: '1' } }]);
    const second = commitFiles(source, [{ files: { a: '2' }, time: 1700000100 }]);
    const transport = gitPipe(directory);
    const remote = await connectReceivePack(transport);
    expect(remote).toMatchObject({ algorithm, refs: [] });
    const name = 'refs/heads/main';
    const create = { commands: [{ name, oldOid: null, newOid: first }], pack: chunked(packOf(source, [first]), 100) };
    expect(await remote.push(create)).toEqual({ unpack: 'ok', results: [{ name, ok: true }] });
    const update = {
      commands: [{ name, oldOid: first, newOid: second }],
      pack: chunked(packOf(source, [second, `^${first}`])),
    };
    expect(await remote.push(update)).toMatchObject({ unpack: 'ok', results: [{ ok: true }] });
    expect(git(['rev-parse', name], { cwd: directory })).toBe(second);
    git(['fsck', '--strict'], { cwd: directory });
    const remove = [{ name, oldOid: second, newOid: null }];
    expect(await remote.push({ commands: remove })).toMatchObject({ unpack: 'ok', results: [{ ok: true }] });
    expect(git(['for-each-ref'], { cwd: directory })).toBe('');
    await remote.close();
    expect(transport.exitCodes).toEqual([0, 0, 0]);
  });
});

describe('over a connection', () => {
  test('a client that pushes nothing says so', async () => {
    const transport = gitPipe(initBare(temporaryDirectory()));
    const remote = await connectReceivePack(transport);
    await remote.close();
    await remote.close();
    expect(transport.exitCodes).toEqual([0]);
  });

  test('a pack that fails on this side ends the push, and nothing happens', async () => {
    const directory = initBare(temporaryDirectory());
    const source = initBare(temporaryDirectory());
    const head = commitFiles(source, [{ files: { a: '1' } }]);
    const failure = new Error('disk');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield packOf(source, [head]).subarray(0, 50);
      throw failure;
    }
    const remote = await connectReceivePack(gitPipe(directory));
    const commands = [{ name: 'refs/heads/main', oldOid: null, newOid: head }];
    await expect(remote.push({ commands, pack: broken() })).rejects.toBe(failure);
    await remote.close();
    expect(git(['for-each-ref'], { cwd: directory })).toBe('');
  });

  test('a program that fails is told by its words, or as a connection that closed', async () => {
    const none = gitPipe(join(temporaryDirectory(), 'none.git'));
    await expect(connectUploadPack(none)).rejects.toMatchObject({
      code: 'TRANSPORT_CLOSED',
      message: expect.stringContaining('not appear to be a git repository'),
    });
    await expect(connectReceivePack(none)).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });

  test('giving up ends the connection, whether something is read or waited for', async () => {
    const directory = initBare(temporaryDirectory());
    const head = commitFiles(directory, [{ files: { a: '1' } }]);
    const reason = new Error('enough');
    const transport = gitPipe(directory);
    const remote = await connectUploadPack(transport);
    const controller = new AbortController();
    const answer = await remote.fetch({ wants: [head], signal: controller.signal });
    controller.abort(reason);
    await expect(collect(answer.pack!)).rejects.toBe(reason);
    await expect(remote.lsRefs({ signal: controller.signal })).rejects.toBe(reason);
    await expect(connectUploadPack(transport, { signal: controller.signal })).rejects.toBe(reason);
    await remote.close();
    const silent = new AbortController();
    const waiting = connectUploadPack(madeOf([], { staysOpen: true }), { signal: silent.signal });
    silent.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  test('the last words of the other side say more than that nothing could be sent', async () => {
    const words = serializeErrorLine('too many connections');
    const advertisement = [encodeText('version 2'), encodeText('ls-refs'), new TextEncoder().encode('0000')];
    const remote = await connectUploadPack(madeOf([...advertisement, words], { refusesWords: true }));
    await expect(remote.lsRefs()).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
      remoteMessage: 'too many connections',
    });
    const mute = await connectUploadPack(madeOf(advertisement, { refusesWords: true }));
    await expect(mute.lsRefs()).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED', message: 'Cannot send: gone' });
  });

  test('a push whose answer does not come leaves its outcome open', async () => {
    const line = new TextEncoder().encode(
      `${'a'.repeat(40)} refs/heads/main\0report-status side-band-64k delete-refs\n`,
    );
    const size = new TextEncoder().encode((line.length + 4).toString(16).padStart(4, '0'));
    const remote = await connectReceivePack(madeOf([size, line, new TextEncoder().encode('0000')]));
    const commands = [{ name: 'refs/heads/main', oldOid: 'a'.repeat(40), newOid: null }];
    const error: unknown = await remote.push({ commands }).catch((thrown: unknown) => thrown);
    expect(isPushOutcomeUnknown(error)).toBe(true);
  });
});

/** A server that says `words`, whatever it hears. */
function madeOf(
  words: readonly Uint8Array[],
  options: { readonly staysOpen?: boolean; readonly refusesWords?: boolean } = {},
): ConnectionTransport {
  return {
    url: 'memory',
    connect: async (): Promise<Connection> => {
      let close = (): void => {};
      const closed = new Promise<void>((resolve) => {
        close = resolve;
      });
      async function* incoming(): AsyncGenerator<Uint8Array> {
        yield* words;
        if (options.staysOpen === true) await closed;
      }
      const send = async (): Promise<void> => {
        if (options.refusesWords === true) throw new TransportError('TRANSPORT_CLOSED', 'Cannot send: gone');
      };
      return { incoming: incoming(), send, finish: async () => {}, close: async () => close() };
    },
  };
}
