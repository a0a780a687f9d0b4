import { GitError, type Oid } from '@git-kv/objects';
import type { ObjectStore } from '../object-store.js';
import type { Repository } from '../repository.js';
import { peelTo } from './peel.js';

/** git's shortest abbreviation. */
export const MIN_ABBREVIATION = 4;
/** What git takes in a small repository. */
const DEFAULT_ABBREVIATION = 7;
/** Objects of one abbreviation that are looked at. */
const MAX_CANDIDATES = 4096;

const HEX = /^[0-9a-fA-F]+$/;

/** What an abbreviation is taken to mean where it is that of several objects: `commit-ish` counts tags of commits in. */
export type PreferredKind = 'commit' | 'commit-ish' | 'tree' | 'tree-ish' | 'blob';

/** An abbreviation that several objects have. */
export class AmbiguousRevisionError extends GitError {
  override readonly name: string = 'AmbiguousRevisionError';
  /** The abbreviation, in lower case. */
  readonly abbreviation: string;
  /** The objects that it may mean, sorted by their ids; of very many, the first. */
  readonly candidates: readonly Oid[];

  constructor(abbreviation: string, candidates: readonly Oid[]) {
    super('AMBIGUOUS_REVISION', `Cannot resolve ${abbreviation}: it abbreviates several objects`);
    this.abbreviation = abbreviation;
    this.candidates = candidates;
  }
}

/**
 * The object that `hex` abbreviates; `undefined` where there is none, or where it is no abbreviation. Of several, the only one
 * of the preferred kind.
 * @throws {AmbiguousRevisionError}
 * @see git's object-name.c, get_short_oid()
 */
export async function findAbbreviated(
  repository: Repository,
  hex: string,
  prefer?: PreferredKind,
): Promise<Oid | undefined> {
  if (hex.length < MIN_ABBREVIATION || hex.length > repository.algorithm.hexLength || !HEX.test(hex)) return undefined;
  const prefix = hex.toLowerCase();
  const candidates = await repository.objects.findByPrefix(prefix, MAX_CANDIDATES);
  if (candidates.length <= 1) return candidates[0];
  const preferred: Oid[] = [];
  if (prefer !== undefined) {
    for (const oid of candidates) {
      if (await isOfKind(repository, oid, prefer)) preferred.push(oid);
      if (preferred.length > 1) break;
    }
  }
  if (preferred.length !== 1) throw new AmbiguousRevisionError(prefix, candidates);
  return preferred[0];
}

async function isOfKind(repository: Repository, oid: Oid, prefer: PreferredKind): Promise<boolean> {
  const kind = (await repository.objects.stat(oid))?.kind;
  if (prefer === 'commit' || prefer === 'tree' || prefer === 'blob') return kind === prefer;
  if (kind === 'commit') return true;
  if (kind === 'tree') return prefer === 'tree-ish';
  const wanted = prefer === 'commit-ish' ? 'commit' : 'tree';
  return kind === 'tag' && (await peelTo(repository, oid, wanted)) !== undefined;
}

/** How object ids are made short. */
export interface ShortenOptions {
  /** Digits at least, 4 or more (git's core.abbrev). Default: as git, 7, and more in a repository with many objects. */
  readonly length?: number;
}

/**
 * Makes object ids short: so many digits that no other object begins with them, as git prints them. It remembers what it
 * looked at, so it is for one listing, not for as long as objects may come.
 */
export class Abbreviations {
  readonly #objects: ObjectStore;
  readonly #length: number;
  readonly #hexLength: number;
  /** Digits by which known ids are grouped. */
  readonly #groupDigits: number;
  readonly #groups = new Map<string, readonly Oid[]>();

  private constructor(objects: ObjectStore, length: number, objectCount: number) {
    this.#objects = objects;
    this.#hexLength = objects.algorithm.hexLength;
    this.#length = Math.min(Math.max(length, MIN_ABBREVIATION), this.#hexLength);
    this.#groupDigits = objectCount > 2 ** 20 ? 4 : 3;
  }

  static async open(objects: ObjectStore, options: ShortenOptions = {}): Promise<Abbreviations> {
    const objectCount = (await objects.approximateCount?.()) ?? 0;
    return new Abbreviations(objects, options.length ?? defaultLength(objectCount), objectCount);
  }

  /** `oid` cut short. It need not be in the store. */
  async shorten(oid: Oid): Promise<string> {
    return this.shortenSync(oid) ?? this.#cut(oid, await this.#list(oid.slice(0, this.#groupDigits)));
  }

  /** The same where no waiting is needed, or `undefined`. */
  shortenSync(oid: Oid): string | undefined {
    if (this.#length >= this.#hexLength) return oid;
    const group = this.#groups.get(oid.slice(0, this.#groupDigits));
    return group && this.#cut(oid, group);
  }

  async #list(prefix: string): Promise<readonly Oid[]> {
    const group = await this.#objects.findByPrefix(prefix, Number.MAX_SAFE_INTEGER);
    this.#groups.set(prefix, group);
    return group;
  }

  /** Of a sorted list, only the neighbours can have more digits in common. */
  #cut(oid: Oid, group: readonly Oid[]): string {
    let start = 0;
    let end = group.length;
    while (start < end) {
      const middle = (start + end) >> 1;
      if ((group[middle] as Oid) < oid) start = middle + 1;
      else end = middle;
    }
    const next = group[start] === oid ? start + 1 : start;
    const length = Math.max(commonLength(oid, group[start - 1]), commonLength(oid, group[next])) + 1;
    return oid.slice(0, Math.max(this.#length, length));
  }
}

/**
 * `oid` cut to so many digits that no other object of the store begins with them: what git prints for it.
 * For many of them, {@link Abbreviations}.
 */
export async function shortestUnique(objects: ObjectStore, oid: Oid, options?: ShortenOptions): Promise<string> {
  return await (await Abbreviations.open(objects, options)).shorten(oid);
}

/** So many objects are expected to collide in half of the bits that it takes to count them. */
function defaultLength(objectCount: number): number {
  const bits = objectCount < 1 ? 1 : Math.floor(Math.log2(objectCount)) + 1;
  return Math.max(DEFAULT_ABBREVIATION, Math.ceil(bits / 2));
}

function commonLength(oid: Oid, other: Oid | undefined): number {
  if (other === undefined) return -1;
  let at = 0;
  while (at < oid.length && oid[at] === other[at]) at++;
  return at;
}
