import { encodeUtf8, GitError, isGitError } from '@git-kv/objects';
import {
  AGENT,
  capabilityValue,
  encodeSideband,
  type FetchRequest,
  FLUSH,
  type ObjectInfo,
  PktLineReader,
  type ProtocolLimits,
  type ProtocolVersion,
  parseFetchCommand,
  parseLsRefsCommand,
  parseObjectInfoCommand,
  protocolLimits,
  readV2Command,
  serializeErrorLine,
  serializeFetchAnswerHead,
  serializeObjectInfo,
  serializeServiceLine,
  serializeV2Advertisement,
  type V2Command,
} from '@git-kv/protocol';
import type { ReadOptions } from '../object-store.js';
import type { Repository } from '../repository.js';
import { type OnServeFailure, wordsForRemote } from './failure-words.js';
import { planFetch } from './fetch-plan.js';
import { withKeepAlive } from './keep-alive.js';
import { listRefLines } from './list-refs.js';
import { findCommon } from './negotiate.js';
import { sendPack } from './send-pack.js';
import { advertisementV0, serveUploadPackV0 } from './upload-pack-v0.js';
import { assertAllowed, type UploadRules, uploadCapabilities } from './upload-rules.js';
import type { RefVisibility } from './visible-refs.js';
import { resolveWants, withheld } from './wants.js';

/** What is wrong with a request that is no message, too large, or cut short. */
const CLIENTS_BYTES = ['MALFORMED', 'LIMIT_EXCEEDED', 'TRANSPORT_CLOSED'] as const;

/** Characters of what a client says of itself that are told. */
const MAX_WORDS = 1024;

/** Who connects, and how. */
export interface AdvertiseOptions extends RefVisibility {
  /** The highest protocol version that the client asks for (default 0). */
  readonly version?: ProtocolVersion | undefined;
  /** Put the service line of smart HTTP first. */
  readonly isHttp?: boolean;
  /** Every round of a fetch will be a request of its own (default: over HTTP). */
  readonly isStateless?: boolean;
  readonly rules?: UploadRules | undefined;
}

/** One command of a client, as far as it says what it is. */
export interface UploadPackCommand {
  /** `ls-refs`, `fetch` or `object-info`, or what the client asks for that is none. All of these are cut, and without control characters. */
  readonly command: string;
  readonly agent: string | undefined;
  /** By which the client's own logs name it, where the server told its own. */
  readonly sessionId: string | undefined;
  /** `git fetch --server-option`: words that mean something to the server. */
  readonly serverOptions: readonly string[];
}

/** How fetches of one connection are answered. */
export interface ServeUploadPackOptions extends RefVisibility {
  /** The version that was advertised: default 2. */
  readonly version?: ProtocolVersion | undefined;
  /** Every round of a fetch is a request of its own, as over HTTP: default false. In version 2 one command is answered. */
  readonly isStateless?: boolean;
  readonly signal?: AbortSignal;
  readonly rules?: UploadRules | undefined;
  /** Told of each command before it is answered. What it throws refuses the command. */
  readonly onCommand?: (command: UploadPackCommand) => void | Promise<void>;
  readonly limits?: Partial<ProtocolLimits>;
  /** Compression level of packs, 0 to 9 (default 1: a server's time is dearer than the wire). */
  readonly level?: number;
  readonly onFailure?: OnServeFailure;
  /** Milliseconds of silence after which the client hears that this side is still at work (default 5000). */
  readonly keepAliveMs?: number;
}

/**
 * What upload-pack says when a client connects: what it can do, and in version 0 and 1 its refs too.
 * @see gitprotocol-v2(5), "Capability Advertisement"; gitprotocol-pack(5), "Reference Discovery"
 */
