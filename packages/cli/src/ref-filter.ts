import { decodeLatin1, encodeUtf8, type Oid, parseCommitLinks, parseTagLinks } from '@git-kv/objects';
import { commitsFrom, globPattern, peelTo, type Repository, RevisionWalk, resolveRef } from '@git-kv/repository';
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
  for await (const { name, value } of repository.refs.list(prefixOf(filter))) {
    console.signal.throwIfAborted();
    const oid = 'oid' in value ? value.oid : (await resolveRef(repository.refs, name))?.oid;
    if (oid === undefined || !isNamed(name)) continue;
    if (filter.pointsAt.length > 0 && !(await pointsAt(repository, oid, name, filter.pointsAt))) continue;
    if (asksHistory) {
      const commit = await peelTo(repository, oid, 'commit');
      if (commit === undefined) continue;
      commits.set(name, commit);
    }
    listed.push({ name, oid, isSymbolic: !('oid' in value) });
  }
  const containing = await filterContaining(repository, listed, commits, filter, shallow);
  return await filterMerged(repository, containing, commits, filter, shallow);
}

async function filterContaining(
  repository: Repository,
  listed: readonly ListedRef[],
  commits: ReadonlyMap<string, Oid>,
  { contains, noContains }: RefFilter,
  shallow: ReadonlySet<string>,
): Promise<ListedRef[]> {
  let left = [...listed];
  for (const [ancestors, isWanted] of [
    [contains, true],
    [noContains, false],
  ] as const) {
    if (ancestors.length === 0) continue;
    const having = new Set<Oid>();
    const tips = new Set(left.map(({ name }) => commits.get(name) as Oid));
    for (const ancestor of ancestors)
      for (const oid of await reaching(repository, tips, ancestor, shallow)) having.add(oid);
    left = left.filter(({ name }) => having.has(commits.get(name) as Oid) === isWanted);
  }
  return left;
}

/** Of some commits, those that have `ancestor` in their history, by one walk over what is not before it. */
async function reaching(
  repository: Repository,
  tips: ReadonlySet<Oid>,
  ancestor: Oid,
  shallow: ReadonlySet<string>,
): Promise<Oid[]> {
  const { objects } = repository;
  const object = await objects.read(ancestor);
  const exclude = object === undefined || shallow.has(ancestor) ? [] : parseCommitLinks(object.body).parentOids;
  const walk = await RevisionWalk.open(objects, { include: tips, exclude, order: 'topological', shallow });
  try {
    const { table } = walk;
    const rows: number[] = [];
    for (let next = await walk.next(WALK_BATCH); next.length > 0; next = await walk.next(WALK_BATCH))
      rows.push(...next);
    const found: Oid[] = [];
    const has = new Set<number>();
    // From the oldest on: parents come before their children.
    for (const row of rows.reverse()) {
      const oid = table.oidAt(row);
      let isIn = oid === ancestor;
      for (let index = 0; !isIn && index < (table.parentCounts[row] as number); index++)
        isIn = has.has(table.parentAt(row, index));
      if (!isIn) continue;
      has.add(row);
      if (tips.has(oid)) found.push(oid);
    }
    return found;
  } finally {
    await walk.close();
  }
}

/** Commits of a walk taken at a time. */
const WALK_BATCH = 1024;

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
