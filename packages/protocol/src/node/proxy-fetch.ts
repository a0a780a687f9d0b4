import { Pool, ProxyAgent, fetch as undiciFetch } from 'undici';
import { type HttpFetchOptions, tlsOptions, tlsUse } from './http-fetch.js';

/** Requests through proxies, whose connections it owns. */
export class ProxyFetch {
  readonly #options: HttpFetchOptions;
  readonly #agents = new Map<string, ProxyAgent>();

  constructor(options: HttpFetchOptions) {
    this.#options = options;
  }

  async fetch(proxy: string, url: string, init: RequestInit): Promise<Response> {
    // undici's own types and the platform's describe the same things, and do not know of each other.
    const dispatcher = await this.#agentOf(proxy, new URL(url).origin);
    const request = { ...init, dispatcher } as unknown as Parameters<typeof undiciFetch>[1];
    return (await undiciFetch(url, request)) as unknown as Response;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.close()));
  }

  async #agentOf(uri: string, origin: string): Promise<ProxyAgent> {
    const { keepAliveMs } = this.#options;
    const use = tlsUse(this.#options, origin);
    const [requestTls, proxyTls] = [await tlsOptions(this.#options, use), await tlsOptions(this.#options, 'proxy')];
    const known = this.#agents.get(`${use} ${uri}`);
    if (known !== undefined) return known;
    const agent = new ProxyAgent({
      uri,
      clientFactory: proxyClient,
      requestTls,
      proxyTls,
      headersTimeout: 0,
      bodyTimeout: 0,
      ...(keepAliveMs === undefined ? {} : keepAliveMs === 0 ? { pipelining: 0 } : { keepAliveTimeout: keepAliveMs }),
    });
    this.#agents.set(`${use} ${uri}`, agent);
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
