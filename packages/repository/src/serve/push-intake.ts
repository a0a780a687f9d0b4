import { isGitError } from '@git-kv/objects';
import {
  hasCapability,
  type PushCommand,
  type PushedRef,
  type PushReport,
  type PushRequest,
  type PushResult,
  parseCodedRefusal,
  serializePushReport,
} from '@git-kv/protocol';
import type { Quarantine } from '../object-store.js';
import type { RefUpdate } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { wordsForRemote } from './failure-words.js';
import { HookRunner } from './hook-runner.js';
import { RefMover } from './move-refs.js';
import type { PackBody } from './pack-body.js';
import type { PushAnswer } from './push-answer.js';
import { type Candidate, judge } from './push-judgement.js';
import type { ServeReceivePackOptions } from './receive-options.js';
import { isRefHidden } from './visible-refs.js';

/** Bytes of a refused pack that are read all the same, so that the client comes to read the answer. */
const MAX_DRAINED_BYTES = 64 * 2 ** 20;

const DEFAULT_MAX_INFLATED_BYTES = 4 * 2 ** 30;

const NOT_TRIED = 'atomic push failure';

interface IntakeOptions extends Omit<ServeReceivePackOptions, 'signal'> {
  readonly signal: AbortSignal;
  readonly answer: PushAnswer;
}

/** One push, from the parsed request to the report and what comes after it. */
export class PushIntake {
  readonly #repository: Repository;
  readonly #push: PushRequest;
  readonly #pack: PackBody | undefined;
  readonly #options: IntakeOptions;
  readonly #isAtomic: boolean;
  #identity: unknown;
  /** Commands that nothing was to be done for. */
  readonly #void = new Set<PushCommand>();

  constructor(repository: Repository, push: PushRequest, pack: PackBody | undefined, options: IntakeOptions) {
    this.#repository = repository;
    this.#push = push;
    this.#pack = pack;
    this.#options = options;
    this.#isAtomic = hasCapability(push.capabilities, 'atomic');
  }

