import type { PushCommand } from '@git-kv/protocol';
import type { Quarantine } from '../object-store.js';
import type { RefOutcome, RefUpdate } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { type OnServeFailure, wordsForRemote } from './failure-words.js';
import { type Candidate, NOT_THERE } from './push-judgement.js';

const NOT_MOVED = 'atomic transaction failed';

/** Move the refs of all candidates or none. */
export async function moveTogether(
  repository: Repository,
  candidates: readonly Candidate[],
  quarantine: Quarantine | undefined,
  onFailure: OnServeFailure | undefined,
): Promise<void> {
  if (candidates.every(({ reason }) => reason === undefined)) await move(repository, candidates, quarantine, onFailure);
  if (candidates.every(({ reason }) => reason === undefined)) return;
  for (const candidate of candidates) candidate.reason ??= NOT_MOVED;
}

/** Move the ref of each candidate that nothing speaks against, each for itself. */
export async function moveEach(
  repository: Repository,
  candidates: readonly Candidate[],
  quarantine: Quarantine | undefined,
  onFailure: OnServeFailure | undefined,
): Promise<void> {
  const ready = candidates.filter(({ reason }) => reason === undefined);
  const [only, ...more] = ready;
  if (only === undefined) return;
  if (more.length === 0) return await move(repository, [only], quarantine, onFailure);
  try {
    await quarantine?.publish();
  } catch (error) {
    refuse(ready, error, onFailure);
    return;
  }
  for (const candidate of ready) await move(repository, [candidate], undefined, onFailure);
}

/** Publish, and move the refs of `candidates` in one transaction; where it fails, they say why. */
async function move(
  repository: Repository,
  candidates: readonly Candidate[],
  quarantine: Quarantine | undefined,
  onFailure: OnServeFailure | undefined,
): Promise<void> {
  let outcome: RefOutcome;
  try {
    outcome = await repository.transact({
      ...(quarantine && { quarantine }),
      updates: candidates.map(({ command }) => toUpdate(command)),
      options: { reflog: { name: 'git-kv', email: 'git-kv@localhost', message: 'push' } },
    });
  } catch (error) {
    refuse(candidates, error, onFailure);
    return;
  }
  if (outcome.status === 'updated') return;
  for (const candidate of candidates) candidate.reason = reasonFor(candidate.command, outcome);
}

/** Whatever failed: others of the push may have moved, and the client has to hear which. */
function refuse(candidates: readonly Candidate[], error: unknown, onFailure: OnServeFailure | undefined): void {
  const reason = wordsForRemote(error, onFailure);
  for (const candidate of candidates) candidate.reason = reason;
}

function toUpdate({ name, oldOid, newOid }: PushCommand): RefUpdate {
  return {
    name,
    expected: oldOid === null ? null : { oid: oldOid },
    next: newOid === null ? null : { oid: newOid },
  };
}

/** What an outcome that moved nothing means for one of its commands. */
function reasonFor({ name, oldOid }: PushCommand, outcome: Exclude<RefOutcome, { status: 'updated' }>): string {
  if (outcome.status === 'fenced') return 'the server is not the leader';
  const { actual } = outcome;
  if (outcome.name === name && !(actual === null ? oldOid === null : 'oid' in actual && actual.oid === oldOid)) {
    return actual === null ? NOT_THERE : `${name} has moved; fetch first`;
  }
  const isInTheWay = name.startsWith(`${outcome.name}/`) || outcome.name.startsWith(`${name}/`);
  return isInTheWay ? `${outcome.name} is in the way` : NOT_MOVED;
}
