import type { Console } from './console.js';

/** Shows what a remote says while it works, as git does: prefixed, and only on a terminal where it would be overwritten. */
export class RemoteProgress {
  readonly #console: Console;
  readonly #showsAll: boolean;
  #last: Promise<void> = Promise.resolve();

  /** @param showsAll also what is overwritten, and no terminal is there */
  constructor(console: Console, showsAll: boolean = console.stderr.isTTY) {
    this.#console = console;
    this.#showsAll = showsAll;
  }

  /** Show one line. Lines go out in order; a slow terminal is waited for in {@link end}. */
  say(line: string, transient = false): void {
    if (transient && !this.#showsAll) return;
    this.write(`remote: ${line}${transient ? '\r' : '\n'}`);
  }

  /** Something of our own, in the same order. */
  write(text: string): void {
    this.#last = this.#last.then(() => this.#console.stderr.write(text));
  }

  async end(): Promise<void> {
    await this.#last;
  }
}
