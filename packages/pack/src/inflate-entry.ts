import { type InflateResult, InflateStatus, inflate } from '@git-kv/kernels';
import { MalformedError } from '@git-kv/objects';

const PROBLEMS: Readonly<Record<number, string>> = {
  [InflateStatus.inputEnds]: 'its deflate stream is cut short',
  [InflateStatus.outputFull]: 'it inflates to more than its stated size',
  [InflateStatus.badHeader]: 'it has no zlib header',
  [InflateStatus.badBlock]: 'its deflate stream has a bad block',
  [InflateStatus.badCode]: 'its deflate stream has a bad Huffman code',
  [InflateStatus.badDistance]: 'its deflate stream reaches before its beginning',
  [InflateStatus.badChecksum]: 'its Adler-32 differs',
};

/** The most deflate can expand by: 258 bytes out of two bits. A body needs at least this share of its size as input. */
export const MAX_DEFLATE_RATIO = 1032;

const result: InflateResult = { consumed: 0, produced: 0 };

/**
 * Inflate the body of the entry at `packOffset`, exactly `size` bytes of it, to `outputStart`.
 * @param input ends where the input does: pass a view where a buffer is not full
 * @returns bytes of `input` consumed, or `undefined` where it ends before the stream does
 * @throws {MalformedError} where the stream is broken or yields another size
 */
export function inflateEntry(
  input: Uint8Array,
  inputStart: number,
  output: Uint8Array,
  outputStart: number,
  size: number,
  packOffset: number,
): number | undefined {
  const status = inflate(input, inputStart, output, outputStart, size, result);
  if (status === InflateStatus.done) {
    if (result.produced !== size) {
      throw new MalformedError('pack entry', packOffset, `it inflates to ${result.produced} of ${size} bytes`);
    }
    return result.consumed;
  }
  if (status === InflateStatus.inputEnds) return undefined;
  throw new MalformedError('pack entry', packOffset, PROBLEMS[status] ?? 'it cannot be inflated');
}
