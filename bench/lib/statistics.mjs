// Medians, because one run in which the machine was busy must not decide.

/**
 * @typedef {{ median: number, min: number, max: number, samples: readonly number[] }} Spread
 */

/**
 * @param {readonly number[]} samples  at least one
 * @returns {Spread}
 */
export function spreadOf(samples) {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = /** @type {number} */ (sorted[middle]);
  const lower = sorted.length % 2 === 1 ? upper : /** @type {number} */ (sorted[middle - 1]);
  const median = (lower + upper) / 2;
  return { median, min: /** @type {number} */ (sorted[0]), max: /** @type {number} */ (sorted.at(-1)), samples };
}
