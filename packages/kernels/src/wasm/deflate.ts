import { LEVELS } from '../deflate/levels.js';
import {
  assertLevel,
  assertRoom,
  deflatedBound,
  HEADER_BYTES,
  headerFlags,
  deflate as plainDeflate,
  deflateInto as plainDeflateInto,
} from '../deflate.js';
import type { DeflateSoon } from '../types.js';
import { copy } from './copy.js';
import { createInstance, type KernelInstance, STAGE_BYTES, sharedInstance } from './instance.js';

/** What is read past the end of the input at most. */
const SLACK_BYTES = 16;

/**
 * As the plain `deflate`, to the same bytes. What is too large for the stage gets a memory of its own for the call. Measured on Node
 * 20 on the objects of a history of source code, at level 6, in microseconds an object:
 *
 *     size       plain   wasm    node:zlib
 *     77 B       10.7    5.8     12.9
 *     551 B      27.7    17.5    30.8
 *     1.3 KB     38.2    19.8    26.5
 *     10.8 KB    186     101     110
 *     25 KB      536     343     330
 *     113 KB     3656    2312    2391
 */
export function deflate(input: Uint8Array, level = 6): Uint8Array {
  assertLevel(level);
  const instance = instanceFor(input.length);
  if (instance === undefined) return plainDeflate(input, level);
  const start = streamStart(instance, input.length);
  return instance.bytes.slice(start, run(instance, input, level));
}

/** As the plain `deflateSoon`. */
export const deflateSoon: DeflateSoon = (input, level) => deflate(input, level);

/** As the plain `deflateInto`, to the same bytes. */
export function deflateInto(input: Uint8Array, level: number, output: Uint8Array, outputStart: number): number {
  assertLevel(level);
  assertRoom(input.length, output, outputStart);
  const instance = instanceFor(input.length);
  if (instance === undefined) return plainDeflateInto(input, level, output, outputStart);
  const start = streamStart(instance, input.length);
  const end = run(instance, input, level);
  copy(instance.bytes, start, end, output, outputStart);
  return outputStart + end - start;
}

function instanceFor(size: number): KernelInstance | undefined {
  const needed = size + SLACK_BYTES + deflatedBound(size);
  return (needed <= STAGE_BYTES ? sharedInstance() : createInstance(needed)) ?? undefined;
}

/** Where the stream of an input of `size` bytes is made, behind it. */
function streamStart({ arenaStart }: KernelInstance, size: number): number {
  return arenaStart + size + SLACK_BYTES;
}

/** @returns the end of the stream in the memory of `instance` */
function run(instance: KernelInstance, input: Uint8Array, level: number): number {
  const { bytes, arenaStart } = instance;
  const { isLazy, goodLength, lazyLength, niceLength, chainLength } = LEVELS[level]!;
  const size = input.length;
  const to = streamStart(instance, size);
  copy(input, 0, size, bytes, arenaStart);
  bytes[to] = 0x78;
  bytes[to + 1] = headerFlags(level);
  return instance.run.deflate(
    arenaStart,
    size,
    to + HEADER_BYTES,
    level,
    isLazy,
    goodLength,
    lazyLength,
    niceLength,
    chainLength,
  );
}
