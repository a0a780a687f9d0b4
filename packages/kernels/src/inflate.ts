import { adler32 } from './adler32.js';
import {
  BLOCK_END,
  CODE_LENGTH_SYMBOLS,
  DISTANCE_SYMBOLS,
  EXCEPTION,
  LITERAL_SYMBOLS,
  makeTable,
  SECOND,
} from './inflate-table.js';
import { type InflateResult, InflateStatus } from './types.js';

const LITERAL_ROOT_BITS = 11;
const DISTANCE_ROOT_BITS = 8;
/** For little output the table is smaller, because making it is most of the work. */
const SMALL_OUTPUT_BYTES = 2048;
const SMALL_LITERAL_ROOT_BITS = 9;

// Long enough for every complete code: 2342 and 402 entries are the most that zlib's `enough` finds for 288 symbols at 11
// bits and 32 at 8.
const literalTable: Int32Array = /* @__PURE__ */ new Int32Array(2400);
const distanceTable: Int32Array = /* @__PURE__ */ new Int32Array(512);
const codeLengthTable: Int32Array = /* @__PURE__ */ new Int32Array(128);
const codeLengths: Uint8Array = /* @__PURE__ */ new Uint8Array(288 + 32);
const CODE_LENGTH_ORDER: Uint8Array = /* @__PURE__ */ Uint8Array.of(
  16,
  17,
  18,
  0,
  8,
  7,
  9,
  6,
  10,
  5,
  11,
  4,
  12,
  3,
  13,
  2,
  14,
  1,
  15,
);

const FIXED_LITERAL_BITS = 9;
const FIXED_DISTANCE_BITS = 5;
let fixedLiteralTable: Int32Array | undefined;
let fixedDistanceTable: Int32Array | undefined;

/** Input the fast loop may read in one turn, and output it may write. */
const FAST_INPUT_BYTES = 12;
const FAST_OUTPUT_BYTES = 2 + 258;

/** Not a status: the block ended well, go on. */
const GO_ON = -1;
type Step = InflateStatus | typeof GO_ON;

// Where the stream stands between blocks. One stream at a time: nothing here is ever interrupted. The buffers are
// parameters, so that no call keeps them alive.
let at = 0;
/** Bits taken from the input and not used yet, the next one lowest. */
let hold = 0;
let bits = 0;
let out = 0;
let literalRootBits = 0;
let distanceRootBits = 0;

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
  at = inputStart;
  hold = 0;
  bits = 0;
  out = outputStart;
  const status = inflateStream(input, output, outputStart, outputStart + outputSize);
  result.consumed = status === InflateStatus.done ? at - inputStart : 0;
  result.produced = out - outputStart;
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

/**
 *     stream = CMF FLG *block adler32    ; adler32: big-endian, of the inflated bytes
 *     CMF    = window bits - 8 (high 4 bits) | method 8 (low 4 bits)
 *     FLG    = level (2 bits) | preset dictionary (1 bit) | check (5 bits): CMF * 256 + FLG is a multiple of 31
 */
function inflateStream(input: Uint8Array, output: Uint8Array, outputStart: number, outputEnd: number): InflateStatus {
  if (input.length - at < 2) return InflateStatus.inputEnds;
  const method = input[at]!;
  const flags = input[at + 1]!;
  at += 2;
  if ((method & 0x0f) !== 8 || method >> 4 > 7 || (flags & 0x20) !== 0 || ((method << 8) | flags) % 31 !== 0) {
    return InflateStatus.badHeader;
  }

  for (let isLast = false; !isLast; ) {
    const header = takeBits(input, 3);
    if (header < 0) return InflateStatus.inputEnds;
    isLast = (header & 1) === 1;
    const step = inflateBlock(header >> 1, input, output, outputStart, outputEnd);
    if (step !== GO_ON) return step;
  }

  // Fewer than eight bits are left, the padding: whole bytes go back as soon as a block ends.
  if (input.length - at < 4) return InflateStatus.inputEnds;
  const checksum = ((input[at]! << 24) | (input[at + 1]! << 16) | (input[at + 2]! << 8) | input[at + 3]!) >>> 0;
  if (checksum !== adler32(output, outputStart, out)) return InflateStatus.badChecksum;
  at += 4;
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
  if (blockType === 1) {
    fixedLiteralTable ??= makeFixedLiteralTable();
    fixedDistanceTable ??= makeFixedDistanceTable();
    literalRootBits = FIXED_LITERAL_BITS;
    distanceRootBits = FIXED_DISTANCE_BITS;
    return inflateCodes(input, output, outputStart, outputEnd, fixedLiteralTable, fixedDistanceTable);
  }
  if (blockType === 2) {
    const step = readDynamicTables(input, outputEnd - out);
    if (step !== GO_ON) return step;
    return inflateCodes(input, output, outputStart, outputEnd, literalTable, distanceTable);
  }
  return InflateStatus.badBlock;
}

