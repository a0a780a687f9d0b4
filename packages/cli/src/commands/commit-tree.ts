import { buildCommit, concatBytes, encodeUtf8, type ObjectKind, type Oid } from '@git-kv/objects';
import { type Repository, signCommit } from '@git-kv/repository';
import { CommandError, type Console, UsageError } from '../console.js';
import { findNamed } from '../find-named.js';
import { readGitConfig } from '../git-config.js';
import { identityOf } from '../identity.js';
import { readAll, readInput } from '../input.js';
import { type OrderedOption, parseOrderedOptions } from '../options.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';
import { openSigner } from '../signing-key.js';
import { repairUtf8 } from '../utf8.js';

const LF = 0x0a;

/** git-commit-tree(1), with signatures of SSH. */
export const commitTreeCommand: Command = {
  usage:
    'commit-tree <tree> [(-p <parent>)...]\n' +
    'commit-tree [(-p <parent>)...] [-S[<keyfile>]] [(-m <message>)...] [(-F <file>)...] <tree>',
  async run(args, console) {
    if (args.length === 0) throw new UsageError('error: a tree is needed');
    const signing = takeSigningOptions(args);
    const { options, positionals } = parseOrderedOptions(signing.rest, ['p', 'm', 'F']);
    return await using(openHere(console), async (repository) => {
      const parentOids = await findParents(repository, console, options);
      const given = await messageOf(console, options);
      const [tree] = positionals;
      if (tree === undefined || positionals.length > 1) throw new CommandError('must give exactly one tree');
      const treeOid = await find(repository, tree);
      const message = given.length > 0 ? given : await readAll(console.stdin);
      await assertKind(repository, treeOid, 'tree');
      if (message.includes(0)) {
        await console.stderr.write('error: a NUL byte in commit log message not allowed.\n');
        return 1;
      }
      const config = await readGitConfig(console, repository);
      const encoding = config.get('i18n', 'commitEncoding');
      const isUtf8 = encoding === undefined || /^utf-?8$/i.test(encoding);
      const raw = buildCommit({
        treeOid,
        parentOids,
        author: identityOf('author', console, config),
        committer: identityOf('committer', console, config),
        message,
        ...(!isUtf8 && { encoding }),
      });
      let body = isUtf8 ? repairUtf8(raw) : raw;
      if (body !== raw) await console.stderr.write(NOT_UTF8);
      if (signing.key !== undefined) {
        const sign = await openSigner(console, config, signing.key);
        if (typeof sign === 'string') {
          await console.stderr.write(`error: ${sign}\n`);
          return 1;
        }
        body = await signCommit(body, repository.algorithm, sign);
      }
      await console.stdout.write(`${await repository.objects.write({ kind: 'commit', body })}\n`);
      return 0;
    });
  },
};

/** Options that sign, which may have a value in the same argument, and what is left without them; the last one counts. */
function takeSigningOptions(args: readonly string[]): { key: string | undefined; rest: readonly string[] } {
  let key: string | undefined;
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (arg === '--') return { key, rest: [...rest, ...args.slice(at)] };
    const [, value] = /^(?:-S|--gpg-sign(?:=|$))([\s\S]*)$/.exec(arg) ?? [];
    if (arg === '--no-gpg-sign') key = undefined;
    else if (value !== undefined) key = value;
    else rest.push(arg);
    if (/^-[pmF]$/.test(arg) && at + 1 < args.length) rest.push(args[++at] as string);
  }
  return { key, rest };
}

const NOT_UTF8 =
  'Warning: commit message did not conform to UTF-8.\n' +
  'You may want to amend it after fixing the message, or set the config\n' +
  'variable i18n.commitEncoding to the encoding your project uses.\n';

async function findParents(
  repository: Repository,
  console: Console,
  options: readonly OrderedOption[],
): Promise<Oid[]> {
  const parentOids: Oid[] = [];
  for (const { name, value } of options) {
    if (name !== 'p') continue;
    const oid = await find(repository, value);
    await assertKind(repository, oid, 'commit');
    if (!parentOids.includes(oid)) parentOids.push(oid);
    else await console.stderr.write(`error: duplicate parent ${oid} ignored\n`);
  }
  return parentOids;
}

/** What `-m` and `-F` give, in their order: paragraphs, those of `-m` ended by a line feed. */
async function messageOf(console: Console, options: readonly OrderedOption[]): Promise<Uint8Array> {
  let message: Uint8Array = new Uint8Array(0);
  for (const { name, value } of options) {
    if (name === 'p') continue;
    const parts = message.length > 0 ? [message, Uint8Array.of(LF)] : [];
    if (name === 'm') parts.push(encodeUtf8(value));
    else parts.push(value === '-' ? await readAll(console.stdin) : await readInput(console, value));
    message = concatBytes(parts);
    if (name === 'm' && message.length > 0 && message.at(-1) !== LF)
      message = concatBytes([message, Uint8Array.of(LF)]);
  }
  return message;
}

async function find(repository: Repository, revision: string): Promise<Oid> {
  const oid = await findNamed(repository, revision);
  if (oid === undefined) throw new CommandError(`not a valid object name ${revision}`);
  return oid;
}

async function assertKind(repository: Repository, oid: Oid, kind: ObjectKind): Promise<void> {
  const stat = await repository.objects.stat(oid);
  const actual = stat?.kind ?? (oid === repository.algorithm.emptyTreeOid ? 'tree' : undefined);
  if (actual === undefined) throw new CommandError(`${oid} is not a valid object`);
  if (actual !== kind) throw new CommandError(`${oid} is not a valid '${kind}' object`);
}
