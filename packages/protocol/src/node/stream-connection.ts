import type { Readable, Writable } from 'node:stream';
import { isGitError, TransportError } from '@git-kv/objects';
import { Deadline } from '../transport/deadline.js';
import { requestFailure } from '../transport/failure.js';
import { Pace, type PaceOptions } from '../transport/pace.js';
import type { Connection, ConnectionTransport } from '../transport/transport.js';

/** What a transport is told of a connection that it is to make. */
export type ConnectCall = Parameters<ConnectionTransport['connect']>[0];

/** Two streams of Node that are the two directions of a conversation; one duplex stream may be both. */
export interface ConnectionStreams {
  readonly readable: Readable;
  readonly writable: Writable;
  /** Where they lead, for messages. */
  readonly display: string;
  /** Waited for when the other side has said all; throws what the way it ended means. */
  readonly ended?: () => Promise<void>;
  /** Makes both directions end at once. */
  readonly destroy: (error?: Error) => void;
  /** Let go, in good order where this side has said all; default `destroy`. */
  readonly release?: (isFinished: boolean) => Promise<void>;
  /** Give up when nothing moves for so long while something is waited for; 0 or absent for never. */
  readonly timeoutMs?: number | undefined;
  /** Give up when the other side is slower than this. */
  readonly pace?: PaceOptions | undefined;
}

/** A {@link Connection} over streams of Node: sockets, pipes of a process, channels of ssh. */
export class StreamConnection implements Connection {
  readonly incoming: AsyncIterable<Uint8Array>;
  readonly #streams: ConnectionStreams;
  readonly #deadline: Deadline;
  readonly #pace: Pace | undefined;
  #isTooSlow = false;
  /** How many calls wait for the other side: the clock runs while there is one. */
  #waiting = 0;
  #failure: { readonly error: Error } | undefined;
  #isClosed = false;
  #isDestroyed = false;
  #isFinished = false;
  readonly #onGone = new Set<() => void>();
  /** Nobody reads any more, or there is nothing left to read. */
  #isReadEnough = false;
  #wakeReader: (() => void) | undefined;

