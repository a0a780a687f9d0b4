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
  /** Refuse to delete the branch that HEAD names, and those that are checked out. Default true. */
  readonly denyDeleteCurrent?: boolean;
  /** Refuse to change a branch that is checked out in a work tree, which would not follow. Default true. */
  readonly denyCurrentBranch?: boolean;
  /** Take pushes from shallow clones that make this repository shallow, too (receive.shallowUpdate). Default false. */
  readonly shallowUpdate?: boolean;
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
    await this.#each(candidates, async (command) => {
      if (!command.name.startsWith('refs/')) return 'funny refname';
      // Before anything that would tell what the ref holds.
      if (isRefHidden(command.name, this.#hidden)) {
        return `deny ${command.newOid === null ? 'deleting' : 'updating'} a hidden ref`;
      }
      const value = await refs.read(command.name);
      return (
        this.#misfit(command, value) ??
        this.#forbidden(command, head?.name, checkedOut) ??
        (await this.#wrongKind(command))
      );
    });
    await this.#checkObjects(candidates.filter(({ reason }) => reason === undefined));
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
      if (!checkedOut.has(name) || this.#rules.denyCurrentBranch === false) return undefined;
      this.#say(`error: refusing to update checked out branch: ${name}`);
      return 'branch is currently checked out';
    }
    if (this.#rules.denyDeletes === true) return 'deletion prohibited';
    const isCurrent = currentBranch === name || checkedOut.has(name);
    if (!isCurrent || this.#rules.denyDeleteCurrent === false) return undefined;
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

/** The reason against a command that expects a ref which does not exist. */
export const NOT_THERE = 'the ref is not there';
