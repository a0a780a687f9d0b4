/**
 * The disturbance vectors that every known collision attack on SHA-1 uses one of, as [type, K, b] of Manuel's classification.
 * Bit `n` of a vector set stands for the `n`-th.
 *
 * The choice is that of sha1collisiondetection by Marc Stevens and Dan Shumow (see NOTICE).
 * @see Stevens, Shumow: Speeding up detection of SHA-1 collision attacks using unavoidable attack conditions (2017)
 */
const VECTORS: readonly (readonly [type: 1 | 2, k: number, b: number])[] = [
  [1, 43, 0],
  [1, 44, 0],
  [1, 45, 0],
  [1, 46, 0],
  [1, 46, 2],
  [1, 47, 0],
  [1, 47, 2],
  [1, 48, 0],
  [1, 48, 2],
  [1, 49, 0],
  [1, 49, 2],
  [1, 50, 0],
  [1, 50, 2],
  [1, 51, 0],
  [1, 51, 2],
  [1, 52, 0],
  [2, 45, 0],
  [2, 46, 0],
  [2, 46, 2],
  [2, 47, 0],
  [2, 48, 0],
  [2, 49, 0],
  [2, 49, 2],
  [2, 50, 0],
  [2, 50, 2],
  [2, 51, 0],
  [2, 51, 2],
  [2, 52, 0],
  [2, 53, 0],
  [2, 54, 0],
  [2, 55, 0],
  [2, 56, 0],
];

const STEPS = 80;
/** A local collision begins up to five steps before the ones that are hashed. */
const EARLIER_STEPS = 5;

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/**
 * How the eighty words of an expanded message differ, by XOR, from those of the other message of a colliding pair that was
 * made with a vector.
 *
 *     I(K, b)    word K + 15 of the vector is 2^b, words K to K + 14 are 0
 *     II(K, b)   the same, but words K + 1 and K + 3 are 2^(b + 31)
 *
 * The rest of a vector follows by the message expansion, in both directions; each of its bits starts a local collision of six
 * steps, whose message differences add up to these.
 */
function messageDifference(type: 1 | 2, k: number, b: number): Int32Array {
  const vector = new Int32Array(EARLIER_STEPS + STEPS);
  const at = (step: number): number => vector[EARLIER_STEPS + step]!;
  const set = (step: number, word: number): void => {
    vector[EARLIER_STEPS + step] = word;
  };
  set(k + 15, 1 << b);
  if (type === 2) {
    set(k + 1, 1 << (b + 31));
    set(k + 3, 1 << (b + 31));
  }
  for (let step = k + 16; step < STEPS; step++) {
    set(step, rotate(at(step - 3) ^ at(step - 8) ^ at(step - 14) ^ at(step - 16), 1));
  }
  for (let step = k - 1; step >= -EARLIER_STEPS; step--) {
    set(step, rotate(at(step + 16), 31) ^ at(step + 13) ^ at(step + 8) ^ at(step + 2));
  }
  return Int32Array.from(
    { length: STEPS },
    (_, step) =>
      at(step) ^
      rotate(at(step - 1), 5) ^
      at(step - 2) ^
      rotate(at(step - 3), 30) ^
      rotate(at(step - 4), 30) ^
      rotate(at(step - 5), 30),
  );
}

/** What the check of one vector needs. */
export interface AttackVector {
  /** By XOR, of the eighty words of the expanded message. */
  readonly messageDifference: Int32Array;
  /** The step before which both messages of a pair have the same state: 58 or 65. */
  readonly equalStep: number;
}

let attackVectors: readonly AttackVector[] | undefined;

/** The vectors, in the order of the bits of a vector set. Made when first needed. */
export function listAttackVectors(): readonly AttackVector[] {
  attackVectors ??= VECTORS.map(([type, k, b]) => ({
    messageDifference: messageDifference(type, k, b),
    equalStep: k < 50 ? 58 : 65,
  }));
  return attackVectors;
}