  constructor(streams: ConnectionStreams) {
    this.#streams = streams;
    this.#deadline = new Deadline(undefined, streams.timeoutMs ?? 0);
    if (streams.pace !== undefined) {
      this.#pace = new Pace(streams.pace, () => {
        this.#isTooSlow = true;
        this.#destroy();
      });
    }
    const { readable, writable } = streams;
    // Listened to for as long as the streams live: an error that nobody hears ends the process.
    const fail = (error: Error): void => this.#gone(error);
    readable.on('error', fail);
    if ((writable as unknown) !== readable) writable.on('error', fail);
    writable.once('close', () => this.#gone());
    this.#deadline.signal.addEventListener('abort', () => this.#destroy(), { once: true });
    readable.on('readable', this.#onReadable);
    readable.once('end', this.#onReadable);
    readable.once('close', this.#onReadable);
    this.incoming = { [Symbol.asyncIterator]: () => this.#reader() };
  }

  async send(bytes: Uint8Array): Promise<void> {
    const { writable } = this.#streams;
    if (bytes.length === 0) return;
    this.#throwIfOver();
    if (this.#isClosed || this.#isDestroyed || this.#isFinished || !writable.writable) throw this.#brokenOff('send');
    let gone = (): void => {};
    let sent = 0;
    this.#begin();
    try {
      await new Promise<void>((resolve, reject) => {
        // Not every stream calls back for what was under way when it closed.
        gone = () => reject(this.#failure?.error ?? new Error('the other side closed the connection'));
        this.#onGone.add(gone);
        writable.write(bytes, (error) => (error ? reject(error) : resolve()));
      });
      sent = bytes.length;
    } catch (error) {
      this.#throwIfOver();
      throw this.#brokenOff('send', error);
    } finally {
      this.#onGone.delete(gone);
      this.#end(sent);
    }
  }

  async finish(): Promise<void> {
    if (this.#isFinished) return;
    this.#isFinished = true;
    const { writable } = this.#streams;
    if (this.#isDestroyed || !writable.writable) return;
    let gone = (): void => {};
    this.#begin();
    try {
      // Where the other side is gone already, it says so in what it sent, or did not.
      await new Promise<void>((resolve) => {
        gone = resolve;
        this.#onGone.add(gone);
        writable.end(() => resolve());
      });
      this.#throwIfOver();
    } finally {
      this.#onGone.delete(gone);
      this.#end();
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const isFinished = this.#isFinished;
    this.#isFinished = true;
    this.#deadline.end();
    this.#pace?.stop();
    const { release } = this.#streams;
    try {
      if (release === undefined) this.#destroy();
      else await release(isFinished);
    } finally {
      this.#endReading();
      this.#gone();
    }
  }

  /** Not a generator: `return` must be heard while `next` waits. */
  #reader(): AsyncIterator<Uint8Array> {
    const done = { done: true, value: undefined } as const;
    return {
      next: async () => {
        const value = this.#isReadEnough ? undefined : await this.#read();
        return value === undefined ? done : { done: false, value };
      },
      return: async () => {
        this.#endReading();
        return done;
      },
    };
  }

  /** The next chunk, or `undefined` at the end. @throws what the end of it means */
  async #read(): Promise<Uint8Array | undefined> {
    const { readable, ended } = this.#streams;
    let received = 0;
    this.#begin();
    try {
      for (;;) {
        const chunk = readable.read() as Uint8Array | null;
        if (chunk !== null) {
          received = chunk.length;
          return chunk;
        }
        if (this.#isReadEnough) return undefined;
        if (readable.readableEnded) break;
        if (readable.destroyed || this.#isDestroyed || this.#failure !== undefined) return await this.#endedBadly();
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
      }
      this.#endReading();
      this.#throwIfOver();
      await ended?.();
      this.#throwIfOver();
      return undefined;
    } finally {
      this.#end(received);
    }
  }

  #endReading(): void {
    this.#isReadEnough = true;
    this.#streams.readable.off('readable', this.#onReadable);
    this.#wakeReader?.();
  }

  /** A stream that breaks may break for a reason that is better known elsewhere. */
  async #endedBadly(): Promise<never> {
    this.#isReadEnough = true;
    this.#throwIfOver();
    if (this.#isClosed) throw this.#brokenOff('listen');
    await this.#streams.ended?.();
    const error = this.#failure?.error ?? new Error('the other side closed the connection');
    throw requestFailure(error, this.#streams.display, true);
  }

  #brokenOff(verb: string, cause?: unknown): unknown {
    if (isGitError(cause)) return cause;
    const { display } = this.#streams;
    const reason = this.#isClosed ? 'the connection was closed' : 'the other side closed the connection';
    return new TransportError('TRANSPORT_CLOSED', `Cannot ${verb} to ${display}: ${reason}`, {
      retryable: true,
      ...(cause !== undefined && { cause }),
    });
  }

  /** End both directions. Not every stream tells of it, or calls back for what was under way: those who wait are told here. */
  #destroy(): void {
    this.#isDestroyed = true;
    this.#streams.destroy();
    this.#gone();
  }

  #gone(error?: Error): void {
    if (error !== undefined) this.#failure ??= { error };
    for (const gone of this.#onGone) gone();
    this.#onGone.clear();
    this.#wakeReader?.();
  }

  readonly #onReadable = (): void => this.#wakeReader?.();

  #throwIfOver(): void {
    this.#deadline.throwIfOver();
    if (!this.#isTooSlow) return;
    const message = `Cannot go on with ${this.#streams.display}: it is too slow`;
    throw new TransportError('TRANSPORT_CLOSED', message, { retryable: true });
  }

  #begin(): void {
    this.#waiting++;
    this.#deadline.start();
    this.#pace?.begin();
  }

  #end(bytes = 0): void {
    this.#waiting--;
    this.#pace?.end(bytes);
    if (this.#waiting === 0) this.#deadline.stop();
    else this.#deadline.start(); // the other direction moved, so the peer lives
  }
}
