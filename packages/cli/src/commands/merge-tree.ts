import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Oid } from '@git-kv/objects';
import {
  attributeDriver,
  type MergedCommits,
  type MergeMessage,
  mergeCommits,
  peelTo,
  type Repository,
} from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { BufferedOutput } from '../buffered-output.js';
import { CommandError, type Console, UsageError } from '../console.js';
import { findNamed } from '../find-named.js';
import { readGitConfig } from '../git-config.js';
import { readAll } from '../input.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { quotePath } from '../quote.js';
import { openHere, using } from '../repository.js';

/** git-merge-tree(1): real merges, without renames. */
export const mergeTreeCommand: Command = {
  usage:
    'merge-tree [--write-tree] [-z] [--name-only] [--[no-]messages] [--allow-unrelated-histories]\n' +
    '           [--attr-source=<tree-ish>] (<branch1> <branch2> | --stdin)',

  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      'write-tree': { type: 'boolean', default: false },
      'trivial-merge': { type: 'boolean', default: false },
      z: { type: 'boolean', short: 'z', default: false },
      stdin: { type: 'boolean', default: false },
      'name-only': { type: 'boolean', default: false },
      messages: { type: 'boolean' },
      'no-messages': { type: 'boolean', default: false },
      'allow-unrelated-histories': { type: 'boolean', default: false },
      'attr-source': { type: 'string' },
    });
    if (values['trivial-merge'] || (!values['write-tree'] && !values.stdin && positionals.length === 3)) {
      throw new CommandError('trivial merges of three trees are not supported: use --write-tree');
    }
    if (positionals.length !== (values.stdin ? 0 : 2)) throw new UsageError('error: two branches are to be merged');
    return await using(openHere(console), async (repository) => {
      const driver = await driverOf(repository, console, values['attr-source']);
      const output = new BufferedOutput(console.stdout);
      const format = {
        nul: values.z || values.stdin,
        nameOnly: values['name-only'],
        messages: values['no-messages'] ? false : values.messages,
      };
      const run = async (ours: string, theirs: string): Promise<number> => {
        const [oursOid, theirsOid] = [
          await commitOf(repository, console, ours),
          await commitOf(repository, console, theirs),
        ];
        if (oursOid === undefined || theirsOid === undefined) return 128;
        const merged = await mergeCommits(repository, oursOid, theirsOid, {
          labels: { ours, theirs },
          allowUnrelatedHistories: values['allow-unrelated-histories'],
          driver,
          signal: console.signal,
        });
        if (merged.status === 'unrelated') throw new CommandError('refusing to merge unrelated histories');
        await repository.objects.writeMany(merged.objects);
        const code = merged.status === 'conflicted' ? 1 : 0;
        if (values.stdin) output.put(`${1 - code}\0`);
        print(merged, output, format);
        if (values.stdin) output.put('\0');
        await output.flush();
        return code;
      };
      if (!values.stdin) {
        const code = await run(positionals[0] as string, positionals[1] as string);
        return code === 128 ? 1 : code;
      }
      for (const line of new TextDecoder().decode(await readAll(console.stdin)).split('\n')) {
        if (line === '') continue;
        const [ours, theirs, more] = line.split(' ');
        if (ours === undefined || theirs === undefined || more !== undefined) {
          throw new CommandError(`malformed input line: '${line}'.`);
        }
        if ((await run(ours, theirs)) === 128) return 1;
      }
      return 0;
    });
  },
};

/** The drivers that `info/attributes` names and, where it is given, the attributes of a tree. */
async function driverOf(
  repository: FileRepository,
  console: Console,
  source: string | undefined,
): Promise<ReturnType<typeof attributeDriver>> {
  const oid = source === undefined ? undefined : await findNamed(repository, source);
  const treeOid = oid && (await peelTo(repository, oid, 'tree'));
  if (source !== undefined && treeOid === undefined) throw new CommandError('bad --attr-source or GIT_ATTR_SOURCE');
  const config = await readGitConfig(console, repository);
  const path = join(repository.layout.commonDirectory, 'info', 'attributes');
  const info = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  return attributeDriver(repository.objects, { treeOid, info, defaultName: config.get('merge', 'default') });
}

/** The commit that a name comes to. Where it comes to none, that is said. */
async function commitOf(repository: Repository, console: Console, name: string): Promise<Oid | undefined> {
  const oid = await findNamed(repository, name);
  const commitOid = oid && (await peelTo(repository, oid, 'commit'));
  if (commitOid !== undefined) return commitOid;
  const kind = oid && (await repository.objects.stat(oid))?.kind;
  if (kind !== undefined) {
    await console.stderr.write(`error: ${name}: expected commit type, but the object dereferences to ${kind} type\n`);
  }
  await console.stderr.write(`merge-tree: ${name} - not something we can merge\n`);
  return undefined;
}

interface Format {
  readonly nul: boolean;
  readonly nameOnly: boolean;
  readonly messages: boolean | undefined;
}

const TYPES: Readonly<Record<MergeMessage['kind'], string>> = {
  'auto-merging': 'Auto-merging',
  contents: 'CONFLICT (contents)',
  binary: 'CONFLICT (binary)',
  'file/directory': 'CONFLICT (file/directory)',
  'distinct modes': 'CONFLICT (distinct modes)',
  'modify/delete': 'CONFLICT (modify/delete)',
  submodule: 'CONFLICT (submodule)',
  'submodule not initialized': 'CONFLICT (submodule not initialized)',
};

function print(merged: Exclude<MergedCommits, { status: 'unrelated' }>, output: BufferedOutput, format: Format): void {
  const end = format.nul ? '\0' : '\n';
  output.put(`${merged.treeOid}${end}`);
  let last = '';
  for (const { pathBytes, stage, mode, oid } of merged.stages) {
    const name = quotePath(pathBytes);
    if (!format.nameOnly) output.put(`${mode.toString(8).padStart(6, '0')} ${oid} ${stage}\t`);
    else if (name === last) continue;
    output.put(format.nul ? pathBytes : name);
    output.put(end);
    last = name;
  }
  if (format.messages ?? merged.status === 'conflicted') {
    output.put(end);
    for (const { kind, pathBytes, text } of merged.messages) {
      if (format.nul) {
        output.put(`${pathBytes.length}\0`);
        for (const path of pathBytes) {
          output.put(path);
          output.put('\0');
        }
        output.put(`${TYPES[kind]}\0`);
      }
      output.put(text);
      output.put(format.nul ? '\n\0' : '\n');
    }
    putAdvice(merged, output);
  }
}

/** What git says at the end of submodules, last path first: none is checked out here, so there is no commit to name. */
function putAdvice({ messages }: { readonly messages: readonly MergeMessage[] }, output: BufferedOutput): void {
  const paths = messages
    .filter(({ kind }) => kind === 'submodule not initialized')
    .map(({ pathBytes }) => pathBytes[0]);
  if (paths.length === 0) return;
  output.put(
    'Recursive merging with submodules currently only supports trivial cases.\n' +
      'Please manually handle the merging of each conflicted submodule.\n' +
      'This can be accomplished with the following steps:\n' +
      ' - come back to superproject and run:\n\n      git add',
  );
  for (const path of paths.reverse()) {
    output.put(' ');
    if (path) output.put(path);
  }
  output.put(
    '\n\n   to record the above merge or update\n' +
      ' - resolve any other conflicts in the superproject\n' +
      ' - commit the resulting index in the superproject\n',
  );
}
