import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseQuoted } from '../../src/mgit/line.js';

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1');

describe('parseQuoted (K40, the value of set)', () => {
  test.each([
    ['""', ''],
    ['"Git rocks!"', 'Git rocks!'],
    ['"two  spaces"', 'two  spaces'],
    [String.raw`"a\nb\tc\rd\be"`, 'a\nb\tc\rd\be'],
    [String.raw`"\"\'\\\ "`, '"\'\\ '],
    [String.raw`"\000\255\x00\xfF\o377"`, '\x00\xff\x00\xff\xff'],
    ['"ä"', '\xc3\xa4'],
  ])('reads %s', (source, value) => {
    expect(text(parseQuoted(source))).toBe(value);
  });

  test.each([
    '',
    '"',
    'bare',
    '"open',
    'closed"',
    '"a" b',
    'a "b"',
    '"a"b"',
    String.raw`"\"`,
    String.raw`"\q"`,
    String.raw`"\256"`,
    String.raw`"\12"`,
    String.raw`"\xg0"`,
    String.raw`"\o400"`,
    '"\\',
  ])('takes %s for no quoted string', (source) => {
    expect(parseQuoted(source)).toBeUndefined();
  });

  test('reads back any bytes that were written as \\ddd', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const source = `"${[...bytes].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
        expect(parseQuoted(source)).toEqual(bytes);
      }),
    );
  });
});