/** The next `count` bits (at most 24), or -1 when the input ends before. Takes no byte it does not need. */
function takeBits(input: Uint8Array, count: number): number {
  while (bits < count) {
    if (at >= input.length) return -1;
    hold |= input[at++]! << bits;
    bits += 8;
  }
  const value = hold & ((1 << count) - 1);
  hold >>>= count;
  bits -= count;
  return value;
}

/** A stored block: padding to a whole byte, size, size inverted (16 bits each, little-endian), the bytes. */
function copyStored(input: Uint8Array, output: Uint8Array, outputEnd: number): Step {
  hold = 0;
  bits = 0;
  if (input.length - at < 4) return InflateStatus.inputEnds;
  const size = input[at]! | (input[at + 1]! << 8);
  if (size !== ((input[at + 2]! | (input[at + 3]! << 8)) ^ 0xffff)) return InflateStatus.badBlock;
  at += 4;
  // As much as there is and fits: who wants only the beginning of a stream gets it from a stored block, too.
  const copied = Math.min(size, outputEnd - out, input.length - at);
  output.set(input.subarray(at, at + copied), out);
  at += copied;
  out += copied;
  if (copied === size) return GO_ON;
  return out === outputEnd ? InflateStatus.outputFull : InflateStatus.inputEnds;
}

function makeFixedLiteralTable(): Int32Array {
  codeLengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288);
  const table = new Int32Array(1 << FIXED_LITERAL_BITS);
  makeTable(table, FIXED_LITERAL_BITS, LITERAL_SYMBOLS, codeLengths, 0, 288, false);
  return table;
}

function makeFixedDistanceTable(): Int32Array {
  codeLengths.fill(5, 0, 32);
  const table = new Int32Array(1 << FIXED_DISTANCE_BITS);
  makeTable(table, FIXED_DISTANCE_BITS, DISTANCE_SYMBOLS, codeLengths, 0, 32, false);
  return table;
}

/**
 *     tables = HLIT (5 bits) HDIST (5) HCLEN (4) (HCLEN + 4) * 3 bits, code lengths    ; RFC 1951, 3.2.7
 */
function readDynamicTables(input: Uint8Array, outputLeft: number): Step {
  const sizes = takeBits(input, 14);
  if (sizes < 0) return InflateStatus.inputEnds;
  const literalCount = (sizes & 0x1f) + 257;
  const distanceCount = ((sizes >> 5) & 0x1f) + 1;
  if (literalCount > 286 || distanceCount > 30) return InflateStatus.badCode;

  codeLengths.fill(0, 0, 19);
  for (let index = 0, end = (sizes >> 10) + 4; index < end; index++) {
    const length = takeBits(input, 3);
    if (length < 0) return InflateStatus.inputEnds;
    codeLengths[CODE_LENGTH_ORDER[index]!] = length;
  }
  const rootBits = makeTable(codeLengthTable, 7, CODE_LENGTH_SYMBOLS, codeLengths, 0, 19, false);
  if (rootBits === 0) return InflateStatus.badCode;
  const step = readCodeLengths(input, rootBits, literalCount + distanceCount);
  if (step !== GO_ON) return step;

  // A block without an end would be one, too, with every code that is a code.
  if (codeLengths[256] === 0) return InflateStatus.badCode;
  const maxRootBits = outputLeft < SMALL_OUTPUT_BYTES ? SMALL_LITERAL_ROOT_BITS : LITERAL_ROOT_BITS;
  literalRootBits = makeTable(literalTable, maxRootBits, LITERAL_SYMBOLS, codeLengths, 0, literalCount, true);
  if (literalRootBits === 0) return InflateStatus.badCode;
  const end = literalCount + distanceCount;
  distanceRootBits = makeTable(
    distanceTable,
    DISTANCE_ROOT_BITS,
    DISTANCE_SYMBOLS,
    codeLengths,
    literalCount,
    end,
    true,
  );
  return distanceRootBits === 0 ? InflateStatus.badCode : GO_ON;
}

