import { isGitError } from '@git-kv/objects';
import { createHttpTransport, type HttpTransportOptions, type RequestTransport } from '@git-kv/protocol';
import type { FetchIntoOptions } from '@git-kv/repository';
import type { Config } from '@git-kv/repository/file';
import { AuthAnswers } from './auth-answers.js';
import { assertParameter, CompatError, noteStatusText } from './errors.js';
import { requestOf } from './http.js';
import type { RemoteArguments } from './types.js';

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

/** @throws {CompatError} MissingParameterError, UrlParseError, UnknownTransportError */
export function openTransport(url: string, args: RemoteArguments, config: Config | undefined): RequestTransport {
  const { http, headers } = args;
  assertParameter('http', http);
  assertHttp(url);
  const corsProxy = args.corsProxy ?? config?.get('http', 'corsproxy');
  const auth = new AuthAnswers(args, url);
  const request = requestOf(http);
  let statusText = '';
  const transport = createTransport(url, throughProxy(url, corsProxy), {
    fetch: async (to, init) => {
      const sent = auth.apply(init.headers as Readonly<Record<string, string>>);
      const answer = await request(to, { ...init, headers: sent });
      statusText = answer.statusText;
      return answer;
    },
    ...(headers && { headers }),
    ...(auth.canAsk && { credentials: auth }),
    streamsRequests: false,
    maxHeldRequestBytes: MAX_REQUEST_BYTES,
  });
  return {
    url: transport.url,
    exchange: (call) =>
      transport.exchange(call).catch((error: unknown) => {
        noteStatusText(error, statusText);
        throw error;
      }),
    close: async () => await transport.close?.(),
  };
}

/** What is not of http or https is told as isomorphic-git tells it. */
function assertHttp(url: string): void {
  if (/^https?:\/\//i.test(url)) return;
  const isScp = /^[^/@:]+@[^/@:]+:/.test(url);
  const transport = isScp ? 'ssh' : /(\w+)(?::\/\/|::)/.exec(url)?.[1];
  if (transport === undefined) throw new CompatError('UrlParseError', 'Cannot parse the URL of the remote', { url });
  const overHttps = isScp ? url.replace(/^[^/@:]+@([^/@:]+):/, 'https://$1/') : url.replace(/^ssh:\/\//, 'https://');
  const suggestion = transport === 'ssh' ? overHttps : undefined;
  const message = 'Cannot reach the remote: its URL is not of http or https';
  throw new CompatError('UnknownTransportError', message, { url, transport, suggestion });
}

function createTransport(asked: string, url: string, options: HttpTransportOptions): RequestTransport {
  try {
    return createHttpTransport(url, options);
  } catch (error) {
    if (!isGitError(error, 'INVALID_URL')) throw error;
    throw new CompatError('UrlParseError', error.message, { url: asked }, { cause: error });
  }
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
