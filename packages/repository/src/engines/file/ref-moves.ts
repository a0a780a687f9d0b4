import type { Oid } from '@git-kv/objects';
import type { ReflogNote, RefUpdate, RefValue } from '../../ref-store.js';
import type { RefFiles } from './ref-files.js';
import { sameValue } from './ref-value.js';
import type { RefMove } from './reflog.js';

/** git's own bound on symbolic refs that point to symbolic refs. */
const MAX_SYMBOLIC_DEPTH = 5;

/** What logs will say of updates: each ref's move, and that of the symbolic refs it was reached by or that HEAD is. */
export async function findMoves(
  files: RefFiles,
  steps: readonly { readonly update: RefUpdate; readonly current: RefValue | null }[],
  note: ReflogNote | undefined,
): Promise<RefMove[]> {
  const zero = files.algorithm.zeroOid;
  const head = await files.readLoose('HEAD');
  const moves: RefMove[] = [];
  for (const { update, current } of steps) {
    const { name, expected, next, via, reflogMessage: message } = update;
    const isVerified = expected !== undefined && sameValue(expected, next);
    const newOid = next === null ? zero : await findOid(files, next);
    // A branch that is not born yet has nothing to tell of.
    const isPointed = next !== null && 'target' in next;
    if (isVerified || newOid === undefined || (isPointed && !note)) continue;
    const oldOid = (current && (await findOid(files, current))) ?? zero;
    if (next !== null && !sameValue(next, current)) moves.push({ name, oldOid, newOid, message });
    const symbolic = new Set(via);
    if (head && 'target' in head && head.target === name && !isPointed) symbolic.add('HEAD');
    for (const other of symbolic) moves.push({ name: other, oldOid, newOid, message });
  }
  return moves;
}

/** The object that a value leads to. */
async function findOid(files: RefFiles, value: RefValue): Promise<Oid | undefined> {
  let at: RefValue | undefined = value;
  for (let depth = 0; at !== undefined && depth <= MAX_SYMBOLIC_DEPTH; depth++) {
    if ('oid' in at) return at.oid;
    at = await files.read(at.target);
  }
  return undefined;
}
