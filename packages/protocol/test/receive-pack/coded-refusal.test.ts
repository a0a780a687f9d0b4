import { type CodedRefusal, parseCodedRefusal, serializeCodedRefusal } from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';

const CASES: [refusal: CodedRefusal, reason: string][] = [
  [{ code: 'tree-moved' }, 'kv:tree-moved'],
  [{ code: 'tree-moved', exit: 2 }, 'kv:tree-moved exit=2'],
  [{ code: 'policy.42', message: 'one line: at most' }, 'kv:policy.42: one line: at most'],
  [{ code: 'A_b', exit: 255, message: 'the tree has moved' }, 'kv:A_b exit=255: the tree has moved'],
];

describe('a coded refusal (H23)', () => {
  test.each(CASES)('%j is the reason %j, and back', (refusal, reason) => {
    expect(serializeCodedRefusal(refusal)).toBe(reason);
    expect(parseCodedRefusal(reason)).toEqual(refusal);
  });

  test('has a message of one line', () => {
    expect(serializeCodedRefusal({ code: 'x', message: ' a\n\tb ' })).toBe('kv:x: a b');
    expect(serializeCodedRefusal({ code: 'x', message: ' ' })).toBe('kv:x');
  });

  test.each([
    [{ code: '' }],
    [{ code: 'two words' }],
    [{ code: 'x'.repeat(65) }],
    [{ code: 'x', exit: 0 }],
    [{ code: 'x', exit: 256 }],
    [{ code: 'x', exit: 1.5 }],
  ])('is not made of %j', (refusal) => {
    expect(() => serializeCodedRefusal(refusal)).toThrow(RangeError);
  });

  test.each([
    'non-fast-forward',
    'kv',
    'kv:',
    'kv: words',
    'kv:a b',
    'kv:a exit=0',
    'kv:a exit=256',
    'kv:a exit=x',
    'kv:a/b',
    ' kv:a',
    `kv:${'a'.repeat(65)}`,
  ])('is not read from %j', (reason) => {
    expect(parseCodedRefusal(reason)).toBeUndefined();
  });
});
