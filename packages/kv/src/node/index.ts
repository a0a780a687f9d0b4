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
import type { Transport } from '@git-kv/protocol';
import type { ConnectOptions, OfOctetsOptions } from '../options.js';
import { parseRemoteUrl } from '../remote-url.js';
import { GitKv } from '../store.js';
import { createLocalTransport, createNodeTransport, isLocalPath, type NodeOptions } from './transport.js';

export { open, openRepo } from './files.js';
export type { NodeOptions } from './transport.js';

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

/**
 * What carries requests to a remote over any scheme, or to a path of this machine (absolute, or with `.` at its start): for
 * `VersionedStore.remote`, say, which closes it.
 * @throws {GitError} INVALID_URL
 */
export function openTransport(
  url: string,
  options: Pick<ConnectOptions, 'fetch' | 'credentials' | 'headers' | 'timeoutMs'> & NodeOptions = {},
): Transport {
  return isLocalPath(url) ? createLocalTransport(url) : createNodeTransport(parseRemoteUrl(url), options);
}

async function withTransport(
  url: string,
  options: ConnectOptions & NodeOptions,
  open: (transport: Transport) => Promise<GitKv>,
): Promise<GitKv> {
  if (options.transport !== undefined) return await open(options.transport);
  return await orClose(createNodeTransport(parseRemoteUrl(url), options), open);
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
