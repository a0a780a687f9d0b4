// Random numbers that are the same on every machine: integer arithmetic and one division, nothing else.

/**
 * A seeded source of random numbers (sfc32 by Chris Doty-Humphrey, seeded through splitmix32).
 *
 * @typedef {object} Random
 * @property {() => number} unit  a number in [0, 1)
 * @property {(count: number) => number} below  an integer in [0, count)
 * @property {(from: number, to: number) => number} between  an integer in [from, to], both inclusive
 * @property {(probability: number) => boolean} chance  true with this probability
 * @property {<T>(values: readonly T[]) => T} pick  one of the values, all equally likely
 * @property {(count: number) => number} skewed  an integer in [0, count), small ones far more likely
 */

/**
 * @param {number} seed  any integer; the same seed gives the same sequence
 * @returns {Random}
 */
export function createRandom(seed) {
  let state = seed | 0;
  const splitmix = () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round++) next();

  const unit = () => next() / 4294967296;
  const below = (/** @type {number} */ count) => Math.floor(unit() * count);
  return {
    unit,
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: (probability) => unit() < probability,
    pick: (values) => /** @type {any} */ (values[below(values.length)]),
    skewed: (count) => {
      const value = unit();
      return Math.floor(count * value * value * value);
    },
  };
}
