import type { Oid } from '@git-kv/objects';
import {
  connectUploadPack,
  type RemoteRef,
  refspecPrefixes,
  sourcesOf,
  type Transport,
  type UploadPackClient,
} from '@git-kv/protocol';
import { findExisting } from '../find-existing.js';
import type { ReflogNote, RefName, RefUpdate } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { peelTo } from '../revision/peel.js';
import { checkConnectivity, commitsFrom } from '../walk/index.js';
import { type FetchIntoOptions, fetchInto } from './fetch.js';
import { type FetchWish, followsTags, missingTags, type PlannedRef, planFetch } from './fetch-plan.js';
import { localCommits } from './local-commits.js';
import { judgeMove, type RefJudgement } from './ref-judge.js';
import { moveRefs } from './ref-moves.js';

/** What to fetch by name, and what to do with it. All that says how objects come is that of {@link FetchIntoOptions}. */
export interface FetchRefsOptions
  extends FetchWish,
    Omit<FetchIntoOptions, 'wants' | 'haves' | 'includeTag' | 'wantedRefs'> {
  /** Remove refs here that the refspecs lead to and the remote no longer has. */
  readonly prune?: boolean | undefined;
  /** Move refs also where that loses commits, as `+` does. */
  readonly isForced?: boolean | undefined;
  /** Move all refs or none. */
  readonly isAtomic?: boolean | undefined;
  /** Bring objects, and move nothing. */
  readonly isDryRun?: boolean | undefined;
  /** Branches whose files are checked out: they stay as they are. */
  readonly checkedOut?: ReadonlySet<RefName> | undefined;
  /** Who fetches, and the word that the logs begin with (`fetch origin`). */
  readonly reflog?: ReflogNote | undefined;
  /** Asked for each connection; by default what the transport gives. */
  readonly connect?: ((transport: Transport) => Promise<UploadPackClient>) | undefined;
  /** Take refs whose history ends where that of a shallow remote does, and become shallow there. Default: they stay as they are. */
  readonly takesShallow?: boolean | undefined;
  /** Told what will be fetched before anything is: a veto is thrown. */
  readonly onPlan?: ((plan: readonly PlannedRef[]) => void) | undefined;
}

/**
 * What became of one ref that was fetched. `fetched`: it has no place here. `shallow`: it stays as it is, as this repository would have
 * become shallow.
 */
export type FetchedRefResult = PlannedRef & {
  /** What the ref here held. */
  readonly oldOid?: Oid;
  /** The ref that leaves no room for its name. */
  readonly blockedBy?: RefName;
} & (RefJudgement | { readonly status: 'fetched' | 'shallow' });

/** What a fetch changed, or a dry run would have. */
export interface FetchRefsReport {
  /** In git's order. Where {@link isUndone} says so, what would have become of them. */
  readonly refs: readonly FetchedRefResult[];
  readonly pruned: readonly { readonly name: RefName; readonly oldOid: Oid }[];
  readonly objectCount: number;
  /** The remote's refs as they were listed. */
  readonly remoteRefs: readonly RemoteRef[];
  /** Whether any ref was refused. */
  readonly hasFailed: boolean;
  /** An atomic fetch was refused: no ref has moved. */
  readonly isUndone: boolean;
  /** Two names that have no room beside each other, where that is why. */
  readonly conflict?: { readonly name: RefName; readonly other: RefName };
}

/**
 * Bring refs of a remote here, as `git fetch` does: list, choose by refspecs, bring what is missing, move the refs in one
 * transaction and report on each. A ref that is refused is in the report, and the others move; unless the fetch is atomic.
 * Tags that point to what came are taken along in a second transaction, where all went well.
 * @throws {NotFoundError} REMOTE_REF_NOT_FOUND; {GitError} INVALID_REFSPEC; what {@link fetchInto} throws
 */
