// The text of SHA-1 and of the filter in AssemblyScript: for one message (scalar), and for four at a time (the lanes of a v128).
import { CONDITIONS, expansionOf, FIRST_WORD, LAST_WORD, registerBefore } from './rounds.mjs';

const REGISTERS = ['a', 'b', 'c', 'd', 'e'];
const CONSTANTS = ['0x5a827999', '0x6ed9eba1', '0x8f1bbcdc', '0xca62c1d6'];
const hex = (value) => `0x${(value >>> 0).toString(16)}`;
const indent = (lines, by) => lines.map((line) => ' '.repeat(by) + line).join('\n');
const isKept = (step) => step >= FIRST_WORD && step <= LAST_WORD;

/** How the two dialects of AssemblyScript write the operations of a step. */
const SCALAR = {
  lane: ' + lane',
  load: (pointer, offset) => `load<u32>(${pointer}, ${offset})`,
  store: (pointer, value, offset) => `store<u32>(${pointer}, ${value}, ${offset})`,
  rotate: (value, bits) => `rotl<u32>(${value}, ${bits})`,
  xor: (...values) => `(${values.join(' ^ ')})`,
  add: (...values) => values.join(' + '),
  choose: (b, c, d) => `(${d} ^ (${b} & (${c} ^ ${d})))`,
  majority: (b, c, d) => `((${b} & ${c}) | (${d} & (${b} | ${c})))`,
  constant: (index) => CONSTANTS[index],
};
const LANES = {
  lane: '',
  load: (pointer, offset) => `v128.load(${pointer}, ${offset})`,
  store: (pointer, value, offset) => `v128.store(${pointer}, ${value}, ${offset})`,
  rotate: (value, bits) => `v128.or(i32x4.shl(${value}, ${bits}), i32x4.shr_u(${value}, ${32 - bits}))`,
  xor: (...values) => values.reduce((left, right) => `v128.xor(${left}, ${right})`),
  add: (...values) => values.reduce((left, right) => `i32x4.add(${left}, ${right})`),
  choose: (b, c, d) => `v128.bitselect(${c}, ${d}, ${b})`,
  majority: (b, c, d) => `v128.bitselect(${d}, ${b}, v128.xor(${b}, ${c}))`,
  constant: (index) => `v128.load32_splat(CONSTANTS, ${4 * index})`,
};

function steps(dialect, keepsWords) {
  const { rotate, xor, add, choose, majority, constant, store, lane } = dialect;
  const lines = [];
  for (let step = 0; step < 80; step++) {
    const [a, b, c, d, e] = [0, 1, 2, 3, 4].map((role) => registerBefore(step, role));
    const word = `w${step % 16}`;
    if (keepsWords && (step === 58 || step === 65)) {
      [a, b, c, d, e].forEach((register, index) => {
        lines.push(`${store(`STATES_${step}${lane}`, register, 16 * index)};`);
      });
    }
    if (step >= 16) lines.push(`x = ${xor(...expansionOf(step))};`, `${word} = ${rotate('x', 1)};`);
    if (keepsWords && isKept(step)) lines.push(`${store(`WORDS${lane}`, word, 16 * step)};`);
    const phase = Math.floor(step / 20);
    const mix = [choose, (...names) => xor(...names), majority, (...names) => xor(...names)][phase](b, c, d);
    lines.push(`${e} = ${add(add(e, word), constant(phase), mix, rotate(a, 5))};`);
    lines.push(`${b} = ${rotate(b, 30)};`);
  }
  return lines;
}

function scalarCompress(name, keepsWords) {
  const lines = [];
  for (let word = 0; word < 16; word++) lines.push(`let w${word}: u32 = bswap<u32>(load<u32>(at, ${4 * word}));`);
  REGISTERS.forEach((register, index) => {
    lines.push(`let ${register}: u32 = load<u32>(state, ${4 * index});`);
  });
  lines.push('let x: u32 = 0;', ...steps(SCALAR, keepsWords));
  REGISTERS.forEach((register, index) => {
    if (keepsWords) lines.push(`${register} += load<u32>(state, ${4 * index});`);
    const value = keepsWords ? register : `load<u32>(state, ${4 * index}) + ${register}`;
    lines.push(`store<u32>(state, ${value}, ${4 * index});`);
    if (keepsWords) lines.push(`store<u32>(AFTER + lane, ${register}, ${16 * index});`);
  });
  if (!keepsWords) {
    return `/** One message: the state at \`state\` goes on over \`blocks\` blocks from \`at\`. */
export function ${name}(state: usize, at: usize, blocks: u32): void {
  for (; blocks > 0; blocks--, at += 64) {
${indent(lines, 4)}
  }
}
`;
  }
  lines.push('lane += 4;', 'if (lane === 16 || blocks === 1) {', '  suspectBlocks(at + 64, lane, state + 20);');
  lines.push('  lane = 0;', '}');
  return `/**
 * One message: the state at \`state\` goes on over \`blocks\` blocks from \`at\`; its sixth word becomes 1 when one of them ends an
 * attack, see \`checkAll\`. The blocks are filtered four at a time, each in its lane.
 */
export function ${name}(state: usize, at: usize, blocks: u32): void {
  let lane: usize = 0;
  for (; blocks > 0; blocks--, at += 64) {
${indent(lines, 4)}
  }
}

/** Filter the blocks before \`end\`: those in the lanes that lie below \`lanesEnd\`, in bytes. */
function suspectBlocks(end: usize, lanesEnd: usize, note: usize): void {
  const vectors = possibleLaneAttacks();
  if (!v128.any_true(vectors)) return;
  v128.store(LANE_VECTORS, vectors);
  for (let lane: usize = 0; lane < lanesEnd; lane += 4) {
    const left = load<i32>(LANE_VECTORS + lane);
    if (left !== 0) suspect(left, end - ((lanesEnd - lane) << 4), lane, note);
  }
}
`;
}

