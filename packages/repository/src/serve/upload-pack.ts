import { concatBytes, GitError, isGitError } from '@git-kv/objects';
import {
  AGENT,
  capabilityValue,
  type FetchRequest,
  FLUSH,
  PktLineReader,
  type ProtocolLimits,
  type ProtocolVersion,
  parseFetchCommand,
  parseLsRefsCommand,
  protocolLimits,
  readV2Command,
  serializeErrorLine,
  serializeFetchAnswerHead,
  serializeLsRefsLine,
  serializeServiceLine,
  serializeV2Advertisement,
  type V2Command,
} from '@git-kv/protocol';
import type { Repository } from '../repository.js';
import { type OnServeFailure, wordsForRemote } from './failure-words.js';
import { planFetch, resolveWants } from './fetch-plan.js';
import { withKeepAlive } from './keep-alive.js';
import { listRefs } from './list-refs.js';
import { findCommon } from './negotiate.js';
import { sendPack } from './send-pack.js';
import { advertisementV0, serveUploadPackV0 } from './upload-pack-v0.js';
import type { RefVisibility } from './visible-refs.js';

/** Many short lines go out together. */
const REFS_CHUNK_BYTES = 65536;

/** What is wrong with a request that is no message, too large, or cut short. */
const CLIENTS_BYTES = ['MALFORMED', 'LIMIT_EXCEEDED', 'TRANSPORT_CLOSED'] as const;

/** Who connects, and how. */
export interface AdvertiseOptions extends RefVisibility {
  /** The highest protocol version that the client asks for (default 0). */
  readonly version?: ProtocolVersion | undefined;
  /** Put the service line of smart HTTP first. */
  readonly isHttp?: boolean;
}

/** How fetches of one connection are answered. */
export interface ServeUploadPackOptions extends RefVisibility {
  /** The version that was advertised: default 2. */
  readonly version?: ProtocolVersion | undefined;
  /** Every round of a fetch is a request of its own, as over HTTP: default false. Counts in version 0 and 1. */
  readonly isStateless?: boolean;
  readonly signal?: AbortSignal;
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
    version === 2 ? undefined : await advertisementV0(repository, { ...options, version, isStateless: isHttp });
  if (isHttp) yield serializeServiceLine('git-upload-pack');
  if (refs !== undefined) {
    yield refs;
    return;
  }
  yield serializeV2Advertisement([
    { name: 'agent', value: AGENT },
    { name: 'ls-refs', value: 'unborn' },
    { name: 'fetch', value: 'shallow' },
    { name: 'object-format', value: repository.algorithm.name },
  ]);
}

/**
 * Answer upload-pack requests: in protocol v2 one after another, until the client has no more (over HTTP a body holds one, over
 * a pipe any number), in version 0 and 1 one fetch. Objects are read as the answer is pulled.
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
    yield serializeErrorLine(`upload-pack: ${wordsForRemote(error, options.onFailure)}`);
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
  }
}

function answer(
  repository: Repository,
  command: V2Command,
  limits: ProtocolLimits,
  options: ServeUploadPackOptions,
): AsyncIterable<Uint8Array> {
  const format = capabilityValue(command.capabilities, 'object-format') ?? 'sha1';
  if (format !== repository.algorithm.name) {
    throw new GitError(
      'UNSUPPORTED',
      `Cannot answer in object format ${format}: the repository is in ${repository.algorithm.name}`,
    );
  }
  if (command.command === 'ls-refs') return answerLsRefs(repository, command, limits, options);
  if (command.command === 'fetch') {
    return answerFetch(repository, parseFetchCommand(command, repository.algorithm, limits), options);
  }
  throw new GitError(
    'UNSUPPORTED',
    `Cannot run command ${JSON.stringify(command.command.slice(0, 80))}: it is not known`,
  );
}

async function* answerLsRefs(
  repository: Repository,
  command: V2Command,
  limits: ProtocolLimits,
  options: ServeUploadPackOptions,
): AsyncGenerator<Uint8Array> {
  let lines: Uint8Array[] = [];
  let size = 0;
  for await (const ref of listRefs(repository, parseLsRefsCommand(command, limits), options)) {
    const line = serializeLsRefsLine(ref);
    lines.push(line);
    size += line.length;
    if (size < REFS_CHUNK_BYTES) continue;
    yield concatBytes(lines);
    lines = [];
    size = 0;
  }
  yield concatBytes([...lines, FLUSH]);
}

async function* answerFetch(
  repository: Repository,
  request: FetchRequest,
  options: ServeUploadPackOptions,
): AsyncGenerator<Uint8Array> {
  const signal = options.signal ? { signal: options.signal } : {};
  const wants = await resolveWants(repository, request, signal);
  if (wants.oids.length === 0) {
    yield FLUSH;
    return;
  }
  const { commonOids, isReady } = await findCommon(repository, request, signal);
  if (!request.done && !isReady) {
    yield serializeFetchAnswerHead({ acknowledgments: { commonOids, ready: false } }, false);
    return;
  }
  const plan = await planFetch(repository, request, wants.oids, signal);
  yield serializeFetchAnswerHead(
    {
      ...(request.done || request.haves.length === 0 ? {} : { acknowledgments: { commonOids, ready: true } }),
      ...(plan.shallowInfo === undefined ? {} : { shallowInfo: plan.shallowInfo }),
    },
    true,
  );
  const { thin, ofsDelta, includeTag, noProgress } = request;
  const { level, onFailure } = options;
  const pack = sendPack(repository, plan, commonOids, {
    ...{ thin, ofsDelta, includeTag, noProgress, level, onFailure },
    ...signal,
  });
  yield* withKeepAlive(pack, options.keepAliveMs);
}
