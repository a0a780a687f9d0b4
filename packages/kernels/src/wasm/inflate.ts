import { assertInflateRange, inflate as plainInflate } from '../inflate.js';
import { type InflateResult, InflateStatus } from '../types.js';
import { createInflater } from './inflater.js';
import { instanceOf, type KernelInstance, STAGE_BYTES, sharedInstance } from './instance.js';

/** A stream is at most this much larger than what it holds, if it comes from any deflate that tries to be small. */
const SPARE_INPUT_BYTES = 256;
/** Below this a loop over the bytes costs less than a view and a block copy. */
const BLOCK_COPY_BYTES = 48;

/**
 * As the plain `inflate`: in place where input and output lie in one arena, else by way of the stage, and in pieces where that is
 * too small: a stream of 9 MB takes 11 ms in pieces, and 27 in plain code.
 */
export function inflate(
  input: Uint8Array,
  inputStart: number,
  output: Uint8Array,
  outputStart: number,
  outputSize: number,
  result: InflateResult,
): InflateStatus {
  assertInflateRange(input, inputStart, output, outputStart, outputSize);
  const inputSize = input.length - inputStart;
  const arena = instanceOf(output);
  if (arena !== undefined && arena === instanceOf(input)) {
    const from = input.byteOffset + inputStart;
    const status = arena.run.inflate(from, from + inputSize, output.byteOffset + outputStart, outputSize);
    readResult(arena, result);
    return status;
  }
  const stagedInputSize = Math.min(inputSize, outputSize + (outputSize >> 4) + SPARE_INPUT_BYTES);
  const stage = stagedInputSize + outputSize <= STAGE_BYTES ? sharedInstance() : null;
  if (stage !== null) {
    const { arenaStart, bytes } = stage;
    const inputEnd = arenaStart + stagedInputSize;
    copy(input, inputStart, inputStart + stagedInputSize, bytes, arenaStart);
    const status = stage.run.inflate(arenaStart, inputEnd, inputEnd, outputSize);
    if (status !== InflateStatus.inputEnds || stagedInputSize === inputSize) {
      readResult(stage, result);
      copy(bytes, inputEnd, inputEnd + result.produced, output, outputStart);
      return status;
    }
  }
  if (sharedInstance() === null) return plainInflate(input, inputStart, output, outputStart, outputSize, result);
  let at = outputStart;
  const inflater = createInflater({ maxBytes: outputSize });
  const status = inflater.push(input, inputStart, input.length, (bytes) => {
    output.set(bytes, at);
    at += bytes.length;
  });
  // Memory that waits for the rest of the stream goes back.
  inflater.reset();
  result.consumed = status === InflateStatus.done ? inflater.consumed : 0;
  result.produced = inflater.totalProduced;
  return status;
}

function readResult({ words, resultStart }: KernelInstance, result: InflateResult): void {
  // Unsigned: a memory may have more than 2 GiB.
  result.consumed = words[resultStart >> 2]! >>> 0;
  result.produced = words[(resultStart >> 2) + 1]! >>> 0;
}

function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start >= BLOCK_COPY_BYTES) to.set(from.subarray(start, end), at);
  else for (let offset = 0; offset < end - start; offset++) to[at + offset] = from[start + offset]!;
}
