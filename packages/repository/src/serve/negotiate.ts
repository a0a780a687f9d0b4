import type { Oid } from '@git-kv/objects';
import type { FetchRequest } from '@git-kv/protocol';
import type { ReadOptions } from '../object-store.js';
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

async function everyWantReaches(
  repository: Repository,
  wants: readonly Oid[],
  common: ReadonlySet<Oid>,
  options: ReadOptions,
): Promise<boolean> {
  const shallow = await repository.shallow.read();
  let budget = MAX_COMMITS;
  for (const want of wants) {
    if (common.has(want)) continue;
    const stat = await repository.objects.stat(want, options);
    if (stat?.kind !== 'commit') continue; // a tag, tree or blob is sent whole or not at all
    let reached = false;
    for await (const { oid } of commitsFrom(repository.objects, [want], { ...options, shallow })) {
      if (common.has(oid)) {
        reached = true;
        break;
      }
      if (--budget <= 0) return false;
    }
    if (!reached) return false;
  }
  return true;
}
