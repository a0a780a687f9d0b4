import { GitError, type GitErrorCode, isGitError, type Oid } from '@git-kv/objects';
import { type PackItem, type PackObjectsSummary, packObjects } from '@git-kv/pack';
import {
  connectReceivePack,
  isPushOutcomeUnknown,
  type OnRemoteProgress,
  type PushCommand,
  type ReceivePackClient,
  type Transport,
} from '@git-kv/protocol';
import type { Progress } from '../object-store.js';
import type { RefName } from '../ref-store.js';
import type { RepositoryObjects } from '../repository.js';
import { pause } from '../walk/turns.js';
import { type PushResultStatus, type PushUpdate, unknownOutcome } from './push-outcome.js';

/** How a push goes. */
export interface PushFromOptions {
  readonly updates: readonly PushUpdate[];
  /** All or none, on a server that can. */
  readonly atomic?: boolean;
  readonly pushOptions?: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly onRemoteProgress?: OnRemoteProgress | undefined;
  /** Phase `count`: objects found to be sent. Phase `deltas`: objects compared. Phase `write`: objects sent. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Told what the pack was, once all of it went to the transport. */
  readonly onPackSent?: ((summary: PackObjectsSummary) => void) | undefined;
  /** Compression level of the pack, 0 to 9. */
  readonly level?: number;
  /** What the pack is to hold, for who knows what the remote lacks. Default: found by a walk from the new values and what the remote has. */
  readonly content?: PushContent | undefined;
  /**
   * Ask the remote which commits it has where its refs hold what is not here (git's push.negotiate), so that only the difference is sent
   * (default false). A request or more, and over ssh a login; nothing is asked where all that the refs hold is here.
   */
  readonly negotiate?: boolean | undefined;
  /** Told why a remote could not be asked by `negotiate`: the push goes on without. */
  readonly onNegotiationFailure?: ((error: unknown) => void) | undefined;
  /** A connection that is open already, of the same transport; it is closed in the end. */
  readonly client?: ReceivePackClient;
}

/** The objects of a pack that is pushed. */
export interface PushContent {
  readonly objects: Iterable<PackItem>;
  /** Trees and blobs that the remote has, and that some of `objects` are like. */
  readonly thinBases: Iterable<PackItem>;
}

/**
 * Move refs of a remote, and send the objects they need. What the server refuses is in the results. When the answer is lost
 * after the pack was sent, the remote is asked for its refs: new values there are success. Old ones say that nothing moved only
 * where the pack was not sent to its end, or the server itself said that it failed: then that error is thrown.
 * @throws {PushOutcomeUnknownError} where that cannot be settled; every other error means that no ref has moved
 */
export async function pushFrom(
  repository: RepositoryObjects,
  transport: Transport,
  options: PushFromOptions,
): Promise<PushResultStatus[]> {
  assertDistinct(options.updates);
  const client = options.client ?? (await connectAndRead(repository, transport, options));
  try {
    return await pushOver(repository, transport, client, options);
  } finally {
    await client.close();
  }
}

/** Connect, and read meanwhile what will be read first: that opens packs, and code that has run once is faster. */
async function connectAndRead(
  { objects }: RepositoryObjects,
  transport: Transport,
  { updates: [first], signal }: PushFromOptions,
): Promise<ReceivePackClient> {
  let isWaiting = !objects.prefetch;
  // The request goes out before. Of what fails, whoever needs it will hear.
  pause()
    .then(async () => isWaiting && first?.next && (await objects.read(first.next)))
    .catch(() => {});
  try {
    return await connectReceivePack(transport, { signal });
  } finally {
    isWaiting = false;
  }
}

async function pushOver(
  repository: RepositoryObjects,
  transport: Transport,
  client: ReceivePackClient,
  options: PushFromOptions,
): Promise<PushResultStatus[]> {
  if (client.algorithm.name !== repository.algorithm.name) {
    throw new GitError(
      'UNSUPPORTED',
      `Cannot push to a remote in ${client.algorithm.name}: the repository is in ${repository.algorithm.name}`,
    );
  }
  const plan = planPush(client, options);
  const results = new Map<RefName, PushResultStatus>(plan.settled.map((settled) => [settled.name, settled]));
  if (plan.commands.length > 0) {
    const sending: Sending = { hasAll: false };
    try {
      for (const settled of await send(repository, transport, client, plan.commands, options, sending))
        results.set(settled.name, settled);
    } catch (error) {
      if (!isPushOutcomeUnknown(error)) throw error;
      const isOver = !sending.hasAll || isGitError(error.cause, 'REMOTE_ERROR');
      const { settlePush } = await import('../later.js').catch((cause: unknown) => {
        throw unknownOutcome(options.updates, 'the answer was lost', new AggregateError([error, cause]));
      });
      const settled = await settlePush(transport, plan.commands, options, { error, isOver });
      for (const one of settled) results.set(one.name, one);
    }
  }
  return options.updates.map(({ name }) => results.get(name) as PushResultStatus);
}

function assertDistinct(updates: readonly PushUpdate[]): void {
  const names = new Set<RefName>();
  for (const { name } of updates) {
    if (names.has(name)) throw new TypeError(`Cannot push: ${name} is named twice`);
    names.add(name);
  }
}