  /** Resolves when nothing is left to do. The report goes out before that. */
  async run(): Promise<void> {
    const report = await this.#decide();
    const { capabilities } = this.#push;
    const isVersion2 = hasCapability(capabilities, 'report-status-v2');
    if (isVersion2 || hasCapability(capabilities, 'report-status')) {
      this.#options.answer.report(serializePushReport(report, isVersion2 ? this.#repository.algorithm : undefined));
    }
    const moved = this.#push.commands.filter(
      (command, at) => report.results[at]?.ok === true && !this.#void.has(command),
    );
    await this.#hooks().postReceive(moved, report.results, this.#repository.objects);
  }

  async #decide(): Promise<PushReport> {
    const verdict = await this.#options.authorize?.(this.#push.commands);
    const isAllowed =
      verdict === undefined || (typeof verdict === 'object' && verdict !== null && 'identity' in verdict);
    if (!isAllowed) {
      await this.#pack?.drain(MAX_DRAINED_BYTES);
      // It need not be written in TypeScript: what is neither a reason nor a permission is no permission.
      return this.#reportForAll('ok', typeof verdict === 'string' && verdict !== '' ? verdict : 'access is denied');
    }
    this.#identity = verdict?.identity;
    let quarantine: Quarantine | undefined;
    try {
      quarantine = await this.#receive(this.#pack);
    } catch (error) {
      if (!isGitError(error)) throw error;
      await this.#pack?.drain(MAX_DRAINED_BYTES);
      return this.#reportForAll(wordsForRemote(error, this.#options.onFailure), 'unpacker error');
    }
    try {
      return await this.#move(quarantine);
    } finally {
      await quarantine?.discard();
    }
  }

  async #receive(pack: PackBody | undefined): Promise<Quarantine | undefined> {
    if (pack === undefined) return undefined;
    const {
      rules,
      signal,
      maxObjectBytes,
      freeInflatedBytes,
      maxInflatedBytes = DEFAULT_MAX_INFLATED_BYTES,
    } = this.#options;
    const caps = [this.#options.maxPackBytes, rules?.maxPackBytes].filter((cap) => cap !== undefined);
    const { checkObjects = true } = rules ?? {};
    const check = checkObjects === true ? {} : checkObjects;
    const quarantine = await this.#repository.objects.receive(pack.chunks, {
      signal,
      ...(caps.length > 0 && { maxPackBytes: Math.min(...caps) }),
      ...(maxObjectBytes !== undefined && { maxObjectBytes }),
      maxInflatedBytes,
      ...(freeInflatedBytes !== undefined && { freeInflatedBytes }),
      ...(this.#options.isOpenEnded && { stopsAtTrailer: true }),
      ...(check && { check }),
    });
    pack.isWhole = true;
    return quarantine;
  }

  /** Judge, ask, and move what nothing speaks against. */
  async #move(quarantine: Quarantine | undefined): Promise<PushReport> {
    const { signal, answer, rules, hidden, onFailure } = this.#options;
    const reader = quarantine?.reader ?? this.#repository.objects;
    const candidates: Candidate[] = this.#push.commands.map((command) => ({ command }));
    const { shallowOids } = this.#push;
    const say = (text: string): void => answer.say(text);
    await judge(this.#repository, candidates, reader, {
      rules,
      shallowOids,
      signal,
      say,
      onFailure,
      ...(hidden && { hidden }),
    });
    signal.throwIfAborted();
    const hooks = this.#hooks(quarantine);
    const added = await this.#ask(hooks, candidates, quarantine);
    signal.throwIfAborted();
    for (const { command, isVoid } of candidates) if (isVoid) this.#void.add(command);
    const ready = this.#ready(candidates).filter((one) => one.isVoid !== true && one.aliasOf === undefined);
    if (ready.length > 0) {
      const mover = new RefMover(this.#repository, { quarantine, reader, hooks, onFailure });
      if (this.#isAtomic || added.length > 0) await mover.moveTogether(ready, added);
      else await mover.moveEach(ready);
      if (this.#ready(candidates).length === 0) signal.throwIfAborted();
    }
    for (const one of candidates) if (one.aliasOf?.reason !== undefined) one.reason ??= one.aliasOf.reason;
    return { unpack: 'ok', results: resultsOf(candidates, this.#toldRefs(added)) };
  }

  /** Ask the hooks about what is left. Returns what moves besides. */
  async #ask(
    hooks: HookRunner,
    candidates: readonly Candidate[],
    quarantine: Quarantine | undefined,
  ): Promise<readonly RefUpdate[]> {
    const reader = quarantine?.reader ?? this.#repository.objects;
    let ready = this.#ready(candidates);
    if (ready.length === 0) return [];
    const { reasons, added } = await hooks.preReceive(commandsOf(ready), reader);
    for (const candidate of ready) {
      const reason = typeof reasons === 'string' ? reasons : reasons.get(candidate.command.name);
      if (reason !== undefined) candidate.reason = reason;
    }
    ready = this.#ready(candidates);
    const missing = await this.#findMissing(added, quarantine);
    if (missing !== undefined) {
      this.#options.onFailure?.(new TypeError(`Cannot add ${missing.name} to a push: its new value is not there`));
      for (const candidate of ready) candidate.reason = 'pre-receive hook failed';
      return [];
    }
    for (const candidate of ready) {
      if (candidate.aliasOf !== undefined) continue;
      const reason = await hooks.update(candidate.command, commandsOf(ready), reader);
      if (reason !== undefined) candidate.reason = reason;
    }
    return added;
  }

  /** An update by a hook whose new value is in neither the push nor the repository. */
  async #findMissing(added: readonly RefUpdate[], quarantine: Quarantine | undefined): Promise<RefUpdate | undefined> {
    const reader = quarantine?.reader ?? this.#repository.objects;
    for (const update of added) {
      if (update.next === null || 'target' in update.next) continue;
      if ((await reader.stat(update.next.oid, { signal: this.#options.signal })) === undefined) return update;
    }
    return undefined;
  }

  /** What nothing speaks against; nothing at all where an atomic push has one that something speaks against. */
  #ready(candidates: readonly Candidate[]): Candidate[] {
    if (this.#isAtomic && candidates.some(({ reason }) => reason !== undefined)) {
      for (const candidate of candidates) candidate.reason ??= NOT_TRIED;
    }
    return candidates.filter(({ reason }) => reason === undefined);
  }

  #hooks(quarantine?: Quarantine): HookRunner {
    const { hooks = {}, answer, signal, hookTimeoutMs, onFailure } = this.#options;
    return new HookRunner({
      repository: this.#repository,
      hooks,
      pushOptions: this.#push.pushOptions,
      identity: this.#identity,
      quarantine,
      say: (text) => answer.say(text),
      signal,
      timeoutMs: hookTimeoutMs,
      onFailure,
    });
  }

  /**
   * Of what hooks have moved, that which a client may see and has no branch or tag of: it would take those for its own, whose
   * objects it lacks.
   */
  #toldRefs(added: readonly RefUpdate[]): PushedRef[] {
    return added.flatMap(({ name, expected, next }): PushedRef[] => {
      if (/^refs\/(?:heads|tags)\//.test(name) || isRefHidden(name, this.#options.hidden)) return [];
      if ((next !== null && !('oid' in next)) || (expected && !('oid' in expected))) return [];
      return [{ name, oldOid: expected?.oid ?? null, newOid: next?.oid ?? null }];
    });
  }

  #reportForAll(unpack: string, reason: string): PushReport {
    return { unpack, results: this.#push.commands.map(({ name }) => refusal(name, reason)) };
  }
}

function commandsOf(candidates: readonly Candidate[]): PushCommand[] {
  return candidates.map(({ command }) => command);
}

/** One result for each command; the first that moved tells of what hooks have moved with it. */
function resultsOf(candidates: readonly Candidate[], told: readonly PushedRef[]): PushResult[] {
  let further = told;
  return candidates.map(({ command, reason }): PushResult => {
    if (reason !== undefined) return refusal(command.name, reason);
    if (further.length === 0) return { name: command.name, ok: true };
    const { name, oldOid, newOid } = command;
    const refs = [{ name, oldOid, newOid }, ...further];
    further = [];
    return { name, ok: true, refs };
  });
}

function refusal(name: string, reason: string): PushResult {
  const refusal = parseCodedRefusal(reason);
  return { name, ok: false, reason, ...(refusal && { refusal }) };
}
