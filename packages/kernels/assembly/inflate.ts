// Inflate: the statuses of src/types.ts and the tables of src/inflate/table.ts, with a bit buffer of 64 bits.
import { adler32 } from './adler32';
import { makeTable } from './inflate-table';
import {
  CODE_LENGTH_CODES,
  CODE_LENGTH_SYMBOLS,
  DISTANCE_SYMBOLS,
  DISTANCES,
  FIXED_DISTANCES,
  FIXED_LITERALS,
  LENGTHS,
  LITERALS,
  RESULT,
  SYMBOLS,
  USED,
} from './layout';

const GO_ON: i32 = -1;
const DONE: i32 = 0;
const INPUT_ENDS: i32 = 1;
const OUTPUT_FULL: i32 = 2;
const BAD_HEADER: i32 = 3;
const BAD_BLOCK: i32 = 4;
const BAD_CODE: i32 = 5;
const BAD_DISTANCE: i32 = 6;
const BAD_CHECKSUM: i32 = 7;

const EXCEPTION: i32 = 0x2000;
const SECOND: i32 = 0x4000;
const BLOCK_END: i32 = 0x8000;

const LITERAL_ROOT_BITS: u32 = 11;
const SMALL_LITERAL_ROOT_BITS: u32 = 9;
const SMALL_OUTPUT_BYTES: usize = 2048;
const DISTANCE_ROOT_BITS: u32 = 8;
const CODE_LENGTH_ROOT_BITS: u32 = 7;

/** Input the fast loop may read in one turn: two refills. */
const FAST_INPUT_BYTES: usize = 16;
/** Literals it may write before it looks at the room. */
const FAST_OUTPUT_BYTES: isize = 3;

// Where the stream stands: next byte, bits that were taken and not used, how many, next byte of output; and the ends.
let at: usize = 0;
let hold: u64 = 0;
let bits: u32 = 0;
let out: usize = 0;
let inputEnd: usize = 0;
let outputStart: usize = 0;
let outputEnd: usize = 0;

let literals: usize = 0;
let literalRootBits: u32 = 0;
let distances: usize = 0;
let distanceRootBits: u32 = 0;
let hasFixedTables: bool = false;

/** As `inflate` of src/inflate.ts, from and to addresses; what it consumed and produced is left at RESULT. */
export function inflate(from: usize, end: usize, to: usize, size: usize): i32 {
  at = from;
  hold = 0;
  bits = 0;
  out = to;
  inputEnd = end;
  outputStart = to;
  outputEnd = to + size;
  const status = inflateStream();
  store<u32>(RESULT, status === DONE ? <u32>(at - from) : 0);
  store<u32>(RESULT, <u32>(out - to), 4);
  return status;
}

function inflateStream(): i32 {
  if (inputEnd - at < 2) return INPUT_ENDS;
  if (!isStreamHeader(load<u8>(at), load<u8>(at, 1))) return BAD_HEADER;
  at += 2;
  let isLast = false;
  while (!isLast) {
    const header = takeBits(3);
    if (header < 0) return INPUT_ENDS;
    isLast = (header & 1) === 1;
    const blockType = header >> 1;
    let step: i32;
    if (blockType === 0) step = copyStored();
    else if (blockType === 3) step = BAD_BLOCK;
    else {
      step = blockType === 1 ? useFixedTables() : readDynamicTables();
      if (step === GO_ON) step = inflateCodes(FAST_OUTPUT_BYTES);
    }
    if (step !== GO_ON) return step;
  }
  if (inputEnd - at < 4) return INPUT_ENDS;
  if (bswap<u32>(load<u32>(at)) !== adler32(outputStart, out, 1)) return BAD_CHECKSUM;
  at += 4;
  return DONE;
}

function isStreamHeader(cmf: u32, flags: u32): bool {
  return (cmf & 0x0f) === 8 && cmf >> 4 <= 7 && (flags & 0x20) === 0 && ((cmf << 8) | flags) % 31 === 0;
}

/** The codes of one block; `spare` bytes before the end of the output every byte is looked at whether it fits. */
function inflateCodes(spare: isize): i32 {
  const step = inflateFast(spare);
  return step === SLOWER ? inflateCareful() : step;
}

/** The next `count` bits (at most 24), or -1 when the input ends before. Takes no byte it does not need. */
function takeBits(count: u32): i32 {
  while (bits < count) {
    if (at >= inputEnd) return -1;
    hold |= (<u64>load<u8>(at)) << bits;
    at++;
    bits += 8;
  }
  const value = <i32>hold & ((1 << count) - 1);
  hold >>= count;
  bits -= count;
  return value;
}

