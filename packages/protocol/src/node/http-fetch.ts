import { Agent, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import type { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { FetchResponse } from '../transport/fetch-function.js';

/** Whom TLS connections trust. */
export interface Certificates {
  /** Certificate authorities to trust instead of Node's own, PEM: what GIT_SSL_CAINFO names. */
  readonly ca?: string | readonly string[] | undefined;
  /** Certificate authorities to trust besides, PEM. */
  readonly extraCa?: string | readonly string[] | undefined;
  /** Whom servers see that ask for a certificate, proxies aside. */
  readonly client?: ClientCertificate | undefined;
  /** Whether servers have to be whom they say (default true). With `false` anybody may answer in their place; a proxy may not. */
  readonly verify?: boolean | undefined;
}

/** A certificate of one's own. */
export interface ClientCertificate {
  /** PEM, with what leads to an authority that the server trusts. */
  readonly cert: string;
  /** PEM. Default: what stands in `cert`, too. */
  readonly key?: string | undefined;
  /** What the key is locked with. */
  readonly passphrase?: string | undefined;
  /** Show it to this origin alone: `https://example.org`. Default: to all. */
  readonly origin?: string | undefined;
}

/** How connections are made. */
export interface HttpFetchOptions extends Certificates {
  /** How long an idle connection is kept; 0 closes each after its exchange. Default 4 s, or what the server says. */
  readonly keepAliveMs?: number | undefined;
}

const KEEP_ALIVE_MS = 4000;

interface Tls {
  readonly agent: TlsAgent;
  readonly request: typeof tlsRequest;
}

/**
 * What a git transport needs of `fetch`, on Node's own http client: that is there in 5 ms, where a library and the classes of `fetch`
 * itself take a tenth of a second to load. Follows no redirects, asks for no compression and knows no cookies.
 */
export class HttpFetch {
  readonly #options: HttpFetchOptions;
  #agent: Agent | undefined;
  /** How servers are connected to, by what they get to see. */
  readonly #tls = new Map<TlsUse, Promise<Tls>>();

  constructor(options: HttpFetchOptions) {
    this.#options = options;
  }

  /** @param proxy who is asked for an `http://` URL, in the place of its server */
  async fetch(url: string, init: RequestInit, proxy?: string): Promise<NodeResponse> {
    const target = new URL(url);
    const hop = proxy === undefined ? target : new URL(proxy);
    const { signal, body } = init;
    signal?.throwIfAborted();
    const isHeld = body instanceof Uint8Array;
    const headers = {
      ...(init.headers as OutgoingHttpHeaders | undefined),
      ...(isHeld && { 'Content-Length': body.length }),
      ...(hop !== target && { Host: target.host, ...proxyAuthorization(hop) }),
    };
    const options = {
      method: init.method ?? 'GET',
      headers,
      ...(signal && { signal }),
      ...(hop !== target && absoluteForm(target, hop)),
    };
    // Without what a header says of it.
    const address = hop === target ? target : `${hop.protocol}//${hop.host}/`;
    let sent: ClientRequest;
    if (hop.protocol === 'https:') {
      const tls = await this.#secure(hop === target ? tlsUse(this.#options, target.origin) : 'proxy');
      sent = tls.request(address, { ...options, agent: tls.agent });
    } else {
      this.#agent ??= new Agent(agentOptions(this.#options));
      sent = request(address, { ...options, agent: this.#agent });
    }
    const answered = new Promise<NodeResponse>((resolve, reject) => {
      sent.once('response', (message) => resolve(new NodeResponse(message)));
      // Also later, when nobody waits any more: an error that is not listened to ends the process.
      sent.on('error', reject);
    });
    if (isHeld) sent.end(body);
    else if (body === undefined || body === null) sent.end();
    else void sendStream(sent, body as ReadableStream<Uint8Array>);
    return answered;
  }

  /** Close idle connections, and the others when their exchanges end. */
  async close(): Promise<void> {
    const secure = await Promise.all(this.#tls.values());
    for (const agent of [this.#agent, ...secure.map((tls) => tls.agent)]) {
      if (agent === undefined) continue;
      agent.maxFreeSockets = 0;
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    }
  }

  #secure(use: TlsUse): Promise<Tls> {
    const tls = this.#tls.get(use) ?? openTls(this.#options, use);
    this.#tls.set(use, tls);
    return tls;
  }
}

/** The proxy is told the whole URL, and a proxy behind TLS is looked at by its own name, not by the one in `Host`. */
function absoluteForm(target: URL, { hostname }: URL): { readonly path: string; readonly servername: string } {
  const { origin, pathname, search } = target;
  return { path: origin + pathname + search, servername: isIP(hostname.replace(/^\[|\]$/g, '')) > 0 ? '' : hostname };
}

/** For the proxy alone: a server behind it does not see these headers. */
function proxyAuthorization({ username, password }: URL): OutgoingHttpHeaders {
  if (username === '' && password === '') return {};
  const userinfo = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return { 'Proxy-Authorization': `Basic ${userinfo.toString('base64')}` };
}

async function openTls(options: HttpFetchOptions, use: TlsUse): Promise<Tls> {
  const https = await import('node:https');
  const agent = new https.Agent({ ...agentOptions(options), ...(await tlsOptions(options, use)) });
  return { agent, request: https.request };
}

/** What a connection is for: a server that gets to see the certificate of one's own, one that does not, or a proxy. */
export type TlsUse = 'known' | 'other' | 'proxy';

/** Which of them a server is. */
export function tlsUse({ client }: Certificates, origin: string): TlsUse {
  return client !== undefined && (client.origin ?? origin) === origin ? 'known' : 'other';
}

/** What Node is told of trust. */
export async function tlsOptions(options: Certificates, use: TlsUse): Promise<SecureOptions> {
  const ca = await certificatesOf(options);
  const { client, verify = true } = options;
  return {
    ...(ca && { ca }),
    ...(use === 'known' && client && ownCertificate(client)),
    ...(!verify && use !== 'proxy' && { rejectUnauthorized: false }),
  };
}

type SecureOptions = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'rejectUnauthorized'>;

function ownCertificate({ cert, key = cert, passphrase }: ClientCertificate): SecureOptions {
  return { cert, key, ...(passphrase !== undefined && { passphrase }) };
}

/** The certificate authorities to trust, or `undefined` for Node's own. */
async function certificatesOf({ ca, extraCa }: Certificates): Promise<string[] | undefined> {
  if (ca === undefined && extraCa === undefined) return undefined;
  return [...list(ca ?? (await import('node:tls')).rootCertificates), ...list(extraCa ?? [])];
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

function agentOptions({ keepAliveMs = KEEP_ALIVE_MS }: HttpFetchOptions): { keepAlive: boolean; timeout?: number } {
  return keepAliveMs === 0 ? { keepAlive: false } : { keepAlive: true, timeout: keepAliveMs };
}

/** The part of a `Response` that there is use for. */
export class NodeResponse implements FetchResponse {
  readonly status: number;
  readonly type = 'basic';
  readonly redirected = false;
  readonly headers: FetchResponse['headers'];
  readonly body: NonNullable<FetchResponse['body']>;

  constructor(message: IncomingMessage) {
    this.status = message.statusCode ?? 0;
    this.headers = {
      get: (name): string | null => {
        const value = message.headers[name.toLowerCase()];
        return (Array.isArray(value) ? value.join(', ') : value) ?? null;
      },
    };
    // Whoever reads hears of it; nobody may be reading yet.
    message.on('error', () => undefined);
    const chunks: AsyncIterator<Uint8Array> = message[Symbol.asyncIterator]();
    this.body = {
      getReader: () => ({
        async read(): Promise<{ done: false; value: Uint8Array } | { done: true; value?: undefined }> {
          const step = await chunks.next();
          if (step.done === true) return { done: true };
          const { buffer, byteOffset, length } = step.value;
          // No Buffer: a slice of one is no copy.
          return { done: false, value: new Uint8Array(buffer, byteOffset, length) };
        },
        async cancel(): Promise<void> {
          message.destroy();
        },
      }),
    };
  }

  /** All of the body as UTF-8. */
  async text(): Promise<string> {
    const reader = this.body.getReader();
    const decoder = new TextDecoder();
    let text = '';
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      text += decoder.decode(step.value, { stream: true });
    }
    return text + decoder.decode();
  }
}

async function sendStream(sent: ClientRequest, body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  sent.once('close', () => void reader.cancel().catch(() => undefined));
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      if (sent.destroyed) return;
      if (!sent.write(step.value)) await hasRoom(sent);
    }
    sent.end();
  } catch (error) {
    sent.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Resolves when more may be written, or never will. */
function hasRoom(sent: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      sent.off('drain', done);
      sent.off('close', done);
      resolve();
    };
    sent.on('drain', done);
    sent.on('close', done);
    if (sent.destroyed) done();
  });
}
