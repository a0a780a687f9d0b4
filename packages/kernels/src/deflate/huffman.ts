const MAX_SYMBOLS = 288;
const MAX_CODE_BITS = 15;

/** Frequency (upper bits) and symbol (lower nine), ascending. */
const keys: Int32Array = /* @__PURE__ */ new Int32Array(MAX_SYMBOLS);
/** Of the tree over the sorted symbols: weights, then parents, then depths. */
const nodes: Int32Array = /* @__PURE__ */ new Int32Array(MAX_SYMBOLS);
const counts: Int32Array = /* @__PURE__ */ new Int32Array(MAX_CODE_BITS + 2);
const nextCodes: Int32Array = /* @__PURE__ */ new Int32Array(MAX_CODE_BITS + 2);

/**
 * Find the lengths of a code for symbols that occur so often, none longer than `maxBits`. Symbols that do not occur get 0; fewer
 * than two would make no whole code, so the lowest ones join.
 */
export function findCodeLengths(
  frequencies: Int32Array,
  symbolCount: number,
  maxBits: number,
  lengths: Uint8Array,
): void {
  let used = 0;
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    lengths[symbol] = 0;
    const frequency = frequencies[symbol]!;
    if (frequency !== 0) keys[used++] = frequency * 512 + symbol;
  }
  if (used < 2) {
    const only = used === 0 ? 0 : keys[0]! & 511;
    lengths[only] = 1;
    lengths[only === 0 ? 1 : 0] = 1;
    return;
  }
  sortKeys(used);
  countDepths(used, maxBits);
  // The rarest symbols get the longest codes.
  let at = 0;
  for (let bits = maxBits; bits > 0; bits--) {
    for (let rest = counts[bits]!; rest > 0; rest--) lengths[keys[at++]! & 511] = bits;
  }
}

/** Shell's sort. Keys are all different, so the order is the same whoever sorts. */
function sortKeys(count: number): void {
  for (
    let gap = count > 100 ? 57 : count > 20 ? 10 : 1;
    gap > 0;
    gap = gap === 57 ? 23 : gap === 23 ? 10 : gap === 10 ? 4 : gap === 4 ? 1 : 0
  ) {
    for (let index = gap; index < count; index++) {
      const key = keys[index]!;
      let to = index;
      for (; to >= gap && keys[to - gap]! > key; to -= gap) keys[to] = keys[to - gap]!;
      keys[to] = key;
    }
  }
}

/**
 * Count the codes of each length: those of the tree that joins the two lightest nodes again and again (Huffman's), built in
 * place over the sorted weights, then cut to `maxBits`.
 */
function countDepths(used: number, maxBits: number): void {
  // Weights of joined nodes take the places of the leaves that are gone; where a node is joined, its parent does.
  let leaf = 0;
  let joined = 0;
  for (let node = 0; node < used - 1; node++) {
    let weight = 0;
    for (let side = 0; side < 2; side++) {
      if (leaf >= used || (joined < node && nodes[joined]! < keys[leaf]! >> 9)) {
        weight += nodes[joined]!;
        nodes[joined++] = node;
      } else {
        weight += keys[leaf++]! >> 9;
      }
    }
    nodes[node] = weight;
  }
  for (let bits = 0; bits <= MAX_CODE_BITS; bits++) counts[bits] = 0;
  // From the root down: a node is one deeper than its parent, and what is not a joined node at a depth is a leaf.
  nodes[used - 2] = 0;
  for (let node = used - 3; node >= 0; node--) nodes[node] = nodes[nodes[node]!]! + 1;
  let room = 1;
  let depth = 0;
  for (let node = used - 2; room > 0; depth++) {
    let inner = 0;
    for (; node >= 0 && nodes[node] === depth; node--) inner++;
    counts[Math.min(depth, maxBits)]! += room - inner;
    room = 2 * inner;
  }
  // Codes that were cut take too much of the code space: give shorter ones up until all fit.
  let space = 0;
  for (let bits = 1; bits <= maxBits; bits++) space += counts[bits]! << (maxBits - bits);
  for (; space > 1 << maxBits; space--) {
    let bits = maxBits - 1;
    while (counts[bits] === 0) bits--;
    counts[bits]!--;
    counts[bits + 1]! += 2;
    counts[maxBits]!--;
  }
}

/**
 * The codes of these lengths, first bit lowest, as they are written: code (upper bits) and length (lower four).
 * @see RFC 1951, 3.2.2
 */
export function makeCodes(lengths: Uint8Array, symbolCount: number, codes: Int32Array): void {
  for (let bits = 0; bits <= MAX_CODE_BITS; bits++) counts[bits] = 0;
  for (let symbol = 0; symbol < symbolCount; symbol++) counts[lengths[symbol]!]!++;
  let code = 0;
  counts[0] = 0;
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    code = (code + counts[bits - 1]!) << 1;
    nextCodes[bits] = code;
  }
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    const bits = lengths[symbol]!;
    if (bits !== 0) codes[symbol] = (reversed(nextCodes[bits]!++, bits) << 4) | bits;
  }
}

function reversed(code: number, bits: number): number {
  let turned = ((code & 0x5555) << 1) | ((code >> 1) & 0x5555);
  turned = ((turned & 0x3333) << 2) | ((turned >> 2) & 0x3333);
  turned = ((turned & 0x0f0f) << 4) | ((turned >> 4) & 0x0f0f);
  turned = ((turned & 0x00ff) << 8) | (turned >> 8);
  return turned >> (16 - bits);
}
