import { deflate, type InflateResult, InflateStatus, inflate } from '@git-kv/kernels';
import { concatBytes } from './bytes/bytes.js';
import { decodeLatin1 } from './bytes/text.js';
import { LimitError, MalformedError } from './error.js';
import { encodeFrame } from './frame.js';
import type { HashAlgorithm } from './hash.js';
import { isObjectKind, type ObjectKind, type RawObject } from './kind.js';
import { assertObjectSize, type Limits } from './limits.js';
import { type Oid, oidFromBytes } from './oid.js';
import { canInflateTo, inflateFailure } from './zlib.js';

/** As long as a frame can be that git reads. */
const MAX_FRAME_BYTES = 32;

const MAX_GUESS_BYTES = 64 * 1024;

/** What a loose object's frame says, and how long it is. */
export interface LooseHeader {
  readonly kind: ObjectKind;
  /** Bytes of the body. */
  readonly size: number;
  /** Bytes of the frame, its NUL included: the body begins there in the inflated stream. */
  readonly headerSize: number;
}

/** Caps for {@link decodeLoose}. */
export interface DecodeLooseOptions {
  /** Bytes a body of any kind may have, beside what `limits` allow. */
  readonly maxBytes?: number;
  readonly limits?: Limits;
}

/**
 * An object as a file under `objects/`: its oid and the file's content.
 *
 *     loose = deflate( frame body )
 *
 * @param level 0 to 9 as in zlib
 */
export function encodeLoose(
  algorithm: HashAlgorithm,
  kind: ObjectKind,
  body: Uint8Array,
  level?: number,
): { readonly oid: Oid; readonly bytes: Uint8Array } {
  const content = concatBytes([encodeFrame(kind, body.length), body]);
  return { oid: oidFromBytes(algorithm.digest(content)), bytes: deflate(content, level) };
}

/**
 * The object in a loose file. Its oid is not looked at: hash the body to verify it. The body is a fresh buffer.
 * @throws {MalformedError} where the stream, the frame or the size is wrong, or bytes follow the stream
 * @throws {LimitError} before allocating for a size over the limits
 */
export function decodeLoose(bytes: Uint8Array, options: DecodeLooseOptions = {}): RawObject {
  // Most loose objects are small: a guess at the size spares them a second inflate, made for the frame alone.
  let content = new Uint8Array(Math.max(MAX_FRAME_BYTES, Math.min(bytes.length * 4, MAX_GUESS_BYTES)));
  const result: InflateResult = { consumed: 0, produced: 0 };
  let status = inflate(bytes, 0, content, 0, content.length, result);
  const { kind, size, headerSize } = frameOf(content, status, result.produced);
  assertObjectSize(kind, size, options.limits);
  if (options.maxBytes !== undefined && size > options.maxBytes) {
    throw new LimitError('maxBytes', size, options.maxBytes);
  }
  const inflatedSize = headerSize + size;
  if (status === InflateStatus.outputFull && inflatedSize > content.length) {
    if (!canInflateTo(bytes.length, inflatedSize)) {
      throw new MalformedError('loose object', 0, `${bytes.length} bytes cannot inflate to ${inflatedSize}`);
    }
    content = new Uint8Array(inflatedSize);
    status = inflate(bytes, 0, content, 0, inflatedSize, result);
  }
  if (status !== InflateStatus.done) throw inflateFailure(status, 'loose object', 0);
  if (result.produced !== inflatedSize) {
    throw new MalformedError('loose object', 0, `body has ${result.produced - headerSize} of ${size} bytes`);
  }
  if (result.consumed !== bytes.length) {
    throw new MalformedError('loose object', result.consumed, 'bytes follow the object');
  }
  const isExact = content.length === inflatedSize;
  return { kind, body: isExact ? content.subarray(headerSize) : content.slice(headerSize, inflatedSize) };
}

/**
 * Kind and size of the object in a loose file, from the beginning of its stream. `bytes` may be the beginning of the
 * file: 512 bytes are enough for what zlib writes.
 * @throws {MalformedError} where the stream or the frame is wrong
 */
export function decodeLooseHeader(bytes: Uint8Array): LooseHeader {
  const head = new Uint8Array(MAX_FRAME_BYTES);
  const result: InflateResult = { consumed: 0, produced: 0 };
  const status = inflate(bytes, 0, head, 0, MAX_FRAME_BYTES, result);
  return frameOf(head, status, result.produced);
}

/** The frame at the start of a stream of which `produced` bytes are inflated, and the rest may be cut or broken. */
function frameOf(content: Uint8Array, status: InflateStatus, produced: number): LooseHeader {
  const head = content.subarray(0, Math.min(produced, MAX_FRAME_BYTES));
  const nul = head.indexOf(0);
  if (nul >= 0) return parseFrame(head, nul);
  if (head.length < MAX_FRAME_BYTES && status !== InflateStatus.done && status !== InflateStatus.outputFull) {
    throw inflateFailure(status, 'loose object', 0);
  }
  throw new MalformedError('loose object header', head.length, 'header has no terminating NUL');
}

/** Strict, as git is: one space, a decimal size without leading zeros. Offsets are into the inflated stream. */
function parseFrame(head: Uint8Array, nul: number): LooseHeader {
  const text = decodeLatin1(head, 0, nul);
  const space = text.indexOf(' ');
  const kind = text.slice(0, Math.max(space, 0));
  if (!isObjectKind(kind)) throw new MalformedError('loose object header', 0, 'kind is unknown');
  const digits = text.slice(space + 1);
  const size = Number(digits);
  if (!/^(?:0|[1-9][0-9]*)$/.test(digits) || !Number.isSafeInteger(size)) {
    throw new MalformedError('loose object header', space + 1, 'size is not a decimal number');
  }
  return { kind, size, headerSize: nul + 1 };
}
