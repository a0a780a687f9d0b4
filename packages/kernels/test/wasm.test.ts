import { spawnSync } from 'node:child_process';
import * as crypto from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync, inflateSync } from 'node:zlib';
import * as node from '@git-kv/kernels';
import { inflate as plainInflate } from '@git-kv/kernels/portable';
import * as wasm from '@git-kv/kernels/wasm';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createInstance } from '../src/wasm/instance.js';
import { decodeBase64, decodePlainly } from '../src/wasm/platform.js';
import { anyBytes, concat, hex, noise, prose } from './support/bytes.js';

const room = fileURLToPath(new URL('..', import.meta.url));
const sha1 = (bytes: Uint8Array): string => crypto.createHash('sha1').update(bytes).digest('hex');

/** Sizes around those where a message takes another block, and some large ones. */
const anySize = fc.oneof(
  { weight: 4, arbitrary: fc.nat(300) },
  { weight: 2, arbitrary: fc.nat(5000) },
  fc.nat(100_000),
  fc.constant(0),
);

describe('the WebAssembly module', () => {
  test('is decoded to the same bytes with the runtime and without', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        expect(hex(decodePlainly(text))).toBe(hex(bytes));
        expect(hex(decodeBase64(text))).toBe(hex(bytes));
      }),
    );
  });

  test('is what its source compiles to', { timeout: 60_000 }, () => {
    const script = join(room, 'scripts/build-assembly.mjs');
    expect(spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })).toMatchObject({
      stderr: '',
      status: 0,
    });
  });

  test('runs here', () => {
    expect(createInstance(1000)).toBeDefined();
  });
});

