import { encodeUtf8, GitError, isGitError, LimitError, TransportError } from '@git-kv/objects';
import { AGENT } from '../capabilities.js';
import {
  asCredentialsStore,
  authorizationHeader,
  type Credentials,
  type CredentialsProvider,
  type CredentialsRequest,
  type CredentialsStore,
  MAX_CREDENTIAL_ATTEMPTS,
  tellStore,
} from './credentials.js';
import { Deadline } from './deadline.js';
import { requestFailure } from './failure.js';
import type { FetchFunction } from './fetch-function.js';
import { HttpAnswer } from './http-answer.js';
import { advertisementTail, displayUrl, type HttpAddress, parseHttpUrl } from './http-url.js';
import type { PaceOptions } from './pace.js';
import { canStreamRequests, holdBody, type RequestBody, requestStream } from './request-body.js';
import { type RetryOptions, retryDelay, systemClock } from './retry.js';
import { statusFailure } from './status.js';
import type { RequestTransport, Service, TransportCall } from './transport.js';

/** How a transport reaches its server. */
export interface HttpTransportOptions {
  /** Default: the runtime's own. */
  readonly fetch?: FetchFunction | undefined;
  /** Asked after a 401, for the URL's own origin only. Credentials in the URL go first. */
  readonly credentials?: CredentialsProvider | CredentialsStore | undefined;
  /** Should begin with `git/`: some hosts answer other clients with a web page. */
  readonly userAgent?: string | undefined;
  /** Further headers, for the URL's own origin only: they may be secrets. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Give up when nothing moves for so long (default five minutes); 0 for never. */
  readonly timeoutMs?: number | undefined;
  /** Give up a server that is slower than this; by default none is, as with git's http.lowSpeedLimit. */
  readonly pace?: PaceOptions | undefined;
  /** Request bodies up to this size are sent whole, with their length; larger ones are streamed (default 1 MiB, as git's http.postBuffer). */
  readonly postBufferBytes?: number | undefined;
  /**
   * Whether `fetch` sends bodies as they are made. Default: as the runtime says of its own. Browsers do so over HTTP/2 only, or not
   * at all; there, bodies are held.
   */
  readonly streamsRequests?: boolean | undefined;
  /** Where bodies cannot be streamed: a larger one (default 64 MiB) is refused before anything is sent. */
  readonly maxHeldRequestBytes?: number | undefined;
  /** How requests that change nothing are sent again when the server is busy. */
  readonly retry?: RetryOptions | undefined;
}

const DEFAULT_TIMEOUT_MS = 300_000;
const DEFAULT_POST_BUFFER_BYTES = 1024 * 1024;
const DEFAULT_MAX_HELD_REQUEST_BYTES = 64 * 1024 * 1024;
const MAX_REDIRECTS = 10;
const PROBE: Uint8Array = /* @__PURE__ */ encodeUtf8('0000');

/**
 * A transport over smart HTTP.
 *
 * Redirects are followed on the first request only (the GET of info/refs), and to another place of the same service only;
 * what comes after goes where it led. Credentials and further headers never go to another origin than the URL's.
 * @throws {GitError} INVALID_URL; {TypeError} for headers that cannot be sent
 * @see gitprotocol-http(5)
 */
export function createHttpTransport(url: string, options: HttpTransportOptions = {}): RequestTransport {
  return new HttpTransport(parseHttpUrl(url), options);
}

/** One HTTP request, less what the transport adds to each. */
interface Call {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly signal: AbortSignal | undefined;
  /** It changes nothing on the server and may be sent again. */
  readonly isRepeatable?: boolean;
}

class HttpTransport implements RequestTransport {
  readonly url: string;
  readonly #address: HttpAddress;
  readonly #options: HttpTransportOptions;
  readonly #fetch: FetchFunction;
  /** Where requests go: the address, until a redirect. */
  #base: string;
  /** The header that was accepted last, or is to be tried. */
  #authorization: string | undefined;
  /** What the provider gave, while it is not known whether the server takes it. */
  #offered: { readonly credentials: Credentials; readonly request: CredentialsRequest } | undefined;

  constructor(address: HttpAddress, options: HttpTransportOptions) {
    this.url = address.display;
    this.#address = address;
    this.#base = address.base;
    this.#options = options;
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    assertHeaders({ ...options.headers, ...(options.userAgent !== undefined && { 'User-Agent': options.userAgent }) });
    const { username, password } = address;
    // A name alone may be a token (some hosts take it so), or wait for its password.
    if (password !== undefined || (username !== undefined && options.credentials === undefined)) {
      this.#authorization = authorizationHeader({ username: username ?? '', password: password ?? '' });
    }
  }

  exchange(call: TransportCall): Promise<AsyncIterable<Uint8Array>> {
    return call.phase === 'advertise' ? this.#advertise(call) : this.#call(call);
  }

