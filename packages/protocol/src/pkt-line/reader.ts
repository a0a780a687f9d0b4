import { PktLineBuffer } from './buffer.js';
import { closedEarly } from './closed.js';
import type { PktLine } from './line.js';

/** The lines of `body`. The shell around {@link PktLineBuffer}. @throws {MalformedError} for what is no pkt-line */
export async function* readPktLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<PktLine, void> {
  const buffer = new PktLineBuffer();
  for await (const chunk of body) yield* buffer.push(chunk);
  buffer.end();
}

/**
 * Reads lines from a body, and where a message changes from lines to raw bytes (a pushed pack), the rest of it.
 * The only place of the sessions that waits.
 */
export class PktLineReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #buffer: PktLineBuffer = new PktLineBuffer();
  #ended = false;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#source = body[Symbol.asyncIterator]();
  }

  /** Bytes read as lines so far. */
  get offset(): number {
    return this.#buffer.offset;
  }

  /**
   * The next line, or `undefined` at the end of the body.
   * @throws {MalformedError} for what is no pkt-line; {TransportError} TRANSPORT_CLOSED where the body ends within a line
   */
  async read(): Promise<PktLine | undefined> {
    for (;;) {
      const line = this.#buffer.next();
      if (line !== undefined) return line;
      if (!(await this.fill())) return undefined;
    }
  }

  /** The next line, or the next piece of one whose payload begins with `mark`: see {@link PktLineBuffer.nextPiece}. Throws as `read`. */
  async readPiece(mark: number): Promise<PktLine | Uint8Array | undefined> {
    for (;;) {
      const piece = this.#buffer.nextPiece(mark);
      if (piece !== undefined) return piece;
      if (!(await this.fill())) return undefined;
    }
  }

  /** The next line where it needs no waiting: for loops over many short lines. */
  readBuffered(): PktLine | undefined {
    return this.#buffer.next();
  }

  /** Wait for more bytes; `false` at the end of the body. Only when {@link readBuffered} has nothing. */
  async fill(): Promise<boolean> {
    if (this.#ended) return false;
    const step = await this.#source.next();
    if (step.done === true) {
      this.#ended = true;
      if (this.#buffer.isWithinLine) closedEarly();
      return false;
    }
    this.#buffer.append(step.value);
    return true;
  }

  /** The bytes after the lines read so far. No lines can be read after. */
  async *rest(): AsyncGenerator<Uint8Array, void> {
    const first = this.#buffer.takeRest();
    try {
      if (first.length > 0) yield first;
      while (!this.#ended) {
        const step = await this.#source.next();
        if (step.done === true) this.#ended = true;
        else if (step.value.length > 0) yield step.value;
      }
    } finally {
      await this.close();
    }
  }

  /** Let go of the body; what is left of it is not read. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#source.return?.();
  }
}
