import { assertDeltaRange, openDelta, applyDelta as plainApplyDelta } from '../delta.js';
import { DeltaStatus } from '../types.js';
import { copy } from './copy.js';
import { instanceOf, type KernelInstance, sharedInstance } from './instance.js';

/**
 * Bases, deltas and results that take together at most this much are copied to WebAssembly and back; beyond, the copies cost more
 * than they save. Measured on Node 20 on the deltas of a history of source code, in microseconds a delta:
 *
 *     result     plain, arrays   plain, one arena   wasm, copied   wasm, one arena
 *     243 B      0.26            0.13               0.12           0.04
 *     779 B      0.37            0.26               0.18           0.10
 *     2.3 KB     0.92            0.70               0.31           0.17
 *     8.6 KB     4.1             3.6                1.3            1.0
 *     41 KB      8.0             8.7                6.7            5.2
 *     96 KB      12.8            13.7               14.5           10.6
 */
const STAGED_BYTES = 131_072;

/** As the plain `applyDelta`; in place where base and output lie in one arena. */
export function applyDelta(
  base: Uint8Array,
  baseStart: number,
  baseEnd: number,
  delta: Uint8Array,
  deltaStart: number,
  deltaEnd: number,
  output: Uint8Array,
  outputStart: number,
  outputSize: number,
): DeltaStatus {
  assertDeltaRange(base, baseStart, baseEnd, 'base');
  assertDeltaRange(delta, deltaStart, deltaEnd, 'delta');
  assertDeltaRange(output, outputStart, outputStart + outputSize, 'output');
  const baseSize = baseEnd - baseStart;
  const opened = openDelta(delta, deltaStart, deltaEnd, baseSize, outputSize);
  if (opened < 0) return -opened as DeltaStatus;
  const deltaSize = deltaEnd - opened;
  const arena = instanceOf(output);
  if (arena !== undefined && arena === instanceOf(base)) {
    const from = placeDelta(arena, delta, opened, deltaEnd);
    if (from !== undefined) {
      const to = output.byteOffset + outputStart;
      return arena.run.applyInstructions(base.byteOffset + baseStart, baseSize, from, from + deltaSize, to, outputSize);
    }
  }
  const stage = baseSize + deltaSize + outputSize <= STAGED_BYTES ? sharedInstance() : null;
  if (stage === null) {
    return plainApplyDelta(base, baseStart, baseEnd, delta, deltaStart, deltaEnd, output, outputStart, outputSize);
  }
  const { run, bytes, arenaStart } = stage;
  const from = arenaStart + baseSize;
  const to = from + deltaSize;
  copy(base, baseStart, baseEnd, bytes, arenaStart);
  copy(delta, opened, deltaEnd, bytes, from);
  const status = run.applyInstructions(arenaStart, baseSize, from, to, to, outputSize);
  if (status === DeltaStatus.done) copy(bytes, to, to + outputSize, output, outputStart);
  return status;
}

/** Where the delta is in the memory of `arena`, copied there if need be, or `undefined` where it is too large for that. */
function placeDelta(arena: KernelInstance, delta: Uint8Array, start: number, end: number): number | undefined {
  if (delta.buffer === arena.bytes.buffer) return delta.byteOffset + start;
  if (end - start > arena.scratchSize) return undefined;
  copy(delta, start, end, arena.bytes, arena.scratchStart);
  return arena.scratchStart;
}