  async #advertise(call: TransportCall): Promise<AsyncIterable<Uint8Array>> {
    const { service, signal } = call;
    const tail = advertisementTail(this.#base, service);
    const headers = { Accept: '*/*', Pragma: 'no-cache', ...protocolHeader(call) };
    let url = this.#base + tail;
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#send({ method: 'GET', url, headers, signal, isRepeatable: true });
      if (!isRedirect(answer.status)) {
        await assertAnswer(answer, `application/x-${service}-advertisement`, displayUrl(url), service);
        this.#base = url.slice(0, url.length - tail.length);
        return answer;
      }
      await answer.discard();
      if (redirects === MAX_REDIRECTS) throw redirectRefused(url, `there are more than ${MAX_REDIRECTS}`);
      url = redirectTarget(url, answer.location, tail);
    }
  }

  async #call(call: TransportCall): Promise<AsyncIterable<Uint8Array>> {
    const { service, signal } = call;
    const url = `${this.#base}/${service}`;
    const headers = {
      Accept: `application/x-${service}-result`,
      'Content-Type': `application/x-${service}-request`,
      ...protocolHeader(call),
    };
    const body = await this.#holdBody(call);
    if (body.kind === 'streamed') {
      // A stream cannot be sent again after a 401: like git, ask with an empty request first.
      try {
        const probe = await this.#send({ method: 'POST', url, headers, signal, body: { kind: 'held', bytes: PROBE } });
        if (probe.status !== 200) throw await statusFailure(probe, displayUrl(url));
        await probe.discard();
      } catch (error) {
        // Not waited for: it may itself be waiting for something.
        void Promise.resolve(body.chunks.return?.()).catch(() => {});
        throw requestNeverSent(error);
      }
    }
    const isRepeatable = service === 'git-upload-pack' && body.kind === 'held';
    const answer = await this.#send({ method: 'POST', url, headers, signal, body, isRepeatable });
    if (isRedirect(answer.status)) {
      await answer.discard();
      throw redirectRefused(url, 'only the first request may be redirected');
    }
    await assertAnswer(answer, `application/x-${service}-result`, displayUrl(url), service);
    return answer;
  }

  async #holdBody({ body = PROBE }: TransportCall): Promise<RequestBody> {
    const { postBufferBytes = DEFAULT_POST_BUFFER_BYTES, maxHeldRequestBytes = DEFAULT_MAX_HELD_REQUEST_BYTES } =
      this.#options;
    const small = await holdBody(body, Math.min(postBufferBytes, maxHeldRequestBytes));
    // Few bodies are larger, and on Node asking the runtime loads all of its `fetch`: 25 ms.
    if (small.kind === 'held') return small;
    const canStream = this.#options.streamsRequests ?? canStreamRequests();
    const rest = { [Symbol.asyncIterator]: () => small.chunks };
    const whole = await holdBody(rest, canStream ? postBufferBytes : maxHeldRequestBytes);
    if (whole.kind === 'held' || canStream) return whole;
    await whole.chunks.return?.();
    throw new LimitError('maxHeldRequestBytes', maxHeldRequestBytes + 1, maxHeldRequestBytes);
  }

  /** Send a request; again when the server is busy, and after a 401 with credentials. */
  async #send(call: Call): Promise<HttpAnswer> {
    const isOwn = new URL(call.url).origin === this.#address.origin;
    let sent = 0;
    for (let attempt = 1; ; ) {
      const answer = await this.#sendOnce(call, isOwn);
      sent++;
      if (answer.status !== 401) {
        if (isOwn && answer.status >= 200 && answer.status < 300) await this.#tell('approve');
        const delay = call.isRepeatable ? this.#retryDelay(sent, answer) : undefined;
        if (delay === undefined) return answer;
        await answer.discard();
        await (this.#options.retry?.clock ?? systemClock).sleep(delay, call.signal);
        continue;
      }
      if (isOwn) await this.#tell('reject');
      const canRepeat = call.body?.kind !== 'streamed' && isOwn && attempt <= MAX_CREDENTIAL_ATTEMPTS;
      const authorization = canRepeat ? await this.#askCredentials(attempt, call.signal, answer) : undefined;
      if (isOwn) this.#authorization = authorization;
      if (authorization === undefined) throw await statusFailure(answer, displayUrl(call.url));
      await answer.discard();
      attempt++;
      sent = 0;
    }
  }

  #retryDelay(sent: number, answer: HttpAnswer): number | undefined {
    return retryDelay(sent, answer.status, answer.retryAfter, this.#options.retry);
  }

  /** @param refused let go where asking fails */
  async #askCredentials(
    attempt: number,
    signal: AbortSignal | undefined,
    refused: HttpAnswer,
  ): Promise<string | undefined> {
    const { username } = this.#address;
    if (this.#options.credentials === undefined) return undefined;
    const request: CredentialsRequest = {
      url: this.url,
      attempt,
      ...(username === undefined ? {} : { username }),
      ...(signal === undefined ? {} : { signal }),
    };
    try {
      const credentials = await asCredentialsStore(this.#options.credentials).get(request);
      if (credentials === undefined) return undefined;
      const authorization = authorizationHeader(credentials);
      this.#offered = { credentials, request };
      return authorization;
    } catch (error) {
      await refused.discard();
      throw error;
    }
  }

  /** What the server made of the credentials that it was given last; not before it looked at them. */
  async #tell(verdict: 'approve' | 'reject'): Promise<void> {
    const offered = this.#offered;
    const { credentials } = this.#options;
    this.#offered = undefined;
    if (offered === undefined || credentials === undefined) return;
    await tellStore(asCredentialsStore(credentials), verdict, offered.credentials, offered.request);
  }

  async #sendOnce(call: Call, isOwn: boolean): Promise<HttpAnswer> {
    call.signal?.throwIfAborted();
    const deadline = new Deadline(call.signal, this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS, this.#options.pace);
    deadline.start();
    const headers = {
      'User-Agent': this.#options.userAgent ?? AGENT,
      ...call.headers,
      ...(isOwn ? this.#options.headers : {}),
      ...(isOwn && this.#authorization !== undefined ? { Authorization: this.#authorization } : {}),
    };
    const init = {
      method: call.method,
      headers,
      redirect: 'manual' as const,
      signal: deadline.signal,
      ...fetchBody(call.body, deadline),
    };
    try {
      const response = await this.#fetch(call.url, init);
      deadline.stop();
      if (response.redirected) throw redirectRefused(call.url, 'the given fetch follows redirects by itself');
      return new HttpAnswer(response, deadline, displayUrl(call.url));
    } catch (error) {
      deadline.end();
      deadline.throwIfOver();
      throw requestFailure(error, displayUrl(call.url), call.method === 'POST');
    }
  }
}

/** Checked here, because a runtime that refuses a header quotes its value, and that may be a secret. */
function assertHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    const isName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
    if (!isName) throw new TypeError('Cannot send the headers: a name is no token');
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new TypeError(`Cannot send header ${name}: its value has control characters or is not Latin-1`);
    }
  }
}

