import { type Inflater, type InflaterOptions, InflateStatus } from '../types.js';

/** Matches reach back this far (RFC 1951, 3.2.5). */
export const WINDOW_BYTES = 32_768;
/** Bytes that are made before they are given out: the most of one `emit`. */
export const ROOM_BYTES = 65_536;
/** The longest match, which is not begun unless there is room for it. */
export const MAX_MATCH_BYTES = 258;

/** What a stream in pieces asks of the kernel that decodes it. It owns the memory of one stream at a time. */
export interface StreamDecoder {
  /** Forget the stream before. */
  begin(): void;
  /**
   * Decode `input` from `start` on until it ends, the stream ends, or the buffer is full, which is `outputFull`. What was decoded
   * is then given by `take`.
   */
  run(input: Uint8Array, start: number, end: number): InflateStatus;
  /** Bytes of the last `run` that were used, or kept for the next one. */
  readonly used: number;
  /** The bytes decoded since the last `take`: a view, until the next `run`. */
  take(): Uint8Array;
  /** No more is asked of this stream: memory may go back. */
  end(): void;
}

/** The bookkeeping of a stream in pieces: totals, the cap, what is given out. */
export class PushInflater implements Inflater {
  consumed = 0;
  totalConsumed = 0;
  totalProduced = 0;
  readonly #decoder: StreamDecoder;
  #maxBytes: number;
  /** `undefined` before the first push. */
  #status: InflateStatus | undefined;

  constructor(decoder: StreamDecoder, options: InflaterOptions = {}) {
    this.#decoder = decoder;
    this.#maxBytes = checkedMaxBytes(options.maxBytes ?? Infinity);
  }

  reset(maxBytes: number = this.#maxBytes): void {
    this.#maxBytes = checkedMaxBytes(maxBytes);
    if (this.#status === InflateStatus.inputEnds) this.#decoder.end();
    this.#status = undefined;
    this.consumed = 0;
    this.totalConsumed = 0;
    this.totalProduced = 0;
  }

  push(input: Uint8Array, start: number, end: number, emit: (bytes: Uint8Array) => void): InflateStatus {
    if (!(start >= 0 && start <= end && end <= input.length)) {
      throw new RangeError(`Cannot inflate bytes ${start} to ${end}: the input has ${input.length}`);
    }
    this.consumed = 0;
    if (this.#status === undefined) this.#decoder.begin();
    else if (this.#status !== InflateStatus.inputEnds) return this.#status;
    for (let at = start; ; ) {
      let status = this.#decoder.run(input, at, end);
      at += this.#decoder.used;
      const isFull = status === InflateStatus.outputFull;
      let made = this.#decoder.take();
      if (made.length > this.#maxBytes - this.totalProduced) {
        // Whatever else is wrong came after the byte that is one too many.
        status = InflateStatus.outputFull;
        made = made.subarray(0, this.#maxBytes - this.totalProduced);
      } else if (isFull) {
        this.#give(made, emit);
        continue;
      }
      this.#status = status;
      if (status === InflateStatus.inputEnds || status === InflateStatus.done) {
        this.consumed = at - start;
        this.totalConsumed += this.consumed;
      }
      this.#give(made, emit);
      // Only now: what was given lies in its memory.
      if (status !== InflateStatus.inputEnds) this.#decoder.end();
      return status;
    }
  }

  #give(made: Uint8Array, emit: (bytes: Uint8Array) => void): void {
    if (made.length === 0) return;
    this.totalProduced += made.length;
    emit(made);
  }
}

function checkedMaxBytes(maxBytes: number): number {
  if (maxBytes >= 0) return maxBytes;
  throw new RangeError(`Cannot inflate at most ${maxBytes} bytes`);
}
