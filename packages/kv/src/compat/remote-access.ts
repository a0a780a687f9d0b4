import { type Credentials, type CredentialsStore, createHttpTransport, type RequestTransport } from '@git-kv/protocol';
import type { FetchIntoOptions } from '@git-kv/repository';
import type { Config } from '@git-kv/repository/file';
import { assertParameter, CompatError } from './errors.js';
import { fetchOf } from './http.js';
import type { GitAuth, RemoteArguments } from './types.js';

/** Plugins take bodies whole. */
const MAX_REQUEST_BYTES = 512 * 1024 * 1024;

/** What cuts history off, and leaves more of it out. */
export interface DepthArguments {
  readonly depth?: number;
  /** Only commits after this. */
  readonly since?: Date;
  /** Only commits that these refs of the remote do not reach. */
  readonly exclude?: readonly string[];
  /** `depth` counts from where history is cut here. */
  readonly relative?: boolean;
}

/** @throws {CompatError} MissingParameterError, UnknownTransportError */
export function openTransport(url: string, args: RemoteArguments, config: Config | undefined): RequestTransport {
  const { http, headers } = args;
  assertParameter('http', http);
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url) ?? [];
  if (scheme === undefined || !/^https?$/i.test(scheme)) {
    const message = `Cannot reach the remote: its URL is not of http or https`;
    throw new CompatError('UnknownTransportError', message, { url, transport: scheme ?? 'ssh' });
  }
  const corsProxy = args.corsProxy ?? config?.get('http', 'corsproxy');
  const credentials = credentialsOf(args, url);
  return createHttpTransport(throughProxy(url, corsProxy), {
    fetch: fetchOf(http),
    ...(headers && { headers }),
    ...(credentials && { credentials }),
    streamsRequests: false,
    maxHeldRequestBytes: MAX_REQUEST_BYTES,
  });
}

/** Progress and words of the server, for those who want them. */
export function callbacks({
  onProgress,
  onMessage,
  signal,
}: RemoteArguments): Pick<FetchIntoOptions, 'onProgress' | 'onRemoteProgress' | 'signal'> {
  return {
    signal,
    ...(onProgress && {
      onProgress: ({ phase, loaded, total = loaded }) => void onProgress({ phase, loaded, total }),
    }),
    ...(onMessage && { onRemoteProgress: (text: string) => void onMessage(text) }),
  };
}

/** The same wishes in our names. */
export function deepening(args: DepthArguments): Pick<FetchIntoOptions, 'depth' | 'relative' | 'since' | 'not'> {
  const { depth, since, exclude = [], relative } = args;
  return {
    ...(depth != null && { depth }),
    ...(relative === true && { relative }),
    ...(since != null && { since: Math.floor(since.valueOf() / 1000) }),
    ...(exclude.length > 0 && { not: exclude }),
  };
}

function throughProxy(url: string, corsProxy: string | undefined): string {
  if (corsProxy === undefined || corsProxy === '') return url;
  return corsProxy.endsWith('?') ? `${corsProxy}${url}` : `${corsProxy}/${url.replace(/^https?:\/\//i, '')}`;
}

function credentialsOf(args: RemoteArguments, url: string): CredentialsStore | undefined {
  const { onAuth, onAuthFailure, onAuthSuccess } = args;
  if (onAuth === undefined && onAuthFailure === undefined) return undefined;
  const shown = url.replace(/^([a-z]+:\/\/)[^/]*@/i, '$1');
  let last: GitAuth = {};
  return {
    get: async ({ attempt }) => {
      const ask = attempt === 1 ? onAuth : onAuthFailure;
      const auth = (await ask?.(shown, last)) ?? undefined;
      if (auth === undefined) return undefined;
      if (auth.cancel === true) throw new CompatError('UserCanceledError', 'Cannot go on: it was cancelled');
      last = auth;
      return toCredentials(auth);
    },
    approve: async () => await onAuthSuccess?.(shown, last),
  };
}

function toCredentials({ username, password, headers = {} }: GitAuth): Credentials | undefined {
  const authorization = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  if (authorization === undefined) {
    if (username === undefined && password === undefined) return undefined;
    return { username: username ?? '', password: password ?? '' };
  }
  const [, scheme, text] = /^(Basic|Bearer)\s+(\S+)$/i.exec(authorization) ?? [];
  if (text !== undefined && scheme?.toLowerCase() === 'bearer') return { token: text };
  const [, user, secret] = /^([^:]*):(.*)$/s.exec(text === undefined ? '' : atob(text)) ?? [];
  if (user !== undefined && secret !== undefined) return { username: user, password: secret };
  throw new CompatError('UserCanceledError', 'Cannot use the Authorization header: it is neither Basic nor Bearer');
}
