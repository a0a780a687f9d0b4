import type { Output } from './console.js';

const FLUSH_BYTES = 1 << 16;
/** Memory taken at a time. */
const CHUNK_BYTES = 1 << 18;

const encoder = new TextEncoder();

/** Gathers small writes into large ones: a line for each of 100,000 objects is not worth a write of its own. */
export class BufferedOutput {
  readonly #output: Pick<Output, 'write'>;
  /** Filled up to `#end`. What was given to the output is the output's, so what follows goes behind it or to new memory. */
  #chunk: Uint8Array = new Uint8Array(0);
  #end = 0;

  constructor(output: Pick<Output, 'write'>) {
    this.#output = output;
  }

  /** Whether so much was gathered that it is time to flush. */
  get isFull(): boolean {
    return this.#end >= FLUSH_BYTES;
  }

  /** Gather a copy of `chunk`, without waiting: who puts much looks at {@link isFull}. */
  put(chunk: Uint8Array | string): void {
    if (typeof chunk === 'string') {
      // A character of UTF-16 takes three bytes of UTF-8 at most.
      this.#makeRoom(chunk.length * 3);
      this.#end += encoder.encodeInto(chunk, this.#chunk.subarray(this.#end)).written;
    } else {
      this.#makeRoom(chunk.length);
      this.#chunk.set(chunk, this.#end);
      this.#end += chunk.length;
    }
  }

  /** {@link put}, and send what was gathered when it is much. */
  async write(chunk: Uint8Array | string): Promise<void> {
    this.put(chunk);
    if (this.isFull) await this.flush();
  }

  /** Send what was gathered. */
  async flush(): Promise<void> {
    if (this.#end === 0) return;
    const filled = this.#chunk.subarray(0, this.#end);
    this.#chunk = this.#chunk.subarray(this.#end);
    this.#end = 0;
    await this.#output.write(filled);
  }

  #makeRoom(size: number): void {
    if (this.#end + size <= this.#chunk.length) return;
    const chunk = new Uint8Array(Math.max(CHUNK_BYTES, this.#end + size));
    chunk.set(this.#chunk.subarray(0, this.#end));
    this.#chunk = chunk;
  }
}
