import { packRefs } from '@git-kv/repository/node-fs';
import { UsageError } from '../console.js';
import { maintaining } from '../maintenance-command.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';

/** git-pack-refs(1). */
export const packRefsCommand: Command = {
  usage: 'pack-refs [--all] [--no-prune]',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      all: { type: 'boolean', default: false },
      'no-all': { type: 'boolean', default: false },
      prune: { type: 'boolean', default: false },
      'no-prune': { type: 'boolean', default: false },
    });
    if (positionals.length > 0) throw new UsageError('error: pack-refs takes no arguments');
    return await using(openHere(console), async (repository) => {
      const options = { all: values.all && !values['no-all'], prune: !values['no-prune'], signal: console.signal };
      await maintaining(repository, () => packRefs(repository, options));
      return 0;
    });
  },
};
