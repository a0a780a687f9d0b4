import type { Oid } from '@git-kv/objects';
import { kindOfTypeCode } from '../entry-header.js';
import { pause } from '../progress.js';
import { NONE, type PackPlan, Stored } from './pack-plan.js';
import type { PackEntryHead, PackSource } from './pack-source.js';

/** Entries looked at between two turns of the event loop. */
const SLICE_ROWS = 16384;

/** Settle which objects stay as the packs they lie in hold them: full ones, and deltas whose base goes into this pack too. */
export async function planReuse(
  plan: PackPlan,
  source: PackSource,
  options: { readonly maxDepth: number; readonly withDeltas: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  const packs = new Map<object, number>();
  const take = (row: number, entry: PackEntryHead): void => {
    let pack = packs.get(entry.pack);
    if (pack === undefined) packs.set(entry.pack, (pack = packs.size + 1));
    // Its number tells the search that two objects were compared already: not where that is to be done again.
    if (options.withDeltas) plan.packs[row] = pack;
    plan.storedSizes[row] = entry.inflatedSize;
    if (kindOfTypeCode(entry.typeCode) !== undefined) {
      plan.kinds[row] = entry.typeCode;
      plan.sizes[row] = entry.inflatedSize;
      plan.stored[row] = Stored.full;
      return;
    }
    // Of what is not in this pack nobody needs to know what it is made of, and to find that out may mean to sort an idx.
    const baseOid = options.withDeltas && row < plan.count ? entry.baseOid : undefined;
    const base = baseOid === undefined ? undefined : plan.rowOf(baseOid);
    const isUsable = base !== undefined && base !== row;
    plan.stored[row] = isUsable ? Stored.delta : Stored.otherDelta;
    if (isUsable) plan.bases[row] = base;
  };
  const rest: Oid[] = [];
  for (const [row, oid] of plan.oids.entries()) {
    const head = source.readEntryHeadSync?.(oid);
    if (head === undefined) rest.push(oid);
    else take(row, head);
    if (row % SLICE_ROWS === SLICE_ROWS - 1) {
      options.signal?.throwIfAborted();
      await pause();
    }
  }
  const waits = options.signal === undefined ? {} : { signal: options.signal };
  if (rest.length > 0 && source.readEntries !== undefined) {
    for await (const [oid, entry] of source.readEntries(rest, waits)) {
      const row = plan.rowOf(oid);
      if (row !== undefined) take(row, entry);
    }
  }
  cutChains(plan, options.maxDepth);
}

/**
 * Find the depth of every chain, and cut those that are too deep. Deltas of several packs may also form circles, which are
 * cut where they close.
 */
function cutChains(plan: PackPlan, maxDepth: number): void {
  const { bases, depths, stored } = plan;
  const UNKNOWN = 0;
  const ON_CHAIN = 1;
  const DONE = 2;
  const states = new Uint8Array(bases.length);
  const chain: number[] = [];
  const cut = (row: number): void => {
    bases[row] = NONE;
    stored[row] = Stored.otherDelta;
  };
  for (let start = 0; start < bases.length; start++) {
    let row = start;
    while (row !== NONE && states[row] === UNKNOWN) {
      states[row] = ON_CHAIN;
      chain.push(row);
      row = bases[row] as number;
    }
    if (row !== NONE && states[row] === ON_CHAIN) cut(chain.at(-1) as number);
    for (let next = chain.pop(); next !== undefined; next = chain.pop()) {
      const base = bases[next] as number;
      const depth = base === NONE ? 0 : (depths[base] as number) + 1;
      if (depth > maxDepth) cut(next);
      else depths[next] = depth;
      states[next] = DONE;
    }
  }
}
