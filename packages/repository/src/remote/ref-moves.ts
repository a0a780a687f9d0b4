import type { ReflogNote, RefName, RefOutcome, RefUpdate } from '../ref-store.js';
import type { Repository } from '../repository.js';

/** How refs move together. */
export interface RefMovesOptions {
  readonly reflog: ReflogNote;
  /** All or none. */
  readonly isAtomic?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Move refs in one transaction. Where one of them is in the way, the others move without it.
 * @returns those that did not move, each with the ref that was in the way: itself where it had moved
 */
export async function moveRefs(
  repository: Repository,
  updates: readonly RefUpdate[],
  { reflog, isAtomic = false, signal }: RefMovesOptions,
): Promise<Map<RefUpdate, RefName>> {
  const lost = new Map<RefUpdate, RefName>();
  let left = [...updates];
  while (left.length > 0) {
    const outcome = await repository.refs.update(left, { reflog, ...(signal && { signal }) });
    if (outcome.status === 'updated') return lost;
    const done = left.find((update) => isDone(update, outcome));
    if (done !== undefined && !isAtomic) {
      left = left.filter((update) => update !== done);
      continue;
    }
    const blamed =
      outcome.status === 'conflict' && !isAtomic
        ? left.filter(({ name }) => isInvolved(name, outcome.name)).slice(0, 1)
        : [];
    // Nobody to blame: none of them can move.
    for (const update of blamed.length > 0 ? blamed : left) {
      const isBlamed = outcome.status === 'conflict' && isInvolved(update.name, outcome.name);
      lost.set(update, isBlamed ? outcome.name : update.name);
    }
    left = left.filter((update) => !lost.has(update));
  }
  return lost;
}

/** Whether somebody else has done what was to be done: as by another fetch of the same. */
function isDone({ name, next }: RefUpdate, outcome: Exclude<RefOutcome, { status: 'updated' }>): boolean {
  if (outcome.status !== 'conflict' || outcome.name !== name) return false;
  const { actual } = outcome;
  if (next === null || actual === null) return next === actual;
  return 'oid' in next && 'oid' in actual && next.oid === actual.oid;
}

/** A conflict names the ref itself, or the one whose name leaves no room for it. */
function isInvolved(name: string, conflicting: string): boolean {
  return name === conflicting || name.startsWith(`${conflicting}/`) || conflicting.startsWith(`${name}/`);
}
