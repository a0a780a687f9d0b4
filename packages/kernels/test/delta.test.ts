import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ascii, concat, fromHex, hex, noise } from './support/bytes.js';
import { VARIANTS } from './support/variants.js';

function encodeSize(size: number): number[] {
  const bytes: number[] = [];
  for (; size >= 128; size = Math.floor(size / 128)) bytes.push((size % 128) | 0x80);
  return [...bytes, size];
}

/** A copy as git writes it: bytes that are zero are left out, and so is the size 0x10000. */
function encodeCopy(offset: number, size: number): number[] {
  let opcode = 0x80;
  const operands: number[] = [];
  const add = (value: number, firstBit: number, count: number) => {
    for (let byte = 0; byte < count; byte++) {
      const digit = Math.floor(value / 256 ** byte) % 256;
      if (digit === 0) continue;
      opcode |= firstBit << byte;
      operands.push(digit);
    }
  };
  add(offset, 0x01, 4);
  add(size === 0x10000 ? 0 : size, 0x10, 3);
  return [opcode, ...operands];
}

type Instruction = { readonly copy: readonly [offset: number, size: number] } | { readonly insert: Uint8Array };

function encodeDelta(baseSize: number, resultSize: number, instructions: readonly Instruction[]): Uint8Array {
  const bytes = [...encodeSize(baseSize), ...encodeSize(resultSize)];
  for (const instruction of instructions) {
    if ('copy' in instruction) bytes.push(...encodeCopy(...instruction.copy));
    else bytes.push(instruction.insert.length, ...instruction.insert);
  }
  return Uint8Array.from(bytes);
}

function resultOf(base: Uint8Array, instructions: readonly Instruction[]): Uint8Array {
  return concat(
    ...instructions.map((one) => ('copy' in one ? base.subarray(one.copy[0], one.copy[0] + one.copy[1]) : one.insert)),
  );
}

/** A base, and instructions that fit it. */
const deltas = fc.integer({ min: 1, max: 70_000 }).chain((baseSize) =>
  fc.record({
    base: fc.nat().map((seed) => noise(baseSize, seed)),
    instructions: fc.array(
      fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 127 }).map((insert): Instruction => ({ insert })),
        fc
          .tuple(fc.nat(baseSize - 1), fc.oneof(fc.nat(120), fc.nat(0xffff)), fc.boolean())
          .map(([offset, size, toEnd]): Instruction => {
            const rest = baseSize - offset;
            return { copy: [offset, toEnd ? rest : Math.min(rest, size + 1)] };
          }),
      ),
      { maxLength: 12 },
    ),
  }),
);

