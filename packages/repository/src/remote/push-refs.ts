import type { Oid } from '@git-kv/objects';
import {
  type CodedRefusal,
  connectReceivePack,
  mapSource,
  type ProtocolVersion,
  type ReceivePackClient,
  type Refspec,
  rankShortName,
  type Transport,
} from '@git-kv/protocol';
import { resolveRef } from '../ref-resolve.js';
import type { ReflogNote, RefName, RefUpdate } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { type PushFromOptions, pushFrom } from './push.js';
import { type PlannedPush, type PushWish, planPushes } from './push-plan.js';
import { isFastForward } from './ref-judge.js';
import { moveRefs } from './ref-moves.js';

/** What a ref of the remote has to hold for a push to move it, by force if need be. */
export interface PushLease {
  /** A ref of the remote, maybe by a short name; absent: all that no other lease names. */
  readonly name?: string | undefined;
  /** The value; `null`: it must not exist; absent: what the remote-tracking ref here holds. */
  readonly expected?: Oid | null | undefined;
}

/** What to push, and how. */
export interface PushRefsOptions
  extends PushWish,
    Pick<
      PushFromOptions,
      | 'pushOptions'
      | 'signal'
      | 'onRemoteProgress'
      | 'onProgress'
      | 'onPackSent'
      | 'level'
      | 'negotiate'
      | 'onNegotiationFailure'
    > {
  /** The protocol version to ask for: 1, or what comes without asking (there is no push in version 2). */
  readonly version?: ProtocolVersion | undefined;
  readonly isForced?: boolean | undefined;
  readonly isAtomic?: boolean | undefined;
  /** Find out what would be pushed, and push nothing. */
  readonly isDryRun?: boolean | undefined;
  readonly leases?: readonly PushLease[] | undefined;
  /** Asked of leases by a remote-tracking ref: whether what the remote has under a name was ever part of the branch here. */
  readonly wasSeen?: ((name: RefName, oid: Oid) => Promise<boolean>) | undefined;
  /** The remote's fetch refspecs: where its refs are kept track of here. */
  readonly tracking?: readonly Refspec[] | undefined;
  /** Who pushes, for the logs of remote-tracking refs. */
  readonly reflog?: Omit<ReflogNote, 'message'> | undefined;
  /** Told what will be pushed before anything is: a veto is thrown. */
  readonly onPlan?: ((planned: readonly PushedRefResult[]) => Promise<void>) | undefined;
}

/** Why a ref was not pushed. */
export type PushRejection =
  | 'non-fast-forward'
  /** A tag does not move. */
  | 'already-exists'
  /** The remote has something that is not here. */
  | 'fetch-first'
  /** One of the two values is no commit. */
  | 'needs-force'
  /** The remote's ref is not what the lease says. */
  | 'stale'
  /** What the remote has was fetched, and then nobody here looked at it ({@link PushRefsOptions.wasSeen}). */
  | 'remote-updated'
  /** The remote does not delete refs. */
  | 'no-delete'
  /** Another ref of an atomic push was refused. */
  | 'atomic';

/** What became of one ref of the remote. */
export type PushedRefResult = PlannedPush & {
  /** Commits of the remote were given up for it. */
  readonly wasForced: boolean;
} & (
    | { readonly status: 'up-to-date' | 'pushed' }
    | { readonly status: 'rejected'; readonly reason: PushRejection }
    /** The remote said no; in its words. */
    | {
        readonly status: 'remote-rejected';
        readonly reason: string;
        readonly refusal?: CodedRefusal;
        /** Why the remote could not take the pack, where that is it: it says it once, and of each ref no more than that. */
        readonly unpackReason?: string;
      }
  );

/** What a push changed, or a dry run would have. */
export interface PushRefsReport {
  /** The remote's refs in its order, then new ones. */
  readonly refs: readonly PushedRefResult[];
  readonly hasFailed: boolean;
}

/**
 * Push refs by refspecs, as `git push` does: match, refuse what would lose commits of the remote, send, and bring the
 * remote-tracking refs here up to date. What is refused is in the report.
 * @throws {PushRefspecError} and what {@link pushFrom} throws
 */
export async function pushRefs(
  repository: Repository,
  transport: Transport,
  options: PushRefsOptions,
): Promise<PushRefsReport> {
  const { signal, isAtomic = false, isDryRun = false } = options;
  const client = await connectReceivePack(transport, { signal, version: options.version });
  let isPassedOn = false;
  try {
    const planned = await planPushes(repository, client.refs, options);
    let refs: PushedRefResult[] = [];
    for (const one of planned) refs.push(await judge(repository, client, one, options));
    if (isAtomic && refs.some(({ status }) => status === 'rejected')) {
      refs = refs.map((ref) => (ref.status === 'pushed' ? { ...ref, status: 'rejected', reason: 'atomic' } : ref));
    }
    await options.onPlan?.(refs);
    if (!isDryRun) {
      isPassedOn = true;
      refs = await send(repository, transport, client, refs, options);
      await track(repository, refs, options);
    }
    return { refs, hasFailed: refs.some(({ status }) => status.endsWith('rejected')) };
  } finally {
    if (!isPassedOn) await client.close();
  }
}

