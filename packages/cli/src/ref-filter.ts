import { decodeLatin1, encodeUtf8, type Oid, parseTagLinks } from '@git-kv/objects';
import { commitsFrom, globPattern, isAncestor, peelTo, type Repository, resolveRef } from '@git-kv/repository';
import { CommandError, type Console } from './console.js';
import type { ListedRef } from './ref-format-values.js';

/** Which refs are wanted. Empty lists let all through. */
export interface RefFilter {
  /** Names, folders of names, and globs. */
  readonly patterns: readonly string[];
  readonly ignoreCase: boolean;
  readonly pointsAt: readonly Oid[];
  /** Commits: a ref has to have one of them in its history, or none of them. */
  readonly contains: readonly Oid[];
  readonly noContains: readonly Oid[];
  /** Commits: a ref has to be in the history of one of them, or of none. */
  readonly merged: readonly Oid[];
  readonly noMerged: readonly Oid[];
}

/** The refs that a filter lets through, sorted by name. What leads to nothing is passed over. */
export async function filterRefs(repository: Repository, console: Console, filter: RefFilter): Promise<ListedRef[]> {
  const listed: ListedRef[] = [];
  const isNamed = nameTest(filter);
  const shallow = await repository.shallow.read();
  const asksHistory = [filter.contains, filter.noContains, filter.merged, filter.noMerged].some(
    (oids) => oids.length > 0,
  );
  const commits = new Map<string, Oid>();
  const containment = new Map<Oid, Promise<boolean>>();
  for await (const { name, value } of repository.refs.list(prefixOf(filter))) {
    console.signal.throwIfAborted();
    const oid = 'oid' in value ? value.oid : (await resolveRef(repository.refs, name))?.oid;
    if (oid === undefined || !isNamed(name)) continue;
    if (filter.pointsAt.length > 0 && !(await pointsAt(repository, oid, name, filter.pointsAt))) continue;
    if (asksHistory) {
      const commit = await peelTo(repository, oid, 'commit');
      if (commit === undefined) continue;
      commits.set(name, commit);
      let fits = containment.get(commit);
      if (fits === undefined) {
        fits = fitsContents(repository, commit, filter, shallow);
        containment.set(commit, fits);
      }
      if (!(await fits)) continue;
    }
    listed.push({ name, oid, isSymbolic: !('oid' in value) });
  }
  return await filterMerged(repository, listed, commits, filter, shallow);
}

async function fitsContents(
  repository: Repository,
  commit: Oid,
  { contains, noContains }: RefFilter,
  shallow: ReadonlySet<string>,
): Promise<boolean> {
  const hasOneOf = async (oids: readonly Oid[]): Promise<boolean> => {
    for (const oid of oids) if (await isAncestor(repository.objects, oid, commit, { shallow })) return true;
    return false;
  };
  if (contains.length > 0 && !(await hasOneOf(contains))) return false;
  return noContains.length === 0 || !(await hasOneOf(noContains));
}

async function filterMerged(
  repository: Repository,
  listed: readonly ListedRef[],
  commits: ReadonlyMap<string, Oid>,
  { merged, noMerged }: RefFilter,
  shallow: ReadonlySet<string>,
): Promise<ListedRef[]> {
  let left = [...listed];
  for (const [tips, isWanted] of [
    [merged, true],
    [noMerged, false],
  ] as const) {
    if (tips.length === 0) continue;
    const candidates = new Set(left.map(({ name }) => commits.get(name) as Oid));
    const found = new Set<Oid>();
    if (candidates.size > 0) {
      for await (const { oid } of commitsFrom(repository.objects, tips, { shallow })) {
        if (candidates.has(oid)) found.add(oid);
        if (found.size === candidates.size) break;
      }
    }
    left = left.filter(({ name }) => found.has(commits.get(name) as Oid) === isWanted);
  }
  return left;
}

/** Whether the ref holds one of the objects, or a tag of one. */
async function pointsAt(repository: Repository, oid: Oid, name: string, wanted: readonly Oid[]): Promise<boolean> {
  if (wanted.includes(oid)) return true;
  const stat = await repository.objects.stat(oid);
  if (stat === undefined) throw new CommandError(`malformed object at '${name}'`);
  if (stat.kind !== 'tag') return false;
  const object = await repository.objects.read(oid);
  return object !== undefined && wanted.includes(parseTagLinks(object.body).targetOid);
}

/** A pattern is a glob, or a name, or a folder of names. */
function nameTest({ patterns, ignoreCase }: RefFilter): (name: string) => boolean {
  if (patterns.length === 0) return () => true;
  const globs = patterns.map((pattern) => {
    const glob = globPattern(pattern, { isPathname: true });
    return ignoreCase ? new RegExp(glob.source, `${glob.flags}i`) : glob;
  });
  return (name) => {
    const bytes = decodeLatin1(encodeUtf8(name));
    return patterns.some((pattern, at) => {
      const isBelow =
        name.startsWith(pattern) && (pattern.endsWith('/') || /^(?:\/|$)/.test(name.slice(pattern.length)));
      return isBelow || (globs[at] as RegExp).test(bytes);
    });
  };
}

/** What all wanted names begin with. */
function prefixOf({ patterns, ignoreCase }: RefFilter): string {
  const [pattern, ...others] = patterns;
  if (pattern === undefined || others.length > 0 || ignoreCase) return 'refs/';
  const literal = (/^[^*?[\\]*/.exec(pattern) as RegExpExecArray)[0];
  return literal.startsWith('refs/') ? literal : 'refs/';
}