describe.each(VARIANTS)('applyDelta (%s)', (_variant, { applyDelta, createArena, readDeltaSizes, DeltaStatus }) => {
  const MARGIN = 8;
  // It ends where its memory does: nothing may be read or written past it.
  const arena = createArena(400_000 + ((65_536 - ((createArena(1).byteOffset + 400_000) % 65_536)) % 65_536));

  /** Apply in arenas, and see that nothing around the result was touched. */
  function run(base: Uint8Array, delta: Uint8Array, outputSize: number) {
    const from = concat(noise(3), base, noise(3));
    const by = concat(noise(5), delta, noise(5));
    const output = new Uint8Array(outputSize + 2 * MARGIN).fill(0xc5);
    const status = applyDelta(from, 3, 3 + base.length, by, 5, 5 + delta.length, output, MARGIN, outputSize);
    expect(hex(output.subarray(0, MARGIN)) + hex(output.subarray(MARGIN + outputSize))).toBe('c5'.repeat(2 * MARGIN));
    const result = output.slice(MARGIN, MARGIN + outputSize);
    for (const isBaseLast of [true, false]) {
      for (const isDeltaThere of [true, false]) expectSame(from, by, result, status, isBaseLast, isDeltaThere);
    }
    return { status, result };
  }

  /** Apply again, with base and output in one arena. */
  function expectSame(
    from: Uint8Array,
    by: Uint8Array,
    result: Uint8Array,
    expected: number,
    isBaseLast: boolean,
    isDeltaThere: boolean,
  ): void {
    const start = arena.length - from.length - by.length - result.length - MARGIN;
    if (start < 0) return;
    const outputStart = isBaseLast ? start + MARGIN : arena.length - result.length;
    const baseStart = isBaseLast ? arena.length - from.length + 3 : start;
    const deltaStart = isDeltaThere ? (isBaseLast ? baseStart - by.length : start + from.length) : 5;
    arena.fill(0xc5, start);
    arena.set(from.subarray(3), baseStart);
    if (isDeltaThere) arena.set(by.subarray(5), deltaStart);
    const baseEnd = baseStart + from.length - 6;
    const delta = isDeltaThere ? arena : by;
    const deltaEnd = deltaStart + by.length - 10;
    expect(applyDelta(arena, baseStart, baseEnd, delta, deltaStart, deltaEnd, arena, outputStart, result.length)).toBe(
      expected,
    );
    if (expected === DeltaStatus.done) {
      expect(Buffer.compare(arena.subarray(outputStart, outputStart + result.length), result)).toBe(0);
    }
    expect(hex(arena.subarray(outputStart - MARGIN, outputStart))).toBe('c5'.repeat(MARGIN));
    expect(Buffer.compare(arena.subarray(baseStart, baseEnd), from.subarray(3, from.length - 3))).toBe(0);
  }

  describe('rebuilds', () => {
    const base = ascii('0123456789');
    const cases: [what: string, delta: number[], result: string][] = [
      ['from copies and inserts', [10, 8, 0x91, 2, 3, 2, 0x41, 0x42, 0x91, 7, 3], '234AB789'],
      ['the base as it is', [10, 10, 0x90, 10], '0123456789'],
      ['from inserts alone', [10, 2, 2, 0x41, 0x42], 'AB'],
      ['nothing', [10, 0], ''],
      ['a size with padding', [0x8a, 0x80, 0x80, 0, 1, 1, 0x41], 'A'],
      ['with operands that are zero and written all the same', [10, 3, 0xff, 1, 0, 0, 0, 3, 0, 0], '123'],
    ];
    test.each(cases)('%s', (_what, delta, result) => {
      const bytes = Uint8Array.from(delta);
      expect(run(base, bytes, result.length)).toEqual({ status: DeltaStatus.done, result: ascii(result) });
    });

    test('a copy of 0x10000 bytes, whose size is left out', () => {
      const large = noise(70_000);
      const delta = encodeDelta(70_000, 0x10000, [{ copy: [1000, 0x10000] }]);
      expect(delta.length).toBe(3 + 3 + 3);
      expect(run(large, delta, 0x10000)).toEqual({
        status: DeltaStatus.done,
        result: large.slice(1000, 1000 + 0x10000),
      });
    });

    test('a copy with all of its operands', () => {
      const large = noise(0x1030201 + 0x20304);
      const delta = encodeDelta(large.length, 0x20304, [{ copy: [0x1030201, 0x20304] }]);
      expect(hex(delta.subarray(-8))).toBe('ff01020301040302');
      const output = new Uint8Array(0x20304);
      expect(applyDelta(large, 0, large.length, delta, 0, delta.length, output, 0, output.length)).toBe(
        DeltaStatus.done,
      );
      expect(Buffer.compare(output, large.subarray(0x1030201))).toBe(0);
    });

    test('whatever the instructions, between arrays and within one', () => {
      fc.assert(
        fc.property(deltas, ({ base: from, instructions }) => {
          const expected = resultOf(from, instructions);
          const delta = encodeDelta(from.length, expected.length, instructions);
          const { status, result } = run(from, delta, expected.length);
          expect(status).toBe(DeltaStatus.done);
          expect(Buffer.compare(result, expected)).toBe(0);

          const arena = concat(from, delta, new Uint8Array(expected.length));
          const at = from.length + delta.length;
          expect(applyDelta(arena, 0, from.length, arena, from.length, at, arena, at, expected.length)).toBe(
            DeltaStatus.done,
          );
          expect(Buffer.compare(arena.subarray(at), expected)).toBe(0);
        }),
      );
    });
  });

  describe('refuses a delta that', () => {
    const base = ascii('0123456789');
    const forEver = new Array<number>(300).fill(0x80);
    const cases: [problem: string, status: number, delta: number[], outputSize: number][] = [
      ['is empty', DeltaStatus.inputEnds, [], 0],
      ['ends inside the size of the base', DeltaStatus.inputEnds, [0x8a], 0],
      ['ends before the size of the result', DeltaStatus.inputEnds, [10], 0],
      ['ends inside the size of the result', DeltaStatus.inputEnds, [10, 0x80], 1],
      ['has a size without end', DeltaStatus.inputEnds, forEver, 1],
      ['has a second size without end', DeltaStatus.inputEnds, [10, ...forEver], 1],
      ['ends inside an insert', DeltaStatus.inputEnds, [10, 2, 2, 0x41], 2],
      ['ends inside a copy', DeltaStatus.inputEnds, [10, 4, 0x91, 0], 4],
      ['ends after the opcode of a copy', DeltaStatus.inputEnds, [10, 4, 0xff], 4],
      ['is made for a larger base', DeltaStatus.baseSizeDiffers, [11, 1, 1, 0x41], 1],
      ['is made for a smaller base', DeltaStatus.baseSizeDiffers, [9, 1, 1, 0x41], 1],
      [
        'is made for a base of 2^32 more bytes',
        DeltaStatus.baseSizeDiffers,
        [...encodeSize(2 ** 32 + 10), 1, 1, 0x41],
        1,
      ],
      [
        'is made for a base of more than 2^53 bytes',
        DeltaStatus.baseSizeDiffers,
        [...new Array<number>(12).fill(0xff), 1, 1],
        1,
      ],
      ['states a larger result', DeltaStatus.resultSizeDiffers, [10, 2, 1, 0x41], 1],
      ['states a smaller result', DeltaStatus.resultSizeDiffers, [10, 0, 1, 0x41], 1],
      [
        'states a result of 2^32 more bytes',
        DeltaStatus.resultSizeDiffers,
        [10, ...encodeSize(2 ** 32 + 1), 1, 0x41],
        1,
      ],
      ['uses the reserved opcode', DeltaStatus.reservedOpcode, [10, 1, 0], 1],
      ['uses the reserved opcode after a full result', DeltaStatus.reservedOpcode, [10, 1, 1, 0x41, 0], 1],
      ['copies past the end of the base', DeltaStatus.copyOutsideBase, [10, 4, 0x91, 8, 4], 4],
      [
        'copies from far past the end of the base',
        DeltaStatus.copyOutsideBase,
        [10, 4, 0x9f, 255, 255, 255, 255, 4],
        4,
      ],
      ['copies 0x10000 bytes of a small base', DeltaStatus.copyOutsideBase, [10, 4, 0x80], 4],
      ['copies more than the stated size', DeltaStatus.resultOverrun, [10, 1, 0x90, 2], 1],
      ['inserts more than the stated size', DeltaStatus.resultOverrun, [10, 1, 2, 0x41, 0x42], 1],
      ['goes on after the stated size', DeltaStatus.resultOverrun, [10, 1, 1, 0x41, 0x90, 1], 1],
      ['yields less than the stated size', DeltaStatus.resultShort, [10, 3, 1, 0x41], 3],
      ['yields nothing', DeltaStatus.resultShort, [10, 3], 3],
    ];
    test.each(cases)('%s', (_problem, status, delta, outputSize) => {
      expect(run(base, Uint8Array.from(delta), outputSize).status).toBe(status);
    });

    test('is cut anywhere', () => {
      const large = noise(3000);
      const instructions: Instruction[] = [
        { copy: [100, 2000] },
        { insert: noise(50) },
        { copy: [5, 30] },
        { insert: noise(1) },
      ];
      const result = resultOf(large, instructions);
      const delta = encodeDelta(large.length, result.length, instructions);
      const statuses = new Set<number>();
      for (let cut = 0; cut < delta.length; cut++)
        statuses.add(run(large, delta.subarray(0, cut), result.length).status);
      expect([...statuses].sort()).toEqual([DeltaStatus.inputEnds, DeltaStatus.resultShort]);
    });
  });

  test('writes inside of its output alone, whatever the delta', () => {
    const head = fc.tuple(fc.constantFrom(100, 101), fc.constantFrom(200, 300));
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 60 }), ([baseSize, resultSize], bytes) => {
        const delta = concat(Uint8Array.from([...encodeSize(baseSize), ...encodeSize(resultSize)]), bytes);
        const { status } = run(noise(100), delta, 200);
        expect(Object.values(DeltaStatus)).toContain(status);
        if (baseSize !== 100) expect(status).toBe(DeltaStatus.baseSizeDiffers);
        else if (resultSize !== 200) expect(status).toBe(DeltaStatus.resultSizeDiffers);
      }),
      { numRuns: 1000 },
    );
  });

  test('refuses ranges outside of its buffers', () => {
    const base = new Uint8Array(10);
    const delta = Uint8Array.of(10, 1, 1, 0x41);
    const output = new Uint8Array(1);
    const calls: (() => unknown)[] = [
      () => applyDelta(base, -1, 9, delta, 0, 4, output, 0, 1),
      () => applyDelta(base, 0, 11, delta, 0, 4, output, 0, 1),
      () => applyDelta(base, 0, 10, delta, 0, 5, output, 0, 1),
      () => applyDelta(base, 0, 10, delta, 4, 3, output, 0, 1),
      () => applyDelta(base, 0, 10, delta, 0, 4, output, 0, 2),
      () => applyDelta(base, 0, 10, delta, 0, 4, output, 1, 1),
      () => applyDelta(base, 0, 10, delta, 0, 4, output, 1, -1),
    ];
    for (const call of calls) expect(call).toThrow(RangeError);
  });

  describe('readDeltaSizes', () => {
    const cases: [what: string, delta: string, sizes: ReturnType<typeof readDeltaSizes>][] = [
      ['reads one byte each', '0a 05 90', { baseSize: 10, resultSize: 5, end: 2 }],
      ['reads several bytes each', '8001 ffff03', { baseSize: 128, resultSize: 0xffff, end: 5 }],
      ['does not wrap at 2^32', '8080808020 8080808010', { baseSize: 2 ** 33, resultSize: 2 ** 32, end: 10 }],
      ['reads 2^53 - 1', 'ffffffffffffff0f 00', { baseSize: 2 ** 53 - 1, resultSize: 0, end: 9 }],
      ['reads more as infinite', '8080808080808010 00', { baseSize: Number.POSITIVE_INFINITY, resultSize: 0, end: 9 }],
      ['reads padding, however long', `${'80'.repeat(200)}00 05`, { baseSize: 0, resultSize: 5, end: 202 }],
      ['tells that the first is cut short', '8080', undefined],
      ['tells that the second is missing', '8001', undefined],
      ['tells that the second is cut short', '8001 80', undefined],
    ];
    test.each(cases)('%s', (_what, digits, sizes) => {
      const delta = fromHex(digits);
      expect(readDeltaSizes(delta, 0, delta.length)).toEqual(sizes);
      const inside = concat(noise(3), delta, noise(3));
      const moved = sizes && { ...sizes, end: sizes.end + 3 };
      expect(readDeltaSizes(inside, 3, 3 + delta.length)).toEqual(moved);
    });

    test('reads what was written', () => {
      const size = fc.maxSafeNat();
      fc.assert(
        fc.property(size, size, (baseSize, resultSize) => {
          const delta = encodeDelta(baseSize, resultSize, []);
          expect(readDeltaSizes(delta, 0, delta.length)).toEqual({ baseSize, resultSize, end: delta.length });
        }),
      );
    });
  });
});
