import type { CodedRefusal, PushCommand, PushResult } from '@git-kv/protocol';
import type { ObjectReader } from '../object-store.js';
import type { RefName, RefUpdate } from '../ref-store.js';
import type { Repository } from '../repository.js';

/** Why a hook refuses: words for a person, or a {@link CodedRefusal} that programs read, too. */
export type PushRefusal = string | CodedRefusal;

/** What a hook is told of a push. */
export interface PushContext<Identity = unknown> {
  readonly repository: Repository;
  /** What is asked for, less what was refused before. */
  readonly updates: readonly PushCommand[];
  readonly pushOptions: readonly string[];
  /** Who pushes, as `authorize` says. */
  readonly identity: Identity | undefined;
  /** Reads what arrived, which nobody else sees yet, and then the repository. */
  readonly objects: ObjectReader;
  /**
   * Where programs find what arrived until refs move: a directory that git takes for GIT_OBJECT_DIRECTORY, or among alternates;
   * `undefined` where no pack came, or it is part of the repository by now. Absent where the store has no such thing.
   */
  readonly objectDirectory?: () => Promise<string | undefined>;
  /** Aborted where the push is given up, or the hook has had its time. */
  readonly signal: AbortSignal;
  /** Say something to who pushes: git shows it after `remote: `. Control characters are taken out. */
  say(text: string): void;
}

/**
 * What `preReceive` decides. `reject`: all of the push, or the refs that are named. `add`: more refs to move; all that is left
 * of the push then moves in one transaction with them, or nothing does.
 */
export interface PreReceiveAnswer {
  readonly reject?: PushRefusal | Readonly<Record<RefName, PushRefusal>>;
  readonly add?: readonly RefUpdate[];
}

/** Where a ref transaction stands: locked and compared, done, or not done. */
export type RefTransactionPhase = 'prepared' | 'committed' | 'aborted';

/** What a hook answers, at once or later. Nothing lets pass. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that returns nothing is one that lets pass
export type HookAnswer<Answer> = Answer | undefined | void | Promise<Answer | undefined | void>;

/**
 * What the owner of a repository has to say about pushes, as git's hooks. A hook that throws, or takes too long, refuses, and the
 * client hears that it failed but not why.
 */
export interface PushHooks<Identity = unknown> {
  /** Once for each push, when all of it has arrived and is sound. */
  preReceive?(context: PushContext<Identity>): HookAnswer<PreReceiveAnswer>;
  /** For each ref that `preReceive` let pass. A refusal is for this ref alone. */
  update?(update: PushCommand, context: PushContext<Identity>): HookAnswer<PushRefusal>;
  /**
   * For each transaction of refs: `prepared` may refuse it; then comes `committed` or `aborted`. On an engine with
   * `RefStore.prepare` the refs are locked and compared by then, on others they are not, and `prepared` may be followed by
   * `aborted` where somebody else was faster.
   */
  referenceTransaction?(
    phase: RefTransactionPhase,
    updates: readonly RefUpdate[],
    context: PushContext<Identity>,
  ): HookAnswer<PushRefusal>;
  /** When the outcome stands and was told to the client. `context.updates` are those that happened. Nothing it does changes that. */
  postReceive?(context: PushContext<Identity> & { readonly results: readonly PushResult[] }): unknown;
}
