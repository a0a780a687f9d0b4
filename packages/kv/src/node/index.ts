/**
 * Stores on Node: remotes over ssh, `git://` and paths of this machine besides HTTP, connections that are kept open between
 * requests, proxies and certificates as the environment names them, and credentials from `GIT_KV_USERNAME` and `GIT_KV_PASSWORD`.
 *
 * ```ts
 * import { connect } from '@git-kv/kv/node';
 *
 * const store = await connect('https://example.com/notes.git#main');
 * await store.set('greeting', 'Hello World!');
 * await store.disconnect(); // lets go of the connections, so that the process can end at once
 * ```
 *
 * @module
 */
import type { CredentialsProvider, RequestTransport, Transport } from '@git-kv/protocol';
import { createNodeFetch, createTransport, type Environment, type NodeFetch } from '@git-kv/protocol/node';
import { createPathTransport } from '@git-kv/repository/node-fs';
import type { ConnectOptions, OfOctetsOptions } from '../options.js';
import { parseRemoteUrl } from '../remote-url.js';
import { GitKv } from '../store.js';
import { openTransport } from '../transport.js';

/** What Node adds to the options of a store. */
export interface NodeOptions {
  /** Where proxies and credentials are named. Default `process.env`. */
  readonly environment?: Environment;
  /** Certificate authorities to trust instead of Node's own, PEM. */
  readonly ca?: string | readonly string[];
  /** Certificate authorities to trust besides, PEM. */
  readonly extraCa?: string | readonly string[];
}

/** {@link GitKv.connect}, with Node's connections. Disconnect the store to let go of them. */
export function connect(url: string, options: ConnectOptions & NodeOptions = {}): Promise<GitKv> {
  return withTransport(url, options, (transport) => GitKv.connect(url, { ...options, transport }));
}

/** {@link GitKv.ofOctets}, with Node's connections. Disconnect the store to let go of them. */
export function ofOctets(
  octets: Uint8Array | AsyncIterable<Uint8Array>,
  options: OfOctetsOptions & NodeOptions,
): Promise<GitKv> {
  return withTransport(options.remote, options, (transport) => GitKv.ofOctets(octets, { ...options, transport }));
}

async function withTransport(
  url: string,
  options: ConnectOptions & NodeOptions,
  open: (transport: Transport) => Promise<GitKv>,
): Promise<GitKv> {
  if (options.transport !== undefined) return await open(options.transport);
  const remote = parseRemoteUrl(url);
  const { environment = process.env, ca, extraCa } = options;
  const credentials = environmentCredentials(environment, options.credentials);
  if (remote.scheme !== 'http' && remote.scheme !== 'https') {
    const { timeoutMs } = options;
    const settings = { environment, timeoutMs, credentials, local: (path: string) => createPathTransport(path) };
    const transport = createTransport(remote.transportUrl, settings);
    return await orClose(transport, open);
  }
  const own = options.fetch === undefined ? createNodeFetch({ environment, ca, extraCa }) : undefined;
  const fetch = options.fetch ?? (own as NodeFetch);
  const http = openTransport(remote, { ...options, fetch, ...(credentials !== undefined && { credentials }) });
  const transport: RequestTransport = {
    url: http.url,
    exchange: (call) => http.exchange(call),
    close: async () => {
      await http.close?.();
      await own?.close();
    },
  };
  return await orClose(transport, open);
}

/** Use `transport`, which is closed where that fails; else the store closes it. */
async function orClose(transport: Transport, open: (transport: Transport) => Promise<GitKv>): Promise<GitKv> {
  try {
    return await open(transport);
  } catch (error) {
    await transport.close?.();
    throw error;
  }
}

/** Credentials from the environment, offered first; after a refusal `next` is asked. */
function environmentCredentials(
  environment: Environment,
  next: CredentialsProvider | undefined,
): CredentialsProvider | undefined {
  const { GIT_KV_USERNAME: username, GIT_KV_PASSWORD: password } = environment;
  if (!username && !password) return next;
  return async (request) => {
    if (request.attempt === 1) return { username: username || request.username || '', password: password ?? '' };
    return await next?.({ ...request, attempt: request.attempt - 1 });
  };
}
