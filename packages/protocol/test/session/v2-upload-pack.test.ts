import { sha1, sha256 } from '@git-kv/objects';
import {
  connectUploadPack,
  DEFAULT_PROTOCOL_LIMITS,
  encodeDataLine,
  encodeSideband,
  FLUSH,
  PktLineReader,
  parseCapability,
  readV2Command,
  serializeFetchAnswer,
  serializeV2Advertisement,
  type Transport,
  type V2Command,
} from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { gitPipe } from '../../../../test/support/git-pipe.js';
import { bytesOf, chunked, collect } from '../support.js';

const objectCount = (pack: Uint8Array): number => new DataView(pack.buffer, pack.byteOffset).getUint32(8);

describe.each([sha1, sha256])('what else protocol v2 of git can do, with $name:', (algorithm) => {
  const format = algorithm.name;
  const strangers = Array.from({ length: 300 }, (_, index) => index.toString(16).padStart(algorithm.hexLength, 'e'));

  test('whole answers in a sideband, with session id and server options', async () => {
    const directory = initBare(temporaryDirectory(), format);
    const base = commitFiles(directory, [{ files: { a: '1', b: '2' } }]);
    const head = commitFiles(directory, [{ files: { a: '3' }, time: 1700000100 }]);
    git(['config', 'uploadpack.allowSidebandAll', 'true'], { cwd: directory });
    git(['config', 'transfer.advertiseSID', 'true'], { cwd: directory });
    const options = { sessionId: 'here', serverOptions: ['one', 'two=2'] };
    const remote = await connectUploadPack(gitPipe(directory), options);
    expect(remote.capabilities.find(({ name }) => name === 'fetch')?.value).toContain('sideband-all');
    const answer = await remote.fetch({ wants: [head], haves: [base, ...strangers], depth: 5 });
    expect(objectCount(await collect(answer.pack!))).toBe(3);
    expect(answer).toMatchObject({ commonOids: [base], shallowOids: [], unshallowOids: [] });
    expect(await remote.lsRefs({ prefixes: ['refs/heads/'] })).toHaveLength(1);
    await remote.close();
  });

  test('what is common, without a fetch', async () => {
    const directory = initBare(temporaryDirectory(), format);
    const base = commitFiles(directory, [{ files: { a: '1' } }]);
    const remote = await connectUploadPack(gitPipe(directory));
    expect(await remote.findCommon({ haves: [...strangers, base, ...strangers] })).toEqual([base]);
    expect(await remote.findCommon({ haves: strangers.slice(0, 3) })).toEqual([]);
    expect(await remote.findCommon({})).toEqual([]);
    await remote.close();
  });

  test('sizes of objects', async () => {
    const directory = initBare(temporaryDirectory(), format);
    git(['config', 'transfer.advertiseObjectInfo', 'true'], { cwd: directory });
    const head = commitFiles(directory, [{ files: { a: '12345' } }]);
    const oid = git(['rev-parse', `${head}:a`], { cwd: directory });
    const remote = await connectUploadPack(gitPipe(directory));
    const [stranger = ''] = strangers;
    expect(await remote.objectInfo([oid, stranger])).toEqual([
      { oid, size: 5 },
      { oid: stranger, size: undefined },
    ]);
    await remote.close();
  });

  test('a distant common commit, with haves skipped', async () => {
    const directory = initBare(temporaryDirectory(), format);
    const base = commitFiles(directory, [{ files: { a: '1' } }]);
    const remote = await connectUploadPack(gitPipe(directory));
    const found = await remote.findCommon({ haves: [...strangers, base], negotiator: 'skipping' });
    expect(found).toEqual([base]); // the last one is never skipped
    await remote.close();
  });
});

describe('the client of protocol v2', () => {
  async function connect(fetchFeatures: string, answer: Uint8Array, others: readonly string[] = [], options = {}) {
    const seen: V2Command[] = [];
    const capabilities = [`fetch=${fetchFeatures}`, ...others].map(parseCapability);
    const transport: Transport = {
      url: 'memory',
      exchange: async ({ phase, body }) => {
        if (phase === 'advertise') return chunked(serializeV2Advertisement(capabilities));
        const lines = new PktLineReader(chunked(body as Uint8Array));
        seen.push((await readV2Command(lines, DEFAULT_PROTOCOL_LIMITS))!);
        return chunked(answer, 3);
      },
    };
    return { remote: await connectUploadPack(transport, options), seen };
  }
  const band = (number: 1 | 2 | 3, text: string): Uint8Array[] => [...encodeSideband(number, bytesOf(text))];
  const A = 'a'.repeat(40);

  test('hears progress and keep-alives before the sections of an answer in a sideband', async () => {
    const keepAlive = encodeDataLine(Uint8Array.of(1));
    const parts = [...band(2, 'thinking\n'), keepAlive, ...band(1, 'packfile\n'), ...band(1, 'PACK'), FLUSH];
    const { remote, seen } = await connect('sideband-all', await collect(iterate(parts)));
    const progress: string[] = [];
    const answer = await remote.fetch({ wants: [A], onProgress: (line) => progress.push(line) });
    expect(await collect(answer.pack!)).toEqual(bytesOf('PACK'));
    expect(progress).toEqual(['thinking']);
    expect(seen[0]?.args).toContain('sideband-all');
  });

  test.each([
    ['band 3', band(3, 'no memory')],
    ['an ERR line', [encodeDataLine(bytesOf('ERR no memory'))]],
  ])('takes %s for the end', async (_what, parts) => {
    const { remote } = await connect('sideband-all', await collect(iterate(parts)));
    await expect(remote.fetch({ wants: [A] })).rejects.toMatchObject({ remoteMessage: 'no memory' });
  });

  test.each([
    ['of another object', `${'b'.repeat(40)} 5`],
    ['of more objects', `${A} 5`, `${A} 5`],
    ['of none'],
    ['without sense', `${A} five`],
    ['of an object of another algorithm', `${'a'.repeat(64)} 5`],
  ])('refuses sizes %s', async (_what, ...rows) => {
    const parts = ['size', ...rows].map((row) => encodeDataLine(bytesOf(row)));
    const { remote } = await connect('', await collect(iterate([...parts, FLUSH])), ['object-info']);
    await expect(remote.objectInfo([A])).rejects.toMatchObject({ code: 'MALFORMED' });
  });

  test('tells its session where the server told its own, and options where they are taken', async () => {
    const answer = await collect(serializeFetchAnswer({}, chunked(bytesOf('PACK'))));
    const named = await connect('', answer, ['session-id=there'], { sessionId: 'here' });
    await (await named.remote.fetch({ wants: [A] })).pack?.return?.();
    expect(named.seen[0]?.capabilities).toContainEqual({ name: 'session-id', value: 'here' });
    const silent = await connect('', answer, [], { sessionId: 'here' });
    await (await silent.remote.fetch({ wants: [A] })).pack?.return?.();
    expect(silent.seen[0]?.capabilities.map(({ name }) => name)).toEqual(['agent']);
    const strict = await connect('', answer, [], { serverOptions: ['one'] });
    await expect(strict.remote.fetch({ wants: [A] })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(strict.remote.findCommon({ haves: [A] })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    const url = 'memory';
    const unused: Transport = { url, exchange: () => Promise.reject(new Error('sent')) };
    await expect(connectUploadPack(unused, { sessionId: 'a b' })).rejects.toThrow(TypeError);
    await expect(connectUploadPack(unused, { serverOptions: ['a\nb'] })).rejects.toThrow(TypeError);
  });
});

async function* iterate(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}
