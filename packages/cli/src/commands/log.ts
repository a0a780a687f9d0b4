import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOid, type Oid, oidFromBytes, type RawObject } from '@git-kv/objects';
import { Abbreviations, findRevision, resolveRef } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { type CommitTable, RevisionWalk, sortTips } from '@git-kv/repository/walk';
import { BufferedOutput } from '../buffered-output.js';
import { CommandError, type Console } from '../console.js';
import { readGitConfig } from '../git-config.js';
import { type LogOptions, parseLogArguments } from '../log-arguments.js';
import { CommitText, type Person } from '../pretty/commit-text.js';
import type { PrettyContext } from '../pretty/context.js';
import { Decorations } from '../pretty/decorations.js';
import { Mailmap } from '../pretty/mailmap.js';
import { MessageFilter } from '../pretty/message-filter.js';
import { showCommit } from '../pretty/pretty.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';
import type { RevListOptions } from '../rev-list-arguments.js';
import { named, readTips } from '../revision-tips.js';
import { placeOf } from '../work-tree.js';

/** git-log(1), without the changes of commits. */
export const logCommand: Command = {
  usage: 'log [<options>] [<revision-range>] [[--] <path>...]',

  async run(args, console) {
    return await using(openHere(console), async (repository) => {
      const config = await readGitConfig(console, repository);
      const { options, arguments: given } = parseLogArguments(args, config, console.stdout.isTTY);
      const { tips, pathspecs, isGiven } = await readTips(repository, console, given);
      const starts = isGiven ? tips : [{ oid: await headOf(repository), isExcluded: false }];
      const sorted = await named(sortTips(repository, starts), starts);
      const { order, since, until, minParents, maxParents, isFirstParentOnly, isFullHistory, showParents } =
        given.options;
      const walk = await named(
        RevisionWalk.open(repository.objects, {
          include: sorted.include,
          exclude: sorted.exclude,
          order,
          isFirstParentOnly,
          isFullHistory,
          rewritesParents: showParents,
          paths: pathspecs,
          ...(since !== undefined && { since }),
          ...(until !== undefined && { until }),
          ...(minParents !== undefined && { minParents }),
          ...(maxParents !== undefined && { maxParents }),
          shallow: await repository.shallow.read(),
          signal: console.signal,
        }),
      );
      try {
        const log = await Log.open(repository, console, options);
        await named(log.run(walk, given.options));
      } finally {
        await walk.close();
      }
      return 0;
    });
  },
};

