import type { DeltaOptions } from '@git-kv/pack';
import type { MaintenanceOptions, RemovedFile } from './options.js';

/** What goes into the new pack, and what becomes of the rest. Names and defaults are those of git-repack(1). */
export interface RepackOptions extends MaintenanceOptions {
  /**
   * `incremental` (default): what is reachable and in no pack yet. `all`: everything that is reachable. `geometric`: as many of the
   * smallest packs as it takes for each to have `factor` times as many objects as the next smaller one, and what is loose.
   */
  readonly mode?: 'incremental' | 'all' | 'geometric';
  /** Of `geometric` (default 2). */
  readonly factor?: number;
  /** Remove what the new pack makes superfluous: packs, and loose objects that are packed (default false). */
  readonly deleteRedundant?: boolean;
  /**
   * Of `all`: what happens to objects of old packs that nothing leads to. `drop`: they go with their packs. `loosen`: they become
   * loose objects, as young as new ones. `cruft`: they go, with those that are loose, into a pack of their own that tells how old
   * each is. `keep`: they go into the new pack. Default `drop`.
   */
  readonly unreachable?: 'drop' | 'loosen' | 'cruft' | 'keep';
  /**
   * Of `loosen` and `cruft`: milliseconds since 1970. What was last written before, as far as packs tell, goes all the same, unless younger objects
   * lead to it. Default: nothing goes.
   */
  readonly expireBeforeMs?: number | undefined;
  /** Leave objects out that an alternate has (default false). */
  readonly local?: boolean;
  /** Packs to leave as they are, beside those with a `.keep` file: names with any ending or none. */
  readonly keepPacks?: readonly string[];
  /** Seek all deltas anew (default false). */
  readonly noReuseDeltas?: boolean;
  /** Deflate all objects anew (default false). */
  readonly noReuseObjects?: boolean;
  readonly deltas?: DeltaOptions | false;
  /** 0 to 9 (default: the repository's pack.compression or core.compression, or else 6). */
  readonly level?: number;
  /** Write a multi-pack-index. Default: where there is one already. `false`: remove one that names packs that go. */
  readonly multiPackIndex?: boolean;
}

/** What a repack did, or in a dry run would do. */
export interface RepackReport {
  /** The new pack, `pack-<hex>`; `undefined` where there was nothing to pack, and in a dry run. */
  readonly packName: string | undefined;
  /** The pack that holds all that was to be packed and nothing else: it stays, and there is no new one. */
  readonly standingName: string | undefined;
  readonly packBytes: number;
  /** Objects in the new pack, among them deltas. */
  readonly objectCount: number;
  readonly deltaCount: number;
  /** Objects that were copied out of old packs, among them deltas. */
  readonly reusedCount: number;
  readonly reusedDeltaCount: number;
  /** The pack of unreachable objects, and how many it holds. */
  readonly cruftName: string | undefined;
  readonly cruftCount: number;
  /** Unreachable objects that became loose. */
  readonly loosenedCount: number;
  /** Unreachable objects that went with their packs. */
  readonly droppedCount: number;
  readonly removedPacks: readonly RemovedFile[];
  readonly removedLoose: readonly RemovedFile[];
  /** Bytes of all that was removed. */
  readonly removedBytes: number;
}
