import type { Oid } from '@git-kv/objects';
import { connectReceivePack, type PushCommand, type PushInterruptedError, type Transport } from '@git-kv/protocol';
import type { RefName } from '../ref-store.js';
import { type PushResultStatus, type PushUpdate, unknownOutcome } from './push-outcome.js';

/** How long the remote may take to say what became of a push. */
const SETTLE_TIMEOUT_MS = 30_000;

/**
 * Ask the remote what became of a push whose answer was lost. `isOver`: the server is not at work on it any more.
 * @throws {PushOutcomeUnknownError}; the error that interrupted it where it is clear that nothing happened
 */
export async function settlePush(
  transport: Transport,
  commands: readonly PushCommand[],
  { updates, atomic = false }: { readonly updates: readonly PushUpdate[]; readonly atomic?: boolean },
  { error: interrupted, isOver }: { readonly error: PushInterruptedError; readonly isOver: boolean },
): Promise<PushResultStatus[]> {
  let held: Map<RefName, Oid | undefined>;
  try {
    // A push that was given up still has to be settled, so the caller's signal is not passed on.
    const signal = AbortSignal.timeout(SETTLE_TIMEOUT_MS);
    // Not upload-pack, which may hide other refs.
    const client = await connectReceivePack(transport, { signal });
    try {
      held = new Map(client.refs.map(({ name, oid }) => [name, oid]));
    } finally {
      await client.close();
    }
  } catch (error) {
    const cause = new AggregateError([interrupted, error]);
    throw unknownOutcome(updates, 'the answer was lost, and the remote cannot be asked', cause);
  }
  const holds = (name: RefName): Oid | null => held.get(name) ?? null;
  const isUnmoved = commands.every(({ name, oldOid }) => holds(name) === oldOid);
  // Settled: it did not happen, and what is left to tell is why.
  if (isUnmoved && isOver) throw interrupted.cause;
  const asked = 'the answer was lost, and when the remote was asked,';
  if (isUnmoved) throw unknownOutcome(updates, `${asked} it had the old values`, interrupted);
  return commands.map(({ name, oldOid, newOid }): PushResultStatus => {
    const actual = holds(name);
    if (actual === newOid) return { name, status: 'updated' };
    // Without `atomic` each stands alone; which words the remote had for this one is lost.
    if (actual === oldOid && isOver && !atomic) return { name, status: 'rejected', reason: 'it did not move' };
    const what = actual === oldOid ? `${name} had its old value` : `${name} had neither its old nor its new value`;
    throw unknownOutcome(updates, `${asked} ${what}`, interrupted);
  });
}
