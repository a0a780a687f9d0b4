import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Oid } from '@git-kv/objects';
import {
  Abbreviations,
  type FetchedRefResult,
  type FetchRefsReport,
  peelTo,
  type Repository,
} from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import type { Console } from './console.js';
import { conflictReason } from './ref-updates.js';
import { prettyRef, sourceUrl } from './remote-names.js';

/** How much a fetch says. */
export interface FetchWords {
  readonly url: string;
  /** -1 quiet, 0, 1 verbose. */
  readonly verbosity: number;
  readonly isDryRun: boolean;
  /** Leave out what both names of a line have in common (fetch.output = compact). */
  readonly isCompact?: boolean;
  /** Where FETCH_HEAD is written; without it, what has no ref here is not told of, either. */
  readonly fetchHead?: string | undefined;
  readonly columns?: number;
}

const ROLES = ['merge', 'other', 'tracking'] as const;
const DEFAULT_WIDTH = 10;
const COLUMNS = 80;

const REASONS = {
  'non-fast-forward': 'non-fast-forward',
  'clobbers-tag': 'would clobber existing tag',
  'checked-out': "can't fetch into checked-out branch",
  conflict: 'unable to update local ref',
  'no-commit': 'unable to update local ref',
} as const;

/** What a remote's ref is, in git's words: `branch` and its short name. */
function describe(name: string): { readonly kind: string; readonly what: string } {
  const [, kind, what] = /^refs\/(heads|tags|remotes)\/(.+)$/.exec(name) ?? [];
  if (what === undefined) return { kind: '', what: name === 'HEAD' ? '' : name };
  return { kind: { heads: 'branch', tags: 'tag', remotes: 'remote-tracking branch' }[kind as 'heads'], what };
}

/** Tells on standard error what a fetch changed, and writes FETCH_HEAD. */
export class FetchReporter {
  readonly #repository: Repository;
  readonly #console: Console;
  readonly #words: FetchWords;
  #isUrlShown = false;
  #width = DEFAULT_WIDTH;

  constructor(repository: Repository, console: Console, words: FetchWords) {
    this.#repository = repository;
    this.#console = console;
    this.#words = words;
  }

  async tell({ refs, pruned, isUndone }: FetchRefsReport): Promise<void> {
    const zero = this.#repository.algorithm.zeroOid;
    const abbreviations = await Abbreviations.open(this.#repository.objects);
    const width = async (oids: readonly Oid[]): Promise<number> => {
      let longest = 0;
      for (const oid of [zero, ...oids]) longest = Math.max(longest, (await abbreviations.shorten(oid)).length);
      return 2 * longest + 3;
    };
    const prunedWidth = await width(pruned.map(({ oldOid }) => oldOid));
    for (const { name } of pruned) await this.#line('-', '[deleted]', prunedWidth, '(none)', prettyRef(name));
    for (const { status, localName, name } of refs) {
      if (status !== 'shallow') continue;
      const what = `rejected ${localName ?? name} because shallow roots are not allowed to be updated`;
      await this.#console.stderr.write(`warning: ${what}\n`);
    }
    // Tags that were followed in the end are told of in the end, as by another fetch.
    const told = refs.filter(({ status }) => status !== 'shallow');
    for (const part of [told.filter(({ isLate }) => !isLate), told.filter(({ isLate }) => isLate)]) {
      const summaryWidth = await width(part.map(({ oid }) => oid));
      for (const ref of part) this.#fit(ref);
      for (const role of ROLES) {
        for (const ref of await this.#ofRole(part, role)) {
          if (!isUndone) await this.#remember(ref, role);
          await this.#tellOne(ref, summaryWidth, abbreviations);
        }
      }
    }
  }

  /** Only commits can be merged. */
  async #ofRole(refs: readonly FetchedRefResult[], role: (typeof ROLES)[number]): Promise<FetchedRefResult[]> {
    const found: FetchedRefResult[] = [];
    for (const ref of refs) {
      const isMerged =
        ref.role === 'merge' &&
        (this.#words.fetchHead === undefined || (await peelTo(this.#repository, ref.oid, 'commit')) !== undefined);
      if ((ref.role === 'merge' && !isMerged ? 'other' : ref.role) === role) found.push(ref);
    }
    return found;
  }

  async #remember({ name, oid }: FetchedRefResult, role: (typeof ROLES)[number]): Promise<void> {
    const { fetchHead, url } = this.#words;
    if (fetchHead === undefined || role === 'tracking') return;
    const { kind, what } = describe(name);
    const note = what === '' ? '' : `${kind === '' ? '' : `${kind} `}'${what}' of `;
    const mark = role === 'merge' ? '' : 'not-for-merge';
    await appendFile(fetchHead, `${oid}\t${mark}\t${note}${sourceUrl(url).replaceAll('\n', '\\n')}\n`);
  }

