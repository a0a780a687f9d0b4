import type { Deadline } from './deadline.js';
import { bodyFailure } from './failure.js';
import type { FetchBodyReader, FetchResponse } from './fetch-function.js';

/** An HTTP answer whose body is yet to be read, under the deadline of its exchange. */
export class HttpAnswer implements AsyncIterable<Uint8Array> {
  readonly status: number;
  /** The content type without parameters, in lower case. */
  readonly mediaType: string;
  readonly location: string | undefined;
  readonly retryAfter: string | undefined;
  readonly #reader: FetchBodyReader | undefined;
  readonly #deadline: Deadline;
  readonly #display: string;
  #ended: boolean;

  constructor(response: FetchResponse, deadline: Deadline, display: string) {
    this.status = response.type === 'opaqueredirect' ? 302 : response.status;
    this.mediaType = (response.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    this.location = response.headers.get('location') ?? undefined;
    this.retryAfter = response.headers.get('retry-after') ?? undefined;
    this.#reader = response.body?.getReader();
    this.#deadline = deadline;
    this.#display = display;
    this.#ended = this.#reader === undefined;
    if (this.#ended) deadline.end();
  }

  /** The body, once. Not a generator: `return` must let go of the connection also before the first `next`. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => this.#next(),
      return: async () => {
        await this.discard();
        return { done: true, value: undefined };
      },
    };
  }

  /** Let go of the connection; what is left of the body is not read. */
  async discard(): Promise<void> {
    if (this.#ended) return;
    this.#end();
    await this.#reader?.cancel().catch(() => {}); // it may have failed already; nobody wants it any more
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#ended || this.#reader === undefined) return { done: true, value: undefined };
    this.#deadline.start();
    try {
      const step = await this.#reader.read();
      this.#deadline.stop(step.value?.length);
      if (!step.done) return { done: false, value: step.value };
      this.#end();
      return { done: true, value: undefined };
    } catch (error) {
      this.#end();
      this.#deadline.throwIfOver();
      throw bodyFailure(error, this.#display);
    }
  }

  #end(): void {
    this.#ended = true;
    this.#deadline.end();
  }
}
