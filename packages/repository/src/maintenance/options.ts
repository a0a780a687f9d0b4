import type { Progress } from '../object-store.js';

/** What all upkeep of a repository takes. */
export interface MaintenanceOptions {
  /** Change nothing, and tell what would be done (default false). */
  readonly dryRun?: boolean;
  /** Aborts with its reason. What was finished before stays finished; of the rest nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A file that upkeep removed, or in a dry run would remove. */
export interface RemovedFile {
  readonly path: string;
  readonly bytes: number;
}

/** git's gc.pruneExpire: two weeks. */
export const PRUNE_GRACE_MS: number = 14 * 24 * 3600 * 1000;

/** Whether something that was last written at `mtimeMs` is to stay. Whole seconds, as in git; without a limit everything stays. */
export function isYoung(mtimeMs: number, expireBeforeMs: number | undefined): boolean {
  return expireBeforeMs === undefined || Math.floor(mtimeMs / 1000) > Math.floor(expireBeforeMs / 1000);
}

/** Bytes of some files together. */
export function bytesOf(files: readonly RemovedFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
