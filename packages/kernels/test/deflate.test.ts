import { deflateSync, inflateSync } from 'node:zlib';
import { deflate as plainDeflate } from '@git-kv/kernels/portable';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBytes, ascii, concat, noise, prose } from './support/bytes.js';
import { VARIANTS } from './support/variants.js';

/** What source code looks like to a compressor: lines that come again with small differences. */
function source(size: number): Uint8Array {
  const lines: string[] = [];
  const random = noise(size, 3);
  for (let line = 0, written = 0; written < size; line++) {
    const names = ['index', 'offset', 'bytes', 'output', 'start', `value${random[line]! % 20}`];
    const [a, b] = [names[random[line + 1]! % 6], names[random[line + 2]! % 6]];
    lines.push(`${'  '.repeat(random[line]! % 4)}const ${a} = ${b}[${random[line + 3]}] + ${a}.length;`);
    written += lines.at(-1)!.length + 1;
  }
  return ascii(lines.join('\n')).slice(0, size);
}

describe.each(VARIANTS)('deflateInto (%s)', (_variant, { deflateInto, deflatedBound }) => {
  test('gives the bytes of deflate, where it is told', () => {
    fc.assert(
      fc.property(anyBytes, fc.nat(9), fc.nat(100), (data, level, start) => {
        const output = new Uint8Array(start + deflatedBound(data.length)).fill(0xaa);
        const end = deflateInto(data, level, output, start);
        expect(Buffer.compare(output.subarray(start, end), plainDeflate(data, level))).toBe(0);
        expect(output.subarray(0, start).every((byte) => byte === 0xaa)).toBe(true);
      }),
    );
    const large = noise(900_000);
    const output = new Uint8Array(deflatedBound(large.length));
    expect(Buffer.compare(output.subarray(0, deflateInto(large, 4, output, 0)), plainDeflate(large, 4))).toBe(0);
  });

  test('does not begin without room for the largest stream', () => {
    const data = prose(100);
    const output = new Uint8Array(deflatedBound(100));
    expect(deflateInto(data, 6, output, 0)).toBeLessThan(100);
    for (const start of [1, -1, 0.5, Number.NaN]) expect(() => deflateInto(data, 6, output, start)).toThrow(RangeError);
    expect(() => deflateInto(data, 10, output, 0)).toThrow(RangeError);
  });
});

describe.each(VARIANTS)('deflate (%s)', (_variant, { deflate, inflate, InflateStatus }) => {
  const levels = Array.from({ length: 10 }, (_, level) => level);

  test.each(levels)('at level %i, node:zlib and our inflate read it', (level) => {
    for (const data of [
      new Uint8Array(),
      ascii('x'),
      prose(100),
      prose(70_000),
      noise(70_000),
      new Uint8Array(70_000),
    ]) {
      const stream = deflate(data, level);
      expect(Buffer.compare(inflateSync(stream), data)).toBe(0);
      const output = new Uint8Array(data.length);
      const result = { consumed: 0, produced: 0 };
      expect(inflate(stream, 0, output, 0, data.length, result)).toBe(InflateStatus.done);
      expect(result).toEqual({ consumed: stream.length, produced: data.length });
      expect(Buffer.compare(output, data)).toBe(0);
    }
  });

  test('whatever the data', () => {
    fc.assert(
      fc.property(anyBytes, fc.nat(9), (data, level) => {
        expect(Buffer.compare(inflateSync(deflate(data, level)), data)).toBe(0);
      }),
    );
  });

  test('gives the bytes that the plain kernel gives', () => {
    for (const data of [prose(100), prose(70_000), noise(40_000), new Uint8Array(300_000), prose(900_000)]) {
      for (const level of levels) expect(Buffer.compare(deflate(data, level), plainDeflate(data, level))).toBe(0);
    }
    fc.assert(
      fc.property(anyBytes, fc.nat(9), (data, level) => {
        expect(Buffer.compare(deflate(data, level), plainDeflate(data, level))).toBe(0);
      }),
    );
  });

  test('gives the same bytes whatever came before', () => {
    const once = deflate(prose(50_000));
    for (const data of [prose(10), noise(70_000), new Uint8Array(33_000)]) {
      deflate(data, 9);
      expect(Buffer.compare(deflate(prose(50_000)), once)).toBe(0);
    }
  });

  test('makes streams as small as those of zlib', () => {
    for (const data of [
      prose(60),
      prose(700),
      prose(5000),
      prose(70_000),
      source(3000),
      source(200_000),
      noise(9999),
    ]) {
      for (const level of levels) {
        const size = deflate(data, level).length;
        const limit = deflateSync(data, { level }).length * (level < 4 ? 1.04 : 1.01) + 8;
        expect([data.length, level, size <= limit ? 'as small' : size]).toEqual([data.length, level, 'as small']);
      }
    }
  });

  test('reads a view, and only the view', () => {
    const view = concat(noise(50), prose(3000), noise(50)).subarray(50, 3050);
    expect(Buffer.compare(inflateSync(deflate(view)), prose(3000))).toBe(0);
  });

  test('gives a plain array of its own, as long as its buffer', () => {
    const stream = deflate(prose(100));
    expect(Object.getPrototypeOf(stream)).toBe(Uint8Array.prototype);
    expect(stream.buffer.byteLength).toBe(stream.length);
  });

  test('makes smaller streams at level 6, the default, than at level 1', () => {
    const data = prose(70_000);
    expect(deflate(data).length).toBe(deflate(data, 6).length);
    expect(deflate(data).length).toBeLessThan(deflate(data, 1).length);
    expect(deflate(data, 0).length).toBeGreaterThan(data.length);
  });

  test.each([-1, 10, 1.5, Number.NaN])('refuses level %d', (level) => {
    expect(() => deflate(ascii('x'), level)).toThrow(RangeError);
  });
});
