/** Which web pages may use a server from a browser. */
export interface CorsOptions {
  /** Origins such as `https://example.com`, `'*'` for all, or a function that decides. */
  readonly origins: '*' | readonly string[] | ((origin: string) => boolean);
  /** Whether browsers may send cookies and stored credentials; never with `'*'`. An Authorization header of a page's own needs no such leave. */
  readonly credentials?: boolean;
  /** Seconds for which a browser remembers what it was allowed (default 7200). */
  readonly maxAgeSeconds?: number;
}

const ALLOWED_METHODS = 'GET, HEAD, POST';
const ALLOWED_HEADERS = 'Accept, Authorization, Content-Encoding, Content-Type, Git-Protocol, Pragma';
const EXPOSED_HEADERS = 'Retry-After, WWW-Authenticate';

/**
 * A handler that lets pages of other origins use `handler`: it answers their preflight requests, and marks its answers.
 * @throws {TypeError} for credentials to all origins, which browsers refuse
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function withCors(
  handler: (request: Request) => Promise<Response>,
  options: CorsOptions,
): (request: Request) => Promise<Response> {
  const { origins, credentials = false, maxAgeSeconds = 7200 } = options;
  if (origins === '*' && credentials) throw new TypeError('Cannot allow credentials to all origins: name them');

  const allowed = (origin: string): string | undefined => {
    if (origins === '*') return '*';
    const isAllowed = typeof origins === 'function' ? origins(origin) : origins.includes(origin);
    return isAllowed ? origin : undefined;
  };

  const mark = (headers: Headers, origin: string | null): boolean => {
    if (origins !== '*') headers.append('Vary', 'Origin');
    const allow = origin === null ? undefined : allowed(origin);
    if (allow === undefined) return false;
    headers.set('Access-Control-Allow-Origin', allow);
    if (credentials) headers.set('Access-Control-Allow-Credentials', 'true');
    return true;
  };

  return async (request) => {
    const origin = request.headers.get('Origin');
    if (request.method === 'OPTIONS' && origin !== null && request.headers.has('Access-Control-Request-Method')) {
      const headers = new Headers({ 'Cache-Control': 'no-cache' });
      if (mark(headers, origin)) {
        headers.set('Access-Control-Allow-Methods', ALLOWED_METHODS);
        headers.set('Access-Control-Allow-Headers', ALLOWED_HEADERS);
        headers.set('Access-Control-Max-Age', String(maxAgeSeconds));
      }
      return new Response(null, { status: 204, headers });
    }
    const response = await handler(request);
    if (mark(response.headers, origin)) response.headers.set('Access-Control-Expose-Headers', EXPOSED_HEADERS);
    return response;
  };
}
