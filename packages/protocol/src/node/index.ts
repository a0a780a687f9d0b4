/**
 * Transports for Node: HTTP with connections that are kept, proxies and certificates of one's own; `git://`; ssh, by a program
 * or by the package `ssh2`; programs of this machine. `createTransport` picks by the URL.
 *
 * ```ts
 * import { connectUploadPack } from '@git-kv/protocol';
 * import { createTransport } from '@git-kv/protocol/node';
 *
 * const transport = createTransport('https://example.org/project.git', { environment: process.env });
 * const remote = await connectUploadPack(transport);
 * await transport.close?.();
 * ```
 *
 * @module
 */
export { createTransport, type TransportOptions } from './create-transport.js';
export {
  type CredentialHelperOptions,
  type CredentialSetting,
  createHelperCredentials,
  credentialSettings,
} from './credential-helpers.js';
export { createGitTransport, type GitTransportOptions } from './git-transport.js';
export type { ClientCertificate } from './http-fetch.js';
export { createNetrcCredentials, type NetrcEntry, parseNetrc } from './netrc.js';
export { createNodeFetch, type NodeFetch, type NodeFetchOptions, type NodeFetchResponse } from './node-fetch.js';
export type { Environment } from './proxy.js';
export type { HostKeyOptions, UnknownHost } from './ssh/host-keys.js';
export { createSshLibraryTransport, type SshLibraryOptions } from './ssh/library-transport.js';
export { loadSsh2 } from './ssh/load-ssh2.js';
export type { LoginOptions } from './ssh/login-options.js';
export {
  createLocalProgramTransport,
  createSshProgramTransport,
  type ProgramOptions,
  type SshAddress,
} from './ssh-program.js';
export { type ConnectionStreams, StreamConnection } from './stream-connection.js';
