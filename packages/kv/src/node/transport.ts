import { resolve } from 'node:path';
import type { CredentialsProvider, RequestTransport, Transport } from '@git-kv/protocol';
import { createNodeFetch, createTransport, type Environment, type NodeFetch } from '@git-kv/protocol/node';
import { createPathTransport, type FileRepository } from '@git-kv/repository/node-fs';
import type { ConnectOptions } from '../options.js';
import { parseRemoteUrl, type RemoteUrl } from '../remote-url.js';
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

/** What carries requests to a remote of any scheme. To be closed. */
export function createNodeTransport(
  remote: RemoteUrl,
  options: Pick<ConnectOptions, 'fetch' | 'credentials' | 'headers' | 'timeoutMs'> & NodeOptions,
): Transport {
  const { environment = process.env, ca, extraCa } = options;
  const credentials = environmentCredentials(environment, options.credentials);
  if (remote.scheme !== 'http' && remote.scheme !== 'https') {
    const { timeoutMs } = options;
    const settings = { environment, timeoutMs, credentials, local: createLocalTransport };
    return createTransport(remote.transportUrl, settings);
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
  return transport;
}

const LOCAL = /^\.{0,2}[/\\]|^\.{1,2}$|^[a-z]:[/\\]/i;

/** Whether a text is a path of this machine: absolute, or with `.` at its start. */
export function isLocalPath(text: string): boolean {
  return LOCAL.test(text);
}

/**
 * Where `URL[#branch]` or `PATH[#branch]` leads; `url` is for whoever takes no paths.
 * @throws {GitError} INVALID_URL, INVALID_REF_NAME
 */
export function openPlace(
  source: string,
  options: Parameters<typeof createNodeTransport>[1],
): { readonly url: string; readonly transport: Transport } {
  if (!isLocalPath(source)) return { url: source, transport: createNodeTransport(parseRemoteUrl(source), options) };
  const parts = source.split('#');
  const [path, branch] = parts.length === 2 ? (parts as [string, string]) : [source];
  const url = `file:///local${branch === undefined ? '' : `#${branch}`}`;
  parseRemoteUrl(url); // the branch may be none
  return { url, transport: createLocalTransport(path) };
}

/** What carries requests to a repository in a directory, which this process serves. */
export function createLocalTransport(path: string): Transport {
  return createPathTransport(resolve(path), { serve: receiveRules });
}

/** Whether a branch that is checked out may move: nobody else than this process looks at the setting. */
async function receiveRules(
  repository: FileRepository,
): Promise<{ readonly receivePack: { readonly rules: { readonly denyCurrentBranch: boolean } } }> {
  const setting = (await repository.config.read()).get('receive', 'denycurrentbranch') ?? 'refuse';
  return { receivePack: { rules: { denyCurrentBranch: !/^(?:ignore|warn|false|no|off|0)$/i.test(setting) } } };
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
