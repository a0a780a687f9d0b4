import { GitError, type HashAlgorithm, MalformedError, type Oid } from '@git-kv/objects';
import {
  AGENT,
  assertCapability,
  type Capabilities,
  type Capability,
  hasCapability,
  hasFeature,
  negotiatedAlgorithm,
} from '../capabilities.js';
import { assertWithin, type ProtocolLimits } from '../limits.js';
import { Negotiation } from '../negotiation.js';
import { closedEarly } from '../pkt-line/closed.js';
import type { RemoteRef } from '../ref-line.js';
import { parseErrorLine } from '../remote-words.js';
import { assertBodyEnds } from '../sideband.js';
import { serializeV2Command, type V2Command } from '../v2/command.js';
import { readFetchAnswer, type V2FetchAnswer } from '../v2/fetch-answer.js';
import { type FetchRequest, fetchCommand } from '../v2/fetch-request.js';
import { type LsRefsRequest, lsRefsCommand, parseLsRefsLine } from '../v2/ls-refs.js';
import type { ObjectInfo } from '../v2/object-info.js';
import { type AnswerLines, type Channel, orLetGo } from './channel.js';
import { fetchRequest } from './fetch-request.js';
import type {
  ConnectOptions,
  FetchAnswer,
  FetchOptions,
  FindCommonOptions,
  LsRefsOptions,
  UploadPackClient,
} from './upload-pack.js';

/** The client of a server that speaks protocol v2. */
export class V2UploadPack implements UploadPackClient {
  readonly version = 2;
  readonly capabilities: Capabilities;
  readonly algorithm: HashAlgorithm;
  readonly #channel: Channel;
  readonly #limits: ProtocolLimits;
  readonly #options: ConnectOptions;

  constructor(channel: Channel, capabilities: Capabilities, limits: ProtocolLimits, options: ConnectOptions) {
    this.#channel = channel;
    this.#limits = limits;
    this.#options = options;
    this.capabilities = capabilities;
    this.algorithm = negotiatedAlgorithm(capabilities);
  }

  async lsRefs(options: LsRefsOptions = {}): Promise<RemoteRef[]> {
    this.#assertCommand('ls-refs');
    const request: LsRefsRequest = {
      prefixes: options.prefixes ?? [],
      symrefs: options.symrefs ?? true,
      peel: options.peel ?? true,
      unborn: (options.unborn ?? true) && hasFeature(this.capabilities, 'ls-refs', 'unborn'),
    };
    const lines = await this.#call(lsRefsCommand(request, this.#clientCapabilities(), this.#limits), options.signal);
    return await orLetGo(lines, () => this.#readRefs(lines));
  }

  async fetch(options: FetchOptions): Promise<FetchAnswer> {
    const request = this.#fetchRequest(options);
    if (request.wants.length + request.wantRefs.length === 0) {
      return { shallowOids: [], unshallowOids: [], commonOids: [], wantedRefs: [] };
    }
    const negotiation = new Negotiation(options.haves ?? [], request.shallow.length, this.#limits, {
      ...(options.negotiator !== undefined && { kind: options.negotiator }),
    });
    try {
      for (;;) {
        const round = await negotiation.nextRound();
        const answer = await this.#fetchRound({ ...request, ...round }, options);
        if (answer.acknowledgments !== undefined) negotiation.acknowledge(answer.acknowledgments);
        if (answer.pack !== undefined) return fetchAnswer(answer, answer.pack, negotiation.commonOids);
        if (round.done) throw noPack();
      }
    } finally {
      await negotiation.close();
    }
  }

