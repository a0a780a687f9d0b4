import { PktLineReader } from '../pkt-line/reader.js';
import type { Connection } from '../transport/transport.js';

/** How long the other side may take to end by itself, when it has been told that this side is done. */
const FAREWELL_MS = 2000;

/** A connection with the lines that come in, and with what goes out sent in its order. */
export class OpenConnection {
  readonly lines: PktLineReader;
  /** Why something could not be sent. Whoever reads the answer has better words for it, or none. */
  sendFailure: { readonly error: unknown } | undefined;
  readonly #connection: Connection;
  #sending: Promise<void> = Promise.resolve();
  #finished = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.lines = new PktLineReader(connection.incoming);
  }

  /**
   * Send, and do not wait for it: the other side may say something before it has heard everything, and would stop listening
   * if nobody read it.
   */
  send(body: AsyncIterable<Uint8Array> | Uint8Array): void {
    this.#queue(() => (body instanceof Uint8Array ? this.#connection.send(body) : this.#sendAll(body)));
  }

  /** Nothing more is said. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#queue(() => this.#connection.finish());
  }

  /** Nothing more is said: hear the other side out, for a moment, and let go. Never rejects. */
  async leave(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FAREWELL_MS);
    });
    this.finish();
    await Promise.race([this.#sending.then(() => this.#drain()).catch(() => {}), enough]);
    clearTimeout(timer);
    await this.close().catch(() => {}); // there is nothing left to lose
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #sendAll(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const source = chunks[Symbol.asyncIterator]();
    for (;;) {
      let step: IteratorResult<Uint8Array>;
      try {
        step = await source.next();
      } catch (error) {
        await this.close(); // the other side waits for the rest, and whoever reads waits for the other side
        throw error;
      }
      if (step.done === true) return;
      try {
        await this.#connection.send(step.value);
      } catch (error) {
        await source.return?.();
        throw error;
      }
    }
  }

  async #drain(): Promise<void> {
    const rest = this.lines.rest();
    while ((await rest.next()).done !== true);
  }

  #queue(step: () => Promise<void>): void {
    this.#sending = this.#sending.then(async () => {
      if (this.sendFailure !== undefined) return;
      try {
        await step();
      } catch (error) {
        this.sendFailure = { error };
      }
    });
  }
}