/** Fill `codeLengths` with `count` lengths: 0 to 15 as they are, 16 the one before again, 17 and 18 runs of zeros. */
function readCodeLengths(input: Uint8Array, rootBits: number, count: number): Step {
  const mask = (1 << rootBits) - 1;
  for (let index = 0; index < count; ) {
    let entry = codeLengthTable[hold & mask]!;
    while ((entry & 0x1f) > bits) {
      if (at >= input.length) return InflateStatus.inputEnds;
      hold |= input[at++]! << bits;
      bits += 8;
      entry = codeLengthTable[hold & mask]!;
    }
    hold >>>= entry & 0x1f;
    bits -= entry & 0x1f;
    const symbol = entry >>> 16;
    if (symbol < 16) {
      codeLengths[index++] = symbol;
      continue;
    }
    if (symbol === 16 && index === 0) return InflateStatus.badCode;
    const length = symbol === 16 ? codeLengths[index - 1]! : 0;
    const extra = takeBits(input, symbol === 16 ? 2 : symbol === 17 ? 3 : 7);
    if (extra < 0) return InflateStatus.inputEnds;
    const repeat = extra + (symbol === 18 ? 11 : 3);
    if (repeat > count - index) return InflateStatus.badCode;
    for (const end = index + repeat; index < end; ) codeLengths[index++] = length;
  }
  return GO_ON;
}

/** The codes of one block, to its end. */
function inflateCodes(
  input: Uint8Array,
  output: Uint8Array,
  outputStart: number,
  outputEnd: number,
  literals: Int32Array,
  distances: Int32Array,
): Step {
  const step = inflateFast(input, output, outputStart, outputEnd, literals, distances);
  return step === SLOWER ? inflateCareful(input, output, outputStart, outputEnd, literals, distances) : step;
}

/** Not a status: too little input or output is left for the fast loop. */
const SLOWER = -2;

/**
 * Decode while there is enough input and output left that no turn can pass their ends.
 *
 * The state lives in locals here. A refill reads three bytes and counts as many as fit: at least 24 bits are then at hand. The
 * bits above `have` are those of the next input byte, which the next refill puts in the same place again.
 */
function inflateFast(
  input: Uint8Array,
  output: Uint8Array,
  outputStart: number,
  outputEnd: number,
  literals: Int32Array,
  distances: Int32Array,
): Step | typeof SLOWER {
  const lastInput = input.length - FAST_INPUT_BYTES;
  const lastOutput = outputEnd - FAST_OUTPUT_BYTES;
  const literalMask = (1 << literalRootBits) - 1;
  const distanceMask = (1 << distanceRootBits) - 1;
  let from = at;
  let to = out;
  let held = hold;
  let have = bits;
  let status: Step | typeof SLOWER = SLOWER;

  while (from <= lastInput && to <= lastOutput) {
    held |= (input[from]! | (input[from + 1]! << 8) | (input[from + 2]! << 16)) << have;
    from += (31 - have) >> 3;
    have |= 24;
    let entry = literals[held & literalMask]!;
    if (entry < 0) {
      held >>>= entry & 0x1f;
      have -= entry & 0x1f;
      output[to++] = entry >> 16;
      // A second code of the first table fits in what is left without a refill.
      entry = literals[held & literalMask]!;
      if (entry < 0) {
        held >>>= entry & 0x1f;
        have -= entry & 0x1f;
        output[to++] = entry >> 16;
        continue;
      }
      held |= (input[from]! | (input[from + 1]! << 8) | (input[from + 2]! << 16)) << have;
      from += (31 - have) >> 3;
      have |= 24;
    }
    if (entry & EXCEPTION) {
      if (entry & SECOND) {
        held >>>= entry & 0x1f;
        have -= entry & 0x1f;
        entry = literals[(entry >>> 16) + (held & ((1 << ((entry >> 5) & 0x1f)) - 1))]!;
        if (entry < 0) {
          held >>>= entry & 0x1f;
          have -= entry & 0x1f;
          output[to++] = entry >> 16;
          continue;
        }
      }
      if (entry & EXCEPTION) {
        held >>>= entry & 0x1f;
        have -= entry & 0x1f;
        status = entry & BLOCK_END ? GO_ON : InflateStatus.badCode;
        break;
      }
    }
    held >>>= entry & 0x1f;
    have -= entry & 0x1f;
    const lengthExtra = (entry >> 5) & 0x1f;
    const length = (entry >>> 16) + (held & ((1 << lengthExtra) - 1));
    held >>>= lengthExtra;
    have -= lengthExtra;

    held |= (input[from]! | (input[from + 1]! << 8) | (input[from + 2]! << 16)) << have;
    from += (31 - have) >> 3;
    have |= 24;
    entry = distances[held & distanceMask]!;
    if (entry & EXCEPTION) {
      if (entry & SECOND) {
        held >>>= entry & 0x1f;
        have -= entry & 0x1f;
        entry = distances[(entry >>> 16) + (held & ((1 << ((entry >> 5) & 0x1f)) - 1))]!;
      }
      if (entry & EXCEPTION) {
        status = InflateStatus.badCode;
        break;
      }
    }
    held >>>= entry & 0x1f;
    have -= entry & 0x1f;
    const distanceExtra = (entry >> 5) & 0x1f;
    if (distanceExtra > have) {
      held |= (input[from]! | (input[from + 1]! << 8) | (input[from + 2]! << 16)) << have;
      from += (31 - have) >> 3;
      have |= 24;
    }
    const distance = (entry >>> 16) + (held & ((1 << distanceExtra) - 1));
    held >>>= distanceExtra;
    have -= distanceExtra;

    let source = to - distance;
    if (source < outputStart) {
      status = InflateStatus.badDistance;
      break;
    }
    const end = to + length;
    output[to++] = output[source++]!;
    output[to++] = output[source++]!;
    while (to < end) output[to++] = output[source++]!;
  }

  // Whole bytes that are not used go back, and so do the bits above them.
  at = from - (have >> 3);
  bits = have & 7;
  hold = held & ((1 << bits) - 1);
  out = to;
  return status;
}

