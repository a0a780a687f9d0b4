import { describe, expect, test } from 'vitest';
import { orderBoundary } from '../../src/bundle/boundary.js';

describe('the commits at a boundary are listed', () => {
  const cases: [what: string, found: string[], parents: Record<string, string[]>, ordered: string[]][] = [
    ['none of none', [], {}, []],
    ['the last found first', ['a', 'b', 'c'], {}, ['c', 'b', 'a']],
    ['a child before its parent', ['b', 'a'], { b: ['a'] }, ['b', 'a']],
    [
      'a parent right after its last child',
      ['x', 'p', 'c', 'd'],
      { c: ['p'], d: ['p', 'other'] },
      ['d', 'c', 'p', 'x'],
    ],
  ];
  test.each(cases)('%s', (_what, found, parents, ordered) => {
    expect(orderBoundary(found, new Map(Object.entries(parents)))).toEqual(ordered);
  });
});
