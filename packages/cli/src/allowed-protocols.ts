import { parseRemoteAddress } from '@git-kv/protocol';
import { CommandError, type Console } from './console.js';
import type { GitConfig } from './git-config.js';

/** What may be used where nothing is said; anything else only where a person asks for it. */
const ALWAYS: ReadonlySet<string> = new Set(['http', 'https', 'git', 'ssh']);

/**
 * Refuse the transport to `url` unless GIT_ALLOW_PROTOCOL lists it, or else protocol.<name>.allow or protocol.allow let it be used.
 * @throws {CommandError} in git's words
 * @see git-config(1), "protocol.allow"
 */
export function assertTransportAllowed(url: string, config: GitConfig, env: Console['env']): void {
  const address = parseRemoteAddress(url);
  const name =
    address.kind === 'path'
      ? 'file'
      : address.kind === 'http'
        ? address.url.slice(0, address.url.indexOf(':')).toLowerCase()
        : address.kind;
  if (!isAllowed(name, config, env)) throw new CommandError(`transport '${name}' not allowed`);
}

function isAllowed(name: string, config: GitConfig, env: Console['env']): boolean {
  const listed = env.GIT_ALLOW_PROTOCOL;
  if (listed !== undefined) return listed.split(':').includes(name);
  const own = config.getIn('protocol', name, 'allow');
  const text = own ?? config.get('protocol', 'allow') ?? (ALWAYS.has(name) ? 'always' : 'user');
  switch (text.toLowerCase()) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'user':
      return !/^(?:false|no|off|0|)$/i.test(env.GIT_PROTOCOL_FROM_USER ?? '1');
    default: {
      const key = own === undefined ? 'protocol.allow' : `protocol.${name}.allow`;
      throw new CommandError(`unknown value for config '${key}': ${text}`);
    }
  }
}
