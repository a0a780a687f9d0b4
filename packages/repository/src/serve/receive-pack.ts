import { isGitError, type Oid } from '@git-kv/objects';
import {
  AGENT,
  encodeSideband,
  FLUSH,
  hasCapability,
  PktLineReader,
  type ProtocolLimits,
  type PushCommand,
  type PushReport,
  type PushRequest,
  type PushResult,
  protocolLimits,
  readPushRequest,
  serializePushReport,
  serializeReceivePackAdvertisement,
  serializeServiceLine,
} from '@git-kv/protocol';
import type { Quarantine } from '../object-store.js';
import { resolveRef } from '../ref-resolve.js';
import type { Repository } from '../repository.js';
import { type OnServeFailure, wordsForRemote } from './failure-words.js';
import { withKeepAlive } from './keep-alive.js';
import { moveEach, moveTogether } from './move-refs.js';
import { PackBody } from './pack-body.js';
import { type Candidate, judge, type ReceiveRules } from './push-judgement.js';

export type { ReceiveRules } from './push-judgement.js';

/** Bytes of a refused pack that are read all the same, so that the client comes to read the answer. */
const MAX_DRAINED_BYTES = 64 * 2 ** 20;

const DEFAULT_MAX_INFLATED_BYTES = 4 * 2 ** 30;

/** How one push is taken in. */
export interface ServeReceivePackOptions {
  readonly signal?: AbortSignal;
  readonly limits?: Partial<ProtocolLimits>;
  readonly rules?: ReceiveRules;
  /**
   * The client may keep its side open after the pack, as git does over `git://`: the pack ends with its trailer. Default: it ends with
   * the request.
   */
  readonly isOpenEnded?: boolean;
  /** Bytes of pack accepted at most (default 2 GiB). */
  readonly maxPackBytes?: number;
  /** Bytes that the pack's entries may inflate to together (default 4 GiB). */
  readonly maxInflatedBytes?: number;
  /** Bytes of one object (default 512 MiB). */
  readonly maxObjectBytes?: number;
  /**
   * Asked once, when the whole request but its pack is parsed, about every ref it would change. A text refuses the push and
   * says why.
   */
  readonly authorize?: (commands: readonly PushCommand[]) => Promise<string | undefined> | string | undefined;
  readonly onFailure?: OnServeFailure;
  /** Milliseconds of silence after which the client hears that this side is still at work (default 5000). */
  readonly keepAliveMs?: number;
}

/** What receive-pack says when a client connects: every ref, and what it can do. @see gitprotocol-pack(5) */
export async function* advertiseReceivePack(
  repository: Repository,
  options: { readonly isHttp?: boolean } = {},
): AsyncGenerator<Uint8Array> {
  const refs: { name: string; oid: Oid }[] = [];
  for await (const { name, value } of repository.refs.list('refs/')) {
    const oid = 'oid' in value ? value.oid : (await resolveRef(repository.refs, name))?.oid;
    if (oid !== undefined) refs.push({ name, oid });
  }
  const shallowOids = await repository.shallow.read();
  // Only now: what fails before the first bytes can still be an HTTP status.
  if (options.isHttp === true) yield serializeServiceLine('git-receive-pack');
  yield serializeReceivePackAdvertisement({
    algorithm: repository.algorithm,
    refs,
    shallowOids,
    capabilities: [
      { name: 'report-status' },
      { name: 'delete-refs' },
      { name: 'side-band-64k' },
      { name: 'quiet' },
      { name: 'atomic' },
      { name: 'ofs-delta' },
      { name: 'object-format', value: repository.algorithm.name },
      { name: 'agent', value: AGENT },
    ],
  });
}

/**
 * Take in a push: read the commands and the pack into quarantine, check that everything the new values reach is there, move the
 * refs under their old values, and report on each. With `atomic` all move or none; without it each command stands alone.
 *
 * Refusals are in the report; only a request that cannot be parsed is thrown.
 * @see gitprotocol-pack(5), "Pushing Data To a Server"
 */
export async function* serveReceivePack(
  repository: Repository,
  request: AsyncIterable<Uint8Array>,
  options: ServeReceivePackOptions = {},
): AsyncGenerator<Uint8Array> {
  const lines = new PktLineReader(request);
  try {
    const push = await readPushRequest(lines, repository.algorithm, protocolLimits(options.limits));
    if (push === undefined) return;
    const pack = push.pack && new PackBody(push.pack, options.isOpenEnded);
    const report = (): Promise<PushReport> => receive(repository, push, pack, options);
    if (!hasCapability(push.capabilities, 'report-status')) {
      await report();
    } else if (hasCapability(push.capabilities, 'side-band-64k')) {
      // While the pack comes the client does not listen.
      const isWanted = (): boolean => pack?.isWhole !== false;
      yield* withKeepAlive(reportLines(report), options.keepAliveMs, isWanted);
    } else {
      yield serializePushReport(await report());
    }
  } finally {
    await lines.close();
  }
}

async function* reportLines(report: () => Promise<PushReport>): AsyncGenerator<Uint8Array> {
  yield* encodeSideband(1, serializePushReport(await report()));
  yield FLUSH;
}

async function receive(
  repository: Repository,
  push: PushRequest,
  pack: PackBody | undefined,
  options: ServeReceivePackOptions,
): Promise<PushReport> {
  const { checkObjects = true } = options.rules ?? {};
  const check = checkObjects === true ? {} : checkObjects;
  const { signal, maxPackBytes, maxObjectBytes, maxInflatedBytes = DEFAULT_MAX_INFLATED_BYTES } = options;
  const refusal = await options.authorize?.(push.commands);
  if (refusal !== undefined) {
    await pack?.drain(MAX_DRAINED_BYTES);
    return reportForAll(push, 'ok', refusal);
  }
  let quarantine: Quarantine | undefined;
  try {
    if (pack !== undefined) {
      try {
        quarantine = await repository.objects.receive(pack.chunks, {
          ...(signal && { signal }),
          ...(maxPackBytes !== undefined && { maxPackBytes }),
          ...(maxObjectBytes !== undefined && { maxObjectBytes }),
          maxInflatedBytes,
          ...(options.isOpenEnded && { stopsAtTrailer: true }),
          ...(check && { check }),
        });
        pack.isWhole = true;
      } catch (error) {
        if (!isGitError(error)) throw error;
        await pack.drain(MAX_DRAINED_BYTES);
        return reportForAll(push, wordsForRemote(error, options.onFailure), 'unpacker error');
      }
    }
    const candidates: Candidate[] = push.commands.map((command) => ({ command }));
    await judge(repository, candidates, quarantine?.reader ?? repository.objects, options);
    signal?.throwIfAborted();
    if (hasCapability(push.capabilities, 'atomic'))
      await moveTogether(repository, candidates, quarantine, options.onFailure);
    else await moveEach(repository, candidates, quarantine, options.onFailure);
    return { unpack: 'ok', results: candidates.map(result) };
  } finally {
    await quarantine?.discard();
  }
}

function reportForAll(push: PushRequest, unpack: string, reason: string): PushReport {
  return { unpack, results: push.commands.map(({ name }) => ({ name, ok: false, reason })) };
}

function result({ command, reason }: Candidate): PushResult {
  return reason === undefined ? { name: command.name, ok: true } : { name: command.name, ok: false, reason };
}