  async findCommon(options: FindCommonOptions): Promise<readonly Oid[]> {
    this.#assertCommand('fetch');
    this.#assertFeature('wait-for-done');
    const { findCommon } = await import('../later.js');
    return await findCommon(options, this.#limits, (request) => this.#fetchRound(request, options));
  }

  async objectInfo(
    oids: readonly Oid[],
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly ObjectInfo[]> {
    this.#assertCommand('object-info');
    const { askObjectInfo } = await import('../later.js');
    const capabilities = this.#clientCapabilities();
    const call = (command: V2Command): Promise<AnswerLines> => this.#call(command, signal);
    return await askObjectInfo(oids, { algorithm: this.algorithm, limits: this.#limits, capabilities, call });
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  async #fetchRound(
    request: FetchRequest,
    { onProgress, signal }: Pick<FetchOptions, 'onProgress' | 'signal'>,
  ): Promise<V2FetchAnswer> {
    const sidebandAll = hasFeature(this.capabilities, 'fetch', 'sideband-all');
    const command = fetchCommand({ ...request, sidebandAll }, this.#clientCapabilities(), this.#limits);
    const lines = await this.#call(command, signal);
    const reading = { onProgress, limits: this.#limits, sidebandAll };
    return await orLetGo(lines, () => readFetchAnswer(lines, this.algorithm, reading));
  }

  #fetchRequest(options: FetchOptions): FetchRequest {
    this.#assertCommand('fetch');
    const request = fetchRequest(options);
    const { depth, deepenSince, deepenNot, shallow } = request;
    const deepens = depth !== undefined || deepenSince !== undefined || deepenNot.length > 0;
    if (deepens || shallow.length > 0) this.#assertFeature('shallow');
    if (request.filter !== undefined) this.#assertFeature('filter');
    if (request.wantRefs.length > 0) this.#assertFeature('ref-in-want');
    return request;
  }

  /** Many short lines, so it waits for bytes and not for lines. */
  async #readRefs(lines: AnswerLines): Promise<RemoteRef[]> {
    const refs: RemoteRef[] = [];
    for (;;) {
      const line = lines.readBuffered();
      if (line === undefined) {
        if (!(await lines.fill())) closedEarly();
        continue;
      }
      if (line.kind === 'flush') break;
      if (line.kind !== 'data') {
        throw new MalformedError('ref line', lines.offset, `a ${line.kind} line stands where a ref must`, {
          origin: 'remote',
        });
      }
      const failure = parseErrorLine(line.payload);
      if (failure !== undefined) throw failure;
      refs.push(parseLsRefsLine(line.payload, this.algorithm, lines.offset));
      assertWithin(this.#limits, 'maxRefs', refs.length);
      assertWithin(this.#limits, 'maxRefsBytes', lines.offset);
    }
    await assertBodyEnds(lines);
    return refs;
  }

  #call(command: V2Command, signal: AbortSignal | undefined): Promise<AnswerLines> {
    return this.#channel.call(serializeV2Command(command), signal);
  }

  #clientCapabilities(): Capabilities {
    const own: Capability[] = [{ name: 'agent', value: AGENT }];
    if (hasCapability(this.capabilities, 'object-format')) {
      own.push({ name: 'object-format', value: this.algorithm.name });
    }
    const { sessionId, serverOptions = [] } = this.#options;
    if (sessionId !== undefined && hasCapability(this.capabilities, 'session-id')) {
      own.push({ name: 'session-id', value: sessionId });
    }
    if (serverOptions.length > 0) assertCapability(this.capabilities, 'server-option', 'tell the server options');
    for (const value of serverOptions) own.push({ name: 'server-option', value });
    return own;
  }

  #assertCommand(name: string): void {
    if (!hasCapability(this.capabilities, name)) {
      throw new GitError('UNSUPPORTED', `Cannot ask the remote for ${name}: it does not announce it`);
    }
  }

  #assertFeature(feature: string): void {
    if (!hasFeature(this.capabilities, 'fetch', feature)) {
      throw new GitError('UNSUPPORTED', `Cannot fetch with ${feature}: the remote does not announce it`);
    }
  }
}

function fetchAnswer(
  answer: V2FetchAnswer,
  pack: AsyncIterableIterator<Uint8Array>,
  commonOids: readonly Oid[],
): FetchAnswer {
  const { shallowInfo, wantedRefs = [] } = answer;
  return {
    pack,
    shallowOids: shallowInfo?.shallowOids ?? [],
    unshallowOids: shallowInfo?.unshallowOids ?? [],
    commonOids,
    wantedRefs,
  };
}

function noPack(): MalformedError {
  return new MalformedError('fetch answer', 0, 'the negotiation is over, and there is no pack', { origin: 'remote' });
}
