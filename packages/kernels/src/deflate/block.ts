import { CODE_LENGTH_ORDER, distanceExtraBits, lengthExtraBits } from '../inflate/table.js';
import { findCodeLengths, makeCodes } from './huffman.js';

/** Literals and matches of a block at most. */
export const BLOCK_SYMBOLS = 16_384;
const LITERAL_COUNT = 286;
const DISTANCE_COUNT = 30;
/** The fixed code has two more, which never occur. */
const FIXED_COUNT = 288;
const CODE_LENGTH_COUNT = 19;
const BLOCK_END = 256;
const FIRST_LENGTH = 257;
const MAX_STORED_BYTES = 65_535;

/** What is in the block so far: a literal, or a length (lower nine bits) and a distance. */
const symbols: Int32Array = /* @__PURE__ */ new Int32Array(BLOCK_SYMBOLS);
let symbolCount = 0;
/** How often each occurs: literals, the end, lengths; distances; and code lengths, in the head of a dynamic block. */
const literalFrequencies: Int32Array = /* @__PURE__ */ new Int32Array(LITERAL_COUNT);
const distanceFrequencies: Int32Array = /* @__PURE__ */ new Int32Array(DISTANCE_COUNT);
const codeLengthFrequencies: Int32Array = /* @__PURE__ */ new Int32Array(CODE_LENGTH_COUNT);
/** Code lengths, distances after literals. */
const lengths: Uint8Array = /* @__PURE__ */ new Uint8Array(FIXED_COUNT + DISTANCE_COUNT);
const distanceLengths: Uint8Array = /* @__PURE__ */ new Uint8Array(DISTANCE_COUNT);
const codeLengthLengths: Uint8Array = /* @__PURE__ */ new Uint8Array(CODE_LENGTH_COUNT);
const literalCodes: Int32Array = /* @__PURE__ */ new Int32Array(FIXED_COUNT);
const distanceCodes: Int32Array = /* @__PURE__ */ new Int32Array(DISTANCE_COUNT);
const codeLengthCodes: Int32Array = /* @__PURE__ */ new Int32Array(CODE_LENGTH_COUNT);
/** The code lengths as the head has them: a symbol (lower five bits) and its repeat count. */
const runs: Int32Array = /* @__PURE__ */ new Int32Array(LITERAL_COUNT + DISTANCE_COUNT);
let runCount = 0;

/** Where the next bits go. One stream at a time: nothing here is ever interrupted. */
let output: Uint8Array = /* @__PURE__ */ new Uint8Array(0);
let outputAt = 0;
let hold = 0;
let held = 0;

/** Write a stream to `bytes`, from offset `at` on. */
export function beginBlocks(bytes: Uint8Array, at: number): void {
  output = bytes;
  outputAt = at;
  hold = 0;
  held = 0;
  beginBlock();
}

/** Write the bits that are left. @returns the end of the stream */
export function endBlocks(): number {
  alignBits();
  // Nothing is kept alive.
  output = codeLengthLengths;
  return outputAt;
}

function beginBlock(): void {
  symbolCount = 0;
  literalFrequencies.fill(0);
  distanceFrequencies.fill(0);
  literalFrequencies[BLOCK_END] = 1;
}

/** @returns whether the block is full */
export function addLiteral(byte: number): boolean {
  literalFrequencies[byte]!++;
  symbols[symbolCount++] = byte;
  return symbolCount === BLOCK_SYMBOLS;
}

/** As `addLiteral`. */
export function addMatch(length: number, distance: number): boolean {
  literalFrequencies[FIRST_LENGTH + lengthCode(length - 3)]!++;
  distanceFrequencies[distanceCode(distance - 1)]!++;
  symbols[symbolCount++] = (distance << 9) | length;
  return symbolCount === BLOCK_SYMBOLS;
}

/** The code of a length, less three; from eight up it has `lengthExtraBits` more bits. */
function lengthCode(rest: number): number {
  if (rest < 8) return rest;
  if (rest === 255) return 28;
  const top = 31 - Math.clz32(rest);
  return 4 * (top - 1) + ((rest >> (top - 2)) & 3);
}

