import { encodeUtf8 } from '@git-kv/objects';
import { encodeSideband, FLUSH } from '@git-kv/protocol';

/** Bytes of words that one push may hear of hooks. */
const MAX_SAID_BYTES = 2 ** 20;

/** What goes to a client that pushes: words as they are said, its report, and the end. Nobody waits until it is taken. */
export class PushAnswer {
  readonly hasSideband: boolean;
  readonly #waiting: Uint8Array[] = [];
  #saidBytes = 0;
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(hasSideband: boolean) {
    this.hasSideband = hasSideband;
  }

  /** Words for a person, as lines of their own. They are lost on a client that takes no sideband. */
  say(text: string): void {
    if (!this.hasSideband || this.#saidBytes > MAX_SAID_BYTES) return;
    const bytes = encodeUtf8(`${text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '').replace(/\n$/, '')}\n`);
    this.#saidBytes += bytes.length;
    if (this.#saidBytes <= MAX_SAID_BYTES) this.#put(encodeSideband(2, bytes));
  }

  report(bytes: Uint8Array): void {
    this.#put(this.hasSideband ? encodeSideband(1, bytes) : [bytes]);
  }

  /** Nothing more comes; with an error, the answer ends in it. */
  end(failure: { readonly error?: unknown } = {}): void {
    if (this.hasSideband && !('error' in failure)) this.#put([FLUSH]);
    this.#end = failure;
    this.#wake?.();
  }

  /** To be read once. Whoever ends the reading does not have to wait for what is to come. */
  chunks(): AsyncIterableIterator<Uint8Array> {
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: async () => {
        while (this.#waiting.length === 0 && this.#end === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
        const chunk = this.#waiting.shift();
        if (chunk !== undefined) return { done: false, value: chunk };
        if (this.#end !== undefined && 'error' in this.#end) throw this.#end.error;
        return { done: true, value: undefined };
      },
      return: async () => ({ done: true, value: undefined }),
    };
  }

  #put(lines: Iterable<Uint8Array>): void {
    this.#waiting.push(...lines);
    this.#wake?.();
  }
}
