import { constants, deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BitWriter, lengths } from './support/bit-writer.js';
import { anyBytes, ascii, concat, cutsOf, fromHex, noise, prose } from './support/bytes.js';
import { VARIANTS } from './support/variants.js';

const STRATEGIES = Object.values({
  default: constants.Z_DEFAULT_STRATEGY,
  fixed: constants.Z_FIXED,
  huffman: constants.Z_HUFFMAN_ONLY,
  rle: constants.Z_RLE,
});

/** Whether node:zlib reads a stream to its end, what it holds, and the bytes it takes. */
function judge(input: Uint8Array): { data: Uint8Array; consumed: number } | undefined {
  try {
    const { buffer, engine } = inflateSync(input, { info: true }) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    return { data: new Uint8Array(buffer), consumed: engine.bytesWritten };
  } catch {
    return undefined;
  }
}

describe.each(VARIANTS)('createInflater (%s)', (_variant, { createInflater, inflate, InflateStatus }) => {
  /** Push `input` in pieces of these sizes (the last one again and again), and gather what comes out. */
  function run(
    input: Uint8Array,
    sizes: readonly number[],
    maxBytes = Infinity,
    inflater = createInflater({ maxBytes }),
  ) {
    const parts: Uint8Array[] = [];
    let status: number = InflateStatus.inputEnds;
    let consumed = 0;
    for (let at = 0, turn = 0; at < input.length && status === InflateStatus.inputEnds; turn++) {
      const end = Math.min(input.length, at + (sizes[turn] ?? sizes.at(-1)!));
      status = inflater.push(input, at, end, (bytes) => {
        expect(bytes.length).toBeGreaterThan(0);
        expect(bytes.length).toBeLessThanOrEqual(65_536);
        parts.push(bytes.slice());
      });
      if (status === InflateStatus.inputEnds) expect(inflater.consumed).toBe(end - at);
      consumed += inflater.consumed;
      at = end;
    }
    const data = concat(...parts);
    expect(inflater.totalProduced).toBe(data.length);
    expect(inflater.totalConsumed).toBe(consumed);
    return { status, data, consumed };
  }

  function expectSame(actual: Uint8Array, expected: Uint8Array): void {
    expect(actual.length).toBe(expected.length);
    expect(Buffer.compare(actual, expected)).toBe(0);
  }

  const samples: [what: string, stream: Uint8Array][] = [
    ['nothing', fromHex('789c 0300 00000001')],
    ['empty stored blocks before the last block', fromHex('7801 000000ffff 000000ffff 0300 00000001')],
    ['a loose object', fromHex('7801 4bcac94f5230346328cf482c51c82c56282dd05148c94fb607005f1c079d')],
    ['a text', deflateSync(prose(3000))],
    ['codes of fifteen bits and a small code length code', deflateSync(concat(prose(900), noise(500), prose(900)))],
    ['stored blocks', deflateSync(noise(1500), { level: 0 })],
    ['fixed codes', deflateSync(prose(800), { strategy: constants.Z_FIXED })],
    ['many small blocks', deflateSync(prose(2000), { memLevel: 1 })],
  ];

  describe('gives the same, however the stream is cut:', () => {
    test.each(samples)('%s, a byte at a time', (_what, stream) => {
      const { data, consumed } = judge(stream)!;
      const inflated = run(concat(stream, noise(9)), [1]);
      expect([inflated.status, inflated.consumed]).toEqual([InflateStatus.done, consumed]);
      expectSame(inflated.data, data);
    });

    test.each(samples)('%s, in two pieces', (_what, stream) => {
      const { data } = judge(stream)!;
      for (const cut of cutsOf(stream.length, 2000)) {
        const inflated = run(concat(stream, noise(3)), [cut, stream.length]);
        expect([cut, inflated.status, inflated.consumed]).toEqual([cut, InflateStatus.done, stream.length]);
        expectSame(inflated.data, data);
      }
    });

    test('a long text, runs, and noise, longer than the window and the buffers', () => {
      const data = concat(prose(300_000), new Uint8Array(500_000), noise(300_000), prose(200_000));
      for (const level of [0, 1, 6, 9]) {
        const stream = deflateSync(data, { level });
        for (const size of [997, 4096, 65_536, 100_001, stream.length]) {
          const inflated = run(stream, [size]);
          expect([inflated.status, inflated.consumed]).toEqual([InflateStatus.done, stream.length]);
          expectSame(inflated.data, data);
        }
      }
    });

    test('whatever the data, and whatever follows', () => {
      const anyStream = fc.tuple(anyBytes, fc.nat(9), fc.constantFrom(...STRATEGIES), fc.integer({ min: 1, max: 9 }));
      const anyCuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 9000 })), {
        minLength: 1,
      });
      fc.assert(
        fc.property(anyStream, anyCuts, fc.uint8Array(), ([data, level, strategy, memLevel], cuts, trailing) => {
          const stream = deflateSync(data, { level, strategy, memLevel });
          const inflated = run(concat(stream, trailing), cuts);
          expect([inflated.status, inflated.consumed]).toEqual([InflateStatus.done, stream.length]);
          expectSame(inflated.data, data);
        }),
      );
    });

    test('damage, too: the status of a whole stream, and its bytes', () => {
      const anyCuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 });
      const anyEdits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
      fc.assert(
        fc.property(anyBytes, fc.nat(9), anyCuts, anyEdits, (data, level, cuts, edits) => {
          const stream = new Uint8Array(deflateSync(data, { level }));
          for (const [where, byte] of edits) stream[where % stream.length] = byte;
          const judged = judge(stream);
          const inflated = run(stream, cuts);
          expect(inflated.status === InflateStatus.done).toBe(judged !== undefined);
          const output = new Uint8Array(inflated.data.length);
          const whole = { consumed: 0, produced: 0 };
          expect(inflate(stream, 0, output, 0, output.length, whole)).toBe(inflated.status);
          expect(inflated.consumed).toBe(
            judged?.consumed ?? (inflated.status === 1 ? stream.length : inflated.consumed),
          );
          if (judged !== undefined) expectSame(inflated.data, judged.data);
        }),
        { numRuns: 300 },
      );
    });
  });

  describe('stops, and stays stopped, at', () => {
    const A = [0, 1] as const;
    const smallCode = lengths(258, { 97: 1, 256: 2, 257: 2 });
    const cases: [what: string, stream: Uint8Array, status: number, bytes: string][] = [
      ['another header', fromHex('789d 0300 00000001'), InflateStatus.badHeader, ''],
      ['a preset dictionary', fromHex('7820 0300 00000001'), InflateStatus.badHeader, ''],
      ['a reserved block type', fromHex('789c 0700 00000001'), InflateStatus.badBlock, ''],
      ['a stored size that is not repeated', fromHex('7801 010100feef 61'), InflateStatus.badBlock, ''],
      ['another checksum', fromHex('7801 010100feff 61 00620063'), InflateStatus.badChecksum, 'a'],
      [
        'a distance that has no code',
        new BitWriter()
          .dynamicTables(smallCode, [1])
          .code(...A)
          .code(...A)
          .code(0b11, 2)
          .code(1, 1)
          .stream(0),
        InflateStatus.badCode,
        'aa',
      ],
      ['a distance too far', fromHex('789c 4b04c2 00000000 00000000'), InflateStatus.badDistance, 'a'],
    ];
    test.each(cases)('%s', (_what, stream, status, text) => {
      expect(judge(stream)).toBeUndefined();
      for (let size = 1; size <= stream.length; size++) {
        const inflater = createInflater();
        const inflated = run(stream, [size], undefined, inflater);
        expect([size, inflated.status]).toEqual([size, status]);
        expectSame(inflated.data, ascii(text));
        expect(inflater.push(stream, 0, stream.length, () => expect.unreachable())).toBe(status);
        expect(inflater.consumed).toBe(0);
      }
    });

    test('its end', () => {
      const stream = deflateSync(prose(500));
      const inflater = createInflater();
      expect(run(stream, [100], undefined, inflater).status).toBe(InflateStatus.done);
      expect(inflater.push(stream, 0, stream.length, () => expect.unreachable())).toBe(InflateStatus.done);
      expect([inflater.consumed, inflater.totalConsumed]).toEqual([0, stream.length]);
    });

    test('the cap, of which it gives as many bytes, however the stream is cut', () => {
      for (const data of [prose(3000), noise(3000), new Uint8Array(3000), prose(150_000)]) {
        const stream = deflateSync(data);
        for (const maxBytes of [0, 1, data.length >> 1, data.length - 1]) {
          for (const size of data.length > 3000 ? [1000, stream.length] : [1, 13, stream.length]) {
            const inflated = run(stream, [size], maxBytes);
            expect([maxBytes, size, inflated.status]).toEqual([maxBytes, size, InflateStatus.outputFull]);
            expectSame(inflated.data, data.subarray(0, maxBytes));
          }
        }
        expect(run(stream, [100], data.length).status).toBe(InflateStatus.done);
      }
    });
  });

  test('waits for more at every cut, and gives what can be known', () => {
    const stream = deflateSync(prose(3000));
    for (const cut of cutsOf(stream.length)) {
      const { status, data } = run(stream.subarray(0, cut), [50]);
      expect([cut, status]).toEqual([cut, InflateStatus.inputEnds]);
      expectSame(data, prose(3000).subarray(0, data.length));
    }
  });

  test('does not mind other streams beside it, not even within emit', () => {
    const texts = [prose(90_000), noise(50_000), new Uint8Array(200_000), prose(1000), noise(10), prose(70_000)];
    const streams = texts.map((text) => deflateSync(text));
    const given = texts.map((): Uint8Array[] => []);
    const inflaters = texts.map(() => createInflater());
    const inner = deflateSync(prose(100_000));
    for (let at = 0; at < 60_000; at += 500) {
      for (const [index, inflater] of inflaters.entries()) {
        const stream = streams[index]!;
        inflater.push(stream, Math.min(at, stream.length), Math.min(at + 500, stream.length), (bytes) => {
          const before = bytes.slice();
          if (at % 5000 === 0) expectSame(run(inner, [9999]).data, prose(100_000));
          expectSame(bytes, before);
          given[index]!.push(before);
        });
      }
    }
    for (const [index, text] of texts.entries()) expectSame(concat(...given[index]!), text);
  });

  test('begins anew after reset, in the middle of a stream or after its end, with another cap', () => {
    const inflater = createInflater({ maxBytes: 100 });
    const stream = deflateSync(prose(3000));
    expect(run(stream, [90], undefined, inflater).status).toBe(InflateStatus.outputFull);
    inflater.reset(3000);
    expect([inflater.consumed, inflater.totalConsumed, inflater.totalProduced]).toEqual([0, 0, 0]);
    inflater.push(stream, 0, 200, () => {});
    inflater.reset();
    for (let turn = 0; turn < 3; turn++) {
      const { status, data } = run(stream, [90], undefined, inflater);
      expect(status).toBe(InflateStatus.done);
      expectSame(data, prose(3000));
      inflater.reset();
    }
  });

  test('takes empty pieces, and reads no byte outside of the range', () => {
    const stream = deflateSync(prose(300));
    const input = concat(noise(20), stream, noise(20));
    const inflater = createInflater();
    expect(inflater.push(input, 5, 5, () => expect.unreachable())).toBe(InflateStatus.inputEnds);
    expect(inflater.push(input, 20, 30, () => {})).toBe(InflateStatus.inputEnds);
    expect(inflater.push(input, 30, 20 + stream.length - 1, () => {})).toBe(InflateStatus.inputEnds);
    expect(inflater.push(input, 20 + stream.length - 1, input.length, () => {})).toBe(InflateStatus.done);
    expect(inflater.consumed).toBe(1);
  });

  test.each([
    [-1, 5],
    [3, 2],
    [0, 11],
    [Number.NaN, 5],
  ])('refuses the range %d to %d of ten bytes', (start, end) => {
    expect(() => createInflater().push(new Uint8Array(10), start, end, () => {})).toThrow(RangeError);
  });

  test.each([-1, Number.NaN])('refuses a cap of %d', (maxBytes) => {
    expect(() => createInflater({ maxBytes })).toThrow(RangeError);
    expect(() => createInflater().reset(maxBytes)).toThrow(RangeError);
  });
});
