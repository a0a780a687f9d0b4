import { hashObject, sha1 } from '@git-kv/objects';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeSmall } from '../src/small-buffers.js';
import { ValueShelf } from '../src/value-shelf.js';

test('A shelf holds each value as long as a key has it, wherever its bytes lie', () => {
  const value = fc.oneof(fc.integer({ min: 0, max: 6 }).map(String), fc.constantFrom('x'.repeat(2000), ''));
  const step = fc.record({ value, isReleased: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const shelf = new ValueShelf();
      const counts = new Map<string, number>();
      for (const { value, isReleased } of steps) {
        const body = encodeSmall(value) as Uint8Array;
        const oid = hashObject(sha1, 'blob', body);
        const count = counts.get(oid) ?? 0;
        if (isReleased) {
          shelf.release(oid);
          counts.set(oid, Math.max(0, count - 1));
        } else {
          shelf.add(oid, body);
          counts.set(oid, count + 1);
        }
        for (const [known, keys] of counts) {
          const held = shelf.get(known);
          if (keys === 0) expect(held).toBeUndefined();
          else expect(hashObject(sha1, 'blob', held!.body)).toBe(known);
        }
      }
      const heldBytes = [...shelf.objects()].reduce((size, { body }) => size + body.length, 0);
      expect(shelf.bytes).toBe(heldBytes);
      const held = [...shelf.objects()].map(({ kind, body }) => hashObject(sha1, kind, body));
      expect(held.sort()).toEqual([...counts].flatMap(([oid, keys]) => (keys > 0 ? [oid] : [])).sort());
    }),
  );
});

test('A shelf that was cleared is as good as a new one', () => {
  const shelf = new ValueShelf();
  for (const round of [1, 2, 3]) {
    for (let at = 0; at < 100; at++) shelf.add(`${round} ${at}`, encodeSmall(`${at}`.repeat(round * 90)) as Uint8Array);
    for (let at = 0; at < 100; at += 2) shelf.release(`${round} ${at}`);
    expect([...shelf.objects()].map(({ oid }) => oid)).toEqual(
      Array.from({ length: 50 }, (_, at) => `${round} ${2 * at + 1}`),
    );
    for (const { oid, body } of shelf.objects()) {
      expect(new TextDecoder().decode(body)).toBe((oid as string).slice(2).repeat(round * 90));
    }
    shelf.clear();
    expect([shelf.bytes, shelf.get(`${round} 1`), [...shelf.objects()]]).toEqual([0, undefined, []]);
    shelf.release(`${round} 1`);
  }
});

test('A shelf gives what it was not asked for before', () => {
  const shelf = new ValueShelf();
  const given = new Set<string>();
  const add = (text: string): void => {
    const body = encodeSmall(text) as Uint8Array;
    shelf.add(hashObject(sha1, 'blob', body), body);
  };
  const texts = (): string[] => [...shelf.objects(given)].map(({ body }) => new TextDecoder().decode(body));
  add('a');
  expect(texts()).toEqual(['a']);
  add('b');
  add('a');
  expect(texts()).toEqual(['b']);
  expect(texts()).toEqual([]);
});
