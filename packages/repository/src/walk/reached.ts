import type { Oid } from '@git-kv/objects';
import type { ObjectReader } from '../object-store.js';
import { type CommitWalkOptions, commitsFrom } from './commits.js';
import { objectBatchesBetween } from './objects-between.js';

/** How far a search goes. */
export interface ReachedOptions extends CommitWalkOptions {
  /** Commits, or objects, looked at at most. */
  readonly budget: number;
}

/** Those of the commits `oids` that `tipOids` reach, as far as a search within the budget tells. */
export async function reachedCommits(
  reader: ObjectReader,
  tipOids: Iterable<Oid>,
  oids: Iterable<Oid>,
  { budget, ...options }: ReachedOptions,
): Promise<Set<Oid>> {
  const open = new Set(oids);
  const found = new Set<Oid>();
  if (open.size === 0) return found;
  let left = budget;
  for await (const { oid } of commitsFrom(reader, tipOids, options)) {
    if (open.delete(oid)) found.add(oid);
    if (open.size === 0 || --left <= 0) break;
  }
  return found;
}

/** Those of `oids`, objects of any kind, that `tipOids` reach, as far as a search within the budget tells. */
export async function reachedObjects(
  reader: ObjectReader,
  tipOids: Iterable<Oid>,
  oids: Iterable<Oid>,
  { budget, ...options }: ReachedOptions,
): Promise<Set<Oid>> {
  const open = new Set(oids);
  const found = new Set<Oid>();
  if (open.size === 0) return found;
  let left = budget;
  for await (const batch of objectBatchesBetween(reader, { ...options, wants: tipOids })) {
    for (const { oid } of batch) if (open.delete(oid)) found.add(oid);
    left -= batch.length;
    if (open.size === 0 || left <= 0) break;
  }
  return found;
}
