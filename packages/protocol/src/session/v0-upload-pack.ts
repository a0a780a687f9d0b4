import { GitError, type HashAlgorithm } from '@git-kv/objects';
import { AGENT, assertCapability, type Capabilities, type Capability, hasCapability } from '../capabilities.js';
import type { ProtocolLimits } from '../limits.js';
import type { RemoteRef } from '../ref-line.js';
import type { AckMode } from '../v0/acknowledgment.js';
import type { V0Advertisement } from '../v0/advertisement.js';
import { requestFlags, serializeUploadRequest } from '../v0/upload-request.js';
import type { FetchRequest } from '../v2/fetch-request.js';
import type { Channel } from './channel.js';
import { fetchRequest } from './fetch-request.js';
import type { ConnectOptions, FetchAnswer, FetchOptions, LsRefsOptions, UploadPackClient } from './upload-pack.js';
import { V0Fetch } from './v0-fetch.js';

export { readV0Advertisement } from '../v0/advertisement.js';

/** The client of a server that speaks protocol v0 or v1, where refs come with the advertisement and wants are not names. */
export class V0UploadPack implements UploadPackClient {
  readonly version: 0 | 1;
  readonly capabilities: Capabilities;
  readonly algorithm: HashAlgorithm;
  readonly #refs: readonly RemoteRef[];
  readonly #shallowOids: V0Advertisement['shallowOids'];
  readonly #channel: Channel;
  readonly #limits: ProtocolLimits;
  readonly #sessionId: string | undefined;

  constructor(channel: Channel, advertisement: V0Advertisement, limits: ProtocolLimits, options: ConnectOptions) {
    if (options.serverOptions !== undefined && options.serverOptions.length > 0)
      throw unsupported('tell the server options');
    this.#channel = channel;
    this.#limits = limits;
    this.#sessionId = options.sessionId;
    this.version = advertisement.version;
    this.capabilities = advertisement.capabilities;
    this.algorithm = advertisement.algorithm;
    this.#refs = advertisement.refs;
    this.#shallowOids = advertisement.shallowOids;
  }

  async lsRefs(options: LsRefsOptions = {}): Promise<RemoteRef[]> {
    const { prefixes = [], symrefs = true, peel = true, unborn = true } = options;
    options.signal?.throwIfAborted();
    const matches = prefixFilter(prefixes);
    const refs: RemoteRef[] = [];
    for (const { name, oid, target, peeledOid } of this.#refs) {
      if (!matches(name)) continue;
      if (oid === undefined && !unborn) continue;
      refs.push({
        name,
        oid,
        ...(target !== undefined && (symrefs || oid === undefined) && { target }),
        ...(peel && peeledOid !== undefined && { peeledOid }),
      });
    }
    return refs;
  }

  async fetch(options: FetchOptions): Promise<FetchAnswer> {
    const request = this.#fetchRequest(options);
    if (request.wants.length === 0) return { shallowOids: [], unshallowOids: [], commonOids: [], wantedRefs: [] };
    const mode = this.#ackMode();
    const capabilities = this.#requestCapabilities(request, mode);
    const head = serializeUploadRequest({ request, capabilities }, this.#limits);
    const fetch = new V0Fetch({
      channel: this.#channel,
      algorithm: this.algorithm,
      limits: this.#limits,
      head,
      fixedLines: request.shallow.length,
      deepens: request.depth !== undefined || request.deepenSince !== undefined || request.deepenNot.length > 0,
      mode,
      noDone: hasCapability(capabilities, 'no-done'),
      hasSideband: capabilities.some(({ name }) => name.startsWith('side-band')),
    });
    const { shallowOids, ...answer } = await fetch.run(options);
    // A server that is shallow says so in its advertisement.
    return { ...answer, shallowOids: shallowOids ?? this.#shallowOids, wantedRefs: [] };
  }

  findCommon(): Promise<never> {
    return Promise.reject(unsupported('find out what is common without a fetch'));
  }

  objectInfo(): Promise<never> {
    return Promise.reject(unsupported('ask for the sizes of objects'));
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  #fetchRequest(options: FetchOptions): FetchRequest {
    if (options.wantRefs !== undefined && options.wantRefs.length > 0) {
      throw unsupported('fetch refs by name');
    }
    const request = fetchRequest(options);
    const { depth, deepenSince, deepenNot, deepenRelative, shallow, filter } = request;
    const need = (name: string): void => assertCapability(this.capabilities, name, `fetch with ${name}`);
    if (depth !== undefined || shallow.length > 0) need('shallow');
    if (deepenSince !== undefined) need('deepen-since');
    if (deepenNot.length > 0) need('deepen-not');
    if (deepenRelative) need('deepen-relative');
    if (filter !== undefined) need('filter');
    return request;
  }

  #ackMode(): AckMode {
    if (hasCapability(this.capabilities, 'multi_ack_detailed')) return 'detailed';
    return hasCapability(this.capabilities, 'multi_ack') ? 'multi' : 'single';
  }

  /** What the first want asks for, as far as the server has announced it. */
  #requestCapabilities(request: FetchRequest, mode: AckMode): Capabilities {
    const has = (name: string): boolean => hasCapability(this.capabilities, name);
    const wanted: Capability[] = [];
    if (mode !== 'single') wanted.push({ name: mode === 'detailed' ? 'multi_ack_detailed' : 'multi_ack' });
    // Only over requests, as git: it spares one of them. On a connection the server would have nothing to end a round with.
    if (mode === 'detailed' && this.#channel.isStateless) wanted.push({ name: 'no-done' });
    wanted.push({ name: has('side-band-64k') ? 'side-band-64k' : 'side-band' });
    wanted.push(...requestFlags(request));
    if (request.deepenSince !== undefined) wanted.push({ name: 'deepen-since' });
    if (request.deepenNot.length > 0) wanted.push({ name: 'deepen-not' });
    if (request.filter !== undefined) wanted.push({ name: 'filter' });
    wanted.push({ name: 'object-format', value: this.algorithm.name }, { name: 'agent', value: AGENT });
    if (this.#sessionId !== undefined) wanted.push({ name: 'session-id', value: this.#sessionId });
    return wanted.filter(({ name }) => has(name));
  }
}

/** Whether a name begins with one of `prefixes`, or there are none. There may be tens of thousands, but of few lengths. */
function prefixFilter(prefixes: readonly string[]): (name: string) => boolean {
  if (prefixes.length === 0) return () => true;
  const known = new Set(prefixes);
  const lengths = [...new Set(prefixes.map(({ length }) => length))];
  return (name) => lengths.some((length) => length <= name.length && known.has(name.slice(0, length)));
}

function unsupported(what: string): GitError {
  return new GitError('UNSUPPORTED', `Cannot ${what}: the remote speaks protocol version 0 or 1`);
}
