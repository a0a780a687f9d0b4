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
  return await search(oids, budget, () => oneByOne(commitsFrom(reader, tipOids, options)));
}

/** Those of `oids`, objects of any kind, that `tipOids` reach, as far as a search within the budget tells. */
export async function reachedObjects(
  reader: ObjectReader,
  tipOids: Iterable<Oid>,
  oids: Iterable<Oid>,
  { budget, ...options }: ReachedOptions,
): Promise<Set<Oid>> {
  return await search(oids, budget, () => objectBatchesBetween(reader, { ...options, wants: tipOids }));
}

interface Found {
  readonly oid: Oid;
}

async function* oneByOne(walk: AsyncIterable<Found>): AsyncGenerator<readonly Found[]> {
  for await (const one of walk) yield [one];
}

/** Walk until all of `oids` were met, or the budget is used up. @param walk not begun where nothing is looked for */
async function search(
  oids: Iterable<Oid>,
  budget: number,
  walk: () => AsyncIterable<readonly Found[]>,
): Promise<Set<Oid>> {
  const open = new Set(oids);
  const found = new Set<Oid>();
  if (open.size === 0) return found;
  let left = budget;
  for await (const batch of walk()) {
    for (const { oid } of batch) if (open.delete(oid)) found.add(oid);
    left -= batch.length;
    if (open.size === 0 || left <= 0) break;
  }
  return found;
}
