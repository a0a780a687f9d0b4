import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { canonicalMode, encodeUtf8, FileMode, isOid, type Oid, parseCommitLinks } from '@git-kv/objects';
import { diffTrees, peelTo, type Repository, type TreeChange, type TreeTarget } from '@git-kv/repository';
import { openWhole } from '../back-filled.js';
import { BufferedOutput } from '../buffered-output.js';
import { CommandError, type Console, UsageError } from '../console.js';
import { findNamed, neitherRevisionNorPath, noSuchPath } from '../find-named.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { quotePath } from '../quote.js';
import { using } from '../repository.js';
import { matchPath } from '../tree-pattern.js';

const LF = 0x0a;
/** What git would take as a pattern of paths. */
const PATTERN = /[*?[\\]|^:/;

/** git-diff-tree(1), with its raw formats. */
export const diffTreeCommand: Command = {
  usage:
    'diff-tree [--stdin] [-m] [-s] [--no-commit-id] [--always] [-t] [-r] [--root] [-z]\n' +
    '          [--raw | --name-only | --name-status] [--exit-code | --quiet] <tree-ish> [<tree-ish>] [<path>...]',
  async run(args, console) {
    const dashes = args.indexOf('--');
    const { values, positionals } = parseOptions(dashes < 0 ? args : args.slice(0, dashes), {
      r: { type: 'boolean', short: 'r', default: false },
      t: { type: 'boolean', short: 't', default: false },
      m: { type: 'boolean', short: 'm', default: false },
      z: { type: 'boolean', short: 'z', default: false },
      s: { type: 'boolean', short: 's', default: false },
      root: { type: 'boolean', default: false },
      stdin: { type: 'boolean', default: false },
      raw: { type: 'boolean', default: false },
      always: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      'exit-code': { type: 'boolean', default: false },
      'name-only': { type: 'boolean', default: false },
      'name-status': { type: 'boolean', default: false },
      'no-commit-id': { type: 'boolean', default: false },
      // What is so already: renames are not looked for, and object ids are whole.
      'no-renames': { type: 'boolean', default: false },
      'no-abbrev': { type: 'boolean', default: false },
      'full-index': { type: 'boolean', default: false },
    });
    const given = dashes < 0 ? [] : args.slice(dashes + 1);
    return await using(openWhole(console), async (repository) => {
      const { trees, paths } = await splitArguments(repository, positionals, dashes >= 0, console);
      const patterns = [...paths, ...given];
      for (const pattern of patterns) {
        if (PATTERN.test(pattern))
          throw new CommandError(`pathspec '${pattern}' is a pattern: only paths are known here`);
      }
      if (trees.length === 0 && !values.stdin) throw new UsageError('error: a tree-ish is required');
      const format = values['name-status'] ? 'name-status' : values['name-only'] && !values.raw ? 'name-only' : 'raw';
      const run = new DiffTree(repository, console, {
        recursive: values.r || values.t,
        trees: values.t,
        merges: values.m,
        root: values.root,
        always: values.always,
        silent: values.s || values.quiet,
        commitIds: !values['no-commit-id'],
        nul: values.z,
        format,
        patterns: patterns.map((pattern) => encodeUtf8(pattern)),
      });
      if (trees.length === 1) await run.commitOf((trees[0] as Tip).oid);
      else if (trees.length === 2) {
        const [a, b] = trees as [Tip, Tip];
        // "A..B" is "^A B", and "B ^A" means the same.
        if (b.isExcluded) await run.treesOf(b.oid, a.oid);
        else await run.treesOf(a.oid, b.oid);
      }
      if (values.stdin) await run.fromInput();
      await run.end();
      return run.hasChanges && (values.quiet || values['exit-code']) ? 1 : 0;
    });
  },
};

interface Tip {
  readonly oid: Oid;
  readonly isExcluded: boolean;
}

/** What names an object, up to the first that does not: that and what follows are paths, of files that are there. */
async function splitArguments(
  repository: Repository,
  args: readonly string[],
  hasDashes: boolean,
  console: Console,
): Promise<{ trees: Tip[]; paths: readonly string[] }> {
  const trees: Tip[] = [];
  for (const [at, arg] of args.entries()) {
    const tips = await findTips(repository, arg);
    if (tips !== undefined) trees.push(...tips);
    else if (hasDashes) throw new CommandError(`bad revision '${arg}'`);
    else {
      const paths = args.slice(at);
      // Else a mistyped revision would be a path at which nothing differs.
      const absent = paths.find((path) => !PATTERN.test(path) && !existsSync(resolve(console.cwd, path)));
      if (absent !== undefined) throw absent === arg ? neitherRevisionNorPath(arg) : noSuchPath(absent);
      return { trees, paths };
    }
  }
  return { trees, paths: [] };
}

async function findTips(repository: Repository, arg: string): Promise<Tip[] | undefined> {
  const range = /^(.*?)\.\.(?!\.)(.*)$/s.exec(arg);
  if (range !== null) {
    const from = await findNamed(repository, range[1] || 'HEAD');
    const to = await findNamed(repository, range[2] || 'HEAD');
    if (from === undefined || to === undefined) return undefined;
    return [
      { oid: from, isExcluded: true },
      { oid: to, isExcluded: false },
    ];
  }
  const isExcluded = arg.startsWith('^');
  const oid = await findNamed(repository, isExcluded ? arg.slice(1) : arg);
  return oid === undefined ? undefined : [{ oid, isExcluded }];
}

interface DiffTreeOptions {
  readonly recursive: boolean;
  readonly trees: boolean;
  readonly merges: boolean;
  readonly root: boolean;
  readonly always: boolean;
  readonly silent: boolean;
  readonly commitIds: boolean;
  readonly nul: boolean;
  readonly format: 'raw' | 'name-only' | 'name-status';
  readonly patterns: readonly Uint8Array[];
}

class DiffTree {
  hasChanges = false;
  readonly #repository: Repository;
  readonly #console: Console;
  readonly #options: DiffTreeOptions;
  readonly #output: BufferedOutput;
  /** Parents that lines of input give to commits, which keep them. */
  readonly #grafts = new Map<Oid, readonly Oid[]>();
  #shallow: ReadonlySet<Oid> | undefined;

  constructor(repository: Repository, console: Console, options: DiffTreeOptions) {
    this.#repository = repository;
    this.#console = console;
    this.#options = options;
    this.#output = new BufferedOutput(console.stdout);
  }

  async end(): Promise<void> {
    await this.#output.flush();
  }

  /** A commit, or a tag of one, against its parents. */
  async commitOf(oid: Oid): Promise<void> {
    const commitOid = await peelTo(this.#repository, oid, 'commit');
    if (commitOid !== undefined) return await this.#commit(commitOid);
    const kind = (await this.#repository.objects.stat(oid))?.kind ?? 'tree';
    await this.#console.stderr.write(`error: object ${oid} is a ${kind}, not a commit\n`);
  }

  async treesOf(oldOid: Oid, newOid: Oid): Promise<void> {
    await this.#diff(await this.#treeOf(oldOid), await this.#treeOf(newOid), undefined);
  }

  /** Commits, each with the parents to take for it if any follow it, and pairs of trees. Other lines are passed on. */
  async fromInput(): Promise<void> {
    const { hexLength } = this.#repository.algorithm;
    for await (const line of wholeLines(this.#console.stdin)) {
      const text = new TextDecoder().decode(line);
      const first = text.slice(0, hexLength).toLowerCase();
      if (!isOid(first) || first.length !== hexLength) {
        await this.#output.write(line);
        continue;
      }
      const rest = text.slice(hexLength).replace(/\n$/, '');
      const stat = await this.#repository.objects.stat(first);
      if (!text.endsWith('\n') || stat === undefined) continue;
      if (stat.kind === 'tree') await this.#pair(first, rest);
      else if (stat.kind === 'commit') {
        const parents = parentsIn(rest, hexLength);
        if (parents.length > 0) this.#grafts.set(first, parents);
        await this.#commit(first);
      } else {
        await this.#console.stderr.write(`error: Object ${first} is a ${stat.kind}, not a commit or tree\n`);
      }
    }
  }

  async #pair(first: Oid, rest: string): Promise<void> {
    const second = /^\s([0-9a-fA-F]+)$/.exec(rest)?.[1]?.toLowerCase();
    if (second?.length !== first.length) {
      await this.#console.stderr.write('error: Need exactly two trees, separated by a space\n');
      return;
    }
    const stat = await this.#repository.objects.stat(second);
    if (stat !== undefined && stat.kind !== 'tree')
      await this.#console.stderr.write(`error: Object ${second} not a tree\n`);
    if (stat?.kind !== 'tree') return;
    await this.#output.write(`${first} ${second}\n`);
    await this.#diff(first, second, undefined);
  }

  async #commit(oid: Oid): Promise<void> {
    const { always, merges, root } = this.#options;
    const { treeOid, parentOids } = await this.#linksOf(oid);
    let isShown = false;
    if (parentOids.length === 0) {
      if (root) isShown = await this.#diff(undefined, treeOid, oid);
    } else if (parentOids.length === 1 || merges) {
      for (const parentOid of parentOids) {
        const parent = await this.#linksOf(parentOid);
        if (await this.#diff(parent.treeOid, treeOid, oid)) isShown = true;
      }
    }
    if (!isShown && always) await this.#output.write(`${oid}${this.#options.nul ? '\0' : '\n'}`);
  }

  async #linksOf(oid: Oid): Promise<{ readonly treeOid: Oid; readonly parentOids: readonly Oid[] }> {
    const object = await this.#repository.objects.read(oid);
    if (object?.kind !== 'commit') throw new CommandError(`unable to parse commit ${oid}`);
    const links = parseCommitLinks(object.body);
    const graft = this.#grafts.get(oid);
    if (graft !== undefined) return { treeOid: links.treeOid, parentOids: graft };
    this.#shallow ??= await this.#repository.shallow.read();
    return this.#shallow.has(oid) ? { treeOid: links.treeOid, parentOids: [] } : links;
  }

  async #treeOf(oid: Oid): Promise<Oid> {
    if (oid === this.#repository.algorithm.emptyTreeOid) return oid;
    const tree = await peelTo(this.#repository, oid, 'tree');
    if (tree === undefined) throw new CommandError(`unable to read tree (${oid})`);
    return tree;
  }

  /** Print what differs, with the commit before the first line. False where nothing does. */
  async #diff(oldTree: Oid | undefined, newTree: Oid, commit: Oid | undefined): Promise<boolean> {
    const { commitIds, nul, patterns, recursive, silent, trees } = this.#options;
    let hasChanges = false;
    const changes = diffTrees(this.#repository.objects, oldTree, newTree, {
      shallow: !recursive,
      trees,
      ...(patterns.length > 0 && {
        select: (path, isTree) => matchPath(path, isTree ? FileMode.tree : FileMode.regular, patterns) !== 'none',
      }),
      signal: this.#console.signal,
    });
    for await (const change of changes) {
      if (change.pathBytes.length === 0 || isSameToGit(change)) continue;
      if (!hasChanges && commit !== undefined && commitIds) await this.#output.write(`${commit}${nul ? '\0' : '\n'}`);
      hasChanges = true;
      if (!silent) await this.#print(change);
    }
    if (hasChanges) this.hasChanges = true;
    return hasChanges;
  }

  async #print(change: TreeChange): Promise<void> {
    const { format, nul } = this.#options;
    const separator = nul ? '\0' : '\t';
    let head = '';
    if (format !== 'name-only') head = `${statusOf(change)}${separator}`;
    if (format === 'raw') {
      const { old, new: next } = change;
      head = `:${modeText(old)} ${modeText(next)} ${this.#oidText(old)} ${this.#oidText(next)} ${head}`;
    }
    if (!nul) await this.#output.write(`${head}${quotePath(change.pathBytes)}\n`);
    else {
      await this.#output.write(head);
      await this.#output.write(change.pathBytes);
      await this.#output.write('\0');
    }
  }

  #oidText(side: TreeTarget | undefined): string {
    return side?.oid ?? this.#repository.algorithm.zeroOid;
  }
}

