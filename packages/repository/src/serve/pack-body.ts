/**
 * The pack of a push, as the store reads it and as what is left of it is read when the push fails: a client writes its whole
 * pack before it reads the answer, so one that is refused half-way must find somebody to write to.
 */
export class PackBody {
  /** Whether the last byte came. */
  isWhole = false;
  readonly #source: AsyncIterator<Uint8Array>;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#source = chunks[Symbol.asyncIterator]();
  }

  /** The bytes that were not read yet. Ending the iteration leaves the rest for {@link drain}. */
  get chunks(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => ({ next: () => this.#next() }) };
  }

  /** Read on to the end, or until more than `maxBytes` came. */
  async drain(maxBytes: number): Promise<void> {
    try {
      for (let drained = 0; drained <= maxBytes; ) {
        const step = await this.#next();
        if (step.done === true) return;
        drained += step.value.length;
      }
    } catch {
      // The connection broke: the report is made all the same, and whether it arrives is not for this side to know.
    }
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    const step = await this.#source.next();
    if (step.done === true) this.isWhole = true;
    return step;
  }
}
