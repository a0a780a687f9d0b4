// Decoding tables for inflate: what src/inflate/table.ts does.
import { COUNTS, LENGTHS, OFFSETS, SORTED, USED } from './layout';

const EXCEPTION: u32 = 0x2000;
const SECOND: u32 = 0x4000;
const NO_CODE: u32 = EXCEPTION | 1;
const MAX_CODE_BITS: u32 = 15;

/** Make the table of the code that the symbols from `start` to `end` of USED make up; gives its index bits, or 0 when refused. */
export function makeTable(
  table: usize,
  maxRootBits: u32,
  symbols: usize,
  start: u32,
  end: u32,
  firstSymbol: u32,
  allowsSingle: bool,
): u32 {
  memory.fill(COUNTS, 0, 64);
  for (let index = start; index < end; index++) {
    const count = COUNTS + ((<usize>load<u8>(LENGTHS + load<u16>(USED + 2 * index))) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  if (start === end) {
    if (!allowsSingle) return 0;
    store<u32>(table, NO_CODE);
    store<u32>(table, NO_CODE, 4);
    return 1;
  }

  let left: i32 = 1;
  let longest: u32 = 0;
  store<u32>(OFFSETS, 0, 4);
  for (let bits: u32 = 1; bits <= MAX_CODE_BITS; bits++) {
    const count = load<i32>(COUNTS + 4 * bits);
    left = left * 2 - count;
    if (left < 0) return 0;
    if (count > 0) longest = bits;
    store<i32>(OFFSETS + 4 * bits, load<i32>(OFFSETS + 4 * bits) + count, 4);
  }
  if (left > 0 && !(allowsSingle && longest === 1)) return 0;
  for (let index = start; index < end; index++) {
    const symbol: u32 = load<u16>(USED + 2 * index);
    const offset = OFFSETS + ((<usize>load<u8>(LENGTHS + symbol)) << 2);
    const place = load<u32>(offset);
    store<u32>(offset, place + 1);
    store<u16>(SORTED + 2 * place, <u16>(symbol - firstSymbol));
  }
  if (left > 0) {
    store<u32>(table, load<u32>(symbols + ((<usize>load<u16>(SORTED)) << 2)) | 1);
    store<u32>(table, NO_CODE, 4);
    return 1;
  }
  const rootBits = min<u32>(longest, maxRootBits);
  fillTable(table, rootBits, longest, symbols);
  return rootBits;
}

function fillTable(table: usize, rootBits: u32, longest: u32, symbols: usize): void {
  let next: usize = SORTED;
  let code: u32 = 0;
  let filled: u32 = 1;
  for (let bits: u32 = 1; bits <= rootBits; bits++) {
    if (filled >= 4) {
      for (let at: u32 = 0; at < filled; at += 4)
        v128.store(table + ((filled + at) << 2), v128.load(table + (at << 2)));
    } else {
      for (let at: u32 = 0; at < filled; at++) store<u32>(table + ((filled + at) << 2), load<u32>(table + (at << 2)));
    }
    filled *= 2;
    for (let rest = load<u32>(COUNTS + 4 * bits); rest > 0; rest--) {
      store<u32>(table + (code << 2), load<u32>(symbols + ((<usize>load<u16>(next)) << 2)) | bits);
      next += 2;
      code = nextCode(code, filled - 1);
    }
  }

  const rootMask: u32 = (1 << rootBits) - 1;
  let secondStart: u32 = 1 << rootBits;
  let secondBits: u32 = 0;
  let root: u32 = 0xffffffff;
  for (let bits: u32 = rootBits + 1; bits <= longest; bits++) {
    for (let rest = load<u32>(COUNTS + 4 * bits); rest > 0; rest--) {
      if ((code & rootMask) !== root) {
        root = code & rootMask;
        if (secondBits !== 0) secondStart += 1 << secondBits;
        secondBits = bits - rootBits;
        for (let used = rest; used < <u32>(1 << secondBits); ) {
          secondBits++;
          used = used * 2 + load<u32>(COUNTS + 4 * (rootBits + secondBits));
        }
        store<u32>(table + (root << 2), (secondStart << 16) | EXCEPTION | SECOND | (secondBits << 5) | rootBits);
      }
      const entry = load<u32>(symbols + ((<usize>load<u16>(next)) << 2)) | (bits - rootBits);
      next += 2;
      const step: u32 = 1 << (bits - rootBits);
      const stop = secondStart + (1 << secondBits);
      for (let at = secondStart + (code >> rootBits); at < stop; at += step) store<u32>(table + (at << 2), entry);
      code = nextCode(code, (1 << bits) - 1);
    }
  }
}

/** The code after `code`, whose first bit is lowest: an increment that carries downwards. `mask` has the bits of its length. */
function nextCode(code: u32, mask: u32): u32 {
  if (code === mask) return 0;
  const bit: u32 = 0x80000000 >> clz<u32>(code ^ mask);
  return (code & (bit - 1)) | bit;
}
