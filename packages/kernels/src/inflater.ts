import { adler32 } from './adler32.js';
import { type BlockTables, inflateCodes } from './inflate/codes.js';
import { cursor, GO_ON, type Step, takeBits } from './inflate/cursor.js';
import { createDynamicTables, fixedTables, readDynamicTables } from './inflate/dynamic.js';
import { isStreamHeader } from './inflate/header.js';
import { MAX_MATCH_BYTES, PushInflater, ROOM_BYTES, type StreamDecoder, WINDOW_BYTES } from './inflate/push-stream.js';
import { type Inflater, type InflaterOptions, InflateStatus } from './types.js';

/**
 * Inflate a zlib stream that comes in pieces of any size, in bounded memory (about 110 KB).
 * @throws {RangeError} for a `maxBytes` below zero
 */
export function createInflater(options?: InflaterOptions): Inflater {
  return new PushInflater(createPlainDecoder(), options);
}

/** The plain decoder of one stream in pieces. */
export function createPlainDecoder(): StreamDecoder {
  return new PlainDecoder();
}

/** What the stream goes on with. */
const Phase = { header: 0, block: 1, stored: 2, codes: 3, checksum: 4 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/**
 * Bytes of input that are kept until more come: a step is done in full or not at all. The longest, the head of a dynamic block,
 * takes fewer than 600, and there is room for so many that the steps before it are surely over.
 */
const KEPT_BYTES = 2048;
/** The window, and what is made before it is given out. */
const BUFFER_BYTES = WINDOW_BYTES + ROOM_BYTES;
/** Up to here two literals and a match fit without a look. */
const LAST_FAST_OUTPUT = BUFFER_BYTES - MAX_MATCH_BYTES - 2;

class PlainDecoder implements StreamDecoder {
  used = 0;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #kept = new Uint8Array(KEPT_BYTES);
  #keptSize = 0;
  #phase: Phase = Phase.header;
  #isLast = false;
  /** Bytes that are left of a stored block. */
  #storedSize = 0;
  /** The decoding tables of a block with codes. */
  #tables: BlockTables | undefined;
  #dynamicTables: BlockTables | undefined;
  #checksum = 1;
  /** Where the window begins, where the next byte goes, and the first that was not taken yet. */
  #windowStart = WINDOW_BYTES;
  #out = WINDOW_BYTES;
  #taken = WINDOW_BYTES;
  #isFull = false;
  #hold = 0;
  #bits = 0;

  begin(): void {
    this.#keptSize = 0;
    this.#phase = Phase.header;
    this.#isLast = false;
    this.#checksum = 1;
    this.#windowStart = WINDOW_BYTES;
    this.#out = WINDOW_BYTES;
    this.#taken = WINDOW_BYTES;
    this.#isFull = false;
    this.#hold = 0;
    this.#bits = 0;
  }

  run(input: Uint8Array, start: number, end: number): InflateStatus {
    let from = start;
    while (this.#keptSize > 0) {
      const oldSize = this.#keptSize;
      const size = Math.min(oldSize + end - from, KEPT_BYTES);
      this.#kept.set(input.subarray(from, from + size - oldSize), oldSize);
      const status = this.#decode(this.#kept.subarray(0, size), 0);
      const isOver = status !== InflateStatus.inputEnds && status !== InflateStatus.outputFull;
      if (isOver || cursor.at >= oldSize) {
        // What was copied and not used is read again where it came from.
        from += cursor.at - oldSize;
        this.#keptSize = 0;
      } else {
        from += size - oldSize;
        this.#kept.copyWithin(0, cursor.at, size);
        this.#keptSize = size - cursor.at;
      }
      if (status !== InflateStatus.inputEnds || (from === end && this.#keptSize > 0)) {
        this.used = from - start;
        return status;
      }
    }
    const status = this.#decode(input.subarray(0, end), from);
    if (status === InflateStatus.inputEnds) {
      this.#keptSize = end - cursor.at;
      this.#kept.set(input.subarray(cursor.at, end));
      this.used = end - start;
    } else {
      this.used = cursor.at - start;
    }
    return status;
  }

  take(): Uint8Array {
    const made = this.#buffer.subarray(this.#taken, this.#out);
    this.#taken = this.#out;
    return made;
  }

  end(): void {
    this.begin();
  }

  /** Go on with the stream over `input`. The cursor is left where it stopped. */
  #decode(input: Uint8Array, start: number): InflateStatus {
    if (this.#isFull) this.#slide();
    cursor.at = start;
    cursor.hold = this.#hold;
    cursor.bits = this.#bits;
    cursor.out = this.#out;
    let step: Step = GO_ON;
    while (step === GO_ON) {
      const { at, hold, bits } = cursor;
      step = this.#step(input);
      // The codes of a block go back on their own, to the last one that was whole.
      if (step === InflateStatus.inputEnds && this.#phase !== Phase.codes && this.#phase !== Phase.stored) {
        cursor.at = at;
        cursor.hold = hold;
        cursor.bits = bits;
      }
    }
    this.#hold = cursor.hold;
    this.#bits = cursor.bits;
    this.#isFull = step === InflateStatus.outputFull;
    return step;
  }

  #step(input: Uint8Array): Step {
    if (this.#phase === Phase.codes) return this.#codes(input);
    if (this.#phase === Phase.stored) return this.#stored(input);
    if (this.#phase === Phase.block) return this.#block(input);
    return this.#phase === Phase.header ? this.#header(input) : this.#end(input);
  }

  #header(input: Uint8Array): Step {
    if (input.length - cursor.at < 2) return InflateStatus.inputEnds;
    if (!isStreamHeader(input[cursor.at]!, input[cursor.at + 1]!)) return InflateStatus.badHeader;
    cursor.at += 2;
    this.#phase = Phase.block;
    return GO_ON;
  }

  #block(input: Uint8Array): Step {
    const header = takeBits(input, 3);
    if (header < 0) return InflateStatus.inputEnds;
    const blockType = header >> 1;
    let step: Step = GO_ON;
    if (blockType === 0) {
      step = this.#storedHead(input);
    } else if (blockType === 1) {
      this.#tables = fixedTables();
    } else if (blockType === 2) {
      this.#tables = this.#dynamicTables ??= createDynamicTables();
      step = readDynamicTables(input, Infinity, this.#tables);
    } else {
      step = InflateStatus.badBlock;
    }
    if (step !== GO_ON) return step;
    this.#isLast = (header & 1) === 1;
    this.#phase = blockType === 0 ? Phase.stored : Phase.codes;
    return GO_ON;
  }

  #storedHead(input: Uint8Array): Step {
    const { at } = cursor;
    if (input.length - at < 4) return InflateStatus.inputEnds;
    const size = input[at]! | (input[at + 1]! << 8);
    if (size !== ((input[at + 2]! | (input[at + 3]! << 8)) ^ 0xffff)) return InflateStatus.badBlock;
    cursor.at = at + 4;
    cursor.hold = 0;
    cursor.bits = 0;
    this.#storedSize = size;
    return GO_ON;
  }

  #stored(input: Uint8Array): Step {
    const { at } = cursor;
    const room = BUFFER_BYTES - cursor.out;
    const size = Math.min(this.#storedSize, input.length - at, room);
    if (size > 0) {
      this.#buffer.set(input.subarray(at, at + size), cursor.out);
      cursor.at = at + size;
      this.#storedSize -= size;
      this.#made(cursor.out + size);
    }
    if (this.#storedSize === 0) return this.#endBlock();
    return size === room ? InflateStatus.outputFull : InflateStatus.inputEnds;
  }

  #codes(input: Uint8Array): Step {
    const step = inflateCodes(input, this.#buffer, this.#windowStart, BUFFER_BYTES, this.#tables!, LAST_FAST_OUTPUT);
    this.#made(cursor.out);
    return step === GO_ON ? this.#endBlock() : step;
  }

  #endBlock(): Step {
    this.#phase = this.#isLast ? Phase.checksum : Phase.block;
    return GO_ON;
  }

  #end(input: Uint8Array): Step {
    const { at } = cursor;
    if (input.length - at < 4) return InflateStatus.inputEnds;
    const checksum = ((input[at]! << 24) | (input[at + 1]! << 16) | (input[at + 2]! << 8) | input[at + 3]!) >>> 0;
    if (checksum !== this.#checksum) return InflateStatus.badChecksum;
    cursor.at = at + 4;
    return InflateStatus.done;
  }

  /** Everything before `end` is there now. */
  #made(end: number): void {
    this.#checksum = adler32(this.#buffer, this.#out, end, this.#checksum);
    this.#out = end;
    cursor.out = end;
  }

  /** Keep the window, make room. What was made before was taken. */
  #slide(): void {
    this.#buffer.copyWithin(0, this.#out - WINDOW_BYTES, this.#out);
    this.#windowStart = 0;
    this.#out = WINDOW_BYTES;
    this.#taken = WINDOW_BYTES;
  }
}
