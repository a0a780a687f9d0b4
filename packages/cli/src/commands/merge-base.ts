import type { Oid } from '@git-kv/objects';
import {
  independentCommits,
  isAncestor,
  mergeBases,
  octopusMergeBases,
  peelTo,
  type Repository,
} from '@git-kv/repository';
import { CommandError, UsageError } from '../console.js';
import { findNamed } from '../find-named.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';

const MODES = ['octopus', 'independent', 'is-ancestor', 'fork-point'] as const;

/** git-merge-base(1). */
export const mergeBaseCommand: Command = {
  usage:
    'merge-base [-a | --all] <commit> <commit>...\n' +
    'merge-base [-a | --all] --octopus <commit>...\n' +
    'merge-base --is-ancestor <commit> <commit>\n' +
    'merge-base --independent <commit>...',

  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      all: { type: 'boolean', short: 'a', default: false },
      octopus: { type: 'boolean', default: false },
      independent: { type: 'boolean', default: false },
      'is-ancestor': { type: 'boolean', default: false },
      'fork-point': { type: 'boolean', default: false },
    });
    const [mode, other] = MODES.filter((name) => values[name]);
    if (other !== undefined) throw new UsageError(`error: option \`${other}' is incompatible with --${mode}`);
    const least = mode === undefined || mode === 'is-ancestor' ? 2 : 0;
    if (positionals.length < least) throw new UsageError('error: too few commits were named');
    if (values.all && (mode === 'is-ancestor' || mode === 'independent')) {
      throw new CommandError(`options '--${mode}' and '--all' cannot be used together`);
    }
    if (mode === 'fork-point') throw new CommandError('cannot find a fork point: reflogs are not read');
    if (mode === 'is-ancestor' && positionals.length !== 2) {
      throw new CommandError('--is-ancestor takes exactly two commits');
    }
    return await using(openHere(console), async (repository) => {
      const commits: Oid[] = [];
      for (const name of positionals) commits.push(await commitOf(repository, name));
      const shallow = await repository.shallow.read();
      const options = { shallow, signal: console.signal };
      const { objects } = repository;
      const [first, ...others] = commits as [Oid, ...Oid[]];
      if (mode === 'is-ancestor') return (await isAncestor(objects, first, others[0] as Oid, options)) ? 0 : 1;
      const found =
        mode === 'octopus'
          ? await octopusMergeBases(objects, commits, options)
          : mode === 'independent'
            ? await independentCommits(objects, commits, options)
            : await mergeBases(objects, first, others, options);
      const shown = values.all || mode === 'independent' ? found : found.slice(0, 1);
      await console.stdout.write(shown.map((oid) => `${oid}\n`).join(''));
      return found.length === 0 ? 1 : 0;
    });
  },
};

async function commitOf(repository: Repository, name: string): Promise<Oid> {
  const oid = await findNamed(repository, name);
  if (oid === undefined) throw new CommandError(`Not a valid object name ${name}`);
  const commitOid = await peelTo(repository, oid, 'commit');
  if (commitOid === undefined) throw new CommandError(`Not a valid commit name ${name}`);
  return commitOid;
}
