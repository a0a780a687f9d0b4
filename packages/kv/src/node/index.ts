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
import { createLocalTransport, createNodeTransport, isLocalPath, type NodeOptions, openPlace } from './transport.js';

export { open, openRepo } from './files.js';
export type { NodeOptions } from './transport.js';

/**
 * {@link GitKv.connect}, with Node's connections; a path of this machine (absolute, or with `.` at its start) is a remote, too.
 * Disconnect the store to let go of them.
 */
export function connect(url: string, options: ConnectOptions & NodeOptions = {}): Promise<GitKv> {
  return withTransport(url, options, (place) => GitKv.connect(place.url, { ...options, transport: place.transport }));
}

/** {@link GitKv.ofOctets}, with Node's connections, as {@link connect} has them. Disconnect the store to let go of them. */
export function ofOctets(
  octets: Uint8Array | AsyncIterable<Uint8Array>,
  options: OfOctetsOptions & NodeOptions,
): Promise<GitKv> {
  return withTransport(options.remote, options, ({ url, transport }) =>
    GitKv.ofOctets(octets, { ...options, remote: url, transport }),
  );
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

/** Use what leads to `url`. It is closed where that fails; else the store closes it. */
async function withTransport(
  url: string,
  options: ConnectOptions & NodeOptions,
  open: (place: { readonly url: string; readonly transport: Transport }) => Promise<GitKv>,
): Promise<GitKv> {
  if (options.transport !== undefined) return await open({ url, transport: options.transport });
  const place = openPlace(url, options);
  try {
    return await open(place);
  } catch (error) {
    await place.transport.close?.();
    throw error;
  }
}
