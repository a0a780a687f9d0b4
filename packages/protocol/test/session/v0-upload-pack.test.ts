import { join } from 'node:path';
import { concatBytes, encodeUtf8, sha1, sha256 } from '@git-kv/objects';
import {
  type Connection,
  type ConnectionTransport,
  connectUploadPack,
  createHttpTransport,
  encodeDataLine,
  FLUSH,
  PktLineBuffer,
  type RequestTransport,
  type Transport,
} from '@git-kv/protocol';
import { createNodeFetch } from '@git-kv/protocol/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { commitFiles, git, initBare, type ObjectFormat, temporaryDirectory } from '../../../../test/support/git.js';
import { startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import { gitPipe } from '../../../../test/support/git-pipe.js';
import { collect, unpack } from '../support.js';

type Carrier = 'a pipe' | 'HTTP';

/** A repository of git's behind both kinds of transport, and how many requests or connections there were. */
async function serve(
  format: ObjectFormat,
  carrier: Carrier,
): Promise<{ directory: string; transport: Transport; calls: () => number }> {
  const root = temporaryDirectory();
  const directory = initBare(join(root, 'project.git'), format);
  if (carrier === 'a pipe') {
    const transport = gitPipe(directory);
    return { directory, transport, calls: () => transport.exitCodes.length };
  }
  const backend = await startGitHttpBackend({ root });
  const fetch = createNodeFetch();
  onTestFinished(async () => {
    await fetch.close();
    await backend.close();
  });
  return {
    directory,
    transport: createHttpTransport(`${backend.url}/project.git`, { fetch }),
    calls: () => backend.requests.length,
  };
}

const commitCount = (directory: string): number =>
  git(['cat-file', '--batch-all-objects', '--batch-check=%(objecttype)'], { cwd: directory })
    .split('\n')
    .filter((kind) => kind === 'commit').length;

const objectCount = (pack: Uint8Array): number => new DataView(pack.buffer, pack.byteOffset).getUint32(8);

const history = (count: number): Parameters<typeof commitFiles>[1] =>
  Array.from({ length: count }, (_, at) => ({ files: { [`file${at}`]: `${at}` }, time: 1_700_000_000 + at * 100 }));

// Every two of them together.
const cases = (
  [
    [sha1, 'a pipe', 0],
    [sha256, 'a pipe', 1],
    [sha1, 'HTTP', 1],
    [sha256, 'HTTP', 0],
  ] as const
).map(([algorithm, carrier, version]) => ({ algorithm, carrier, version, name: algorithm.name }));

describe.each(cases)('in protocol v$version over $carrier, with $name,', ({ algorithm, carrier, version }) => {
  const format = algorithm.name;

  test('refs, a whole fetch, and what is new since', async () => {
    const { directory, transport } = await serve(format, carrier);
    const base = commitFiles(directory, [{ files: { a: '1', b: '2' } }]);
    git(['tag', '-a', '-m', 'first', 'v1', base], { cwd: directory });
    const head = commitFiles(directory, [{ files: { a: '3' }, time: 1700000100 }]);
    const remote = await connectUploadPack(transport, { version });
    expect(remote).toMatchObject({ version, algorithm });
    const v2 = await connectUploadPack(transport);
    for (const options of [{}, { prefixes: ['refs/tags/'] }, { symrefs: false, peel: false }]) {
      expect(await remote.lsRefs(options)).toEqual(await v2.lsRefs(options));
    }
    await v2.close();
    const progress: string[] = [];
    const whole = await remote.fetch({ wants: [head], onProgress: (line) => progress.push(line) });
    const clone = unpack(await collect(whole.pack!), format);
    git(['fsck', '--strict'], { cwd: clone });
    expect(commitCount(clone)).toBe(2);
    expect(progress.length).toBeGreaterThan(0);
    expect(whole).toMatchObject({ shallowOids: [], unshallowOids: [], commonOids: [], wantedRefs: [] });
    const part = await remote.fetch({ wants: [head], haves: [base] });
    expect(objectCount(await collect(part.pack!))).toBe(3);
    expect(part.commonOids).toEqual([base]);
    expect((await remote.fetch({ wants: [] })).pack).toBeUndefined();
    await remote.close();
  });

  test('many haves are told in rounds', async () => {
    const { directory, transport, calls } = await serve(format, carrier);
    const base = commitFiles(directory, [{ files: { a: '1', b: '2' } }]);
    const head = commitFiles(directory, [{ files: { a: '3' }, time: 1700000100 }]);
    const strangers = Array.from({ length: 1500 }, (_, index) => index.toString(16).padStart(algorithm.hexLength, 'e'));
    const remote = await connectUploadPack(transport, { version });
    const before = calls();
    const haves = [...strangers.slice(0, 600), base, ...strangers.slice(600)];
    const answer = await remote.fetch({ wants: [head], haves });
    expect(objectCount(await collect(answer.pack!))).toBe(3);
    expect(answer.commonOids).toContain(base);
    if (carrier === 'HTTP') expect(calls() - before).toBeGreaterThan(1);
    await remote.close();
  });

  test('a history is cut, deepened in every way, and made whole again', async () => {
    const { directory, transport } = await serve(format, carrier);
    const head = commitFiles(directory, history(6));
    const [, second, third, fourth, fifth, root] = git(['rev-list', head], { cwd: directory }).split('\n') as string[];
    git(['tag', 'old', fifth as string], { cwd: directory });
    const remote = await connectUploadPack(transport, { version });
    const shallow = await remote.fetch({ wants: [head], depth: 1 });
    expect(shallow).toMatchObject({ shallowOids: [head], unshallowOids: [] });
    expect(commitCount(unpack(await collect(shallow.pack!), format))).toBe(1);

    const deepen = async (options: object, from = head): Promise<object> => {
      const answer = await remote.fetch({ wants: [head], haves: [head], shallow: [from], ...options });
      await collect(answer.pack!);
      return { cut: answer.shallowOids, grown: answer.unshallowOids };
    };
    expect(await deepen({ depth: 2 })).toEqual({ cut: [second], grown: [head] });
    expect(await deepen({ depth: 1, deepenRelative: true })).toEqual({ cut: [second], grown: [head] });
    expect(await deepen({ deepenSince: 1_700_000_000 + 300 })).toEqual({ cut: [third], grown: [head] });
    expect(await deepen({ deepenNot: ['old'] })).toEqual({ cut: [fourth], grown: [head] });
    expect(await deepen({ depth: Number.POSITIVE_INFINITY }, second)).toEqual({ cut: [], grown: [second] });
    expect(root).toBeDefined();
    await remote.close();
  });
});

describe('a server of protocol v0', () => {
  test('that is asked for version 2 and does not know it is understood all the same', async () => {
    const directory = initBare(temporaryDirectory());
    const head = commitFiles(directory, [{ files: { a: '1' } }]);
    const remote = await connectUploadPack(gitPipe(directory, { env: { GIT_PROTOCOL: '' } }));
    expect(remote.version).toBe(0);
    const { pack } = await remote.fetch({ wants: [head] });
    expect(objectCount(await collect(pack!))).toBe(3);
    await remote.close();
  });

  test('tells nothing of an empty repository, and is not asked for what it does not announce', async () => {
    const transport = gitPipe(initBare(temporaryDirectory()));
    const remote = await connectUploadPack(transport, { version: 0 });
    expect(await remote.lsRefs()).toEqual([]);
    const A = 'a'.repeat(40);
    await expect(remote.fetch({ wants: [A], wantRefs: ['HEAD'] })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(remote.fetch({ wants: [A], filter: 'blob:none' })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(remote.fetch({ wants: [A], depth: 0 })).rejects.toThrow(RangeError);
    await remote.close();
    expect(transport.exitCodes).toEqual([0]);
  });

  test('filters where it may, and refuses what it does not have', async () => {
    const directory = initBare(temporaryDirectory());
    git(['config', 'uploadpack.allowFilter', 'true'], { cwd: directory });
    const head = commitFiles(directory, [{ files: { a: '1', b: '2' } }]);
    const remote = await connectUploadPack(gitPipe(directory), { version: 0 });
    const answer = await remote.fetch({ wants: [head], filter: 'blob:none' });
    expect(objectCount(await collect(answer.pack!))).toBe(2);
    await expect(remote.fetch({ wants: ['d'.repeat(40)] })).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
      remoteMessage: expect.stringContaining('not our ref'),
    });
    await remote.close();
  });

  const modes = ['multi_ack_detailed', 'multi_ack', ''] as const;
  const bands = ['side-band-64k', 'side-band', ''] as const;
  const abilities = modes.flatMap((mode) => bands.map((band) => ({ mode, band })));
  test.each(abilities)('that can only "$mode" and "$band" is spoken to so', async ({ mode, band }) => {
    const directory = initBare(temporaryDirectory());
    const base = commitFiles(directory, [...history(2)]);
    const head = commitFiles(directory, [{ files: { a: '3' }, time: 1_700_001_000 }]);
    const unknown = modes.slice(0, modes.indexOf(mode)).concat(...(bands.slice(0, bands.indexOf(band)) as never[]));
    const remote = await connectUploadPack(without(gitPipe(directory), unknown), { version: 0 });
    const strangers = Array.from({ length: 300 }, (_, index) => index.toString(16).padStart(40, 'e'));
    const parent = git(['rev-parse', `${base}^`], { cwd: directory });
    const haves = band === '' ? [...strangers, base] : [...strangers, base, parent];
    const part = await remote.fetch({ wants: [head], haves });
    expect(objectCount(await collect(part.pack!))).toBe(3);
    expect(part.commonOids).toContain(base);
    const whole = await remote.fetch({ wants: [head], haves: strangers });
    expect(commitCount(unpack(await collect(whole.pack!), 'sha1'))).toBe(3);
    await remote.close();
  });
});

const C = 'c'.repeat(40);

test.each([
  ['a NAK', 'multi_ack_detailed', 'NAK\n', ''],
  ['a commit that is ready', 'multi_ack_detailed', `ACK ${C} ready\n`, ''],
  ['what nobody asked for, after an answer', '', 'NAK\n', 'NAK\n'],
  ['one more ACK before the pack', '', 'NAK\n', `ACK ${C}\n`],
])('a server of protocol v0 over HTTP that repeats %s without end is given up', async (what, mode, first, again) => {
  const line = (text: string): Uint8Array => encodeDataLine(encodeUtf8(text));
  let lines = 0;
  const transport: RequestTransport = {
    url: 'http://127.0.0.1/endless',
    exchange: async ({ phase }) => {
      async function* answer(): AsyncGenerator<Uint8Array> {
        if (phase === 'advertise') {
          const capabilities = `${mode} side-band-64k no-done object-format=sha1`;
          yield concatBytes([line('# service=git-upload-pack\n'), FLUSH]);
          yield concatBytes([line(`${C} refs/heads/main\0${capabilities}\n`), FLUSH]);
          return;
        }
        yield line(first);
        for (; lines < 5000; lines++) yield line(again || first);
        throw new Error(`read ${lines} lines: ${what}`);
      }
      return answer();
    },
  };
  const remote = await connectUploadPack(transport, { version: 0, limits: { maxObjectLines: 1000 } });
  // More than one round of them.
  const haves = what.includes('pack') ? [] : Array.from({ length: 900 }, (_, at) => `${at}`.padStart(40, 'd'));
  const fetched = remote.fetch({ wants: [C], haves }).then(({ pack }) => collect(pack!));
  await expect(fetched).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'maxObjectLines' });
  expect(lines).toBeLessThan(1100);
});

/** The transport to a server that does not announce `names`. */
function without(transport: ConnectionTransport, names: readonly string[]): ConnectionTransport {
  return {
    url: transport.url,
    connect: async (call): Promise<Connection> => {
      const connection = await transport.connect(call);
      async function* incoming(): AsyncGenerator<Uint8Array> {
        const buffer = new PktLineBuffer();
        let isFirst = true;
        for await (const chunk of connection.incoming) {
          if (!isFirst) {
            yield chunk;
            continue;
          }
          buffer.append(chunk);
          const line = buffer.next();
          if (line?.kind !== 'data') continue;
          isFirst = false;
          const text = names.reduce(
            (rest, name) => rest.replace(new RegExp(`([\\0 ])${name}(?=[ \\n])`), '$1'),
            Buffer.from(line.payload).toString('latin1'),
          );
          yield encodeDataLine(new Uint8Array(Buffer.from(text, 'latin1')));
          yield buffer.takeRest();
        }
      }
      return {
        incoming: incoming(),
        send: (bytes) => connection.send(bytes),
        finish: () => connection.finish(),
        close: () => connection.close(),
      };
    },
  };
}
