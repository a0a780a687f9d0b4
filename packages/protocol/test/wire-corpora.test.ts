import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { algorithmOf, concatBytes, decodeUtf8, sha1, sha256 } from '@git-kv/objects';
import {
  type ConnectionTransport,
  connectUploadPack,
  DEFAULT_PROTOCOL_LIMITS,
  demultiplex,
  encodeSideband,
  FLUSH,
  lsRefsCommand,
  PktLineReader,
  parseFetchCommand,
  parseLsRefsCommand,
  parseLsRefsLine,
  readFetchAnswer,
  readPktLines,
  readPushReport,
  readPushRequest,
  readV2Advertisement,
  readV2Command,
  serializeFetchAnswerHead,
  serializeLsRefsLine,
  serializePushReport,
  serializePushRequestHead,
  serializeV2Advertisement,
  serializeV2Command,
  type Transport,
} from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';
import { bytesOf, chunked, collect } from './support.js';

const corpora = process.env.GIT_KV_CORPORA;
const wire = join(corpora ?? '', 'wire');
const isThere = corpora !== undefined && existsSync(wire);
const transportFile = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(wire, 'gix-transport/tests/fixtures', name)));
const protocolFile = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(wire, 'gix-protocol/tests/fixtures', name)));

/** The body of a recorded HTTP answer. */
function httpBody(file: Uint8Array): Uint8Array {
  const text = Buffer.from(file).toString('latin1');
  const end = /\r?\n\r?\n/.exec(text);
  return file.subarray((end?.index ?? 0) + (end?.[0].length ?? 0));
}

const reader = (bytes: Uint8Array, size?: number): PktLineReader => new PktLineReader(chunked(bytes, size));

/** The bytes of the first message in `bytes`, up to and with its `count`th flush. */
async function message(bytes: Uint8Array, count = 1): Promise<Uint8Array> {
  const lines = reader(bytes);
  for (let flushes = 0; flushes < count; ) if ((await lines.read())?.kind === 'flush') flushes++;
  return bytes.subarray(0, lines.offset);
}

/** A server that said `bytes` on a connection, whatever it is told. */
const played = (bytes: Uint8Array, size?: number): ConnectionTransport => ({
  url: 'recorded',
  connect: async () => ({
    incoming: chunked(bytes, size),
    send: async () => {},
    finish: async () => {},
    close: async () => {},
  }),
});

