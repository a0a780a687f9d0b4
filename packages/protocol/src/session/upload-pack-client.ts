import { GitError, type HashAlgorithm, MalformedError, type Oid } from '@git-kv/objects';
import {
  AGENT,
  type Capabilities,
  type Capability,
  hasCapability,
  hasFeature,
  negotiatedAlgorithm,
} from '../capabilities.js';
import { assertWithin, type ProtocolLimits, protocolLimits } from '../limits.js';
import { Negotiation } from '../negotiation.js';
import { closedEarly } from '../pkt-line/closed.js';
import { PktLineReader } from '../pkt-line/reader.js';
import type { RemoteRef } from '../ref-line.js';
import { parseErrorLine } from '../remote-words.js';
import { assertBodyEnds, type OnRemoteProgress } from '../sideband.js';
import type { Transport } from '../transport/transport.js';
import { readV2Advertisement } from '../v2/advertisement.js';
import { serializeV2Command, type V2Command } from '../v2/command.js';
import { readFetchAnswer, type V2FetchAnswer, type WantedRef } from '../v2/fetch-answer.js';
import { EMPTY_FETCH_REQUEST, type FetchRequest, fetchCommand } from '../v2/fetch-request.js';
import { type LsRefsRequest, lsRefsCommand, parseLsRefsLine } from '../v2/ls-refs.js';

/** How a session begins. */
export interface ConnectOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<ProtocolLimits> | undefined;
}

/** What to list. By default everything, with symbolic targets, peeled tags and an unborn HEAD. */
export interface LsRefsOptions extends Partial<LsRefsRequest> {
  readonly signal?: AbortSignal | undefined;
}

/** What to fetch. */
export interface FetchOptions {
  readonly wants: readonly Oid[];
  /** Refs wanted by name; only from a server that announces `fetch=ref-in-want`. */
  readonly wantRefs?: readonly string[];
  /** Commits at hand, newest first. Read only as far as the negotiation needs. */
  readonly haves?: AsyncIterable<Oid> | Iterable<Oid>;
  /** The shallow boundary at hand. */
  readonly shallow?: readonly Oid[];
  /** Commits to get from each want, itself included; absent for all. */
  readonly depth?: number;
  /** Accept deltas against objects at hand. */
  readonly thin?: boolean;
  readonly includeTag?: boolean;
  /** An object filter, as git spells it. */
  readonly filter?: string;
  /** Without it, the server is asked for no progress. */
  readonly onProgress?: OnRemoteProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a fetch brought. */
export interface FetchAnswer {
  /**
   * The pack, streamed from the connection; absent only where nothing was wanted. An early end of the connection is a
   * TRANSPORT_CLOSED error; that the pack itself is whole, only its checksum tells.
   */
  readonly pack?: AsyncIterableIterator<Uint8Array>;
  readonly shallowOids: readonly Oid[];
  readonly unshallowOids: readonly Oid[];
  /** Which haves the server is known to have; empty where they were so few that nothing was asked. */
  readonly commonOids: readonly Oid[];
  readonly wantedRefs: readonly WantedRef[];
}

/** A server's upload-pack, whose capabilities are known. */
export interface UploadPackClient {
  readonly capabilities: Capabilities;
  readonly algorithm: HashAlgorithm;
  /** The remote's refs, in its order. A server takes prefixes as a hint and may send more. */
  lsRefs(options?: LsRefsOptions): Promise<RemoteRef[]>;
  /** @throws {RemoteError} for a want the server refuses, and for a failure on its side */
  fetch(options: FetchOptions): Promise<FetchAnswer>;
}

/**
 * Ask a server what it can do, for fetching. One request.
 * @throws {GitError} UNSUPPORTED where it does not speak protocol version 2; what {@link Transport.exchange} throws
 */
export async function connectUploadPack(transport: Transport, options: ConnectOptions = {}): Promise<UploadPackClient> {
  const limits = protocolLimits(options.limits);
  const { signal } = options;
  const body = await transport.exchange({ service: 'git-upload-pack', phase: 'advertise', version: 2, signal });
  const lines = new PktLineReader(body);
  const capabilities = await orLetGo(lines, async () => {
    const announced = await readV2Advertisement(lines, limits);
    await assertBodyEnds(lines);
    return announced;
  });
  return new UploadPackSession(transport, capabilities, limits);
}

class UploadPackSession implements UploadPackClient {
  readonly capabilities: Capabilities;
  readonly algorithm: HashAlgorithm;
  readonly #transport: Transport;
  readonly #limits: ProtocolLimits;

  constructor(transport: Transport, capabilities: Capabilities, limits: ProtocolLimits) {
    this.#transport = transport;
    this.#limits = limits;
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
    const fixedLines = request.wants.length + request.wantRefs.length + request.shallow.length;
    const negotiation = new Negotiation(options.haves ?? [], fixedLines, this.#limits);
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

  async #fetchRound(request: FetchRequest, options: FetchOptions): Promise<V2FetchAnswer> {
    const lines = await this.#call(fetchCommand(request, this.#clientCapabilities(), this.#limits), options.signal);
    const { onProgress } = options;
    return await orLetGo(lines, () => readFetchAnswer(lines, this.algorithm, { onProgress, limits: this.#limits }));
  }

  #fetchRequest(options: FetchOptions): FetchRequest {
    this.#assertCommand('fetch');
    const { depth, filter } = options;
    if (depth !== undefined && !(Number.isSafeInteger(depth) && depth > 0)) {
      throw new RangeError(`Cannot fetch with depth ${depth}: it must be a positive integer`);
    }
    const shallow = options.shallow ?? [];
    if (depth !== undefined || shallow.length > 0) this.#assertFeature('shallow');
    if (filter !== undefined) this.#assertFeature('filter');
    if (options.wantRefs !== undefined && options.wantRefs.length > 0) this.#assertFeature('ref-in-want');
    return {
      ...EMPTY_FETCH_REQUEST,
      wants: [...new Set(options.wants)],
      wantRefs: options.wantRefs ?? [],
      shallow,
      thin: options.thin ?? false,
      ofsDelta: true,
      includeTag: options.includeTag ?? false,
      noProgress: options.onProgress === undefined,
      ...(depth === undefined ? {} : { depth }),
      ...(filter === undefined ? {} : { filter }),
    };
  }

  /** Many short lines, so it waits for bytes and not for lines. */
  async #readRefs(lines: PktLineReader): Promise<RemoteRef[]> {
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

  async #call(command: V2Command, signal: AbortSignal | undefined): Promise<PktLineReader> {
    const body = serializeV2Command(command);
    return new PktLineReader(
      await this.#transport.exchange({ service: 'git-upload-pack', phase: 'call', version: 2, body, signal }),
    );
  }

  #clientCapabilities(): Capabilities {
    const own: Capability[] = [{ name: 'agent', value: AGENT }];
    if (hasCapability(this.capabilities, 'object-format')) {
      own.push({ name: 'object-format', value: this.algorithm.name });
    }
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

/** Run `read`; where it fails, let go of the connection. */
export async function orLetGo<T>(lines: PktLineReader, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    await lines.close().catch(() => {}); // the first error is the one to tell
    throw error;
  }
}
