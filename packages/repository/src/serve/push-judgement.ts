import { isGitError, type Oid, parseCommitLinks } from '@git-kv/objects';
import type { PushCommand } from '@git-kv/protocol';
import type { ObjectReader } from '../object-store.js';
import type { ReceiveCheckOptions } from '../receive-check.js';
import { resolveRef } from '../ref-resolve.js';
import type { RefName, RefValue } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { checkConnectivity, isAncestor } from '../walk/index.js';
import { type OnServeFailure, wordsForRemote } from './failure-words.js';
import { isRefHidden, type RefVisibility } from './visible-refs.js';

/** What a push must not do. Names and defaults are those of git's receive.* settings. */
export interface ReceiveRules {
  /** Refuse updates that do not contain the old commit. Default false. */
  readonly denyNonFastForwards?: boolean;
  /** Refuse to delete any ref. Default false. */
  readonly denyDeletes?: boolean;
  /** Refuse to delete the branch that HEAD names, and those that are checked out; or warn whoever does. Default true. */
  readonly denyDeleteCurrent?: boolean | 'warn';
  /** Refuse to change a branch that is checked out in a work tree, which would not follow; or warn whoever does. Default true. */
  readonly denyCurrentBranch?: boolean | 'warn';
  /** Take pushes from shallow clones that make this repository shallow, too (receive.shallowUpdate). Default false. */
  readonly shallowUpdate?: boolean;
  /** Bytes of pack accepted at most (receive.maxInputSize), where the server takes as many. Default: what the server takes. */
  readonly maxPackBytes?: number;
  /**
   * Refuse a push with an object whose content breaks a rule of fsck (receive.fsckObjects). Default true, other than git's; with
   * options, by these.
   */
  readonly checkObjects?: boolean | ReceiveCheckOptions;
}

/** A command, and why it cannot be carried out where it cannot. */
export interface Candidate {
  readonly command: PushCommand;
  reason?: string;
  /** There is nothing to move: the ref is to be deleted and is not there. */
  isVoid?: boolean;
  /** The command of the ref that this symbolic ref leads to, which asks for the same and stands for both. */
  aliasOf?: Candidate;
  /** Commits whose parents are not here, at which the repository becomes shallow with this command. */
  shallowOids?: readonly Oid[];
}

/**
 * Find what speaks against each command: a ref that moved, the rules, objects that are missing. `reader` sees what arrived.
 * What comes of it stands in the candidates.
 */
export async function judge(
  repository: Repository,
  candidates: readonly Candidate[],
  reader: ObjectReader,
  options: JudgeOptions,
): Promise<void> {
  await new Judgement(repository, reader, options).judge(candidates);
}

interface JudgeOptions extends RefVisibility {
  readonly rules?: ReceiveRules | undefined;
  /** Where the pusher's own history ends. */
  readonly shallowOids: readonly Oid[];
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  readonly onFailure?: OnServeFailure | undefined;
}

class Judgement {
  readonly #repository: Repository;
  readonly #reader: ObjectReader;
  readonly #rules: ReceiveRules;
  readonly #hidden: readonly string[] | undefined;
  readonly #signal: { readonly signal: AbortSignal };
  readonly #say: (text: string) => void;
  readonly #shallowOids: readonly Oid[];
  readonly #onFailure: OnServeFailure | undefined;

  constructor(repository: Repository, reader: ObjectReader, options: JudgeOptions) {
    this.#repository = repository;
    this.#reader = reader;
    this.#rules = options.rules ?? {};
    this.#hidden = options.hidden;
    this.#shallowOids = options.shallowOids;
    this.#signal = { signal: options.signal };
    this.#say = options.say;
    this.#onFailure = options.onFailure;
  }

