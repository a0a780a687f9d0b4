import { GitError } from '@git-kv/objects';

/** Variables of an environment, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that `environment` names for `url`, or `undefined` to go there directly: `https_proxy` for https, `http_proxy`
 * for http, `all_proxy` for either, less what `no_proxy` lists. Lower case wins over upper case; HTTP_PROXY does not count in a
 * program that a web server runs (REQUEST_METHOD), where it is what a stranger wrote in the header `Proxy`.
 * @throws {GitError} UNSUPPORTED for a proxy that is not http or https
 */
export function proxyFor(url: URL, environment: Environment): string | undefined {
  const variable = (name: string): string | undefined => {
    const isStrangers = name === 'http_proxy' && environment.REQUEST_METHOD !== undefined;
    return environment[name] ?? (isStrangers ? undefined : environment[name.toUpperCase()]);
  };
  const proxy = variable(`${url.protocol.slice(0, -1)}_proxy`) || variable('all_proxy');
  if (!proxy || isExcepted(url, variable('no_proxy') ?? '')) return undefined;
  const address = proxy.includes('://') ? proxy : `http://${proxy}`;
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) {
    throw new GitError('UNSUPPORTED', 'Cannot use the proxy of the environment: it is no http or https URL');
  }
  if (!isEncoded(new URL(address))) {
    throw new GitError(
      'UNSUPPORTED',
      'Cannot use the proxy of the environment: its name or password is not percent-encoded',
    );
  }
  return withPort(address);
}

/** curl's port for a proxy that says none is 1080, of all that are asked plainly. */
function withPort(address: string): string {
  const [, authority = ''] = /^http:\/\/([^/?#]*)/i.exec(address) ?? [];
  if (authority === '' || /:[0-9]+$/.test(authority)) return address;
  const url = new URL(address);
  url.port = '1080';
  return url.href;
}

function isEncoded({ username, password }: URL): boolean {
  try {
    decodeURIComponent(`${username}:${password}`);
    return true;
  } catch {
    return false;
  }
}

/** `no_proxy`: names and addresses between commas or spaces, each with its subdomains, perhaps a port; `*` is all. */
function isExcepted(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', onlyPort] =
        /^(?:\*?\.)?(.*?)(?::([0-9]+))?$/.exec(isBareIpv6(entry) ? `[${entry}]` : entry) ?? [];
      const bare = name.replace(/^\[|\]$/g, '');
      return (onlyPort === undefined || onlyPort === port) && (host === bare || host.endsWith(`.${bare}`));
    });
}

function isBareIpv6(entry: string): boolean {
  return entry.split(':').length > 2 && !entry.startsWith('[');
}
