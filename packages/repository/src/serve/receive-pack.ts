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
import type { RefUpdate } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { checkConnectivity, isAncestor } from '../walk/index.js';

/** What a push must not do. Names and defaults are those of git's receive.* settings. */
export interface ReceiveRules {
  /** Refuse updates that do not contain the old commit. Default false. */
  readonly denyNonFastForwards?: boolean;
  /** Refuse to delete any ref. Default false. */
  readonly denyDeletes?: boolean;
  /** Refuse to delete the branch that HEAD names. Default true. */
  readonly denyDeleteCurrent?: boolean;
}

export interface ServeReceivePackOptions {
  readonly signal?: AbortSignal;
  readonly limits?: Partial<ProtocolLimits>;
  readonly rules?: ReceiveRules;
  /** Bytes of pack accepted at most. */
  readonly maxPackBytes?: number;
  /**
   * Asked once, when the whole request but its pack is parsed, about every ref it would change. A text refuses the push and
   * says why.
   */
  readonly authorize?: (commands: readonly PushCommand[]) => Promise<string | undefined> | string | undefined;
}

/** What receive-pack says when a client connects: every ref, and what it can do. @see gitprotocol-pack(5) */
export async function* advertiseReceivePack(
  repository: Repository,
  options: { readonly isHttp?: boolean } = {},
): AsyncGenerator<Uint8Array> {
  if (options.isHttp === true) yield serializeServiceLine('git-receive-pack');
  const refs: { name: string; oid: Oid }[] = [];
  for await (const { name, value } of repository.refs.list('refs/')) {
    const oid = 'oid' in value ? value.oid : (await resolveRef(repository.refs, name))?.oid;
    if (oid !== undefined) refs.push({ name, oid });
  }
  yield serializeReceivePackAdvertisement({
    algorithm: repository.algorithm,
    refs,
    shallowOids: await repository.shallow.read(),
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
    const report = await receive(repository, push, options);
    if (!hasCapability(push.capabilities, 'report-status')) return;
    const bytes = serializePushReport(report);
    if (!hasCapability(push.capabilities, 'side-band-64k')) {
      yield bytes;
      return;
    }
    yield* encodeSideband(1, bytes);
    yield FLUSH;
  } finally {
    await lines.close();
  }
}

/** A command on its way to the refs. */
interface Candidate {
  readonly command: PushCommand;
  reason?: string;
}

async function receive(
  repository: Repository,
  push: PushRequest,
  options: ServeReceivePackOptions,
): Promise<PushReport> {
  const isAtomic = hasCapability(push.capabilities, 'atomic');
  const candidates: Candidate[] = push.commands.map((command) => ({ command }));
  const reasonForAll = await options.authorize?.(push.commands);
  const signal = options.signal ? { signal: options.signal } : {};

  let quarantine: Quarantine | undefined;
  let unpack = 'ok';
  try {
    if (push.pack !== undefined) {
      // A refused push is read no further: the report goes out and the connection ends.
      if (reasonForAll !== undefined) return refuseAll(push, reasonForAll);
      try {
        quarantine = await repository.objects.receive(push.pack, {
          ...signal,
          ...(options.maxPackBytes === undefined ? {} : { maxPackBytes: options.maxPackBytes }),
        });
      } catch (error) {
        if (!isGitError(error)) throw error;
        unpack = error.message;
        return {
          unpack,
          results: candidates.map(({ command }) => ({ name: command.name, ok: false, reason: 'unpacker error' })),
        };
      }
    }
    if (reasonForAll !== undefined) return refuseAll(push, reasonForAll);
    for (const candidate of candidates) {
      const reason = await judge(repository, candidate.command, quarantine, options);
      if (reason !== undefined) candidate.reason = reason;
    }
    const results = isAtomic
      ? await moveTogether(repository, candidates, quarantine)
      : await moveEach(repository, candidates, quarantine);
    return { unpack, results };
  } finally {
    await quarantine?.discard();
  }
}

function refuseAll(push: PushRequest, reason: string): PushReport {
  return { unpack: 'ok', results: push.commands.map(({ name }) => ({ name, ok: false, reason })) };
}

/** Why a command cannot be carried out, or `undefined`. */
async function judge(
  repository: Repository,
  command: PushCommand,
  quarantine: Quarantine | undefined,
  options: ServeReceivePackOptions,
): Promise<string | undefined> {
  const rules = options.rules ?? {};
  const signal = options.signal ? { signal: options.signal } : {};
  if (!command.name.startsWith('refs/')) return 'funny refname';
  if (command.newOid === null) {
    if (rules.denyDeletes === true) return 'deletion prohibited';
    const head = await resolveRef(repository.refs, 'HEAD');
    if (head?.name === command.name && rules.denyDeleteCurrent !== false)
      return 'deletion of the current branch prohibited';
    return undefined;
  }
  const reader = quarantine?.reader ?? repository.objects;
  const shallow = await repository.shallow.read();
  const stat = await reader.stat(command.newOid, signal);
  if (stat === undefined) return 'bad pack';
  if (command.name.startsWith('refs/heads/') && stat.kind !== 'commit') return 'a branch must point to a commit';
  const outcome = await checkConnectivity(reader, {
    roots: [command.newOid],
    haves: await refTips(repository),
    shallow,
    ...signal,
  });
  if (!outcome.connected) return `missing necessary objects (${outcome.missingOid})`;
  if (rules.denyNonFastForwards === true && command.oldOid !== null && command.name.startsWith('refs/heads/')) {
    if (!(await isAncestor(reader, command.oldOid, command.newOid, { shallow, ...signal }))) return 'non-fast-forward';
  }
  return undefined;
}

/** What the refs hold now: all of it, with what it reaches, is here. */
async function refTips(repository: Repository): Promise<Oid[]> {
  const tips = new Set<Oid>();
  for await (const { value } of repository.refs.list('refs/')) if ('oid' in value) tips.add(value.oid);
  return [...tips];
}

const toUpdate = ({ name, oldOid, newOid }: PushCommand): RefUpdate => ({
  name,
  expected: oldOid === null ? null : { oid: oldOid },
  next: newOid === null ? null : { oid: newOid },
});

const result = ({ command, reason }: Candidate): PushResult =>
  reason === undefined ? { name: command.name, ok: true } : { name: command.name, ok: false, reason };

async function moveTogether(
  repository: Repository,
  candidates: readonly Candidate[],
  quarantine: Quarantine | undefined,
): Promise<PushResult[]> {
  const failed = candidates.find(({ reason }) => reason !== undefined);
  if (failed === undefined) {
    const reason = await move(repository, candidates, quarantine);
    if (reason === undefined) return candidates.map(result);
    return candidates.map(({ command }) => ({ name: command.name, ok: false, reason }));
  }
  return candidates.map(({ command, reason }) => ({
    name: command.name,
    ok: false,
    reason: reason ?? 'atomic transaction failed',
  }));
}

async function moveEach(
  repository: Repository,
  candidates: readonly Candidate[],
  quarantine: Quarantine | undefined,
): Promise<PushResult[]> {
  let waiting = quarantine;
  for (const candidate of candidates) {
    if (candidate.reason !== undefined) continue;
    const reason = await move(repository, [candidate], waiting);
    if (reason === undefined)
      waiting = undefined; // published with the first ref that moved
    else candidate.reason = reason;
  }
  return candidates.map(result);
}

/** Publish and move the refs of `candidates` in one transaction. Why it did not happen, or `undefined`. */
async function move(
  repository: Repository,
  candidates: readonly Candidate[],
  quarantine: Quarantine | undefined,
): Promise<string | undefined> {
  try {
    const outcome = await repository.transact({
      ...(quarantine === undefined ? {} : { quarantine }),
      updates: candidates.map(({ command }) => toUpdate(command)),
      options: { reflog: { name: 'git-kv', email: 'git-kv@localhost', message: 'push' } },
    });
    if (outcome.status === 'updated') return undefined;
    if (outcome.status === 'fenced') return 'the server is not the leader';
    return outcome.actual === null ? 'the ref is not there' : 'the ref has moved; fetch first';
  } catch (error) {
    if (!isGitError(error)) throw error;
    return error.message;
  }
}
