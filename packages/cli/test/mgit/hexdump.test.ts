import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hexdump } from '../../src/mgit/hexdump.js';

const dump = (text: string): string => [...hexdump(new TextEncoder().encode(text))].join('');

describe('hexdump (K41)', () => {
  test.each([
    ['', ''],
    ['a', '00000000: 61                                       a\n'],
    ['Hello World!\n', '00000000: 4865 6c6c 6f20 576f 726c 6421 0a         Hello World!.\n'],
    ['Git rocks!', '00000000: 4769 7420 726f 636b 7321                 Git rocks!\n'],
    ['0123456789abcdef', '00000000: 3031 3233 3435 3637 3839 6162 6364 6566  0123456789abcdef\n'],
    [
      '0123456789abcdefg',
      '00000000: 3031 3233 3435 3637 3839 6162 6364 6566  0123456789abcdef\n' +
        '00000010: 67                                       g\n',
    ],
    ['\x00\x1f \x7e\x7fä', '00000000: 001f 207e 7fc3 a4                        .. ~...\n'],
  ])('shows %j', (text, shown) => {
    expect(dump(text)).toBe(shown);
  });

  test('loses no byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const hex = [...hexdump(bytes)]
          .join('')
          .split('\n')
          .map((row) => row.slice(10, 49).replaceAll(' ', ''))
          .join('');
        expect(Buffer.from(hex, 'hex').equals(bytes)).toBe(true);
      }),
    );
  });
});
