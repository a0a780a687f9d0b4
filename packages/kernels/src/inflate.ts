import { adler32 } from './adler32.js';
import { inflateCodes } from './inflate/codes.js';
import { cursor, GO_ON, type Step, takeBits } from './inflate/cursor.js';
import { dynamicTables, fixedTables, readDynamicTables } from './inflate/dynamic.js';
import { isStreamHeader } from './inflate/header.js';
import { type InflateResult, InflateStatus } from './types.js';

/**
 * Inflate the zlib stream (RFC 1950) that begins at `inputStart`; what follows it in `input` is left alone.
 *
 * Writes nothing outside of `outputSize` bytes at `outputStart`, which may be left partly written when the status is not `done`.
 * A stream of fewer bytes is `done`, too: compare `result.produced`. Allocates nothing.
 *
 * @throws {RangeError} when a range lies outside its buffer
 * @see RFC 1950, RFC 1951
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
  cursor.at = inputStart;
  cursor.hold = 0;
  cursor.bits = 0;
  cursor.out = outputStart;
  const status = inflateStream(input, output, outputStart, outputStart + outputSize);
  result.consumed = status === InflateStatus.done ? cursor.at - inputStart : 0;
  result.produced = cursor.out - outputStart;
  return status;
}

/** @throws {RangeError} when a range lies outside its buffer */
export function assertInflateRange(
  input: Uint8Array,
  inputStart: number,
  output: Uint8Array,
  outputStart: number,
  outputSize: number,
): void {
  if (!(inputStart >= 0 && inputStart <= input.length)) {
    throw new RangeError(`Cannot inflate from byte ${inputStart}: the input has ${input.length}`);
  }
  if (!(outputStart >= 0 && outputSize >= 0 && outputStart + outputSize <= output.length)) {
    throw new RangeError(`Cannot inflate ${outputSize} bytes to ${outputStart}: the output has ${output.length}`);
  }
}

/** stream = CMF FLG *block adler32; adler32: big-endian, of the inflated bytes */
function inflateStream(input: Uint8Array, output: Uint8Array, outputStart: number, outputEnd: number): InflateStatus {
  if (input.length - cursor.at < 2) return InflateStatus.inputEnds;
  const method = input[cursor.at]!;
  const flags = input[cursor.at + 1]!;
  cursor.at += 2;
  if (!isStreamHeader(method, flags)) return InflateStatus.badHeader;

  for (let isLast = false; !isLast; ) {
    const header = takeBits(input, 3);
    if (header < 0) return InflateStatus.inputEnds;
    isLast = (header & 1) === 1;
    const step = inflateBlock(header >> 1, input, output, outputStart, outputEnd);
    if (step !== GO_ON) return step;
  }

  // Fewer than eight bits are left, the padding: whole bytes go back as soon as a block ends.
  const at = cursor.at;
  if (input.length - at < 4) return InflateStatus.inputEnds;
  const checksum = ((input[at]! << 24) | (input[at + 1]! << 16) | (input[at + 2]! << 8) | input[at + 3]!) >>> 0;
  if (checksum !== adler32(output, outputStart, cursor.out)) return InflateStatus.badChecksum;
  cursor.at = at + 4;
  return InflateStatus.done;
}

function inflateBlock(
  blockType: number,
  input: Uint8Array,
  output: Uint8Array,
  outputStart: number,
  outputEnd: number,
): Step {
  if (blockType === 0) return copyStored(input, output, outputEnd);
  if (blockType === 1) return inflateCodes(input, output, outputStart, outputEnd, fixedTables());
  if (blockType !== 2) return InflateStatus.badBlock;
  const step = readDynamicTables(input, outputEnd - cursor.out, dynamicTables);
  return step === GO_ON ? inflateCodes(input, output, outputStart, outputEnd, dynamicTables) : step;
}

/** A stored block: padding to a whole byte, size, size inverted (16 bits each, little-endian), the bytes. */
function copyStored(input: Uint8Array, output: Uint8Array, outputEnd: number): Step {
  cursor.hold = 0;
  cursor.bits = 0;
  const at = cursor.at;
  if (input.length - at < 4) return InflateStatus.inputEnds;
  const size = input[at]! | (input[at + 1]! << 8);
  if (size !== ((input[at + 2]! | (input[at + 3]! << 8)) ^ 0xffff)) return InflateStatus.badBlock;
  const start = at + 4;
  const outputLeft = outputEnd - cursor.out;
  const inputLeft = input.length - start;
  const fits = Math.min(size, outputLeft, inputLeft);
  if (fits < size) {
    // What is there is given all the same: whoever reads only the beginning of a stream has no use for the rest.
    output.set(input.subarray(start, start + fits), cursor.out);
    cursor.out += fits;
    return inputLeft > outputLeft ? InflateStatus.outputFull : InflateStatus.inputEnds;
  }
  output.set(input.subarray(start, start + size), cursor.out);
  cursor.at = start + size;
  cursor.out += size;
  return GO_ON;
}
