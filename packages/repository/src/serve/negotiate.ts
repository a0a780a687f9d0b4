import { type Oid, parseCommitLinks } from '@git-kv/objects';
import type { FetchRequest } from '@git-kv/protocol';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { peelTag } from '../ref-resolve.js';
import type { Repository } from '../repository.js';
import { commitsFrom } from '../walk/index.js';

/** What the haves of one round come to. */
export interface Negotiation {
  /** The haves that this repository has too. */
  readonly commonOids: readonly Oid[];
  /** Every want reaches a common commit: more haves would change little. */
  readonly isReady: boolean;
}

/** Commits looked at to find out whether a want reaches a common one; beyond it the client is asked for more haves. */
const MAX_COMMITS = 100_000;

/** Compare the client's haves with what is here. A round without haves is ready: there is nothing to wait for. */
export async function findCommon(
  repository: Repository,
  request: FetchRequest,
  options: ReadOptions,
): Promise<Negotiation> {
  if (request.haves.length === 0) return { commonOids: [], isReady: true };
  const commonOids: Oid[] = [];
  for (const oid of new Set(request.haves)) {
    if ((await repository.objects.stat(oid, options)) !== undefined) commonOids.push(oid);
  }
  if (commonOids.length === 0 || request.waitForDone || request.done) return { commonOids, isReady: false };
  return { commonOids, isReady: await everyWantReaches(repository, request.wants, new Set(commonOids), options) };
}

/** Whether every commit among `wants` reaches one of `common`, as far as a search within bounds tells. */
export async function everyWantReaches(
  repository: Repository,
  wants: readonly Oid[],
  common: ReadonlySet<Oid>,
  options: ReadOptions,
): Promise<boolean> {
  const { objects } = repository;
  const shallow = await repository.shallow.read();
  const oldest = await oldestTimestamp(objects, common, options);
  let budget = MAX_COMMITS;
  for (const want of wants) {
    if (common.has(want)) continue;
    const target = (await peelTag(objects, want, options)) ?? want;
    if ((await objects.stat(target, options))?.kind !== 'commit') continue; // a tree or blob is sent whole or not at all
    let reached = false;
    for await (const { oid, timestamp } of commitsFrom(objects, [target], { ...options, shallow })) {
      if (common.has(oid)) {
        reached = true;
        break;
      }
      // Newest first, so what is older than every common commit leads to none (wrong clocks cost a round, no more).
      if (timestamp < oldest) break;
      if (--budget <= 0) return false;
    }
    if (!reached) return false;
  }
  return true;
}

/** The earliest date among the commits of `oids`. */
async function oldestTimestamp(reader: ObjectReader, oids: ReadonlySet<Oid>, options: ReadOptions): Promise<number> {
  let oldest = Infinity;
  for await (const [, object] of reader.readMany(oids, options)) {
    if (object?.kind === 'commit') oldest = Math.min(oldest, parseCommitLinks(object.body).timestamp);
  }
  return oldest;
}