export async function* advertiseUploadPack(
  repository: Repository,
  options: AdvertiseOptions,
): AsyncGenerator<Uint8Array> {
  const { version = 0, isHttp = false } = options;
  // Read before the first bytes go out: what fails until then can still be an HTTP status.
  const refs =
    version === 2
      ? undefined
      : await advertisementV0(repository, { ...options, version, isStateless: options.isStateless ?? isHttp });
  if (isHttp) yield serializeServiceLine('git-upload-pack');
  if (refs !== undefined) {
    yield refs;
    return;
  }
  yield serializeV2Advertisement([
    { name: 'agent', value: AGENT },
    ...uploadCapabilities(repository.algorithm.name, options.rules ?? {}),
  ]);
}

/**
 * Answer upload-pack requests: in protocol v2 one after another, until the client has no more (over HTTP, `isStateless`, one; over a
 * pipe any number), in version 0 and 1 one fetch. Objects are read as the answer is pulled.
 *
 * What the client asked wrongly becomes an ERR line, after which the conversation ends; a malformed request is thrown, as long
 * as nothing was answered.
 * @see gitprotocol-v2(5)
 */
export async function* serveUploadPack(
  repository: Repository,
  request: AsyncIterable<Uint8Array>,
  options: ServeUploadPackOptions = {},
): AsyncGenerator<Uint8Array> {
  const limits = protocolLimits(options.limits);
  const lines = new PktLineReader(request);
  let answered = false;
  try {
    const isVersion2 = (options.version ?? 2) === 2;
    const answers = isVersion2
      ? serveV2(repository, lines, limits, options)
      : serveUploadPackV0(repository, lines, limits, options);
    for await (const chunk of answers) {
      answered = true;
      yield chunk;
    }
  } catch (error) {
    // What is wrong with the bytes is the transport's to report while it still can; everything else is told in the protocol.
    const isClientsBytes = CLIENTS_BYTES.some((code) => isGitError(error, code));
    if (!answered && (isClientsBytes || !isGitError(error))) throw error;
    options.signal?.throwIfAborted();
    yield serializeErrorLine(explanation(error, options.onFailure));
  } finally {
    await lines.close();
  }
}

async function* serveV2(
  repository: Repository,
  lines: PktLineReader,
  limits: ProtocolLimits,
  options: ServeUploadPackOptions,
): AsyncGenerator<Uint8Array> {
  for (;;) {
    const command = await readV2Command(lines, limits);
    if (command === undefined) return;
    yield* answer(repository, command, limits, options);
    // As git: what else a request holds is not looked at, or one of a few megabytes could ask for thousands of clones.
    if (options.isStateless === true) return;
  }
}

/** What git itself says without telling who says it. */
const BARE_WORDS = /^(?:unknown ref|filter|tree filter) /;

function explanation(error: unknown, onFailure: OnServeFailure | undefined): string {
  const words = wordsForRemote(error, onFailure);
  return BARE_WORDS.test(words) ? words : `upload-pack: ${words}`;
}

async function* answer(
  repository: Repository,
  command: V2Command,
  limits: ProtocolLimits,
  options: ServeUploadPackOptions,
): AsyncGenerator<Uint8Array> {
  const format = capabilityValue(command.capabilities, 'object-format') ?? 'sha1';
  if (format !== repository.algorithm.name) {
    throw new GitError(
      'UNSUPPORTED',
      `Cannot answer in object format ${format}: the repository is in ${repository.algorithm.name}`,
    );
  }
  await options.onCommand?.(describe(command));
  if (command.command === 'ls-refs') yield* answerLsRefs(repository, command, limits, options);
  else if (command.command === 'fetch') {
    yield* answerFetch(repository, parseFetchCommand(command, repository.algorithm, limits), options);
  } else if (command.command === 'object-info' && options.rules?.allowObjectInfo !== false) {
    yield await answerObjectInfo(repository, command, limits, options);
  } else {
    const name = JSON.stringify(command.command.slice(0, 80));
    throw new GitError('UNSUPPORTED', `Cannot run command ${name}: it is not known`);
  }
}

