import type { Oid, RawObject } from '@git-kv/objects';
import { pause } from '../progress.js';
import type { ObjectCursor } from './bulk-read.js';

type Found = readonly [Oid, RawObject | undefined];

/** Bytes given out between two turns of the event loop, where the source itself gives none. */
const SLICE_BYTES = 16 * 2 ** 20;

/**
 * The objects of cursors, one cursor after another. An object that is at hand costs one resolved promise, in place of a turn
 * through every generator on the way.
 */
export function iterateCursors(
  cursors: AsyncIterator<ObjectCursor, unknown, undefined>,
  signal?: AbortSignal,
): AsyncIterableIterator<Found> {
  return new CursorIterator(cursors, signal);
}

class CursorIterator implements AsyncIterableIterator<Found> {
  readonly #cursors: AsyncIterator<ObjectCursor, unknown, undefined>;
  readonly #signal: AbortSignal | undefined;
  #cursor: ObjectCursor | undefined;
  #slice = 0;
  /** Set while a call waits: calls that come meanwhile stand in line. */
  #waiting: Promise<unknown> | undefined;
  #isOver = false;

  constructor(cursors: AsyncIterator<ObjectCursor, unknown, undefined>, signal: AbortSignal | undefined) {
    this.#cursors = cursors;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Found, undefined>> {
    if (this.#waiting === undefined && this.#cursor !== undefined && this.#slice < SLICE_BYTES) {
      try {
        if (this.#cursor.next() === 'object') return Promise.resolve(this.#take(this.#cursor));
      } catch (error) {
        return this.#line(() => this.#fail(error));
      }
    }
    return this.#line(() => this.#goOn());
  }

  return(): Promise<IteratorResult<Found, undefined>> {
    return this.#line(async () => {
      await this.#end();
      return { done: true, value: undefined };
    });
  }

  async #line<T>(run: () => Promise<T>): Promise<T> {
    const before = this.#waiting;
    const turn = (async () => {
      await before?.catch(() => undefined);
      return await run();
    })();
    this.#waiting = turn;
    try {
      return await turn;
    } finally {
      if (this.#waiting === turn) this.#waiting = undefined;
    }
  }

  /** A step that came to no object is made again: it goes on where it was. */
  async #goOn(): Promise<IteratorResult<Found, undefined>> {
    try {
      if (this.#isOver) return { done: true, value: undefined };
      if (this.#slice >= SLICE_BYTES) {
        this.#slice = 0;
        await pause();
      }
      for (;;) {
        this.#signal?.throwIfAborted();
        const step = this.#cursor?.next() ?? 'end';
        if (step === 'object') return this.#take(this.#cursor as ObjectCursor);
        if (step === 'bytes') await this.#cursor?.load(this.#signal);
        else {
          this.#cursor = undefined;
          const next = await this.#cursors.next();
          if (next.done) {
            this.#isOver = true;
            return { done: true, value: undefined };
          }
          this.#cursor = next.value;
        }
      }
    } catch (error) {
      return await this.#fail(error);
    }
  }

  async #fail(error: unknown): Promise<never> {
    await this.#end();
    throw error;
  }

  async #end(): Promise<void> {
    this.#isOver = true;
    this.#cursor = undefined;
    await this.#cursors.return?.();
  }

  #take(cursor: ObjectCursor): IteratorYieldResult<Found> {
    const { oid, object } = cursor;
    this.#slice += (object?.body.length ?? 0) + 256;
    return { done: false, value: [oid, object] };
  }
}

/** A cursor over what is at hand already. */
export function listCursor(found: readonly Found[]): ObjectCursor {
  let at = -1;
  return {
    get oid(): Oid {
      return (found[at] as Found)[0];
    },
    get object(): RawObject | undefined {
      return (found[at] as Found)[1];
    },
    next: () => (++at < found.length ? 'object' : 'end'),
    load: async () => {},
  };
}
