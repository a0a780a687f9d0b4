// Blocks of deflate: what src/deflate/block.ts does, to the bit, with a bit buffer of 64 bits.
import { findCodeLengths, makeCodes, skipZeros } from './deflate-huffman';
import {
  BLOCK,
  BLOCK_SYMBOLS,
  DISTANCE_CODES,
  DISTANCE_FREQUENCIES,
  DISTANCE_LENGTHS,
  FIXED_DISTANCE_CODES,
  FIXED_LITERAL_CODES,
  LENGTH_CODES,
  LENGTH_FREQUENCIES,
  LENGTH_LENGTHS,
  LITERAL_CODES,
  LITERAL_FREQUENCIES,
  LITERAL_LENGTHS,
  RUNS,
} from './layout';

const LITERAL_COUNT: u32 = 286;
const DISTANCE_COUNT: u32 = 30;
const FIXED_COUNT: u32 = 288;
const CODE_LENGTH_COUNT: u32 = 19;
const BLOCK_END: u32 = 256;
const FIRST_LENGTH: u32 = 257;
const MAX_STORED_BYTES: u32 = 65535;

const CODE_LENGTH_ORDER: usize = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

let symbolCount: u32 = 0;
let runCount: u32 = 0;
let out: usize = 0;
let hold: u64 = 0;
let held: u32 = 0;
let hasFixedCodes: bool = false;

export function beginBlocks(to: usize): void {
  out = to;
  hold = 0;
  held = 0;
  beginBlock();
}

export function endBlocks(): usize {
  alignBits();
  return out;
}

function beginBlock(): void {
  symbolCount = 0;
  memory.fill(LITERAL_FREQUENCIES, 0, LITERAL_COUNT << 2);
  memory.fill(DISTANCE_FREQUENCIES, 0, DISTANCE_COUNT << 2);
  store<u32>(LITERAL_FREQUENCIES + (BLOCK_END << 2), 1);
}

export function addLiteral(byte: u32): bool {
  count(LITERAL_FREQUENCIES, byte);
  store<u32>(BLOCK + (symbolCount << 2), byte);
  symbolCount++;
  return symbolCount === BLOCK_SYMBOLS;
}

export function addMatch(length: u32, distance: u32): bool {
  count(LITERAL_FREQUENCIES, FIRST_LENGTH + lengthCode(length - 3));
  count(DISTANCE_FREQUENCIES, distanceCode(distance - 1));
  store<u32>(BLOCK + (symbolCount << 2), (distance << 9) | length);
  symbolCount++;
  return symbolCount === BLOCK_SYMBOLS;
}

function count(frequencies: usize, symbol: u32): void {
  const at = frequencies + (symbol << 2);
  store<u32>(at, load<u32>(at) + 1);
}

function lengthCode(rest: u32): u32 {
  if (rest < 8) return rest;
  if (rest === 255) return 28;
  const top: u32 = 31 - clz<u32>(rest);
  return ((top - 1) << 2) + ((rest >> (top - 2)) & 3);
}

function distanceCode(rest: u32): u32 {
  if (rest < 4) return rest;
  const top: u32 = 31 - clz<u32>(rest);
  return (top << 1) + ((rest >> (top - 1)) & 1);
}

function lengthExtraBits(code: u32): u32 {
  return code < 8 || code === 28 ? 0 : (code >> 2) - 1;
}

function distanceExtraBits(code: u32): u32 {
  return code < 4 ? 0 : (code >> 1) - 1;
}

