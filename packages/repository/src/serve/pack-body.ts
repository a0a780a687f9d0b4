/** How long a client that is to send more may be silent, where nothing else tells that it has sent all. */
const DRAIN_QUIET_MS = 500;

/**
 * The pack of a push, as the store reads it and as what is left of it is read when the push fails: a client writes its whole
 * pack before it reads the answer, so one that is refused half-way must find somebody to write to.
 */
export class PackBody {
  /** Whether the last byte came. */
  isWhole = false;
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #isOpenEnded: boolean;

  /** @param isOpenEnded whether the stream may go on after the pack: then its end is not waited for */
  constructor(chunks: AsyncIterable<Uint8Array>, isOpenEnded = false) {
    this.#source = chunks[Symbol.asyncIterator]();
    this.#isOpenEnded = isOpenEnded;
  }

  /** The bytes that were not read yet. Ending the iteration leaves the rest for {@link drain}. */
  get chunks(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => ({ next: () => this.#next() }) };
  }

  /** Read on to the end, or until more than `maxBytes` came. */
  async drain(maxBytes: number): Promise<void> {
    try {
      for (let drained = 0; drained <= maxBytes; ) {
        const step = await (this.#isOpenEnded ? this.#nextSoon() : this.#next());
        if (step === undefined || step.done === true) return;
        drained += step.value.length;
      }
    } catch {
      // The connection broke: the report is made all the same, and whether it arrives is not for this side to know.
    }
  }

  /** The next bytes, or `undefined` where none come for a moment: the client has sent all, and listens. */
  async #nextSoon(): Promise<IteratorResult<Uint8Array> | undefined> {
    if (this.isWhole) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const quiet = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, DRAIN_QUIET_MS, undefined);
    });
    try {
      return await Promise.race([this.#next(), quiet]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    const step = await this.#source.next();
    if (step.done === true) this.isWhole = true;
    return step;
  }
}
