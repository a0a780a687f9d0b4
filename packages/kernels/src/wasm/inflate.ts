import { assertInflateRange, inflate as plainInflate } from '../inflate.js';
import { type InflateResult, InflateStatus } from '../types.js';
import { copy } from './copy.js';
import { createInflater } from './inflater.js';
import { instanceOf, type KernelInstance, STAGE_BYTES, sharedInstance } from './instance.js';

/** A stream is at most this much larger than what it holds, if it comes from any deflate that tries to be small. */
const SPARE_INPUT_BYTES = 256;
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
  const stagedInputSize = Math.min(inputSize, outputSize + (outputSize >> 4) + SPARE_INPUT_BYTES);
  const arena = instanceOf(output);
  if (arena !== undefined) {
    const to = output.byteOffset + outputStart;
    if (input.buffer === output.buffer) {
      const from = input.byteOffset + inputStart;
      const status = arena.run.inflate(from, from + inputSize, to, outputSize);
      readResult(arena, result);
      return status;
    }
    const { scratchStart, scratchSize } = arena;
    if (stagedInputSize <= scratchSize) {
      copy(input, inputStart, inputStart + stagedInputSize, arena.bytes, scratchStart);
      const status = arena.run.inflate(scratchStart, scratchStart + stagedInputSize, to, outputSize);
      if (status !== InflateStatus.inputEnds || stagedInputSize === inputSize) {
        readResult(arena, result);
        return status;
      }
    }
  }
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
  result.consumed = status === InflateStatus.done ? inflater.consumed : 0;
  result.produced = inflater.totalProduced;
  // Memory that waits for the rest of the stream goes back; what was counted goes with it.
  inflater.reset();
  return status;
}

function readResult({ words, resultStart }: KernelInstance, result: InflateResult): void {
  // Unsigned: a memory may have more than 2 GiB.
  result.consumed = words[resultStart >> 2]! >>> 0;
  result.produced = words[(resultStart >> 2) + 1]! >>> 0;
}
