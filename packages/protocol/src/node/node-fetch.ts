import type { FetchResponse } from '../transport/fetch-function.js';
import { type Certificates, HttpFetch } from './http-fetch.js';
import { type Environment, proxyFor } from './proxy.js';
import type { ProxyFetch } from './proxy-fetch.js';

/** Where connections go, and whom they trust. */
export interface NodeFetchOptions extends Certificates {
  /** Where the proxies are named (https_proxy, http_proxy, all_proxy, no_proxy); absent means none. */
  readonly environment?: Environment | undefined;
  /** How long an idle connection is kept; 0 closes each after its exchange. Default 4 s, or what the server says. */
  readonly keepAliveMs?: number | undefined;
}

/** What {@link NodeFetch} answers with: as much of a `Response` as a transport needs. */
export interface NodeFetchResponse extends FetchResponse {
  /** All of the body as UTF-8. */
  text(): Promise<string>;
}

/** A `fetch` that owns connections. */
export interface NodeFetch {
  (url: string, init: RequestInit): Promise<NodeFetchResponse>;
  /** Close idle connections, and the others when their exchanges end. */
  close(): Promise<void>;
}

/**
 * Make a `fetch` on Node's own http client, and, for `https://` where a proxy is named, on undici, which is loaded then. It has no time-outs of its
 * own for answers: the transport has.
 */
export function createNodeFetch(options: NodeFetchOptions = {}): NodeFetch {
  const { environment = {} } = options;
  const direct = new HttpFetch(options);
  let proxied: Promise<ProxyFetch> | undefined;

  const nodeFetch = async (url: string, init: RequestInit): Promise<NodeFetchResponse> => {
    const proxy = proxyFor(new URL(url), environment);
    // As curl: who speaks plainly may be asked for by the proxy itself; a tunnel is for what it must not see.
    if (proxy === undefined || url.startsWith('http:')) return direct.fetch(url, init, proxy);
    proxied ??= import('./proxy-fetch.js').then(({ ProxyFetch }) => new ProxyFetch(options));
    return (await proxied).fetch(proxy, url, init);
  };
  return Object.assign(nodeFetch, {
    close: async () => {
      await direct.close();
      await (await proxied)?.close();
    },
  });
}