export async function fetchRefs(
  repository: Repository,
  transport: Transport,
  options: FetchRefsOptions,
): Promise<FetchRefsReport> {
  const { signal, isAtomic = false } = options;
  const connect = options.connect ?? ((to: Transport) => connectUploadPack(to, { signal }));
  const local = await readLocal(repository);
  const withClient = async <T>(work: (client: UploadPackClient) => Promise<T>): Promise<T> => {
    const client = await connect(transport);
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  };
  const follows = followsTags(options);
  let objectCount = 0;
  const refused = new Set<Oid>();
  const { remoteRefs, plan } = await withClient(async (client) => {
    const remoteRefs = needsList(options) ? await client.lsRefs({ prefixes: listPrefixes(options), signal }) : [];
    const asked = planFetch(remoteRefs, options, local);
    options.onPlan?.(asked);
    const places = new Set(asked.map(({ localName }) => localName));
    const findHere = hereOr(
      repository,
      asked.map(({ oid }) => oid),
    );
    const tags = follows ? await missingTags(remoteRefs, local.oids, findHere) : [];
    const plan = [...asked, ...tags.filter(({ localName }) => !places.has(localName))];
    objectCount = await bring(repository, client, plan, local, { ...options, includeTag: follows }, refused);
    return { remoteRefs, plan };
  });

  const late = async (results: readonly FetchedRefResult[]): Promise<FetchedRefResult[]> => {
    if (!follows || results.some(({ status }) => status === 'rejected')) return [];
    const moved = options.isDryRun === true ? [] : plan.map(({ localName = '', oid }) => [localName, oid] as const);
    const known = new Map([...local.oids, ...moved]);
    const tags = await missingTags(remoteRefs, known, hereOr(repository, []));
    if (await isMissingAny(repository, tags)) {
      const { depth: _depth, relative: _relative, unshallow: _unshallow, since: _since, not: _not, ...rest } = options;
      objectCount += await withClient((own) =>
        bring(repository, own, tags, local, { ...rest, includeTag: false }, refused),
      );
    }
    return await judgeAll(
      repository,
      tags.map((ref): PlannedRef => ({ ...ref, isLate: true })),
      local,
      options,
      refused,
    );
  };

  const mover = new RefMover(repository, options);
  const pruned = options.prune === true ? stale(options, { plan, remoteRefs, local }) : [];
  const judged = await judgeAll(repository, plan, local, options, refused);
  if (isAtomic) {
    const refs = [...judged, ...(await late(judged))];
    const hasRefused = refs.some(({ status }) => status === 'rejected');
    if (!hasRefused) await mover.move(pruned, refs);
    const { conflict } = mover;
    const isUndone = hasRefused || conflict !== undefined;
    return { refs, pruned, objectCount, remoteRefs, hasFailed: isUndone, isUndone, ...(conflict && { conflict }) };
  }
  // Removals first: a name that is free only then may be the folder of another, or lie in it.
  const gone = await mover.move(pruned, []);
  const first = await mover.move([], judged);
  const more = await late(first.refs);
  const second = await mover.move([], more);
  const refs = [...first.refs, ...second.refs];
  const hasFailed = refs.some(({ status }) => status === 'rejected') || gone.pruned.length < pruned.length;
  return { refs, pruned: gone.pruned, objectCount, remoteRefs, hasFailed, isUndone: false };
}

/** Refs here, symbolic ones followed. */
interface Local {
  readonly oids: ReadonlyMap<RefName, Oid>;
  readonly symbolic: ReadonlySet<RefName>;
  /** Commits that refs lead to. */
  readonly tips: readonly Oid[];
}

async function readLocal(repository: Repository): Promise<Local> {
  const oids = new Map<RefName, Oid>();
  const symbolic = new Set<RefName>();
  const tips = new Set<Oid>();
  const targets = new Map<RefName, RefName>();
  for await (const { name, value, peeledOid } of repository.refs.list('refs/')) {
    if ('target' in value) {
      symbolic.add(name);
      targets.set(name, value.target);
      continue;
    }
    oids.set(name, value.oid);
    tips.add(peeledOid ?? value.oid);
  }
  for (const [name, target] of targets) {
    const oid = oids.get(target);
    if (oid !== undefined) oids.set(name, oid);
  }
  return { oids, symbolic, tips: [...tips] };
}

function needsList({ refspecs, tags = 'auto' }: FetchRefsOptions): boolean {
  return tags !== 'none' || refspecs.length === 0 || refspecs.some(({ isOid }) => !isOid);
}

function listPrefixes(options: FetchRefsOptions): string[] {
  const { refspecs, configured = [], mergeNames = [], tags = 'auto' } = options;
  const used = refspecs.length > 0 ? refspecs : configured;
  const prefixes = [...refspecPrefixes(used), ...(refspecs.length > 0 ? [] : mergeNames)];
  if (used.length === 0 && mergeNames.length === 0) return ['HEAD', ...(tags === 'all' ? ['refs/tags/'] : [])];
  if (prefixes.length > 0 && tags !== 'none') prefixes.push('refs/tags/');
  return prefixes;
}

/** Which objects are here, or are `coming`. */
function hereOr(
  repository: Repository,
  coming: readonly Oid[],
): (oids: Iterable<Oid>) => Promise<Pick<ReadonlySet<Oid>, 'has'>> {
  return async (oids) => new Set([...coming, ...(await findExisting(repository.objects, oids))]);
}

