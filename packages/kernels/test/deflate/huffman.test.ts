import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findCodeLengths, makeCodes } from '../../src/deflate/huffman.js';

function lengthsOf(frequencies: readonly number[], maxBits: number): number[] {
  const lengths = new Uint8Array(frequencies.length);
  findCodeLengths(Int32Array.from(frequencies), frequencies.length, maxBits, lengths);
  return [...lengths];
}

/** The least bits that a code for these frequencies takes: the weights of all joined nodes. */
function leastBits(frequencies: readonly number[]): number {
  const weights = frequencies.filter((frequency) => frequency > 0);
  let bits = 0;
  while (weights.length > 1) {
    weights.sort((a, b) => a - b);
    const joined = weights.shift()! + weights.shift()!;
    bits += joined;
    weights.push(joined);
  }
  return bits;
}

const space = (lengths: readonly number[]): number =>
  lengths.reduce((sum, length) => sum + (length > 0 ? 2 ** -length : 0), 0);

describe('findCodeLengths', () => {
  test.each([
    [
      [0, 0, 0],
      [1, 1, 0],
    ],
    [
      [0, 0, 5],
      [1, 0, 1],
    ],
    [
      [5, 0, 0],
      [1, 1, 0],
    ],
    [
      [1, 1, 2, 4],
      [3, 3, 2, 1],
    ],
    [
      [3, 0, 3],
      [1, 0, 1],
    ],
  ])('of %j is %j', (frequencies, expected) => {
    expect(lengthsOf(frequencies, 15)).toEqual(expected);
  });

  test('makes whole codes that are as short as can be', () => {
    const anyFrequencies = fc.array(fc.oneof(fc.constant(0), fc.nat(50), fc.nat(5000)), {
      minLength: 2,
      maxLength: 286,
    });
    fc.assert(
      fc.property(anyFrequencies, (frequencies) => {
        fc.pre(frequencies.filter((frequency) => frequency > 0).length > 1);
        const lengths = lengthsOf(frequencies, 15);
        expect(space(lengths)).toBe(1);
        const bits = lengths.reduce((sum, length, symbol) => sum + length * frequencies[symbol]!, 0);
        expect(bits).toBe(leastBits(frequencies));
        for (const [symbol, frequency] of frequencies.entries()) expect(lengths[symbol]! > 0).toBe(frequency > 0);
      }),
    );
  });

  test.each([
    [7, 19],
    [15, 22],
  ])('makes none longer than %i bits, of frequencies that make the deepest trees', (maxBits, count) => {
    const frequencies = [1, 1];
    while (frequencies.length < count) frequencies.push(frequencies.at(-1)! + frequencies.at(-2)!);
    const lengths = lengthsOf(frequencies, maxBits);
    expect(Math.max(...lengths)).toBe(maxBits);
    expect(space(lengths)).toBe(1);
    for (const [symbol, length] of lengths.entries())
      expect(length).toBeLessThanOrEqual(lengths[symbol - 1] ?? maxBits);
  });
});

test('makeCodes gives the codes of the example in RFC 1951, 3.2.2, first bit lowest', () => {
  const codes = new Int32Array(8);
  makeCodes(Uint8Array.of(3, 3, 3, 3, 3, 2, 4, 4), 8, codes);
  const written = [...codes].map((code) => {
    const bits = (code >> 4).toString(2).padStart(code & 15, '0');
    return [...bits].reverse().join('');
  });
  expect(written).toEqual(['010', '011', '100', '101', '110', '00', '1110', '1111']);
});