/** Whole bytes that were not used go back to the input. */
function putBack(nextAt: usize, held: u64, have: u32): void {
  at = nextAt - (have >> 3);
  bits = have & 7;
  hold = held & ((1 << bits) - 1);
}

function copyStored(): i32 {
  hold = 0;
  bits = 0;
  if (inputEnd - at < 4) return INPUT_ENDS;
  const size: usize = load<u16>(at);
  if (size !== <usize>(load<u16>(at, 2) ^ 0xffff)) return BAD_BLOCK;
  const start = at + 4;
  const outputLeft = outputEnd - out;
  const inputLeft = inputEnd - start;
  // What is there is given all the same: whoever reads only the beginning of a stream has no use for the rest.
  const fits = min<usize>(size, min<usize>(inputLeft, outputLeft));
  memory.copy(out, start, fits);
  out += fits;
  if (fits < size) return inputLeft > outputLeft ? OUTPUT_FULL : INPUT_ENDS;
  at = start + size;
  return GO_ON;
}

function useFixedTables(): i32 {
  if (!hasFixedTables) {
    memory.fill(LENGTHS, 8, 144);
    memory.fill(LENGTHS + 144, 9, 112);
    memory.fill(LENGTHS + 256, 7, 24);
    memory.fill(LENGTHS + 280, 8, 8);
    for (let symbol: u32 = 0; symbol < 288; symbol++) store<u16>(USED + symbol * 2, <u16>symbol);
    makeTable(FIXED_LITERALS, 9, SYMBOLS, 0, 288, 0, false);
    memory.fill(LENGTHS, 5, 32);
    makeTable(FIXED_DISTANCES, 5, DISTANCE_SYMBOLS, 0, 32, 0, false);
    hasFixedTables = true;
  }
  literals = FIXED_LITERALS;
  literalRootBits = 9;
  distances = FIXED_DISTANCES;
  distanceRootBits = 5;
  return GO_ON;
}

/** The order in which the lengths of the code length code come. */
const CODE_LENGTH_ORDER: usize = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

function readDynamicTables(): i32 {
  const sizes = takeBits(14);
  if (sizes < 0) return INPUT_ENDS;
  const literalCount: u32 = (sizes & 0x1f) + 257;
  const distanceCount: u32 = ((sizes >> 5) & 0x1f) + 1;
  if (literalCount > 286 || distanceCount > 30) return BAD_CODE;

  memory.fill(LENGTHS, 0, 19);
  const codeLengthCount: u32 = (sizes >> 10) + 4;
  for (let index: u32 = 0; index < codeLengthCount; index++) {
    const length = takeBits(3);
    if (length < 0) return INPUT_ENDS;
    store<u8>(LENGTHS + load<u8>(CODE_LENGTH_ORDER + index), <u8>length);
  }
  let end: u32 = 0;
  for (let symbol: u32 = 0; symbol < 19; symbol++) {
    if (load<u8>(LENGTHS + symbol) !== 0) store<u16>(USED + 2 * end++, <u16>symbol);
  }
  const rootBits = makeTable(CODE_LENGTH_CODES, CODE_LENGTH_ROOT_BITS, CODE_LENGTH_SYMBOLS, 0, end, 0, false);
  if (rootBits === 0) return BAD_CODE;

  store<u8>(LENGTHS, 0, 256);
  const used = readCodeLengths(rootBits, literalCount + distanceCount);
  if (used < 0) return -used;
  if (load<u8>(LENGTHS, 256) === 0) return BAD_CODE;
  let split: u32 = used;
  while (split > 0 && <u32>load<u16>(USED + 2 * (split - 1)) >= literalCount) split--;
  const maxRootBits = outputEnd - out < SMALL_OUTPUT_BYTES ? SMALL_LITERAL_ROOT_BITS : LITERAL_ROOT_BITS;
  literals = LITERALS;
  literalRootBits = makeTable(LITERALS, maxRootBits, SYMBOLS, 0, split, 0, true);
  if (literalRootBits === 0) return BAD_CODE;
  distances = DISTANCES;
  distanceRootBits = makeTable(DISTANCES, DISTANCE_ROOT_BITS, DISTANCE_SYMBOLS, split, used, literalCount, true);
  return distanceRootBits === 0 ? BAD_CODE : GO_ON;
}

