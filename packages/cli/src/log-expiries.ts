import type { LogExpiry } from '@git-kv/repository/file';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError } from './console.js';
import { type Expiry, parseExpiry } from './expiry.js';

/** gc.reflogExpire and gc.reflogExpireUnreachable, and the same of patterns of refs; the first pattern that fits decides. */
export function logExpiries({ layout: { config } }: FileRepository): (name: string) => LogExpiry {
  const read = (text: string | undefined, name: string, otherwise: string): Expiry => {
    const expiry = parseExpiry(text ?? otherwise);
    if (expiry === undefined) throw new CommandError(`'${text}' for 'gc.${name}' is not a valid timestamp`);
    return expiry;
  };
  const total = read(config.get('gc', 'reflogexpire'), 'reflogexpire', '90.days.ago');
  const unreachable = read(config.get('gc', 'reflogexpireunreachable'), 'reflogexpireunreachable', '30.days.ago');
  const patterns = new Set(
    config.entries.flatMap(({ section, subsection }) => (section === 'gc' && subsection ? [subsection] : [])),
  );
  return (name) => {
    const pattern = [...patterns].find((one) => globPattern(one).test(name));
    const own = (setting: string): Expiry | undefined => {
      const text = pattern === undefined ? undefined : config.get('gc', setting, pattern);
      return text === undefined ? undefined : read(text, `${pattern}.${setting}`, '');
    };
    const isStash = pattern === undefined && name === 'refs/stash';
    const first = own('reflogexpire');
    const second = own('reflogexpireunreachable');
    return {
      expireBeforeMs: isStash ? null : first === undefined ? total : first,
      expireUnreachableBeforeMs: isStash ? null : second === undefined ? unreachable : second,
    };
  };
}

/** As git matches them: a star takes slashes, too. */
function globPattern(pattern: string): RegExp {
  const source = pattern
    .replace(/[\\^$.|+(){}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replaceAll('[!', '[^');
  return new RegExp(`^${source}$`, 's');
}