/** As `inflateFast`, but looks at every byte whether it is there, and at the room for every byte. */
function inflateCareful(
  input: Uint8Array,
  output: Uint8Array,
  outputStart: number,
  outputEnd: number,
  literals: Int32Array,
  distances: Int32Array,
): Step {
  for (;;) {
    const symbol = takeCode(input, literals, literalRootBits);
    if (symbol === NO_INPUT) return InflateStatus.inputEnds;
    if (symbol < 0) {
      if (out >= outputEnd) return InflateStatus.outputFull;
      output[out++] = symbol >> 16;
      continue;
    }
    if (symbol & EXCEPTION) return symbol & BLOCK_END ? GO_ON : InflateStatus.badCode;
    const lengthExtra = takeBits(input, (symbol >> 5) & 0x1f);
    if (lengthExtra < 0) return InflateStatus.inputEnds;

    const entry = takeCode(input, distances, distanceRootBits);
    if (entry === NO_INPUT) return InflateStatus.inputEnds;
    if (entry & EXCEPTION) return InflateStatus.badCode;
    const distanceExtra = takeBits(input, (entry >> 5) & 0x1f);
    if (distanceExtra < 0) return InflateStatus.inputEnds;

    const length = (symbol >>> 16) + lengthExtra;
    let source = out - (entry >>> 16) - distanceExtra;
    if (source < outputStart) return InflateStatus.badDistance;
    if (length > outputEnd - out) return InflateStatus.outputFull;
    for (const end = out + length; out < end; ) output[out++] = output[source++]!;
  }
}

/** Not an entry: the input ends inside a code. */
const NO_INPUT = 0;

/** The entry of the next code, which is then dropped, or `NO_INPUT`. */
function takeCode(input: Uint8Array, table: Int32Array, rootBits: number): number {
  for (;;) {
    let entry = table[hold & ((1 << rootBits) - 1)]!;
    let size = entry & 0x1f;
    if (entry >= 0 && entry & SECOND && size <= bits) {
      entry = table[(entry >>> 16) + ((hold >>> rootBits) & ((1 << ((entry >> 5) & 0x1f)) - 1))]!;
      size += entry & 0x1f;
    }
    if (size <= bits) {
      hold >>>= size;
      bits -= size;
      return entry;
    }
    if (at >= input.length) return NO_INPUT;
    hold |= input[at++]! << bits;
    bits += 8;
  }
}