interface PushPlan {
  readonly commands: readonly PushCommand[];
  /** What is clear without asking. */
  readonly settled: readonly PushResultStatus[];
}

/** Compare what is asked with what the remote has: only what changes something goes out. */
function planPush(client: ReceivePackClient, options: PushFromOptions): PushPlan {
  const remote = new Map(client.refs.map((ref) => [ref.name, ref.oid]));
  const commands: PushCommand[] = [];
  const settled: PushResultStatus[] = [];
  for (const { name, next, expected } of options.updates) {
    const actual = remote.get(name) ?? null;
    if (expected !== undefined && expected !== actual) settled.push({ name, status: 'stale', actual });
    else if (actual === next) settled.push({ name, status: 'updated' });
    else commands.push({ name, oldOid: actual, newOid: next });
  }
  const stale = settled.some(({ status }) => status === 'stale');
  if (options.atomic !== true || !stale) return { commands, settled };
  const held = commands.map(
    ({ name }): PushResultStatus => ({ name, status: 'rejected', reason: 'atomic transaction failed' }),
  );
  return { commands: [], settled: [...settled, ...held] };
}

/** How far a push has come. */
interface Sending {
  /** The transport has all of the request: the server may do what it says. */
  hasAll: boolean;
}

/** `pack`, noting in `sending` that it was read to its end. A server that lacks its end moves nothing. */
async function* noted(pack: AsyncIterable<Uint8Array>, sending: Sending): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined;
  for await (const chunk of pack) {
    if (held !== undefined) yield held;
    held = chunk;
  }
  // Before the last chunk: who has that need not ask for more.
  sending.hasAll = true;
  if (held !== undefined) yield held;
}

async function send(
  repository: RepositoryObjects,
  transport: Transport,
  client: ReceivePackClient,
  commands: readonly PushCommand[],
  options: PushFromOptions,
  sending: Sending,
): Promise<PushResultStatus[]> {
  const { signal } = options;
  const wants = commands.flatMap(({ newOid }) => (newOid === null ? [] : [newOid]));
  const shallow = await repository.shallow.read();
  const pack =
    wants.length === 0 ? undefined : await packFor(repository, transport, client, { wants, shallow }, options);
  sending.hasAll = pack === undefined;
  const report = await client.push({
    commands,
    pack: pack && noted(pack, sending),
    atomic: options.atomic,
    pushOptions: options.pushOptions,
    shallowOids: [...shallow],
    onProgress: options.onRemoteProgress,
    signal,
  });
  return report.results.map(({ name, ok, reason, refusal, refs }): PushResultStatus => {
    if (ok && report.unpack === 'ok') return { name, status: 'updated', ...(refs && { refs }) };
    return {
      name,
      status: 'rejected',
      reason: reason ?? `unpack failed: ${report.unpack}`,
      ...(report.unpack !== 'ok' && { unpackReason: report.unpack }),
      ...(refusal && { refusal }),
    };
  });
}

async function packFor(
  repository: RepositoryObjects,
  transport: Transport,
  client: ReceivePackClient,
  sent: { readonly wants: readonly Oid[]; readonly shallow: ReadonlySet<Oid> },
  options: PushFromOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const { level, signal, negotiate, onNegotiationFailure: onFailure } = options;
  const offers = (capability: string): boolean => client.capabilities.some(({ name }) => name === capability);
  const thin = !offers('no-thin');
  let { content } = options;
  if (content === undefined) {
    const { findPushContent } = await import('../later.js');
    const negotiation = negotiate ? { transport, onFailure } : undefined;
    content = await findPushContent(repository, client, { ...sent, thin, negotiation, ...(signal && { signal }) });
  }
  const { onProgress } = options;
  const { length } = content.objects as { readonly length?: number };
  if (length !== undefined) onProgress?.({ phase: 'count', loaded: length, total: length });
  const pack = packObjects({
    algorithm: repository.algorithm,
    objects: content.objects,
    thinBases: thin ? content.thinBases : [],
    source: repository.objects,
    offsetDeltas: offers('ofs-delta'),
    ...(level === undefined ? {} : { level }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  return options.onPackSent ? summarized(pack, options.onPackSent) : pack;
}

async function* summarized(
  pack: AsyncGenerator<Uint8Array, PackObjectsSummary>,
  tell: (summary: PackObjectsSummary) => void,
): AsyncGenerator<Uint8Array> {
  tell(yield* pack);
}

/** The error for an update that did not happen, for callers that push one ref and throw. */
export function pushFailure(result: Exclude<PushResultStatus, { status: 'updated' }>): GitError {
  const code: GitErrorCode = 'PUSH_REJECTED';
  return new GitError(code, `Cannot push ${result.name}: ${failureReason(result)}`);
}

function failureReason(result: Exclude<PushResultStatus, { status: 'updated' }>): string {
  if (result.status === 'stale') return `the remote has moved to ${result.actual ?? 'nothing'}; pull first`;
  const { reason, unpackReason } = result;
  // Of each ref it says no more than that.
  return reason === 'unpacker error' && unpackReason !== undefined ? `${reason}: ${unpackReason}` : reason;
}
