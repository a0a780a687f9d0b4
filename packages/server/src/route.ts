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
 * A path that holds `..`, an empty segment, an encoded slash or backslash, or a control character (paths end up in logs) is
 * refused, whatever it would resolve to.
 * @see gitprotocol-http(5)
 */
export function parseRoute(method: string, url: string): Route {
  const { pathname, searchParams } = new URL(url);
  // `new URL` has already folded `..` away, so the text as sent is looked at too.
  const sent = targetOf(url);
  if (!isPlainTarget(sent) || !isPlainTarget(pathname)) return refused(400, 'the path is not allowed');
  const decoded = decodeURIComponent(pathname);
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

/**
 * Whether a request target (what stands in the first line of an HTTP request) begins with a path as it should be: absolute,
 * valid UTF-8, nothing folded into it.
 */
export function isPlainTarget(target: string): boolean {
  const path = target.split(/[?#]/, 1)[0] as string;
  if (!path.startsWith('/') || path.includes('//') || /\\|%(?:2f|5c)/i.test(path)) return false;
  try {
    const decoded = decodeURIComponent(path);
    if (/[\x00-\x1f\x7f-\x9f]/.test(decoded)) return false;
    return !decoded.split('/').some((segment) => segment === '..' || segment === '.');
  } catch {
    return false; // no UTF-8
  }
}

/** What follows the host in an absolute URL, before any normalisation. */
function targetOf(url: string): string {
  const start = url.slice(url.indexOf('://') + 3).search(/[/?#]/);
  return start < 0 ? '/' : url.slice(url.indexOf('://') + 3 + start);
}
