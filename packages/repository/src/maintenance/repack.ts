import { GitError, type Oid } from '@git-kv/objects';
import type { FileRepository } from '../engines/file/repository.js';
import { OidSet } from '../walk/oid-set.js';
import type { WalkedObject } from '../walk/walked-object.js';
import { findCollectionRoots } from './collection-roots.js';
import { forgetCommits } from './commit-graph.js';
import { geometricSplit } from './geometry.js';
import { type LocalPack, listLocalPacks, removePacks } from './local-packs.js';
import { keepMultiPackIndex } from './multi-pack-index.js';
import { bytesOf, isYoung, type RemovedFile } from './options.js';
import { joinedPacks, joinPromisorPacks } from './promisor-packs.js';
import { prunePacked } from './prune-packed.js';
import { listReachable, markReachable, type ReachableObjects } from './reachable.js';
import type { RepackOptions, RepackReport } from './repack-options.js';
import { tidyShallow } from './shallow.js';
import { listLoose, loosenObjects, UnreachableObjects } from './unreachable.js';
import { isIntact, isWritten, type WrittenPack, writeRepackedObjects } from './written-pack.js';

/**
 * Put objects into a new pack, as `git repack` does, while others read and write. Nothing is removed before the new pack is durable,
 * has been read back, and holds what was in the packs that go, or it is what nothing leads to and is old enough. Packs that
 * arrive meanwhile stay, and so does, with what it holds, a pack that somebody wrote an object of again meanwhile. Where another
 * repack removes the new pack in the meantime, nothing is removed here.
 *
 * Deltas and deflated bytes of old packs are copied; where one pack holds all that is wanted and nothing else, it stays. Holds about a kilobyte an object, and the window of the delta search.
 * @throws {GitError} UNSUPPORTED where objects are precious and something would be removed;
 *   OBJECT_NOT_FOUND where something that a ref leads to is missing; MALFORMED where what points to objects is damaged
 */
export async function repack(repository: FileRepository, options: RepackOptions = {}): Promise<RepackReport> {
  return await new Repacking(repository, options).run();
}

/** What is known before anything is written. */
interface RepackPlan {
  readonly objects: readonly WalkedObject[];
  /** Packs that the new one makes superfluous. */
  readonly redundant: readonly LocalPack[];
  /** What is in them and not in `objects`, nor elsewhere. */
  readonly unreachable: UnreachableObjects;
  readonly loosened: readonly Oid[];
  /** A pack that is what the new one would be. */
  readonly standingName?: string | undefined;
  /** Packs of promisor remotes that become one. */
  readonly promisors?: readonly LocalPack[];
  /** What goes into a cruft pack, and when it was last written. */
  readonly cruft?: ReadonlyMap<Oid, number>;
  /** What was reachable when the plan was made, where that was looked at. */
  readonly reachable?: OidSet;
}

class Repacking {
  readonly #repository: FileRepository;
  readonly #options: RepackOptions;
  #packs: readonly LocalPack[] = [];
  #cruft: WrittenPack | undefined;
  /** What packs of promisor remotes became. */
  #joined: WrittenPack | undefined;

  constructor(repository: FileRepository, options: RepackOptions) {
    this.#repository = repository;
    this.#options = options;
  }

