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
  const { signal, maxCommits } = options;
  const near = await walkFirstParents(source, from, tip, maxCommits);
  if (near !== undefined && isAnswer(near, from)) return near;
  const isKnown = from !== undefined && (await source.readNear(from)) !== undefined;
  await source.bring(tip, from, { signal, depth: maxCommits + 1, isKnown });
  const first = await walkFirstParents(source, from, tip, maxCommits);
  if (first !== undefined && isAnswer(first, from)) return first;
  if (from === undefined) return { kind: 'reset', reason: 'missing' };
  return (await walkAllParents(source, from, tip, options)) ?? { kind: 'reset', reason: 'rewritten' };
}

/** First parents lead past a `from` that was merged in: many of them say nothing about how far it is. */
function isAnswer(way: Way, from: Oid | undefined): boolean {
  return way.kind === 'steps' || from === undefined;
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
  from: Oid,
  tip: Oid,
  { maxCommits, signal }: Options,
): Promise<Way | undefined> {
  /** Commits that `from` does not have. */
  const links = new Map<Oid, CommitLinks>();
  const children = new Map<Oid, Oid[]>();
  const horizon = new Horizon(source);
  await horizon.meet(from, true);
  await horizon.meet(tip, false);
  for (let next = horizon.take(); next !== undefined; next = horizon.take()) {
    signal.throwIfAborted();
    const { oid, found, isOld } = next;
    if (!isOld) {
      if (links.size === maxCommits) return { kind: 'reset', reason: 'too-many-commits' };
      links.set(oid, found);
    }
    for (const parentOid of found.parentOids) {
      await horizon.meet(parentOid, isOld);
      if (isOld) continue;
      const those = children.get(parentOid);
      if (those) those.push(oid);
      else children.set(parentOid, [oid]);
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

/** A commit that was met and not yet looked at. */
interface Met {
  readonly oid: Oid;
  readonly found: CommitLinks;
  /** Whether it is where the way begins, or before. */
  isOld: boolean;
}

/** Commits of two histories, the newest first, until none is left that is not known for an old one. */
class Horizon {
  readonly #source: WatchSource;
  readonly #met = new Map<Oid, { isOld: boolean }>();
  readonly #waiting = new Set<Met>();

  constructor(source: WatchSource) {
    this.#source = source;
  }

  /** History that is not here ends there. */
  async meet(oid: Oid, isOld: boolean): Promise<void> {
    const known = this.#met.get(oid);
    if (known !== undefined) {
      known.isOld ||= isOld;
      return;
    }
    const found = await readLinks(this.#source, oid);
    const met = found && { oid, found, isOld };
    this.#met.set(oid, met ?? { isOld });
    if (met !== undefined) this.#waiting.add(met);
  }

  take(): Met | undefined {
    let newest: Met | undefined;
    let isNews = false;
    for (const met of this.#waiting) {
      isNews ||= !met.isOld;
      if (newest === undefined || isBefore(met, newest)) newest = met;
    }
    if (newest === undefined || !isNews) return undefined;
    this.#waiting.delete(newest);
    return newest;
  }
}

/** Of one second the old ones, so that what is shared is known for it before it is counted. */
function isBefore(a: Met, b: Met): boolean {
  const newer = a.found.timestamp - b.found.timestamp;
  return newer > 0 || (newer === 0 && a.isOld && !b.isOld);
}

async function readLinks(source: WatchSource, oid: Oid): Promise<CommitLinks | undefined> {
  const object = await source.readNear(oid);
  return object?.kind === 'commit' ? parseCommitLinks(object.body) : undefined;
}