/** git reads odd modes as those it writes now, so a change from one to the other is none. */
function isSameToGit({ old, new: next }: TreeChange): boolean {
  return (
    old !== undefined &&
    next !== undefined &&
    old.oid === next.oid &&
    canonicalMode(old.mode) === canonicalMode(next.mode)
  );
}

function modeText(side: TreeTarget | undefined): string {
  return (side === undefined ? 0 : canonicalMode(side.mode)).toString(8).padStart(6, '0');
}

/** `T` where a file became a link or a submodule, or the other way round. */
function statusOf({ old, new: next }: TreeChange): 'A' | 'D' | 'M' | 'T' {
  if (old === undefined) return 'A';
  if (next === undefined) return 'D';
  return (canonicalMode(old.mode) ^ canonicalMode(next.mode)) & 0o170000 ? 'T' : 'M';
}

function parentsIn(rest: string, hexLength: number): Oid[] {
  const parents: Oid[] = [];
  for (let at = 0; /\s/.test(rest[at] ?? ''); at += hexLength + 1) {
    const oid = rest.slice(at + 1, at + 1 + hexLength).toLowerCase();
    if (oid.length !== hexLength || !isOid(oid)) break;
    parents.push(oid);
  }
  return parents;
}

/** Lines with their line feeds; the last one may lack it. */
async function* wholeLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(LF); end >= 0; end = rest.indexOf(LF)) {
      yield rest.subarray(0, end + 1);
      rest = rest.subarray(end + 1);
    }
  }
  if (rest.length > 0) yield rest;
}