function transposedWords(group) {
  const lines = [];
  for (let lane = 0; lane < 4; lane++) lines.push(`r${lane} = v128.load(p${lane}, ${16 * group});`);
  lines.push(
    't0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);',
    't1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);',
    't2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);',
    't3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);',
  );
  const parts = ['t0, t1, 0, 2', 't0, t1, 1, 3', 't2, t3, 0, 2', 't2, t3, 1, 3'];
  parts.forEach((part, index) => {
    lines.push(`r0 = i64x2.shuffle(${part});`);
    lines.push(
      `let w${4 * group + index} = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);`,
    );
  });
  return lines;
}

function laneCompress(name, keepsWords) {
  const lines = ['let r0: v128, r1: v128, r2: v128, r3: v128;', 'let t0: v128, t1: v128, t2: v128, t3: v128;'];
  for (let group = 0; group < 4; group++) lines.push(...transposedWords(group));
  REGISTERS.forEach((register, index) => {
    lines.push(`let ${register} = v128.load(LANE_STATES, ${16 * index});`);
  });
  lines.push('let x: v128;', ...steps(LANES, keepsWords));
  if (keepsWords) {
    lines.push('const vectors = possibleLaneAttacks();', 'if (v128.any_true(vectors)) {');
    lines.push('  v128.store(LANE_VECTORS, vectors);');
    REGISTERS.forEach((register, index) => {
      const before = `v128.load(LANE_STATES, ${16 * index})`;
      lines.push(`  v128.store(AFTER, i32x4.add(${before}, ${register}), ${16 * index});`);
    });
    lines.push('  suspectLanes(p0, p1, p2, p3);', '}');
  }
  REGISTERS.forEach((register, index) => {
    lines.push(
      `v128.store(LANE_STATES, i32x4.add(v128.load(LANE_STATES, ${16 * index}), ${register}), ${16 * index});`,
    );
  });
  for (let lane = 0; lane < 4; lane++) lines.push(`p${lane} += 64;`);
  return `/** Four messages, one in each lane of LANE_STATES: \`blocks\` blocks of each${keepsWords ? '; those that may end an attack are suspected, see `checkAll`' : ''}. */
export function ${name}(p0: usize, p1: usize, p2: usize, p3: usize, blocks: u32): void {
  for (; blocks > 0; blocks--) {
${indent(lines, 4)}
  }
}
`;
}

function laneCondition([word, bit, other, otherBit, difference], index) {
  const second = `v128.load(WORDS, ${16 * other})`;
  const moved =
    bit === otherBit
      ? second
      : otherBit > bit
        ? `i32x4.shr_u(${second}, ${otherBit - bit})`
        : `i32x4.shl(${second}, ${bit - otherBit})`;
  const differing = `v128.xor(v128.load(WORDS, ${16 * word}), ${moved})`;
  const placed = bit === 31 ? differing : `i32x4.shl(${differing}, ${31 - bit})`;
  const vectors = `v128.load32_splat(VECTORS, ${4 * index})`;
  const bits = `i32x4.shr_s(${placed}, 31)`;
  const wrong = difference === 1 ? `v128.andnot(${vectors}, ${bits})` : `v128.and(${vectors}, ${bits})`;
  return `mask = v128.andnot(mask, ${wrong});`;
}

/** After this many conditions all four lanes are mostly done. */
const LOOK_AFTER = [48, 84];

function laneFilter() {
  const lines = [];
  CONDITIONS.forEach((row, index) => {
    if (LOOK_AFTER.includes(index)) lines.push('if (!v128.any_true(mask)) return mask;');
    lines.push(laneCondition(row, index));
  });
  return `/** The vectors of those attacks that the four blocks in WORDS may be part of, by lane; see src/collision/filter.ts. */
function possibleLaneAttacks(): v128 {
  let mask = i32x4.splat(-1);
${indent(lines, 2)}
  return mask;
}
`;
}

const ORIGIN = '// Written by scripts/generate-sha1.mjs; change that.';

const CONSTANT_TABLE = `/** What a step adds, by its twenty. Loaded, not spelled out: the engine makes the splat of a constant anew each time. */
const CONSTANTS: usize = memory.data<u32>([${CONSTANTS.join(', ')}]);`;

export function assemblyPlain() {
  return `${ORIGIN}
import { LANE_STATES } from './layout';

${CONSTANT_TABLE}

${scalarCompress('compress', false)}
${laneCompress('compressLanes', false)}`;
}

export function assemblyDetecting(notice) {
  return `${ORIGIN}
${notice}
import { AFTER, FOUND, LANE_STATES, LANE_VECTORS, LANES, NO_MESSAGE, STATES_58, STATES_65, WORDS } from './layout';
import { suspect } from './sha1-attack';

${CONSTANT_TABLE}

${scalarCompress('compressDetecting', true)}
${laneCompress('compressLanesDetecting', true)}
function suspectLanes(p0: usize, p1: usize, p2: usize, p3: usize): void {
  for (let lane: usize = 0; lane < 4; lane++) {
    const vectors = load<i32>(LANE_VECTORS + lane * 4);
    const message = load<u32>(LANES + lane * 16);
    if (vectors === 0 || message === NO_MESSAGE) continue;
    suspect(vectors, lane === 0 ? p0 : lane === 1 ? p1 : lane === 2 ? p2 : p3, lane * 4, FOUND + message);
  }
}

/** The vectors of each condition. */
const VECTORS: usize = memory.data<u32>([
${indent(
  CONDITIONS.map((row) => `${hex(row[5])},`),
  2,
)}
]);

${laneFilter()}`;
}
