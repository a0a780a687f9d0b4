import { GitError, type HashAlgorithm, MalformedError, type Oid, TransportError } from '@git-kv/objects';
import { AGENT, assertCapability, type Capabilities, type Capability, hasCapability } from '../capabilities.js';
import { assertWithin, type ProtocolLimits, protocolLimits } from '../limits.js';
import { PktLineReader } from '../pkt-line/reader.js';
import { type ReceivePackAdvertisement, readReceivePackAdvertisement } from '../receive-pack/advertisement.js';
import { type PushReport, type PushResult, readPushReport } from '../receive-pack/report.js';
import { type PushCommand, serializePushRequestHead } from '../receive-pack/request.js';
import { assertRemoteRefName, type RemoteRef } from '../ref-line.js';
import { assertBodyEnds, demultiplex, type OnRemoteProgress } from '../sideband.js';
import type { Transport } from '../transport/transport.js';
import { type AnswerLines, type Channel, orClose, orLetGo } from './channel.js';
import { openChannel } from './open-channel.js';
import { interrupted, pushRequestFailure } from './push-interrupted.js';
import type { ConnectOptions } from './upload-pack.js';

/** What to push. */
export interface PushOptions {
  readonly commands: readonly PushCommand[];
  /** The pack with all objects that the new values need, an empty one perhaps; absent where every command is a delete. */
  readonly pack?: AsyncIterable<Uint8Array> | undefined;
  /** All commands or none. Only where the server announces it. */
  readonly atomic?: boolean | undefined;
  /** Words for the server's hooks. Only where the server announces `push-options`. */
  readonly pushOptions?: readonly string[] | undefined;
  readonly shallowOids?: readonly Oid[] | undefined;
  readonly onProgress?: OnRemoteProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A server's receive-pack, whose refs and capabilities are known. */
export interface ReceivePackClient {
  readonly capabilities: Capabilities;
  readonly algorithm: HashAlgorithm;
  /** As they were when the connection was made. HEAD is not among them. */
  readonly refs: readonly RemoteRef[];
  /** Objects the server has besides its refs' own. */
  readonly haveOids: readonly Oid[];
  /** Commits whose parents the server lacks. */
  readonly shallowOids: readonly Oid[];
  /**
   * Push. What the server refuses, it says in the report, one result for each command in their order.
   * @throws {PushInterruptedError} where the request was sent and its outcome is not known; every other error means that
   *   nothing has happened
   */
  push(options: PushOptions): Promise<PushReport>;
  /** Let go of what connections are open. What is called after makes a new one. Over requests there is nothing to do. */
  close(): Promise<void>;
}

/**
 * Ask a server what it has and can do, for pushing. One request, or one connection. Version 2 has no push: as in git, asking
 * for it (the default) is asking for version 0.
 * @throws {GitError} UNSUPPORTED; what the transport throws
 */
export async function connectReceivePack(
  transport: Transport,
  options: ConnectOptions = {},
): Promise<ReceivePackClient> {
  const limits = protocolLimits(options.limits);
  const channel = await openChannel(transport, 'git-receive-pack', options.version === 1 ? 1 : 0);
  const advertisement = await orClose(channel, async () => {
    const lines = await channel.advertisement(options.signal);
    return await orLetGo(lines, async () => {
      const announced = await readReceivePackAdvertisement(lines, limits);
      await assertBodyEnds(lines);
      return announced;
    });
  });
  return new ReceivePackSession(channel, advertisement, limits);
}

class ReceivePackSession implements ReceivePackClient {
  readonly capabilities: Capabilities;
  readonly algorithm: HashAlgorithm;
  readonly refs: readonly RemoteRef[];
  readonly haveOids: readonly Oid[];
  readonly shallowOids: readonly Oid[];
  readonly #channel: Channel;
  readonly #limits: ProtocolLimits;

  constructor(channel: Channel, advertisement: ReceivePackAdvertisement, limits: ProtocolLimits) {
    this.#channel = channel;
    this.#limits = limits;
    this.capabilities = advertisement.capabilities;
    this.algorithm = advertisement.algorithm;
    this.refs = advertisement.refs;
    this.haveOids = advertisement.haveOids;
    this.shallowOids = advertisement.shallowOids;
  }

