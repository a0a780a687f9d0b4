import { GitError, isGitError } from '@git-kv/objects';
import type { BatchOptions, KvBatch } from './batch.js';
import type { StoreCore } from './core.js';
import type { DraftResult } from './draft-result.js';
import type { Edit } from './edit.js';
import type { Head } from './head.js';
import type { ChangeOptions } from './options.js';
import type { ReadSet } from './read-set.js';

const DEFAULT_RETRIES = 16;

/** What a batch came to; `moved` where it has to be run again, on what others left. */
type Outcome<T> = { readonly result: T } | { readonly moved: Head };

/** One go at a change that has come to its end. */
interface Run<T> {
  readonly batch: KvBatch;
  readonly base: Head | undefined;
  readonly reads: ReadSet | undefined;
  readonly result: T;
  /** Whether it may be run again. */
  readonly mayRepeat: boolean;
  /** The store need not keep for it any more what it reads and has stored. */
  readonly letGo: () => void;
}

/** One `changeAndPush`: the change is run, maybe more than once, and what it made is committed. */
export class Transaction {
  readonly #core: StoreCore;
  readonly #options: ChangeOptions;
  /** Where the store stood when it began. */
  readonly #start: Head | undefined;
  /** What it is run again on is nowhere the store stands, and must stay. */
  #isHolding = false;
  /** Something was stored that is not committed. */
  #isUntidy = false;
  readonly #exclusively: StoreCore['exclusively'];

  /** @param isInTurn  whether it has its turn among the writes already, so that the store goes nowhere meanwhile */
  constructor(core: StoreCore, options: ChangeOptions, isInTurn = false) {
    this.#core = core;
    this.#options = options;
    this.#start = core.head;
    this.#exclusively = isInTurn ? (task) => task() : (task) => core.exclusively(task);
  }

  async run<T>(
    open: (base: Head | undefined, options: BatchOptions) => Promise<KvBatch>,
    change: (batch: KvBatch) => T | Promise<T>,
  ): Promise<T> {
    try {
      return await this.#run(open, change);
    } finally {
      this.#unhold();
      if (this.#isUntidy) await this.#exclusively(() => this.#core.tidy());
    }
  }

  async #run<T>(
    open: (base: Head | undefined, options: BatchOptions) => Promise<KvBatch>,
    change: (batch: KvBatch) => T | Promise<T>,
  ): Promise<T> {
    const { retention, settings } = this.#core;
    const { isolation = 'snapshot', retries = settings.retries ?? DEFAULT_RETRIES } = this.#options;
    let base = this.#start;
    for (let attempt = 1; ; attempt++) {
      this.#options.signal?.throwIfAborted();
      let unpin = retention.pin(base?.treeOid);
      let batch: KvBatch | undefined;
      const letGo = (): void => {
        unpin();
        unpin = () => {};
        if (batch?.close()) this.#isUntidy = true;
      };
      let outcome: Outcome<T>;
      try {
        const reads = isolation === 'serializable' ? new (await import('./later.js')).ReadSet() : undefined;
        batch = await open(base, { reads, exclusively: this.#exclusively });
        const result = await change(batch);
        outcome = await this.#commit({ batch, base, reads, result, mayRepeat: attempt <= retries, letGo });
      } finally {
        letGo();
      }
      if ('result' in outcome) return outcome.result;
      base = outcome.moved;
    }
  }

  async #commit<T>({ batch, base, reads, result, mayRepeat, letGo }: Run<T>): Promise<Outcome<T>> {
    const core = this.#core;
    const draft = (await batch.finish()) ?? emptyDraft(core, base, reads);
    if (draft === undefined) return { result };
    let theirs: Head | undefined;
    const assertHolds = async (head: Head): Promise<void> => {
      theirs = head;
      await reads?.seal(core.trees, base?.treeOid, draft.treeOid);
      if (await reads?.differs(core.trees, base?.treeOid, head.treeOid)) throw readsChanged();
    };
    const edit: Edit = { baseTreeOid: base?.treeOid, ...draft, options: this.#options, assertHolds };
    // Only where the batch was run again does it stand on something else than the store.
    const isAhead = base?.oid !== this.#start?.oid;
    return await this.#exclusively(async () => {
      if (core.head?.oid !== this.#start?.oid) throw storeModified();
      this.#unhold();
      letGo(); // nothing else lets go of objects before the store is where they are needed
      const failures = await core.publish([edit], isAhead ? { head: base, pushedOid: base?.oid } : undefined);
      this.#isUntidy = failures.has(edit);
      if (!this.#isUntidy) return { result };
      const error = failures.get(edit);
      const canRepeat =
        mayRepeat && reads !== undefined && (isGitError(error, 'MERGE_CONFLICT') || error instanceof ReadsChanged);
      if (theirs === undefined || !canRepeat) throw error;
      this.#isHolding = true;
      core.retention.hold();
      return { moved: theirs };
    });
  }

  #unhold(): void {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    this.#core.retention.unhold();
  }
}

/** What came to nothing is nothing to commit, but what was written on top of a state that is old by now is to stand on the branch as it is. */
function emptyDraft({ trees }: StoreCore, base: Head | undefined, reads: ReadSet | undefined): DraftResult | undefined {
  return reads?.hasWritten ? { treeOid: base?.treeOid ?? trees.algorithm.emptyTreeOid, objects: [] } : undefined;
}

class ReadsChanged extends GitError {}

function readsChanged(): GitError {
  return new ReadsChanged('STORE_MODIFIED', 'Cannot push the change: others changed what it read, too often');
}

function storeModified(): GitError {
  return new GitError(
    'STORE_MODIFIED',
    'Cannot push the change: the store was modified outside of changeAndPush, please retry',
  );
}
