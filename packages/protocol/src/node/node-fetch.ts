import { rootCertificates } from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent, fetch as undiciFetch } from 'undici';
import type { FetchFunction } from '../transport/http.js';
import { type Environment, proxyFor } from './proxy.js';

/** Where connections go, and whom they trust. */
export interface NodeFetchOptions {
  /** Where the proxies are named (https_proxy, http_proxy, all_proxy, no_proxy); absent means none. */
  readonly environment?: Environment | undefined;
  /** Certificate authorities to trust instead of Node's own, PEM: what GIT_SSL_CAINFO names. */
  readonly ca?: string | readonly string[] | undefined;
  /** Certificate authorities to trust besides, PEM. */
  readonly extraCa?: string | readonly string[] | undefined;
  /** How long an idle connection is kept; 0 closes each after its exchange. Default 4 s, or what the server says. */
  readonly keepAliveMs?: number | undefined;
}

/** A `fetch` that owns connections. */
export interface NodeFetch extends FetchFunction {
  /** Close idle connections, and the others when their exchanges end. */
  close(): Promise<void>;
}

/** Make a `fetch` on undici. It has no time-outs of its own for answers: the transport has. */
export function createNodeFetch(options: NodeFetchOptions = {}): NodeFetch {
  const { environment = {}, keepAliveMs } = options;
  const ca = certificates(options);
  const tls = ca === undefined ? {} : { ca };
  const common = {
    headersTimeout: 0,
    bodyTimeout: 0,
    ...(keepAliveMs === undefined ? {} : keepAliveMs === 0 ? { pipelining: 0 } : { keepAliveTimeout: keepAliveMs }),
  };
  const direct = new Agent({ ...common, connect: tls });
  const proxies = new Map<string, ProxyAgent>();

  function dispatcherFor(url: URL): Dispatcher {
    const uri = proxyFor(url, environment);
    if (uri === undefined) return direct;
    let proxy = proxies.get(uri);
    if (proxy === undefined) {
      proxy = new ProxyAgent({ ...common, uri, requestTls: tls, proxyTls: tls });
      proxies.set(uri, proxy);
    }
    return proxy;
  }

  const nodeFetch: FetchFunction = async (url, init) => {
    // undici's own types and the platform's describe the same things, and do not know of each other.
    const request = { ...init, dispatcher: dispatcherFor(new URL(url)) } as unknown as Parameters<
      typeof undiciFetch
    >[1];
    return (await undiciFetch(url, request)) as unknown as Response;
  };
  return Object.assign(nodeFetch, {
    close: async () => {
      await Promise.all([direct, ...proxies.values()].map((agent) => agent.close()));
    },
  });
}

function certificates(options: NodeFetchOptions): string[] | undefined {
  if (options.ca === undefined && options.extraCa === undefined) return undefined;
  return [...list(options.ca ?? rootCertificates), ...list(options.extraCa ?? [])];
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}
