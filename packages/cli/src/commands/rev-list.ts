import { encodeUtf8, type Oid, oidToBytes } from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import {
  listingFilter,
  ObjectListing,
  type Pathspec,
  RevisionWalk,
  type SortedTips,
  sortTips,
} from '@git-kv/repository/walk';
import { CommandError, type Console, UsageError } from '../console.js';
import { HexLines } from '../hex-lines.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';
import { parseRevListArguments, type RevListOptions } from '../rev-list-arguments.js';
import { named, readTips } from '../revision-tips.js';

/** Commits asked of the walk at a time. */
const BATCH = 1024;

/** `tsgit rev-list`: the commits, and with `--objects` all objects, that some reach and others do not. */
export const revListCommand: Command = {
  usage: 'rev-list [<options>] <commit>... [--] [<path>...]',

  async run(args, console) {
    const { options, revisions, paths } = parseRevListArguments(args);
    return await using(openHere(console), async (repository) => {
      const { tips, pathspecs, isGiven } = await readTips(repository, console, { options, revisions, paths });
      if (options.showObjects && pathspecs.length > 0) {
        throw new CommandError('cannot list the objects at paths: they are not supported together');
      }
      if (!isGiven) throw new UsageError('error: no commits were named');
      await new RevList(repository, console, options, pathspecs).run(await named(sortTips(repository, tips), tips));
      return 0;
    });
  },
};

class RevList {
  readonly #repository: Repository;
  readonly #console: Console;
  readonly #options: RevListOptions;
  readonly #lines: HexLines;
  readonly #paths: readonly Pathspec[];
  #count = 0;
  /** Where a filter takes no commits: those that are listed all the same. */
  #onlyCommits: ReadonlySet<Oid> | undefined;

  constructor(repository: Repository, console: Console, options: RevListOptions, paths: readonly Pathspec[]) {
    this.#repository = repository;
    this.#console = console;
    this.#options = options;
    this.#paths = paths;
    this.#lines = new HexLines(console.stdout, repository.algorithm.oidLength);
  }

  async run(tips: SortedTips): Promise<void> {
    const { order, since, until, minParents, maxParents, isFirstParentOnly, showCount } = this.#options;
    const walk = await named(
      RevisionWalk.open(this.#repository.objects, {
        include: tips.include,
        exclude: tips.exclude,
        order,
        isFirstParentOnly,
        ...(since !== undefined && { since }),
        ...(until !== undefined && { until }),
        ...(minParents !== undefined && { minParents }),
        ...(maxParents !== undefined && { maxParents }),
        paths: this.#paths,
        isFullHistory: this.#options.isFullHistory,
        rewritesParents: this.#options.showParents,
        shallow: await this.#repository.shallow.read(),
        signal: this.#console.signal,
      }),
    );
    try {
      await named(this.#list(walk, tips));
    } finally {
      await walk.close();
    }
    if (showCount) await this.#console.stdout.write(`${this.#count}\n`);
  }

  async #list(walk: RevisionWalk, tips: SortedTips): Promise<void> {
    const { showObjects, isReversed, filter } = this.#options;
    const { oidLength } = this.#repository.algorithm;
    const { table } = walk;
    const rules = filter && listingFilter(filter);
    const listing = showObjects
      ? new ObjectListing(this.#repository.objects, table.source, { filter: rules })
      : undefined;
    const isGiven = !this.#options.filtersGiven;
    if (rules?.takesCommits === false) this.#onlyCommits = new Set(isGiven ? tips.include : []);
    if (listing) await markEdges(walk, listing, tips);
    const shown: number[] = [];
    for await (const rows of this.#shown(walk)) {
      if (!isReversed) await this.#showCommits(walk, rows);
      if (isReversed || listing) shown.push(...rows);
    }
    if (isReversed) await this.#showCommits(walk, shown.reverse());
    if (listing) {
      if (rules) for (const row of shown) listing.markRoot(table.treeBytes, row * oidLength);
      for (const { oid, kind, path } of tips.objects) {
        const bytes = oidToBytes(oid);
        if (kind === 'tag')
          for await (const object of listing.tag(oid, bytes, isGiven)) await this.#showObject(bytes, object.path);
        else if (kind === 'tree') await this.#showTree(listing, bytes, 0, encodeUtf8(path), isGiven);
        else {
          for await (const object of listing.blob(oid, bytes, encodeUtf8(path), isGiven)) {
            await this.#showObject(bytes, object.path);
          }
        }
      }
      for (const row of shown) await this.#showTree(listing, table.treeBytes, row * oidLength);
    }
    await this.#lines.flush();
  }

  /** The rows within `--skip` and `--max-count`. */
  async *#shown(walk: RevisionWalk): AsyncGenerator<number[]> {
    let { skip, maxCount } = this.#options;
    while (maxCount !== 0) {
      const rows = await walk.next(maxCount < 0 ? BATCH : Math.min(BATCH, skip + maxCount));
      if (rows.length === 0) return;
      const shown = rows.slice(skip, maxCount < 0 ? undefined : skip + maxCount);
      skip = Math.max(0, skip - rows.length);
      if (maxCount > 0) maxCount -= shown.length;
      yield shown;
    }
  }

  async #showCommits({ table }: RevisionWalk, allRows: readonly number[]): Promise<void> {
    const only = this.#onlyCommits;
    const rows = only === undefined ? allRows : allRows.filter((row) => only.has(table.oidAt(row)));
    this.#count += rows.length;
    const { showCount, isQuiet, showParents, showTimestamp } = this.#options;
    if (showCount || isQuiet) return;
    const lines = this.#lines;
    const { oidLength } = table.algorithm;
    for (const row of rows) {
      if (showTimestamp) lines.text(`${table.dates[row]} `);
      lines.oid(table.oidBytes, row * oidLength);
      if (showParents) {
        for (let index = 0; index < (table.parentCounts[row] as number); index++) {
          lines.space().oid(table.oidBytes, table.parentAt(row, index) * oidLength);
        }
      }
      lines.end();
      if (lines.isFull) await lines.flush();
    }
  }

  async #showTree(
    listing: ObjectListing,
    bytes: Uint8Array,
    offset: number,
    path?: Uint8Array,
    isGiven = false,
  ): Promise<void> {
    for await (const batch of listing.tree(bytes, offset, path, isGiven)) {
      for (const object of batch) await this.#showObject(oidToBytes(object.oid), object.path);
    }
  }

  async #showObject(oidBytes: Uint8Array, path: Uint8Array): Promise<void> {
    this.#count++;
    const { showCount, isQuiet, showNames } = this.#options;
    if (showCount || isQuiet) return;
    const lines = this.#lines.oid(oidBytes, 0);
    if (showNames) lines.space().name(path);
    lines.end();
    if (lines.isFull) await lines.flush();
  }
}

/** Leave out what the commits hold that lie just beyond those to be listed. */
async function markEdges(walk: RevisionWalk, listing: ObjectListing, tips: SortedTips): Promise<void> {
  const { table } = walk;
  const { oidLength } = table.algorithm;
  for (const oid of tips.knownTrees) await listing.markKnown(oidToBytes(oid), 0);
  for (const oid of tips.knownBlobs) listing.markOneKnown(oidToBytes(oid), 0);
  for (const row of walk.edges()) await listing.markKnown(table.treeBytes, row * oidLength);
}
