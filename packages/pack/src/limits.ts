/** Caps on what a pack may ask for. Each is an option; the error that enforces it names it, the value and the cap. */
export interface PackLimits {
  /** Bytes of one object, inflated or rebuilt from a delta. */
  readonly objectBytes: number;
  /** The same for commits, trees and tags. */
  readonly structuredBytes: number;
  /** Inflated bytes per byte of pack, once more than {@link expansionFreeBytes} were inflated. Delta results do not count. */
  readonly expansionRatio: number;
  /** Inflated bytes below which any ratio passes. */
  readonly expansionFreeBytes: number;
  /** Inflated bytes of the whole pack. */
  readonly inflatedBytes: number;
  /** Bytes of the pack itself. */
  readonly packBytes: number;
  /** Objects in the pack. */
  readonly objectCount: number;
  /** Deltas between an object and the full object its chain ends in. */
  readonly deltaDepth: number;
  /** Bytes rebuilt from deltas per byte of pack, once more than {@link resolvedFreeBytes} were. git/git has 60, a store of many keys in one tree thousands. */
  readonly resolvedRatio: number;
  /** Bytes rebuilt from deltas below which any ratio passes. */
  readonly resolvedFreeBytes: number;
  /** Bytes of a delta's base and result, which are in memory together. */
  readonly liveBaseBytes: number;
}

const MiB = 2 ** 20;

/** What holds where a caller says nothing. A server that takes pushes lowers `packBytes` and `inflatedBytes`. */
export const DEFAULT_PACK_LIMITS: PackLimits = {
  objectBytes: 512 * MiB,
  structuredBytes: 16 * MiB,
  expansionRatio: 200,
  expansionFreeBytes: 64 * MiB,
  inflatedBytes: Number.MAX_SAFE_INTEGER,
  packBytes: Number.MAX_SAFE_INTEGER,
  objectCount: 2 ** 30,
  deltaDepth: 4095,
  resolvedRatio: 10_000,
  resolvedFreeBytes: 1024 * MiB,
  liveBaseBytes: 1024 * MiB,
};

/** {@link DEFAULT_PACK_LIMITS} with some of them replaced. */
export function packLimits(limits: Partial<PackLimits> = {}): PackLimits {
  return { ...DEFAULT_PACK_LIMITS, ...limits };
}