export function writeBlock(start: usize, end: usize, isLast: bool): void {
  const last: u32 = isLast ? 1 : 0;
  findCodeLengths(LITERAL_FREQUENCIES, LITERAL_COUNT, 15, LITERAL_LENGTHS);
  findCodeLengths(DISTANCE_FREQUENCIES, DISTANCE_COUNT, 15, DISTANCE_LENGTHS);
  let extraBits: u32 = 0;
  let dynamicBits: u32 = 0;
  let fixedBits: u32 = 0;
  // What does not occur has no code.
  for (let symbol = skipZeros(LITERAL_LENGTHS, 0, LITERAL_COUNT); symbol < LITERAL_COUNT; ) {
    const occurs = load<u32>(LITERAL_FREQUENCIES + (symbol << 2));
    dynamicBits += occurs * load<u8>(LITERAL_LENGTHS + symbol);
    fixedBits += occurs * fixedLength(symbol);
    if (symbol >= FIRST_LENGTH) extraBits += occurs * lengthExtraBits(symbol - FIRST_LENGTH);
    symbol = skipZeros(LITERAL_LENGTHS, symbol + 1, LITERAL_COUNT);
  }
  for (let symbol: u32 = 0; symbol < DISTANCE_COUNT; symbol++) {
    const occurs = load<u32>(DISTANCE_FREQUENCIES + (symbol << 2));
    if (occurs === 0) continue;
    dynamicBits += occurs * load<u8>(DISTANCE_LENGTHS + symbol);
    fixedBits += occurs * 5;
    extraBits += occurs * distanceExtraBits(symbol);
  }
  const literalCount = usedCount(LITERAL_LENGTHS, LITERAL_COUNT, FIRST_LENGTH);
  const distanceCount = usedCount(DISTANCE_LENGTHS, DISTANCE_COUNT, 1);
  memory.copy(LITERAL_LENGTHS + literalCount, DISTANCE_LENGTHS, distanceCount);
  const codeLengthCount = findRuns(literalCount + distanceCount);
  dynamicBits += headBits(codeLengthCount);
  if (storedSize(end - start) <= <u64>(min<u32>(dynamicBits, fixedBits) + extraBits)) {
    writeStored(start, end, isLast);
  } else if (fixedBits <= dynamicBits) {
    putBits(last | 2, 3);
    makeFixedCodes();
    writeSymbols(FIXED_LITERAL_CODES, FIXED_DISTANCE_CODES);
  } else {
    putBits(last | 4, 3);
    writeHead(literalCount, distanceCount, codeLengthCount);
    makeCodes(LITERAL_LENGTHS, literalCount, LITERAL_CODES);
    makeCodes(DISTANCE_LENGTHS, distanceCount, DISTANCE_CODES);
    writeSymbols(LITERAL_CODES, DISTANCE_CODES);
  }
  if (!isLast) beginBlock();
}

function usedCount(lengths: usize, most: u32, least: u32): u32 {
  let used = most;
  while (used > least && load<u8>(lengths + used - 1) === 0) used--;
  return used;
}

function fixedLength(symbol: u32): u32 {
  if (symbol < 144) return 8;
  if (symbol < 256) return 9;
  return symbol < 280 ? 7 : 8;
}

function findRuns(lengthCount: u32): u32 {
  memory.fill(LENGTH_FREQUENCIES, 0, CODE_LENGTH_COUNT << 2);
  runCount = 0;
  for (let at: u32 = 0; at < lengthCount; ) {
    const length: u32 = load<u8>(LITERAL_LENGTHS + at);
    let end = at + 1;
    if (length === 0) end = skipZeros(LITERAL_LENGTHS, end, lengthCount);
    else while (end < lengthCount && load<u8>(LITERAL_LENGTHS + end) === length) end++;
    let rest = end - at;
    at = end;
    if (length === 0) {
      while (rest >= 11) rest -= addRun(18, min<u32>(rest, 138));
      if (rest >= 3) rest -= addRun(17, rest);
    } else {
      rest -= addRun(length, 1);
      while (rest >= 3) rest -= addRun(16, min<u32>(rest, 6));
    }
    while (rest > 0) rest -= addRun(length, 1);
  }
  findCodeLengths(LENGTH_FREQUENCIES, CODE_LENGTH_COUNT, 7, LENGTH_LENGTHS);
  let used = CODE_LENGTH_COUNT;
  while (used > 4 && load<u8>(LENGTH_LENGTHS + load<u8>(CODE_LENGTH_ORDER + used - 1)) === 0) used--;
  return used;
}

function addRun(symbol: u32, repeat: u32): u32 {
  count(LENGTH_FREQUENCIES, symbol);
  store<u32>(RUNS + (runCount << 2), symbol | (repeat << 5));
  runCount++;
  return repeat;
}

