// Text is one character a byte here, without NUL.

/** What may stand between a remote helper's name and the URL it is given, and the schemes of the same program. */
const CURL_HELPER = /^(?:https?|ftps?)::/;
const CURL_SCHEME = /^(?:https?|ftps?):\/\//;

/**
 * Whether git refuses to take a submodule from here, because some git could be led by it to an option, to another
 * host, or to credentials of another host.
 * @see git's fsck.c, check_submodule_url()
 */
export function isForbiddenSubmoduleUrl(url: string): boolean {
  if (isOption(url)) return true;
  if (/^\.{1,2}[/\\]/.test(url) || url.startsWith('git://')) {
    return hasLineFeed(url) || escapesRoot(url);
  }
  if (CURL_HELPER.test(url)) return isForbiddenHttpUrl(url.replace(CURL_HELPER, ''));
  return CURL_SCHEME.test(url) && isForbiddenHttpUrl(url);
}

/** Whether a program that is given `text` may read an option from it. */
export function isOption(text: string): boolean {
  return text.startsWith('-');
}

/** Whether a relative URL climbs, and goes on with what would then be read as the host of another. */
function escapesRoot(url: string): boolean {
  let at = 0;
  let climbs = false;
  for (;;) {
    const [leading] = /^\.{1,2}[/\\]/.exec(url.slice(at, at + 3)) ?? [];
    if (leading === undefined) return climbs && (url[at] === ':' || url[at] === '/');
    if (leading.length === 3) climbs = true;
    at += leading.length;
  }
}

/** Whether a URL has no scheme or host, or has a line feed in a part that is told to a credential helper line by line. */
function isForbiddenHttpUrl(url: string): boolean {
  const schemeEnd = url.indexOf('://');
  if (schemeEnd <= 0) return true;
  const rest = url.slice(schemeEnd + 3);
  const [authority = ''] = /^[^/?#]*/.exec(rest) ?? [];
  const at = authority.indexOf('@');
  const colon = authority.indexOf(':');
  if (url.slice(0, schemeEnd).includes('\n')) return true;
  const parts = [rest.slice(authority.length).replace(/^\/+/, '')];
  const host = authority.slice(at + 1);
  parts.push(host);
  if (at >= 0 && (colon < 0 || at <= colon)) parts.push(authority.slice(0, at));
  else if (at >= 0) parts.push(authority.slice(0, colon), authority.slice(colon + 1, at));
  return host === '' || parts.some(hasLineFeed);
}

/**
 * Whether `text` has a line feed once percent-decoded as git does it, which takes what stands before the first colon
 * for a scheme and leaves it.
 * @see git's url.c, url_decode_mem()
 */
function hasLineFeed(text: string): boolean {
  return text.includes('\n') || /%0a/i.test(text.slice(Math.max(text.indexOf(':'), 0)));
}
