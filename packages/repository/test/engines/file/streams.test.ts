import { readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { concatBytes } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import { collect } from '../../support/objects.js';
import { openForTest } from './open.js';

/** Over what is read whole. */
const noise = (seed: number): Uint8Array =>
  Uint8Array.from({ length: 2_500_000 }, (_, at) => Math.imul(at + seed, 0x9e3779b1) >>> 13);

describe.each(['sha1', 'sha256'] as const)('a large blob opened, %s', (objectFormat) => {
  function repository(): { directory: string; oid: string; body: Uint8Array } {
    const directory = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
    const body = noise(1);
    return { directory, body, oid: git(['hash-object', '-w', '--stdin'], { cwd: directory, input: body }) };
  }
  const loosePath = (directory: string, oid: string): string =>
    join(directory, 'objects', oid.slice(0, 2), oid.slice(2));

  test('streams from a loose file and from a pack, whole or a delta', async () => {
    const { directory, body, oid } = repository();
    const opened = await openForTest(directory);
    const changed = body.slice();
    changed.set([1, 2, 3], 1000);
    const other = git(['hash-object', '-w', '--stdin'], { cwd: directory, input: changed });
    const check = async (): Promise<void> => {
      for (const [name, expected] of [
        [oid, body],
        [other, changed],
      ] as const) {
        const stream = await opened.objects.open(name);
        expect({ kind: stream?.kind, size: stream?.size }).toEqual({ kind: 'blob', size: expected.length });
        const pieces = await collect(stream?.body as AsyncIterable<Uint8Array>);
        expect(pieces.length).toBeGreaterThan(30);
        expect(Buffer.compare(concatBytes(pieces), expected)).toBe(0);
      }
    };
    await check();
    git(['update-ref', 'refs/tags/one', oid], { cwd: directory });
    git(['update-ref', 'refs/tags/two', other], { cwd: directory });
    git(['repack', '-adq', '--window=10'], { cwd: directory });
    git(['prune-packed', '-q'], { cwd: directory });
    await check();
  });

  test('goes on from where a gc has moved it', async () => {
    const { directory, body, oid } = repository();
    const opened = await openForTest(directory);
    const stream = await opened.objects.open(oid);
    git(['update-ref', 'refs/tags/one', oid], { cwd: directory });
    git(['repack', '-adq'], { cwd: directory });
    git(['prune-packed', '-q'], { cwd: directory });
    expect(readdirSync(join(directory, 'objects')).includes(oid.slice(0, 2))).toBe(false);
    expect(Buffer.compare(concatBytes(await collect(stream?.body as AsyncIterable<Uint8Array>)), body)).toBe(0);
  });

  test.each<[string, (body: Uint8Array) => Uint8Array, string]>([
    ['holds another object', (body) => deflateSync(framed(body.map((byte) => byte ^ 1))), 'HASH_MISMATCH'],
    ['is cut short', (body) => deflateSync(framed(body)).subarray(0, -5), 'MALFORMED'],
    ['has bytes behind it', (body) => concatBytes([deflateSync(framed(body)), Uint8Array.of(0)]), 'MALFORMED'],
    ['is shorter than it states', (body) => deflateSync(framed(body).subarray(0, -1)), 'MALFORMED'],
    ['is longer than it states', (body) => deflateSync(concatBytes([framed(body), Uint8Array.of(0)])), 'MALFORMED'],
  ])('ends with an error where its file %s', async (_problem, damage, code) => {
    const { directory, body, oid } = repository();
    unlinkSync(loosePath(directory, oid));
    writeFileSync(loosePath(directory, oid), damage(body));
    const opened = await openForTest(directory);
    const stream = await opened.objects.open(oid);
    await expect(collect(stream?.body as AsyncIterable<Uint8Array>)).rejects.toMatchObject({ code });
  });

  test('is an error where it went away before it was read', async () => {
    const { directory, oid } = repository();
    const opened = await openForTest(directory);
    const stream = await opened.objects.open(oid);
    unlinkSync(loosePath(directory, oid));
    await expect(collect(stream?.body as AsyncIterable<Uint8Array>)).rejects.toMatchObject({
      code: 'OBJECT_NOT_FOUND',
    });
  });
});

function framed(body: Uint8Array): Uint8Array {
  return concatBytes([new TextEncoder().encode(`blob ${body.length}\0`), body]);
}