function describe({ command, capabilities }: V2Command): UploadPackCommand {
  return {
    command: plainWords(command) ?? '',
    agent: plainWords(capabilityValue(capabilities, 'agent')),
    sessionId: plainWords(capabilityValue(capabilities, 'session-id')),
    serverOptions: capabilities
      .filter(({ name }) => name === 'server-option')
      .map(({ value }) => plainWords(value) ?? ''),
  };
}

/** What is for logs, without what steers a terminal. */
function plainWords(text: string | undefined): string | undefined {
  return text?.slice(0, MAX_WORDS).replace(/[\x00-\x1f\x7f-\x9f]/g, '');
}

async function* answerLsRefs(
  repository: Repository,
  command: V2Command,
  limits: ProtocolLimits,
  options: ServeUploadPackOptions,
): AsyncGenerator<Uint8Array> {
  const asked = parseLsRefsCommand(command, limits);
  const request = options.rules?.unborn === 'ignore' ? { ...asked, unborn: false } : asked;
  yield* listRefLines(repository, request, options);
  yield FLUSH;
}

async function answerObjectInfo(
  repository: Repository,
  command: V2Command,
  limits: ProtocolLimits,
  options: ServeUploadPackOptions,
): Promise<Uint8Array> {
  const request = parseObjectInfoCommand(command, repository.algorithm, limits);
  const withheldOids = await withheld(repository, request.oids, options);
  const infos: ObjectInfo[] = [];
  for (const oid of request.oids) {
    const stat = withheldOids.has(oid) ? undefined : await repository.objects.stat(oid, signalOf(options));
    infos.push({ oid, size: stat?.size });
  }
  return serializeObjectInfo(request, infos);
}

async function* answerFetch(
  repository: Repository,
  request: FetchRequest,
  options: ServeUploadPackOptions,
): AsyncGenerator<Uint8Array> {
  assertAllowed(request, options.rules ?? {});
  if (!request.sidebandAll) {
    yield* answerRound(repository, request, options);
    return;
  }
  try {
    yield* answerRound(repository, request, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    yield* encodeSideband(3, encodeUtf8(`${explanation(error, options.onFailure)}\n`));
  }
}

async function* answerRound(
  repository: Repository,
  request: FetchRequest,
  options: ServeUploadPackOptions,
): AsyncGenerator<Uint8Array> {
  const signal = signalOf(options);
  const wants = await resolveWants(repository, request, options);
  if (wants.oids.length === 0 && !(request.waitForDone && request.haves.length > 0)) {
    yield FLUSH;
    return;
  }
  const { commonOids, isReady } = await findCommon(repository, { ...request, wants: wants.oids }, options);
  if ((!request.done && !isReady) || wants.oids.length === 0) {
    const acknowledgments = { commonOids, ready: false };
    yield serializeFetchAnswerHead({ acknowledgments }, false, request.sidebandAll);
    return;
  }
  const plan = await planFetch(repository, request, wants.oids, options);
  yield serializeFetchAnswerHead(
    {
      ...(request.done || request.haves.length === 0 ? {} : { acknowledgments: { commonOids, ready: true } }),
      ...(plan.shallowInfo === undefined ? {} : { shallowInfo: plan.shallowInfo }),
      ...(wants.refs.length === 0 ? {} : { wantedRefs: wants.refs }),
    },
    true,
    request.sidebandAll,
  );
  const { thin, ofsDelta, includeTag, noProgress } = request;
  const { level, onFailure, hidden = [], rules } = options;
  const pack = sendPack(repository, plan, commonOids, {
    ...{ thin, ofsDelta, includeTag, noProgress, level, onFailure, hidden },
    maxSharedBytes: rules?.maxSharedPackBytes,
    ...signal,
  });
  yield* withKeepAlive(pack, options.keepAliveMs);
}

function signalOf({ signal }: ServeUploadPackOptions): ReadOptions {
  return signal ? { signal } : {};
}
