// Text that compresses and deltifies as source text does: a small vocabulary with a long tail, indented lines.

/** @import { Random } from './random.mjs' */

const CONSONANTS = 'bcdfghklmnprstvw';
const VOWELS = 'aeiou';
const JOINTS = [' ', ' ', ' ', ' ', '.', '(', ') ', ', ', ' = ', ' + ', ': ', '_'];
const ENDS = ['', '', ';', ';', ' {', ',', '.', ')'];

/**
 * The words that lines are made of, most used first.
 *
 * @param {Random} random
 * @param {number} count
 * @returns {string[]}
 */
export function makeVocabulary(random, count) {
  const words = new Set();
  while (words.size < count) {
    let word = '';
    for (let syllable = random.between(1, 4); syllable > 0; syllable--) {
      word += CONSONANTS[random.below(CONSONANTS.length)];
      word += VOWELS[random.below(VOWELS.length)];
      if (random.chance(0.3)) word += CONSONANTS[random.below(CONSONANTS.length)];
    }
    words.add(word);
  }
  return [...words];
}

/**
 * One line, without its line feed.
 *
 * @param {Random} random
 * @param {readonly string[]} vocabulary
 * @returns {string}
 */
export function makeLine(random, vocabulary) {
  if (random.chance(0.12)) return '';
  let line = '  '.repeat(random.below(5));
  const words = random.between(1, 9);
  for (let word = 0; word < words; word++) {
    if (word > 0) line += random.pick(JOINTS);
    line += vocabulary[random.skewed(vocabulary.length)];
  }
  if (random.chance(0.08)) line += ` ${random.below(100000)}`;
  return line + random.pick(ENDS);
}

/**
 * Lines that together hold about `size` bytes.
 *
 * @param {Random} random
 * @param {readonly string[]} vocabulary
 * @param {number} size
 * @returns {string[]}
 */
export function makeLines(random, vocabulary, size) {
  /** @type {string[]} */
  const lines = [];
  for (let bytes = 0; bytes < size; ) {
    const line = makeLine(random, vocabulary);
    lines.push(line);
    bytes += line.length + 1;
  }
  return lines;
}

/**
 * The same lines after a person worked on them: a few hunks replaced, added or removed. A fresh array.
 *
 * @param {Random} random
 * @param {readonly string[]} vocabulary
 * @param {readonly string[]} lines
 * @returns {string[]}
 */
export function editLines(random, vocabulary, lines) {
  const edited = lines.slice();
  for (let hunk = random.between(1, 4); hunk > 0; hunk--) {
    const at = random.below(edited.length + 1);
    const removed = Math.min(edited.length - at, random.below(5));
    const added = random.between(removed > 0 ? 0 : 1, 6);
    const replacement = Array.from({ length: added }, () => makeLine(random, vocabulary));
    edited.splice(at, removed, ...replacement);
  }
  // A blank file would be the same blob everywhere.
  if (edited.length === 0) edited.push(makeLine(random, vocabulary));
  return edited;
}
