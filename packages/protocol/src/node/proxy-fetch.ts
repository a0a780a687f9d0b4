import { Pool, ProxyAgent, fetch as undiciFetch } from 'undici';
import { certificatesOf, type HttpFetchOptions } from './http-fetch.js';

/** Requests through proxies, whose connections it owns. */
export class ProxyFetch {
  readonly #ca: readonly string[] | undefined;
  readonly #keepAliveMs: number | undefined;
  readonly #agents = new Map<string, ProxyAgent>();

  constructor(ca: readonly string[] | undefined, keepAliveMs: number | undefined) {
    this.#ca = ca;
    this.#keepAliveMs = keepAliveMs;
  }

  async fetch(proxy: string, url: string, init: RequestInit): Promise<Response> {
    // undici's own types and the platform's describe the same things, and do not know of each other.
    const request = { ...init, dispatcher: this.#agentOf(proxy) } as unknown as Parameters<typeof undiciFetch>[1];
    return (await undiciFetch(url, request)) as unknown as Response;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.close()));
  }

  #agentOf(uri: string): ProxyAgent {
    let agent = this.#agents.get(uri);
    if (agent !== undefined) return agent;
    const keepAliveMs = this.#keepAliveMs;
    const tls = this.#ca === undefined ? {} : { ca: [...this.#ca] };
    agent = new ProxyAgent({
      uri,
      clientFactory: proxyClient,
      requestTls: tls,
      proxyTls: tls,
      headersTimeout: 0,
      bodyTimeout: 0,
      ...(keepAliveMs === undefined ? {} : keepAliveMs === 0 ? { pipelining: 0 } : { keepAliveTimeout: keepAliveMs }),
    });
    this.#agents.set(uri, agent);
    return agent;
  }
}

/**
 * Connections to a proxy. undici tries one that is closed before it answers again and again, thousands of times a second: for it
 * that is an idle connection which has gone.
 */
function proxyClient(origin: URL, options: object): Pool {
  const pool = new Pool(origin, options);
  const connect = pool.connect.bind(pool) as (params: unknown) => Promise<unknown>;
  const connectOnce = async (params: unknown): Promise<unknown> => {
    try {
      return await connect(params);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'UND_ERR_SOCKET') throw error;
      throw Object.assign(new Error('the proxy closed the connection'), { code: 'EHOSTUNREACH' });
    }
  };
  return Object.assign(pool, { connect: connectOnce }) as unknown as Pool;
}

/** The same, with the certificates that `options` name. */
export async function openProxyFetch(options: HttpFetchOptions): Promise<ProxyFetch> {
  return new ProxyFetch(await certificatesOf(options), options.keepAliveMs);
}
