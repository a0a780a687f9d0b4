import type { Output } from './console.js';

const FLUSH_BYTES = 1 << 16;

/** Gathers small writes into large ones: a line for each of 100,000 objects is not worth a write of its own. */
export class BufferedOutput {
  readonly #output: Pick<Output, 'write'>;
  #text = '';
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(output: Pick<Output, 'write'>) {
    this.#output = output;
  }

  /** Bytes are kept as they are until they go out: they must not change until then. */
  async write(chunk: Uint8Array | string): Promise<void> {
    if (typeof chunk === 'string') {
      this.#text += chunk;
      this.#pendingBytes += chunk.length;
    } else {
      this.#settleText();
      this.#pending.push(chunk);
      this.#pendingBytes += chunk.length;
    }
    if (this.#pendingBytes >= FLUSH_BYTES) await this.flush();
  }

  /** Send what was gathered. */
  async flush(): Promise<void> {
    this.#settleText();
    if (this.#pending.length === 0) return;
    const chunks = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    await this.#output.write(chunks.length === 1 ? (chunks[0] as Uint8Array) : new Uint8Array(Buffer.concat(chunks)));
  }

  #settleText(): void {
    if (this.#text === '') return;
    this.#pending.push(new TextEncoder().encode(this.#text));
    this.#text = '';
  }
}
