import { concatBytes, GitError, type HashAlgorithm, type Oid } from '@git-kv/objects';
import {
  type AckMode,
  AGENT,
  assertWithin,
  type Capabilities,
  capabilityValue,
  type FetchRequest,
  hasCapability,
  MAX_BAND_BYTES,
  MAX_SMALL_BAND_BYTES,
  type PktLineReader,
  type ProtocolLimits,
  type RemoteRef,
  readHaveLine,
  readUploadRequest,
  serializeAcknowledgment,
  serializeShallowLines,
  serializeV0Advertisement,
} from '@git-kv/protocol';
import type { Repository } from '../repository.js';
import type { OnServeFailure } from './failure-words.js';
import { type FetchPlan, planFetch } from './fetch-plan.js';
import { withKeepAlive } from './keep-alive.js';
import { listRefs } from './list-refs.js';
import { CommonObjects } from './negotiate.js';
import { sendPack } from './send-pack.js';
import { assertAllowed, type UploadRules } from './upload-rules.js';
import type { RefVisibility } from './visible-refs.js';
import { resolveWants } from './wants.js';

/** Acknowledgments go out together, in chunks of about this size. */
const ACKS_CHUNK_BYTES = 16_384;

/** How one fetch is answered, besides what wants are looked up with. */
export type ServeV0Options = Parameters<typeof resolveWants>[2] & {
  /** Every round is a request of its own, as over HTTP. */
  readonly isStateless?: boolean;
  readonly level?: number;
  readonly onFailure?: OnServeFailure;
  readonly keepAliveMs?: number;
};

/** What a client of protocol v0 or v1 hears first: every ref, and what can be asked for. */
export async function advertisementV0(
  repository: Repository,
  options: RefVisibility & {
    readonly version: 0 | 1;
    readonly isStateless: boolean;
    readonly rules?: UploadRules | undefined;
  },
): Promise<Uint8Array> {
  const refs: RemoteRef[] = [];
  const all = { prefixes: [], symrefs: true, peel: true, unborn: false };
  for await (const { target, ...ref } of listRefs(repository, all, options)) {
    // As git: of the symbolic refs only HEAD is told apart.
    refs.push({ ...ref, ...(ref.name === 'HEAD' && target !== undefined && { target }) });
  }
  return serializeV0Advertisement({
    version: options.version,
    algorithm: repository.algorithm,
    refs,
    shallowOids: await repository.shallow.read(),
    capabilities: serverCapabilities(repository.algorithm, options.isStateless, options.rules ?? {}),
  });
}

function serverCapabilities(algorithm: HashAlgorithm, isStateless: boolean, rules: UploadRules): Capabilities {
  const flags = [
    'multi_ack',
    'thin-pack',
    'side-band',
    'side-band-64k',
    'ofs-delta',
    'shallow',
    'deepen-since',
    'deepen-not',
    'deepen-relative',
    'no-progress',
    'include-tag',
    'multi_ack_detailed',
    ...wantCapabilities(rules),
    ...(isStateless ? ['no-done'] : []),
    ...(rules.allowFilter === false ? [] : ['filter']),
  ];
  return [
    ...flags.map((name) => ({ name })),
    ...(rules.sessionId === undefined ? [] : [{ name: 'session-id', value: rules.sessionId }]),
    { name: 'object-format', value: algorithm.name },
    { name: 'agent', value: AGENT },
  ];
}

/** Which objects that are not listed may be asked for: where the rules do not say, all that is served. */
function wantCapabilities({ allowAnyWant = false, allowTipWant, allowReachableWant }: UploadRules): string[] {
  const isOpen = allowAnyWant || (allowTipWant === undefined && allowReachableWant === undefined);
  return [
    ...(isOpen || allowTipWant === true ? ['allow-tip-sha1-in-want'] : []),
    ...(isOpen || allowReachableWant === true ? ['allow-reachable-sha1-in-want'] : []),
  ];
}

/**
 * Answer one fetch of protocol v0 or v1: the shallow boundary where a depth is asked for, then acknowledgments of haves until
 * the client is done (or this side is ready, with `no-done`), then the pack. Over requests every round is a request of its own
 * and ends with its answer.
 * @see gitprotocol-pack(5), "Packfile Negotiation"
 */
export async function* serveUploadPackV0(
  repository: Repository,
  lines: PktLineReader,
  limits: ProtocolLimits,
  options: ServeV0Options,
): AsyncGenerator<Uint8Array> {
  const upload = await readUploadRequest(lines, repository.algorithm, limits);
  if (upload === undefined) return;
  const { request, capabilities } = upload;
  const format = capabilityValue(capabilities, 'object-format') ?? repository.algorithm.name;
  if (format !== repository.algorithm.name) {
    const problem = `the repository is in ${repository.algorithm.name}`;
    throw new GitError('UNSUPPORTED', `Cannot answer in object format ${format}: ${problem}`);
  }
  const signal = options.signal ? { signal: options.signal } : {};
  assertAllowed(request, options.rules ?? {});
  const wants = await resolveWants(repository, request, { ...options, asksV0: true });
  const deepens = request.depth !== undefined || request.deepenSince !== undefined || request.deepenNot.length > 0;
  let plan: FetchPlan | undefined;
  if (deepens) {
    plan = await planFetch(repository, request, wants.oids, options);
    yield serializeShallowLines(plan.shallowInfo ?? { shallowOids: [], unshallowOids: [] });
  }
  const negotiation = new V0Negotiation(repository, request, capabilities, options);
  yield* negotiation.answers(lines, limits);
  if (!negotiation.isPackWanted) return;
  plan ??= await planFetch(repository, request, wants.oids, options);
  const { thin, ofsDelta, includeTag, noProgress } = request;
  const { level, onFailure, hidden = [], rules } = options;
  const bandBytes = bandSize(capabilities);
  const pack = sendPack(repository, plan, negotiation.commonOids, {
    ...{ thin, ofsDelta, includeTag, noProgress, level, onFailure, bandBytes, hidden },
    maxSharedBytes: rules?.maxSharedPackBytes,
    ...signal,
  });
  yield* bandBytes === 0 ? pack : withKeepAlive(pack, options.keepAliveMs);
}

