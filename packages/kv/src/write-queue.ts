import type { Oid, RawObject } from '@git-kv/objects';
import { Draft } from './draft.js';
import type { DraftResult } from './draft-result.js';
import type { DraftWrite } from './draft-writes.js';
import { type Edit, NOT_TRIED, type Published } from './edit.js';
import { assertExpected, type Expectation } from './expectation.js';
import type { Head } from './head.js';
import type { Mutex } from './mutex.js';
import type { WriteOptions } from './options.js';
import { findSlot, type Look } from './tree/slot.js';
import type { TreeCache } from './tree/tree-cache.js';

/** A commit each, in one push. */
const MAX_GROUP = 64;

interface QueuedWrite {
  readonly write: DraftWrite;
  readonly options: WriteOptions;
  readonly expects: Expectation | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The store that writes are made in. */
export interface WriteTarget {
  readonly head: Head | undefined;
  readonly trees: TreeCache;
  readonly maxValueBytes: number;
  /** @throws {GitError} UNPUSHED_COMMIT */
  assertSettled(): void;
  publish(edits: readonly Edit[]): Promise<Published['failures']>;
  /** Let go of what failed. */
  tidy(): Promise<void>;
}

/** Until what is returned is called. */
function onAbort(signal: AbortSignal | undefined, act: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => {};
  const listener = (): void => act(signal.reason);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** Writes that wait for their turn together are pushed together: each its own commit, all in one push. */
export class WriteQueue {
  readonly #target: WriteTarget;
  readonly #turns: Mutex;
  /** Takes writes until it is its turn, or something else has to come after it. */
  #open: QueuedWrite[] | undefined;

  constructor(target: WriteTarget, turns: Mutex) {
    this.#target = target;
    this.#turns = turns;
  }

  /** Resolves when the write is pushed, or has nothing to change. */
  add(write: DraftWrite, options: WriteOptions, expects?: Expectation): Promise<void> {
    return new Promise((resolve, reject) => {
      const queued = { write, options, expects, resolve, reject };
      // What can be aborted comes alone: a push is aborted for all that is in it.
      const isAlone = options.signal !== undefined;
      if (!isAlone && this.#open !== undefined && this.#open.length < MAX_GROUP) {
        this.#open.push(queued);
        return;
      }
      const group = [queued];
      this.#open = isAlone ? undefined : group;
      const stopListening = onAbort(options.signal, (reason) => {
        group.length = 0;
        reject(reason);
      });
      const run = async (): Promise<void> => {
        stopListening();
        await this.#run(group);
      };
      this.#turns.run(run).catch(() => {}); // each write has its own promise
    });
  }

  /** What comes next does not come before what was added until now. */
  close(): void {
    this.#open = undefined;
  }

  async #run(group: QueuedWrite[]): Promise<void> {
    if (this.#open === group) this.#open = undefined;
    while (group.length > 0) {
      const written = new Map<Edit, QueuedWrite>();
      try {
        await this.#draft(group, written);
        if (written.size === 0) continue;
        const failures = await this.#target.publish([...written.keys()]);
        if (failures.size === written.size) await this.#target.tidy();
        const again: QueuedWrite[] = [];
        for (const [edit, queued] of written) {
          const error = failures.get(edit);
          if (error === NOT_TRIED) again.push(queued);
          else if (failures.has(edit)) queued.reject(error);
          else queued.resolve();
        }
        group.unshift(...again);
      } catch (error) {
        for (const { reject } of [...written.values(), ...group]) reject(error);
        return;
      }
    }
  }

  /** Take writes from `group` and make edits of them, each on top of the one before. */
  async #draft(group: QueuedWrite[], written: Map<Edit, QueuedWrite>): Promise<void> {
    const { trees, maxValueBytes, head } = this.#target;
    this.#target.assertSettled();
    const draft = await Draft.open(trees, head?.treeOid, maxValueBytes);
    const values = new Set<Oid>();
    const known = new Set<RawObject>();
    let baseTreeOid = head?.treeOid;
    for (let queued = group.shift(); queued !== undefined; queued = group.shift()) {
      let sealed: DraftResult | undefined;
      try {
        queued.options.signal?.throwIfAborted();
        if (queued.expects) await this.#assertExpected(queued.expects, baseTreeOid);
        await queued.write(draft);
        sealed = draft.seal(values);
      } catch (error) {
        // Whether it is wrong shows when what came before it is pushed.
        if (written.size > 0) group.unshift(queued);
        else queued.reject(error);
        return; // the draft may have some of it
      }
      const treeOid = sealed?.treeOid ?? baseTreeOid ?? trees.algorithm.emptyTreeOid;
      if (sealed === undefined || treeOid === baseTreeOid) {
        if (written.size > 0) {
          group.unshift(queued); // as is whether it has nothing to change
          return;
        }
        if (queued.expects === undefined) {
          queued.resolve();
          continue;
        }
        // What it expects may have changed at the remote.
      }
      const objects = (sealed?.objects ?? []).filter((object) => !known.has(object));
      for (const object of objects) known.add(object);
      const { write, options, expects } = queued;
      const assertHolds = expects && (({ treeOid: theirs }: Head) => this.#assertExpected(expects, theirs));
      const remake = write.isDoneAgain && this.#remakeOf(write, baseTreeOid);
      const edit = {
        baseTreeOid,
        treeOid,
        objects,
        options,
        ...(assertHolds && { assertHolds }),
        ...(remake && { remake }),
      };
      written.set(edit, queued);
      baseTreeOid = treeOid;
    }
  }

  #remakeOf(write: DraftWrite, baseTreeOid: Oid | undefined): Edit['remake'] {
    const { trees, maxValueBytes } = this.#target;
    const lookAt =
      (treeOid: Oid = trees.algorithm.emptyTreeOid): Look =>
      (key) =>
        findSlot(trees, treeOid, key);
    return async ({ treeOid: theirs }) => {
      if (!(await write.isDoneAgain?.(lookAt(baseTreeOid), lookAt(theirs)))) return undefined;
      const draft = await Draft.open(trees, theirs, maxValueBytes);
      await write(draft);
      return draft.seal() ?? { treeOid: theirs, objects: [] };
    };
  }

  /** What is drafted and not stored yet is in the cache of trees. */
  async #assertExpected(expects: Expectation, treeOid: Oid | undefined): Promise<void> {
    const { trees } = this.#target;
    const slot = await findSlot(trees, treeOid ?? trees.algorithm.emptyTreeOid, expects.key);
    await assertExpected(trees.reader, expects, slot?.oid);
  }
}