  async #tellOne(ref: FetchedRefResult, width: number, abbreviations: Abbreviations): Promise<void> {
    const { name, oid, oldOid, localName, status } = ref;
    const { kind, what } = describe(name);
    if (localName === undefined) {
      if (this.#words.fetchHead === undefined && !this.#words.isDryRun) return;
      await this.#line('*', kind || 'branch', width, what || 'HEAD', 'FETCH_HEAD');
      return;
    }
    const local = prettyRef(localName);
    const failed = ref.status === 'rejected' && (ref.reason === 'conflict' || ref.reason === 'no-commit');
    if (failed) await this.#console.stderr.write(`error: ${problemOf(ref)}\n`);
    const between = async (dots: string): Promise<string> =>
      `${await abbreviations.shorten(oldOid as Oid)}${dots}${await abbreviations.shorten(oid)}`;
    if (status === 'up-to-date') {
      if (this.#words.verbosity > 0) await this.#line('=', '[up to date]', width, what, local);
    } else if (ref.status === 'rejected' && !failed) {
      await this.#line('!', '[rejected]', width, what, local, REASONS[ref.reason]);
    } else if (status === 'tag-updated') await this.#line('t', '[tag update]', width, what, local);
    else if (status === 'fast-forward') await this.#line(' ', await between('..'), width, what, local);
    else if (status === 'forced') await this.#line('+', await between('...'), width, what, local, 'forced update');
    else {
      const kindOfRef = name.startsWith('refs/tags/') ? 'tag' : name.startsWith('refs/heads/') ? 'branch' : 'ref';
      const reason = failed ? REASONS.conflict : undefined;
      await this.#line(failed ? '!' : '*', `[new ${kindOfRef}]`, width, what, local, reason);
    }
  }

  /** Make room for a name, unless the line would be too long anyway. */
  #fit({ name, localName, status }: FetchedRefResult): void {
    if (localName === undefined || name === 'HEAD') return;
    if (status === 'up-to-date' && this.#words.verbosity <= 0) return;
    const remoteWidth = widthOf(prettyRef(name));
    const localWidth = this.#words.isCompact === true ? 0 : widthOf(prettyRef(localName));
    const columns = this.#words.columns ?? COLUMNS;
    const most = this.#words.isCompact === true ? Math.floor((columns * 2) / 3) : columns;
    if (21 + remoteWidth + 4 + localWidth < most) this.#width = Math.max(this.#width, remoteWidth);
  }

  async #line(
    mark: string,
    summary: string,
    width: number,
    remote: string,
    local: string,
    reason?: string,
  ): Promise<void> {
    if (this.#words.verbosity < 0) return;
    if (!this.#isUrlShown) await this.#console.stderr.write(`From ${sourceUrl(this.#words.url)}\n`);
    this.#isUrlShown = true;
    const [from, to] = this.#words.isCompact === true ? compact(remote, local) : [remote, local];
    const tail = reason === undefined ? '' : `  (${reason})`;
    await this.#console.stderr.write(` ${mark} ${summary.padEnd(width)} ${from.padEnd(this.#width)} -> ${to}${tail}\n`);
  }
}

/** Why a ref could not be written, in git's words. */
function problemOf({ localName, oid, blockedBy, ...ref }: FetchedRefResult): string {
  if (ref.status === 'rejected' && ref.reason === 'no-commit')
    return `cannot update ref '${localName}': trying to write non-commit object ${oid} to branch '${localName}'`;
  const reason = blockedBy === undefined ? 'it was changed meanwhile' : conflictReason(localName as string, blockedBy);
  return `cannot lock ref '${localName}': ${reason}`;
}

/** Columns of a terminal, near enough: most letters take one. */
function widthOf(text: string): number {
  return [...text].length;
}

/** Put a star for what both names have in common. */
function compact(remote: string, local: string): [string, string] {
  if (remote === local) return [remote, '*'];
  const shorter = starFor(remote, local);
  if (shorter !== undefined) return [shorter, local];
  return [remote, starFor(local, remote) ?? local];
}

function starFor(text: string, part: string): string | undefined {
  const at = text.endsWith(part) ? text.length - part.length : text.indexOf(part);
  if (at < 0 || (at > 0 && text[at - 1] !== '/')) return undefined;
  const end = at + part.length;
  if (end < text.length && text[end] !== '/') return undefined;
  return `${text.slice(0, at)}*${text.slice(end)}`;
}

/** Where git notes what was fetched last. */
export function fetchHeadPath(repository: FileRepository): string {
  return join(repository.layout.gitDirectory, 'FETCH_HEAD');
}
