import { InflateStatus } from '../types.js';
import { cursor, GO_ON, putBack, type Step, takeBits } from './cursor.js';
import { BLOCK_END, EXCEPTION, SECOND } from './table.js';

/** Input the fast loop may read in one turn, and literals it may write; it looks at the room for a match. */
const FAST_INPUT_BYTES = 12;
const FAST_OUTPUT_BYTES = 2;
/** Longer matches go through the engine's block copy; below, its call costs more than a loop over the bytes. */
const BLOCK_COPY_BYTES = 32;

/** The decoding tables of a block, and how many bits index their first parts. */
export interface BlockTables {
  literals: Int32Array;
  literalRootBits: number;
  distances: Int32Array;
  distanceRootBits: number;
}

/**
 * Decode the codes of one block, to its end. Matches reach back to `outputStart`.
 *
 * Where the input or the output ends first, the cursor is left before the code that did not fit, so that a stream taken in
 * pieces can go on there, if `lastOutput` leaves room for a match.
 * @param lastOutput the offset past which every byte is looked at whether it fits
 */
export function inflateCodes(
  input: Uint8Array,
  output: Uint8Array,
  outputStart: number,
  outputEnd: number,
  tables: BlockTables,
  lastOutput: number = outputEnd - FAST_OUTPUT_BYTES,
): Step {
  const step = inflateFast(input, output, outputStart, outputEnd, lastOutput, tables);
  return step === SLOWER ? inflateCareful(input, output, outputStart, outputEnd, tables) : step;
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
  lastOutput: number,
  tables: BlockTables,
): Step | typeof SLOWER {
  const lastInput = input.length - FAST_INPUT_BYTES;
  const { literals, distances } = tables;
  const literalMask = (1 << tables.literalRootBits) - 1;
  const distanceMask = (1 << tables.distanceRootBits) - 1;
  let from = cursor.at;
  let to = cursor.out;
  let held = cursor.hold;
  let have = cursor.bits;
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
    if (length > outputEnd - to) {
      status = InflateStatus.outputFull;
      break;
    }
    const end = to + length;
    if (length > BLOCK_COPY_BYTES && distance >= length) {
      output.copyWithin(to, source, source + length);
      to = end;
    } else {
      output[to++] = output[source++]!;
      output[to++] = output[source++]!;
      output[to++] = output[source++]!;
      while (to < end) output[to++] = output[source++]!;
    }
  }

  putBack(from, held, have);
  cursor.out = to;
  return status;
}

/** As `inflateFast`, but looks at every byte whether it is there, and at the room for every byte. */
function inflateCareful(
  input: Uint8Array,
  output: Uint8Array,
  outputStart: number,
  outputEnd: number,
  tables: BlockTables,
): Step {
  for (;;) {
    const { at, hold, bits } = cursor;
    const step = inflateCode(input, output, outputStart, outputEnd, tables);
    if (step === NEXT_CODE) continue;
    if (step === InflateStatus.inputEnds || step === InflateStatus.outputFull) {
      cursor.at = at;
      cursor.hold = hold;
      cursor.bits = bits;
    }
    return step;
  }
}

/** Not a status: the block goes on. */
const NEXT_CODE = -3;

/** Decode one literal or match. */
function inflateCode(
  input: Uint8Array,
  output: Uint8Array,
  outputStart: number,
  outputEnd: number,
  tables: BlockTables,
): Step | typeof NEXT_CODE {
  const symbol = takeCode(input, tables.literals, tables.literalRootBits);
  if (symbol === NO_INPUT) return InflateStatus.inputEnds;
  if (symbol < 0) {
    if (cursor.out >= outputEnd) return InflateStatus.outputFull;
    output[cursor.out++] = symbol >> 16;
    return NEXT_CODE;
  }
  if (symbol & EXCEPTION) return symbol & BLOCK_END ? GO_ON : InflateStatus.badCode;
  const lengthExtra = takeBits(input, (symbol >> 5) & 0x1f);
  if (lengthExtra < 0) return InflateStatus.inputEnds;

  const entry = takeCode(input, tables.distances, tables.distanceRootBits);
  if (entry === NO_INPUT) return InflateStatus.inputEnds;
  if (entry & EXCEPTION) return InflateStatus.badCode;
  const distanceExtra = takeBits(input, (entry >> 5) & 0x1f);
  if (distanceExtra < 0) return InflateStatus.inputEnds;

  const length = (symbol >>> 16) + lengthExtra;
  let out = cursor.out;
  let source = out - (entry >>> 16) - distanceExtra;
  if (source < outputStart) return InflateStatus.badDistance;
  if (length > outputEnd - out) return InflateStatus.outputFull;
  for (const end = out + length; out < end; ) output[out++] = output[source++]!;
  cursor.out = out;
  return NEXT_CODE;
}

/** Not an entry: the input ends inside a code. */
const NO_INPUT = 0;

/** The entry of the next code, which is then dropped, or `NO_INPUT`. */
function takeCode(input: Uint8Array, table: Int32Array, rootBits: number): number {
  for (;;) {
    let entry = table[cursor.hold & ((1 << rootBits) - 1)]!;
    let size = entry & 0x1f;
    if (entry >= 0 && entry & SECOND && size <= cursor.bits) {
      entry = table[(entry >>> 16) + ((cursor.hold >>> rootBits) & ((1 << ((entry >> 5) & 0x1f)) - 1))]!;
      size += entry & 0x1f;
    }
    if (size <= cursor.bits) {
      cursor.hold >>>= size;
      cursor.bits -= size;
      return entry;
    }
    if (cursor.at >= input.length) return NO_INPUT;
    cursor.hold |= input[cursor.at++]! << cursor.bits;
    cursor.bits += 8;
  }
}
