import { encodeUtf8, isTreeMode, kindOfMode, type Oid, parseTree, type TreeEntry } from '@git-kv/objects';
import { findRevision, peelTo, type Repository } from '@git-kv/repository';
import { openWhole } from '../back-filled.js';
import { CommandError, type Console, UsageError } from '../console.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { quotePath } from '../quote.js';
import { using } from '../repository.js';
import { matchPath } from '../tree-pattern.js';

interface Listing {
  readonly recursive: boolean;
  readonly trees: boolean;
  readonly onlyTrees: boolean;
  readonly long: boolean;
  readonly nameOnly: boolean;
  readonly objectOnly: boolean;
  readonly nul: boolean;
  readonly paths: readonly Uint8Array[];
}

/** git-ls-tree(1), with paths from the root of the tree: there is no work tree to be inside of. */
export const lsTreeCommand: Command = {
  usage: 'ls-tree [-d] [-r] [-t] [-l] [-z] [--name-only | --object-only] [--full-tree] <tree-ish> [<path>...]',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      d: { type: 'boolean', short: 'd', default: false },
      r: { type: 'boolean', short: 'r', default: false },
      t: { type: 'boolean', short: 't', default: false },
      long: { type: 'boolean', short: 'l', default: false },
      z: { type: 'boolean', short: 'z', default: false },
      'name-only': { type: 'boolean', default: false },
      'name-status': { type: 'boolean', default: false },
      'object-only': { type: 'boolean', default: false },
      'full-tree': { type: 'boolean', default: false },
      'full-name': { type: 'boolean', default: false },
    });
    const [revision, ...paths] = positionals;
    if (revision === undefined) throw new UsageError('error: a tree-ish is required');
    return await using(openWhole(console), async (repository) => {
      const oid = await findRevision(repository, revision);
      if (oid === undefined) throw new CommandError(`Not a valid object name ${revision}`);
      const tree = oid === repository.algorithm.emptyTreeOid ? oid : await peelTo(repository, oid, 'tree');
      if (tree === undefined) throw new CommandError('not a tree object');
      await list(repository, tree, console, {
        recursive: values.r,
        trees: values.t || (values.d && values.r),
        onlyTrees: values.d,
        long: values.long,
        nameOnly: values['name-only'] || values['name-status'],
        objectOnly: values['object-only'],
        nul: values.z,
        paths: paths.map((path) => encodeUtf8(path)),
      });
      return 0;
    });
  },
};

/** Print one tree as `git cat-file -p` and `git ls-tree` without options do. */
export async function listTree(repository: Repository, treeOid: Oid, console: Console): Promise<void> {
  const plain = {
    recursive: false,
    trees: false,
    onlyTrees: false,
    long: false,
    nameOnly: false,
    objectOnly: false,
    nul: false,
    paths: [],
  };
  await list(repository, treeOid, console, plain);
}

async function list(repository: Repository, root: Oid, console: Console, listing: Listing): Promise<void> {
  // Depth first without recursion: a frame for each open tree.
  const stack = [{ entries: await entriesOf(repository, root), prefix: new Uint8Array(0), at: 0 }];
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    const entry = frame.entries[frame.at++];
    if (entry === undefined) {
      stack.pop();
      continue;
    }
    console.signal.throwIfAborted();
    const path = new Uint8Array([...frame.prefix, ...entry.name]);
    const match = matchPath(path, entry.mode, listing.paths);
    if (match === 'none') continue;
    const isTree = isTreeMode(entry.mode);
    const enters = isTree && (match === 'above' || listing.recursive);
    const shows = isTree
      ? !enters || listing.trees
      : match === 'shown' && (!listing.onlyTrees || kindOfMode(entry.mode) !== 'blob');
    if (shows) await print(repository, entry, path, console, listing);
    if (enters) {
      stack.push({ entries: await entriesOf(repository, entry.oid), prefix: new Uint8Array([...path, 0x2f]), at: 0 });
    }
  }
}

async function entriesOf(repository: Repository, treeOid: Oid): Promise<TreeEntry[]> {
  const object = await repository.objects.read(treeOid);
  if (object?.kind !== 'tree') {
    if (treeOid === repository.algorithm.emptyTreeOid) return [];
    throw new CommandError(`${treeOid} is not a tree in this repository`);
  }
  return parseTree(object.body, repository.algorithm.oidLength);
}

async function print(
  repository: Repository,
  entry: TreeEntry,
  path: Uint8Array,
  console: Console,
  listing: Listing,
): Promise<void> {
  if (listing.objectOnly) {
    await console.stdout.write(`${entry.oid}${listing.nul ? '\0' : '\n'}`);
    return;
  }
  const kind = kindOfMode(entry.mode);
  let head = '';
  if (!listing.nameOnly) {
    head = `${entry.mode.toString(8).padStart(6, '0')} ${kind} ${entry.oid}`;
    if (listing.long) {
      const size = kind === 'blob' ? String((await repository.objects.stat(entry.oid))?.size ?? 'BAD') : '-';
      head += ` ${size.padStart(7)}`;
    }
    head += '\t';
  }
  if (!listing.nul) await console.stdout.write(`${head}${quotePath(path)}\n`);
  else await console.stdout.write(new Uint8Array([...encodeUtf8(head), ...path, 0]));
}
