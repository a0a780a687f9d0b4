import { deflateSync } from 'node:zlib';
import { canInflateTo, deflate, inflateExact } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectEveryCutIsTyped } from './support.js';

const malformed = (offset: number) => expect.objectContaining({ code: 'MALFORMED', format: 'zlib', offset });

describe('inflateExact', () => {
  test('finds where a stream ends among other bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 9 }),
        fc.uint8Array(),
        (body, before, after) => {
          const stream = deflateSync(body);
          const input = Uint8Array.from([...before, ...stream, ...after]);
          const inflated = inflateExact(input, before.length, body.length);
          expect(inflated.data).toEqual(body);
          expect(inflated.deflatedSize).toBe(stream.length);
        },
      ),
    );
  });

  test('reads what deflate writes, at every level', () => {
    const body = new TextEncoder().encode('the same again, '.repeat(100));
    for (let level = 0; level <= 9; level++)
      expect(inflateExact(deflate(body, level), 0, body.length).data).toEqual(body);
  });

  const body = new TextEncoder().encode('hello, hello, hello, hello');
  const stream = new Uint8Array(deflateSync(body));
  const withByte = (at: number, value: number) => stream.with(at < 0 ? stream.length + at : at, value);
  test.each([
    ['a size too small', stream, body.length - 1],
    ['a size too large', stream, body.length + 1],
    ['no input at all', new Uint8Array(0), 1],
    ['another method', withByte(0, 0x79), body.length],
    ['a wrong header check', withByte(1, 0), body.length],
    ['a reserved block type', withByte(2, 0xff), body.length],
    ['a wrong Adler-32', withByte(-1, (stream.at(-1) as number) ^ 1), body.length],
  ])('refuses %s', (_what, input, size) => {
    expect(() => inflateExact(input, 0, size)).toThrow(malformed(0));
  });

  test('names the offset of the stream, and refuses every cut', () => {
    expect(() => inflateExact(Uint8Array.of(1, 2, 3, 4, 5), 2, 4)).toThrow(malformed(2));
    expectEveryCutIsTyped(stream, (cut) => {
      inflateExact(cut, 0, body.length);
      throw new Error('a cut stream was read');
    });
  });

  test('refuses a size that no stream of this length can have, before it allocates', () => {
    expect(() => inflateExact(stream, 0, 2 ** 40)).toThrow(malformed(0));
    const zeros = deflateSync(new Uint8Array(10_000_000), { level: 9 });
    expect(canInflateTo(zeros.length, 10_000_000)).toBe(true);
  });
});
