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