async function isMissingAny(repository: Repository, plan: readonly PlannedRef[]): Promise<boolean> {
  for (const { oid } of plan) if ((await repository.objects.stat(oid)) === undefined) return true;
  return false;
}

/** Bring the objects of `plan` that are not here, and note in `refused` where history must not end. @returns how many came */
async function bring(
  repository: Repository,
  client: UploadPackClient,
  plan: readonly PlannedRef[],
  local: Local,
  options: Omit<FetchIntoOptions, 'wants' | 'haves'>,
  refused: Set<Oid>,
): Promise<number> {
  const wants = [...new Set(plan.map(({ oid }) => oid))];
  if (wants.length === 0 || (!changesDepth(options) && (await isComplete(repository, wants, local, options)))) return 0;
  const { objectCount, refusedShallowOids = [] } = await fetchInto(repository, client, {
    ...options,
    takesShallow: options.takesShallow ?? false,
    wants,
    wantedRefs: plan.map(({ name, oid }) => ({ name, oid })),
    haves: localCommits(repository, { tips: local.tips, signal: options.signal }),
  });
  for (const oid of refusedShallowOids) refused.add(oid);
  return objectCount;
}

/** Whether history is to be cut or grown: then what is here already has to be asked for, too. */
export function changesDepth({ depth, unshallow, since, not = [] }: Partial<FetchIntoOptions>): boolean {
  return depth !== undefined || unshallow === true || since !== undefined || not.length > 0;
}

/** Whether everything is here already that `wants` lead to. */
async function isComplete(
  repository: Repository,
  wants: readonly Oid[],
  local: Local,
  options: Pick<FetchIntoOptions, 'signal'>,
): Promise<boolean> {
  const held = new Set(local.oids.values());
  const unsure = wants.filter((oid) => !held.has(oid));
  for (const oid of unsure) if ((await repository.objects.stat(oid)) === undefined) return false;
  if (unsure.length === 0) return true;
  const haves: Oid[] = [];
  for (const oid of local.tips) if ((await repository.objects.stat(oid)) !== undefined) haves.push(oid);
  const { connected } = await checkConnectivity(repository.objects, {
    roots: unsure,
    haves,
    shallow: await repository.shallow.read(),
    ...(options.signal && { signal: options.signal }),
  });
  return connected;
}

const LOG_WORDS = { 'fast-forward': 'fast-forward', forced: 'forced-update', 'tag-updated': 'updating tag' } as const;

/** What would become of each. */
async function judgeAll(
  repository: Repository,
  plan: readonly PlannedRef[],
  local: Local,
  options: FetchRefsOptions,
  refused: ReadonlySet<Oid>,
): Promise<FetchedRefResult[]> {
  const release = repository.objects.spareMemory?.();
  try {
    return await judgeEach(repository, plan, local, options, refused);
  } finally {
    release?.();
  }
}

async function judgeEach(
  repository: Repository,
  plan: readonly PlannedRef[],
  local: Local,
  options: FetchRefsOptions,
  refused: ReadonlySet<Oid>,
): Promise<FetchedRefResult[]> {
  const results: FetchedRefResult[] = [];
  const ends = refused.size > 0 ? await HistoryEnds.open(repository, refused, options) : undefined;
  for (const ref of plan) {
    const { localName, oid: newOid } = ref;
    if (await ends?.areMet(newOid)) {
      results.push({ ...ref, status: 'shallow' });
      continue;
    }
    if (localName === undefined) {
      results.push({ ...ref, status: 'fetched' });
      continue;
    }
    const oldOid = local.oids.get(localName);
    const isForced = ref.isForced || options.isForced === true;
    const judgement = await judgeMove(repository, { localName, oldOid, newOid, isForced }, options);
    results.push({ ...ref, ...(oldOid !== undefined && { oldOid }), ...judgement });
  }
  return results;
}

/** Whether the history of objects ends at one of some commits. One that leads to none of them is read for one object alone. */
class HistoryEnds {
  readonly #repository: Repository;
  readonly #ends: ReadonlySet<Oid>;
  /** Where walks stop: at the ends, where history ends here, and at commits that lead to no end. */
  readonly #stops: Set<Oid>;
  readonly #signal: AbortSignal | undefined;

  private constructor(
    repository: Repository,
    ends: ReadonlySet<Oid>,
    stops: Set<Oid>,
    signal: AbortSignal | undefined,
  ) {
    this.#repository = repository;
    this.#ends = ends;
    this.#stops = stops;
    this.#signal = signal;
  }

  static async open(
    repository: Repository,
    ends: ReadonlySet<Oid>,
    { signal }: Pick<FetchRefsOptions, 'signal'>,
  ): Promise<HistoryEnds> {
    return new HistoryEnds(repository, ends, new Set([...(await repository.shallow.read()), ...ends]), signal);
  }

