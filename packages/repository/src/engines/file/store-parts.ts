import type { Oid } from '@git-kv/objects';
import type { ObjectReader } from '../../object-store.js';
import type { Disk } from './disk.js';
import type { HeldPacksOptions } from './held-packs.js';
import type { AcquireLock } from './lock-file.js';
import type { ObjectDirectory } from './object-directory.js';

/** How objects are read and written. */
export interface FileObjectStoreOptions extends HeldPacksOptions {
  /** Bytes of delta bases kept in memory (default 96 MiB, as core.deltaBaseCacheLimit of git). */
  readonly cacheBytes?: number | undefined;
  /** Received packs of fewer objects are stored as loose objects, as receive.unpackLimit does in git (default 100). */
  readonly unpackLimit?: number | undefined;
  /** `prune` spares what is younger than this (default 0). */
  readonly pruneGraceMs?: number | undefined;
  /** Whether what is read is held against the checksums that are there (default true). */
  readonly verifyReads?: boolean | undefined;
  /** extensions.preciousObjects: nothing is ever pruned. */
  readonly isPrecious?: boolean | undefined;
  /** Whether history is what commits say, so that a commit-graph may be asked (default: yes). */
  readonly isHistoryPlain?: (() => Promise<boolean>) | undefined;
  /** Takes locks (default: in nobody's name). */
  readonly acquireLock?: AcquireLock | undefined;
}

/** The file object store as those see it who receive, write and prune for it. */
export interface StoreParts extends ObjectReader {
  readonly disk: Disk;
  /** The store's own directory: the only one it writes. */
  readonly own: ObjectDirectory;
  readonly options: FileObjectStoreOptions;
  /**
   * Look for an object that is to be written. Where it is the store's own, it is as young as a new one then.
   * @returns whether it is here: `loose` ones are durable only once they were settled
   */
  refreshAge(oid: Oid): Promise<'loose' | 'elsewhere' | undefined>;
  /** Those of some sorted oids that are here; each directory of loose objects is listed at most once. */
  existing(oids: Iterable<Oid>): AsyncIterable<Oid>;
}
