// Codes for deflate: what src/deflate/huffman.ts does, to the bit.
import { CODE_COUNTS, KEYS, NEXT_CODES, NODES } from './layout';

const MAX_CODE_BITS: u32 = 15;

/** Find the lengths of a code for symbols that occur so often, none longer than `maxBits`. */
export function findCodeLengths(frequencies: usize, symbolCount: u32, maxBits: u32, lengths: usize): void {
  let used: u32 = 0;
  memory.fill(lengths, 0, symbolCount);
  // Four at a time: small blocks have few symbols. Behind the last one is room, and nothing occurs there.
  for (let first: u32 = 0; first < symbolCount; first += 4) {
    if (!v128.any_true(v128.load(frequencies + (first << 2)))) continue;
    for (let symbol = first; symbol < first + 4; symbol++) {
      const frequency = load<u32>(frequencies + (symbol << 2));
      if (frequency !== 0) {
        store<u32>(KEYS + (used << 2), (frequency << 9) | symbol);
        used++;
      }
    }
  }
  if (used < 2) {
    const only: u32 = used === 0 ? 0 : load<u32>(KEYS) & 511;
    store<u8>(lengths + only, 1);
    store<u8>(lengths + (only === 0 ? 1 : 0), 1);
    return;
  }
  sortKeys(used);
  countDepths(used, maxBits);
  let at: u32 = 0;
  for (let bits = maxBits; bits > 0; bits--) {
    for (let rest = load<u32>(CODE_COUNTS + (bits << 2)); rest > 0; rest--) {
      store<u8>(lengths + (load<u32>(KEYS + (at << 2)) & 511), <u8>bits);
      at++;
    }
  }
}

function sortKeys(count: u32): void {
  let gap: u32 = count > 100 ? 57 : count > 20 ? 10 : 1;
  while (gap > 0) {
    for (let index = gap; index < count; index++) {
      const key = load<u32>(KEYS + (index << 2));
      let to = index;
      for (; to >= gap; to -= gap) {
        const other = load<u32>(KEYS + ((to - gap) << 2));
        if (other <= key) break;
        store<u32>(KEYS + (to << 2), other);
      }
      store<u32>(KEYS + (to << 2), key);
    }
    gap = gap === 57 ? 23 : gap === 23 ? 10 : gap === 10 ? 4 : gap === 4 ? 1 : 0;
  }
}

function countDepths(used: u32, maxBits: u32): void {
  let leaf: u32 = 0;
  let joined: u32 = 0;
  for (let node: u32 = 0; node < used - 1; node++) {
    let weight: u32 = 0;
    for (let side = 0; side < 2; side++) {
      if (leaf >= used || (joined < node && load<u32>(NODES + (joined << 2)) < load<u32>(KEYS + (leaf << 2)) >> 9)) {
        weight += load<u32>(NODES + (joined << 2));
        store<u32>(NODES + (joined << 2), node);
        joined++;
      } else {
        weight += load<u32>(KEYS + (leaf << 2)) >> 9;
        leaf++;
      }
    }
    store<u32>(NODES + (node << 2), weight);
  }
  memory.fill(CODE_COUNTS, 0, 64);
  store<u32>(NODES + ((used - 2) << 2), 0);
  for (let node = <i32>used - 3; node >= 0; node--) {
    store<u32>(NODES + (node << 2), load<u32>(NODES + (load<u32>(NODES + (node << 2)) << 2)) + 1);
  }
  let room: u32 = 1;
  let node = <i32>used - 2;
  for (let depth: u32 = 0; room > 0; depth++) {
    let inner: u32 = 0;
    for (; node >= 0 && load<u32>(NODES + (node << 2)) === depth; node--) inner++;
    const count = CODE_COUNTS + (min<u32>(depth, maxBits) << 2);
    store<u32>(count, load<u32>(count) + room - inner);
    room = inner << 1;
  }
  let space: u32 = 0;
  for (let bits: u32 = 1; bits <= maxBits; bits++) space += load<u32>(CODE_COUNTS + (bits << 2)) << (maxBits - bits);
  const most: u32 = 1 << maxBits;
  for (; space > most; space--) {
    let bits = maxBits - 1;
    while (load<u32>(CODE_COUNTS + (bits << 2)) === 0) bits--;
    const at = CODE_COUNTS + (bits << 2);
    store<u32>(at, load<u32>(at) - 1);
    store<u32>(at, load<u32>(at, 4) + 2, 4);
    const last = CODE_COUNTS + (maxBits << 2);
    store<u32>(last, load<u32>(last) - 1);
  }
}

/** The codes of these lengths, first bit lowest: code (upper bits) and length (lower four). */
export function makeCodes(lengths: usize, symbolCount: u32, codes: usize): void {
  memory.fill(CODE_COUNTS, 0, 64);
  for (let symbol = skipZeros(lengths, 0, symbolCount); symbol < symbolCount; ) {
    const count = CODE_COUNTS + ((<usize>load<u8>(lengths + symbol)) << 2);
    store<u32>(count, load<u32>(count) + 1);
    symbol = skipZeros(lengths, symbol + 1, symbolCount);
  }
  let code: u32 = 0;
  store<u32>(CODE_COUNTS, 0);
  for (let bits: u32 = 1; bits <= MAX_CODE_BITS; bits++) {
    code = (code + load<u32>(CODE_COUNTS + ((bits - 1) << 2))) << 1;
    store<u32>(NEXT_CODES + (bits << 2), code);
  }
  for (let symbol = skipZeros(lengths, 0, symbolCount); symbol < symbolCount; ) {
    const bits: u32 = load<u8>(lengths + symbol);
    const next = load<u32>(NEXT_CODES + (bits << 2));
    store<u32>(NEXT_CODES + (bits << 2), next + 1);
    store<u32>(codes + (symbol << 2), (reversed(next, bits) << 4) | bits);
    symbol = skipZeros(lengths, symbol + 1, symbolCount);
  }
}

/** The first place from \`from\` on, and before \`end\`, where a byte of \`lengths\` is not zero; \`end\` where there is none. */
export function skipZeros(lengths: usize, from: u32, end: u32): u32 {
  let at = from;
  while (at + 8 <= end) {
    const eight = load<u64>(lengths + at);
    if (eight !== 0) return at + <u32>(ctz<u64>(eight) >> 3);
    at += 8;
  }
  while (at < end && load<u8>(lengths + at) === 0) at++;
  return at;
}

function reversed(code: u32, bits: u32): u32 {
  let turned: u32 = ((code & 0x5555) << 1) | ((code >> 1) & 0x5555);
  turned = ((turned & 0x3333) << 2) | ((turned >> 2) & 0x3333);
  turned = ((turned & 0x0f0f) << 4) | ((turned >> 4) & 0x0f0f);
  turned = ((turned & 0x00ff) << 8) | (turned >> 8);
  return turned >> (16 - bits);
}
