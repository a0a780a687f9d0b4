/**
 * Decoding tables for the Huffman codes of deflate (RFC 1951, 3.2.2 and 3.2.5).
 *
 * A look-up takes the next `rootBits` bits. A longer code leads on to a second table for the rest of its bits.
 *
 *     entry = value (bits 16-30) | flags | extra bits (bits 5-9) | code bits to drop (bits 0-4)
 *
 * The value is a literal, a base length, a base distance, or where the second table starts (its index bits are then in the
 * place of the extra bits).
 */

/** The entry is a literal: the sign bit, which is the cheapest to test. */
export const LITERAL: number = -0x80000000;
/** The entry is none of literal, length and distance. */
export const EXCEPTION: number = 0x2000;
/** An exception: the entry leads on to a second table. */
export const SECOND: number = 0x4000;
/** An exception: the end of the block. */
export const BLOCK_END: number = 0x8000;
/** What a bit pattern that no code has leads to. zlib takes one bit for it, too. */
const NO_CODE = EXCEPTION | 1;

/** Extra bits of the codes of lengths and of distances (RFC 1951, 3.2.5), which `code` counts from 0. */
export const lengthExtraBits = (code: number): number => (code < 8 || code === 28 ? 0 : (code >> 2) - 1);
export const distanceExtraBits = (code: number): number => (code < 4 ? 0 : (code >> 1) - 1);

/** Enter `count` codes from symbol `first` on, each of which stands for the values that follow those of the one before. */
function enterBases(
  symbols: Int32Array,
  first: number,
  count: number,
  least: number,
  extraBits: (code: number) => number,
): Int32Array {
  let base = least;
  for (let code = 0; code < count; code++) {
    symbols[first + code] = (base << 16) | (extraBits(code) << 5);
    base += 1 << extraBits(code);
  }
  return symbols;
}

/** The entry of each symbol, without its code length. Symbols that deflate reserves are exceptions. */
export const LITERAL_SYMBOLS: Int32Array = /* @__PURE__ */ makeLiteralSymbols();

function makeLiteralSymbols(): Int32Array {
  const symbols = new Int32Array(288).fill(EXCEPTION);
  for (let byte = 0; byte < 256; byte++) symbols[byte] = LITERAL | (byte << 16);
  symbols[256] = EXCEPTION | BLOCK_END;
  enterBases(symbols, 257, 29, 3, lengthExtraBits);
  // The longest has a code of its own, although the one before reaches as far.
  symbols[285] = 258 << 16;
  return symbols;
}

/** The same of distances: base and extra bits. */
export const DISTANCE_SYMBOLS: Int32Array = /* @__PURE__ */ enterBases(
  new Int32Array(32).fill(EXCEPTION),
  0,
  30,
  1,
  distanceExtraBits,
);
/** The same of the code lengths of a dynamic block: the symbol alone. */
export const CODE_LENGTH_SYMBOLS: Int32Array = /* @__PURE__ */ Int32Array.from(
  { length: 19 },
  (_, symbol) => symbol << 16,
);
/** The order in which the lengths of the code for code lengths come (RFC 1951, 3.2.7): the likely ones first. */
export const CODE_LENGTH_ORDER: Uint8Array = /* @__PURE__ */ Uint8Array.from({ length: 19 }, (_, index) => {
  if (index < 3) return 16 + index;
  if (index === 3) return 0;
  // 8, 7, 9, 6, 10, and so on.
  return index % 2 === 0 ? 6 + index / 2 : 10 - (index + 1) / 2;
});

const MAX_CODE_BITS = 15;
const counts: Int32Array = /* @__PURE__ */ new Int32Array(MAX_CODE_BITS + 1);
const offsets: Int32Array = /* @__PURE__ */ new Int32Array(MAX_CODE_BITS + 2);
/** Symbols that have a code, by code length, then by value. */
const sorted: Uint16Array = /* @__PURE__ */ new Uint16Array(288);

/**
 * The code lengths that a block states. Most symbols have no code: whoever fills this in lists those that have one, and whoever
 * makes a table looks at no other.
 */
export class CodeLengths {
  /** Code length by symbol; of symbols that are not listed, anything. Distances come after the literals and lengths. */
  readonly lengths: Uint8Array = new Uint8Array(288 + 32);
  /** Symbols that have a code, ascending. */
  readonly used: Uint16Array = new Uint16Array(288 + 32);
  usedCount = 0;

  clear(): this {
    this.usedCount = 0;
    return this;
  }

