import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeUtf8, isGitError, type Oid, sha1 } from '@git-kv/objects';
import {
  type ConnectionTransport,
  connectUploadPack,
  type FetchAnswer,
  type FetchOptions,
  PktLineReader,
  parseCapabilityList,
  readAfterServiceLine,
  readV0Advertisement,
  serializeV0Advertisement,
  type Transport,
  type UploadPackClient,
  type V0Advertisement,
} from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';
import { chunked, collect } from './support.js';

const corpora = process.env.GIT_KV_CORPORA;
const wire = join(corpora ?? '', 'wire');
const isThere = corpora !== undefined && existsSync(wire);
const file = (name: string): Uint8Array => new Uint8Array(readFileSync(join(wire, name)));
const protocolFile = (name: string): Uint8Array => file(`gix-protocol/tests/fixtures/v1/${name}`);

/** The body of a recorded HTTP answer. */
function httpBody(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const end = /\r?\n\r?\n/.exec(text);
  return bytes.subarray((end?.index ?? 0) + (end?.[0].length ?? 0));
}

async function readAdvertisement(bytes: Uint8Array, size = bytes.length): Promise<V0Advertisement> {
  const lines = new PktLineReader(chunked(bytes, size));
  return await readV0Advertisement(lines, await readAfterServiceLine(lines));
}

/** `bytes` without the line feed that an editor may have put at the end. */
const whole = (bytes: Uint8Array): Uint8Array => (bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes);

/** Lengths to cut `length` bytes at: every byte of the beginning and the end, and some between. */
const cuts = (length: number): number[] =>
  Array.from({ length }, (_, at) => at).filter((at) => at < 300 || at > length - 100 || at % 41 === 0);

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

/** A server that answers each request with `bytes`, after an advertisement made by hand. */
function answering(bytes: Uint8Array, size?: number): Transport {
  const advertisement = serializeV0Advertisement({
    algorithm: sha1,
    capabilities: parseCapabilityList('multi_ack_detailed no-done side-band-64k shallow ofs-delta'),
    refs: [{ name: 'HEAD', oid: 'a'.repeat(40) }],
  });
  return {
    url: 'recorded',
    exchange: async ({ phase }) => (phase === 'advertise' ? chunked(advertisement) : chunked(bytes, size)),
  };
}

interface Outcome {
  readonly answer: FetchAnswer;
  readonly pack: Uint8Array;
}

async function fetchFrom(client: UploadPackClient, options: FetchOptions): Promise<Outcome> {
  const answer = await client.fetch(options);
  return { answer, pack: await collect(answer.pack!) };
}

function expectPack(pack: Uint8Array, objectCount: number): void {
  expect(decodeUtf8(pack.subarray(0, 4))).toBe('PACK');
  expect(new DataView(pack.buffer, pack.byteOffset).getUint32(8)).toBe(objectCount);
  expect(pack.subarray(-20)).toEqual(sha1.digest(pack.subarray(0, -20)));
}

