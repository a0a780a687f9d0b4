import { deflateSync } from 'node:zlib';
import { concatBytes, type HashName, hashAlgorithm, hashObject } from '@git-kv/objects';
import {
  indexPack,
  memoryPackStorage,
  memorySource,
  PackReader,
  packBytes,
  parsePackIndex,
  serializePackIndex,
  TypeCode,
} from '@git-kv/pack';
import { describe, expect, test } from 'vitest';
import { chunked, craftEntry, craftPack, waitingSource } from '../support/craft.js';

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) {
    expect(piece.length).toBeLessThanOrEqual(65536);
    all.push(piece);
  }
  return concatBytes(all);
}

describe.each<HashName>(['sha1', 'sha256'])('a streamed object of %s', (format) => {
  const algorithm = hashAlgorithm(format);
  /** A pack of one crafted blob under the oid of `body`. */
  function readerOf(
    body: Uint8Array,
    entry: { deflated: Uint8Array; claimedSize?: number },
  ): { reader: PackReader; oid: string } {
    const pack = craftPack(algorithm, [craftEntry({ typeCode: TypeCode.blob, body, ...entry })]);
    const oid = hashObject(algorithm, 'blob', body);
    const packChecksum = pack.subarray(-algorithm.oidLength);
    const idx = serializePackIndex({ algorithm, entries: [{ oid, packOffset: 12, crc32: 0 }], packChecksum });
    return { reader: new PackReader({ source: memorySource(pack), index: parsePackIndex(idx, algorithm) }), oid };
  }
  const noise = Uint8Array.from({ length: 300_000 }, (_, at) => (at * at * 31) >>> 7);

  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['one byte', Uint8Array.of(7)],
    ['as much as a piece', noise.slice(0, 65536)],
    ['a byte more than a piece', noise.slice(0, 65537)],
    ['noise', noise],
    ['zeros, a thousand times their entry', new Uint8Array(5_000_000)],
  ])('of %s is what read gives', async (_what, body) => {
    const other = { kind: 'blob' as const, body: noise.slice(9) };
    const { bytes } = await packBytes({ algorithm, objects: [other, { kind: 'blob', body }], objectCount: 2 });
    const { index } = await indexPack(chunked(bytes), { algorithm, storage: memoryPackStorage() });
    const oid = hashObject(algorithm, 'blob', body);
    for (const source of [memorySource(bytes), waitingSource(bytes)]) {
      const reader = new PackReader({ source, index: parsePackIndex(index, algorithm) });
      const streamed = await collect(reader.stream(oid));
      expect(Buffer.compare(streamed, body)).toBe(0);
      expect(await collect(reader.stream('0'.repeat(algorithm.hexLength)))).toHaveLength(0);
    }
  });

  test.each<[string, (body: Uint8Array) => { deflated: Uint8Array; claimedSize?: number }, object]>([
    [
      'is another object',
      (body) => ({ deflated: deflateSync(body.map((byte) => byte ^ 1)) }),
      { code: 'HASH_MISMATCH' },
    ],
    ['is cut short', (body) => ({ deflated: deflateSync(body).subarray(0, -9) }), { code: 'MALFORMED' }],
    [
      'is larger than stated',
      (body) => ({ deflated: deflateSync(body), claimedSize: body.length - 1 }),
      { code: 'MALFORMED' },
    ],
    [
      'is smaller than stated',
      (body) => ({ deflated: deflateSync(body), claimedSize: body.length + 1 }),
      { code: 'MALFORMED' },
    ],
    [
      'has a wrong Adler-32',
      (body) => {
        const deflated = new Uint8Array(deflateSync(body));
        deflated[deflated.length - 1] = (deflated.at(-1) as number) ^ 1;
        return { deflated };
      },
      { code: 'MALFORMED' },
    ],
    ['has no zlib header', () => ({ deflated: new Uint8Array(100).fill(0xff) }), { code: 'MALFORMED' }],
  ])('that %s ends with an error', async (_problem, craft, expected) => {
    const { reader, oid } = readerOf(noise, craft(noise));
    await expect(collect(reader.stream(oid))).rejects.toMatchObject(expected);
  });

  test('is given up when its caller aborts', async () => {
    const abort = new AbortController();
    const { reader, oid } = readerOf(noise, { deflated: deflateSync(noise, { level: 0 }) });
    const pieces = reader.stream(oid, { signal: abort.signal });
    expect((await pieces.next()).done).toBe(false);
    abort.abort(new Error('enough'));
    await expect(collect(pieces)).rejects.toThrow('enough');
  });
});
