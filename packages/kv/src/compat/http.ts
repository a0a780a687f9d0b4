import type { FetchBodyReader, FetchFunction, FetchResponse } from '@git-kv/protocol';

/** A request, as isomorphic-git's `http` plugins take it. */
export interface GitHttpRequest {
  readonly url: string;
  readonly method?: string | undefined;
  readonly headers?: { [name: string]: string } | undefined;
  readonly body?: AsyncIterableIterator<Uint8Array>;
  readonly agent?: unknown;
  readonly onProgress?:
    | ((progress: { readonly phase: string; readonly loaded: number; readonly total: number }) => void | Promise<void>)
    | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What such a plugin answers. */
export interface GitHttpResponse {
  /** Where the answer came from, after redirects; empty where the plugin does not know. */
  readonly url: string;
  readonly method?: string | undefined;
  readonly headers?: { [name: string]: string } | undefined;
  readonly body?: AsyncIterableIterator<Uint8Array>;
  readonly statusCode: number;
  readonly statusMessage: string;
}

/** A plugin: `isomorphic-git/http/node` and `isomorphic-git/http/web` are such. */
export interface HttpClient {
  request(request: GitHttpRequest): Promise<GitHttpResponse>;
}

/**
 * A plugin as a `fetch` for our transports. It is given bodies whole. One that follows redirects by itself is believed for the first
 * request, and asked again where that led.
 */
export function fetchOf(http: HttpClient): FetchFunction {
  return requestOf(http);
}

/** As {@link fetchOf}, telling the words beside the status too. */
export function requestOf(http: HttpClient): (...call: Parameters<FetchFunction>) => Promise<PluginResponse> {
  return async (url, init) => {
    const { method = 'GET', headers, body, signal } = init;
    const answer = await http.request({
      url,
      method,
      headers: { ...(headers as Record<string, string> | undefined) },
      // In one piece and in a list, which those of isomorphic-git send with its length.
      ...(body != null && { body: [body] as unknown as AsyncIterableIterator<Uint8Array> }),
      ...(signal != null && { signal }),
    });
    if (answer.url && new URL(answer.url, url).href !== new URL(url).href) {
      await answer.body?.return?.();
      return response(302, '', { location: answer.url }, undefined);
    }
    return response(answer.statusCode, answer.statusMessage, answer.headers ?? {}, answer.body);
  };
}

/** An answer of a plugin, with the words beside its status. */
interface PluginResponse extends FetchResponse {
  readonly statusText: string;
}

function response(
  status: number,
  statusText: string | undefined,
  headers: Readonly<Record<string, string>>,
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | undefined,
): PluginResponse {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    status,
    statusText: statusText ?? '',
    type: 'basic',
    redirected: false,
    headers: { get: (name) => lower.get(name.toLowerCase()) ?? null },
    body: body === undefined ? null : { getReader: () => readerOf(body) },
  };
}

/** Some plugins give a stream or a list for the iterator that is asked for. */
function readerOf(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): FetchBodyReader {
  const chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array> =
    Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
  return {
    async read() {
      const { done, value } = await chunks.next();
      return done === true ? { done } : { done: false, value };
    },
    async cancel() {
      await chunks.return?.();
    },
  };
}

/**
 * A `fetch` as a plugin for isomorphic-git: `createNodeFetch()` of `@git-kv/protocol/node` keeps connections, and knows proxies and
 * certificates. Default: the runtime's own.
 */
export function httpOf(fetch: FetchFunction = (url, init) => globalThis.fetch(url, init)): HttpClient {
  return {
    async request({ url, method = 'GET', headers = {}, body, signal }) {
      const bytes = body === undefined ? undefined : await collect(body);
      const answer = await fetch(url, {
        method,
        headers,
        ...(bytes !== undefined && { body: bytes }),
        ...(signal !== undefined && { signal }),
      });
      const found: Record<string, string> = {};
      for (const name of HEADERS) {
        const value = answer.headers.get(name);
        if (value !== null) found[name] = value;
      }
      // Of a `Response`; what a transport needs has neither.
      const { url: from, statusText } = answer as { readonly url?: string; readonly statusText?: string };
      return {
        url: from || url,
        method,
        headers: found,
        body: chunksOf(answer),
        statusCode: answer.status,
        statusMessage: statusText ?? '',
      };
    },
  };
}

/** What is asked for of an answer's headers; a transport's own `fetch` cannot list them. */
const HEADERS = ['content-type', 'content-length', 'www-authenticate', 'location', 'retry-after', 'etag', 'date'];

async function* chunksOf({ body }: FetchResponse): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body?.getReader();
  if (reader === undefined) return;
  let isOver = false;
  try {
    for (;;) {
      const step = await reader.read();
      isOver = step.done;
      if (step.done) return;
      yield step.value;
    }
  } finally {
    if (!isOver) await reader.cancel();
  }
}

async function collect(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
