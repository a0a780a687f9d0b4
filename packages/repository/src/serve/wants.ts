import { GitError, type Oid } from '@git-kv/objects';
import type { FetchRequest, WantedRef } from '@git-kv/protocol';
import type { ReadOptions } from '../object-store.js';
import { peelTag, resolveRef } from '../ref-resolve.js';
import type { RefName } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { reachedCommits, reachedObjects } from '../walk/index.js';
import type { UploadRules } from './upload-rules.js';
import { type RefReader, type RefVisibility, visibleRefs } from './visible-refs.js';

const DEFAULT_MAX_SEARCH = 1_000_000;

/** Who asks. */
export interface WantOptions extends ReadOptions, RefVisibility {
  readonly rules?: UploadRules | undefined;
  /** The client speaks protocol v0 or v1: what is not advertised is asked for by permission (UploadRules.allowReachableWant). */
  readonly asksV0?: boolean | undefined;
  /** Every round is a request of its own. */
  readonly isStateless?: boolean | undefined;
}

/** What a request wants, as far as it may be had. */
export interface ResolvedWants {
  /** Objects that are here, those of `refs` among them; each once. */
  readonly oids: readonly Oid[];
  /** What the refs that were wanted by name hold now. */
  readonly refs: readonly WantedRef[];
}

/**
 * Look up what a request wants.
 * @throws {GitError} OBJECT_NOT_FOUND for what is not here, or may not be seen
 */
export async function resolveWants(
  repository: Repository,
  request: FetchRequest,
  options: WantOptions,
): Promise<ResolvedWants> {
  const visible = visibleRefs(repository.refs, options);
  const refs: WantedRef[] = [];
  for (const name of request.wantRefs) {
    const oid = isServed(name) ? (await resolveRef(visible, name))?.oid : undefined;
    if (oid === undefined) throw new GitError('OBJECT_NOT_FOUND', `unknown ref ${name}`);
    refs.push({ name, oid });
  }
  const wants = [...new Set(request.wants)];
  const [hidden] = await withheld(repository, wants, options);
  if (hidden !== undefined) throw new GitError('OBJECT_NOT_FOUND', `not our ref ${hidden}`);
  return { oids: [...new Set([...refs.map(({ oid }) => oid), ...wants])], refs };
}

/** Whether a ref of this name is for clients: ORIG_HEAD and its like belong to whoever works in the repository. */
export function isServed(name: RefName): boolean {
  return name === 'HEAD' || name.startsWith('refs/');
}

/**
 * Those of `oids` that are not here, or that the client may not have: where refs are hidden or objects are borrowed, what no ref
 * reaches that it may see, as far as a search within bounds tells.
 */
export async function withheld(
  repository: Repository,
  oids: readonly Oid[],
  options: WantOptions,
): Promise<ReadonlySet<Oid>> {
  const { objects } = repository;
  const { rules = {} } = options;
  const readOptions = options.signal ? { signal: options.signal } : {};
  const missing = new Set<Oid>();
  const commits: Oid[] = [];
  const others: Oid[] = [];
  for (const oid of oids) {
    const stat = await objects.stat(oid, readOptions);
    if (stat === undefined) missing.add(oid);
    else (stat.kind === 'commit' ? commits : others).push(oid);
  }
  const { allowReachableWant, allowTipWant = false } = rules;
  const isStrict = options.asksV0 === true && allowReachableWant !== undefined && rules.allowAnyWant !== true;
  if (commits.length + others.length === 0 || (!isStrict && (await mayHaveAll(repository, options)))) return missing;
  const seen = await refTips(repository, visibleRefs(repository.refs, options), readOptions);
  const showsAll = allowTipWant || allowReachableWant === true;
  const all = showsAll ? await refTips(repository, repository.refs, readOptions) : seen;
  const tips = allowReachableWant === true ? all : seen;
  // What a tag comes to is listed beside it, and is no tip for that.
  const isTip = (oid: Oid): boolean => all.oids.has(oid) || (!isStrict && tips.commits.has(oid));
  if (isStrict && allowReachableWant !== true && options.isStateless !== true) {
    for (const oid of oids) if (!isTip(oid)) missing.add(oid);
    return missing;
  }
  const search = {
    ...readOptions,
    shallow: await repository.shallow.read(),
    budget: rules.maxWantSearch ?? DEFAULT_MAX_SEARCH,
  };
  const found = new Set([
    ...(await reachedCommits(
      objects,
      tips.commits,
      commits.filter((oid) => !isTip(oid)),
      search,
    )),
    ...(await reachedObjects(
      objects,
      tips.oids,
      others.filter((oid) => !isTip(oid)),
      search,
    )),
  ]);
  for (const oid of oids) if (!isTip(oid) && !found.has(oid)) missing.add(oid);
  return missing;
}

/** Whether all that is here may be wanted. */
export async function mayHaveAll(repository: Repository, { rules = {}, hidden = [] }: WantOptions): Promise<boolean> {
  if (rules.allowAnyWant !== undefined) return rules.allowAnyWant;
  return hidden.length === 0 && !(await repository.objects.isShared?.());
}

/** What refs hold, HEAD among them, and the commits that they come to. */
export async function refTips(
  repository: Repository,
  refs: RefReader,
  options: ReadOptions,
): Promise<{ readonly oids: ReadonlySet<Oid>; readonly commits: ReadonlySet<Oid> }> {
  const oids = new Set<Oid>();
  const peeled = new Map<Oid, Oid>();
  const head = await resolveRef(refs, 'HEAD');
  if (head?.oid !== undefined) oids.add(head.oid);
  for await (const { value, peeledOid, isPeeled } of refs.list('refs/')) {
    if (!('oid' in value)) continue; // what it points to is listed itself, or hidden
    oids.add(value.oid);
    if (peeledOid !== undefined || isPeeled) peeled.set(value.oid, peeledOid ?? value.oid);
  }
  const commits = new Set<Oid>();
  for (const oid of oids) {
    const target = peeled.get(oid) ?? (await peelTag(repository.objects, oid, options)) ?? oid;
    if ((await repository.objects.stat(target, options))?.kind === 'commit') commits.add(target);
  }
  return { oids, commits };
}
