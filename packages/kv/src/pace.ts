/** Work between two turns of the event loop. A batch of ten thousand values takes several times as long. */
const SPAN_MS = 20;

/**
 * Gives the event loop a turn now and then in the midst of long work. What waits for promises alone, as reads of memory do, never
 * lets a timer, a request or an abort come through.
 */
export class Pace {
  #since: number = Date.now();

  /** To be awaited between two steps of the work; mostly there is nothing to wait for. */
  step(): Promise<void> | undefined {
    return Date.now() - this.#since < SPAN_MS ? undefined : this.#pause();
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    this.#since = Date.now();
  }
}
