import { MalformedError } from '@git-kv/objects';
import { decodePktLine } from './decode.js';
import { type PktLine, PREFIX_BYTES } from './line.js';

const NOTHING: Uint8Array = /* @__PURE__ */ new Uint8Array(0);

/**
 * Cuts a stream of bytes into lines, however the network cut it into chunks. Holds at most one unfinished line besides
 * the chunk at hand.
 *
 * Give a chunk when `next` has nothing more. Payloads are views into the chunk, or into a buffer made for a line that was
 * spread over several; they stay valid, and must not be changed while the chunk's owner still uses it.
 */
export class PktLineBuffer {
  /** The chunk at hand; read from `at`. */
  #chunk: Uint8Array = NOTHING;
  #at = 0;
  /** An unfinished line, in a buffer of its whole length as far as that is known; the first `#held` bytes are there. */
  #partial: Uint8Array = NOTHING;
  #held = 0;
  /** Bytes to come of a line whose beginning was given out. */
  #pieceLeft = 0;
  /** Bytes of the stream before what comes next. */
  #offset = 0;

  /** Bytes of the stream that were given out as lines. */
  get offset(): number {
    return this.#offset;
  }

  /** Whether a part of a line was taken in, and its rest is to come. */
  get isWithinLine(): boolean {
    return this.#held > 0 || this.#pieceLeft > 0;
  }

  /** Take in `chunk`, and give each line that is now complete. */
  *push(chunk: Uint8Array): Generator<PktLine, void> {
    this.append(chunk);
    for (let line = this.next(); line !== undefined; line = this.next()) yield line;
  }

  /** Take in `chunk`; `next` must have nothing to give. */
  append(chunk: Uint8Array): void {
    if (this.#at < this.#chunk.length) throw new Error('BUG: lines of the last chunk were not read');
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** The next line, or `undefined` when more bytes are needed. @throws {MalformedError} for what is no pkt-line */
  next(): PktLine | undefined {
    if (this.#held > 0) return this.#completePartial();
    const step = decodePktLine(this.#chunk, this.#at, this.#offset);
    if (step.done) {
      this.#offset += step.end - this.#at;
      this.#at = step.end;
      return step.line;
    }
    const rest = this.#chunk.length - this.#at;
    if (rest > 0) {
      this.#partial = new Uint8Array(rest + step.missingBytes);
      this.#fillPartial(rest);
    }
    return undefined;
  }

  /**
   * As {@link next}, but of a line whose payload begins with `mark` the rest of the payload comes as it arrives, in pieces that are views
   * into the chunk: nothing is joined. Where the line is at hand whole, it comes as a line.
   */
  nextPiece(mark: number): PktLine | Uint8Array | undefined {
    if (this.#held > 0) return this.#completePartial();
    if (this.#pieceLeft === 0) {
      const step = decodePktLine(this.#chunk, this.#at, this.#offset);
      const available = this.#chunk.length - this.#at;
      const contentAt = PREFIX_BYTES + 1;
      if (step.done || available <= contentAt || this.#chunk[this.#at + PREFIX_BYTES] !== mark) return this.next();
      this.#pieceLeft = available + step.missingBytes - contentAt;
      this.#at += contentAt;
      this.#offset += contentAt;
    }
    if (this.#at === this.#chunk.length) return undefined;
    const piece = this.#chunk.subarray(this.#at, this.#at + this.#pieceLeft);
    this.#pieceLeft -= piece.length;
    this.#at += piece.length;
    this.#offset += piece.length;
    return piece;
  }

  /** What was taken in and is not yet given out: for the raw bytes that follow the lines of some messages. */
  takeRest(): Uint8Array {
    const held = this.#partial.subarray(0, this.#held);
    const rest = this.#chunk.subarray(this.#at);
    this.#held = 0;
    this.#chunk = NOTHING;
    this.#at = 0;
    if (held.length === 0) return rest;
    const joined = new Uint8Array(held.length + rest.length);
    joined.set(held);
    joined.set(rest, held.length);
    return joined;
  }

  /** The stream has ended. @throws {MalformedError} if that was within a line */
  end(): void {
    if (this.isWithinLine) {
      throw new MalformedError('pkt-line', this.#offset + this.#held, 'the stream ends within a line', {
        origin: 'remote',
      });
    }
  }

  #completePartial(): PktLine | undefined {
    for (;;) {
      const wanted = this.#partial.length - this.#held;
      const rest = this.#chunk.length - this.#at;
      if (rest < wanted) {
        this.#fillPartial(rest);
        return undefined;
      }
      this.#fillPartial(wanted);
      const step = decodePktLine(this.#partial, 0, this.#offset);
      if (step.done) {
        this.#held = 0;
        this.#offset += step.end;
        return step.line;
      }
      // Only the prefix was whole; now the length is known (at most 65520, so a lying one costs no more than that).
      if (this.#held !== PREFIX_BYTES) throw new Error('BUG: a line has two lengths');
      const whole = new Uint8Array(this.#held + step.missingBytes);
      whole.set(this.#partial);
      this.#partial = whole;
    }
  }

  #fillPartial(count: number): void {
    this.#partial.set(this.#chunk.subarray(this.#at, this.#at + count), this.#held);
    this.#held += count;
    this.#at += count;
  }
}
