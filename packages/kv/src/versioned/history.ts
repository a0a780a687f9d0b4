import type { Oid } from '@git-kv/objects';
import { parsePathspec, RevisionWalk } from '@git-kv/repository';
import { isValueMode } from '../changes.js';
import type { Key } from '../key.js';
import { findSlot } from '../tree/slot.js';
import type { VersionedCommit } from './commit.js';
import type { VersionedContext } from './context.js';
import type { CallOptions } from './options.js';

/** What of a history is listed. */
export interface HistoryOptions extends CallOptions {
  /** The revision to begin with. Default: the branch. */
  readonly from?: string;
  /** Commits that are listed at most. Default: all. */
  readonly limit?: number;
}

/** A commit that changed a key. */
export interface HistoryEntry<T> {
  readonly commit: VersionedCommit;
  /** The object id of the value that it left there; `undefined` where it left none, and for a dictionary. */
  readonly version: Oid | undefined;
  /** That value, read and decoded now. */
  value(options?: CallOptions): Promise<T | undefined>;
}

/** Commits that a walk takes at a time: what the caller does not ask for is not looked for. */
const STEP = 16;

/** The commits that changed a key, newest first, as `git log -- path` has them. The root's are all commits. */
export async function* historyOf<T>(
  context: VersionedContext<T>,
  from: Oid,
  key: Key,
  { limit = Number.POSITIVE_INFINITY, signal }: HistoryOptions,
): AsyncGenerator<HistoryEntry<T>, void, undefined> {
  const { objects, shallow } = context.repository;
  const walk = await RevisionWalk.open(objects, {
    include: [from],
    ...(key.isRoot ? {} : { paths: [parsePathspec(`:(literal)${key.segments.join('/')}`)] }),
    shallow: await shallow.read(),
    ...(signal !== undefined && { signal }),
  });
  try {
    for (let left = limit; left > 0; ) {
      const rows = await walk.next(Math.min(left, STEP));
      if (rows.length === 0) return;
      left -= rows.length;
      for (const row of rows) yield await entryOf(context, walk.table.oidAt(row), key);
    }
  } finally {
    await walk.close();
  }
}

async function entryOf<T>(context: VersionedContext<T>, oid: Oid, key: Key): Promise<HistoryEntry<T>> {
  const commit = await context.commit(oid);
  const slot = key.isRoot ? undefined : await findSlot(context.trees, commit.treeOid, key);
  const version = slot !== undefined && isValueMode(slot.mode) ? slot.oid : undefined;
  return {
    commit,
    version,
    value: async (options) => (version === undefined ? undefined : await context.value(key, version, options)),
  };
}
