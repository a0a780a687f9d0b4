import { TreeCursor } from './cursor.js';
import { isSameEntry } from './diff.js';
import { compareCursors } from './order.js';
import { entryAt, type TreeEntry } from './tree.js';

/** The sides of a merge: what both came from, and what each made of it. */
export type MergeSide = 'base' | 'ours' | 'theirs';

/** One name that the three sides of a merge do not have all alike; a side that lacks it is absent. */
export interface TreeEntryDivergence {
  readonly name: Uint8Array;
  readonly base?: TreeEntry;
  readonly ours?: TreeEntry;
  readonly theirs?: TreeEntry;
}

/**
 * How three trees differ, without looking into trees below them, in tree order: every name but those that are the same, or
 * are absent, on all sides. A file and a tree of one name are two entries, each with the sides that have it. All trees must
 * be in the order git wants.
 *
 * @param bodies an absent one is no tree
 * @throws {MalformedError} where a tree is broken
 */
export function diffThreeTreeBodies(
  bodies: { readonly [side in MergeSide]?: Uint8Array | undefined },
  oidLength: number,
): TreeEntryDivergence[] {
  const base = new Side(bodies.base, oidLength);
  const ours = new Side(bodies.ours, oidLength);
  const theirs = new Side(bodies.theirs, oidLength);
  const divergences: TreeEntryDivergence[] = [];
  for (;;) {
    const first = leastOf(leastOf(base, ours), theirs);
    if (first === undefined) return divergences;
    const inBase = base.isAt(first);
    const inOurs = ours.isAt(first);
    const inTheirs = theirs.isAt(first);
    const isAlike =
      inBase && inOurs && inTheirs && isSameEntry(base.cursor, ours.cursor) && isSameEntry(base.cursor, theirs.cursor);
    if (!isAlike) {
      divergences.push({
        name: first.cursor.name(),
        ...(inBase && { base: entryAt(base.cursor) }),
        ...(inOurs && { ours: entryAt(ours.cursor) }),
        ...(inTheirs && { theirs: entryAt(theirs.cursor) }),
      });
    }
    // `first` is one of the three: compared with it, none may have moved.
    if (inBase) base.step();
    if (inOurs) ours.step();
    if (inTheirs) theirs.step();
  }
}

/** A cursor that knows whether it is past the end. */
class Side {
  readonly cursor: TreeCursor;
  hasEntry: boolean;

  constructor(body: Uint8Array | undefined, oidLength: number) {
    this.cursor = new TreeCursor(body ?? new Uint8Array(0), oidLength);
    this.hasEntry = this.cursor.next();
  }

  step(): void {
    this.hasEntry = this.cursor.next();
  }

  isAt(other: Side): boolean {
    return this.hasEntry && (this === other || compareCursors(this.cursor, other.cursor) === 0);
  }
}

function leastOf(a: Side | undefined, b: Side): Side | undefined {
  if (a === undefined || !a.hasEntry) return b.hasEntry ? b : undefined;
  return b.hasEntry && compareCursors(b.cursor, a.cursor) < 0 ? b : a;
}