  async areMet(oid: Oid): Promise<boolean> {
    const commitOid = await peelTo(this.#repository, oid, 'commit');
    if (commitOid === undefined) return false;
    const walked: Oid[] = [];
    const options = { shallow: this.#stops, ...(this.#signal && { signal: this.#signal }) };
    for await (const commit of commitsFrom(this.#repository.objects, [commitOid], options)) {
      if (this.#ends.has(commit.oid)) return true;
      walked.push(commit.oid);
    }
    for (const one of walked) this.#stops.add(one);
    return false;
  }
}

/** Moves refs of a fetch, a transaction at a time. */
class RefMover {
  readonly #repository: Repository;
  readonly #options: FetchRefsOptions;
  /** What an atomic fetch failed of. */
  conflict: FetchRefsReport['conflict'];

  constructor(repository: Repository, options: FetchRefsOptions) {
    this.#repository = repository;
    this.#options = options;
  }

  /** @returns what moved, and what then became of each */
  async move(
    pruned: FetchRefsReport['pruned'],
    refs: readonly FetchedRefResult[],
  ): Promise<Pick<FetchRefsReport, 'pruned' | 'refs'>> {
    const { reflog, signal, isAtomic = false, isDryRun = false } = this.#options;
    if (isDryRun) return { pruned, refs };
    const note = reflog ?? { name: 'git-kv', email: 'git-kv@localhost', message: 'fetch' };
    const removals = new Map<RefUpdate, FetchRefsReport['pruned'][number]>();
    for (const one of pruned) {
      const reflogMessage = `${note.message}: prune`;
      removals.set({ name: one.name, expected: { oid: one.oldOid }, next: null, reflogMessage }, one);
    }
    const updates = new Map<FetchedRefResult, RefUpdate>();
    for (const ref of refs) {
      const update = await updateOf(this.#repository, ref, note.message);
      if (update !== undefined) updates.set(ref, update);
    }
    const all = [...removals.keys(), ...updates.values()];
    const lost = await moveRefs(this.#repository, all, { reflog: note, isAtomic, ...(signal && { signal }) });
    const [first] = lost;
    if (isAtomic && first !== undefined) {
      const [update, other] = [...lost].find(([{ name }, other]) => name !== other) ?? first;
      this.conflict = { name: update.name, other };
    }
    return {
      pruned: [...removals].flatMap(([update, one]) => (lost.has(update) ? [] : [one])),
      refs: refs.map((ref): FetchedRefResult => {
        const update = updates.get(ref);
        const other = update && lost.get(update);
        if (other === undefined) return ref;
        return { ...ref, status: 'rejected', reason: 'conflict', ...(other !== update?.name && { blockedBy: other }) };
      }),
    };
  }
}

async function updateOf(
  repository: Repository,
  result: FetchedRefResult,
  action: string,
): Promise<RefUpdate | undefined> {
  const { status, localName, oid, oldOid, name } = result;
  if (localName === undefined || status === 'rejected' || status === 'up-to-date') return undefined;
  if (status === 'fetched' || status === 'shallow') return undefined;
  const word = status === 'new' ? storingWord(name) : LOG_WORDS[status];
  const expected = oldOid === undefined ? null : { oid: oldOid };
  const update: RefUpdate = { name: localName, expected, next: { oid }, reflogMessage: `${action}: ${word}` };
  const value = await repository.refs.read(localName);
  if (value === undefined || 'oid' in value) return update;
  // The symbolic ref stays, and the one that it leads to moves.
  return { ...update, name: value.target, via: [localName] };
}

function storingWord(name: string): string {
  return name.startsWith('refs/tags/')
    ? 'storing tag'
    : name.startsWith('refs/heads/')
      ? 'storing head'
      : 'storing ref';
}

/** Refs here that the refspecs lead to from names that the remote does not have. */
function stale(
  { refspecs, configured = [] }: FetchRefsOptions,
  { plan, remoteRefs, local }: { plan: readonly PlannedRef[]; remoteRefs: readonly RemoteRef[]; local: Local },
): { readonly name: RefName; readonly oldOid: Oid }[] {
  const used = refspecs.length > 0 ? refspecs : configured;
  const there = new Set([...plan, ...remoteRefs].map(({ name }) => name));
  const found: { readonly name: RefName; readonly oldOid: Oid }[] = [];
  for (const [name, oldOid] of local.oids) {
    if (local.symbolic.has(name)) continue;
    const sources = sourcesOf(used, name);
    if (sources.length > 0 && !sources.some((source) => there.has(source))) found.push({ name, oldOid });
  }
  return found;
}