/** Fill LENGTHS and USED with `count` lengths. Gives how many are used, or a status, negated. */
function readCodeLengths(rootBits: u32, count: u32): i32 {
  const mask: u32 = (1 << rootBits) - 1;
  let nextAt = at;
  let held = hold;
  let have = bits;
  let used: i32 = 0;
  let before: i32 = -1;
  for (let index: u32 = 0; index < count; ) {
    while (have < 14 && nextAt < inputEnd) {
      held |= (<u64>load<u8>(nextAt)) << have;
      nextAt++;
      have += 8;
    }
    const entry = load<u32>(CODE_LENGTH_CODES + ((<u32>held & mask) << 2));
    const codeBits = entry & 0x1f;
    const symbol = entry >> 16;
    if (symbol < 16) {
      if (codeBits > have) return -INPUT_ENDS;
      held >>= codeBits;
      have -= codeBits;
      before = symbol;
      if (symbol !== 0) {
        store<u8>(LENGTHS + index, <u8>symbol);
        store<u16>(USED + 2 * used, <u16>index);
        used++;
      }
      index++;
      continue;
    }
    const repeatBits: u32 = symbol === 16 ? 2 : symbol === 17 ? 3 : 7;
    if (codeBits + repeatBits > have) return -INPUT_ENDS;
    const repeat: u32 = (<u32>(held >> codeBits) & ((1 << repeatBits) - 1)) + (symbol === 18 ? 11 : 3);
    held >>= codeBits + repeatBits;
    have -= codeBits + repeatBits;
    if (symbol !== 16) before = 0;
    if (before < 0 || repeat > count - index) return -BAD_CODE;
    if (before === 0) index += repeat;
    else {
      for (const end = index + repeat; index < end; index++) {
        store<u8>(LENGTHS + index, <u8>before);
        store<u16>(USED + 2 * used, <u16>index);
        used++;
      }
    }
  }
  putBack(nextAt, held, have);
  return used;
}

/** Not a status: too little input or output is left for the fast loop. */
const SLOWER: i32 = -2;

/** Decode while enough input and output is left that no turn can pass their ends. A refill leaves at least 56 bits. */
function inflateFast(spare: isize): i32 {
  // Signed, for an input or output shorter than that.
  const lastInput = <isize>inputEnd - <isize>FAST_INPUT_BYTES;
  const lastOutput = <isize>outputEnd - spare;
  const literalTable = literals;
  const distanceTable = distances;
  const literalMask: u32 = (1 << literalRootBits) - 1;
  const distanceMask: u32 = (1 << distanceRootBits) - 1;
  const start = outputStart;
  const end = outputEnd;
  let from = at;
  let to = out;
  let held = hold;
  let have: u64 = bits;
  let status: i32 = SLOWER;

  while (<isize>from <= lastInput && <isize>to <= lastOutput) {
    held |= load<u64>(from) << have;
    from += <usize>((63 - have) >> 3);
    have |= 56;
    let entry = load<i32>(literalTable + ((<u32>held & literalMask) << 2));
    if (entry < 0) {
      held >>= entry & 0x1f;
      have -= entry & 0x1f;
      store<u8>(to++, <u8>(entry >> 16));
      entry = load<i32>(literalTable + ((<u32>held & literalMask) << 2));
      if (entry < 0) {
        held >>= entry & 0x1f;
        have -= entry & 0x1f;
        store<u8>(to++, <u8>(entry >> 16));
        entry = load<i32>(literalTable + ((<u32>held & literalMask) << 2));
        if (entry < 0) {
          held >>= entry & 0x1f;
          have -= entry & 0x1f;
          store<u8>(to++, <u8>(entry >> 16));
          continue;
        }
      }
    }
    if (entry & EXCEPTION) {
      if (entry & SECOND) {
        held >>= entry & 0x1f;
        have -= entry & 0x1f;
        entry = load<i32>(literalTable + (((entry >>> 16) + (<u32>held & ((1 << ((entry >> 5) & 0x1f)) - 1))) << 2));
        if (entry < 0) {
          held >>= entry & 0x1f;
          have -= entry & 0x1f;
          store<u8>(to++, <u8>(entry >> 16));
          continue;
        }
      }
      if (entry & EXCEPTION) {
        held >>= entry & 0x1f;
        have -= entry & 0x1f;
        status = entry & BLOCK_END ? GO_ON : BAD_CODE;
        break;
      }
    }
    held >>= entry & 0x1f;
    have -= entry & 0x1f;
    const lengthExtra: u32 = (entry >> 5) & 0x1f;
    const length: usize = (entry >>> 16) + (<u32>held & ((1 << lengthExtra) - 1));
    held >>= lengthExtra;
    have -= lengthExtra;

    // Two literals and a length take at most 50 bits, a distance 28.
    held |= load<u64>(from) << have;
    from += <usize>((63 - have) >> 3);
    have |= 56;
    entry = load<i32>(distanceTable + ((<u32>held & distanceMask) << 2));
    if (entry & EXCEPTION) {
      if (entry & SECOND) {
        held >>= entry & 0x1f;
        have -= entry & 0x1f;
        entry = load<i32>(distanceTable + (((entry >>> 16) + (<u32>held & ((1 << ((entry >> 5) & 0x1f)) - 1))) << 2));
      }
      if (entry & EXCEPTION) {
        status = BAD_CODE;
        break;
      }
    }
    held >>= entry & 0x1f;
    have -= entry & 0x1f;
    const distanceExtra: u32 = (entry >> 5) & 0x1f;
    const distance: usize = (entry >>> 16) + (<u32>held & ((1 << distanceExtra) - 1));
    held >>= distanceExtra;
    have -= distanceExtra;

    if (distance > to - start) {
      status = BAD_DISTANCE;
      break;
    }
    const room = end - to;
    if (length > room) {
      status = OUTPUT_FULL;
      break;
    }
    let source = to - distance;
    const stop = to + length;
    if (distance >= 16 && room >= length + 16) {
      // Whole vectors, up to fifteen bytes too many: what follows overwrites them.
      do {
        v128.store(to, v128.load(source));
        to += 16;
        source += 16;
      } while (to < stop);
      to = stop;
    } else if (distance >= 8 && room >= length + 8) {
      do {
        store<u64>(to, load<u64>(source));
        to += 8;
        source += 8;
      } while (to < stop);
      to = stop;
    } else if (distance === 1) {
      memory.fill(to, load<u8>(source), length);
      to = stop;
    } else {
      while (to < stop) store<u8>(to++, load<u8>(source++));
    }
  }

  putBack(from, held, <u32>have);
  out = to;
  return status;
}

