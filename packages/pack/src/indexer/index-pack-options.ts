import type { HashAlgorithm, HashPolicy, Oid, RawObject } from '@git-kv/objects';
import type { PackLimits } from '../limits.js';
import type { PackProgress } from '../progress.js';
import type { PackStorage } from '../storage.js';
import type { PackCheckOptions } from './pack-check.js';
import type { ResolveWorkers } from './resolve-share.js';
import type { VisitedObject } from './visited-object.js';

/** How a pack is indexed. */
export interface IndexPackOptions {
  readonly algorithm: HashAlgorithm;
  /** Empty at first; holds the whole pack when the promise resolves. On an error its content is of no use. */
  readonly storage: PackStorage;
  /** Objects a thin pack may build upon. Without it a delta whose base is not in the pack is an error. */
  readonly readBase?: (oid: Oid) => Promise<RawObject | undefined>;
  readonly limits?: Partial<PackLimits>;
  /**
   * Read no further than the trailer, where more may follow or nothing may for a long time. Default: the pack is all that comes, and
   * bytes after it are an error. Those that come in one chunk with the trailer always are.
   */
  readonly stopsAtTrailer?: boolean;
  /**
   * Bytes for inflated deltas and rebuilt objects (default 10 MiB, at least 4 MiB); what goes beyond is read and inflated
   * again. Some 50 bytes an object, and the largest objects, come on top of it.
   */
  readonly memoryBytes?: number;
  /** Whether objects made by a collision attack on SHA-1 are found and refused (default `detect`). */
  readonly hashPolicy?: HashPolicy;
  /**
   * Told of every object of the pack as soon as it is whole, each entry once: full ones in pack order, then what deltas make,
   * tree by tree. Its id is not known yet. What this throws ends the indexing.
   */
  readonly visit?: (object: VisitedObject) => void;
  /** Whether {@link visit} is to be told of blobs, too (default true): most objects are, and a call costs more than to hash a small one. */
  readonly visitsBlobs?: boolean;
  /** Check the objects as `git index-pack --strict` does. Special files that are not in the pack are read by `readBase`. */
  readonly check?: PackCheckOptions;
  /** Threads that resolve deltas, this one included (default 1), where {@link workers} can be had. */
  readonly threads?: number;
  /** Starts the other threads; `@git-kv/pack/node` has one. Packs with ref-deltas, `visit` or `check` are resolved here alone. */
  readonly workers?: ResolveWorkers;
  readonly signal?: AbortSignal;
  /** Phases `scan` (objects received) and `resolve` (deltas resolved). */
  readonly onProgress?: (progress: PackProgress) => void;
}

/** A pack that was taken in. */
export interface IndexedPack {
  /** The trailer of the pack as it stands in the storage. */
  readonly packChecksum: Oid;
  /** Objects in the stored pack: those received, and the bases that completed it. */
  readonly objectCount: number;
  readonly receivedCount: number;
  /** Bases added from `readBase`; empty where the pack was not thin. */
  readonly appendedOids: readonly Oid[];
  /** Bytes of the stored pack, trailer included. */
  readonly packSize: number;
  /** The idx, version 2. */
  readonly index: Uint8Array;
  /** By index position: type codes 1 to 4, as {@link kindOfTypeCode} reads them. */
  readonly typeCodes: Uint8Array;
  /** The same in the order of the pack. */
  readonly entries: IndexedEntries;
}

/** The entries of a pack in its order, in columns. */
export interface IndexedEntries {
  /** Object ids, one after another. */
  readonly oids: Uint8Array;
  /** Type codes of objects, in the low three bits. */
  readonly typeCodes: Uint8Array;
  /** By index position: which entry it is. */
  readonly order: Uint32Array;
}
