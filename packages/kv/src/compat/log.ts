import { GitError, type Oid } from '@git-kv/objects';
import type { ObjectReader } from '@git-kv/repository';
import { readCommitAt } from './commit.js';
import { CompatError, calling } from './errors.js';
import { findEntry } from './objects.js';
import { resolveName } from './refs.js';
import { withRepository } from './repository.js';
import type { ReadCommitResult, RepositoryArguments } from './types.js';

/** Which commits are listed. */
export interface LogArguments extends RepositoryArguments {
  /** Default `HEAD`. */
  readonly ref?: string;
  /** Commits that changed this file or directory. Unlike git's, history is not simplified at merges. */
  readonly filepath?: string;
  /** How many at most. */
  readonly depth?: number;
  /** Commits after this; the first that is not ends the list. */
  readonly since?: Date;
  /** A regular expression for `Name <email>`, in any case. */
  readonly author?: string;
  /** With `filepath`: go on where it is not there, instead of failing. */
  readonly force?: boolean;
  /** Renames are not followed: UNSUPPORTED. */
  readonly follow?: boolean;
  /** Changes are not listed: UNSUPPORTED. */
  readonly includeChanges?: boolean;
}

/** Commits, newest first by committer date, each once. */
export function log(args: LogArguments): Promise<ReadCommitResult[]> {
  return calling('git.log', async () => {
    for (const option of ['follow', 'includeChanges'] as const) {
      if (args[option] === true)
        throw new GitError('UNSUPPORTED', `Cannot list commits with ${option}: it is not supported`);
    }
    return await withRepository(args, async ({ repository }) => {
      const { objects, refs, shallow } = repository;
      const start = await resolveName(refs, args.ref ?? 'HEAD');
      return await new Log(objects, await shallow.read(), args).list(start);
    });
  });
}

class Log {
  readonly #objects: ObjectReader;
  readonly #shallow: ReadonlySet<Oid>;
  readonly #args: LogArguments;
  readonly #author: RegExp | undefined;
  readonly #found: ReadCommitResult[] = [];
  /** The commit before, newer than the one looked at, and what the file was there. */
  #last: ReadCommitResult | undefined;
  #lastEntry: string | undefined;
  #isThere = false;

  constructor(objects: ObjectReader, shallow: ReadonlySet<Oid>, args: LogArguments) {
    this.#objects = objects;
    this.#shallow = shallow;
    this.#args = args;
    this.#author = args.author === undefined ? undefined : new RegExp(args.author, 'i');
  }

  async list(startOid: Oid): Promise<ReadCommitResult[]> {
    const { depth, filepath, since } = this.#args;
    const oldest = since === undefined ? Number.NEGATIVE_INFINITY : Math.floor(since.valueOf() / 1000);
    const start = await readCommitAt(this.#objects, startOid);
    const seen = new Set([start.oid]);
    const tips = [start];
    for (let at = tips.pop(); at !== undefined; at = tips.pop()) {
      if (at.commit.committer.timestamp <= oldest) break;
      if (filepath === undefined) this.#push(at);
      else if (!(await this.#compare(at, filepath))) break;
      if (depth !== undefined && this.#found.length === depth) {
        this.#end(at);
        break;
      }
      for (const oid of this.#shallow.has(at.oid) ? [] : at.commit.parent) {
        if (seen.has(oid)) continue;
        seen.add(oid);
        insert(tips, await readCommitAt(this.#objects, oid));
      }
      if (tips.length === 0) this.#end(at);
    }
    return this.#found;
  }

  /** The oldest commit that has the file is the one that brought it. */
  #end(commit: ReadCommitResult): void {
    if (this.#isThere && this.#args.filepath !== undefined) this.#push(commit);
  }

  #push(commit: ReadCommitResult | undefined): void {
    if (commit === undefined) return;
    const { name, email } = commit.commit.author;
    if (this.#author === undefined || this.#author.test(`${name} <${email}>`)) this.#found.push(commit);
  }

  /** List the commit before where the file differs from it. @returns whether to go on */
  async #compare(commit: ReadCommitResult, filepath: string): Promise<boolean> {
    const entry = await findEntry(this.#objects, commit.commit.tree, filepath).catch((error: unknown) => {
      if (error instanceof CompatError && error.code === 'NotFoundError') return error;
      throw error;
    });
    if (!(entry instanceof CompatError)) {
      const text = `${entry.mode} ${entry.oid}`;
      if (this.#last !== undefined && this.#lastEntry !== text) this.#push(this.#last);
      this.#lastEntry = text;
      this.#isThere = true;
    } else {
      const { force = false } = this.#args;
      if (this.#isThere && this.#lastEntry !== undefined) {
        this.#push(this.#last);
        if (!force) return false;
      }
      if (!force) throw entry;
      this.#isThere = false;
    }
    this.#last = commit;
    return true;
  }
}

/** Put a commit among those that wait, oldest first; of the same date the one that came first before. */
function insert(tips: ReadCommitResult[], commit: ReadCommitResult): void {
  const { timestamp } = commit.commit.committer;
  let at = tips.length;
  while (at > 0 && (tips[at - 1] as ReadCommitResult).commit.committer.timestamp > timestamp) at--;
  tips.splice(at, 0, commit);
}