/** The code of a distance, less one. */
function distanceCode(rest: number): number {
  if (rest < 4) return rest;
  const top = 31 - Math.clz32(rest);
  return 2 * top + ((rest >> (top - 1)) & 1);
}

/**
 * Write the block, in the way that takes the fewest bits. The bytes that it stands for are those of `input` from `start` to `end`.
 */
export function writeBlock(input: Uint8Array, start: number, end: number, isLast: boolean): void {
  const last = isLast ? 1 : 0;
  findCodeLengths(literalFrequencies, LITERAL_COUNT, 15, lengths);
  findCodeLengths(distanceFrequencies, DISTANCE_COUNT, 15, distanceLengths);
  let extraBits = 0;
  let dynamicBits = 0;
  let fixedBits = 0;
  for (let symbol = 0; symbol < LITERAL_COUNT; symbol++) {
    const count = literalFrequencies[symbol]!;
    if (count === 0) continue;
    dynamicBits += count * lengths[symbol]!;
    fixedBits += count * fixedLength(symbol);
    if (symbol >= FIRST_LENGTH) extraBits += count * lengthExtraBits(symbol - FIRST_LENGTH);
  }
  for (let symbol = 0; symbol < DISTANCE_COUNT; symbol++) {
    const count = distanceFrequencies[symbol]!;
    if (count === 0) continue;
    dynamicBits += count * distanceLengths[symbol]!;
    fixedBits += count * 5;
    extraBits += count * distanceExtraBits(symbol);
  }
  const literalCount = usedCount(lengths, LITERAL_COUNT, FIRST_LENGTH);
  const distanceCount = usedCount(distanceLengths, DISTANCE_COUNT, 1);
  lengths.set(distanceLengths.subarray(0, distanceCount), literalCount);
  const codeLengthCount = findRuns(literalCount + distanceCount);
  dynamicBits += headBits(codeLengthCount);
  const storedBits = storedSize(end - start);
  if (storedBits <= Math.min(dynamicBits, fixedBits) + extraBits) {
    writeStored(input, start, end, isLast);
  } else if (fixedBits <= dynamicBits) {
    putBits(last | (1 << 1), 3);
    makeFixedCodes();
    writeSymbols();
  } else {
    putBits(last | (2 << 1), 3);
    writeHead(literalCount, distanceCount, codeLengthCount);
    makeCodes(lengths, literalCount, literalCodes);
    makeCodes(distanceLengths, distanceCount, distanceCodes);
    writeSymbols();
  }
  beginBlock();
}

function usedCount(codeLengths: Uint8Array, count: number, least: number): number {
  let used = count;
  while (used > least && codeLengths[used - 1] === 0) used--;
  return used;
}

function fixedLength(symbol: number): number {
  if (symbol < 144) return 8;
  if (symbol < 256) return 9;
  return symbol < 280 ? 7 : 8;
}

/** Shorten `lengths` to `runs`, and find the code they are written in. @returns how many of its lengths are written */
function findRuns(count: number): number {
  codeLengthFrequencies.fill(0);
  runCount = 0;
  for (let at = 0; at < count; ) {
    const length = lengths[at]!;
    let end = at + 1;
    while (end < count && lengths[end] === length) end++;
    let rest = end - at;
    at = end;
    if (length === 0) {
      while (rest >= 11) rest -= addRun(18, Math.min(rest, 138));
      if (rest >= 3) rest -= addRun(17, rest);
    } else {
      rest -= addRun(length, 1);
      while (rest >= 3) rest -= addRun(16, Math.min(rest, 6));
    }
    while (rest > 0) rest -= addRun(length, 1);
  }
  findCodeLengths(codeLengthFrequencies, CODE_LENGTH_COUNT, 7, codeLengthLengths);
  let used = CODE_LENGTH_COUNT;
  while (used > 4 && codeLengthLengths[CODE_LENGTH_ORDER[used - 1]!] === 0) used--;
  return used;
}

function addRun(symbol: number, count: number): number {
  codeLengthFrequencies[symbol]!++;
  runs[runCount++] = symbol | (count << 5);
  return count;
}

