/** A server that says it could not move the branch, which stands where it stood, is asked so often again. */
export const MAX_UNMOVED = 4;

const MAX_DELAY_MS = 30_000;
const MAX_LEVEL = 6;
/** A success takes back more than a failure adds: many writers then share a branch with some 1.5 tries a write. */
const LEVELS_PER_WIN = 2;
/** How much the last try counts for the length of one. */
const WEIGHT = 0.3;

/**
 * How crowded a branch is, as one writer can tell: each try that others were faster than doubles the time among which the next is
 * chosen by chance, in units of what a try takes. It is remembered over writes, so that who has just won gives way to the others;
 * a limit in milliseconds would let writers of a slow server collide for ever.
 */
export class Contention {
  readonly #random: () => number;
  #level = 0;
  #tryMs = 0;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Whether even a first try should wait. */
  get isCrowded(): boolean {
    return this.#level > 0;
  }

  /** Milliseconds to wait before the next try. */
  delay(): number {
    return this.#random() * Math.min(MAX_DELAY_MS, this.#tryMs * 2 ** this.#level);
  }

  /** A try took so long, from looking at the branch to the answer, and others were faster. */
  lost(ms: number): void {
    this.#note(ms);
    this.#level = Math.min(MAX_LEVEL, this.#level + 1);
  }

  /** A try took so long, and was the fastest. */
  won(ms: number): void {
    this.#note(ms);
    this.#level = Math.max(0, this.#level - LEVELS_PER_WIN);
  }

  #note(ms: number): void {
    this.#tryMs = this.#tryMs === 0 ? ms : this.#tryMs * (1 - WEIGHT) + ms * WEIGHT;
  }
}
