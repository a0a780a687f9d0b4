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
    return decodeUrl(url).includes('\n') || escapesRoot(url);
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
  const [leading = ''] = /^(?:\.{1,2}[/\\])*/.exec(url) ?? [];
  const next = url[leading.length];
  return /\.\.[/\\]/.test(leading) && (next === ':' || next === '/');
}

/** Whether a URL has no scheme or host, or has a line feed in a part that is told to a credential helper line by line. */
function isForbiddenHttpUrl(url: string): boolean {
  const schemeEnd = url.indexOf('://');
  if (schemeEnd <= 0) return true;
  const rest = url.slice(schemeEnd + 3);
  const [authority = ''] = /^[^/?#]*/.exec(rest) ?? [];
  const at = authority.indexOf('@');
  const colon = authority.indexOf(':');
  const parts = [url.slice(0, schemeEnd), decodeUrl(rest.slice(authority.length).replace(/^\/+/, ''))];
  const host = decodeUrl(authority.slice(at + 1));
  parts.push(host);
  if (at >= 0 && (colon < 0 || at <= colon)) parts.push(decodeUrl(authority.slice(0, at)));
  else if (at >= 0) parts.push(decodeUrl(authority.slice(0, colon)), decodeUrl(authority.slice(colon + 1, at)));
  return host === '' || parts.some((part) => part.includes('\n'));
}

/**
 * Percent-decode as git does, which takes what stands before the first colon for a scheme and leaves it, and an
 * encoded NUL too.
 * @see git's url.c, url_decode_mem()
 */
function decodeUrl(text: string): string {
  const colon = Math.max(text.indexOf(':'), 0);
  const rest = text.slice(colon);
  return (
    text.slice(0, colon) +
    rest.replace(/%(?!00)([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  );
}
