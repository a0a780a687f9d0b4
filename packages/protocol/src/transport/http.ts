import { concatBytes, encodeUtf8 } from '@git-kv/objects';
import { AGENT } from '../capabilities.js';
import { authorizationHeader } from './authorization.js';
import type { CredentialsProvider, CredentialsStore } from './credentials.js';
import { Deadline } from './deadline.js';
import { requestFailure } from './failure.js';
import type { FetchFunction } from './fetch-function.js';
import { HttpAnswer } from './http-answer.js';
import type { HttpCall, Login } from './http-detours.js';
import { advertisementTail, displayUrl, type HttpAddress, parseHttpUrl } from './http-url.js';
import type { PaceOptions } from './pace.js';
import { holdBody, type RequestBody } from './request-body.js';
import type { RetryOptions } from './retry.js';
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
/** Requests of fetches that are larger go out compressed. */
const GZIP_ABOVE_BYTES = 64 * 1024;
const DEFAULT_POST_BUFFER_BYTES = 1024 * 1024;
const DEFAULT_MAX_HELD_REQUEST_BYTES = 64 * 1024 * 1024;
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

class HttpTransport implements RequestTransport {
  readonly url: string;
  readonly #address: HttpAddress;
  readonly #options: HttpTransportOptions;
  readonly #fetch: FetchFunction;
  /** Where requests go: the address, until a redirect. */
  #base: string;
  readonly #login: Login = { authorization: undefined, offered: undefined };

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
      this.#login.authorization = authorizationHeader({ username: username ?? '', password: password ?? '' });
    }
  }

  exchange(call: TransportCall): Promise<AsyncIterable<Uint8Array>> {
    return call.phase === 'advertise' ? this.#advertise(call) : this.#call(call);
  }

  async #advertise(call: TransportCall): Promise<AsyncIterable<Uint8Array>> {
    const { service, signal } = call;
    const tail = advertisementTail(this.#base, service);
    const headers = { Accept: '*/*', Pragma: 'no-cache', ...protocolHeader(call) };
    const get = (url: string): Promise<HttpAnswer> =>
      this.#send({ method: 'GET', url, headers, signal, isRepeatable: true });
    let url = this.#base + tail;
    let answer = await get(url);
    if (isRedirect(answer.status)) {
      const { followRedirects } = await import('../later.js');
      ({ answer, url } = await followRedirects(answer, url, tail, get));
    }
    await assertAnswer(answer, service, 'advertisement', url);
    this.#base = url.slice(0, url.length - tail.length);
    return answer;
  }

  async #call(call: TransportCall): Promise<AsyncIterable<Uint8Array>> {
    const { service, signal } = call;
    const url = `${this.#base}/${service}`;
    const headers = {
      Accept: `application/x-${service}-result`,
      'Content-Type': `application/x-${service}-request`,
      ...protocolHeader(call),
    };
    let body = await this.#holdBody(call);
    let encoding: Record<string, string> = {};
    // As git does: servers that read a request whole have a limit for what comes over the wire.
    if (service === 'git-upload-pack' && body.kind === 'held' && body.bytes.length > GZIP_ABOVE_BYTES) {
      const { gzip } = await import('../later.js');
      const bytes = await gzip(body.bytes, url);
      if (bytes !== undefined) [body, encoding] = [{ kind: 'held', bytes }, { 'Content-Encoding': 'gzip' }];
    }
    const send = (sent: RequestBody, isRepeatable: boolean): Promise<HttpAnswer> =>
      this.#send({
        method: 'POST',
        url,
        headers: { ...headers, ...(sent === body && encoding) },
        signal,
        body: sent,
        isRepeatable,
      });
    if (body.kind === 'streamed') {
      const { probe } = await import('../later.js');
      await probe(() => send({ kind: 'held', bytes: PROBE }, false), url, body.chunks);
    }
    const answer = await send(body, service === 'git-upload-pack' && body.kind === 'held');
    await assertAnswer(answer, service, 'result', url);
    return answer;
  }

  async #holdBody({ body = PROBE }: TransportCall): Promise<RequestBody> {
    if (body instanceof Uint8Array) return { kind: 'held', bytes: body };
    const { postBufferBytes = DEFAULT_POST_BUFFER_BYTES, maxHeldRequestBytes = DEFAULT_MAX_HELD_REQUEST_BYTES } =
      this.#options;
    const held: Uint8Array[] = [];
    const source = body[Symbol.asyncIterator]();
    // Few bodies are larger, and on Node asking the runtime whether it streams loads all of its `fetch`: 25 ms.
    const isAll = await holdBody(held, source, Math.min(postBufferBytes, maxHeldRequestBytes));
    if (isAll) return { kind: 'held', bytes: concatBytes(held) };
    const { largeBody } = await import('../later.js');
    const { streamsRequests } = this.#options;
    return await largeBody(held, source, { postBufferBytes, maxHeldRequestBytes, streamsRequests });
  }

  /** Send a request; again when the server is busy, and after a 401 with credentials. */
  async #send(call: HttpCall): Promise<HttpAnswer> {
    const isOwn = new URL(call.url).origin === this.#address.origin;
    const send = (): Promise<HttpAnswer> => this.#sendOnce(call, isOwn);
    const answer = await send();
    if (answer.status < 400 && this.#login.offered === undefined) return answer;
    const { sendAgain } = await import('../later.js');
    const { credentials, retry } = this.#options;
    const { username } = this.#address;
    return await sendAgain(answer, call, {
      send,
      isOwn,
      login: this.#login,
      url: this.url,
      username,
      credentials,
      retry,
    });
  }

  async #sendOnce(call: HttpCall, isOwn: boolean): Promise<HttpAnswer> {
    call.signal?.throwIfAborted();
    const { pace, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    const { Pace } = pace === undefined ? {} : await import('../later.js');
    const paceOf = pace && Pace && ((onTooSlow: () => void) => new Pace(pace, onTooSlow));
    const deadline = new Deadline(call.signal, timeoutMs, paceOf);
    deadline.start();
    const headers = {
      'User-Agent': this.#options.userAgent ?? AGENT,
      ...call.headers,
      ...(isOwn ? this.#options.headers : {}),
      ...(isOwn && this.#login.authorization !== undefined ? { Authorization: this.#login.authorization } : {}),
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
      if (response.redirected) {
        const { redirectRefused } = await import('../later.js');
        throw redirectRefused(call.url, 'the given fetch follows redirects by itself');
      }
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
  return { body: body.open(onChunk), duplex: 'half' };
}

function protocolHeader(call: TransportCall): Record<string, string> {
  return call.version === undefined || call.version === 0 ? {} : { 'Git-Protocol': `version=${call.version}` };
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

/** Throw where the answer is not what git's services answer. Only the first request may be redirected, and that was followed. */
async function assertAnswer(
  answer: HttpAnswer,
  service: Service,
  what: 'advertisement' | 'result',
  url: string,
): Promise<void> {
  if (answer.status === 200 && answer.mediaType === `application/x-${service}-${what}`) return;
  const { answerFailure } = await import('../later.js');
  throw await answerFailure(answer, service, what, url);
}
