import { createInflater, InflateStatus } from '@git-kv/kernels';
import {
  encodeFrame,
  GitError,
  type HashAlgorithm,
  type Hasher,
  inflateFailure,
  MalformedError,
  type ObjectKind,
  type Oid,
  oidFromBytes,
} from '@git-kv/objects';
import type { ByteSource } from '../byte-source.js';

/** Bytes of deflated input read at a time, and given to the inflater at a time: they may stand for a thousand times as many. */
const READ_BYTES = 65536;
const PUSH_BYTES = 4096;
/** Bytes of a piece that is given out, but for the last. */
export const PIECE_BYTES = 65536;

/** An object stored whole, to be streamed. */
export interface StreamedEntry {
  readonly oid: Oid;
  readonly kind: ObjectKind;
  /** Bytes of the object. */
  readonly size: number;
  /** Where the zlib stream begins, and where it has to be over at the latest. */
  readonly start: number;
  readonly end: number;
  /** Bytes at the beginning of what is inflated that are not the object's: the frame of a loose one. */
  readonly skip?: number;
  /** Named in errors, with the offset of what is wrong. */
  readonly format: string;
  readonly offset: number;
}

/**
 * Inflate an object in pieces, in bounded memory. Each piece is a fresh buffer. What was given out is vouched for when the stream has
 * ended well: size, Adler-32 and oid come last.
 * @throws {MalformedError} where the stream is damaged or of another size; {GitError} HASH_MISMATCH where it holds another object
 */
export async function* streamEntry(
  source: Pick<ByteSource, 'read'>,
  entry: StreamedEntry,
  algorithm: HashAlgorithm,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { oid, kind, size, end, format, offset, skip = 0 } = entry;
  const inflater = createInflater({ maxBytes: skip + size });
  const pieces = new Pieces(algorithm.create().update(encodeFrame(kind, size)), skip);
  let status: InflateStatus = InflateStatus.inputEnds;
  let consumedEnd = entry.start;
  for (let at = entry.start; status === InflateStatus.inputEnds; ) {
    if (at >= end) throw new MalformedError(format, offset, 'its deflate stream is cut short');
    signal?.throwIfAborted();
    const input = await source.read(at, Math.min(READ_BYTES, end - at), signal && { signal });
    for (let from = 0; from < input.length && status === InflateStatus.inputEnds; from += PUSH_BYTES) {
      status = inflater.push(input, from, Math.min(from + PUSH_BYTES, input.length), pieces.take);
      yield* pieces.full();
    }
    at += input.length;
    consumedEnd = entry.start + inflater.totalConsumed;
  }
  if (status !== InflateStatus.done) throw inflateFailure(status, format, offset);
  if (inflater.totalProduced !== skip + size) {
    throw new MalformedError(format, offset, `it inflates to ${inflater.totalProduced - skip} of ${size} bytes`);
  }
  if (skip > 0 && consumedEnd !== end) throw new MalformedError(format, consumedEnd, 'bytes follow the object');
  yield* pieces.rest();
  if (oidFromBytes(pieces.digest()) !== oid) {
    throw new GitError('HASH_MISMATCH', `Cannot read object ${oid}: its ${format} holds another object`);
  }
}

/** Gathers what an inflater gives out into pieces of one size. */
class Pieces {
  readonly #hasher: Hasher;
  #skip: number;
  #piece = new Uint8Array(PIECE_BYTES);
  #filled = 0;
  #full: Uint8Array[] = [];

  constructor(hasher: Hasher, skip: number) {
    this.#hasher = hasher;
    this.#skip = skip;
  }

  readonly take = (bytes: Uint8Array): void => {
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    this.#hasher.update(bytes.subarray(skipped));
    for (let at = skipped; at < bytes.length; ) {
      const count = Math.min(bytes.length - at, PIECE_BYTES - this.#filled);
      this.#piece.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled < PIECE_BYTES) continue;
      this.#full.push(this.#piece);
      this.#piece = new Uint8Array(PIECE_BYTES);
      this.#filled = 0;
    }
  };

  full(): Uint8Array[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  rest(): Uint8Array[] {
    return this.#filled === 0 ? [] : [this.#piece.subarray(0, this.#filled)];
  }

  digest(): Uint8Array {
    return this.#hasher.digest();
  }
}