describe.skipIf(!isThere)('recorded traffic (needs GIT_KV_CORPORA)', () => {
  const advertisements = [
    'http-handshake.response',
    'http-handshake-lowercase-headers.response',
    'http-handshake-service-announced.response',
    'http-handshake-sha256.response',
    'http-no-newlines-handshake.response',
  ];
  test.each(advertisements)('%s is an advertisement, at any cut', async (name) => {
    const body = await message(httpBody(transportFile(`v2/${name}`)), name.match(/announced|lowercase/) ? 2 : 1);
    const whole = await readV2Advertisement(reader(body));
    expect(whole.map((capability) => capability.name)).toContain('ls-refs');
    for (let size = 1; size < body.length; size++) expect(await readV2Advertisement(reader(body, size))).toEqual(whole);
    const isCanonical = !/announced|lowercase|no-newlines/.test(name);
    if (isCanonical) expect(serializeV2Advertisement(whole)).toEqual(body);
  });

  test.each([
    ['handshake-sha256.response', 'sha256'],
    ['clone.response', 'sha1'],
  ])('%s tells its object format', async (name, format) => {
    const body = await message(transportFile(`v2/${name}`));
    const transport: Transport = { url: 'recorded', exchange: async () => chunked(body) };
    expect((await connectUploadPack(transport)).algorithm.name).toBe(format);
  });

  const sessions = [
    'gix-packetline/tests/fixtures/v2/clone.all-received',
    'gix-transport/tests/fixtures/v2/clone.response',
  ];
  test.each(sessions)('%s is a session on a connection, and cut anywhere a typed error', async (name) => {
    const head = '808e50d724f604f69ab93c6da2919c014667bedb';
    const bytes = new Uint8Array(readFileSync(join(wire, name)));
    const run = async (wireBytes: Uint8Array, size?: number): Promise<Uint8Array> => {
      const client = await connectUploadPack(played(wireBytes, size));
      const refs = await client.lsRefs();
      expect(refs.map((ref) => ref.name)).toEqual(['HEAD', 'refs/heads/master']);
      return await collect((await client.fetch({ wants: [head] })).pack!);
    };
    const pack = await run(bytes);
    expect(pack.subarray(-20)).toEqual(sha1.digest(pack.subarray(0, -20)));
    for (const size of [1, 2, 3, 5, 7, 61]) expect(await run(bytes, size)).toEqual(pack);
    for (let length = 0; length < bytes.length; length += length < 500 ? 1 : 17) {
      await expect(run(bytes.subarray(0, length)), `cut after ${length}`).rejects.toMatchObject({
        code: 'TRANSPORT_CLOSED',
      });
    }
  });

  test('http-lsrefs.response lists refs, and comes back the same', async () => {
    const body = await message(httpBody(transportFile('v2/http-lsrefs.response')));
    const refs = [];
    for await (const line of readPktLines(chunked(body))) {
      if (line.kind === 'data') refs.push(parseLsRefsLine(line.payload, sha1));
    }
    const oid = '808e50d724f604f69ab93c6da2919c014667bedb';
    expect(refs).toEqual([
      { name: 'HEAD', oid, target: 'refs/heads/master' },
      { name: 'refs/heads/master', oid },
    ]);
    expect(concatBytes([...refs.map(serializeLsRefsLine), FLUSH])).toEqual(body);
  });

  test('v1 handshakes are answered with a clear refusal', async () => {
    const body = httpBody(transportFile('v1/http-handshake.response'));
    const error = { code: 'UNSUPPORTED', message: expect.stringContaining('version 2') };
    await expect(readV2Advertisement(reader(body))).rejects.toMatchObject(error);
  });

  const answers: [name: string, head: object, objectCount: number | undefined][] = [
    ['clone-only.response', {}, 3],
    ['clone-only-2.response', {}, 4],
    ['clone-only-with-keepalive.response', {}, 3],
    [
      'clone-deepen-1.response',
      { shallowInfo: { shallowOids: ['808e50d724f604f69ab93c6da2919c014667bedb'], unshallowOids: [] } },
      4,
    ],
    ['clone-deepen-5.response', { shallowInfo: { shallowOids: [], unshallowOids: [] } }, 4],
    ['fetch-no-pack.response', { acknowledgments: { commonOids: [], ready: false } }, undefined],
    [
      'fetch.response',
      {
        acknowledgments: {
          commonOids: ['190c3f6b2319c1f4ec854215533caf8623f8f870', '97c5a932b3940a09683e924ef6a92b31a6f7c6de'],
          ready: true,
        },
      },
      13,
    ],
    [
      'fetch-unshallow.response',
      {
        acknowledgments: {
          commonOids: [
            'f99771fe6a1b535783af3163eba95a927aae21d5',
            '2d9d136fb0765f2e24c44a0f91984318d580d03b',
            'dfd0954dabef3b64f458321ef15571cc1a46d552',
          ],
          ready: true,
        },
        shallowInfo: {
          shallowOids: [],
          unshallowOids: ['2d9d136fb0765f2e24c44a0f91984318d580d03b', 'dfd0954dabef3b64f458321ef15571cc1a46d552'],
        },
      },
      21,
    ],
  ];
  test.each(answers)('%s is an answer to fetch, at any cut', async (name, head, objectCount) => {
    const body = await message(protocolFile(`v2/${name}`));
    for (const size of [body.length, 1, 2, 3, 5, 7, 61, 1000]) {
      const { pack, ...rest } = await readFetchAnswer(reader(body, size), sha1);
      expect(rest).toEqual(head);
      if (pack === undefined) {
        expect(objectCount).toBeUndefined();
        continue;
      }
      const bytes = await collect(pack);
      expect(decodeUtf8(bytes.subarray(0, 4))).toBe('PACK');
      expect(new DataView(bytes.buffer, bytes.byteOffset).getUint32(8)).toBe(objectCount);
      expect(bytes.subarray(-20)).toEqual(sha1.digest(bytes.subarray(0, -20)));
    }
  });

  test.each([
    'fetch-no-pack.response',
    'fetch.response',
    'fetch-unshallow.response',
    'clone-deepen-1.response',
    'clone-only.response',
  ])('the sections of %s come back the same', async (name) => {
    const body = await message(protocolFile(`v2/${name}`));
    const { pack, ...head } = await readFetchAnswer(reader(body), sha1);
    await pack?.return?.();
    const again = serializeFetchAnswerHead(head, pack !== undefined);
    expect(again).toEqual(body.subarray(0, again.length));
  });

  test.each([
    ['clone-ref-in-want.response', sha1],
    ['clone-ref-in-want-sha256.response', sha256],
  ])('%s tells the refs that were wanted by name', async (name, algorithm) => {
    const file = protocolFile(`v2/${name}`);
    const handshake = await message(file);
    expect((await readV2Advertisement(reader(handshake))).length).toBeGreaterThan(3);
    const body = await message(file.subarray(handshake.length)).catch(() => file.subarray(handshake.length));
    const answer = await readFetchAnswer(reader(body), algorithm);
    expect(answer.wantedRefs).toMatchObject([{ name: 'refs/heads/main' }]);
    expect(algorithmOf(answer.wantedRefs?.[0]?.oid ?? '').name).toBe(algorithm.name);
    await answer.pack?.return?.();
  });

  test('fetch-err-line.response is a remote error', async () => {
    const body = protocolFile('v2/fetch-err-line.response');
    const error = { code: 'REMOTE_ERROR', remoteMessage: 'segmentation fault' };
    await expect(readFetchAnswer(reader(body), sha1)).rejects.toMatchObject(error);
  });

  test('clone.request is an ls-refs and a fetch, as a server reads them', async () => {
    const file = transportFile('v2/clone.request');
    const body = file.subarray(0x3f); // after the line of git://
    const lines = reader(body);
    const lsRefs = await readV2Command(lines, DEFAULT_PROTOCOL_LIMITS);
    expect(parseLsRefsCommand(lsRefs!)).toEqual({
      prefixes: ['HEAD', 'refs/heads/', 'refs/tags/'],
      symrefs: true,
      peel: true,
      unborn: false,
    });
    expect(decodeUtf8(serializeV2Command(lsRefsCommand(parseLsRefsCommand(lsRefs!), lsRefs!.capabilities)))).toContain(
      'ref-prefix refs/tags/',
    );
    const fetch = await readV2Command(lines, DEFAULT_PROTOCOL_LIMITS);
    expect(parseFetchCommand(fetch!, sha1)).toMatchObject({
      wants: ['808e50d724f604f69ab93c6da2919c014667bedb'],
      haves: [],
      done: true,
      thin: true,
      ofsDelta: true,
    });
  });

  test('push.request is commands and a pack, and comes back the same', async () => {
    const body = transportFile('v1/push.request');
    const request = await readPushRequest(reader(body, 50), sha1);
    expect(request?.commands).toEqual([
      {
        name: 'refs/heads/main',
        oldOid: '7c09ba0c4c3680af369bda4fc8e3c58d3fccdc76',
        newOid: '32690d87d3943c7c0dda81246d0cde344ca7e633',
      },
    ]);
    const pack = await collect(request!.pack!);
    expect(decodeUtf8(pack.subarray(0, 4))).toBe('PACK');
    expect(concatBytes([serializePushRequestHead(request!, sha1), pack])).toEqual(body);
  });

  test('push.response is progress and a report, and the report comes back the same', async () => {
    const body = transportFile('v1/push.response');
    for (const size of [body.length, 1, 3, 100]) {
      const progress: string[] = [];
      const content = await collect(demultiplex(reader(body, size), { onProgress: (line) => progress.push(line) }));
      const report = await readPushReport(reader(content));
      expect(report).toEqual({ unpack: 'ok', results: [{ name: 'refs/heads/main', ok: true }] });
      expect(serializePushReport(report)).toEqual(content);
      expect(progress.join('\n')).toContain('GitHub found 1 vulnerability');
    }
    expect([...encodeSideband(1, bytesOf('000eunpack ok\n'))][0]).toEqual(bytesOf('0013\u0001000eunpack ok\n'));
  });
});