function headBits(codeLengthCount: u32): u32 {
  let bits: u32 = 14 + 3 * codeLengthCount;
  for (let symbol: u32 = 0; symbol < CODE_LENGTH_COUNT; symbol++) {
    bits += load<u32>(LENGTH_FREQUENCIES + (symbol << 2)) * load<u8>(LENGTH_LENGTHS + symbol);
  }
  return (
    bits +
    2 * load<u32>(LENGTH_FREQUENCIES, 64) +
    3 * load<u32>(LENGTH_FREQUENCIES, 68) +
    7 * load<u32>(LENGTH_FREQUENCIES, 72)
  );
}

function writeHead(literalCount: u32, distanceCount: u32, codeLengthCount: u32): void {
  putBits(literalCount - 257, 5);
  putBits(distanceCount - 1, 5);
  putBits(codeLengthCount - 4, 4);
  for (let index: u32 = 0; index < codeLengthCount; index++) {
    putBits(load<u8>(LENGTH_LENGTHS + load<u8>(CODE_LENGTH_ORDER + index)), 3);
  }
  makeCodes(LENGTH_LENGTHS, CODE_LENGTH_COUNT, LENGTH_CODES);
  for (let index: u32 = 0; index < runCount; index++) {
    const run = load<u32>(RUNS + (index << 2));
    const symbol = run & 31;
    putCode(LENGTH_CODES, symbol);
    if (symbol === 16) putBits((run >> 5) - 3, 2);
    else if (symbol === 17) putBits((run >> 5) - 3, 3);
    else if (symbol === 18) putBits((run >> 5) - 11, 7);
  }
}

function makeFixedCodes(): void {
  if (hasFixedCodes) return;
  hasFixedCodes = true;
  for (let symbol: u32 = 0; symbol < FIXED_COUNT; symbol++) {
    store<u8>(LITERAL_LENGTHS + symbol, <u8>fixedLength(symbol));
  }
  makeCodes(LITERAL_LENGTHS, FIXED_COUNT, FIXED_LITERAL_CODES);
  memory.fill(DISTANCE_LENGTHS, 5, DISTANCE_COUNT);
  makeCodes(DISTANCE_LENGTHS, DISTANCE_COUNT, FIXED_DISTANCE_CODES);
}

function writeSymbols(literalCodes: usize, distanceCodes: usize): void {
  for (let index: u32 = 0; index < symbolCount; index++) {
    const symbol = load<u32>(BLOCK + (index << 2));
    if (symbol < 512) {
      putCode(literalCodes, symbol);
      continue;
    }
    const length = (symbol & 511) - 3;
    const lengthSymbol = lengthCode(length);
    putCode(literalCodes, FIRST_LENGTH + lengthSymbol);
    const lengthBits = lengthExtraBits(lengthSymbol);
    putBits(length & ((1 << lengthBits) - 1), lengthBits);
    const distance = (symbol >> 9) - 1;
    const distanceSymbol = distanceCode(distance);
    putCode(distanceCodes, distanceSymbol);
    const distanceBits = distanceExtraBits(distanceSymbol);
    putBits(distance & ((1 << distanceBits) - 1), distanceBits);
  }
  putCode(literalCodes, BLOCK_END);
}

function storedSize(size: usize): u64 {
  const blocks: u32 = max<u32>(1, (size + MAX_STORED_BYTES - 1) / MAX_STORED_BYTES);
  return <u64>size * 8 + <u64>(35 * blocks);
}

export function writeStored(start: usize, end: usize, isLast: bool): void {
  let at = start;
  do {
    const size = min<usize>(end - at, MAX_STORED_BYTES);
    putBits(isLast && at + size === end ? 1 : 0, 3);
    alignBits();
    store<u16>(out, <u16>size);
    store<u16>(out, <u16>~size, 2);
    memory.copy(out + 4, at, size);
    out += 4 + size;
    at += size;
  } while (at < end);
}

function putCode(codes: usize, symbol: u32): void {
  const code = load<u32>(codes + (symbol << 2));
  putBits(code >> 4, code & 15);
}

function putBits(value: u32, size: u32): void {
  hold |= (<u64>value) << held;
  held += size;
  if (held >= 32) {
    store<u32>(out, <u32>hold);
    out += 4;
    hold >>= 32;
    held -= 32;
  }
}

function alignBits(): void {
  while (held > 0) {
    store<u8>(out, <u8>hold);
    out++;
    hold >>= 8;
    held = held > 8 ? held - 8 : 0;
  }
  hold = 0;
}
