import { encodeUtf8, hashObject, type Oid, type RawObject, sha1, sha256 } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ObjectBlock } from '../../../src/engines/memory/object-block.js';

const textOf = (object: RawObject | undefined): string | undefined =>
  object && `${object.kind} ${Buffer.from(object.body).toString('latin1')}`;

describe.each([sha1, sha256])('A block of objects of $name', (algorithm) => {
  test('holds what was added and not deleted since, as a map does', () => {
    const object = fc.record({
      kind: fc.constantFrom('blob', 'tree', 'commit', 'tag'),
      body: fc.oneof(fc.integer({ min: 0, max: 9 }).map(String), fc.constantFrom('', 'y'.repeat(1500))).map(encodeUtf8),
    });
    const step = fc.record({ object, isDeleted: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let block = new ObjectBlock(algorithm);
        const model = new Map<Oid, RawObject>();
        for (const { object, isDeleted } of steps) {
          const oid = hashObject(algorithm, object.kind, object.body);
          if (isDeleted) expect(block.delete(oid)).toBe(model.delete(oid));
          else {
            expect(textOf(block.add(oid, object))).toBe(textOf(model.get(oid)));
            model.set(oid, object);
          }
          expect(block.size).toBe(model.size);
          expect(block.has(oid)).toBe(model.has(oid));
        }
        for (let round = 0; round < 2; round++) {
          expect([...block.keys()].sort()).toEqual([...model.keys()].sort());
          for (const [oid, held] of model) expect(textOf(block.get(oid))).toBe(textOf(held));
          block = block.compacted();
        }
      }),
    );
  });

  test('is what a store in memory keeps many in, until they are dropped', async () => {
    const { objects } = createMemoryRepository({ algorithm });
    const blobs = Array.from(
      { length: 3000 },
      (_, at): RawObject => ({ kind: 'blob', body: encodeUtf8(`${at % 2500}`) }),
    );
    const oids = await objects.writeMany(blobs);
    expect(await objects.writeMany(blobs.slice(0, 2000))).toEqual(oids.slice(0, 2000));
    const alone = await objects.write({ kind: 'blob', body: encodeUtf8('alone') });
    expect(await objects.findByPrefix('', 5000)).toHaveLength(2501);
    expect(textOf(await objects.read(oids[7] as Oid))).toBe('blob 7');
    const kept = new Set([...oids.slice(0, 600), alone]);
    expect(await objects.prune((oid) => kept.has(oid))).toEqual({ removed: 1900, kept: 601 });
    expect(await objects.read(oids[700] as Oid)).toBeUndefined();
    for (const oid of kept) expect((await objects.read(oid))?.kind).toBe('blob');
    expect(await objects.writeMany(blobs)).toEqual(oids);
    expect(textOf(await objects.read(oids[700] as Oid))).toBe('blob 700');
  });
});
