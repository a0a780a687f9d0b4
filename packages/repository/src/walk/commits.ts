import type { CommitLinks, Oid } from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { CommitNodes } from './commit-nodes.js';
import { DateQueue } from './date-queue.js';
import { Turns } from './turns.js';

/** Bounds of a walk over commits. */
export interface CommitWalkOptions extends ReadOptions {
  /** Commits whose parents are not followed: the shallow boundary. */
  readonly shallow?: ReadonlySet<Oid>;
}

/** A commit as a walk meets it. At the shallow boundary `parentOids` is empty. */
export interface WalkedCommit extends CommitLinks {
  readonly oid: Oid;
}

const SEEN = 1;

/**
 * All commits reachable from `startOids`, each once, newest committer date first as far as dates are in order.
 * @throws {NotFoundError} OBJECT_NOT_FOUND for a start or a parent that is missing
 */
export async function* commitsFrom(
  reader: ObjectReader,
  startOids: Iterable<Oid>,
  options: CommitWalkOptions = {},
): AsyncGenerator<WalkedCommit> {
  const nodes = new CommitNodes(reader, options.shallow, options.signal);
  const queue = new DateQueue();
  const turns = new Turns(options.signal);
  const push = async (oids: readonly Oid[]): Promise<void> => {
    await nodes.prefetch(oids);
    for (const oid of oids) {
      const node = await nodes.load(oid);
      if (node.flags & SEEN) continue;
      node.flags |= SEEN;
      queue.push(node);
    }
  };
  await push([...startOids]);
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    await turns.step();
    yield { oid: node.oid, treeOid: node.treeOid, parentOids: node.parentOids, timestamp: node.timestamp };
    await push(node.parentOids);
  }
}

const FROM_DESCENDANT = 1;
const FROM_ANCESTOR = 2;

/**
 * Whether `descendantOid` reaches `ancestorOid` through parents; a commit reaches itself. Walks both histories by date and
 * stops as soon as all that is left of the descendant's lies below the ancestor. Commits that are missing end the walk there.
 */
export async function isAncestor(
  reader: ObjectReader,
  ancestorOid: Oid,
  descendantOid: Oid,
  options: CommitWalkOptions = {},
): Promise<boolean> {
  if (ancestorOid === descendantOid) return true;
  const nodes = new CommitNodes(reader, options.shallow, options.signal);
  const queue = new DateQueue();
  const turns = new Turns(options.signal);
  const open = new Set<Oid>(); // queued commits that only the descendant reached: the ancestor may still be below them
  const paint = (oid: Oid, flags: number): void => {
    const node = nodes.get(oid);
    if (!node || (node.flags & flags) === flags) return;
    node.flags |= flags;
    queue.push(node);
    if (node.flags === FROM_DESCENDANT) open.add(oid);
    else open.delete(oid);
  };
  await nodes.prefetch([ancestorOid, descendantOid]);
  paint(ancestorOid, FROM_ANCESTOR);
  paint(descendantOid, FROM_DESCENDANT);
  while (open.size > 0) {
    const node = queue.pop();
    if (node === undefined) return false;
    await turns.step();
    open.delete(node.oid);
    if (node.flags & FROM_DESCENDANT && node.parentOids.includes(ancestorOid)) return true;
    await nodes.prefetch(node.parentOids);
    for (const parentOid of node.parentOids) paint(parentOid, node.flags);
  }
  return false;
}