  async judge(candidates: readonly Candidate[]): Promise<void> {
    const { refs } = this.#repository;
    const head = await resolveRef(refs, 'HEAD');
    const checkedOut = (await this.#repository.checkedOutBranches?.()) ?? new Set<RefName>();
    const byName = new Map(candidates.map((candidate) => [candidate.command.name, candidate]));
    await this.#each(candidates, async (command, candidate) => {
      if (!isPushable(command)) return 'funny refname';
      // Before anything that would tell what the ref holds.
      if (isRefHidden(command.name, this.#hidden)) {
        return `deny ${command.newOid === null ? 'deleting' : 'updating'} a hidden ref`;
      }
      const value = await refs.read(command.name);
      if (value !== undefined && 'target' in value && !isRefHidden(value.target, this.#hidden)) {
        const target = byName.get(value.target);
        if (target !== undefined) return this.#aliased(candidate, target);
      }
      if (value === undefined && (await this.#deletesNothing(command))) {
        this.#say('warning: deleting a non-existent ref');
        candidate.isVoid = true;
        return this.#rules.denyDeletes === true ? 'deletion prohibited' : undefined;
      }
      return (
        this.#misfit(command, value) ??
        this.#forbidden(command, head?.name, checkedOut) ??
        (await this.#wrongKind(command))
      );
    });
    await this.#checkObjects(candidates.filter(({ reason }) => reason === undefined));
  }

  /** As git: an id that names nothing here is no expectation. */
  async #deletesNothing({ oldOid, newOid }: PushCommand): Promise<boolean> {
    if (newOid !== null) return false;
    return oldOid === null || (await this.#reader.stat(oldOid, this.#signal)) === undefined;
  }

  /** A symbolic ref is pushed beside what it leads to: one of the two is enough, or both are wrong. */
  #aliased(candidate: Candidate, target: Candidate): string | undefined {
    const [own, other] = [candidate.command, target.command];
    if (own.oldOid === other.oldOid && own.newOid === other.newOid) {
      candidate.aliasOf = target;
      return undefined;
    }
    const from = ({ oldOid, newOid }: PushCommand): string => `${shorten(oldOid)}..${shorten(newOid)}`;
    this.#say(
      `error: refusing inconsistent update between symref '${own.name}' (${from(own)}) and its target '${other.name}' (${from(other)})`,
    );
    target.reason ??= INCONSISTENT;
    return INCONSISTENT;
  }

  /** Ask `reasonAgainst` about every candidate that nothing speaks against so far. What is broken in what arrived is a reason. */
  async #each(
    candidates: readonly Candidate[],
    reasonAgainst: (command: PushCommand, candidate: Candidate) => Promise<string | undefined>,
  ): Promise<void> {
    for (const candidate of candidates) {
      if (candidate.reason !== undefined) continue;
      try {
        const reason = await reasonAgainst(candidate.command, candidate);
        if (reason !== undefined) candidate.reason = reason;
      } catch (error) {
        if (!isGitError(error)) throw error;
        candidate.reason = wordsForRemote(error, this.#onFailure);
      }
    }
  }

  /** Seen early, so that a push which comes too late leaves no objects behind; the transaction looks again. */
  #misfit({ name, oldOid }: PushCommand, value: RefValue | undefined): string | undefined {
    // Who may move its target is another question than the one that was asked of `authorize`.
    if (value !== undefined && 'target' in value) {
      return `it is a symbolic ref${isRefHidden(value.target, this.#hidden) ? '' : `; push to ${value.target}`}`;
    }
    if ((value?.oid ?? null) === oldOid) return undefined;
    return oldOid !== null && value === undefined ? NOT_THERE : `${name} has moved; fetch first`;
  }

