/** Runs one task after another, in order of arrival. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;

  /** Whether no task runs or waits. */
  get isIdle(): boolean {
    return this.#count === 0;
  }

  /** Run `task` when all that came before have ended. Waiting for itself from inside a task never ends. */
  run<T>(task: () => Promise<T>): Promise<T> {
    this.#count++;
    const run = this.#last.then(task);
    const end = (): void => void this.#count--;
    this.#last = run.then(end, end); // a failed task is its caller's to handle, and must not stop the next
    return run;
  }
}