async function headOf(repository: FileRepository): Promise<Oid> {
  const oid = await findRevision(repository, 'HEAD');
  if (oid !== undefined) return oid;
  const branch = (await resolveRef(repository.refs, 'HEAD'))?.name ?? 'HEAD';
  const short = branch.replace(/^refs\/heads\//, '');
  throw new CommandError(`your current branch '${short}' does not have any commits yet`);
}

/** Commits asked of the walk at a time: few at first, as who looks at a log often takes no more. */
const FIRST_BATCH = 8;
const MAX_BATCH = 512;

interface Found {
  readonly row: number;
  readonly text: CommitText;
}

class Log {
  readonly #repository: FileRepository;
  readonly #options: LogOptions;
  readonly #output: BufferedOutput;
  readonly #context: PrettyContext;
  readonly #filter: MessageFilter | undefined;
  readonly #abbreviations: Abbreviations;
  #hasShown = false;

  static async open(repository: FileRepository, console: Console, options: LogOptions): Promise<Log> {
    const { patterns, decorate } = options;
    const decorations = decorate && (await Decorations.read(repository, decorate === 'full'));
    const abbreviations = await Abbreviations.open(
      repository.objects,
      options.abbrev === undefined ? {} : { length: options.abbrev },
    );
    const people = needsMailmap(options) ? await readMailmap(repository, console) : undefined;
    const mapAlways = (person: Person): Person => people?.map(person) ?? person;
    const map = options.hasMailmap ? mapAlways : (person: Person): Person => person;
    const now = console.env.GIT_TEST_DATE_NOW;
    const context: PrettyContext = {
      format: options.format,
      dateStyle: options.dateStyle,
      now: now === undefined ? Math.floor(Date.now() / 1000) : Number.parseInt(now, 10) || 0,
      decorations: decorations || undefined,
      tabSize: options.tabSize,
      abbreviate: (oid) => abbreviations.shortenSync(oid) ?? oid,
      map,
      mapAlways,
    };
    const hasPatterns = patterns.authors.length + patterns.committers.length + patterns.messages.length > 0;
    const filter = hasPatterns ? new MessageFilter(patterns, map) : undefined;
    return new Log(repository, console, options, context, filter, abbreviations);
  }

  private constructor(
    repository: FileRepository,
    console: Console,
    options: LogOptions,
    context: PrettyContext,
    filter: MessageFilter | undefined,
    abbreviations: Abbreviations,
  ) {
    this.#repository = repository;
    this.#options = options;
    this.#output = new BufferedOutput(console.stdout);
    this.#context = context;
    this.#filter = filter;
    this.#abbreviations = abbreviations;
  }

  async run(walk: RevisionWalk, { isReversed, skip, maxCount, showParents }: RevListOptions): Promise<void> {
    const { table } = walk;
    const kept: number[] = [];
    try {
      for await (const found of this.#found(walk, skip, maxCount)) {
        if (isReversed) kept.push(found.row);
        else await this.#show(table, found, showParents);
      }
      for (const row of kept.reverse())
        await this.#show(table, { row, text: await this.#read(table, row) }, showParents);
    } finally {
      await this.#output.flush();
    }
  }

  /** The commits that match, within `--skip` and `--max-count`. */
  async *#found(walk: RevisionWalk, skip: number, maxCount: number): AsyncGenerator<Found> {
    let skipped = 0;
    let given = 0;
    for (let batch = FIRST_BATCH; given !== maxCount; batch = Math.min(batch * 2, MAX_BATCH)) {
      const left = maxCount < 0 ? batch : Math.min(batch, maxCount - given + (skip - skipped));
      const rows = await walk.next(left);
      if (rows.length === 0) return;
      for (const row of rows) {
        const text = await this.#read(walk.table, row);
        if (this.#filter !== undefined && !this.#filter.matches(text)) continue;
        if (skipped < skip) {
          skipped++;
          continue;
        }
        if (given === maxCount) return;
        given++;
        yield { row, text };
      }
    }
  }

  async #read(table: CommitTable, row: number): Promise<CommitText> {
    const offset = row * table.algorithm.oidLength;
    const object: RawObject | undefined =
      table.source?.readSync(table.oidBytes, offset) ?? (await this.#repository.objects.read(table.oidAt(row)));
    return new CommitText(object?.body ?? new Uint8Array(0));
  }

  async #show(table: CommitTable, { row, text }: Found, showParents: boolean): Promise<void> {
    const { format, isTerminated, isAbbreviated, terminator } = this.#options;
    const { oidLength } = table.algorithm;
    const oid = table.oidAt(row);
    const treeOid = oidFromBytes(table.treeBytes, row * oidLength, oidLength);
    const parentOids: Oid[] = [];
    for (let index = 0; index < (table.parentCounts[row] as number); index++) {
      parentOids.push(table.oidAt(table.parentAt(row, index)));
    }
    for (const each of [oid, treeOid, ...parentOids]) await this.#prepare(each);
    if (this.#hasShown && !isTerminated) this.#output.put(terminator);
    this.#hasShown = true;
    const shown = (each: Oid): string => (isAbbreviated ? this.#context.abbreviate(each) : each);
    let line = '';
    if (format.type !== 'user') {
      line = `${format.type === 'oneline' ? '' : 'commit '}${shown(oid)}`;
      if (showParents) for (const parentOid of parentOids) line += ` ${shown(parentOid)}`;
      line += this.#context.decorations?.show(oid, ' (', ')') ?? '';
      line += format.type === 'oneline' ? ' ' : '\n';
    }
    const body = showCommit({ oid, treeOid, parentOids, text }, this.#context);
    const isEmpty = format.type === 'user' && format.text === '';
    await this.#output.write(Buffer.from(`${line}${body}${isTerminated && !isEmpty ? terminator : ''}`, 'latin1'));
  }

  /** Get what it takes to make an object id short at once. */
  async #prepare(oid: Oid): Promise<void> {
    if (this.#abbreviations.shortenSync(oid) === undefined) await this.#abbreviations.shorten(oid);
  }
}

function needsMailmap({ hasMailmap, format, patterns }: LogOptions): boolean {
  if (format.type === 'user' && /%[+\- ]?[ac][NEL]/.test(format.text)) return true;
  return hasMailmap && (format.type !== 'user' || patterns.authors.length + patterns.committers.length > 0);
}

/** `.mailmap` at the top of the work tree, or of HEAD in a bare repository. What mailmap.file and mailmap.blob say does not count. */
async function readMailmap(repository: FileRepository, console: Console): Promise<Mailmap> {
  const { workTree } = await placeOf(console, repository);
  if (workTree !== undefined) {
    try {
      return new Mailmap(readFileSync(join(workTree, '.mailmap'), 'latin1'));
    } catch {
      return new Mailmap('');
    }
  }
  const oid = await findRevision(repository, 'HEAD:.mailmap');
  const object = oid !== undefined && isOid(oid) ? await repository.objects.read(oid) : undefined;
  return new Mailmap(object?.kind === 'blob' ? Buffer.from(object.body).toString('latin1') : '');
}