function headBits(codeLengthCount: number): number {
  let bits = 14 + 3 * codeLengthCount;
  for (let symbol = 0; symbol < CODE_LENGTH_COUNT; symbol++) {
    bits += codeLengthFrequencies[symbol]! * codeLengthLengths[symbol]!;
  }
  return bits + 2 * codeLengthFrequencies[16]! + 3 * codeLengthFrequencies[17]! + 7 * codeLengthFrequencies[18]!;
}

function writeHead(literalCount: number, distanceCount: number, codeLengthCount: number): void {
  putBits(literalCount - 257, 5);
  putBits(distanceCount - 1, 5);
  putBits(codeLengthCount - 4, 4);
  for (let index = 0; index < codeLengthCount; index++) putBits(codeLengthLengths[CODE_LENGTH_ORDER[index]!]!, 3);
  makeCodes(codeLengthLengths, CODE_LENGTH_COUNT, codeLengthCodes);
  for (let index = 0; index < runCount; index++) {
    const run = runs[index]!;
    const symbol = run & 31;
    const code = codeLengthCodes[symbol]!;
    putBits(code >> 4, code & 15);
    if (symbol === 16) putBits((run >> 5) - 3, 2);
    else if (symbol === 17) putBits((run >> 5) - 3, 3);
    else if (symbol === 18) putBits((run >> 5) - 11, 7);
  }
}

function makeFixedCodes(): void {
  for (let symbol = 0; symbol < FIXED_COUNT; symbol++) lengths[symbol] = fixedLength(symbol);
  makeCodes(lengths, FIXED_COUNT, literalCodes);
  distanceLengths.fill(5);
  makeCodes(distanceLengths, DISTANCE_COUNT, distanceCodes);
}

function writeSymbols(): void {
  for (let index = 0; index < symbolCount; index++) {
    const symbol = symbols[index]!;
    if (symbol < 512) {
      const code = literalCodes[symbol]!;
      putBits(code >> 4, code & 15);
      continue;
    }
    const length = (symbol & 511) - 3;
    const lengthSymbol = lengthCode(length);
    const code = literalCodes[FIRST_LENGTH + lengthSymbol]!;
    putBits(code >> 4, code & 15);
    const lengthBits = lengthExtraBits(lengthSymbol);
    if (lengthBits > 0) putBits(length & ((1 << lengthBits) - 1), lengthBits);
    const distance = (symbol >> 9) - 1;
    const distanceSymbol = distanceCode(distance);
    const far = distanceCodes[distanceSymbol]!;
    putBits(far >> 4, far & 15);
    const distanceBits = distanceExtraBits(distanceSymbol);
    if (distanceBits > 0) putBits(distance & ((1 << distanceBits) - 1), distanceBits);
  }
  const end = literalCodes[BLOCK_END]!;
  putBits(end >> 4, end & 15);
}

/** Bits of so many bytes in stored blocks, the padding before the first one left out. */
function storedSize(size: number): number {
  return size * 8 + 35 * Math.max(1, Math.ceil(size / MAX_STORED_BYTES));
}

/** Stored blocks: no codes, padding to whole bytes, size, size inverted, the bytes. */
export function writeStored(input: Uint8Array, start: number, end: number, isLast: boolean): void {
  let at = start;
  do {
    const partEnd = Math.min(end, at + MAX_STORED_BYTES);
    const size = partEnd - at;
    putBits(isLast && partEnd === end ? 1 : 0, 3);
    alignBits();
    output[outputAt++] = size;
    output[outputAt++] = size >> 8;
    output[outputAt++] = ~size;
    output[outputAt++] = ~size >> 8;
    output.set(input.subarray(at, partEnd), outputAt);
    outputAt += size;
    at = partEnd;
  } while (at < end);
}

function putBits(value: number, count: number): void {
  hold |= value << held;
  held += count;
  // At most fifteen are left over, and sixteen come.
  if (held >= 16) {
    output[outputAt++] = hold;
    output[outputAt++] = hold >>> 8;
    hold >>>= 16;
    held -= 16;
  }
}

function alignBits(): void {
  for (; held > 0; held -= 8, hold >>>= 8) output[outputAt++] = hold;
  hold = 0;
  held = 0;
}