  #forbidden(
    { name, newOid }: PushCommand,
    currentBranch: RefName | undefined,
    checkedOut: ReadonlySet<RefName>,
  ): string | undefined {
    if (newOid !== null) {
      const { denyCurrentBranch = true } = this.#rules;
      if (!checkedOut.has(name) || denyCurrentBranch === false) return undefined;
      if (denyCurrentBranch === 'warn') {
        this.#say('warning: updating the current branch');
        return undefined;
      }
      this.#say(`error: refusing to update checked out branch: ${name}`);
      return 'branch is currently checked out';
    }
    if (this.#rules.denyDeletes === true) return 'deletion prohibited';
    const isCurrent = currentBranch === name || checkedOut.has(name);
    const { denyDeleteCurrent = true } = this.#rules;
    if (!isCurrent || denyDeleteCurrent === false) return undefined;
    if (denyDeleteCurrent === 'warn') {
      this.#say('warning: deleting the current branch');
      return undefined;
    }
    return 'deletion of the current branch prohibited';
  }

  async #wrongKind({ name, newOid }: PushCommand): Promise<string | undefined> {
    if (newOid === null) return undefined;
    const stat = await this.#reader.stat(newOid, this.#signal);
    if (stat === undefined) return 'bad pack';
    return name.startsWith('refs/heads/') && stat.kind !== 'commit' ? 'a branch must point to a commit' : undefined;
  }

  async #checkObjects(candidates: readonly Candidate[]): Promise<void> {
    const shallow = await this.#repository.shallow.read();
    const further = await this.#furtherBoundary(shallow);
    const both = new Set([...shallow, ...further]);
    await this.#checkConnected(candidates, shallow, further);
    if (this.#rules.denyNonFastForwards !== true) return;
    await this.#each(candidates, async ({ name, oldOid, newOid }) => {
      if (!name.startsWith('refs/heads/') || oldOid === null || newOid === null) return undefined;
      if (await isAncestor(this.#reader, oldOid, newOid, { shallow: both, ...this.#signal })) return undefined;
      this.#say(`error: denying non-fast-forward ${name} (you should pull first)`);
      return 'non-fast-forward';
    });
  }

  /** Where the pusher's history ends and this repository's does not: commits that are here and lack a parent. */
  async #furtherBoundary(shallow: ReadonlySet<Oid>): Promise<Oid[]> {
    const further: Oid[] = [];
    for (const oid of this.#shallowOids) {
      if (shallow.has(oid)) continue;
      const object = await this.#reader.read(oid, this.#signal);
      if (object?.kind !== 'commit') continue;
      for (const parentOid of parseCommitLinks(object.body).parentOids) {
        if ((await this.#reader.stat(parentOid, this.#signal)) !== undefined) continue;
        further.push(oid);
        break;
      }
    }
    return further;
  }

  /** All new values in one walk; only where something is missing one by one, to find out whose it is. */
  async #checkConnected(
    candidates: readonly Candidate[],
    shallow: ReadonlySet<Oid>,
    further: readonly Oid[],
  ): Promise<void> {
    const roots = new Set(candidates.flatMap(({ command }) => (command.newOid === null ? [] : [command.newOid])));
    if (roots.size === 0) return;
    const haves = await this.#refTips();
    const missingFrom = async (oids: Iterable<Oid>, boundary = shallow): Promise<Oid | undefined> => {
      const options = { roots: oids, haves, shallow: boundary, ...this.#signal };
      const outcome = await checkConnectivity(this.#reader, options);
      return outcome.connected ? undefined : outcome.missingOid;
    };
    try {
      if ((await missingFrom(roots)) === undefined) return;
    } catch (error) {
      if (!isGitError(error)) throw error;
    }
    const both = new Set([...shallow, ...further]);
    await this.#each(candidates, async ({ newOid }, candidate) => {
      if (newOid === null) return undefined;
      const missingOid = await missingFrom([newOid]);
      if (missingOid === undefined) {
        haves.add(newOid); // complete, so the next walks end there
        return undefined;
      }
      if (further.length === 0 || (await missingFrom([newOid], both)) !== undefined) {
        return `missing necessary objects (${missingOid})`;
      }
      if (this.#rules.shallowUpdate !== true) return 'shallow update not allowed';
      const reached: Oid[] = [];
      for (const oid of further) {
        if (await isAncestor(this.#reader, oid, newOid, { shallow: both, ...this.#signal })) reached.push(oid);
      }
      candidate.shallowOids = reached;
      return undefined;
    });
  }

  /** What the refs hold now: all of it, with what it reaches, is here. */
  async #refTips(): Promise<Set<Oid>> {
    const tips = new Set<Oid>();
    for await (const { value } of this.#repository.refs.list('refs/')) if ('oid' in value) tips.add(value.oid);
    return tips;
  }
}

/** As git: only refs within a folder of `refs/`. One called `refs/heads` would leave no room for any branch. */
function isPushable({ name, newOid }: PushCommand): boolean {
  return /^refs\/./.test(name) && (newOid === null || name.includes('/', 'refs/'.length));
}

const INCONSISTENT = 'inconsistent aliased update';

/** For people. */
const shorten = (oid: Oid | null): string => (oid ?? '0000000').slice(0, 7);

/** The reason against a command that expects a ref which does not exist. */
export const NOT_THERE = 'the ref is not there';
