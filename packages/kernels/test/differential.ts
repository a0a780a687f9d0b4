// Every kernel of every entry against node:zlib and node:crypto, on inputs that a generator draws: one execution a call, for the
// tests here and for longer runs.
import * as crypto from 'node:crypto';
import * as zlib from 'node:zlib';
import type { DeltaIndex } from '@git-kv/kernels';
import { VARIANTS } from './support/variants.js';

type Kernels = (typeof VARIANTS)[number][1];
/** Gives numbers from 0 up to, not including, 1. */
type Draw = () => number;

const ARENA_BYTES = 1 << 20;
const arenas = new Map<Kernels, Uint8Array>();

/** Where this entry works in place. */
function arenaOf(kernels: Kernels): Uint8Array {
  const arena = arenas.get(kernels) ?? kernels.createArena(ARENA_BYTES);
  arenas.set(kernels, arena);
  return arena;
}

const below = (draw: Draw, end: number): number => Math.floor(draw() * end);

function expectSame(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)}, and not ${String(expected)}`);
}

function expectBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(actual, expected) !== 0)
    throw new Error(`${what}: other bytes (${actual.length}, ${expected.length})`);
}

/** Noise, runs, small alphabets, and what came before with small changes: some bytes mostly, many thousand at times. */
function drawBytes(draw: Draw, largest = 200_000): Uint8Array {
  const size =
    Math.floor(Math.min(largest, 40_000) * draw() ** 5) + (draw() < 0.02 ? below(draw, largest - 40_000) : 0);
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; ) {
    const end = Math.min(size, at + 1 + Math.floor(5000 * draw() ** 4));
    const way = below(draw, 4);
    if (way === 0) bytes.fill(below(draw, 256), at, end);
    else if (way === 1 && at > 0) bytes.copyWithin(at, below(draw, at), end);
    else {
      const letters = way === 2 ? 256 : 1 + below(draw, 20);
      // A step of a generator of its own: one draw for each byte would be most of the work.
      for (let index = at, state = below(draw, 2 ** 31); index < end; index++) {
        state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
        bytes[index] = ((state >>> 12) % letters) + (letters < 256 ? 97 : 0);
      }
    }
    at = end;
  }
  return bytes;
}

/** A few bytes changed, put in, taken out; or the end cut off. */
function mutated(draw: Draw, bytes: Uint8Array): Uint8Array {
  let result = [...bytes.subarray(0, 3000)];
  const rest = bytes.subarray(3000);
  for (let edits = below(draw, 4); edits > 0 && result.length > 0; edits--) {
    const at = below(draw, result.length);
    const way = below(draw, 5);
    if (way === 0) result[at]! ^= 1 << below(draw, 8);
    else if (way === 1) result[at] = below(draw, 256);
    else if (way === 2) result.splice(at, 0, below(draw, 256));
    else if (way === 3) result.splice(at, 1 + below(draw, 3));
    else if (draw() < 0.3) result = result.slice(0, at);
  }
  return Uint8Array.from([...result, ...rest]);
}

function drawStream(draw: Draw): { stream: Uint8Array; size: number } {
  const data = drawBytes(draw);
  const strategies = [0, zlib.constants.Z_FIXED, zlib.constants.Z_HUFFMAN_ONLY, zlib.constants.Z_RLE];
  const options = { level: below(draw, 10), strategy: strategies[below(draw, 4)]!, memLevel: 1 + below(draw, 9) };
  const stream = new Uint8Array(zlib.deflateSync(data, options));
  return { stream: draw() < 0.3 ? stream : mutated(draw, stream), size: data.length };
}

/** What node:zlib makes of a stream; `undefined` when it refuses, or it holds more than `size` bytes. */
function judge(stream: Uint8Array, size: number): { data: Uint8Array; consumed: number } | undefined {
  try {
    const options = { info: true, maxOutputLength: Math.max(1, size) };
    const { buffer, engine } = zlib.inflateSync(stream, options) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    return buffer.length > size ? undefined : { data: buffer, consumed: engine.bytesWritten };
  } catch {
    return undefined;
  }
}

function fuzzInflate(draw: Draw): void {
  const { stream, size: dataSize } = drawStream(draw);
  const size = draw() < 0.7 ? dataSize + below(draw, 50) : below(draw, 2 * dataSize + 2);
  const judged = judge(stream, size);
  const start = below(draw, 20);
  const isInPlace = draw() < 0.5;
  let first: number | undefined;
  for (const [name, kernels] of VARIANTS) {
    const output = isInPlace ? arenaOf(kernels) : new Uint8Array(size + 20);
    const input = isInPlace && draw() < 0.7 ? output : new Uint8Array(start + stream.length);
    const outputStart = isInPlace ? start + stream.length + 3 : 3;
    if (outputStart + size + 3 > output.length) return;
    input.set(stream, start);
    const view = input.subarray(0, start + stream.length);
    output.fill(0xc5, outputStart - 3, outputStart).fill(0xc5, outputStart + size, outputStart + size + 3);
    const result = { consumed: -1, produced: -1 };
    const status = kernels.inflate(view, start, output, outputStart, size, result);
    first ??= status;
    expectSame(status, first, `${name} inflate, status`);
    expectSame(status === kernels.InflateStatus.done, judged !== undefined, `${name} inflate, accepts`);
    for (const at of [outputStart - 1, outputStart + size]) expectSame(output[at], 0xc5, `${name} inflate, beside`);
    if (judged === undefined) continue;
    expectSame(result.consumed, judged.consumed, `${name} inflate, consumed`);
    expectBytes(output.subarray(outputStart, outputStart + result.produced), judged.data, `${name} inflate`);
  }
}

function fuzzInflateStream(draw: Draw): void {
  const { stream, size } = drawStream(draw);
  const maxBytes = draw() < 0.7 ? size : below(draw, 2 * size + 2);
  const judged = judge(stream, maxBytes);
  const largest = 1 + Math.floor(stream.length * draw() ** 3);
  let first: string | undefined;
  for (const [name, kernels] of VARIANTS) {
    const inflater = kernels.createInflater({ maxBytes });
    const parts: Uint8Array[] = [];
    let status: number = kernels.InflateStatus.inputEnds;
    for (let at = 0; at < stream.length && status === kernels.InflateStatus.inputEnds; ) {
      const end = Math.min(stream.length, at + below(draw, largest + 1));
      status = inflater.push(stream, at, end, (bytes) => parts.push(bytes.slice()));
      at = end;
    }
    const data = Buffer.concat(parts);
    const outcome = `${status} ${crypto.createHash('sha1').update(data).digest('hex')}`;
    first ??= outcome;
    expectSame(outcome, first, `${name} inflate in pieces`);
    expectSame(status === kernels.InflateStatus.done, judged !== undefined, `${name} inflate in pieces, accepts`);
    if (judged === undefined) continue;
    expectSame(inflater.totalConsumed, judged.consumed, `${name} inflate in pieces, consumed`);
    expectBytes(data, judged.data, `${name} inflate in pieces`);
  }
}

function fuzzDeflate(draw: Draw): void {
  const data = drawBytes(draw, draw() < 0.01 ? 1_500_000 : 200_000);
  const level = below(draw, 10);
  let first: Uint8Array | undefined;
  for (const [name, { deflate }] of VARIANTS) {
    const stream = deflate(data, level);
    expectBytes(stream, (first ??= stream), `${name} deflate`);
  }
  expectBytes(zlib.inflateSync(first!), data, 'deflate');
}

/** The last index of deltas of each entry, to be used again. */
const spares = new Map<Kernels, DeltaIndex>();

function fuzzDelta(draw: Draw): void {
  const base = drawBytes(draw);
  const changed = drawBytes(draw, 60_000);
  const cut = below(draw, base.length + 1);
  const target =
    draw() < 0.2 ? changed : Buffer.concat([base.subarray(cut), changed, base.subarray(0, below(draw, cut + 1))]);
  let made: Uint8Array | undefined;
  for (const [name, kernels] of VARIANTS) {
    const output = new Uint8Array(target.length + 1000 + (target.length >> 4));
    const index = draw() < 0.5 ? undefined : kernels.createDeltaIndex(base, 0, base.length, spares.get(kernels));
    const size = kernels.createDelta(base, 0, base.length, target, 0, target.length, output, 0, output.length, index);
    if (index !== undefined) spares.set(kernels, index);
    expectBytes(output.subarray(0, size), (made ??= output.slice(0, size)), `${name} createDelta`);
  }
  const isWhole = draw() < 0.5;
  const delta = isWhole ? made! : mutated(draw, made!);
  const { resultSize = 0 } = VARIANTS[0]![1].readDeltaSizes(delta, 0, delta.length) ?? {};
  const size = Math.min(resultSize, 400_000);
  let first: string | undefined;
  for (const [name, kernels] of VARIANTS) {
    const isInPlace = draw() < 0.5 && base.length + delta.length + size + 6 < ARENA_BYTES;
    const arena = isInPlace ? arenaOf(kernels) : new Uint8Array(size + 6);
    const output = isInPlace ? arena.subarray(0, size + 6) : arena;
    const from = isInPlace ? arena.subarray(size + 6) : base;
    if (isInPlace) from.set(base);
    output.fill(0xc5, 0, 3).fill(0xc5, size + 3);
    const status = kernels.applyDelta(from, 0, base.length, delta, 0, delta.length, output, 3, size);
    const result = output.subarray(3, size + 3);
    const isDone = status === kernels.DeltaStatus.done;
    const outcome = isDone ? crypto.createHash('sha1').update(result).digest('hex') : `status ${status}`;
    first ??= outcome;
    expectSame(outcome, first, `${name} applyDelta`);
    for (const at of [2, size + 3]) expectSame(output[at], 0xc5, `${name} applyDelta, beside`);
    if (isWhole) expectBytes(result, target, `${name} applyDelta`);
  }
}

function fuzzHash(name: 'sha1' | 'sha256', draw: Draw): void {
  const pieces = Array.from({ length: 1 + below(draw, 12) }, () => drawBytes(draw));
  const input = Buffer.concat(pieces);
  const expected = pieces.map((piece) => crypto.createHash(name).update(piece).digest());
  let end = 0;
  const bounds = Int32Array.from(pieces.flatMap((piece) => [end, (end += piece.length)]));
  for (const [variant, kernels] of VARIANTS) {
    const what = `${variant} ${name}`;
    const isInPlace = draw() < 0.5 && input.length <= ARENA_BYTES;
    const from = isInPlace ? arenaOf(kernels) : input;
    if (isInPlace) from.set(input);
    const output = new Uint8Array(pieces.length * expected[0]!.length);
    kernels.hashBatch(name, from, bounds, pieces.length, output);
    expectBytes(output, Buffer.concat(expected), `${what} of a batch`);
    if (name === 'sha1') {
      const found = new Uint8Array(pieces.length);
      output.fill(0);
      expectSame(kernels.hashBatchDetecting(from, bounds, pieces.length, output, found), 0, `${what}, collisions`);
      expectBytes(output, Buffer.concat(expected), `${what} of a batch, detecting`);
    }
    const piece = pieces[0]!;
    expectBytes(kernels.digest(name, piece), expected[0]!, what);
    const hasher = name === 'sha1' && draw() < 0.5 ? kernels.createDetectingHash() : kernels.createHash(name);
    for (let at = 0; at < piece.length; ) {
      const next = Math.min(piece.length, at + 1 + below(draw, 300));
      hasher.update(piece.subarray(at, next));
      at = next;
    }
    expectBytes(hasher.digest(), expected[0]!, `${what} in pieces`);
  }
}

function fuzzCrc32(draw: Draw): void {
  const bytes = drawBytes(draw);
  const start = below(draw, bytes.length + 1);
  const end = start + below(draw, bytes.length - start + 1);
  const seed = below(draw, 2 ** 32);
  // Node 20.15 and later; before, the plain one is the judge.
  const crc32 = zlib.crc32 as typeof zlib.crc32 | undefined;
  // Of no bytes Node tells 0, whatever came before.
  let expected = start === end ? seed : crc32?.(bytes.subarray(start, end), seed);
  for (const [name, kernels] of VARIANTS) {
    const from = draw() < 0.5 ? arenaOf(kernels).subarray(0, bytes.length) : bytes;
    if (from !== bytes) from.set(bytes);
    const crc = kernels.crc32(from, start, end, seed);
    expectSame(crc, (expected ??= crc), `${name} crc32`);
  }
}

const FUZZERS = {
  inflate: fuzzInflate,
  'inflate-stream': fuzzInflateStream,
  deflate: fuzzDeflate,
  delta: fuzzDelta,
  sha1: (draw: Draw): void => fuzzHash('sha1', draw),
  sha256: (draw: Draw): void => fuzzHash('sha256', draw),
  crc32: fuzzCrc32,
} as const;

/** What can be fuzzed. */
export type FuzzedKernel = keyof typeof FUZZERS;
export const FUZZED_KERNELS = Object.keys(FUZZERS) as FuzzedKernel[];

/**
 * One execution: draw an input for this kernel, give it to all entries, in place and copied, and compare.
 * @param random as `Math.random`; the same numbers make the same execution
 * @throws where an entry differs from the others, from node:zlib or from node:crypto
 */
export function fuzzKernel(name: FuzzedKernel, random: () => number): void {
  FUZZERS[name](random);
}
