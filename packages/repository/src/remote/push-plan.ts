import { GitError, type Oid } from '@git-kv/objects';
import { isExcluded, mapByPattern, type Refspec, type RemoteRef, rankShortName } from '@git-kv/protocol';
import { type ResolvedRef, resolveRef } from '../ref-resolve.js';
import type { RefName } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { peelTo } from '../revision/peel.js';
import { findRevision } from '../revision/revision.js';
import { isAncestor } from '../walk/index.js';

/** Which refs go where. */
export interface PushWish {
  /** Empty: every branch that both sides have, or all of them with `isMirror`. */
  readonly refspecs: readonly Refspec[];
  /** Make the remote's refs equal to those here: what is not here is deleted there, and everything is forced. */
  readonly isMirror?: boolean | undefined;
  /** With matching (`:`), also the branches that the remote does not have. */
  readonly isAll?: boolean | undefined;
  /** Take along annotated tags that the remote lacks and that what it will have reaches. */
  readonly followTags?: boolean | undefined;
  /** Delete what the refspecs lead to and is no longer here. */
  readonly prune?: boolean | undefined;
}

/** One ref of the remote, and what it is to hold. */
export interface PlannedPush {
  /** On the remote, in full. */
  readonly name: RefName;
  /** Here: a ref, or what was written in its place. Absent where the ref is deleted. */
  readonly sourceName?: string;
  readonly oldOid: Oid | null;
  readonly newOid: Oid | null;
  readonly isForced: boolean;
}

/** What refspecs name that cannot be pushed; `problems` are a line each, for a person. */
export class PushRefspecError extends GitError {
  override readonly name: string = 'PushRefspecError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super('INVALID_REFSPEC', `Cannot push: ${problems.map((problem) => problem.split('\n', 1)[0]).join('; ')}`);
    this.problems = problems;
  }
}

/** A ref here. */
interface LocalRef {
  readonly name: RefName;
  readonly oid: Oid;
}

/** What a refspec's source comes to. `oid: null` deletes. */
interface Source {
  readonly name: string;
  readonly oid: Oid | null;
}

interface Slot {
  readonly oldOid: Oid | null;
  source?: Source;
  isForced: boolean;
}

/**
 * Match refspecs with the refs of both sides as git does.
 * @throws {PushRefspecError}
 */
export async function planPushes(
  repository: Repository,
  remoteRefs: readonly RemoteRef[],
  wish: PushWish,
): Promise<PlannedPush[]> {
  const locals = await localRefs(repository);
  const matcher = new Matcher(repository, locals, remoteRefs, wish);
  return await matcher.plan();
}

async function localRefs(repository: Repository): Promise<LocalRef[]> {
  const found: LocalRef[] = [];
  for await (const { name, value } of repository.refs.list('refs/')) {
    const oid = 'oid' in value ? value.oid : (await resolveRef(repository.refs, name))?.oid;
    if (oid !== undefined) found.push({ name, oid });
  }
  return found;
}

class Matcher {
  readonly #repository: Repository;
  readonly #locals: readonly LocalRef[];
  readonly #wish: PushWish;
  readonly #refspecs: readonly Refspec[];
  /** The remote's refs in its order, then those that are made. */
  readonly #slots = new Map<RefName, Slot>();
  readonly #problems: string[] = [];

  constructor(repository: Repository, locals: readonly LocalRef[], remoteRefs: readonly RemoteRef[], wish: PushWish) {
    this.#repository = repository;
    this.#locals = locals;
    this.#wish = wish;
    this.#refspecs = wish.refspecs.length > 0 ? wish.refspecs : [MATCHING];
    for (const { name, oid } of remoteRefs) {
      if (oid !== undefined && name.startsWith('refs/')) this.#slots.set(name, { oldOid: oid, isForced: false });
    }
  }

