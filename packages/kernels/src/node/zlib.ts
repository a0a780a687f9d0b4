import * as zlib from 'node:zlib';
import { assertInflateRange } from '../inflate.js';
import { type InflateResult, InflateStatus } from '../types.js';
import { crc32 as wasmCrc32 } from '../wasm/crc32.js';
import { inflate as wasmInflate } from '../wasm/inflate.js';
import { instanceOf, sharedInstance } from '../wasm/instance.js';

/**
 * Streams that inflate to this size or more go to node:zlib, unless they lie in an arena: elsewhere WebAssembly is as fast or
 * faster, as a call of node:zlib costs 3 us, a copy of the result and garbage. Measured on Node 20 over slices of source code, the
 * garbage counted: 500 bytes took 2.6 us in WebAssembly and 6.5 in node:zlib, 3,900 bytes 9 and 13, 58,000 bytes 78 and 85, 700,000
 * bytes 780 and 890, 1,000,000 bytes 1420 and 1440, 8,000,000 bytes 10,800 and 9,100.
 */
const NATIVE_INFLATE_BYTES = 1_000_000;
/** The same where there is no WebAssembly: 1,000 bytes took 7.2 us in plain code and 7.1 in node:zlib. */
const NATIVE_INFLATE_BYTES_WITHOUT_WASM = 1200;
/** node:zlib makes the result in pieces of at most this size, so that a stated size alone takes no memory twice. */
const MAX_CHUNK_BYTES = 1 << 20;

/** What `inflateSync` returns with `info`; `bytesWritten` counts the bytes of input that were used. */
interface InflatedWithInfo {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/** As the portable `inflate`; allocates where node:zlib does the work. */
export function inflate(
  input: Uint8Array,
  inputStart: number,
  output: Uint8Array,
  outputStart: number,
  outputSize: number,
  result: InflateResult,
): InflateStatus {
  const threshold = sharedInstance() === null ? NATIVE_INFLATE_BYTES_WITHOUT_WASM : NATIVE_INFLATE_BYTES;
  if (outputSize >= threshold && instanceOf(output) === undefined) {
    assertInflateRange(input, inputStart, output, outputStart, outputSize);
    const inflated = tryInflate(input.subarray(inputStart), outputSize);
    if (inflated !== undefined) {
      output.set(inflated.buffer, outputStart);
      result.consumed = inflated.engine.bytesWritten;
      result.produced = inflated.buffer.length;
      return InflateStatus.done;
    }
  }
  // Small, broken, cut short or too long: only ours says exactly which.
  return wasmInflate(input, inputStart, output, outputStart, outputSize, result);
}

function tryInflate(input: Uint8Array, outputSize: number): InflatedWithInfo | undefined {
  const options = {
    info: true,
    // One byte more than is wanted: with none left zlib cannot tell that it is done, and another piece is made.
    chunkSize: Math.min(outputSize + 1, MAX_CHUNK_BYTES),
    maxOutputLength: outputSize,
  };
  try {
    // Its type leaves out what `info` changes.
    return zlib.inflateSync(input, options) as unknown as InflatedWithInfo;
  } catch {
    return undefined;
  }
}

/** Node 20.15 and later. */
const nativeCrc32: typeof zlib.crc32 | undefined = zlib.crc32;
/**
 * From this size up node:zlib is faster, up to two times: 256 bytes cost 0.17 us in WebAssembly and 0.21 there, 656 bytes 0.33 and
 * 0.29. In an arena, 656 bytes 0.27 and 0.29.
 */
const NATIVE_CRC_BYTES = 600;

/** As the portable `crc32`. */
export function crc32(bytes: Uint8Array, start = 0, end: number = bytes.length, seed = 0): number {
  if (nativeCrc32 === undefined || end - start < NATIVE_CRC_BYTES) return wasmCrc32(bytes, start, end, seed);
  return nativeCrc32(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), seed);
}
