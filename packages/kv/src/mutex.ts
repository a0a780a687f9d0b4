/** Runs one task after another, in order of arrival. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** Run `task` when all that came before have ended. Waiting for itself from inside a task never ends. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#last.then(task);
    this.#last = run.catch(() => {}); // a failed task is its caller's to handle, and must not stop the next
    return run;
  }
}
