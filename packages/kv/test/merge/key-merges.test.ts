import { encodeUtf8 } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Key } from '../../src/index.js';
import { type KeyMerge, type KeySides, keyMerges } from '../../src/merge/index.js';
import { text } from '../support/remote.js';

type Sides = readonly [base: string | undefined, ours: string | undefined, theirs: string | undefined];

const bytes = (value: string | undefined): Uint8Array | undefined =>
  value === undefined ? undefined : encodeUtf8(value);

/** The merged text, `undefined` for a removal, or the reason of a conflict in an object. */
async function merge(rule: KeyMerge, [base, ours, theirs]: Sides, times?: KeySides['times']): Promise<unknown> {
  const sides = { base: bytes(base), ours: bytes(ours), theirs: bytes(theirs) };
  const outcome = await rule({ key: Key.of('k'), ...sides, ...(times && { times }) });
  return outcome.status === 'merged' ? text(outcome.value) : { conflict: outcome.reason };
}

const overlap = { conflict: expect.stringContaining('both sides changed') };

describe('keyMerges', () => {
  const cases: [what: string, rule: KeyMerge, sides: Sides, merged: unknown][] = [
    ['ours takes ours', keyMerges.ours, ['1', '2', '3'], '2'],
    ['ours takes a removal', keyMerges.ours, ['1', undefined, '3'], undefined],
    ['theirs takes theirs', keyMerges.theirs, ['1', '2', '3'], '3'],
    ['lastWriterWins without times takes ours', keyMerges.lastWriterWins(), ['1', '2', '3'], '2'],
    ['counter adds what both added', keyMerges.counter(), ['10', '13', '9'], '12'],
    ['counter begins at 0', keyMerges.counter(), [undefined, '3', '4'], '7'],
    ['counter takes a removal for 0', keyMerges.counter(), ['5', undefined, '7'], '2'],
    [
      'counter goes below 0, and beyond 53 bits',
      keyMerges.counter(),
      ['0', '-5', '-9007199254740993'],
      '-9007199254740998',
    ],
    ['counter keeps the line feed', keyMerges.counter(), ['1\n', '2\n', '3\n'], '4\n'],
    [
      'counter refuses what is no integer',
      keyMerges.counter(),
      ['1', '1.5', '2'],
      { conflict: 'a counter is no decimal integer' },
    ],
    [
      'counter refuses more digits than anyone counts',
      keyMerges.counter(),
      ['1', '9'.repeat(1001), '2'],
      { conflict: 'a counter is no decimal integer' },
    ],
    ['set joins additions and keeps removals', keyMerges.set(), ['a\nb\nc\n', 'b\nc\nx\n', 'a\nc\ny\n'], 'c\nx\ny\n'],
    ['set begins empty', keyMerges.set(), [undefined, 'b\n', 'a'], 'a\nb\n'],
    ['set that is removed keeps what was added', keyMerges.set(), ['a\nb\n', undefined, 'a\nb\nc\n'], 'c\n'],
    ['set that is removed and emptied is gone', keyMerges.set(), ['a\nb\n', undefined, 'a\n'], undefined],
    [
      'text merges lines',
      keyMerges.text(),
      ['a\nb\nc\nd\ne\n', 'A\nb\nc\nd\ne\n', 'a\nb\nc\nd\nE\n'],
      'A\nb\nc\nd\nE\n',
    ],
    ['text tells of lines both changed', keyMerges.text(), ['a\n', 'b\n', 'c\n'], overlap],
    ['text does not merge binary values', keyMerges.text(), ['\0', '\0a', '\0b'], { conflict: 'a value is no text' }],
    ['text leaves a removal to others', keyMerges.text(), ['a', undefined, 'b'], { conflict: undefined }],
    [
      'json merges members',
      keyMerges.json(),
      ['{"a":1,"b":{"c":1}}', '{"a":2,"b":{"c":1}}', '{"a":1,"b":{"c":1,"d":[1]}}'],
      '{"a":2,"b":{"c":1,"d":[1]}}',
    ],
    ['json tells of a member both changed', keyMerges.json(), ['{"a":1}', '{"a":2}', '{"a":3}'], overlap],
    ['json takes an array for a value', keyMerges.json(), ['{"a":[1]}', '{"a":[1,2]}', '{"a":[0,1]}'], overlap],
  ];
  test.each(cases)('%s', async (_what, rule, sides, merged) => {
    expect(await merge(rule, sides)).toEqual(merged);
  });

  test('lastWriterWins takes the later side, and of one second the greater bytes', async () => {
    const rule = keyMerges.lastWriterWins();
    expect(await merge(rule, ['1', '2', '3'], { ours: 9, theirs: 8 })).toBe('2');
    expect(await merge(rule, ['1', '2', undefined], { ours: 7, theirs: 8 })).toBeUndefined();
    expect(await merge(rule, ['1', '2', '3'], { ours: 8, theirs: 8 })).toBe('3');
    expect(await merge(rule, ['1', undefined, '3'], { ours: 8, theirs: 8 })).toBe('3');
  });
});

describe('are symmetric', () => {
  const value = fc.option(fc.constantFrom('', '0', '1', '22', '-3', 'a\n', 'b\na\n', 'a\nc', '\u00e9\n'), {
    nil: undefined,
  });
  const rules = { counter: keyMerges.counter(), set: keyMerges.set(), lastWriterWins: keyMerges.lastWriterWins() };
  test.each(Object.entries(rules))('%s', async (_name, rule) => {
    const time = fc.integer({ min: 1, max: 3 });
    await fc.assert(
      fc.asyncProperty(value, value, value, time, time, async (base, ours, theirs, mine, other) => {
        const there = await merge(rule, [base, ours, theirs], { ours: mine, theirs: other });
        expect(await merge(rule, [base, theirs, ours], { ours: other, theirs: mine })).toEqual(there);
        expect(await merge(rule, [base, ours, theirs], { ours: mine, theirs: other })).toEqual(there);
      }),
      { numRuns: 200 },
    );
  });

  test('text, also where both add to nothing', async () => {
    const lines = fc.option(
      fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 }).map((all) => all.join('\n')),
      { nil: undefined },
    );
    await fc.assert(
      fc.asyncProperty(lines, lines, lines, async (base, ours, theirs) => {
        const there = await merge(keyMerges.text(), [base, ours, theirs]);
        expect(await merge(keyMerges.text(), [base, theirs, ours])).toEqual(there);
      }),
      { numRuns: 200 },
    );
  });

  test('json, by value', async () => {
    const member = fc.constantFrom(1, 2, 'x', null, [1], [2]);
    const object = fc.dictionary(
      fc.constantFrom('a', 'b'),
      fc.oneof(member, fc.dictionary(fc.constantFrom('c', 'd'), member)),
    );
    const json = object.map((members) => JSON.stringify(members));
    const parsed = (outcome: unknown): unknown => (typeof outcome === 'string' ? JSON.parse(outcome) : outcome);
    await fc.assert(
      fc.asyncProperty(json, json, json, async (base, ours, theirs) => {
        const there = await merge(keyMerges.json(), [base, ours, theirs]);
        expect(parsed(await merge(keyMerges.json(), [base, theirs, ours]))).toEqual(parsed(there));
      }),
      { numRuns: 200 },
    );
  });
});
