import type { Service } from '@git-kv/protocol';

/** What a request asks for, read from its method and URL only. */
export type Route =
  | { readonly kind: 'advertise'; readonly path: string; readonly service: Service }
  | { readonly kind: 'call'; readonly path: string; readonly service: Service }
  | { readonly kind: 'refused'; readonly status: 400 | 403 | 404 | 405; readonly reason: string };

const refused = (status: 400 | 403 | 404 | 405, reason: string): Route => ({ kind: 'refused', status, reason });

/**
 * Read the route of a smart-HTTP request.
 *
 *     GET  /PATH/info/refs?service=git-upload-pack | git-receive-pack
 *     POST /PATH/git-upload-pack | /PATH/git-receive-pack
 *
 * A path that holds `..`, an empty segment, an encoded slash or backslash, or NUL is refused, whatever it would resolve to.
 * @see gitprotocol-http(5)
 */
export function parseRoute(method: string, url: string): Route {
  const { pathname, searchParams } = new URL(url);
  // `new URL` has already folded `..` away, so the text as sent is looked at too.
  const sent = pathAsSent(url);
  if (/%(?:2f|5c|00)/i.test(sent) || /\\|\0/.test(sent) || sent.includes('//'))
    return refused(400, 'the path is not allowed');
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
    if (
      decodeURIComponent(sent)
        .split('/')
        .some((segment) => segment === '..' || segment === '.')
    ) {
      return refused(400, 'the path is not allowed');
    }
  } catch {
    return refused(400, 'the path is not valid UTF-8');
  }
  if (decoded.endsWith('/info/refs')) {
    const service = searchParams.get('service');
    const path = decoded.slice(1, -'/info/refs'.length);
    if (service === null) return refused(403, 'the dumb protocol is not served; use a client that speaks smart HTTP');
    if (service !== 'git-upload-pack' && service !== 'git-receive-pack')
      return refused(403, 'the service is not known');
    if (method !== 'GET' && method !== 'HEAD') return refused(405, 'use GET');
    return { kind: 'advertise', path, service };
  }
  const call = /^\/(.*)\/(git-upload-pack|git-receive-pack)$/.exec(decoded);
  if (call === null) return refused(404, 'there is nothing here');
  if (method !== 'POST') return refused(405, 'use POST');
  return { kind: 'call', path: call[1] as string, service: call[2] as Service };
}

/** The path of an absolute URL before any normalisation. */
function pathAsSent(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  if (start < 0) return '/';
  const end = url.slice(start).search(/[?#]/);
  return end < 0 ? url.slice(start) : url.slice(start, start + end);
}
