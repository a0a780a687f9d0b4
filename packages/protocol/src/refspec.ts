import { checkRefName, GitError, type HashAlgorithm, isOid, type Oid } from '@git-kv/objects';

/** What a refspec is for: the two differ in what may stand on either side. */
export type RefspecDirection = 'fetch' | 'push';

/**
 * Which refs of one side go to which refs of the other.
 *
 *     refspec = ["+"] source [":" destination]   ; + moves a ref also where that loses commits
 *             / "^" source                       ; what the others match, without this
 *             / ["+"] ":"                        ; push: every branch that both sides have
 */
export interface Refspec {
  readonly direction: RefspecDirection;
  /** Move a ref also where that loses commits. */
  readonly isForced: boolean;
  /** Takes refs away from what the other refspecs match. */
  readonly isNegative: boolean;
  /** Every branch that both sides have (`:`). `source` is empty. */
  readonly isMatching: boolean;
  /** Both sides have one `*`, which stands for any part of a name, slashes too. */
  readonly isPattern: boolean;
  /** `source` is an object id and no name. Only when fetching. */
  readonly isOid: boolean;
  /** A name, maybe a short one, or a pattern. Empty: HEAD when fetching, nothing (a deletion) when pushing. */
  readonly source: string;
  /** Absent, or empty when fetching: what is fetched is not kept in a ref; what is pushed goes under the same name. */
  readonly destination?: string;
}

/** What hashes say which texts are object ids; without it, those of every algorithm. */
export interface ParseRefspecOptions {
  readonly algorithm?: HashAlgorithm | undefined;
}

/**
 * Parse a refspec by git's rules.
 * @throws {GitError} INVALID_REFSPEC
 * @see git-fetch(1) and git-push(1), "<refspec>"
 */
export function parseRefspec(text: string, direction: RefspecDirection, options: ParseRefspecOptions = {}): Refspec {
  const isForced = text.startsWith('+');
  const isNegative = text.startsWith('^');
  const body = isForced || isNegative ? text.slice(1) : text;
  const colon = body.lastIndexOf(':');
  const base = { direction, isForced, isNegative, isMatching: false, isPattern: false, isOid: false, source: '' };
  const fail = (reason: string): never => {
    throw new GitError('INVALID_REFSPEC', `Cannot use ${JSON.stringify(text.slice(0, 200))} as a refspec: ${reason}`);
  };
  if (isNegative && colon >= 0) fail('a negative one has no destination');
  if (direction === 'push' && body === ':') return { ...base, isMatching: true };

  const written = colon < 0 ? body : body.slice(0, colon);
  const destination = colon < 0 ? undefined : body.slice(colon + 1);
  const isPattern = written.includes('*');
  if (destination === undefined) {
    if (isPattern && direction === 'fetch' && !isNegative) fail('a pattern needs a destination');
  } else if (isPattern !== destination.includes('*')) fail('only one side is a pattern');
  const source = written === '@' ? 'HEAD' : written;
  const isName = (name: string): boolean => isRefNameOrPattern(name, isPattern);
  const spec: Refspec = { ...base, isPattern, source, ...(destination !== undefined && { destination }) };

  if (isNegative) {
    if (isObjectId(source, options)) fail('a negative one takes no object id');
    return isName(source) ? spec : fail('its source is no ref name');
  }
  if (direction === 'fetch') {
    if (destination !== undefined && destination !== '' && !isName(destination)) fail('its destination is no ref name');
    if (isObjectId(source, options)) return { ...spec, isOid: true, source: source.toLowerCase() };
    if (source !== '' && !isName(source)) fail('its source is no ref name');
    return spec;
  }
  if (isPattern && !isName(source)) fail('its source is no pattern of ref names');
  if (destination === '') fail('its destination is empty');
  if (!isName(destination ?? source))
    fail(`its ${destination === undefined ? 'source' : 'destination'} is no ref name`);
  return spec;
}

function isObjectId(text: string, { algorithm }: ParseRefspecOptions): boolean {
  // git reads upper case, too.
  return isOid(text.toLowerCase()) && (algorithm === undefined || text.length === algorithm.hexLength);
}

function isRefNameOrPattern(text: string, isPattern: boolean): boolean {
  // Whatever a star stands for, it is part of a name: a letter in its place is as good as any. A second one is none.
  return checkRefName(isPattern ? text.replace('*', 'x') : text, { allowOneLevel: true });
}

/** A refspec as it is written. */
export function serializeRefspec(refspec: Refspec): string {
  const { isForced, isNegative, isMatching, source, destination } = refspec;
  const mark = isForced ? '+' : isNegative ? '^' : '';
  return `${mark}${isMatching ? ':' : source}${destination === undefined ? '' : `:${destination}`}`;
}

/** `name` with the part that the star of `pattern` stands for put in the place of the star of `into`; `undefined` where it does not match. */
export function mapByPattern(pattern: string, name: string, into: string): string | undefined {
  const star = pattern.indexOf('*');
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  const fits = name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after);
  // A function: `$&` in a name is no instruction.
  return fits ? into.replace('*', () => name.slice(before.length, name.length - after.length)) : undefined;
}