/**
 * As `inflateFast`, but looks at every byte whether it is there, and at the room for every byte. Where either ends, it goes back
 * to the code that did not fit.
 */
function inflateCareful(): i32 {
  while (true) {
    const codeAt = at;
    const codeHold = hold;
    const codeBits = bits;
    const step = inflateCode();
    if (step === NEXT_CODE) continue;
    if (step === INPUT_ENDS || step === OUTPUT_FULL) {
      at = codeAt;
      hold = codeHold;
      bits = codeBits;
    }
    return step;
  }
}

/** Not a status: the block goes on. */
const NEXT_CODE: i32 = -3;

/** Decode one literal or match. */
function inflateCode(): i32 {
  const symbol = takeCode(literals, literalRootBits);
  if (symbol === NO_INPUT) return INPUT_ENDS;
  if (symbol < 0) {
    if (out >= outputEnd) return OUTPUT_FULL;
    store<u8>(out++, <u8>(symbol >> 16));
    return NEXT_CODE;
  }
  if (symbol & EXCEPTION) return symbol & BLOCK_END ? GO_ON : BAD_CODE;
  const lengthExtra = takeBits((symbol >> 5) & 0x1f);
  if (lengthExtra < 0) return INPUT_ENDS;

  const entry = takeCode(distances, distanceRootBits);
  if (entry === NO_INPUT) return INPUT_ENDS;
  if (entry & EXCEPTION) return BAD_CODE;
  const distanceExtra = takeBits((entry >> 5) & 0x1f);
  if (distanceExtra < 0) return INPUT_ENDS;

  const length: usize = (symbol >>> 16) + lengthExtra;
  const distance: usize = (entry >>> 16) + distanceExtra;
  if (distance > out - outputStart) return BAD_DISTANCE;
  if (length > outputEnd - out) return OUTPUT_FULL;
  let to = out;
  let source = to - distance;
  for (const stop = to + length; to < stop; ) store<u8>(to++, load<u8>(source++));
  out = to;
  return NEXT_CODE;
}

/** Not an entry: the input ends inside a code. */
const NO_INPUT: i32 = 0;

/** The entry of the next code, which is then dropped, or `NO_INPUT`. */
function takeCode(table: usize, rootBits: u32): i32 {
  while (true) {
    let entry = load<i32>(table + ((<u32>hold & ((1 << rootBits) - 1)) << 2));
    let size: u32 = entry & 0x1f;
    if (entry >= 0 && entry & SECOND && size <= bits) {
      const second: u32 = (entry >>> 16) + (<u32>(hold >> rootBits) & ((1 << ((entry >> 5) & 0x1f)) - 1));
      entry = load<i32>(table + (second << 2));
      size += entry & 0x1f;
    }
    if (size <= bits) {
      hold >>= size;
      bits -= size;
      return entry;
    }
    if (at >= inputEnd) return NO_INPUT;
    hold |= (<u64>load<u8>(at)) << bits;
    at++;
    bits += 8;
  }
}