  /** Give the symbols `start..end` codes of `bits` bits. Symbols come in ascending order. */
  add(start: number, end: number, bits: number): this {
    for (let symbol = start; symbol < end; symbol++) {
      this.lengths[symbol] = bits;
      this.used[this.usedCount++] = symbol;
    }
    return this;
  }

  /** How many of the listed symbols lie below `symbol`. */
  countBelow(symbol: number): number {
    let count = this.usedCount;
    while (count > 0 && this.used[count - 1]! >= symbol) count--;
    return count;
  }
}

/**
 * Make the table of the code that the symbols `used[start..end)` of `code` make up.
 *
 * As zlib does, an over-subscribed or incomplete code is refused. With `allowsSingle` a single code of one bit passes, and so
 * does no code at all: neither decodes anything but what it has.
 *
 * @param maxRootBits index bits of the first table at most; fewer are used when no code is longer
 * @param symbols entries by symbol, counted from `firstSymbol`
 * @returns index bits of the first table, or 0 when the code is refused
 */
export function makeTable(
  table: Int32Array,
  maxRootBits: number,
  symbols: Int32Array,
  code: CodeLengths,
  start: number,
  end: number,
  firstSymbol: number,
  allowsSingle: boolean,
): number {
  const { lengths, used } = code;
  for (let bits = 0; bits <= MAX_CODE_BITS; bits++) counts[bits] = 0;
  for (let at = start; at < end; at++) counts[lengths[used[at]!]!]!++;
  if (start === end) {
    if (!allowsSingle) return 0;
    table[0] = NO_CODE;
    table[1] = NO_CODE;
    return 1;
  }

  let left = 1;
  let longest = 0;
  offsets[1] = 0;
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    const count = counts[bits]!;
    left = left * 2 - count;
    if (left < 0) return 0;
    if (count > 0) longest = bits;
    offsets[bits + 1] = offsets[bits]! + count;
  }
  if (left > 0 && !(allowsSingle && longest === 1)) return 0;
  for (let at = start; at < end; at++) {
    const symbol = used[at]!;
    sorted[offsets[lengths[symbol]!]!++] = symbol - firstSymbol;
  }
  if (left > 0) {
    table[0] = symbols[sorted[0]!]! | 1;
    table[1] = NO_CODE;
    return 1;
  }
  const rootBits = Math.min(longest, maxRootBits);
  fillTable(table, rootBits, longest, symbols);
  return rootBits;
}

/** Enter the codes of `sorted` and `counts`, a complete code, in `table`. Codes are indexed with their first bit lowest. */
function fillTable(table: Int32Array, rootBits: number, longest: number, symbols: Int32Array): void {
  let next = 0;
  let code = 0;
  let filled = 1;
  // The part of the table that is filled repeats itself with every bit of length: copy it instead of entering it anew.
  for (let bits = 1; bits <= rootBits; bits++) {
    if (filled > 32) table.copyWithin(filled, 0, filled);
    else for (let at = 0; at < filled; at++) table[filled + at] = table[at]!;
    filled *= 2;
    for (let rest = counts[bits]!; rest > 0; rest--) {
      table[code] = symbols[sorted[next++]!]! | bits;
      code = nextCode(code, filled - 1);
    }
  }

  let secondStart = 1 << rootBits;
  let secondBits = 0;
  let root = -1;
  for (let bits = rootBits + 1; bits <= longest; bits++) {
    for (let rest = counts[bits]!; rest > 0; rest--) {
      if ((code & ((1 << rootBits) - 1)) !== root) {
        root = code & ((1 << rootBits) - 1);
        secondStart += secondBits === 0 ? 0 : 1 << secondBits;
        secondBits = bits - rootBits;
        // Long enough for the codes that share this root: as many as it takes to use up its part of the code space.
        for (let used = rest; used < 1 << secondBits; ) {
          secondBits++;
          used = used * 2 + counts[rootBits + secondBits]!;
        }
        table[root] = (secondStart << 16) | EXCEPTION | SECOND | (secondBits << 5) | rootBits;
      }
      const entry = symbols[sorted[next++]!]! | (bits - rootBits);
      const step = 1 << (bits - rootBits);
      const stop = secondStart + (1 << secondBits);
      for (let at = secondStart + (code >> rootBits); at < stop; at += step) table[at] = entry;
      code = nextCode(code, (1 << bits) - 1);
    }
  }
}

/** The code after `code`, whose first bit is lowest: an increment that carries downwards. `mask` has the bits of its length. */
function nextCode(code: number, mask: number): number {
  if (code === mask) return 0;
  const bit = 0x80000000 >>> Math.clz32(code ^ mask);
  return (code & (bit - 1)) | bit;
}