function fetchBody(body: RequestBody | undefined, deadline: Deadline): RequestInit & { duplex?: 'half' } {
  if (body === undefined) return {};
  // The cast: no body of ours lies in shared memory.
  if (body.kind === 'held') {
    deadline.moved(body.bytes.length); // it goes out as a whole, out of sight
    return { body: body.bytes as Uint8Array<ArrayBuffer> };
  }
  const onChunk = (bytes: number): void => {
    deadline.start();
    deadline.moved(bytes);
  };
  return { body: requestStream(body.chunks, onChunk), duplex: 'half' };
}

function protocolHeader(call: TransportCall): Record<string, string> {
  return call.version === undefined || call.version === 0 ? {} : { 'Git-Protocol': `version=${call.version}` };
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

/** The same service at another place: anything else is not a repository that moved. */
function redirectTarget(from: string, location: string | undefined, tail: string): string {
  if (location === undefined) throw redirectRefused(from, 'it does not say where to');
  if (/[\x00-\x20\x7f]|%0[0ad]/i.test(location) || !URL.canParse(location, from)) {
    throw redirectRefused(from, 'it leads to an invalid URL');
  }
  const target = new URL(location, from);
  if (target.protocol !== 'https:' && target.protocol !== new URL(from).protocol) {
    throw redirectRefused(from, `it leads to ${target.protocol.slice(0, -1)}`);
  }
  if (target.username !== '' || target.password !== '') throw redirectRefused(from, 'its target has credentials in it');
  // A fragment is not sent: what stands in one asks for nothing.
  if (target.hash !== '' || !asksFor(target, tail)) {
    throw redirectRefused(from, `it leads to ${displayUrl(target.href)}, no repository`);
  }
  return target.href;
}

/** Whether a URL is that of a repository with `tail` after it: as path and query, or in the query of a base that has one. */
function asksFor({ pathname, search }: URL, tail: string): boolean {
  const query = tail.indexOf('?');
  if (query < 0) return search.endsWith(tail);
  return pathname.endsWith(tail.slice(0, query)) && search === tail.slice(query);
}

function redirectRefused(from: string, reason: string): TransportError {
  return new TransportError('REDIRECT_REFUSED', `Cannot follow a redirect from ${displayUrl(from)}: ${reason}`);
}

/** After the probe: whatever broke, the pack was not sent. */
function requestNeverSent(error: unknown): unknown {
  if (!isGitError(error, 'TRANSPORT_CLOSED')) return error;
  return new TransportError('TRANSPORT_FAILED', error.message, { cause: error, retryable: true });
}

async function assertAnswer(answer: HttpAnswer, expected: string, display: string, service: Service): Promise<void> {
  if (answer.status !== 200) throw await statusFailure(answer, display);
  if (answer.mediaType === expected) return;
  await answer.discard();
  const problem =
    answer.mediaType === 'text/plain' && expected.endsWith('-advertisement')
      ? 'it serves files only (the "dumb" protocol), or no repository'
      : `its answer is ${answer.mediaType || 'of no type'}, not git's; is this the URL of a repository?`;
  throw new GitError('UNSUPPORTED', `Cannot use ${service} at ${display}: ${problem}`);
}
