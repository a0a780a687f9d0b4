import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HashName, hashAlgorithm, hashObject, type ObjectKind, sha1 } from '@git-kv/objects';
import {
  memorySource,
  type PackInput,
  PackReader,
  packBytes,
  parsePackIndex,
  serializePackIndex,
  writePack,
} from '@git-kv/pack';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { ascii } from './support/craft.js';
import { git, gitIndex, goldenPack, temporaryDirectory } from './support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const blobs = (count: number): PackInput[] =>
  Array.from({ length: count }, (_, number) => ({ kind: 'blob', body: ascii(`blob ${number}\n`.repeat(number)) }));

describe.each<HashName>(['sha1', 'sha256'])('a written pack of %s', (format) => {
  const algorithm = hashAlgorithm(format);

  test('holds what git had, and git finds nothing wrong with it', async () => {
    const golden = goldenPack(directory.path, format, 'ofs');
    const reader = new PackReader({ source: memorySource(golden.pack), index: parsePackIndex(golden.idx, algorithm) });
    const objects = golden.objects.map(({ oid }) => ({ oid, ...reader.readSync(oid)! }));
    const written = await packBytes({ algorithm, objects, objectCount: objects.length });
    const idx = serializePackIndex(written);
    expect(Buffer.compare(idx, gitIndex(directory.path, format, written.bytes, ['--strict']))).toBe(0);
    expect(written.packSize).toBe(written.bytes.length);

    const path = join(directory.path, `written-${format}`);
    writeFileSync(`${path}.pack`, written.bytes);
    writeFileSync(`${path}.idx`, idx);
    git(directory.path, ['verify-pack', `--object-format=${format}`, `${path}.pack`]);
  });

  test.each([0, 1, 6, 9])('at level %d is one that git accepts', async (level) => {
    const written = await packBytes({ algorithm, objects: blobs(50), objectCount: 50, level });
    expect(Buffer.compare(serializePackIndex(written), gitIndex(directory.path, format, written.bytes))).toBe(0);
  });

  test('of nothing is one that git accepts', async () => {
    const written = await packBytes({ algorithm, objects: [], objectCount: 0 });
    expect(Buffer.compare(serializePackIndex(written), gitIndex(directory.path, format, written.bytes))).toBe(0);
  });

  test('gives back any objects', async () => {
    const input = fc.record({
      kind: fc.constantFrom<ObjectKind>('commit', 'tree', 'blob', 'tag'),
      body: fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 1, max: 200_000 }).map((size) => new Uint8Array(size)),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(input, { maxLength: 12 }), async (objects) => {
        const written = await packBytes({ algorithm, objects, objectCount: objects.length });
        const reader = await PackReader.open({
          source: memorySource(written.bytes),
          index: parsePackIndex(serializePackIndex(written), algorithm),
        });
        for (const { kind, body } of objects) {
          const object = await reader.read(hashObject(algorithm, kind, body));
          expect(object?.kind).toBe(kind);
          expect(Buffer.compare(object!.body, body)).toBe(0);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('writePack', () => {
  test('gives the same bytes for the same objects, from any iterable', async () => {
    const objects = blobs(100);
    const first = await packBytes({ algorithm: sha1, objects, objectCount: 100 });
    const waiting = (async function* () {
      yield* objects;
    })();
    const second = await packBytes({ algorithm: sha1, objects: waiting, objectCount: 100 });
    expect(second).toEqual(first);
  });

  test('streams in chunks that are neither tiny nor of any size', async () => {
    const body = new Uint8Array(300_000).map((_, at) => (at * at * 31) >>> 9);
    const objects = [...blobs(400), { kind: 'blob' as const, body }, ...blobs(400)];
    const sizes: number[] = [];
    for await (const chunk of writePack({ algorithm: sha1, objects, objectCount: objects.length, level: 0 }))
      sizes.push(chunk.length);
    expect(Math.max(...sizes)).toBeLessThan(310_000);
    expect(sizes.length).toBeLessThan((sizes.reduce((sum, size) => sum + size, 0) / 65536) * 2 + 5);
  });

  test.each([
    ['more', 4],
    ['fewer', 6],
  ])('refuses %s objects than it was told of', async (_name, objectCount) => {
    await expect(packBytes({ algorithm: sha1, objects: blobs(5), objectCount })).rejects.toThrow(RangeError);
  });

  test('ends with its signal, and tells of progress', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(packBytes({ algorithm: sha1, objects: blobs(5), objectCount: 5, signal })).rejects.toThrow('enough');
    const heard: unknown[] = [];
    await packBytes({
      algorithm: sha1,
      objects: blobs(5),
      objectCount: 5,
      onProgress: (progress) => heard.push(progress),
    });
    expect(heard.at(-1)).toEqual({ phase: 'write', loaded: 5, total: 5 });
  });
});
