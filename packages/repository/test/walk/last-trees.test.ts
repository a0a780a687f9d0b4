import { TreeCursor } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LastTrees } from '../../src/walk/last-trees.js';

const OID_LENGTH = 20;

/** Tree entries by name, each with a number for its oid. */
type Content = ReadonlyMap<string, number>;

function treeOf(content: Content): Uint8Array {
  const entries = [...content].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Uint8Array(
    Buffer.concat(
      entries.flatMap(([name, number]) => [Buffer.from(`100644 ${name}\0`), Buffer.alloc(OID_LENGTH, number)]),
    ),
  );
}

function entriesOf(body: Uint8Array, start?: number, end?: number): string[] {
  const cursor = new TreeCursor(body, OID_LENGTH, start, end);
  const entries: string[] = [];
  while (cursor.next()) {
    const bytes = body.subarray(cursor.modeStart, cursor.oidStart + OID_LENGTH);
    entries.push(Buffer.from(bytes).toString('latin1'));
  }
  return entries;
}

/** Entries that the comparison gives as new. */
function freshIn(last: LastTrees, path: number, body: Uint8Array): string[] {
  last.compare(path, body);
  const fresh: string[] = [];
  for (let at = 0; at < last.ranges.length; at += 2) {
    fresh.push(...entriesOf(body, last.ranges[at], last.ranges[at + 1]));
  }
  return fresh;
}

const content = fc
  .array(fc.tuple(fc.stringMatching(/^[a-d]{1,6}$/), fc.integer({ min: 0, max: 3 })), { minLength: 8, maxLength: 60 })
  .map((entries): Content => new Map(entries));

describe('LastTrees', () => {
  test('leaves out nothing but entries of trees that were at the path before', () => {
    fc.assert(
      fc.property(fc.array(content, { minLength: 2, maxLength: 6 }), (versions) => {
        const last = new LastTrees(OID_LENGTH);
        const before = new Set<string>();
        for (const version of versions) {
          const body = treeOf(version);
          const entries = entriesOf(body);
          const fresh = new Set(freshIn(last, 1, body));
          for (const entry of entries) if (!fresh.has(entry)) expect(before).toContain(entry);
          for (const entry of fresh) expect(entries).toContain(entry);
          for (const entry of entries) before.add(entry);
        }
      }),
    );
  });

  test('finds the same in bodies whose memory is used again', () => {
    fc.assert(
      fc.property(fc.array(content, { minLength: 2, maxLength: 6 }), fc.nat({ max: 7 }), (versions, offset) => {
        const kept = new LastTrees(OID_LENGTH);
        const copied = new LastTrees(OID_LENGTH, { isTransient: true });
        const memory = new Uint8Array(8192);
        for (const [number, version] of versions.entries()) {
          const body = treeOf(version);
          memory.set(body, offset);
          const path = number % 2;
          expect(freshIn(copied, path, memory.subarray(offset, offset + body.length))).toEqual(
            freshIn(kept, path, body),
          );
          memory.fill(0xff);
        }
      }),
    );
  });

  const long: Content = new Map(
    Array.from({ length: 300 }, (_, at) => [`name-${String(at).padStart(3, '0')}`, at % 250]),
  );
  test.each<[string, (content: Map<string, number>) => unknown, number]>([
    ['nothing', () => undefined, 0],
    ['a changed entry', (tree) => tree.set('name-100', 251), 1],
    ['the first and the last changed', (tree) => tree.set('name-000', 251).set('name-299', 251), 2],
    ['an entry that is new', (tree) => tree.set('name-100a', 1), 1],
    ['one at the end', (tree) => tree.set('z', 1), 1],
    ['an entry that is gone', (tree) => tree.delete('name-100'), 0],
    ['the last one gone', (tree) => tree.delete('name-299'), 0],
    ['one renamed', (tree) => tree.delete('name-100') && tree.set('name-2005', 100), 1],
  ])('finds no more than what is new: %s', (_what, change, count) => {
    const last = new LastTrees(OID_LENGTH);
    const first = treeOf(long);
    expect(freshIn(last, 1, first)).toEqual(entriesOf(first));
    const next = new Map(long);
    change(next);
    expect(freshIn(last, 1, treeOf(next)).length).toBe(count);
    // Another path knows nothing of it.
    expect(freshIn(last, 2, first)).toEqual(entriesOf(first));
  });

  test('leaves what is malformed to the reader, and forgets it', () => {
    const last = new LastTrees(OID_LENGTH);
    const body = treeOf(long);
    last.compare(1, body);
    last.compare(1, body.subarray(0, -3));
    expect(last.ranges.at(-1)).toBe(body.length - 3);
    expect(() => freshIn(last, 1, body.subarray(0, -3))).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    expect(freshIn(last, 1, body)).toEqual(entriesOf(body));
  });
});
