/** A server that says it could not move the branch, which stands where it stood, is asked so often again. */
export const MAX_UNMOVED = 4;

const MAX_DELAY_MS = 30_000;
/** In lengths of a try, as the window is. */
const MAX_WINDOW = 64;
const WIDER_TIMES = 1.6;
const WIDER_BY = 2;
const NARROWER_TIMES = 0.5;
/** How much each try that was lost one after the other brings the next one forward. */
const OVERTAKEN_WEIGHT = 0.5;
const LEAST_WINDOW = 0.3;
/** How much the last try counts for the length of one, where it was faster, and where not. */
const FASTER_WEIGHT = 0.5;
const SLOWER_WEIGHT = 0.3;

/**
 * How crowded a branch is, as one writer can tell: each try that others were faster than widens the window of time in which the next is
 * put by chance, in units of what a try takes, and a success halves it. It is remembered over writes, so that who has just won gives way
 * to the others, and who was overtaken again and again waits the less, so that nobody does for long. A window in milliseconds would let
 * writers of a slow server collide for ever.
 */
export class Contention {
  readonly #random: () => number;
  #window = 0;
  /** Tries lost since the last success. */
  #lost = 0;
  #tryMs = 0;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Whether even a first try should wait. */
  get isCrowded(): boolean {
    return this.#window > 0;
  }

  /** Milliseconds to wait before the next try. */
  delay(): number {
    const overtaken = 1 + OVERTAKEN_WEIGHT * Math.max(0, this.#lost - 1);
    return this.#random() * Math.min(MAX_DELAY_MS, (this.#tryMs * this.#window) / overtaken);
  }

  /** A try took so long, from looking at the branch to the answer, and others were faster. */
  lost(ms: number): void {
    this.#note(ms);
    this.#lost++;
    this.#window = Math.min(MAX_WINDOW, this.#window * WIDER_TIMES + WIDER_BY);
  }

  /** A try took so long, and was the fastest. */
  won(ms: number): void {
    this.#note(ms);
    this.#lost = 0;
    this.#window *= NARROWER_TIMES;
    if (this.#window < LEAST_WINDOW) this.#window = 0;
  }

  #note(ms: number): void {
    // What takes long may be the first try of all, or have waited for others.
    const weight = ms < this.#tryMs ? FASTER_WEIGHT : SLOWER_WEIGHT;
    this.#tryMs = this.#tryMs === 0 ? ms : this.#tryMs * (1 - weight) + ms * weight;
  }
}
