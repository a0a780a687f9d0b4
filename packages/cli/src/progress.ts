import type { Console } from './console.js';

/** Lines that wait for a slow terminal; what a remote says beyond them is lost, so that it cannot fill the memory. */
const MAX_WAITING = 10_000;

/** Shows what a remote says while it works, as git does: prefixed, and only on a terminal where it would be overwritten. */
export class RemoteProgress {
  readonly #console: Console;
  readonly #showsAll: boolean;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** @param showsAll also what is overwritten, and no terminal is there */
  constructor(console: Console, showsAll: boolean = console.stderr.isTTY) {
    this.#console = console;
    this.#showsAll = showsAll;
  }

  /** Show one line. Lines go out in order; a slow terminal is waited for in {@link end}. */
  say(line: string, transient = false): void {
    if ((transient && !this.#showsAll) || this.#waiting >= MAX_WAITING) return;
    this.write(`remote: ${line}${transient ? '\r' : '\n'}`);
  }

  /** Something of our own, in the same order. */
  write(text: string): void {
    this.#waiting++;
    this.#last = this.#last.then(async () => {
      await this.#console.stderr.write(text);
      this.#waiting--;
    });
  }

  async end(): Promise<void> {
    await this.#last;
  }
}
