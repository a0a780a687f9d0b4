/** How an inflate call ended. Kernels return a status and offsets; the packages above make errors of them. */
export const InflateStatus = {
  /** The stream ended well: Adler-32 right, `produced` bytes written, `consumed` bytes read. */
  done: 0,
  /** The input ends before the stream does. Call again with more, from the start. */
  inputEnds: 1,
  /** The stream holds more than `outputSize` bytes. */
  outputFull: 2,
  /** Not a zlib header (RFC 1950): wrong method, window, check bits, or a preset dictionary. */
  badHeader: 3,
  /** Reserved block type, or a stored block whose length check fails. */
  badBlock: 4,
  /** A Huffman table that is over-subscribed or incomplete, or a code outside of it. */
  badCode: 5,
  /** A match that begins before the output. */
  badDistance: 6,
  /** Adler-32 differs. */
  badChecksum: 7,
} as const;
/** One of the ends above. */
export type InflateStatus = (typeof InflateStatus)[keyof typeof InflateStatus];

/** Filled in by `inflate`, so that a call in a hot loop allocates nothing. */
export interface InflateResult {
  /** Bytes of input read, zlib header and Adler-32 included. Set for `done` only. */
  consumed: number;
  /** Bytes of output written. */
  produced: number;
}

/** How a stream is inflated in pieces. */
export interface InflaterOptions {
  /** The most bytes the stream may hold; one more and it ends as `outputFull`. No cap when left out. */
  readonly maxBytes?: number;
}

/** A zlib stream taken in pieces, and given out in pieces. Holds 32 KiB of window and some buffers, whatever the stream's size. */
export interface Inflater {
  /**
   * Take the bytes of `input` from `start` to `end`. Returns when they are used up or the stream has ended.
   *
   * Every piece is given to `emit` as a view of at most 64 KiB, which is overwritten later: copy what outlives the call. Where the
   * stream is cut makes no difference to what is given in all. Nothing is vouched for before `done`: the checksum comes last. An
   * error thrown by `emit` passes through, and nothing can be said of the stream any more.
   * @returns `inputEnds`: wants more; `done`: the stream ended well; `outputFull`: it holds more than `maxBytes`, of which `emit`
   * got as many; anything else: broken. All but the first stay as they are
   * @throws {RangeError} when the range lies outside `input`
   */
  push(input: Uint8Array, start: number, end: number, emit: (bytes: Uint8Array) => void): InflateStatus;
  /** Begin a new stream, with the same memory. @param maxBytes as before when left out */
  reset(maxBytes?: number): void;
  /** Bytes of the last push that belong to the stream: all of them while it goes on. 0 for a stream that is not well. */
  readonly consumed: number;
  /** The same of all pushes so far. */
  readonly totalConsumed: number;
  /** Bytes given to `emit` so far. */
  readonly totalProduced: number;
}

/** `deflate`, or a promise of it where a runtime does it by itself, which may make other bytes of it, or has to load what does. */
export type DeflateSoon = (input: Uint8Array, level?: number) => Uint8Array | Promise<Uint8Array>;

/** How applying a delta ended. */
export const DeltaStatus = {
  done: 0,
  /** The delta ends inside an instruction or a size. */
  inputEnds: 1,
  /** Made for a base of another size. */
  baseSizeDiffers: 2,
  /** The stated result size is not `outputSize`. */
  resultSizeDiffers: 3,
  /** Opcode 0, which is reserved. */
  reservedOpcode: 4,
  /** A copy reaches past the end of the base. */
  copyOutsideBase: 5,
  /** Instructions yield more than the stated result size. */
  resultOverrun: 6,
  /** Instructions yield less than the stated result size. */
  resultShort: 7,
} as const;
/** One of the ends above. */
export type DeltaStatus = (typeof DeltaStatus)[keyof typeof DeltaStatus];

/** Hashes that name git's objects, as `extensions.objectFormat` spells them. */
export type HashName = 'sha1' | 'sha256';

/** One digest computation. */
export interface Hasher {
  update(chunk: Uint8Array): this;
  /** The digest, in a fresh buffer. Ends the computation. */
  digest(): Uint8Array;
}

/** A SHA-1 computation that also looks for collision attacks. */
export interface DetectingHasher extends Hasher {
  /** Whether a collision attack was found in the bytes so far. Ask after `digest()`: the last blocks are looked at there. */
  readonly foundCollision: boolean;
}

/** How a hash queue works. */
export interface HashQueueOptions {
  /** Look for SHA-1 collision attacks. Of SHA-256 none are known. */
  readonly detects?: boolean;
  /**
   * Takes the digest of the piece that was added with `ticket`: the bytes at `digestStart` of `digests`, which are overwritten later.
   * Called in the order of adding. It must not use the queue.
   */
  readonly receive: (ticket: number, digests: Uint8Array, digestStart: number, isCollision: boolean) => void;
}

/** Gathers pieces and hashes many at a time, which is up to four times as fast as one by one. */
export interface HashQueue {
  /**
   * Have `input` from `start` to `end` hashed, now or by the next `flush`; the bytes are copied.
   * @throws {RangeError} when the range lies outside `input`
   */
  add(input: Uint8Array, start: number, end: number, ticket: number): void;
  /** Hash what was added: every digest is received when this returns. */
  flush(): void;
}