/** Where a short name is looked for, the strongest rule first. @see gitrevisions(7) */
const ABBREVIATIONS: readonly (readonly [before: string, after: string])[] = [
  ['', ''],
  ['refs/', ''],
  ['refs/tags/', ''],
  ['refs/heads/', ''],
  ['refs/remotes/', ''],
  ['refs/remotes/', '/HEAD'],
];

/** How well `shortName` names the ref `name`: 0 not at all, more is better. */
export function rankShortName(shortName: string, name: string): number {
  const rule = ABBREVIATIONS.findIndex(([before, after]) => name === `${before}${shortName}${after}`);
  return rule < 0 ? 0 : ABBREVIATIONS.length - rule;
}

/** Of `refs` the one that a short name means when fetching. */
export function findByShortName<R extends { readonly name: string }>(
  refs: Iterable<R>,
  shortName: string,
): R | undefined {
  let best: R | undefined;
  let bestRank = 0;
  for (const ref of refs) {
    const rank = rankShortName(shortName, ref.name);
    if (rank > bestRank) [best, bestRank] = [ref, rank];
  }
  return best;
}

/**
 * The prefixes to list a remote's refs by, so that all that `refspecs` may mean are among them. Object ids need none; an
 * empty list asks for everything, as `:` does.
 */
export function refspecPrefixes(refspecs: readonly Refspec[]): string[] {
  const prefixes = new Set<string>();
  for (const { isNegative, isMatching, isOid, isPattern, direction, source, destination } of refspecs) {
    if (isNegative || isOid) continue;
    if (isMatching) return [];
    const theirs = direction === 'push' ? (destination ?? source) : source === '' ? 'HEAD' : source;
    if (isPattern) prefixes.add(theirs.slice(0, theirs.indexOf('*')));
    else for (const [before, after] of ABBREVIATIONS) prefixes.add(`${before}${theirs}${after}`);
  }
  return prefixes.has('') ? [] : [...prefixes];
}

/** Whether a negative refspec takes the source `name` away. */
export function isExcluded(refspecs: readonly Refspec[], name: string): boolean {
  return refspecs.some(
    ({ isNegative, isPattern, source }) =>
      isNegative && (isPattern ? mapByPattern(source, name, '*') !== undefined : source === name),
  );
}

/** Where the full name `source` goes by the first refspec that maps it; `undefined` where none does. */
export function mapSource(
  refspecs: readonly Refspec[],
  source: string,
): { readonly name: string; readonly isForced: boolean } | undefined {
  if (isExcluded(refspecs, source)) return undefined;
  for (const refspec of refspecs) {
    if (refspec.isNegative || refspec.destination === undefined || refspec.destination === '') continue;
    const name = refspec.isPattern
      ? mapByPattern(refspec.source, source, refspec.destination)
      : refspec.source === source
        ? refspec.destination
        : undefined;
    if (name !== undefined) return { name, isForced: refspec.isForced };
  }
  return undefined;
}

/** Every full name that `refspecs` would bring to `destination`. */
export function sourcesOf(refspecs: readonly Refspec[], destination: string): string[] {
  const sources: string[] = [];
  for (const refspec of refspecs) {
    if (refspec.isNegative || refspec.destination === undefined) continue;
    const source = refspec.isPattern
      ? mapByPattern(refspec.destination, destination, refspec.source)
      : refspec.destination === destination
        ? refspec.source
        : undefined;
    if (source !== undefined && !isExcluded(refspecs, source)) sources.push(source);
  }
  return sources;
}

/** What one refspec takes from a remote. */
export interface FetchedRef {
  /** The remote's full name, or the object id where one was asked for. */
  readonly name: string;
  readonly oid: Oid;
  /** The ref here that is to hold it, in full; absent where none is. */
  readonly localName?: string;
  readonly isForced: boolean;
}

/**
 * What `refspec` takes of the refs that a remote has. An empty list: it names a ref that is not there (a pattern may match none).
 * Negative ones take nothing. Local names may still be unsafe: check them before they become paths.
 */
export function mapFetch(
  refs: readonly { readonly name: string; readonly oid?: Oid | undefined }[],
  refspec: Refspec,
): FetchedRef[] {
  const { isNegative, isPattern, isOid, isForced, source, destination } = refspec;
  if (isNegative) return [];
  if (isPattern) {
    const found: FetchedRef[] = [];
    for (const { name, oid } of refs) {
      const localName = mapByPattern(source, name, destination ?? source);
      if (localName !== undefined && oid !== undefined) found.push({ name, oid, localName, isForced });
    }
    return found;
  }
  const ref = isOid ? { name: source, oid: source } : findByShortName(refs, source === '' ? 'HEAD' : source);
  if (ref?.oid === undefined) return [];
  const localName = destination === undefined || destination === '' ? undefined : expandLocalName(destination);
  return [{ name: ref.name, oid: ref.oid, ...(localName !== undefined && { localName }), isForced }];
}

/** A short name on the right of a fetch is a branch, unless it begins as another kind of ref does. */
function expandLocalName(name: string): string {
  if (name.startsWith('refs/')) return name;
  return /^(?:heads|tags|remotes)\//.test(name) ? `refs/${name}` : `refs/heads/${name}`;
}