// A stream in pieces, as src/inflater.ts: one at a time in a memory. Its state is that of above, and this.

const WINDOW_BYTES: usize = 32768;
/** Two literals and the longest match. */
const STREAM_SPARE: isize = 3 + 258;

const HEADER: u32 = 0;
const BLOCK: u32 = 1;
const STORED: u32 = 2;
const CODES: u32 = 3;
const CHECKSUM: u32 = 4;
let phase: u32 = HEADER;
let isLastBlock: bool = false;
let storedSize: usize = 0;
let checksum: u32 = 1;
/** Where the buffer begins, window and room; the window is not full before the first slide. */
let windowStart: usize = 0;
/** Where what is not in the checksum yet begins. */
let madeStart: usize = 0;

/** Begin a stream whose bytes go to the `size` bytes at `to`: a window of 32 KiB, and room for what is made. */
export function beginStream(to: usize, size: usize): void {
  phase = HEADER;
  checksum = 1;
  hold = 0;
  bits = 0;
  windowStart = to;
  out = to + WINDOW_BYTES;
  outputStart = out;
  outputEnd = to + size;
}

/** Go on until the input or the stream ends, or the room is used up, which is `OUTPUT_FULL`. RESULT gets where both stand. */
export function continueStream(from: usize, end: usize): i32 {
  at = from;
  inputEnd = end;
  madeStart = out;
  let step = GO_ON;
  while (step === GO_ON) {
    const stepAt = at;
    const stepHold = hold;
    const stepBits = bits;
    const stepPhase = phase;
    if (stepPhase === CODES) step = continueCodes();
    else if (stepPhase === STORED) step = continueStored();
    else {
      if (stepPhase === BLOCK) step = beginBlock();
      else if (stepPhase === HEADER) step = readHeader();
      else step = readChecksum();
      if (step === INPUT_ENDS) {
        at = stepAt;
        hold = stepHold;
        bits = stepBits;
      }
    }
  }
  sumUp();
  store<u32>(RESULT, <u32>at);
  store<u32>(RESULT, <u32>out, 4);
  return step;
}

/** Keep the window and make room; gives where the next byte goes. */
export function slideStream(): usize {
  memory.copy(windowStart, out - WINDOW_BYTES, WINDOW_BYTES);
  outputStart = windowStart;
  out = windowStart + WINDOW_BYTES;
  return out;
}

function sumUp(): void {
  checksum = adler32(madeStart, out, checksum);
  madeStart = out;
}

function readHeader(): i32 {
  if (inputEnd - at < 2) return INPUT_ENDS;
  if (!isStreamHeader(load<u8>(at), load<u8>(at, 1))) return BAD_HEADER;
  at += 2;
  phase = BLOCK;
  return GO_ON;
}

function beginBlock(): i32 {
  const header = takeBits(3);
  if (header < 0) return INPUT_ENDS;
  const blockType = header >> 1;
  let step = BAD_BLOCK;
  if (blockType === 0) step = readStoredHead();
  else if (blockType === 1) step = useFixedTables();
  else if (blockType === 2) step = readDynamicTables();
  if (step !== GO_ON) return step;
  isLastBlock = (header & 1) === 1;
  phase = blockType === 0 ? STORED : CODES;
  return GO_ON;
}

function readStoredHead(): i32 {
  if (inputEnd - at < 4) return INPUT_ENDS;
  const size: usize = load<u16>(at);
  if (size !== <usize>(load<u16>(at, 2) ^ 0xffff)) return BAD_BLOCK;
  at += 4;
  hold = 0;
  bits = 0;
  storedSize = size;
  return GO_ON;
}

function continueStored(): i32 {
  const room = outputEnd - out;
  const size = min<usize>(storedSize, min<usize>(inputEnd - at, room));
  memory.copy(out, at, size);
  at += size;
  out += size;
  storedSize -= size;
  if (storedSize === 0) return endBlock();
  return size === room ? OUTPUT_FULL : INPUT_ENDS;
}

function continueCodes(): i32 {
  const step = inflateCodes(STREAM_SPARE);
  return step === GO_ON ? endBlock() : step;
}

function endBlock(): i32 {
  phase = isLastBlock ? CHECKSUM : BLOCK;
  return GO_ON;
}

function readChecksum(): i32 {
  if (inputEnd - at < 4) return INPUT_ENDS;
  sumUp();
  if (bswap<u32>(load<u32>(at)) !== checksum) return BAD_CHECKSUM;
  at += 4;
  return DONE;
}
