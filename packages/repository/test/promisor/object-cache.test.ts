import { hashObject, type Oid, sha1 } from '@git-kv/objects';
import { packBytes } from '@git-kv/pack';
import { describe, expect, test } from 'vitest';
import { ObjectCache } from '../../src/promisor/object-cache.js';
import { deltaBomb } from '../support/delta-bomb.js';
import { blob } from '../support/objects.js';

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe('an answer that is taken into memory', () => {
  const size = 100_000;

  test.each([
    ['by deltas alone', 20, 10 * size, 'resolvedRatio'],
    ['by deltas and all else together', 10, 9.5 * size, 'answerBytes'],
  ])('is refused where its objects come to more than is allowed %s', async (_how, count, allowed, limit) => {
    const cache = new ObjectCache(sha1, 64 * size, {}, allowed);
    const bomb = deltaBomb(sha1, count, size);
    await expect(cache.take(streamOf(bomb), [], {})).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit });
    expect(await new ObjectCache(sha1, 64 * size, {}, 21 * size).take(streamOf(bomb), [], {})).toBeDefined();
  });

  test('hands out what was asked for, and keeps the rest within its bytes', async () => {
    const objects = Array.from({ length: 20 }, (_, at) => blob(`${at}`.padEnd(1000, '.')));
    const oids = objects.map(({ kind, body }) => hashObject(sha1, kind, body));
    const { bytes } = await packBytes({ algorithm: sha1, objects, objectCount: objects.length });
    const cache = new ObjectCache(sha1, 5000, {});
    const wants = oids.slice(0, 8) as Oid[];
    const arrived = await cache.take(streamOf(bytes), wants, {});
    expect([...arrived.keys()].sort()).toEqual([...wants].sort());
    expect([...arrived.values()].map((object) => object?.body.length)).toEqual(wants.map(() => 1000));
    expect(cache.bytes).toBeLessThanOrEqual(5000);
    expect(await cache.stat(wants.at(-1) as Oid)).toMatchObject({ kind: 'blob' });
  });
});