  async run(): Promise<RepackReport> {
    const { mode = 'incremental', deleteRedundant = false, dryRun = false, signal } = this.#options;
    signal?.throwIfAborted();
    const { objects: store } = this.#repository;
    if (deleteRedundant && store.options.isPrecious) {
      throw new GitError('UNSUPPORTED', `Cannot delete packs of ${store.own.path}: its objects are precious`);
    }
    // Before refs are looked at: what arrives later is not ours to judge.
    this.#packs = await listLocalPacks(this.#repository, this.#options.keepPacks);
    const plan = await (mode === 'all'
      ? this.#planAll()
      : mode === 'geometric'
        ? this.#planGeometric()
        : this.#planLoose());
    if (dryRun) return await this.#foretell(plan);
    const written = await this.#write(plan);
    this.#cruft = await this.#writeCruft(plan);
    this.#joined = await joinPromisorPacks(this.#repository, plan.promisors ?? [], this.#options);
    if (!deleteRedundant) return this.#report(plan, written, [], []);
    return await this.#deleteRedundant(plan, written);
  }

  /** Everything that is reachable, but for what lies in kept packs. */
  async #planAll(): Promise<RepackPlan> {
    const { unreachable: treatment = 'drop', deleteRedundant = false, expireBeforeMs, signal } = this.#options;
    const redundant = this.#packs.filter(({ isKept }) => !isKept);
    const kept = this.#packs.filter(({ isKept }) => isKept);
    const reachable = await this.#reachable();
    const objects: WalkedObject[] = [];
    const mayBorrow = (await this.#repository.objects.alternates()).length > 0;
    for (const object of reachable.objects) {
      if (isInAny(kept, object.oid) || (mayBorrow && (await this.#isBorrowed(object.oid)))) continue;
      objects.push(object);
    }
    const unreachable = await UnreachableObjects.find(redundant, kept, reachable.oids, signal);
    const promisors = this.#packs.filter(({ isPromisor }) => isPromisor);
    const [standing] = redundant;
    const isStanding = unreachable.count === 0 && this.#isPackedAlready(objects, redundant);
    if (isStanding && standing && (await this.#mayStand(standing))) {
      const plan = { redundant: [], unreachable, loosened: [], promisors, reachable: reachable.oids };
      return { ...plan, objects: [], standingName: standing.name };
    }
    let loosened: readonly Oid[] = [];
    if (treatment === 'keep') {
      const rest = new Set(unreachable.oids());
      for (const { oid } of await listLoose(this.#repository, signal)) if (!reachable.oids.has(oid)) rest.add(oid);
      for (const oid of rest) if (!isInAny(kept, oid)) await this.#addUnnamed(objects, oid);
    } else if (treatment === 'loosen' && deleteRedundant) {
      loosened = await this.#young(unreachable, reachable.oids, expireBeforeMs);
    } else if (treatment === 'cruft') {
      const cruft = await this.#findCruft(unreachable, reachable.oids, kept, expireBeforeMs);
      return { objects, redundant, unreachable, loosened, promisors, cruft, reachable: reachable.oids };
    }
    return { objects, redundant, unreachable, loosened, promisors, reachable: reachable.oids };
  }

  /**
   * Whether one pack holds just these objects, of which all are reachable: a new one would be the same again, as deltas are copied and
   * objects that one pack has without deltas are not compared anew.
   */
  #isPackedAlready(objects: readonly WalkedObject[], packs: readonly LocalPack[]): boolean {
    const [pack] = packs;
    const { noReuseDeltas, noReuseObjects, deltas, level } = this.#options;
    if (pack === undefined || packs.length > 1 || pack.isCruft || pack.index.objectCount !== objects.length)
      return false;
    if (noReuseDeltas === true || noReuseObjects === true || deltas === false || level !== undefined) return false;
    const isReverseWanted = this.#repository.layout.config.getBoolean('pack', 'writereverseindex') ?? false;
    if (isReverseWanted && !pack.files.some(({ path }) => path.endsWith('.rev'))) return false;
    return objects.every(({ oid }) => pack.index.find(oid) !== undefined);
  }

  /** Where loose copies of its objects are to go in its favour, it is read first: of some they may be all that is left. */
  async #mayStand(pack: LocalPack): Promise<boolean> {
    const { deleteRedundant = false, signal } = this.#options;
    if (!deleteRedundant) return true;
    const loose = await listLoose(this.#repository, signal);
    if (!loose.some(({ oid }) => pack.index.find(oid) !== undefined)) return true;
    return await isIntact(this.#repository, pack, signal);
  }

  /** What is reachable and loose. */
  async #planLoose(): Promise<RepackPlan> {
    const loose = new OidSet(this.#repository.algorithm);
    for (const { oid } of await listLoose(this.#repository, this.#options.signal)) {
      if (!isInAny(this.#packs, oid)) loose.add(oid);
    }
    const objects: WalkedObject[] = [];
    if (loose.size > 0) {
      const local = this.#options.local === true;
      for (const object of (await this.#reachable()).objects) {
        // Without --local, what an alternate has loose is packed here, too; it is there already for us.
        if (loose.has(object.oid) && !(local && (await this.#isBorrowed(object.oid)))) objects.push(object);
      }
    }
    return { objects, redundant: [], unreachable: UnreachableObjects.none, loosened: [] };
  }

  /** What the smallest packs hold, reachable or not, and all that is loose. */
  async #planGeometric(): Promise<RepackPlan> {
    const { factor = 2, signal } = this.#options;
    if (!Number.isInteger(factor) || factor < 1)
      throw new RangeError(`Cannot repack: the factor ${factor} is no whole number above 0`);
    const candidates = this.#packs
      .filter(({ isKept, isCruft }) => !isKept && !isCruft)
      .sort((a, b) => a.index.objectCount - b.index.objectCount);
    const split = geometricSplit(
      candidates.map(({ index }) => index.objectCount),
      factor,
    );
    const rolled = candidates.slice(0, split);
    const others = this.#packs.filter((pack) => !rolled.includes(pack));
    const oids = new Set<Oid>();
    for (const { index } of rolled) {
      for (let position = 0; position < index.objectCount; position++) oids.add(index.oidAt(position));
    }
    for (const { oid } of await listLoose(this.#repository, signal)) oids.add(oid);
    const objects: WalkedObject[] = [];
    for (const oid of oids) {
      if (isInAny(others, oid) || (this.#options.local === true && (await this.#isBorrowed(oid)))) continue;
      await this.#addUnnamed(objects, oid);
    }
    return { objects, redundant: rolled, unreachable: UnreachableObjects.none, loosened: [] };
  }

  async #reachable(): Promise<ReachableObjects> {
    const { signal, onProgress } = this.#options;
    const roots = await findCollectionRoots(this.#repository);
    return await listReachable(this.#repository, roots, {
      signal,
      onObjects: (loaded) => onProgress?.({ phase: 'reachable', loaded }),
    });
  }

  async #addUnnamed(objects: WalkedObject[], oid: Oid): Promise<void> {
    this.#options.signal?.throwIfAborted();
    const stat = await this.#repository.objects.stat(oid);
    // Loose, and pruned since it was listed.
    if (stat) objects.push({ oid, kind: stat.kind });
  }

  async #isBorrowed(oid: Oid): Promise<boolean> {
    if (this.#options.local !== true) return false;
    for (const { packs, loose } of await this.#repository.objects.alternates()) {
      if ((await packs.find(oid)) || (await loose.age(oid)) !== undefined) return true;
    }
    return false;
  }

  /** Those of unreachable objects that are young, or that young ones lead to. */
  async #young(unreachable: UnreachableObjects, reachable: OidSet, expireBeforeMs: number | undefined): Promise<Oid[]> {
    const all = [...unreachable.oids()];
    if (expireBeforeMs === undefined || all.length === 0) return all;
    const { signal } = this.#options;
    const young = new Set(unreachable.oidsYoungerThan(expireBeforeMs));
    for (const { oid, mtimeMs } of await listLoose(this.#repository, signal)) {
      if (!reachable.has(oid) && isYoung(mtimeMs, expireBeforeMs)) young.add(oid);
    }
    const marked = new OidSet(this.#repository.algorithm);
    const shallow = await this.#repository.shallow.read();
    await markReachable(this.#repository.objects, marked, young, { signal, shallow });
    return all.filter((oid) => marked.has(oid));
  }

  /** What a cruft pack is to hold: unreachable objects, packed and loose ones, that are young or that young ones lead to. */
  async #findCruft(
    unreachable: UnreachableObjects,
    reachable: OidSet,
    kept: readonly LocalPack[],
    expireBeforeMs: number | undefined,
  ): Promise<Map<Oid, number>> {
    const { signal } = this.#options;
    const times = new Map<Oid, number>();
    for (const oid of unreachable.oids()) times.set(oid, unreachable.mtimeMs(oid) ?? 0);
    for (const { oid, mtimeMs } of await listLoose(this.#repository, signal)) {
      if (!reachable.has(oid) && !isInAny(kept, oid)) times.set(oid, Math.max(mtimeMs, times.get(oid) ?? 0));
    }
    const young = [...times.keys()].filter((oid) => isYoung(times.get(oid) ?? 0, expireBeforeMs));
    const marked = new OidSet(this.#repository.algorithm);
    const shallow = await this.#repository.shallow.read();
    await markReachable(this.#repository.objects, marked, young, { signal, shallow });
    for (const oid of [...times.keys()]) if (!marked.has(oid)) times.delete(oid);
    return times;
  }

  /** Not aborted: the other pack is there by now. */
  async #writeCruft({ cruft }: RepackPlan): Promise<WrittenPack | undefined> {
    if (cruft === undefined || cruft.size === 0) return undefined;
    const objects: WalkedObject[] = [];
    // Sorted, so that the same objects make the same pack again.
    for (const oid of [...cruft.keys()].sort()) {
      const stat = await this.#repository.objects.stat(oid);
      if (stat) objects.push({ oid, kind: stat.kind });
    }
    const { signal: _, ...options } = this.#options;
    return await writeRepackedObjects(this.#repository, objects, {
      ...options,
      mtimeMsOf: (oid) => cruft.get(oid) ?? 0,
    });
  }

  async #write({ objects }: RepackPlan): Promise<WrittenPack | undefined> {
    if (objects.length === 0) return undefined;
    const withReverseIndex = this.#packs.some(({ files }) => files.some(({ path }) => path.endsWith('.rev')));
    return await writeRepackedObjects(this.#repository, objects, { ...this.#options, withReverseIndex });
  }

  /** From here on nothing is aborted: what is left to do is short, and half of it would be worth less. */
  async #deleteRedundant(plan: RepackPlan, written: WrittenPack | undefined): Promise<RepackReport> {
    const repository = this.#repository;
    let redundant = plan.redundant.filter(({ name }) => name !== written?.name && name !== this.#cruft?.name);
    const loosened = new Set(plan.loosened);
    await loosenObjects(repository, loosened);
    if (plan.unreachable.count > 0) {
      // A second look: what was pushed, or written again, while we were packing.
      for (const oid of await this.#reachedSince(plan)) loosened.add(oid);
      redundant = await withoutTouched(repository, redundant, plan.unreachable);
    }
    // Another repack has taken the new pack for an old one: what it made holds the same, and the rest is its business.
    if (!(await this.#assertHeld(redundant, written, plan.unreachable)))
      return this.#report({ ...plan, loosened: [...loosened] }, written, [], []);
    if (this.#joined) redundant.push(...joinedPacks(plan.promisors ?? [], this.#joined));
    const gone = new Set(redundant.map(({ name }) => name));
    await keepMultiPackIndex(repository, gone, this.#options.multiPackIndex);
    await forgetCommits(repository, dropped(plan, loosened));
    await removePacks(repository, redundant);
    await this.#assertPlain(plan, written);
    if (plan.unreachable.count > 0) await tidyShallow(repository);
    const removedLoose = await prunePacked(repository, { onProgress: this.#options.onProgress });
    return this.#report(
      { ...plan, loosened: [...loosened] },
      written,
      redundant.flatMap(({ files }) => files),
      removedLoose,
    );
  }

  /** Unreachable objects that something leads to by now. They are made loose. */
  async #reachedSince({ unreachable, reachable }: RepackPlan): Promise<readonly Oid[]> {
    const { refs, others } = await findCollectionRoots(this.#repository);
    const marked = new OidSet(this.#repository.algorithm);
    const roots = [...refs, ...others].filter((oid) => reachable?.has(oid) !== true);
    const shallow = await this.#repository.shallow.read();
    const isKnown = (bytes: Uint8Array, offset: number): boolean => reachable?.hasBytes(bytes, offset) === true;
    await markReachable(this.#repository.objects, marked, roots, { shallow, isKnown });
    const found = [...unreachable.oids()].filter((oid) => marked.has(oid));
    await loosenObjects(this.#repository, found);
    return found;
  }

  /** A pack that has become what a cruft pack was is none any more. */
  async #assertPlain({ redundant }: RepackPlan, written: WrittenPack | undefined): Promise<void> {
    const { disk, own } = this.#repository.objects;
    if (!redundant.some(({ name, isCruft }) => isCruft && name === written?.name)) return;
    await disk.removeFile(`${own.packs.path}/${written?.name}.mtimes`);
    await disk.syncDirectory(own.packs.path);
  }

  /**
   * Every object of the packs that go is in one that stays, or is one that nothing leads to.
   * @returns false where somebody has removed a new pack meanwhile
   */
  async #assertHeld(
    redundant: readonly LocalPack[],
    written: WrittenPack | undefined,
    unreachable: UnreachableObjects,
  ): Promise<boolean> {
    const kept = this.#packs.filter((pack) => !redundant.includes(pack));
    for (const pack of [written, this.#cruft, this.#joined])
      if (pack && !(await isWritten(this.#repository, pack))) return false;
    const oid = new Uint8Array(this.#repository.algorithm.oidLength);
    for (const { name, index } of redundant) {
      for (let position = 0; position < index.objectCount; position++) {
        index.writeOidAt(position, oid, 0);
        if (written?.index.findBytes(oid) !== undefined) continue;
        if (kept.some((pack) => pack.index.findBytes(oid) !== undefined)) continue;
        if (unreachable.has(index.oidAt(position)) || (await this.#isBorrowed(index.oidAt(position)))) continue;
        throw new Error(`BUG: object ${index.oidAt(position)} of ${name} is not in the pack that takes its place`);
      }
    }
    return true;
  }

  async #foretell(plan: RepackPlan): Promise<RepackReport> {
    if (this.#options.deleteRedundant !== true) return this.#report(plan, undefined, [], []);
    const kept = this.#packs.filter((pack) => !plan.redundant.includes(pack));
    const packed = new OidSet(this.#repository.algorithm);
    for (const { oid } of plan.objects) packed.add(oid);
    for (const oid of plan.cruft?.keys() ?? []) packed.add(oid);
    const isPacked = (oid: Oid): boolean => packed.has(oid) || isInAny(kept, oid);
    const { signal } = this.#options;
    const removedLoose = await prunePacked(this.#repository, { dryRun: true, isPacked, signal });
    const removedPacks = plan.redundant.flatMap(({ files }) => files);
    return this.#report(plan, undefined, removedPacks, removedLoose);
  }

  #report(
    { objects, unreachable, loosened, cruft, standingName }: RepackPlan,
    written: WrittenPack | undefined,
    removedPacks: readonly RemovedFile[],
    removedLoose: readonly RemovedFile[],
  ): RepackReport {
    const isKept = this.#options.unreachable === 'keep' || this.#options.deleteRedundant !== true;
    const staying = new Set(loosened);
    for (const oid of cruft?.keys() ?? []) if (unreachable.has(oid)) staying.add(oid);
    return {
      packName: written?.name,
      standingName,
      packBytes: written?.packBytes ?? 0,
      objectCount: objects.length,
      deltaCount: written?.deltaCount ?? 0,
      reusedCount: written?.reusedCount ?? 0,
      reusedDeltaCount: written?.reusedDeltaCount ?? 0,
      cruftName: this.#cruft?.name,
      cruftCount: cruft?.size ?? 0,
      loosenedCount: loosened.length,
      droppedCount: isKept ? 0 : unreachable.count - staying.size,
      removedPacks,
      removedLoose,
      removedBytes: bytesOf(removedPacks) + bytesOf(removedLoose),
    };
  }
}

function* dropped({ unreachable, cruft }: RepackPlan, loosened: ReadonlySet<Oid>): Generator<Oid> {
  for (const oid of unreachable.oids()) if (!loosened.has(oid) && cruft?.has(oid) !== true) yield oid;
}

function isInAny(packs: readonly LocalPack[], oid: Oid): boolean {
  return packs.some(({ index }) => index.find(oid) !== undefined);
}

/** Packs without those that hold what nothing leads to and that somebody made young meanwhile: whoever did counts on it. */
async function withoutTouched(
  repository: FileRepository,
  packs: readonly LocalPack[],
  unreachable: UnreachableObjects,
): Promise<LocalPack[]> {
  const { disk, own } = repository.objects;
  const untouched: LocalPack[] = [];
  for (const pack of packs) {
    const stat = await disk.findStat(`${own.packs.path}/${pack.name}.pack`);
    if (stat === undefined || stat.mtimeMs === pack.mtimeMs || !unreachable.isFrom(pack)) untouched.push(pack);
  }
  return untouched;
}
