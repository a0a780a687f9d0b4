import { type PushCommand, type PushResult, serializeCodedRefusal } from '@git-kv/protocol';
import type { ObjectReader, Quarantine } from '../object-store.js';
import type { RefUpdate } from '../ref-store.js';
import type { Repository } from '../repository.js';
import type { OnServeFailure } from './failure-words.js';
import type { PushContext, PushHooks, PushRefusal, RefTransactionPhase } from './push-hooks.js';

/** Milliseconds that one call of a hook may take. */
const DEFAULT_TIMEOUT_MS = 60_000;

/** What hooks are called with, and for how long. */
export interface HookRunnerOptions {
  readonly repository: Repository;
  readonly hooks: PushHooks;
  readonly pushOptions: readonly string[];
  readonly identity: unknown;
  readonly quarantine?: Quarantine | undefined;
  readonly say: (text: string) => void;
  /** Of the push. */
  readonly signal: AbortSignal;
  readonly timeoutMs?: number | undefined;
  readonly onFailure: OnServeFailure | undefined;
}

/** What came of `preReceive`: reasons by ref, or one for all, and refs to move besides. */
export interface PreReceiveOutcome {
  readonly reasons: ReadonlyMap<string, string> | string;
  readonly added: readonly RefUpdate[];
}

/** Calls the hooks of one push, each within its time, and puts what they answer into words. Never throws but for an abort. */
export class HookRunner {
  readonly #options: HookRunnerOptions;

  constructor(options: HookRunnerOptions) {
    this.#options = options;
  }

  get hasTransactionHook(): boolean {
    return this.#options.hooks.referenceTransaction !== undefined;
  }

  async preReceive(updates: readonly PushCommand[], objects: ObjectReader): Promise<PreReceiveOutcome> {
    const { hooks } = this.#options;
    if (hooks.preReceive === undefined) return { reasons: new Map(), added: [] };
    const called = await this.#call('pre-receive', updates, objects, async (context) => {
      const { reject, add = [] } = (await hooks.preReceive?.(context)) ?? {};
      if (typeof reject === 'string' || isCoded(reject)) return { reasons: wordsOf(reject), added: [] };
      const names = new Set(updates.map(({ name }) => name));
      const reasons = new Map<string, string>();
      for (const [name, refusal] of Object.entries(reject ?? {})) {
        if (!names.has(name)) throw new TypeError(`Cannot reject ${name}: it is not part of the push`);
        reasons.set(name, wordsOf(refusal));
      }
      for (const { name } of add) {
        if (!name.startsWith('refs/') || names.has(name)) {
          throw new TypeError(`Cannot add ${name} to a push: it is part of it, or is not below refs/`);
        }
        names.add(name);
      }
      return { reasons, added: add };
    });
    return 'failed' in called ? { reasons: called.failed, added: [] } : called.answer;
  }

  /** Why the hook refuses one ref, if it does. */
  async update(
    update: PushCommand,
    updates: readonly PushCommand[],
    objects: ObjectReader,
  ): Promise<string | undefined> {
    const { hooks } = this.#options;
    if (hooks.update === undefined) return undefined;
    const called = await this.#call('update', updates, objects, async (context) => {
      const refusal = await hooks.update?.(update, context);
      return refusal === undefined ? undefined : wordsOf(refusal);
    });
    return 'failed' in called ? called.failed : called.answer;
  }

  /** Why the hook refuses a transaction that is prepared, if it does. What it says of others is not heard. */
  async referenceTransaction(
    phase: RefTransactionPhase,
    changes: readonly RefUpdate[],
    updates: readonly PushCommand[],
    objects: ObjectReader,
  ): Promise<string | undefined> {
    const { hooks } = this.#options;
    if (hooks.referenceTransaction === undefined) return undefined;
    const call = async (context: PushContext): Promise<string | undefined> => {
      const refusal = await hooks.referenceTransaction?.(phase, changes, context);
      return refusal === undefined ? undefined : wordsOf(refusal);
    };
    if (phase !== 'prepared') {
      await this.#call('reference-transaction', updates, objects, call, false);
      return undefined;
    }
    const called = await this.#call('reference-transaction', updates, objects, call).catch((error: unknown) => {
      if (!this.#options.signal.aborted) throw error;
      return { failed: 'the push was given up' };
    });
    return 'failed' in called ? called.failed : called.answer;
  }

  async postReceive(
    updates: readonly PushCommand[],
    results: readonly PushResult[],
    objects: ObjectReader,
  ): Promise<void> {
    const { hooks } = this.#options;
    if (hooks.postReceive === undefined || updates.length === 0) return;
    const call = async (context: PushContext): Promise<void> =>
      void (await hooks.postReceive?.({ ...context, results }));
    await this.#call('post-receive', updates, objects, call, false);
  }

  /**
   * Call a hook, until it answers, its time is up, or the push is given up (where that still changes something). One that goes on
   * after that is not waited for.
   */
  async #call<Answer>(
    name: string,
    updates: readonly PushCommand[],
    objects: ObjectReader,
    call: (context: PushContext) => Promise<Answer>,
    endsWithPush = true,
  ): Promise<{ readonly answer: Answer } | { readonly failed: string }> {
    const { repository, pushOptions, identity, quarantine, say, signal } = this.#options;
    const { timeoutMs = DEFAULT_TIMEOUT_MS, onFailure } = this.#options;
    const own = new AbortController();
    let isOver = false;
    const context: PushContext = {
      repository,
      updates,
      pushOptions,
      identity,
      objects,
      ...(quarantine?.objectDirectory && { objectDirectory: async () => await quarantine.objectDirectory?.() }),
      signal: own.signal,
      say: (text) => {
        if (!isOver) say(text);
      },
    };
    const giveUp = (): void => own.abort(signal.reason);
    if (endsWithPush) {
      signal.throwIfAborted();
      signal.addEventListener('abort', giveUp);
    }
    const timer = setTimeout(() => {
      own.abort(new Error(`Cannot wait for the ${name} hook: it has taken more than ${timeoutMs} ms`));
    }, timeoutMs);
    // Before the call, which may end it at once.
    const cut = new Promise<never>((_, reject) => {
      own.signal.addEventListener('abort', () => reject(own.signal.reason));
    });
    try {
      return { answer: await Promise.race([cut, call(context)]) };
    } catch (error) {
      if (endsWithPush) signal.throwIfAborted();
      onFailure?.(error);
      return { failed: `${name} hook failed` };
    } finally {
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }
}

function isCoded(value: unknown): value is Exclude<PushRefusal, string> {
  return typeof value === 'object' && value !== null && typeof (value as { code?: unknown }).code === 'string';
}

/** For a report: one line, and not an empty one. */
function wordsOf(refusal: PushRefusal): string {
  if (typeof refusal !== 'string') return serializeCodedRefusal(refusal);
  return refusal.trim() === '' ? 'hook declined' : refusal;
}