/** Whether git would send it. */
async function judge(
  repository: Repository,
  client: ReceivePackClient,
  planned: PlannedPush,
  options: PushRefsOptions,
): Promise<PushedRefResult> {
  const { name, oldOid, newOid } = planned;
  if (newOid !== null && newOid === oldOid) return { ...planned, wasForced: false, status: 'up-to-date' };
  if (newOid === null && !client.capabilities.some((capability) => capability.name === 'delete-refs'))
    return { ...planned, wasForced: false, status: 'rejected', reason: 'no-delete' };
  let mayForce = planned.isForced || options.isForced === true || options.isMirror === true;
  let reason: PushRejection | undefined;
  const lease = await leaseOn(repository, name, options);
  if (lease !== undefined) {
    const isHeld = lease.isTracked && lease.expected === oldOid && oldOid !== null;
    const isUnseen = isHeld && (await options.wasSeen?.(name, oldOid)) === false;
    if (lease.expected !== oldOid) reason = 'stale';
    else if (isUnseen) reason = 'remote-updated';
    else mayForce = true;
  }
  if (reason === undefined && newOid !== null && oldOid !== null) reason = await loss(repository, name, oldOid, newOid);
  if (reason === undefined || mayForce) return { ...planned, status: 'pushed', wasForced: reason !== undefined };
  return { ...planned, wasForced: false, status: 'rejected', reason };
}

/** What speaks against moving a ref of the remote without force. */
async function loss(
  repository: Repository,
  name: RefName,
  oldOid: Oid,
  newOid: Oid,
): Promise<PushRejection | undefined> {
  if (name.startsWith('refs/tags/')) return 'already-exists';
  if ((await repository.objects.stat(oldOid)) === undefined) return 'fetch-first';
  const isForward = await isFastForward(repository, oldOid, newOid);
  if (isForward === undefined) return 'needs-force';
  return isForward ? undefined : 'non-fast-forward';
}

async function leaseOn(
  repository: Repository,
  name: RefName,
  { leases = [], tracking = [] }: PushRefsOptions,
): Promise<{ readonly expected: Oid | null; readonly isTracked: boolean } | undefined> {
  const lease =
    leases.find((one) => one.name !== undefined && rankShortName(one.name, name) > 0) ??
    leases.find((one) => one.name === undefined);
  if (lease === undefined) return undefined;
  if (lease.expected !== undefined) return { expected: lease.expected, isTracked: false };
  const here = mapSource(tracking, name)?.name;
  const held = here === undefined ? undefined : await resolveRef(repository.refs, here);
  return { expected: held?.oid ?? null, isTracked: true };
}

async function send(
  repository: Repository,
  transport: Transport,
  client: ReceivePackClient,
  refs: readonly PushedRefResult[],
  options: PushRefsOptions,
): Promise<PushedRefResult[]> {
  const going = refs.filter(({ status }) => status === 'pushed');
  if (going.length === 0) {
    await client.close();
    return [...refs];
  }
  const { pushOptions, signal, level, isAtomic, negotiate, onNegotiationFailure } = options;
  const { onRemoteProgress, onProgress, onPackSent } = options;
  const outcomes = await pushFrom(repository, transport, {
    client,
    updates: going.map(({ name, oldOid, newOid }) => ({ name, next: newOid, expected: oldOid })),
    ...(isAtomic !== undefined && { atomic: isAtomic }),
    ...(pushOptions && { pushOptions }),
    ...(signal && { signal }),
    ...(onRemoteProgress && { onRemoteProgress }),
    ...(level !== undefined && { level }),
    negotiate,
    onNegotiationFailure,
    onProgress,
    onPackSent,
  });
  const byName = new Map(outcomes.map((outcome) => [outcome.name, outcome]));
  return refs.map((ref): PushedRefResult => {
    const outcome = ref.status === 'pushed' ? byName.get(ref.name) : undefined;
    if (outcome?.status === 'rejected') {
      const { reason, refusal, unpackReason } = outcome;
      return {
        ...ref,
        status: 'remote-rejected',
        reason,
        ...(refusal && { refusal }),
        ...(unpackReason !== undefined && { unpackReason }),
      };
    }
    if (outcome?.status === 'stale') return { ...ref, status: 'rejected', reason: 'stale' };
    return ref;
  });
}

/** Let the remote-tracking refs here follow what the remote now holds. */
async function track(
  repository: Repository,
  refs: readonly PushedRefResult[],
  { tracking = [], reflog, signal }: PushRefsOptions,
): Promise<void> {
  const updates: RefUpdate[] = [];
  for (const { name, newOid, status } of refs) {
    if (status !== 'pushed' && status !== 'up-to-date') continue;
    const here = mapSource(tracking, name)?.name;
    const held = here === undefined ? undefined : await repository.refs.read(here);
    if (here === undefined || (held && 'target' in held)) continue;
    if (newOid === null ? held === undefined : held?.oid === newOid) continue;
    updates.push({ name: here, expected: held ?? null, next: newOid === null ? null : { oid: newOid } });
  }
  const who = reflog ?? { name: 'git-kv', email: 'git-kv@localhost' };
  // What moved meanwhile is somebody else's news: it stays.
  await moveRefs(repository, updates, { reflog: { ...who, message: 'update by push' }, ...(signal && { signal }) });
}
