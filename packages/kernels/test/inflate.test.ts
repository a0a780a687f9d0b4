import { constants, deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BitWriter, CODE_LENGTH_ORDER, lengths } from './support/bit-writer.js';
import { anyBytes, ascii, concat, cutsOf, fromHex, hex, noise, prose } from './support/bytes.js';
import { VARIANTS } from './support/variants.js';

const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;
const STRATEGIES = { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE };

/** What node:zlib makes of a stream: the judge. `undefined` when it refuses. */
function judge(input: Uint8Array, maxSize: number): { data: Uint8Array; consumed: number } | undefined {
  try {
    const options = { info: true, maxOutputLength: Math.max(1, maxSize) };
    const { buffer, engine } = inflateSync(input, options) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    return buffer.length > maxSize ? undefined : { data: new Uint8Array(buffer), consumed: engine.bytesWritten };
  } catch {
    return undefined;
  }
}

/** A literal that comes with one bit, a length of 3 with two, the block's end with two. */
const SMALL_CODE = lengths(258, { 97: 1, 256: 2, 257: 2 });
const A = [0, 1] as const;
const END = [0b10, 2] as const;
const LENGTH_3 = [0b11, 2] as const;

describe.each(VARIANTS)('inflate (%s)', (_variant, { inflate, InflateStatus }) => {
  const MARGIN = 16;
  const CANARY = 0xc5;

  /** Inflate into the middle of a larger array, and see that nothing around it was touched. */
  function run(input: Uint8Array, outputSize: number, inputStart = 0) {
    const output = new Uint8Array(outputSize + 2 * MARGIN).fill(CANARY);
    const result = { consumed: -1, produced: -1 };
    const status = inflate(input, inputStart, output, MARGIN, outputSize, result);
    const around = [...output.subarray(0, MARGIN), ...output.subarray(MARGIN + outputSize)];
    expect(around.every((byte) => byte === CANARY)).toBe(true);
    return { status, ...result, data: output.slice(MARGIN, MARGIN + result.produced) };
  }

  const done = (data: Uint8Array, consumed: number) => ({
    status: InflateStatus.done,
    consumed,
    produced: data.length,
    data,
  });

  describe('golden', () => {
    const streams: [what: string, stream: string, data: string][] = [
      ['nothing, with fixed codes', '789c 0300 00000001', ''],
      ['nothing, stored', '7801 010000ffff 00000001', ''],
      ['a stored block of one byte', '7801 010100feff 61 00620062', 'a'],
      ['empty stored blocks before the last block', '7801 000000ffff 000000ffff 0300 00000001', ''],
      [
        'a loose object that git wrote',
        '7801 4bcac94f5230346328cf482c51c82c56282dd05148c94fb607005f1c079d',
        'blob 16\0what is up, doc?',
      ],
      ['a match that overlaps itself', '789c 4b4cc40400 4fa60795', 'a'.repeat(20)],
      ['a match of distance 3', '789c 4b4c4a4e842100 1de00499', 'abc'.repeat(4)],
    ];
    test.each(streams)('%s', (_what, stream, text) => {
      const bytes = fromHex(stream);
      expect(run(bytes, text.length)).toEqual(done(ascii(text), bytes.length));
    });

    test.each([1, 2, 8, 1000])(
      'accepts what zlib accepts: window bits and codes at their limits (%i bytes more room)',
      (room) => {
        const cases: [BitWriter, string][] = [
          [
            new BitWriter()
              .dynamicTables(lengths(257, { 97: 1, 256: 1 }), [0])
              .code(...A)
              .code(1, 1),
            'a',
          ],
          [
            new BitWriter()
              .dynamicTables(SMALL_CODE, [1])
              .code(...A)
              .code(...LENGTH_3)
              .code(0, 1)
              .code(...END),
            'aaaa',
          ],
          [new BitWriter().dynamicTables(lengths(257, { 256: 1 }), [0]).code(0, 1), ''],
        ];
        for (const [writer, text] of cases) {
          const stream = writer.stream(checksumOf(text));
          expect(judge(stream, 100)?.consumed).toBe(stream.length);
          expect(run(stream, text.length + room)).toEqual(done(ascii(text), stream.length));
        }
      },
    );
  });

  describe('reads what node:zlib writes', () => {
    const samples: [what: string, data: Uint8Array][] = [
      ['one byte', ascii('x')],
      ['a short text', prose(200)],
      ['a text just below the size where Node takes over', prose(1199)],
      ['and just above', prose(1201)],
      ['a long text', prose(90_000)],
      ['noise', noise(70_000)],
      ['one byte, often', new Uint8Array(100_000)],
      ['codes of fifteen bits', fibonacciBytes()],
      ['text, noise and text', concat(prose(3000), noise(3000), prose(40_000))],
    ];
    for (const [what, data] of samples) {
      test.each(Object.entries(STRATEGIES))(`${what}, levels 0 to 9, %s`, (_name, strategy) => {
        for (let level = 0; level <= 9; level++) {
          const stream = deflateSync(data, { level, strategy, memLevel: 1 + (level % 9) });
          const { status, consumed, data: inflated } = run(stream, data.length);
          expect([status, consumed]).toEqual([InflateStatus.done, stream.length]);
          expect(Buffer.compare(inflated, data)).toBe(0);
        }
      });
    }

    test.each([9, 10, 12, 15])('with a window of %i bits', (windowBits) => {
      const stream = deflateSync(prose(20_000), { windowBits });
      expect(run(stream, 20_000)).toEqual(done(prose(20_000), stream.length));
    });

    test('whatever the data', () => {
      const options = fc.record({
        level: fc.integer({ min: 0, max: 9 }),
        strategy: fc.constantFrom(...Object.values(STRATEGIES)),
        memLevel: fc.integer({ min: 1, max: 9 }),
      });
      fc.assert(
        fc.property(anyBytes, options, fc.uint8Array(), fc.nat(50), (data, settings, trailing, start) => {
          const stream = deflateSync(data, settings);
          const input = concat(noise(start), stream, trailing);
          expect(run(input, data.length, start)).toEqual(done(data, stream.length));
        }),
      );
    });
  });

  describe('leaves alone what follows the stream', () => {
    test.each([0, 1, 16, 1199, 1200, 5000])('%i bytes inflated', (size) => {
      const data = prose(size);
      const stream = deflateSync(data);
      for (const trailing of [stream, noise(1), noise(100), new Uint8Array(100_000)]) {
        expect(run(concat(stream, trailing), size)).toEqual(done(data, stream.length));
      }
    });
  });

  describe('gives what there is of a stream that is cut, or longer than the output', () => {
    test.each([
      ['stored', { level: 0 }],
      ['fixed codes', { strategy: constants.Z_FIXED }],
      ['dynamic codes', { level: 9 }],
    ])('%s', (_what, options) => {
      const data = prose(5000);
      const stream = deflateSync(data, options);
      const result = { consumed: 0, produced: 0 };
      const output = new Uint8Array(5000);
      expect(inflate(stream.subarray(0, stream.length >> 1), 0, output, 0, 5000, result)).toBe(InflateStatus.inputEnds);
      expect(result.produced).toBeGreaterThan(1000);
      expect(output.subarray(0, result.produced)).toEqual(data.subarray(0, result.produced));
      output.fill(0);
      expect(inflate(stream, 0, output, 0, 28, result)).toBe(InflateStatus.outputFull);
      expect(result.produced).toBe(28);
      expect(output.subarray(0, 28)).toEqual(data.subarray(0, 28));
    });
  });

  describe('cut anywhere, says that the input ends', () => {
    const samples: [what: string, stream: Uint8Array, size: number][] = [
      ['nothing', deflateSync(new Uint8Array()), 0],
      ['stored', deflateSync(prose(300), { level: 0 }), 300],
      ['stored, several blocks', deflateSync(noise(70_000), { level: 0 }), 70_000],
      ['fixed codes', deflateSync(prose(900), { strategy: Z_FIXED }), 900],
      ['dynamic codes, short', deflateSync(prose(500)), 500],
      ['dynamic codes, long', deflateSync(prose(60_000)), 60_000],
      ['codes of fifteen bits', deflateSync(fibonacciBytes(), { strategy: Z_HUFFMAN_ONLY }), fibonacciBytes().length],
      ['one byte, often', deflateSync(new Uint8Array(50_000)), 50_000],
    ];
    test.each(samples)('%s', (_what, stream, size) => {
      for (const cut of [...cutsOf(stream.length), ...[1, 2, 3, 4, 5, 6].map((back) => stream.length - back)]) {
        // A view into the whole stream: what lies past the cut must not be looked at.
        const { status, consumed } = run(stream.subarray(0, cut), size);
        expect([cut, status, consumed]).toEqual([cut, InflateStatus.inputEnds, 0]);
      }
    });

    test('whatever the data', () => {
      fc.assert(
        fc.property(
          anyBytes,
          fc.integer({ min: 0, max: 9 }),
          fc.double({ min: 0, max: 0.9999, noNaN: true }),
          (data, level, part) => {
            const stream = deflateSync(data, { level });
            expect(run(stream.subarray(0, Math.floor(stream.length * part)), data.length).status).toBe(
              InflateStatus.inputEnds,
            );
          },
        ),
      );
    });
  });

  describe('refuses', () => {
    const fixed = () => new BitWriter().field(0b011, 3);
    const dynamic = () => new BitWriter().dynamicTables(SMALL_CODE, [1, 1]);
    const sized = (literalCount: number, distanceCount: number) =>
      new BitWriter()
        .field(0b101, 3)
        .field(literalCount - 257, 5)
        .field(distanceCount - 1, 5)
        .field(15, 4);
    const codeLengthCode = (given: Readonly<Record<number, number>>) => {
      const writer = sized(257, 1);
      for (const length of orderedLengths(given)) writer.field(length, 3);
      return writer;
    };
    const tables = (literals: number[], distances: number[]) => new BitWriter().dynamicTables(literals, distances);

    const streams: [problem: string, status: number, stream: Uint8Array][] = [
      ['another method than deflate', InflateStatus.badHeader, withHeader(0x77, 0)],
      ['a window over 32 KiB', InflateStatus.badHeader, withHeader(0x88, 0)],
      ['a preset dictionary', InflateStatus.badHeader, withHeader(0x78, 0x20)],
      ['a header whose check fails', InflateStatus.badHeader, fromHex('789d 0300 00000001')],
      ['a gzip header', InflateStatus.badHeader, fromHex('1f8b 0800 0000 0000')],
      ['the reserved block type', InflateStatus.badBlock, new BitWriter().field(0b111, 3).stream(1)],
      ['a stored size whose check fails', InflateStatus.badBlock, fromHex('7801 010100feef 61 00620062')],
      ['a literal that is reserved', InflateStatus.badCode, fixed().code(0b11000110, 8).field(0, 30).stream(1)],
      [
        'a distance that is reserved',
        InflateStatus.badCode,
        fixed().code(0x91, 8).code(1, 7).code(30, 5).code(0, 7).stream(1),
      ],
      ['more than 286 literals and lengths', InflateStatus.badCode, sized(287, 1).field(0, 200).stream(1)],
      ['more than 30 distances', InflateStatus.badCode, sized(257, 31).field(0, 200).stream(1)],
      [
        'an over-subscribed code length code',
        InflateStatus.badCode,
        codeLengthCode({ 0: 1, 1: 1, 2: 1 }).field(0, 300).stream(1),
      ],
      ['an incomplete code length code', InflateStatus.badCode, codeLengthCode({ 0: 1 }).field(0, 300).stream(1)],
      ['a code length code without codes', InflateStatus.badCode, codeLengthCode({}).field(0, 300).stream(1)],
      [
        'a repeat with nothing before it',
        InflateStatus.badCode,
        codeLengthCode({ 0: 1, 16: 1 }).code(1, 1).field(0, 300).stream(1),
      ],
      [
        'a repeat past the last code length',
        InflateStatus.badCode,
        codeLengthCode({ 0: 1, 18: 1 }).code(1, 1).field(127, 7).code(1, 1).field(127, 7).field(0, 99).stream(1),
      ],
      [
        'an over-subscribed literal code',
        InflateStatus.badCode,
        tables(lengths(257, { 1: 1, 2: 1, 256: 1 }), [0])
          .field(0, 30)
          .stream(1),
      ],
      [
        'an incomplete literal code',
        InflateStatus.badCode,
        tables(lengths(257, { 1: 2, 256: 2 }), [0])
          .field(0, 30)
          .stream(1),
      ],
      ['an over-subscribed distance code', InflateStatus.badCode, tables(SMALL_CODE, [1, 1, 1]).field(0, 30).stream(1)],
      ['an incomplete distance code', InflateStatus.badCode, tables(SMALL_CODE, [2, 2]).field(0, 30).stream(1)],
      ['a single distance code of two bits', InflateStatus.badCode, tables(SMALL_CODE, [2]).field(0, 30).stream(1)],
      [
        'a code without the end of the block',
        InflateStatus.badCode,
        tables(lengths(257, { 1: 1, 2: 1 }), [0])
          .field(0, 30)
          .stream(1),
      ],
      [
        'the half of a single code that has no meaning',
        InflateStatus.badCode,
        tables(lengths(257, { 256: 1 }), [0])
          .code(1, 1)
          .stream(1),
      ],
      [
        'a match where there are no distances',
        InflateStatus.badCode,
        tables(SMALL_CODE, [0])
          .code(...A)
          .code(...LENGTH_3)
          .field(0, 30)
          .stream(1),
      ],
      [
        'a match before the first byte',
        InflateStatus.badDistance,
        dynamic()
          .code(...LENGTH_3)
          .code(0, 1)
          .code(...END)
          .stream(1),
      ],
      [
        'a match that begins before the output',
        InflateStatus.badDistance,
        dynamic()
          .code(...A)
          .code(...LENGTH_3)
          .code(1, 1)
          .code(...END)
          .stream(1),
      ],
      ['another Adler-32', InflateStatus.badChecksum, fromHex('789c 4b0400 00620063')],
    ];
    // Where little is left the careful loop decodes, else the fast one; and Node takes over for large outputs.
    const rooms: [what: string, size: number, trailing: number][] = [
      ['and nothing follows', 40, 0],
      ['in the middle of a pack', 500, 400],
      ['as a large object', 5000, 400],
    ];
    for (const [what, size, trailing] of rooms) {
      test.each(streams)(`%s, ${what}`, (_problem, status, stream) => {
        expect(judge(stream, size)).toBeUndefined();
        expect(run(concat(stream, noise(trailing)), size)).toMatchObject({ status, consumed: 0 });
      });
    }
  });

  describe('writes no more than the stated size', () => {
    const samples: [what: string, stream: Uint8Array, size: number][] = [
      ['literals', deflateSync(prose(3000), { strategy: Z_HUFFMAN_ONLY }), 3000],
      ['matches', deflateSync(new Uint8Array(3000)), 3000],
      ['stored', deflateSync(prose(3000), { level: 0 }), 3000],
      ['a bomb', deflateSync(new Uint8Array(5_000_000)), 5_000_000],
    ];
    test.each(samples)('%s', (_what, stream, size) => {
      for (const room of [0, 1, 2, 3, 258, 259, 260, 1199, 1200, 1201, 2999]) {
        expect([room, run(stream, room).status]).toEqual([room, InflateStatus.outputFull]);
      }
      expect(run(stream, size).status).toBe(InflateStatus.done);
    });

    test.each([0, 1, 300, 700, 5000])('and tells that %i bytes came where more were stated', (size) => {
      const stream = deflateSync(prose(size));
      for (const more of [1, 300, 5000]) expect(run(stream, size + more)).toEqual(done(prose(size), stream.length));
    });
  });

  describe('agrees with node:zlib about', () => {
    function expectAgreement(input: Uint8Array, size: number): void {
      const judged = judge(input, size);
      const { status, consumed, data } = run(input, size);
      if (judged === undefined) expect(status).not.toBe(InflateStatus.done);
      else expect({ status, consumed, data }).toEqual({ status: InflateStatus.done, ...judged });
    }

    test.each([10, 300, 1200])('every flipped bit of a stream of %i bytes', (size) => {
      for (const strategy of [Z_FIXED, Z_DEFAULT_STRATEGY]) {
        const data = prose(size);
        const stream = new Uint8Array(deflateSync(data, { strategy }));
        for (let bit = 0; bit < stream.length * 8; bit++) {
          const flipped = stream.slice();
          flipped[bit >> 3]! ^= 1 << (bit & 7);
          expectAgreement(flipped, size);
          const { status, data: inflated } = run(flipped, size);
          if (status === InflateStatus.done) expect(hex(inflated)).toBe(hex(data));
        }
      }
    });

    test('streams with random changes', () => {
      const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
      fc.assert(
        fc.property(anyBytes, fc.integer({ min: 0, max: 9 }), changes, fc.nat(300), (data, level, edits, room) => {
          const stream = new Uint8Array(deflateSync(data, { level }));
          for (const [where, byte] of edits) stream[2 + (where % (stream.length - 2))] = byte;
          expectAgreement(stream, data.length + room);
        }),
        { numRuns: 300 },
      );
    });

    test('noise after a good header', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(50, 5000), (bytes, size) => {
          expectAgreement(concat(fromHex('7801'), bytes), size);
        }),
        { numRuns: 500 },
      );
    });

    test('noise as the body of a dynamic block', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(50, 5000), (bytes, size) => {
          expectAgreement(new BitWriter().dynamicTables(SMALL_CODE, [1, 2, 3, 3]).bytes(bytes).stream(1), size);
        }),
        { numRuns: 300 },
      );
    });
  });

  test('refuses ranges outside of its buffers', () => {
    const result = { consumed: 0, produced: 0 };
    const stream = deflateSync(prose(700));
    const output = new Uint8Array(700);
    for (const [inputStart, outputStart, size] of [
      [-1, 0, 700],
      [stream.length + 1, 0, 700],
      [0, -1, 700],
      [0, 1, 700],
      [0, 0, 701],
      [0, 0, -1],
      [0, 0, Number.NaN],
    ] as const) {
      expect(() => inflate(stream, inputStart, output, outputStart, size, result)).toThrow(RangeError);
    }
  });

  test('reads shared memory and writes to it', () => {
    const stream = deflateSync(prose(5000));
    const input = new Uint8Array(new SharedArrayBuffer(stream.length));
    input.set(stream);
    const output = new Uint8Array(new SharedArrayBuffer(5000));
    expect(inflate(input, 0, output, 0, 5000, { consumed: 0, produced: 0 })).toBe(InflateStatus.done);
    expect(Buffer.compare(output, prose(5000))).toBe(0);
  });
});

/** A stream that ends right after its header: CMF, and FLG with the check that makes both good but for what they say. */
function withHeader(method: number, flags: number): Uint8Array {
  return Uint8Array.of(method, flags + 31 - ((method * 256 + flags) % 31), 3, 0, 0, 0, 0, 1, 0, 0);
}

function orderedLengths(given: Readonly<Record<number, number>>): number[] {
  return CODE_LENGTH_ORDER.map((symbol) => given[symbol] ?? 0);
}

/** Adler-32 as RFC 1950 words it. */
function checksumOf(text: string): number {
  let low = 1;
  let high = 0;
  for (const byte of ascii(text)) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return high * 65536 + low;
}

/** Byte `n` occurs as often as the `n`-th Fibonacci number says: no Huffman code is deeper. */
function fibonacciBytes(): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let byte = 0, count = 1, before = 1; byte < 20; byte++) {
    parts.push(new Uint8Array(count).fill(byte));
    [before, count] = [count, before + count];
  }
  return concat(...parts);
}