describe.each([
  ['wasm', wasm],
  ['node', node],
] as const)('batches (%s)', (_variant, { createArena, hashBatch, hashBatchDetecting }) => {
  /** Lay pieces of these sizes, with bytes between them, and hash them all. */
  function expectDigests(sizes: readonly number[], isArena: boolean): void {
    const bounds: number[] = [];
    let end = 3;
    for (const size of sizes) {
      bounds.push(end, end + size);
      end += size + (size % 7);
    }
    const input = isArena ? createArena(end) : new Uint8Array(end);
    input.set(noise(end, sizes.length + 1));
    const before = sha1(input);
    const output = new Uint8Array(20 * sizes.length);
    const found = new Uint8Array(sizes.length).fill(7);
    const expected = sizes.map((_, piece) => sha1(input.subarray(bounds[2 * piece]!, bounds[2 * piece + 1]!)));
    const digests = (): string[] => sizes.map((_, piece) => hex(output.subarray(20 * piece, 20 * piece + 20)));

    hashBatch('sha1', input, Int32Array.from(bounds), sizes.length, output);
    expect(digests()).toEqual(expected);
    output.fill(0);
    const output256 = new Uint8Array(32 * sizes.length);
    hashBatch('sha256', input, Int32Array.from(bounds), sizes.length, output256);
    for (const piece of sizes.keys()) {
      const message = input.subarray(bounds[2 * piece]!, bounds[2 * piece + 1]!);
      const digest = crypto.createHash('sha256').update(message).digest('hex');
      expect([piece, hex(output256.subarray(32 * piece, 32 * piece + 32))]).toEqual([piece, digest]);
    }
    output.fill(0);
    expect(hashBatchDetecting(input, Int32Array.from(bounds), sizes.length, output, found)).toBe(0);
    expect(digests()).toEqual(expected);
    expect(found.every((byte) => byte === 0)).toBe(true);
    expect(sha1(input)).toBe(before);
  }

  test('of any sizes, in place and copied', () => {
    fc.assert(
      fc.property(fc.array(anySize, { maxLength: 30 }), fc.boolean(), (sizes, isArena) => {
        expectDigests(sizes, isArena);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ['no pieces', []],
    ['more pieces than one call takes', Array.from({ length: 3000 }, (_, index) => index % 150)],
    ['exactly as many', Array.from({ length: 1024 }, (_, index) => index % 70)],
    ['a piece larger than the stage', [10, 1_500_000, 20, 2_000_000]],
    ['pieces that fill the stage more than once', [400_000, 400_000, 400_000, 1 << 20, 1, 1 << 20]],
    ['one large piece and small ones', [5, 700_000, 64, 63, 65, 0, 0, 1]],
  ])('of %s', (_what, sizes) => {
    for (const isArena of [false, true]) expectDigests(sizes, isArena);
  });
});

describe.each([
  ['wasm', wasm],
  ['node', node],
] as const)('inflate in an arena (%s)', (_variant, { createArena, inflate, InflateStatus }) => {
  test('reads its input and writes its output in place, and nothing around it', () => {
    const anyStream = fc.tuple(anyBytes, fc.integer({ min: 0, max: 9 }), fc.nat(300), fc.nat(100), fc.boolean());
    fc.assert(
      fc.property(anyStream, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }), (given, edits) => {
        const [data, level, room, trailing, isInputArena] = given;
        const stream = new Uint8Array(deflateSync(data, { level }));
        for (const [where, byte] of edits) stream[2 + (where % (stream.length - 2))] = byte;
        const size = data.length + room;
        // Expected: what the plain kernel says, which is held against node:zlib elsewhere.
        const plainOutput = new Uint8Array(size);
        const expected = { consumed: -1, produced: -1 };
        const input = concat(stream, noise(trailing));
        const expectedStatus = plainInflate(input, 0, plainOutput, 0, size, expected);

        const arena = createArena(20 + input.length + size).fill(0xc5);
        arena.set(input, 10);
        const result = { consumed: -1, produced: -1 };
        const from = isInputArena ? arena.subarray(0, 10 + input.length) : concat(new Uint8Array(10), input);
        const outputStart = 10 + input.length + 5;
        expect(inflate(from, 10, arena, outputStart, size, result)).toBe(expectedStatus);
        expect(result.consumed).toBe(expected.consumed);
        if (expectedStatus === InflateStatus.done) {
          expect(result.produced).toBe(expected.produced);
          const inflated = arena.subarray(outputStart, outputStart + result.produced);
          expect(Buffer.compare(inflated, plainOutput.subarray(0, result.produced))).toBe(0);
        }
        expect(Buffer.compare(arena.subarray(10, 10 + input.length), input)).toBe(0);
        const around = [...arena.subarray(10 + input.length, outputStart), ...arena.subarray(outputStart + size)];
        expect(around).toEqual(new Array(10).fill(0xc5));
      }),
      { numRuns: 400 },
    );
  });

  test('writes what is too large to be staged there too', () => {
    const data = prose(1_500_000);
    const stream = new Uint8Array(deflateSync(data));
    const arena = createArena(data.length);
    const result = { consumed: 0, produced: 0 };
    expect(inflate(stream, 0, arena, 0, data.length, result)).toBe(InflateStatus.done);
    expect(result).toEqual({ consumed: stream.length, produced: data.length });
    expect(Buffer.compare(arena, data)).toBe(0);
  });

  test('and to the last byte of its memory', () => {
    // No room is left in the memory after the arena: nothing may be read or written past it.
    const data = prose(100_000);
    const stream = deflateSync(data);
    const first = createArena(1);
    const size = stream.length + data.length;
    const slack = (65_536 - ((first.byteOffset + size) % 65_536)) % 65_536;
    for (const [inputAt, outputAt] of [
      [0, slack + stream.length],
      [slack + data.length, 0],
    ] as const) {
      const arena = createArena(size + slack);
      arena.set(stream, inputAt);
      const input = arena.subarray(inputAt, inputAt + stream.length);
      const result = { consumed: 0, produced: 0 };
      expect(inflate(input, 0, arena, outputAt, data.length, result)).toBe(InflateStatus.done);
      expect(Buffer.compare(arena.subarray(outputAt, outputAt + data.length), data)).toBe(0);
    }
  });
});

describe.each([
  ['wasm', wasm],
  ['node', node],
] as const)('inflate of what is too large to be copied at once (%s)', (_variant, { inflate, InflateStatus }) => {
  const data = concat(prose(900_000), noise(400_000), prose(300_000));
  const stream = concat(deflateSync(data), noise(50));
  const size = stream.length - 50;
  const damaged = stream.slice();
  damaged[size - 1]! ^= 1;

  test.each([
    ['the stream', stream, data.length, InflateStatus.done],
    ['with more room', stream, data.length + 100_000, InflateStatus.done],
    ['with room for a byte less', stream, data.length - 1, InflateStatus.outputFull],
    ['a stream that is cut', stream.subarray(0, size - 5), data.length, InflateStatus.inputEnds],
    ['a stream with another checksum', damaged, data.length, InflateStatus.badChecksum],
  ])('%s', (_what, input, room, status) => {
    const output = new Uint8Array(room + 6).fill(0xc5);
    const result = { consumed: -1, produced: -1 };
    expect(inflate(input, 0, output, 3, room, result)).toBe(status);
    expect(result.consumed).toBe(status === InflateStatus.done ? size : 0);
    if (status === InflateStatus.done) {
      expect(result.produced).toBe(data.length);
      expect(Buffer.compare(output.subarray(3, 3 + data.length), data)).toBe(0);
    }
    expect(hex(output.subarray(0, 3)) + hex(output.subarray(room + 3))).toBe('c5'.repeat(6));
  });
});

describe('createArena', () => {
  test('gives zeroed bytes of the size that is asked for', () => {
    for (const size of [0, 1, 65_536, 1_000_000]) {
      const arena = wasm.createArena(size);
      expect(arena.length).toBe(size);
      expect(arena.every((byte) => byte === 0)).toBe(true);
    }
  });

  test('gives each caller a memory of its own', () => {
    const arenas = [wasm.createArena(100), wasm.createArena(100)] as const;
    arenas[0].fill(1);
    expect(arenas[1].every((byte) => byte === 0)).toBe(true);
    expect(hex(wasm.digest('sha1', arenas[0]))).toBe(sha1(new Uint8Array(100).fill(1)));
  });
});

describe('where WebAssembly', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  class Refuses {
    constructor() {
      throw new Error('forbidden here');
    }
  }

  test.each([
    ['is missing', undefined],
    ['may not be compiled', { ...WebAssembly, Module: Refuses }],
    ['has no memory to give', { Module: WebAssembly.Module, Instance: WebAssembly.Instance, Memory: Refuses }],
  ])('%s, the plain kernels do the work', async (_what, platform) => {
    vi.stubGlobal('WebAssembly', platform);
    vi.resetModules();
    const kernels = await import('../src/wasm/index.js');
    const input = kernels.createArena(5000);
    input.set(noise(5000));
    const output = new Uint8Array(80);
    const bounds = Int32Array.of(0, 5000, 1, 64, 5, 5, 9, 4000);
    expect(kernels.hashBatchDetecting(input, bounds, 4, output, new Uint8Array(4))).toBe(0);
    expect(hex(output.subarray(0, 20))).toBe(sha1(input));
    kernels.hashBatch('sha1', input, bounds, 4, output);
    expect(hex(output.subarray(60))).toBe(sha1(input.subarray(9, 4000)));
    const stream = deflateSync(input);
    const inflated = new Uint8Array(5000);
    expect(kernels.inflate(stream, 0, inflated, 0, 5000, { consumed: 0, produced: 0 })).toBe(0);
    expect(Buffer.compare(inflated, input)).toBe(0);
    const inflater = kernels.createInflater();
    let at = 0;
    const emit = (bytes: Uint8Array): void => {
      inflated.fill(0).set(bytes, at);
      at += bytes.length;
    };
    expect(inflater.push(stream, 0, stream.length, emit)).toBe(0);
    expect(Buffer.compare(inflated, input)).toBe(0);
    expect(Buffer.compare(inflateSync(kernels.deflate(input)), input)).toBe(0);
    const delta = new Uint8Array(100);
    const index = kernels.createDeltaIndex(input);
    const size = kernels.createDelta(input, 0, 5000, input, 0, 5000, delta, 0, 100, index);
    inflated.fill(0);
    expect(kernels.applyDelta(input, 0, 5000, delta, 0, size, inflated, 0, 5000)).toBe(0);
    expect(Buffer.compare(inflated, input)).toBe(0);
    expect(kernels.crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(kernels.createDetectingHash().update(input).digest()).toEqual(kernels.digest('sha1', input));
  });
});
