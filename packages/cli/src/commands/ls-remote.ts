import { connectUploadPack, type RemoteRef } from '@git-kv/protocol';
import { UsageError } from '../console.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { withRemote } from '../remote.js';

/** git-ls-remote(1). */
export const lsRemoteCommand: Command = {
  usage: 'ls-remote [--heads] [--tags] [--refs] [--symref] [--exit-code] [-q] <url> [<pattern>...]',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      heads: { type: 'boolean', short: 'h', default: false },
      tags: { type: 'boolean', short: 't', default: false },
      refs: { type: 'boolean', default: false },
      symref: { type: 'boolean', default: false },
      'exit-code': { type: 'boolean', default: false },
      quiet: { type: 'boolean', short: 'q', default: false },
    });
    const [url, ...patterns] = positionals;
    if (url === undefined) throw new UsageError('error: a URL is required');
    const kinds = [...(values.heads ? ['refs/heads/'] : []), ...(values.tags ? ['refs/tags/'] : [])];
    const refs = await withRemote(url, console, async (transport) => {
      const client = await connectUploadPack(transport, { signal: console.signal });
      try {
        return await client.lsRefs({ prefixes: kinds, signal: console.signal });
      } finally {
        await client.close();
      }
    });
    const matchers = patterns.map(matcher);
    let count = 0;
    for (const ref of refs) {
      if (kinds.length > 0 && !kinds.some((kind) => ref.name.startsWith(kind))) continue;
      for (const { name, oid } of rows(ref, values.refs)) {
        if (matchers.length > 0 && !matchers.some((matches) => matches(name))) continue;
        if (values.symref && ref.target !== undefined && name === ref.name) {
          await console.stdout.write(`ref: ${ref.target}\t${name}\n`);
        }
        await console.stdout.write(`${oid}\t${name}\n`);
        count++;
      }
    }
    return values['exit-code'] && count === 0 ? 2 : 0;
  },
};

function* rows(ref: RemoteRef, refsOnly: boolean): Generator<{ name: string; oid: string }> {
  if (ref.oid === undefined || (refsOnly && !ref.name.startsWith('refs/'))) return;
  yield { name: ref.name, oid: ref.oid };
  if (ref.peeledOid !== undefined && !refsOnly) yield { name: `${ref.name}^{}`, oid: ref.peeledOid };
}

/** git matches a pattern against the end of a name, at a slash. `*`, `?` and `[...]` stand for anything, slashes too. */
function matcher(pattern: string): (name: string) => boolean {
  const source = pattern.replace(/\[([!^]?)(\]?[^\]]*)\]|[\s\S]/g, (part, negation?: string, members?: string) => {
    if (members !== undefined) return `[${negation ? '^' : ''}${members.replace(/[\\\][^]/g, '\\$&')}]`;
    return part === '*' ? '.*' : part === '?' ? '.' : part.replace(/[\\^$.|+(){}[\]]/, '\\$&');
  });
  try {
    const regex = new RegExp(`/${source}$`, 's');
    return (name) => regex.test(`/${name}`);
  } catch {
    return () => false; // a range from high to low holds nothing
  }
}
