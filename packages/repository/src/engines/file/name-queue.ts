/**
 * Runs work that shares a name one after the other, in the order of the calls, within this process. Lock files keep
 * processes apart; this spares writers of one process the waiting for lock files.
 */
export class NameQueue {
  readonly #tails = new Map<string, Promise<void>>();

  async run<T>(names: Iterable<string>, work: () => Promise<T>): Promise<T> {
    const leave = await this.enter(names);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Wait until the names are free, and take them. @returns what gives them back */
  async enter(names: Iterable<string>): Promise<() => void> {
    const own = [...new Set(names)];
    const before = own.map((name) => this.#tails.get(name));
    let finish: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    // All places in line are taken at once, so that two calls can never wait for each other.
    for (const name of own) this.#tails.set(name, done);
    await Promise.all(before);
    return () => {
      for (const name of own) if (this.#tails.get(name) === done) this.#tails.delete(name);
      finish();
    };
  }
}
