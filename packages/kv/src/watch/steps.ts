import { type CommitLinks, type Oid, parseCommitLinks } from '@git-kv/objects';
import type { WatchResetReason } from './events.js';
import type { WatchSource } from './source.js';

/** A commit on the way from one place of a branch to another. */
export interface Step {
  readonly oid: Oid;
  readonly treeOid: Oid;
}

/** How a branch came to `tip`: the commits after `from`, oldest first, or why they cannot be told. */
export type Way =
  | { readonly kind: 'steps'; readonly steps: readonly Step[] }
  | { readonly kind: 'reset'; readonly reason: WatchResetReason };

interface Options {
  readonly maxCommits: number;
  readonly signal: AbortSignal;
}

/**
 * The way of a branch from one commit to another. Of a merge it is the parent that leads to `from`, the first where all do: what was
 * merged in arrives with the merge, so that the changes of all steps add up.
 */
export async function findWay(source: WatchSource, from: Oid | undefined, tip: Oid, options: Options): Promise<Way> {
  const near = await walkFirstParents(source, from, tip, options.maxCommits);
  if (near !== undefined) return near;
  const isKnown = from !== undefined && (await source.readNear(from)) !== undefined;
  const { signal, maxCommits } = options;
  await source.bring(tip, from, { signal, depth: maxCommits + 1, isKnown });
  return (
    (await walkFirstParents(source, from, tip, maxCommits)) ??
    (await walkAllParents(source, from, tip, maxCommits)) ?? { kind: 'reset', reason: from ? 'rewritten' : 'missing' }
  );
}

/** `undefined` where `from` is not on it, as far as it is here. */
async function walkFirstParents(
  source: WatchSource,
  from: Oid | undefined,
  tip: Oid,
  maxCommits: number,
): Promise<Way | undefined> {
  const steps: Step[] = [];
  let at: Oid | undefined = tip;
  while (at !== undefined && at !== from) {
    const links = await readLinks(source, at);
    if (links === undefined) return undefined;
    if (steps.length === maxCommits) return { kind: 'reset', reason: 'too-many-commits' };
    steps.push({ oid: at, treeOid: links.treeOid });
    at = links.parentOids[0];
  }
  return at === from ? { kind: 'steps', steps: steps.reverse() } : undefined;
}

/** The same where `from` was merged into the branch, and not the other way round. */
async function walkAllParents(
  source: WatchSource,
  from: Oid | undefined,
  tip: Oid,
  maxCommits: number,
): Promise<Way | undefined> {
  if (from === undefined) return undefined;
  /** Commits above, each with the one that it was come to by. */
  const links = new Map<Oid, CommitLinks>();
  const children = new Map<Oid, Oid[]>();
  const queue = [tip];
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (oid === from || links.has(oid)) continue;
    const found = await readLinks(source, oid);
    if (found === undefined) continue; // it ends in history that is shared, or missing
    if (links.size === maxCommits) return { kind: 'reset', reason: 'too-many-commits' };
    links.set(oid, found);
    for (const parentOid of found.parentOids) {
      const those = children.get(parentOid);
      if (those) those.push(oid);
      else children.set(parentOid, [oid]);
      queue.push(parentOid);
    }
  }
  const above = new Set<Oid>([from]);
  for (const oid of above) for (const child of children.get(oid) ?? []) above.add(child);
  if (!above.has(tip)) return undefined;
  const steps: Step[] = [];
  for (let at = tip; at !== from; ) {
    const { treeOid, parentOids } = links.get(at) as CommitLinks;
    steps.push({ oid: at, treeOid });
    at = parentOids.find((oid) => above.has(oid)) as Oid;
  }
  return { kind: 'steps', steps: steps.reverse() };
}

async function readLinks(source: WatchSource, oid: Oid): Promise<CommitLinks | undefined> {
  const object = await source.readNear(oid);
  return object?.kind === 'commit' ? parseCommitLinks(object.body) : undefined;
}
