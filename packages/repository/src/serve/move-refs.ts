import type { Oid } from '@git-kv/objects';
import type { PushCommand } from '@git-kv/protocol';
import type { ObjectReader, Quarantine } from '../object-store.js';
import type { RefOutcome, RefUpdate } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { type OnServeFailure, wordsForRemote } from './failure-words.js';
import type { HookRunner } from './hook-runner.js';
import { type Candidate, NOT_THERE } from './push-judgement.js';

const NOT_MOVED = 'atomic transaction failed';

const REFLOG = { name: 'git-kv', email: 'git-kv@localhost', message: 'push' };

interface MoverOptions {
  readonly quarantine: Quarantine | undefined;
  /** Sees what arrived, before it is published and after. */
  readonly reader: ObjectReader;
  readonly hooks: HookRunner;
  readonly onFailure: OnServeFailure | undefined;
}

/** Moves the refs of a push. Where it fails, the candidates say why. */
export class RefMover {
  readonly #repository: Repository;
  readonly #options: MoverOptions;

  constructor(repository: Repository, options: MoverOptions) {
    this.#repository = repository;
    this.#options = options;
  }

  /** Move the refs of all `candidates` and the `added` ones, or none. */
  async moveTogether(candidates: readonly Candidate[], added: readonly RefUpdate[]): Promise<void> {
    await this.#move(candidates, added, this.#options.quarantine);
    if (candidates.every(({ reason }) => reason === undefined)) return;
    for (const candidate of candidates) candidate.reason ??= NOT_MOVED;
  }

  /** Move the ref of each candidate for itself. */
  async moveEach(candidates: readonly Candidate[]): Promise<void> {
    const { quarantine, hooks } = this.#options;
    const [only, ...more] = candidates;
    if (only === undefined) return;
    if (more.length === 0) return await this.#move([only], [], quarantine);
    if (hooks.hasTransactionHook) {
      // Published by the first that the hook lets pass: it may refuse them all.
      for (const candidate of candidates) await this.#move([candidate], [], quarantine);
      return;
    }
    try {
      await quarantine?.publish();
    } catch (error) {
      this.#refuse(candidates, error);
      return;
    }
    for (const candidate of candidates) await this.#move([candidate], [], undefined);
  }

  /** Publish, and move refs in one transaction. */
  async #move(
    candidates: readonly Candidate[],
    added: readonly RefUpdate[],
    quarantine: Quarantine | undefined,
  ): Promise<void> {
    const updates = [...candidates.map(({ command }) => toUpdate(command)), ...added];
    const shallowOids = candidates.flatMap((candidate) => candidate.shallowOids ?? []);
    const commands = candidates.map(({ command }) => command);
    let outcome: RefOutcome | { readonly status: 'refused'; readonly reason: string };
    try {
      await this.#noteBoundary(shallowOids, quarantine);
      outcome = this.#options.hooks.hasTransactionHook
        ? await this.#transactWithHook(updates, commands, quarantine)
        : await this.#repository.transact({ ...(quarantine && { quarantine }), updates, options: { reflog: REFLOG } });
    } catch (error) {
      this.#refuse(candidates, error);
      return;
    }
    if (outcome.status === 'updated') return;
    for (const candidate of candidates) {
      candidate.reason = outcome.status === 'refused' ? outcome.reason : reasonFor(candidate.command, outcome);
    }
  }

  async #transactWithHook(
    updates: readonly RefUpdate[],
    commands: readonly PushCommand[],
    quarantine: Quarantine | undefined,
  ): Promise<RefOutcome | { readonly status: 'refused'; readonly reason: string }> {
    const { hooks, reader } = this.#options;
    const options = { reflog: REFLOG };
    const prepared = await this.#repository.refs.prepare?.(updates, options);
    if (prepared !== undefined && prepared.status !== 'prepared') return prepared;
    let outcome: RefOutcome | undefined;
    let isClosed = false;
    try {
      const reason = await hooks.referenceTransaction('prepared', updates, commands, reader);
      if (reason !== undefined) return { status: 'refused', reason };
      if (prepared !== undefined) await quarantine?.publish();
      isClosed = true;
      outcome = prepared
        ? await prepared.commit()
        : await this.#repository.transact({ ...(quarantine && { quarantine }), updates, options });
      return outcome;
    } finally {
      if (!isClosed) await prepared?.abort();
      const phase = outcome?.status === 'updated' ? 'committed' : 'aborted';
      await hooks.referenceTransaction(phase, updates, commands, reader);
    }
  }

  /**
   * Note where the history of what arrived ends, before refs reach it. It stays noted where they do not move after all: another push
   * may have found it here and rely on it by now, and to what no ref reaches it makes no difference.
   */
  async #noteBoundary(shallowOids: readonly Oid[], quarantine: Quarantine | undefined): Promise<void> {
    if (shallowOids.length === 0) return;
    await quarantine?.publish();
    await this.#repository.shallow.update({ add: shallowOids, remove: [] });
  }

  /** Whatever failed: others of the push may have moved, and the client has to hear which. */
  #refuse(candidates: readonly Candidate[], error: unknown): void {
    const reason = wordsForRemote(error, this.#options.onFailure);
    for (const candidate of candidates) candidate.reason = reason;
  }
}

function toUpdate({ name, oldOid, newOid }: PushCommand): RefUpdate {
  return {
    name,
    expected: oldOid === null ? null : { oid: oldOid },
    next: newOid === null ? null : { oid: newOid },
  };
}

/** What an outcome that moved nothing means for one of its commands. */
function reasonFor({ name, oldOid }: PushCommand, outcome: Exclude<RefOutcome, { status: 'updated' }>): string {
  if (outcome.status === 'fenced') return 'the server is not the leader';
  const { actual } = outcome;
  if (outcome.name === name && !(actual === null ? oldOid === null : 'oid' in actual && actual.oid === oldOid)) {
    return actual === null ? NOT_THERE : `${name} has moved; fetch first`;
  }
  const isInTheWay = name.startsWith(`${outcome.name}/`) || outcome.name.startsWith(`${name}/`);
  return isInTheWay ? `${outcome.name} is in the way` : NOT_MOVED;
}
