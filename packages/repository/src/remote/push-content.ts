import type { Oid } from '@git-kv/objects';
import type { ReceivePackClient } from '@git-kv/protocol';
import type { ReadOptions } from '../object-store.js';
import { listPackContent, type PackContent } from '../pack-listing.js';
import { promisedAbsence } from '../promisor/promised-absence.js';
import type { RepositoryObjects } from '../repository.js';
import { negotiatePush, type PushNegotiation } from './push-negotiation.js';

/** Commits of the remote's that are looked at for what comes again. */
const KNOWN_HISTORY = 16;

/** What is pushed, and from where. */
export interface FindPushContentOptions extends ReadOptions {
  readonly wants: readonly Oid[];
  /** The boundary of the repository's own history. */
  readonly shallow: ReadonlySet<Oid>;
  readonly thin: boolean;
  /** Ask the remote what it has of the history of `wants` where its refs do not tell. */
  readonly negotiation?: PushNegotiation | undefined;
}

/** What a remote lacks of `wants` and all they reach, as far as its refs and a negotiation tell. */
export async function findPushContent(
  { objects }: RepositoryObjects,
  client: ReceivePackClient,
  { wants, shallow, thin, negotiation, ...signal }: FindPushContentOptions,
): Promise<PackContent> {
  const haves = [...client.refs.flatMap(({ oid }) => (oid === undefined ? [] : [oid])), ...client.haveOids];
  if (negotiation) haves.push(...(await negotiatePush(objects, client, { wants, shallow, ...signal }, negotiation)));
  // What lies behind the server's boundary is neither known there nor a base for it.
  const boundary = new Set([...shallow, ...client.shallowOids]);
  // What a promisor remote promised and is missing here is what the server has, or it says what it lacks.
  const isPromised = objects.prefetch ? undefined : await promisedAbsence(objects, signal);
  const between = { wants, haves, shallow: boundary, ...(isPromised && { isPromised }), ...signal };
  // A partial clone would have to fetch what it compares with.
  const knownHistory = objects.prefetch || isPromised ? 0 : KNOWN_HISTORY;
  return await listPackContent(objects, { ...between, thin, knownHistory });
}