  async plan(): Promise<PlannedPush[]> {
    for (const refspec of this.#refspecs) {
      if (!refspec.isPattern && !refspec.isMatching && !refspec.isNegative) await this.#matchOne(refspec);
    }
    if (this.#problems.length > 0) throw new PushRefspecError(this.#problems);
    for (const local of this.#locals) this.#matchMany(local);
    if (this.#wish.followTags === true) await this.#addTags();
    if (this.#wish.prune === true) this.#prune();
    const planned: PlannedPush[] = [];
    for (const [name, { oldOid, source, isForced }] of this.#slots) {
      if (isExcluded(this.#refspecs, name)) continue;
      if (source === undefined && this.#wish.isMirror !== true) continue;
      const newOid = source?.oid ?? null;
      const sourceName = newOid === null ? {} : { sourceName: source?.name as string };
      planned.push({ name, ...sourceName, oldOid, newOid, isForced });
    }
    return planned;
  }

  /** A refspec that names one ref. */
  async #matchOne(refspec: Refspec): Promise<void> {
    const source = await this.#findSource(refspec.source);
    if (source === undefined) return;
    const wanted = refspec.destination ?? (await this.#ownDestination(source));
    if (wanted === undefined) return;
    const name = await this.#findDestination(wanted, source);
    if (name === undefined) return;
    const slot = this.#slot(name);
    if (slot.source !== undefined) {
      this.#problems.push(`dst ref ${name} receives from more than one src`);
      return;
    }
    slot.source = source;
    slot.isForced = refspec.isForced;
  }

  async #findSource(text: string): Promise<Source | undefined> {
    if (text === '') return { name: '', oid: null };
    const { count, best } = matchShortName(
      text,
      this.#locals.map(({ name }) => name),
    );
    if (count > 1) {
      this.#problems.push(`src refspec ${text} matches more than one`);
      return undefined;
    }
    const local = this.#locals.find(({ name }) => name === best);
    if (local !== undefined) return local;
    const oid = await findRevision(this.#repository, text).catch(() => undefined);
    if (oid === undefined) this.#problems.push(`src refspec ${text} does not match any`);
    return oid === undefined ? undefined : { name: text, oid };
  }

  /** Where a source goes that says no destination: under its own name, and HEAD to the branch that it is. */
  async #ownDestination(source: Source): Promise<string | undefined> {
    const resolved = await this.#resolve(source.name);
    const isPointed = resolved !== undefined && resolved.name !== source.name;
    if (resolved?.oid !== undefined && (!isPointed || resolved.name.startsWith('refs/heads/'))) return resolved.name;
    this.#problems.push(`${source.name} cannot be resolved to branch`);
    return undefined;
  }

  async #findDestination(wanted: string, source: Source): Promise<RefName | undefined> {
    const { count, best } = matchShortName(wanted, this.#slots.keys());
    if (count > 1) {
      this.#problems.push(`dst refspec ${wanted} matches more than one`);
      return undefined;
    }
    if (best !== undefined) return best;
    if (wanted.startsWith('refs/')) return wanted;
    if (source.oid === null) {
      this.#problems.push(`unable to delete '${wanted}': remote ref does not exist`);
      return undefined;
    }
    const at = (await this.#resolve(source.name))?.name ?? '';
    const [prefix] = /^refs\/(?:heads|tags)\//.exec(at) ?? [];
    if (prefix !== undefined) return `${prefix}${wanted}`;
    this.#problems.push(unqualified(wanted, source.name));
    return undefined;
  }

  async #resolve(name: string): Promise<ResolvedRef | undefined> {
    return await resolveRef(this.#repository.refs, name).catch(() => undefined);
  }

  /** What patterns and `:` make of one ref here. */
  #matchMany({ name, oid }: LocalRef): void {
    const { isAll = false, isMirror = false } = this.#wish;
    const found = this.#mapped(name);
    if (found === undefined) return;
    const there = this.#slots.get(found.name);
    if (there?.source !== undefined) return;
    if (there === undefined && found.refspec.isMatching && !isAll && !isMirror) return;
    const slot = this.#slot(found.name);
    slot.source = { name, oid };
    slot.isForced = found.refspec.isForced;
  }

  /** Where a ref goes by the first pattern that takes it, or else by `:`. */
  #mapped(name: RefName, reversed = false): { readonly name: RefName; readonly refspec: Refspec } | undefined {
    let matching: Refspec | undefined;
    for (const refspec of this.#refspecs) {
      if (refspec.isMatching && (matching === undefined || refspec.isForced)) matching = refspec;
      if (!refspec.isPattern || refspec.isNegative) continue;
      const { source, destination = source } = refspec;
      const mapped = reversed ? mapByPattern(destination, name, source) : mapByPattern(source, name, destination);
      if (mapped !== undefined) return { name: mapped, refspec };
    }
    const isTaken = matching !== undefined && (this.#wish.isMirror === true || name.startsWith('refs/heads/'));
    return isTaken ? { name, refspec: matching as Refspec } : undefined;
  }

  #prune(): void {
    const here = new Set(this.#locals.map(({ name }) => name));
    for (const [name, slot] of this.#slots) {
      if (slot.source !== undefined) continue;
      const source = this.#mapped(name, true)?.name;
      if (source !== undefined && !here.has(source)) slot.source = { name: '', oid: null };
    }
  }

  /** Annotated tags that the remote lacks, and that something reaches which it will have. */
  async #addTags(): Promise<void> {
    const repository = this.#repository;
    const tips: Oid[] = [];
    for (const { source, oldOid } of this.#slots.values()) {
      const oid = source?.oid ?? oldOid;
      const commit = oid === null ? undefined : await peelTo(repository, oid, 'commit');
      if (commit !== undefined) tips.push(commit);
    }
    const shallow = await repository.shallow.read();
    for (const { name, oid } of this.#locals) {
      if (!name.startsWith('refs/tags/') || this.#slots.has(name)) continue;
      if ((await repository.objects.stat(oid))?.kind !== 'tag') continue;
      const commit = await peelTo(repository, oid, 'commit');
      if (commit === undefined) continue;
      for (const tip of tips) {
        if (!(await isAncestor(repository.objects, commit, tip, { shallow }))) continue;
        this.#slot(name).source = { name, oid };
        break;
      }
    }
  }

  #slot(name: RefName): Slot {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = { oldOid: null, isForced: false };
      this.#slots.set(name, slot);
    }
    return slot;
  }
}

const MATCHING: Refspec = {
  direction: 'push',
  isForced: false,
  isNegative: false,
  isMatching: true,
  isPattern: false,
  isOid: false,
  source: '',
};

/** How many of `names` a short name means. Names outside of branches and tags count only where it has no other, unless it is nearly all of them. */
function matchShortName(
  shortName: string,
  names: Iterable<RefName>,
): { readonly count: number; readonly best?: RefName } {
  const strong: RefName[] = [];
  const weak: RefName[] = [];
  for (const name of names) {
    if (rankShortName(shortName, name) === 0) continue;
    const isWhole = name === shortName || name === `refs/${shortName}`;
    (isWhole || /^refs\/(?:heads|tags)\//.test(name) ? strong : weak).push(name);
  }
  const found = strong.length > 0 ? strong : weak;
  const best = found.at(-1);
  return { count: found.length, ...(best !== undefined && { best }) };
}

function unqualified(wanted: string, source: string): string {
  return (
    'The destination you provided is not a full refname (i.e.,\n' +
    'starting with "refs/"). We tried to guess what you meant by:\n\n' +
    `- Looking for a ref that matches '${wanted}' on the remote side.\n` +
    `- Checking if the <src> being pushed ('${source}')\n` +
    '  is a ref in "refs/{heads,tags}/". If so we add a corresponding\n' +
    '  refs/{heads,tags}/ prefix on the remote side.\n\n' +
    'Neither worked, so we gave up. You must fully qualify the ref.'
  );
}
