import { GitError } from '@git-kv/objects';
import { createHttpTransport, type RequestTransport } from '@git-kv/protocol';
import type { ConnectOptions } from './options.js';
import type { RemoteUrl } from './remote-url.js';

/** What carries requests to a remote. @throws {GitError} UNSUPPORTED for schemes other than http and https */
export function openTransport(
  remote: RemoteUrl,
  options: Pick<ConnectOptions, 'fetch' | 'credentials' | 'headers' | 'timeoutMs'>,
): RequestTransport {
  if (remote.scheme !== 'http' && remote.scheme !== 'https') {
    throw new GitError(
      'UNSUPPORTED',
      `Cannot connect over ${remote.scheme}: connect of @git-kv/kv/node does, or a transport of your own`,
    );
  }
  const url = new URL(remote.transportUrl);
  if (remote.username !== undefined) url.username = encodeURIComponent(remote.username);
  if (remote.password !== undefined) url.password = encodeURIComponent(remote.password);
  const { fetch, credentials, headers, timeoutMs } = options;
  return createHttpTransport(url.href, { fetch, credentials, headers, timeoutMs });
}
