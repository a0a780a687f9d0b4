import { deflate, type InflateResult, InflateStatus, inflate } from '@git-kv/kernels';
import { MalformedError } from './error.js';

export { deflate };

/** An inflated stream and how much of the input it took. */
export interface Inflated {
  /** A fresh buffer. */
  readonly data: Uint8Array;
  /** Bytes of input the stream took: zlib header and Adler-32 included. */
  readonly deflatedSize: number;
}

// Deflate cannot do better than 258 bytes for two bits, 1032:1. A claim beyond that is refused before it is allocated.
const MAX_RATIO = 1032;

const PROBLEMS: Readonly<Record<InflateStatus, string>> = {
  [InflateStatus.done]: 'stream ends early',
  [InflateStatus.inputEnds]: 'deflated data is cut short',
  [InflateStatus.outputFull]: 'stream holds more than the stated size',
  [InflateStatus.badHeader]: 'zlib header is wrong',
  [InflateStatus.badBlock]: 'deflate block is wrong',
  [InflateStatus.badCode]: 'Huffman code is wrong',
  [InflateStatus.badDistance]: 'match reaches before the start',
  [InflateStatus.badChecksum]: 'Adler-32 differs',
};

/** The error for an inflate that did not end well. `offset` is where the zlib stream begins in what was being decoded. */
export function inflateFailure(status: InflateStatus, format: string, offset: number): MalformedError {
  return new MalformedError(format, offset, PROBLEMS[status]);
}

/** Whether `deflatedSize` bytes can possibly inflate to `inflatedSize`: ask before allocating for a stated size. */
export function canInflateTo(deflatedSize: number, inflatedSize: number): boolean {
  return inflatedSize <= deflatedSize * MAX_RATIO;
}

/**
 * Inflate the zlib stream that begins at `offset` and must yield exactly `inflatedSize` bytes. Input after the stream
 * is left alone: `deflatedSize` tells where it begins. Hold `inflatedSize` against a limit first.
 *
 * @param format named in the error
 * @throws {MalformedError} where the stream is wrong, cut short, or of another size; its offset is `offset`
 * @see RFC 1950, RFC 1951
 */
export function inflateExact(input: Uint8Array, offset: number, inflatedSize: number, format = 'zlib'): Inflated {
  if (!canInflateTo(input.length - offset, inflatedSize)) {
    throw new MalformedError(format, offset, `${input.length - offset} bytes cannot inflate to ${inflatedSize}`);
  }
  const data = new Uint8Array(inflatedSize);
  const result: InflateResult = { consumed: 0, produced: 0 };
  const status = inflate(input, offset, data, 0, inflatedSize, result);
  if (status !== InflateStatus.done) throw inflateFailure(status, format, offset);
  if (result.produced !== inflatedSize) {
    throw new MalformedError(format, offset, `stream yields ${result.produced} of ${inflatedSize} bytes`);
  }
  return { data, deflatedSize: result.consumed };
}
