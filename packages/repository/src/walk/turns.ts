/** Steps between two turns of the event loop: some tens of milliseconds of walking from commit to commit. */
const STEPS = 2048;

/**
 * Gives the event loop a turn now and then. A walk over a store that never waits would run to its end in one go, and
 * neither a signal nor anybody else would be heard meanwhile.
 */
export class Turns {
  private steps = 0;
  private readonly signal: AbortSignal | undefined;

  readonly #stepsBetween: number;

  constructor(signal: AbortSignal | undefined, stepsBetween: number = STEPS) {
    this.#stepsBetween = stepsBetween;
    this.signal = signal;
  }

  /** One step of work was done. @throws the signal's reason */
  step(): Promise<void> | undefined {
    this.signal?.throwIfAborted();
    if (++this.steps % this.#stepsBetween !== 0) return undefined;
    return pause();
  }
}

/** One turn of the event loop. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
