import { GitError, NotFoundError, type ObjectKind, type Oid } from '@git-kv/objects';
import { findRefs } from '../ref-resolve.js';
import type { Repository } from '../repository.js';
import { readTreePath } from '../tree-path.js';
import { AmbiguousRevisionError, findAbbreviated, type PreferredKind } from './abbreviation.js';
import { findByMessage, findByMessageAnywhere } from './message-search.js';
import { parentsOf, peelTags, peelTo } from './peel.js';

/** How a revision is read. */
export interface FindRevisionOptions {
  /** What an abbreviation means where several objects have it. Where the syntax around it tells, that decides. */
  readonly prefer?: PreferredKind;
}

/**
 * The object that a revision names, or `undefined`. Of gitrevisions(7): object ids and their abbreviations, what `git describe`
 * prints, ref names and their short forms, `@`, `^N`, `~N`, `^{kind}`, `^{}`, `^{/text}`, `:/text` and `REV:PATH`.
 *
 * The text of a search is a regular expression that may take long: it is not for strangers to choose.
 * @throws {GitError} UNSUPPORTED for what asks for reflogs, upstream branches or the index, and for ranges
 * @throws {AmbiguousRevisionError} AMBIGUOUS_REVISION for an abbreviation of several objects
 */
export async function findRevision(
  repository: Repository,
  revision: string,
  options: FindRevisionOptions = {},
): Promise<Oid | undefined> {
  return await new RevisionReader(repository, revision).find(options.prefer);
}

/** {@link findRevision}, where the revision has to be there. @throws {NotFoundError} OBJECT_NOT_FOUND */
export async function resolveRevision(
  repository: Repository,
  revision: string,
  options?: FindRevisionOptions,
): Promise<Oid> {
  const oid = await findRevision(repository, revision, options);
  if (oid === undefined) {
    throw new NotFoundError('OBJECT_NOT_FOUND', revision, `Cannot resolve ${revision}: no such revision`);
  }
  return oid;
}

/** More parents or generations than anything has. */
const MAX_STEPS = 2 ** 31 - 1;

/** What `^{...}` may ask for. */
const PEELED: readonly ObjectKind[] = ['commit', 'tag', 'tree', 'blob'];

class RevisionReader {
  readonly #repository: Repository;
  readonly #revision: string;
  /** Why a part that looked like a revision is none; it is thrown where nothing else was meant either. */
  #refusal: GitError | undefined;

  constructor(repository: Repository, revision: string) {
    this.#repository = repository;
    this.#revision = revision;
  }

