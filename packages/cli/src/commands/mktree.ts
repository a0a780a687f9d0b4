import {
  decodeUtf8,
  isGitlinkMode,
  isObjectKind,
  kindOfMode,
  type Oid,
  serializeTree,
  sortTreeEntries,
  type TreeEntry,
} from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import { CommandError, UsageError } from '../console.js';
import { readRecords } from '../input.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { unquotePath } from '../quote.js';
import { openHere, using } from '../repository.js';

const TAB = 0x09;
const QUOTE = 0x22;
const SLASH = 0x2f;

/** git-mktree(1). */
export const mktreeCommand: Command = {
  usage: 'mktree [-z] [--missing] [--batch]',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      z: { type: 'boolean', short: 'z', default: false },
      missing: { type: 'boolean', default: false },
      batch: { type: 'boolean', default: false },
    });
    if (positionals.length > 0) throw new UsageError('error: mktree takes no arguments');
    return await using(openHere(console), async (repository) => {
      let entries: TreeEntry[] = [];
      const write = async (): Promise<void> => {
        const body = serializeTree(sortTreeEntries(entries), repository.algorithm);
        entries = [];
        await console.stdout.write(`${await repository.objects.write({ kind: 'tree', body })}\n`);
      };
      for await (const line of readRecords(console.stdin, values.z ? 0 : 10)) {
        if (line.length > 0) entries.push(await parseEntry(repository, line, values));
        else if (values.batch) await write();
        else throw new CommandError('input format error: (blank line only valid in batch mode)');
      }
      // In a batch the line feed after the last tree may be missing, and an empty tree does not follow it.
      if (!values.batch || entries.length > 0) await write();
      return 0;
    });
  },
};

/** `<mode> SP <type> SP <object> TAB <file>`, as ls-tree prints it. */
async function parseEntry(
  repository: Repository,
  line: Uint8Array,
  options: { readonly z: boolean; readonly missing: boolean },
): Promise<TreeEntry> {
  const tab = line.indexOf(TAB);
  const [, digits, type, hex] =
    /^([0-7]{1,11}) ([^ ]*) ([0-9a-fA-F]+)$/.exec(decodeUtf8(line.subarray(0, Math.max(tab, 0)))) ?? [];
  if (digits === undefined || type === undefined || hex?.length !== repository.algorithm.hexLength) {
    throw new CommandError(`input format error: ${decodeUtf8(line)}`);
  }
  const mode = Number.parseInt(digits, 8);
  const oid = hex.toLowerCase();
  const quoted = line.subarray(tab + 1);
  const name = !options.z && quoted[0] === QUOTE ? unquotePath(quoted) : quoted;
  if (name === undefined) throw new CommandError('invalid quoting');
  const path = decodeUtf8(name);
  if (!isObjectKind(type)) throw new CommandError(`invalid object type "${type}"`);
  const kind = kindOfMode(mode);
  if (kind !== type) throw new CommandError(`entry '${path}' object type (${type}) doesn't match mode type (${kind})`);
  const actual = await kindOf(repository, oid);
  if (actual === undefined) {
    // A submodule's commit is in another repository.
    if (!options.missing && !isGitlinkMode(mode))
      throw new CommandError(`entry '${path}' object ${oid} is unavailable`);
  } else if (actual !== kind) {
    throw new CommandError(`entry '${path}' object ${oid} is a ${actual} but specified type was (${kind})`);
  }
  if (name.includes(SLASH)) throw new CommandError(`path ${path} contains slash`);
  if (name.length === 0 || name.includes(0)) throw new CommandError(`input format error: ${decodeUtf8(line)}`);
  return { mode, name, oid };
}

async function kindOf(repository: Repository, oid: Oid): Promise<string | undefined> {
  const stat = await repository.objects.stat(oid);
  return stat?.kind ?? (oid === repository.algorithm.emptyTreeOid ? 'tree' : undefined);
}