describe.skipIf(!isThere)('recorded traffic of protocol v0 and v1 (needs GIT_KV_CORPORA)', () => {
  const advertisements: [name: string, head: Oid][] = [
    ['gix-transport/tests/fixtures/v1/http-handshake.response', '73a6868963993a3328e7d8fe94e5a6ac5078a944'],
    ['gix-packetline/tests/fixtures/v1/fetch/01-many-refs.response', '7814e8a05a59c0cf5fb186661d1551c75d1299b5'],
    ['gix-transport/tests/fixtures/v1/clone.response', '808e50d724f604f69ab93c6da2919c014667bedb'],
  ];
  test.each(advertisements)('%s is an advertisement, and reads the same again', async (name, head) => {
    const bytes = name.includes('http') ? httpBody(file(name)) : file(name);
    const read = await readAdvertisement(bytes);
    expect(read.refs[0]).toMatchObject({ name: 'HEAD', oid: head, target: expect.stringMatching(/^refs\/heads\//) });
    for (const size of [1, 2, 3, 61]) expect(await readAdvertisement(bytes, size)).toEqual(read);
    const capabilities = read.capabilities.filter((capability) => capability.name !== 'symref');
    const again = await readAdvertisement(serializeV0Advertisement({ ...read, capabilities }));
    expect(again.refs).toEqual(read.refs);
  });

  test('clone-empty-with-capabilities.response has no refs', async () => {
    const bytes = protocolFile('clone-empty-with-capabilities.response');
    const advertisement = await readAdvertisement(bytes);
    expect(advertisement.refs).toEqual([]);
    expect(serializeV0Advertisement(advertisement)).toEqual(bytes.subarray(0, 0xf2 + 4));
  });

  test.each(['clone.response', 'clone-with-keepalive.response'])('%s is a session, however it is cut', async (name) => {
    const bytes = protocolFile(name);
    const oid = '808e50d724f604f69ab93c6da2919c014667bedb';
    for (const size of [bytes.length, 1, 2, 3, 5, 7, 61]) {
      const client = await connectUploadPack(played(bytes, size));
      expect(client.version).toBe(0);
      expect((await client.lsRefs()).map((ref) => ref.name)).toEqual(['HEAD', 'refs/heads/master']);
      expectPack((await fetchFrom(client, { wants: [oid] })).pack, 3);
      await client.close();
    }
    for (const length of cuts(bytes.length)) {
      const run = async (): Promise<Outcome> =>
        await fetchFrom(await connectUploadPack(played(bytes.subarray(0, length))), { wants: [oid] });
      await expect(run(), `cut after ${length} bytes`).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    }
  });

  const deep = { depth: 1 };
  const haves = Array.from({ length: 300 }, (_, index) => index.toString(16).padStart(40, 'b'));
  const answers: [name: string, options: Partial<FetchOptions>, expected: Partial<FetchAnswer>, objectCount: number][] =
    [
      ['clone-only.response', {}, { commonOids: [] }, 3],
      ['clone-deepen-1.response', deep, { shallowOids: ['808e50d724f604f69ab93c6da2919c014667bedb'] }, 4],
      ['clone-deepen-5.response', deep, { shallowOids: [], unshallowOids: [] }, 4],
      [
        'fetch.response',
        { haves },
        {
          commonOids: [
            '6504930888c9c5337e7e065c964f87b60d16a7d7',
            'fe17165c392110d1305674c06e4aec35728bfab7',
            'f22743895a3024bb0c958335981439f1fa747d57',
          ],
        },
        43,
      ],
      [
        'fetch-unshallow.response',
        { ...deep, haves: haves.slice(0, 3) },
        {
          unshallowOids: ['2d9d136fb0765f2e24c44a0f91984318d580d03b', 'dfd0954dabef3b64f458321ef15571cc1a46d552'],
        },
        21,
      ],
    ];
  test.each(answers)('%s is an answer, however it is cut', async (name, options, expected, objectCount) => {
    const bytes = whole(protocolFile(name));
    const asked = { wants: ['a'.repeat(40)], ...options };
    for (const size of [bytes.length, 1, 2, 3, 61]) {
      const client = await connectUploadPack(answering(bytes, size));
      const { answer, pack } = await fetchFrom(client, asked);
      expect(answer).toMatchObject(expected);
      expectPack(pack, objectCount);
    }
    for (const length of cuts(bytes.length)) {
      const client = await connectUploadPack(answering(bytes.subarray(0, length)));
      const error: unknown = await fetchFrom(client, asked).catch((reason: unknown) => reason);
      expect(isGitError(error), `cut after ${length} bytes: ${error}`).toBe(true);
    }
  });

  test('fetch-no-pack.response is a round that ends without a pack', async () => {
    const client = await connectUploadPack(answering(protocolFile('fetch-no-pack.response')));
    // The same again is what the last round hears: its NAK says that the pack comes, and there is none.
    await expect(fetchFrom(client, { wants: ['a'.repeat(40)], haves })).rejects.toMatchObject({
      code: 'TRANSPORT_CLOSED',
    });
  });
});
