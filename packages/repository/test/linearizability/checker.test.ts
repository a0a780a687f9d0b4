import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findViolation, type Operation } from './checker.js';

const INITIAL = { a: '0', b: '0' };
const read = (start: number, end: number, saw: Record<string, string>): Operation => ({ start, end, saw, wrote: {} });
const write = (start: number, end: number, saw: Record<string, string>, wrote: Record<string, string>): Operation => ({
  start,
  end,
  saw,
  wrote,
});

const GOOD: readonly [title: string, history: readonly Operation[]][] = [
  ['nothing', []],
  ['a write and a read of it', [write(0, 1, { a: '0' }, { a: '1' }), read(2, 3, { a: '1' })]],
  ['a read of the old value beside the write', [write(0, 5, { a: '0' }, { a: '1' }), read(1, 2, { a: '0' })]],
  ['a read of the new value beside the write', [write(0, 5, { a: '0' }, { a: '1' }), read(1, 2, { a: '1' })]],
  ['writes that are told in another order', [write(0, 9, { a: '1' }, { a: '2' }), write(0, 9, { a: '0' }, { a: '1' })]],
  ['a write without an answer that was seen', [write(0, Infinity, { a: '0' }, { a: '1' }), read(5, 6, { a: '1' })]],
  ['a write without an answer that was not', [write(0, Infinity, { a: '0' }, { a: '1' }), read(5, 6, { a: '0' })]],
  [
    'a snapshot between two transactions',
    [
      write(0, 3, { a: '0', b: '0' }, { a: '1', b: '1' }),
      write(0, 9, { a: '1', b: '1' }, { a: '2', b: '2' }),
      read(4, 8, { a: '1', b: '1' }),
    ],
  ],
];

const BAD: readonly [title: string, history: readonly Operation[]][] = [
  ['a lost update', [write(0, 1, { a: '0' }, { a: '1' }), write(0, 1, { a: '0' }, { a: '2' })]],
  ['a value from nowhere', [read(0, 1, { a: '7' })]],
  ['a stale read', [write(0, 1, { a: '0' }, { a: '1' }), read(2, 3, { a: '0' })]],
  ['a read of the future', [read(0, 1, { a: '1' }), write(2, 3, { a: '0' }, { a: '1' })]],
  ['reads that go back', [write(0, 9, { a: '0' }, { a: '1' }), read(1, 2, { a: '1' }), read(3, 4, { a: '0' })]],
  [
    'a snapshot of half a transaction',
    [write(0, 9, { a: '0', b: '0' }, { a: '1', b: '1' }), read(1, 8, { a: '1', b: '0' })],
  ],
  [
    'two snapshots that see two writes in two orders',
    [
      write(0, 9, { a: '0' }, { a: '1' }),
      write(0, 9, { b: '0' }, { b: '1' }),
      read(1, 8, { a: '1', b: '0' }),
      read(1, 8, { a: '0', b: '1' }),
    ],
  ],
  [
    'a transaction that checked a value of the past',
    [write(0, 1, { a: '0' }, { a: '1' }), write(2, 3, { a: '0', b: '0' }, { b: '1' })],
  ],
  ['a write that is undone', [write(0, 1, { a: '0' }, { a: '1' }), write(2, 3, { a: '1' }, { a: '0' })]],
];

describe('the checker of histories', () => {
  test.each(GOOD)('accepts %s', (_, history) => expect(findViolation(INITIAL, history)).toBe(undefined));
  test.each(BAD)('refuses %s', (_, history) => expect(findViolation(INITIAL, history)).toEqual(expect.any(String)));

  test('agrees with a search through all orders', () => {
    const value = fc.integer({ min: 0, max: 3 }).map(String);
    const operation = fc.record({
      start: fc.integer({ min: 0, max: 8 }),
      length: fc.integer({ min: 1, max: 6 }),
      a: fc.option(value),
      b: fc.option(value),
      writes: fc.boolean(),
    });
    let linearizable = 0;
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 5 }), (drawn) => {
        const history = drawn.map(({ start, length, a, b, writes }, number): Operation => {
          const saw = { ...(a !== null && { a }), ...(b !== null && { b }) };
          // What the number of the operation is, nobody else writes.
          const wrote = writes ? Object.fromEntries(Object.keys(saw).map((ref) => [ref, String(number + 1)])) : {};
          return { start, end: start + length, saw, wrote };
        });
        const found = hasOrder(INITIAL, history, new Set());
        if (found) linearizable++;
        expect(findViolation(INITIAL, history) === undefined).toBe(found);
      }),
      { numRuns: 4000, seed: 7 },
    );
    expect(linearizable).toBeGreaterThan(200);
  });
});

/** Whether the operations that are not done can happen one after another: the search that needs no thought. */
function hasOrder(state: Record<string, string>, history: readonly Operation[], done: ReadonlySet<Operation>): boolean {
  const left = history.filter((operation) => !done.has(operation));
  return (
    left.length === 0 ||
    left.some((next) => {
      if (left.some((other) => other.end < next.start)) return false;
      if (Object.entries(next.saw).some(([ref, value]) => state[ref] !== value)) return false;
      return hasOrder({ ...state, ...next.wrote }, history, new Set([...done, next]));
    })
  );
}
