import { isGitError, type Oid } from '@git-kv/objects';
import type { PushCommand } from '@git-kv/protocol';
import type { ObjectReader } from '../object-store.js';
import type { ReceiveCheckOptions } from '../receive-check.js';
import { resolveRef } from '../ref-resolve.js';
import type { RefName, RefValue } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { checkConnectivity, isAncestor } from '../walk/index.js';
import { type OnServeFailure, wordsForRemote } from './failure-words.js';

/** What a push must not do. Names and defaults are those of git's receive.* settings. */
export interface ReceiveRules {
  /** Refuse updates that do not contain the old commit. Default false. */
  readonly denyNonFastForwards?: boolean;
  /** Refuse to delete any ref. Default false. */
  readonly denyDeletes?: boolean;
  /** Refuse to delete the branch that HEAD names. Default true. */
  readonly denyDeleteCurrent?: boolean;
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

interface JudgeOptions {
  readonly rules?: ReceiveRules;
  readonly signal?: AbortSignal;
  readonly onFailure?: OnServeFailure;
}

class Judgement {
  readonly #repository: Repository;
  readonly #reader: ObjectReader;
  readonly #rules: ReceiveRules;
  readonly #signal: { readonly signal?: AbortSignal };
  readonly #onFailure: OnServeFailure | undefined;

  constructor(repository: Repository, reader: ObjectReader, { rules, signal, onFailure }: JudgeOptions) {
    this.#repository = repository;
    this.#reader = reader;
    this.#rules = rules ?? {};
    this.#signal = signal ? { signal } : {};
    this.#onFailure = onFailure;
  }

  async judge(candidates: readonly Candidate[]): Promise<void> {
    const { refs } = this.#repository;
    const head = await resolveRef(refs, 'HEAD');
    await this.#each(candidates, async (command) => {
      if (!command.name.startsWith('refs/')) return 'funny refname';
      const value = await refs.read(command.name);
      return this.#misfit(command, value) ?? this.#forbidden(command, head?.name) ?? (await this.#wrongKind(command));
    });
    await this.#checkObjects(candidates.filter(({ reason }) => reason === undefined));
  }

  /** Ask `reasonAgainst` about every candidate that nothing speaks against so far. What is broken in what arrived is a reason. */
  async #each(
    candidates: readonly Candidate[],
    reasonAgainst: (command: PushCommand) => Promise<string | undefined>,
  ): Promise<void> {
    for (const candidate of candidates) {
      if (candidate.reason !== undefined) continue;
      try {
        const reason = await reasonAgainst(candidate.command);
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
    if (value !== undefined && 'target' in value) return `it is a symbolic ref; push to ${value.target}`;
    if ((value?.oid ?? null) === oldOid) return undefined;
    return oldOid !== null && value === undefined ? NOT_THERE : `${name} has moved; fetch first`;
  }

  #forbidden({ name, newOid }: PushCommand, currentBranch: RefName | undefined): string | undefined {
    if (newOid !== null) return undefined;
    if (this.#rules.denyDeletes === true) return 'deletion prohibited';
    if (currentBranch !== name || this.#rules.denyDeleteCurrent === false) return undefined;
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
    await this.#checkConnected(candidates, shallow);
    if (this.#rules.denyNonFastForwards !== true) return;
    await this.#each(candidates, async ({ name, oldOid, newOid }) => {
      if (!name.startsWith('refs/heads/') || oldOid === null || newOid === null) return undefined;
      const isForward = await isAncestor(this.#reader, oldOid, newOid, { shallow, ...this.#signal });
      return isForward ? undefined : 'non-fast-forward';
    });
  }

  /** All new values in one walk; only where something is missing one by one, to find out whose it is. */
  async #checkConnected(candidates: readonly Candidate[], shallow: ReadonlySet<Oid>): Promise<void> {
    const roots = new Set(candidates.flatMap(({ command }) => (command.newOid === null ? [] : [command.newOid])));
    if (roots.size === 0) return;
    const haves = await this.#refTips();
    const missingFrom = async (oids: Iterable<Oid>): Promise<Oid | undefined> => {
      const outcome = await checkConnectivity(this.#reader, { roots: oids, haves, shallow, ...this.#signal });
      return outcome.connected ? undefined : outcome.missingOid;
    };
    try {
      if ((await missingFrom(roots)) === undefined) return;
    } catch (error) {
      if (!isGitError(error)) throw error;
    }
    await this.#each(candidates, async ({ newOid }) => {
      if (newOid === null) return undefined;
      const missingOid = await missingFrom([newOid]);
      if (missingOid !== undefined) return `missing necessary objects (${missingOid})`;
      haves.add(newOid); // complete, so the next walks end there
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