function bandSize(capabilities: Capabilities): number {
  if (hasCapability(capabilities, 'side-band-64k')) return MAX_BAND_BYTES;
  return hasCapability(capabilities, 'side-band') ? MAX_SMALL_BAND_BYTES : 0;
}

function ackMode(capabilities: Capabilities): AckMode {
  if (hasCapability(capabilities, 'multi_ack_detailed')) return 'detailed';
  return hasCapability(capabilities, 'multi_ack') ? 'multi' : 'single';
}

/** One client's haves, and what it is told of them. */
class V0Negotiation {
  /** The client waits for the pack: else it went away, or comes back with the next round. */
  isPackWanted = false;
  readonly #repository: Repository;
  readonly #request: FetchRequest;
  readonly #isStateless: boolean;
  readonly #mode: AckMode;
  readonly #noDone: boolean;
  readonly #common: CommonObjects;
  /** The last have that is here. */
  #last: Oid | undefined;
  /** The last have of this round that is not. */
  #lastOther: Oid | undefined;
  /** How many common commits there were when readiness was looked at last, and what came of it. */
  #judged = { count: 0, isReady: false };
  #judgements = 0;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(repository: Repository, request: FetchRequest, capabilities: Capabilities, options: ServeV0Options) {
    this.#repository = repository;
    this.#request = request;
    this.#isStateless = options.isStateless === true;
    this.#common = new CommonObjects(repository, options);
    this.#mode = ackMode(capabilities);
    this.#noDone = this.#mode === 'detailed' && hasCapability(capabilities, 'no-done');
  }

  get commonOids(): readonly Oid[] {
    return [...this.#common.oids];
  }

  async *answers(lines: PktLineReader, limits: ProtocolLimits): AsyncGenerator<Uint8Array> {
    for (let count = 0; ; ) {
      const line = await readHaveLine(lines, this.#repository.algorithm);
      if (line.kind === 'end') return;
      if (line.kind === 'have') {
        assertWithin(limits, 'maxObjectLines', ++count);
        await this.#takeHave(line.oid);
        if (this.#pendingBytes >= ACKS_CHUNK_BYTES) yield this.#takePending();
        continue;
      }
      if (line.kind === 'done') this.#endWithPack();
      else await this.#endRound(limits.maxRounds);
      if (this.#pendingBytes > 0) yield this.#takePending();
      if (this.isPackWanted || this.#isStateless) return;
      this.#lastOther = undefined;
    }
  }

  async #takeHave(oid: Oid): Promise<void> {
    const isFirst = this.#common.oids.size === 0;
    if (!(await this.#common.take(oid))) {
      this.#lastOther = oid;
      return;
    }
    this.#last = oid;
    if (this.#mode === 'detailed') this.#say({ kind: 'ack', oid, status: 'common' });
    else if (this.#mode === 'multi') this.#say({ kind: 'ack', oid, status: 'continue' });
    else if (isFirst) this.#say({ kind: 'ack', oid, status: 'final' });
  }

  /** Readiness is looked at once a round: it takes a walk, which nobody should be able to ask for with every line. */
  async #endRound(maxJudgements: number): Promise<void> {
    const isReady = this.#mode !== 'single' && (await this.#isReady(maxJudgements));
    if (isReady && this.#mode === 'detailed' && this.#last !== undefined) {
      this.#say({ kind: 'ack', oid: this.#last, status: 'ready' });
    } else if (isReady && this.#lastOther !== undefined) {
      // Before there was a word for it: as if this one were common too.
      this.#say({ kind: 'ack', oid: this.#lastOther, status: 'continue' });
    }
    if (this.#common.oids.size === 0 || this.#mode !== 'single') this.#say({ kind: 'nak' });
    if (isReady && this.#noDone) this.#endWithPack();
  }

  #endWithPack(): void {
    this.isPackWanted = true;
    if (this.#last === undefined) this.#say({ kind: 'nak' });
    else if (this.#mode !== 'single') this.#say({ kind: 'ack', oid: this.#last, status: 'final' });
  }

  /** Once it was looked at too often it stays as it is: the client ends on its own, with `done`. */
  async #isReady(maxJudgements: number): Promise<boolean> {
    const count = this.#common.oids.size;
    if (count > this.#judged.count && this.#judgements < maxJudgements) {
      this.#judgements++;
      this.#judged = { count, isReady: await this.#common.areReachedBy(this.#request.wants) };
    }
    return this.#judged.isReady;
  }

  #say(acknowledgment: Parameters<typeof serializeAcknowledgment>[0]): void {
    const bytes = serializeAcknowledgment(acknowledgment);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  #takePending(): Uint8Array {
    const bytes = concatBytes(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    return bytes;
  }
}