  async push(options: PushOptions): Promise<PushReport> {
    const head = this.#serializeHead(options);
    const { signal } = options;
    signal?.throwIfAborted();
    const body = options.pack === undefined ? undefined : new PushBody(head, options.pack);
    let answer: AnswerLines;
    try {
      answer = await this.#channel.call(body ?? head, signal);
    } catch (error) {
      throw pushFailure(error, body, signal, pushRequestFailure);
    }
    try {
      return forCommands(options.commands, await this.#readReport(answer, options));
    } catch (error) {
      body?.stop();
      throw pushFailure(error, body, signal, interrupted);
    }
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  async #readReport(outer: AnswerLines, { commands, onProgress }: PushOptions): Promise<PushReport> {
    const lines = hasCapability(this.capabilities, 'side-band-64k')
      ? new PktLineReader(demultiplex(outer, { onProgress }))
      : outer;
    const algorithm = this.#hasVersion2Report ? this.algorithm : undefined;
    const report = await orLetGo(lines, () => readPushReport(lines, commands.length, algorithm));
    // The outcome is known: what goes wrong from here on cannot change it. A hook may still have something to say.
    await orLetGo(lines, () => assertBodyEnds(lines)).catch(() => {});
    return report;
  }

  #serializeHead(options: PushOptions): Uint8Array {
    const { commands, pushOptions = [] } = options;
    if (commands.length === 0) throw new TypeError('Cannot push: there are no commands');
    assertWithin(this.#limits, 'maxCommands', commands.length);
    const isDeleteOnly = commands.every((command) => this.#isDelete(command));
    if (isDeleteOnly !== (options.pack === undefined)) {
      throw new TypeError(`Cannot push: ${isDeleteOnly ? 'deletes go without a pack' : 'the pack is missing'}`);
    }
    for (const command of commands) assertRemoteRefName(command.name);
    if (!this.#hasVersion2Report) assertCapability(this.capabilities, 'report-status', 'push');
    if (commands.some((command) => this.#isDelete(command))) {
      assertCapability(this.capabilities, 'delete-refs', 'delete a ref');
    }
    if (options.atomic === true) assertCapability(this.capabilities, 'atomic', 'push atomically');
    if (pushOptions.length > 0) this.#assertPushOptions(pushOptions);
    const capabilities = this.#clientCapabilities(options.atomic === true, pushOptions.length > 0);
    const head = { commands, capabilities, pushOptions, shallowOids: options.shallowOids ?? [] };
    return serializePushRequestHead(head, this.algorithm);
  }

  #assertPushOptions(pushOptions: readonly string[]): void {
    assertCapability(this.capabilities, 'push-options', 'push with options');
    assertWithin(this.#limits, 'maxPushOptions', pushOptions.length);
    for (const option of pushOptions) {
      if (/[\n\0]/.test(option) || option === '') {
        throw new GitError('UNSUPPORTED', 'Cannot push with an option that is empty or has a line feed or NUL in it');
      }
    }
  }

  #clientCapabilities(atomic: boolean, withOptions: boolean): Capabilities {
    const report = this.#hasVersion2Report ? 'report-status-v2' : 'report-status';
    const wanted: Capability[] = [{ name: report }, { name: 'side-band-64k' }];
    if (atomic) wanted.push({ name: 'atomic' });
    if (withOptions) wanted.push({ name: 'push-options' });
    wanted.push({ name: 'object-format', value: this.algorithm.name }, { name: 'agent', value: AGENT });
    return wanted.filter((capability) => hasCapability(this.capabilities, capability.name));
  }

  get #hasVersion2Report(): boolean {
    return hasCapability(this.capabilities, 'report-status-v2');
  }

  #isDelete(command: PushCommand): boolean {
    return command.newOid === null || command.newOid === this.algorithm.zeroOid;
  }
}

/** The request's body, which remembers how far it was read, and whether the pack itself failed. */
class PushBody implements AsyncIterable<Uint8Array> {
  readonly #head: Uint8Array;
  readonly #pack: AsyncIterable<Uint8Array>;
  state: 'unsent' | 'sending' | 'sent' = 'unsent';
  failure: { readonly error: unknown } | undefined;
  #isStopped = false;

  constructor(head: Uint8Array, pack: AsyncIterable<Uint8Array>) {
    this.#head = head;
    this.#pack = pack;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    yield this.#head;
    this.state = 'sending';
    const source = this.#pack[Symbol.asyncIterator]();
    try {
      for (;;) {
        this.#assertGoesOn();
        const step = await this.#pull(source);
        this.#assertGoesOn();
        if (step.done === true) break;
        yield step.value;
      }
      this.state = 'sent';
    } finally {
      if (this.state !== 'sent') await source.return?.();
    }
  }

  /** The answer came before its time, and says nothing: what is not sent yet stays here, so that nothing happens later. */
  stop(): void {
    this.#isStopped = true;
  }

  #assertGoesOn(): void {
    if (this.#isStopped) throw new TransportError('TRANSPORT_CLOSED', 'Cannot push: the remote has answered already');
  }

  async #pull(source: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
    try {
      return await source.next();
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}

/** The error to throw for a push that failed with `error`, as far as it had been sent: else it is `orElse`'s. */
function pushFailure(
  error: unknown,
  body: PushBody | undefined,
  signal: AbortSignal | undefined,
  orElse: (error: unknown) => unknown,
): unknown {
  if (body?.failure !== undefined) return body.failure.error;
  // Without its end, no server can have taken the pack for whole.
  if (signal?.aborted && body !== undefined && body.state !== 'sent') return error;
  if (body?.state === 'unsent') return error;
  return orElse(error);
}

/** The report with one result for each command, in their order. */
function forCommands(commands: readonly PushCommand[], report: PushReport): PushReport {
  const asked = new Set(commands.map((command) => command.name));
  const byName = new Map<string, PushResult>();
  for (const result of report.results) {
    if (!asked.has(result.name) || byName.has(result.name)) {
      const problem = `a status for ${JSON.stringify(result.name.slice(0, 80))} was not asked for`;
      throw new MalformedError('push report', 0, problem, { origin: 'remote' });
    }
    byName.set(result.name, result);
  }
  const missing = report.unpack === 'ok' ? 'the remote did not report on it' : `unpack failed: ${report.unpack}`;
  const results = commands.map(({ name }) => byName.get(name) ?? { name, ok: false, reason: missing });
  return { unpack: report.unpack, results };
}
