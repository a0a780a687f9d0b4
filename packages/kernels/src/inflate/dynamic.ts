import { InflateStatus } from '../types.js';
import type { BlockTables } from './codes.js';
import { cursor, GO_ON, putBack, type Step, takeBits } from './cursor.js';
import {
  CODE_LENGTH_ORDER,
  CODE_LENGTH_SYMBOLS,
  CodeLengths,
  DISTANCE_SYMBOLS,
  LITERAL_SYMBOLS,
  makeTable,
} from './table.js';

const LITERAL_ROOT_BITS = 11;
const DISTANCE_ROOT_BITS = 8;
const CODE_LENGTH_ROOT_BITS = 7;
/** For little output the table is smaller, because making it is most of the work. */
const SMALL_OUTPUT_BYTES = 2048;
const SMALL_LITERAL_ROOT_BITS = 9;

const MAX_LITERAL_COUNT = 286;
const MAX_DISTANCE_COUNT = 30;
const BLOCK_END_SYMBOL = 256;

/**
 * Room for the tables of a dynamic block. Long enough for every complete code: 2342 and 402 entries are the most that zlib's
 * `enough` finds for 288 symbols at 11 bits and 32 at 8.
 */
export function createDynamicTables(): BlockTables {
  return { literals: new Int32Array(2400), literalRootBits: 0, distances: new Int32Array(512), distanceRootBits: 0 };
}
/** The tables of the last dynamic block of a stream that is inflated in one call. */
export const dynamicTables: BlockTables = /* @__PURE__ */ createDynamicTables();
const codeLengthTable: Int32Array = /* @__PURE__ */ new Int32Array(1 << CODE_LENGTH_ROOT_BITS);
const codeLengths: CodeLengths = /* @__PURE__ */ new CodeLengths();
const codeLengthLengths: Uint8Array = /* @__PURE__ */ new Uint8Array(CODE_LENGTH_ORDER.length);

let madeFixedTables: BlockTables | undefined;

/** The tables of a block with fixed codes (RFC 1951, 3.2.6), made at the first use. */
export function fixedTables(): BlockTables {
  return (madeFixedTables ??= makeFixedTables());
}

function makeFixedTables(): BlockTables {
  const literals = new Int32Array(1 << 9);
  const distances = new Int32Array(1 << 5);
  const code = new CodeLengths().add(0, 144, 8).add(144, 256, 9).add(256, 280, 7).add(280, 288, 8);
  const literalRootBits = makeTable(literals, 9, LITERAL_SYMBOLS, code, 0, 288, 0, false);
  const distanceRootBits = makeTable(distances, 5, DISTANCE_SYMBOLS, code.clear().add(0, 32, 5), 0, 32, 0, false);
  return { literals, literalRootBits, distances, distanceRootBits };
}

/**
 * Read the head of a dynamic block into `tables`.
 *
 *     tables = HLIT (5 bits) HDIST (5) HCLEN (4) *code-length-length (3 each) *code-length
 *
 * @param outputLeft bytes the output has room for
 * @see RFC 1951, 3.2.7
 */
