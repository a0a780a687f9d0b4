import type { Console } from './console.js';

/** Shows what a remote says while it works, as git does: prefixed, and only on a terminal where it would be overwritten. */
export class RemoteProgress {
  readonly #console: Console;
  #last: Promise<void> = Promise.resolve();

  constructor(console: Console) {
    this.#console = console;
  }

  /** Show one line. Lines go out in order; a slow terminal is waited for in {@link end}. */
  say(line: string, transient = false): void {
    if (transient && !this.#console.stderr.isTTY) return;
    this.#last = this.#last.then(() => this.#console.stderr.write(`remote: ${line}${transient ? '\r' : '\n'}`));
  }

  async end(): Promise<void> {
    await this.#last;
  }
}