  /** A name, or else a name, a colon and a path. @see git's object-name.c, get_oid_with_context_1() */
  async find(prefer: PreferredKind | undefined): Promise<Oid | undefined> {
    const text = this.#revision;
    const found = (await this.#findName(text, prefer)) ?? (await this.#findPath(text));
    if (found === undefined && this.#refusal !== undefined) throw this.#refusal;
    return found;
  }

  async #findPath(text: string): Promise<Oid | undefined> {
    if (text.startsWith(':/') && text.length > 2) return await findByMessageAnywhere(this.#repository, text.slice(2));
    const colon = pathColon(text);
    if (colon === 0) this.#refuse('there is no index here');
    if (colon <= 0) {
      if (text.includes('..')) this.#refuse('a range names no single object');
      return undefined;
    }
    const root = await this.#findName(text.slice(0, colon), 'tree-ish');
    const tree = root && (await peelTo(this.#repository, root, 'tree'));
    if (tree === undefined) return undefined;
    const path = text.slice(colon + 1);
    if (path.startsWith('./') || path.startsWith('../')) {
      this.#refuse('a relative path starts from a work tree');
      return undefined;
    }
    if (path.startsWith('/') || path.includes('//')) return undefined;
    const segments = path.split('/').filter((segment) => segment !== '');
    return (await readTreePath(this.#repository.objects, tree, segments))?.oid;
  }

  /** A name with suffixes, which are read from the end. @see get_oid_1() */
  async #findName(text: string, prefer: PreferredKind | undefined): Promise<Oid | undefined> {
    const [suffix, operator, digits] = /([~^])(\d*)$/.exec(text) ?? [];
    if (suffix !== undefined) {
      const steps = digits === '' ? 1 : Number(digits);
      const base = text.slice(0, -suffix.length);
      return operator === '^' ? await this.#parent(base, steps) : await this.#ancestor(base, steps);
    }
    return (
      (await this.#peeled(text)) ??
      (await this.#findBase(text)) ??
      (await this.#described(text)) ??
      (await this.#abbreviated(text, prefer))
    );
  }

  async #parent(base: string, number: number): Promise<Oid | undefined> {
    const commitOid = await this.#commit(base);
    if (commitOid === undefined || number > MAX_STEPS || number === 0) return number === 0 ? commitOid : undefined;
    return (await parentsOf(this.#repository, commitOid, await this.#repository.shallow.read()))[number - 1];
  }

  async #ancestor(base: string, generations: number): Promise<Oid | undefined> {
    let at = await this.#commit(base);
    if (at === undefined || generations > MAX_STEPS) return undefined;
    const shallow = await this.#repository.shallow.read();
    for (let step = 0; step < generations && at !== undefined; step++) {
      at = (await parentsOf(this.#repository, at, shallow))[0];
    }
    return at;
  }

  async #commit(base: string): Promise<Oid | undefined> {
    const oid = await this.#findName(base, 'commit-ish');
    return oid && (await peelTo(this.#repository, oid, 'commit'));
  }

  /** `NAME^{...}`. @see peel_onion() */
  async #peeled(text: string): Promise<Oid | undefined> {
    if (text.length < 4 || !text.endsWith('}')) return undefined;
    const at = text.lastIndexOf('^{');
    if (at <= 0) return undefined;
    const wanted = text.slice(at + 2);
    const kind = PEELED.find((name) => wanted.startsWith(`${name}}`));
    const isSearch = wanted.startsWith('/');
    const isAny = wanted.startsWith('object}');
    if (kind === undefined && !isSearch && !isAny && !wanted.startsWith('}')) {
      this.#refuse(`^{${wanted} asks for no kind of objects`);
      return undefined;
    }
    const prefer = isSearch || kind === 'commit' ? 'commit-ish' : kind === 'tree' ? 'tree-ish' : undefined;
    const oid = await this.#findName(text.slice(0, at), prefer);
    if (oid === undefined) return undefined;
    if (isAny) return (await this.#repository.objects.stat(oid)) && oid;
    if (wanted.startsWith('}')) return await peelTags(this.#repository, oid);
    const peeled = await peelTo(this.#repository, oid, kind ?? 'commit');
    if (!isSearch || peeled === undefined || wanted === '/}') return peeled;
    return await findByMessage(this.#repository, [peeled], wanted.slice(1, -1));
  }

  /** An object id or a ref. @see get_oid_basic() */
  async #findBase(text: string): Promise<Oid | undefined> {
    const { algorithm, refs } = this.#repository;
    if (text.length === algorithm.hexLength && /^[0-9a-fA-F]+$/.test(text)) return text.toLowerCase();
    const at = text.endsWith('}') ? text.lastIndexOf('@{', text.length - 3) : -1;
    if (at >= 0) {
      if (!text.slice(0, at).includes(':')) this.#refuse(reasonAgainst(text.slice(at + 2, -1)));
      return undefined;
    }
    const name = text === '@' ? 'HEAD' : text;
    return (await findRefs(refs, name))[0]?.oid;
  }

  /** `NAME-gHEX` and `NAME-COUNT-gHEX`, of which only the end counts. @see get_describe_name() */
  async #described(text: string): Promise<Oid | undefined> {
    const at = text.lastIndexOf('-g');
    if (at < 1) return undefined;
    const quiet = this.#refusal;
    const found = await this.#abbreviated(text.slice(at + 2), 'commit');
    this.#refusal = quiet;
    return found;
  }

  async #abbreviated(text: string, prefer: PreferredKind | undefined): Promise<Oid | undefined> {
    try {
      return await findAbbreviated(this.#repository, text, prefer);
    } catch (error) {
      if (!(error instanceof AmbiguousRevisionError)) throw error;
      this.#refusal ??= error;
      return undefined;
    }
  }

  #refuse(reason: string): void {
    this.#refusal ??= new GitError('UNSUPPORTED', `Cannot resolve ${this.#revision}: ${reason}`);
  }
}

/** Where the colon is that a path follows: not within braces. -1: nowhere. */
function pathColon(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && depth > 0) depth--;
    else if (text[at] === ':' && depth === 0) return at;
  }
  return -1;
}

/** Why `@{...}` is refused. */
function reasonAgainst(selector: string): string {
  if (/^u(?:pstream)?$/i.test(selector)) return 'upstream branches are settings of work trees, which are not read';
  if (/^push$/i.test(selector)) return 'where a branch is pushed to is a setting of work trees, which is not read';
  if (/^-\d+$/.test(selector)) return 'what was checked out before is told by reflogs, which are not read';
  return 'what a ref held before is told by its reflog, which is not read';
}
