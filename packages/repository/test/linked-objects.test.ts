import { sha1, sha256 } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { LinkedObjects } from '../src/linked-objects.js';

const TREE = 2;
const BLOB = 3;

describe.each([sha1, sha256])('objects that are named ($name)', (algorithm) => {
  const { oidLength } = algorithm;
  const idOf = (number: number): Uint8Array => algorithm.digest(new Uint8Array([number, number >>> 8, number >>> 16]));

  const ids = Array.from({ length: 6000 }, (_, number) => idOf(number));
  const typeOf = (number: number): number => (number % 2 === 0 ? TREE : BLOB);

  test.each([
    ['as many as are announced', 4000],
    ['with nothing announced', 0],
    ['with far too few', 10],
    ['with far too many', 4_000_000_000],
  ])('are counted once each and all found: %s', (_, announced) => {
    const linked = new LinkedObjects(algorithm);
    const addAll = (): boolean =>
      ids.slice(0, 4000).every((id, number) => linked.add(id, 0, typeOf(number), announced));
    const meetAll = (start: number, end: number): boolean =>
      ids.slice(start, end).every((id, number) => linked.meet(id, 0, typeOf(start + number)));
    expect([addAll(), addAll(), linked.count]).toEqual([true, true, 4000]);
    expect([meetAll(2000, 6000), linked.foundCount]).toEqual([true, 2000]);
    // What is there twice is found once.
    expect([meetAll(0, 4000), linked.foundCount]).toEqual([true, 4000]);
  });

  test('are told apart where ids agree in all but one bit', () => {
    const linked = new LinkedObjects(algorithm);
    const id = idOf(1);
    for (let bit = 0; bit < 8 * oidLength; bit++) {
      const other = id.slice();
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
      linked.add(other, 0, BLOB, 0);
    }
    expect(linked.count).toBe(8 * oidLength);
    linked.meet(id, 0, BLOB);
    expect(linked.foundCount).toBe(0);
  });

  test('have one type', () => {
    const linked = new LinkedObjects(algorithm);
    expect(linked.add(idOf(1), 0, TREE, 0)).toBe(true);
    expect(linked.add(idOf(1), 0, BLOB, 0)).toBe(false);
    expect(linked.meet(idOf(1), 0, BLOB)).toBe(false);
    expect(linked.meet(idOf(2), 0, BLOB)).toBe(true);
    expect(linked.foundCount).toBe(0);
  });
});
