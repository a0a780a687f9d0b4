import { createArena } from '@git-kv/kernels';

const KiB = 1024;
const MiB = 1024 * KiB;

/** What the parts of an arena take; the payloads get the rest. */
const SMALL = { totalBytes: 512 * KiB, inputBytes: 128 * KiB, scratchBytes: 16 * KiB, logBytes: 256 * KiB };
const LARGE = { inputBytes: MiB, scratchBytes: 128 * KiB };
const MOST_LOG_BYTES = 8 * MiB;

/** The least that a large arena works with. */
const LEAST_BYTES = 4 * MiB;
/** A place in it is a 31-bit integer. */
const MOST_BYTES = 1024 * MiB;

/**
 * One run of bytes for all that is inflated, rebuilt and hashed while a pack is indexed, so that the kernels work in place.
 *
 *     arena = input scratch log payloads
 *
 * The input holds the piece of the pack that is scanned, later windows of it; the scratch a delta that is read again; the log
 * objects until they are hashed; the payloads what is kept from the scan until its delta tree is resolved.
 */
export class IndexArena {
  /** What it may take. */
  readonly totalBytes: number;
  bytes: Uint8Array;
  inputEnd: number;
  scratchEnd: number;
  logEnd: number;

  /** A small one. @param totalBytes what it may {@link grow} to, within reason */
  constructor(totalBytes: number) {
    this.totalBytes = Math.min(Math.max(totalBytes, LEAST_BYTES), MOST_BYTES);
    this.bytes = createArena(SMALL.totalBytes);
    this.inputEnd = SMALL.inputBytes;
    this.scratchEnd = this.inputEnd + SMALL.scratchBytes;
    this.logEnd = this.scratchEnd + SMALL.logBytes;
  }

  get isSmall(): boolean {
    return this.bytes.length === SMALL.totalBytes;
  }

  /** The whole size, for a pack that is worth it. Only what lies in the payloads is kept, at the same places after `logEnd`. */
  grow(): void {
    const { bytes, logEnd } = this;
    this.bytes = createArena(this.totalBytes);
    this.inputEnd = LARGE.inputBytes;
    this.scratchEnd = this.inputEnd + LARGE.scratchBytes;
    this.logEnd = this.scratchEnd + Math.min(MOST_LOG_BYTES, Math.floor(this.totalBytes / 2));
    this.bytes.set(bytes.subarray(logEnd), this.logEnd);
  }
}
