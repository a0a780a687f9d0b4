import { hashAlgorithm } from '@git-kv/objects';
import { PackItemList, packNameHash } from '@git-kv/pack';
import { describe, expect, test } from 'vitest';

describe.each([hashAlgorithm('sha1'), hashAlgorithm('sha256')])('a list of items for a pack ($name)', (algorithm) => {
  const oid = (number: number): string => number.toString(16).padStart(algorithm.hexLength, '0');

  test('gives them back in their order, with the hash of their path', () => {
    const list = new PackItemList(algorithm, [{ oid: oid(2), kind: 'commit' }]);
    list.push({ oid: oid(1), kind: 'blob', path: 'a/b' });
    list.push({ oid: oid(3), kind: 'tree', nameHash: 0xffffffff });
    expect([...list]).toEqual([
      { oid: oid(2), kind: 'commit', nameHash: 0 },
      { oid: oid(1), kind: 'blob', nameHash: packNameHash('a/b') },
      { oid: oid(3), kind: 'tree', nameHash: 0xffffffff },
    ]);
    expect([oid(1), oid(4), 'abc'].map((one) => list.rowOf(one))).toEqual([1, -1, -1]);
  });

  test('has each object once, and as many as there are', () => {
    const list = new PackItemList(algorithm);
    for (let number = 0; number < 1500; number++) list.push({ oid: oid(number % 700), kind: 'blob', nameHash: number });
    expect(list.length).toBe(700);
    expect([...list.nameHashes.entries()].every(([row, hash]) => row === hash)).toBe(true);
    expect(list.oidAt(699)).toBe(oid(699));
  });
});