export function readDynamicTables(input: Uint8Array, outputLeft: number, tables: BlockTables): Step {
  const sizes = takeBits(input, 14);
  if (sizes < 0) return InflateStatus.inputEnds;
  const literalCount = (sizes & 0x1f) + 257;
  const distanceCount = ((sizes >> 5) & 0x1f) + 1;
  if (literalCount > MAX_LITERAL_COUNT || distanceCount > MAX_DISTANCE_COUNT) return InflateStatus.badCode;

  const rootBits = readCodeLengthCode(input, (sizes >> 10) + 4);
  if (rootBits < 0) return InflateStatus.inputEnds;
  if (rootBits === 0) return InflateStatus.badCode;
  codeLengths.lengths[BLOCK_END_SYMBOL] = 0;
  const step = readCodeLengths(input, rootBits, literalCount + distanceCount);
  if (step !== GO_ON) return step;

  if (codeLengths.lengths[BLOCK_END_SYMBOL] === 0) return InflateStatus.badCode;
  const split = codeLengths.countBelow(literalCount);
  const maxRootBits = outputLeft < SMALL_OUTPUT_BYTES ? SMALL_LITERAL_ROOT_BITS : LITERAL_ROOT_BITS;
  const { literals, distances } = tables;
  tables.literalRootBits = makeTable(literals, maxRootBits, LITERAL_SYMBOLS, codeLengths, 0, split, 0, true);
  if (tables.literalRootBits === 0) return InflateStatus.badCode;
  tables.distanceRootBits = makeTable(
    distances,
    DISTANCE_ROOT_BITS,
    DISTANCE_SYMBOLS,
    codeLengths,
    split,
    codeLengths.usedCount,
    literalCount,
    true,
  );
  return tables.distanceRootBits === 0 ? InflateStatus.badCode : GO_ON;
}

/** The code that the code lengths are written in. Gives its index bits, 0 when it is refused, -1 when the input ends. */
function readCodeLengthCode(input: Uint8Array, count: number): number {
  codeLengthLengths.fill(0);
  for (let index = 0; index < count; index++) {
    const length = takeBits(input, 3);
    if (length < 0) return -1;
    codeLengthLengths[CODE_LENGTH_ORDER[index]!] = length;
  }
  codeLengths.clear();
  for (let symbol = 0; symbol < codeLengthLengths.length; symbol++) {
    const length = codeLengthLengths[symbol]!;
    if (length !== 0) codeLengths.add(symbol, symbol + 1, length);
  }
  const end = codeLengths.usedCount;
  return makeTable(codeLengthTable, CODE_LENGTH_ROOT_BITS, CODE_LENGTH_SYMBOLS, codeLengths, 0, end, 0, false);
}

/** Bits of a code length at most: its code, and how often 18 repeats. */
const CODE_LENGTH_BITS = CODE_LENGTH_ROOT_BITS + 7;

/** Fill `codeLengths` with `count` lengths: 0 to 15 as they are, 16 the one before again, 17 and 18 runs of zeros. */
function readCodeLengths(input: Uint8Array, rootBits: number, count: number): Step {
  const { lengths, used } = codeLengths;
  const mask = (1 << rootBits) - 1;
  let { at, hold, bits } = cursor;
  let usedCount = 0;
  let before = -1;
  let status: Step = GO_ON;
  for (let index = 0; index < count; ) {
    while (bits < CODE_LENGTH_BITS && at < input.length) {
      hold |= input[at++]! << bits;
      bits += 8;
    }
    const entry = codeLengthTable[hold & mask]!;
    const codeBits = entry & 0x1f;
    const symbol = entry >>> 16;
    if (symbol < 16) {
      if (codeBits > bits) {
        status = InflateStatus.inputEnds;
        break;
      }
      hold >>>= codeBits;
      bits -= codeBits;
      before = symbol;
      if (symbol !== 0) {
        lengths[index] = symbol;
        used[usedCount++] = index;
      }
      index++;
      continue;
    }

    const repeatBits = symbol === 16 ? 2 : symbol === 17 ? 3 : 7;
    if (codeBits + repeatBits > bits) {
      status = InflateStatus.inputEnds;
      break;
    }
    const repeat = ((hold >>> codeBits) & ((1 << repeatBits) - 1)) + (symbol === 18 ? 11 : 3);
    hold >>>= codeBits + repeatBits;
    bits -= codeBits + repeatBits;
    if (symbol !== 16) before = 0;
    if (before < 0 || repeat > count - index) {
      status = InflateStatus.badCode;
      break;
    }
    if (before === 0) index += repeat;
    else {
      for (const end = index + repeat; index < end; index++) {
        lengths[index] = before;
        used[usedCount++] = index;
      }
    }
  }
  codeLengths.usedCount = usedCount;
  putBack(at, hold, bits);
  return status;
}
