import type { Random } from './random.js';

/** Real bytes to begin from. */
export interface Seed {
  readonly bytes: Uint8Array;
  /** Told to the target with every mutant of these bytes: a hash algorithm, a kind of object. */
  readonly variant?: string | undefined;
}

/** One decoder under attack, and what must hold of it whatever it is given. */
export interface FuzzTarget {
  readonly name: string;
  /** What is decoded, in a few words. */
  readonly about: string;
  /** How many runs of a decoder one run of this stands for, where it takes so much longer: as many fewer are made. Default 1. */
  readonly weight?: number;
  /** Real bytes, small: made by git or by our own writers. Called once. */
  seeds(): Promise<readonly Seed[]> | readonly Seed[];
  /** Pieces of the format, put in here and there. */
  readonly dictionary?: readonly string[];
  /** Whether the format is lines of text, which are then also moved as a whole. */
  readonly isText?: boolean;
  /** In place of the mutator for plain bytes, where the format is framed; `plainly` is that mutator, for what is inside. */
  mutate?(bytes: Uint8Array, random: Random, plainly: (bytes: Uint8Array) => Uint8Array): Uint8Array;
  /** Puts what guards the format right again, such as a checksum, in place: done to half of the mutants. */
  repair?(bytes: Uint8Array, variant: string | undefined, random: Random): Uint8Array;
  /**
   * Decode `bytes`. To throw a `GitError` is to refuse them; to return is to accept them, after checking what must hold then.
   * Anything else thrown is a crash.
   */
  execute(bytes: Uint8Array, variant: string | undefined): void | Promise<void>;
}

/** Fail the run where something that must hold of accepted bytes does not. */
export function ensure(claim: boolean, problem: string): asserts claim {
  if (!claim) throw new Error(`BROKEN: ${problem}`);
}

/** Fail the run where two byte strings that must be equal are not. */
export function ensureEqualBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  let same = actual.length === expected.length;
  for (let at = 0; same && at < actual.length; at++) same = actual[at] === expected[at];
  ensure(same, `${what} differs`);
}
