import { asCredentialsStore, type CredentialsProvider, type CredentialsStore } from '../transport/credentials.js';
import { createHttpTransport, type HttpTransportOptions } from '../transport/http.js';
import type { PaceOptions } from '../transport/pace.js';
import { parseRemoteAddress } from '../transport/remote-address.js';
import type { RequestTransport, Transport } from '../transport/transport.js';
import { createGitTransport, type GitTransportOptions } from './git-transport.js';
import { createNodeFetch, type NodeFetchOptions } from './node-fetch.js';
import type { Environment } from './proxy.js';
import { createSshLibraryTransport, hasSshLibrary, type SshLibraryOptions } from './ssh/library-transport.js';
import { createLocalProgramTransport, createSshProgramTransport, type SshAddress } from './ssh-program.js';

/** How a remote is reached, whatever its URL is. */
export interface TransportOptions {
  /** Where proxies, ssh programs, the agent and the home directory are named. Default: this process's. */
  readonly environment?: Environment | undefined;
  /** Give up when nothing moves for so long (default five minutes); 0 for never. */
  readonly timeoutMs?: number | undefined;
  /** Give up a server that is slower than this; by default none is. */
  readonly pace?: PaceOptions | undefined;
  /** Asked by HTTP servers' wish, and for passwords of ssh. */
  readonly credentials?: CredentialsProvider | CredentialsStore | undefined;
  /** Of HTTP. Without a `fetch` among them, one is made that the transport owns. `client` is shown to the URL's origin alone. */
  readonly http?: Omit<HttpTransportOptions, 'credentials' | 'timeoutMs' | 'pace'> &
    Pick<NodeFetchOptions, 'ca' | 'extraCa' | 'client' | 'verify'>;
  /** Of `git://`. */
  readonly git?: Omit<GitTransportOptions, 'timeoutMs' | 'pace'>;
  /** Of the ssh library. */
  readonly ssh?: Omit<SshLibraryOptions, 'environment' | 'timeoutMs' | 'pace'>;
  /**
   * Who speaks ssh: the package `ssh2` in this process, or a program. Default: the program where GIT_SSH_COMMAND or GIT_SSH name
   * one or ssh2 is not installed, else the library.
   */
  readonly sshBy?: 'library' | 'program' | undefined;
  /**
   * What leads to a path on this machine (`file://` too). Default: git's own programs. `createPathTransport` of
   * `@git-kv/repository/node-fs` needs none.
   */
  readonly local?: ((path: string) => Transport) | undefined;
  /** The program that serves fetches on the other side of ssh, or of a local path, as git's --upload-pack. */
  readonly uploadPack?: string | undefined;
  /** The program that serves pushes. */
  readonly receivePack?: string | undefined;
}

/**
 * The transport that a remote's URL asks for: `http(s)://`, `git://`, `ssh://`, `[user@]host:path`, `file://` or a path. Close
 * it when it is done with.
 * @throws {GitError} INVALID_URL; UNSUPPORTED for other schemes
 */
export function createTransport(url: string, options: TransportOptions = {}): Transport {
  const { environment = process.env, timeoutMs, pace, uploadPack, receivePack } = options;
  const address = parseRemoteAddress(url);
  switch (address.kind) {
    case 'http':
      return ownedHttp(address.url, options, environment);
    case 'git':
      return createGitTransport(url, { ...options.git, timeoutMs, pace });
    case 'ssh':
      return createSsh(address, options, environment);
    case 'path':
      return (
        options.local?.(address.path) ??
        createLocalProgramTransport(address.path, { environment, timeoutMs, pace, uploadPack, receivePack })
      );
  }
}

function ownedHttp(url: string, options: TransportOptions, environment: Environment): RequestTransport {
  const { ca, extraCa, client, verify, ...http } = options.http ?? {};
  // It is for the server of this URL, and not for where that one may lead.
  const shown = client && { ...client, origin: client.origin ?? new URL(url).origin };
  const own =
    http.fetch === undefined ? createNodeFetch({ environment, ca, extraCa, client: shown, verify }) : undefined;
  const transport = createHttpTransport(url, {
    ...http,
    fetch: http.fetch ?? own,
    credentials: options.credentials,
    timeoutMs: options.timeoutMs,
    pace: options.pace,
  });
  if (own === undefined) return transport;
  return {
    url: transport.url,
    exchange: (call) => transport.exchange(call),
    close: async () => {
      await transport.close?.();
      await own.close();
    },
  };
}

function createSsh(address: SshAddress, options: TransportOptions, environment: Environment): Transport {
  const { timeoutMs, pace, uploadPack, receivePack, credentials } = options;
  const password: SshLibraryOptions['password'] =
    credentials === undefined
      ? undefined
      : async (request) => {
          const found = await asCredentialsStore(credentials).get({ ...request, url: hostUrl(address) });
          return found !== undefined && 'password' in found ? found.password : undefined;
        };
  const programs = { environment, timeoutMs, pace, uploadPack, receivePack };
  const byLibrary = createSshLibraryTransport(address, {
    ...(password !== undefined && { password }),
    ...options.ssh,
    ...programs,
  });
  const byProgram = createSshProgramTransport(address, programs);
  const isNamed = Boolean(environment.GIT_SSH_COMMAND || environment.GIT_SSH);
  const by = options.sshBy ?? (isNamed ? 'program' : undefined);
  if (by !== undefined) return by === 'program' ? byProgram : byLibrary;
  return {
    url: address.display,
    connect: async (call) => await ((await hasSshLibrary()) ? byLibrary : byProgram).connect(call),
    close: async () => await byLibrary.close?.(),
  };
}

/** The host as a URL, whichever way the address was written: who keeps credentials looks at its parts. */
function hostUrl({ user, host, port }: SshAddress): string {
  const name = user === undefined ? '' : `${encodeURIComponent(user)}@`;
  return `ssh://${name}${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}/`;
}
