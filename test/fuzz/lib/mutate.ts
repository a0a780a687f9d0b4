import type { Random } from './random.js';

/** What a mutator knows of the format. */
export interface MutateOptions {
  readonly dictionary?: readonly Uint8Array[];
  readonly isText?: boolean;
  /** Other inputs, to splice with. */
  readonly others: readonly Uint8Array[];
}

const MAX_BYTES = 1 << 16;
const LINE_FEED = 10;
const BYTES = [0, 1, 2, 0x0a, 0x20, 0x2f, 0x30, 0x39, 0x66, 0x7f, 0x80, 0x81, 0xc0, 0xfe, 0xff];
const WORDS = [
  0, 1, 2, 3, 4, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
];
const NUMBERS = [
  '',
  '-1',
  '0',
  '00',
  '1',
  '0x10',
  '1e9',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '18446744073709551616',
  '99999999999999999999999999999999',
];

type Mutation = (bytes: Uint8Array, random: Random, options: MutateOptions) => Uint8Array;

/** One to a few changes to `bytes`, drawn by `random`: a fresh array. */
export function mutate(bytes: Uint8Array, random: Random, options: MutateOptions): Uint8Array {
  const mutations = options.isText === true ? TEXT_MUTATIONS : BYTE_MUTATIONS;
  let mutant: Uint8Array = bytes.slice();
  for (let rounds = 1 + random.skewed(6); rounds > 0; rounds--)
    mutant = random.pick(mutations)(mutant, random, options);
  return mutant.length > MAX_BYTES ? mutant.slice(0, MAX_BYTES) : mutant;
}

/** Mostly a few bytes, at times everything. */
function lengthWithin(random: Random, most: number): number {
  return random.oneIn(8) ? random.below(most + 1) : random.below(Math.min(most, 8) + 1);
}

function spliced(bytes: Uint8Array, start: number, end: number, insert: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length - (end - start) + insert.length);
  result.set(bytes.subarray(0, start));
  result.set(insert, start);
  result.set(bytes.subarray(end), start + insert.length);
  return result;
}

const flipBit: Mutation = (bytes, random) => {
  if (bytes.length > 0) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
  return bytes;
};

const setByte: Mutation = (bytes, random) => {
  if (bytes.length > 0) bytes[random.below(bytes.length)] = random.oneIn(2) ? random.pick(BYTES) : random.next();
  return bytes;
};

const addToByte: Mutation = (bytes, random) => {
  if (bytes.length > 0) bytes[random.below(bytes.length)]! += random.below(33) - 16;
  return bytes;
};

/** A big-endian number of 16, 32 or 64 bits, as most of git's formats have them. */
const setNumber: Mutation = (bytes, random) => {
  const width = random.pick([2, 4, 4, 4, 8]);
  if (bytes.length < width) return bytes;
  let at = random.below(bytes.length - width + 1);
  if (random.oneIn(2)) at -= at % 4;
  let word = random.pick(WORDS);
  if (random.oneIn(4)) word = bytes.length + random.below(9) - 4;
  for (let index = width - 1; index >= 0; index--) {
    bytes[at + index] = word;
    word = index === width - 4 ? random.pick([0, 0, 0x7f, 0xff]) : Math.floor(word / 256);
  }
  return bytes;
};

/** A run of bytes with the high bit set: a variable-length number that goes on. */
const continueNumber: Mutation = (bytes, random) => {
  const start = random.below(bytes.length + 1);
  return spliced(bytes, start, start, new Uint8Array(1 + random.skewed(12)).fill(random.pick([0x80, 0xff])));
};

const removeRange: Mutation = (bytes, random) => {
  const start = random.below(bytes.length + 1);
  return spliced(bytes, start, start + lengthWithin(random, bytes.length - start), new Uint8Array(0));
};

const duplicateRange: Mutation = (bytes, random) => {
  const start = random.below(bytes.length + 1);
  const piece = bytes.slice(start, start + lengthWithin(random, bytes.length - start));
  return spliced(bytes, start, start, piece);
};

const insertBytes: Mutation = (bytes, random) => {
  const start = random.below(bytes.length + 1);
  const piece = new Uint8Array(random.oneIn(50) ? random.below(4096) : 1 + random.below(8));
  if (random.oneIn(2)) piece.fill(random.pick(BYTES));
  else for (let at = 0; at < piece.length; at++) piece[at] = random.next();
  return spliced(bytes, start, start, piece);
};

const moveRange: Mutation = (bytes, random) => {
  if (bytes.length === 0) return bytes;
  const start = random.below(bytes.length);
  bytes.copyWithin(random.below(bytes.length), start, start + lengthWithin(random, bytes.length - start));
  return bytes;
};

const cutEnd: Mutation = (bytes, random) => bytes.slice(0, bytes.length - lengthWithin(random, bytes.length));

const spliceOther: Mutation = (bytes, random, { others }) => {
  const other = random.pick(others);
  const start = random.below(other.length + 1);
  const piece = other.slice(start, start + (random.oneIn(2) ? other.length : lengthWithin(random, other.length)));
  const at = random.below(bytes.length + 1);
  return spliced(bytes, at, random.oneIn(2) ? bytes.length : at, piece);
};

const insertToken: Mutation = (bytes, random, { dictionary }) => {
  if (dictionary === undefined) return setByte(bytes, random, { others: [] });
  const token = random.pick(dictionary);
  const at = random.below(bytes.length + 1);
  return spliced(bytes, at, random.oneIn(2) ? Math.min(bytes.length, at + token.length) : at, token);
};

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** Another decimal number in the place of one that stands there. */
const changeDecimal: Mutation = (bytes, random) => {
  let start = random.below(bytes.length + 1);
  while (start < bytes.length && !isDigit(bytes[start])) start++;
  while (start > 0 && isDigit(bytes[start - 1])) start--;
  let end = start;
  while (isDigit(bytes[end])) end++;
  return spliced(bytes, start, end, latin1(random.pick(NUMBERS)));
};

function lineAt(bytes: Uint8Array, random: Random): { start: number; end: number } {
  const at = random.below(bytes.length + 1);
  const start = at === 0 ? 0 : bytes.lastIndexOf(LINE_FEED, at - 1) + 1;
  const end = bytes.indexOf(LINE_FEED, start) + 1;
  return { start, end: end === 0 ? bytes.length : end };
}

const removeLine: Mutation = (bytes, random) => {
  const { start, end } = lineAt(bytes, random);
  return spliced(bytes, start, end, new Uint8Array(0));
};

/** Put one line where another begins, so that lines come twice and out of order. */
const copyLine: Mutation = (bytes, random) => {
  const { start, end } = lineAt(bytes, random);
  const to = lineAt(bytes, random).start;
  return spliced(bytes, to, to, bytes.slice(start, end));
};

const BYTE_MUTATIONS: readonly Mutation[] = [
  flipBit,
  flipBit,
  setByte,
  setByte,
  addToByte,
  setNumber,
  setNumber,
  continueNumber,
  removeRange,
  duplicateRange,
  insertBytes,
  moveRange,
  cutEnd,
  spliceOther,
  insertToken,
];

const TEXT_MUTATIONS: readonly Mutation[] = [
  flipBit,
  setByte,
  addToByte,
  removeRange,
  duplicateRange,
  insertBytes,
  cutEnd,
  spliceOther,
  insertToken,
  insertToken,
  changeDecimal,
  removeLine,
  copyLine,
];

/** The bytes of a text whose characters are bytes. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
