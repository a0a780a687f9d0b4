import { isGitError, type Oid } from '@git-kv/objects';
import { Contention } from './contention.js';
import type { Edit, FirstTry, Ground, Published, PublisherOptions } from './edit.js';
import type { Head } from './head.js';

/** Makes commits of edits and pushes them, on top of what others pushed in the meantime where the branch has moved. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #contention = new Contention();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /**
   * A commit for each edit, in one push. An edit that cannot be made fails alone. Never throws for an edit: see
   * {@link Published.failures}.
   */
  async publish(edits: readonly Edit[], ground: Ground): Promise<Published> {
    const isPlain = !this.#contention.isCrowded && this.#isStack(edits, ground);
    const outcome = isPlain ? await this.#publishAtOnce(edits, ground) : {};
    if ('position' in outcome) return outcome;
    // Loaded when it is needed: where nobody else writes, the first try is the last.
    const { publishAgain } = await import('./later.js');
    return await publishAgain(this.#options, this.#contention, edits, ground, outcome);
  }

  /** Whether each edit changes something of what the one before it left, from the ground on. */
  #isStack(edits: readonly Edit[], { head, pushedOid }: Ground): boolean {
    let treeOid = head?.treeOid;
    for (const edit of edits) {
      const isOnTop = edit.baseTreeOid === treeOid;
      treeOid ??= this.#options.repository.algorithm.emptyTreeOid;
      if (!isOnTop || edit.treeOid === treeOid) return false;
      treeOid = edit.treeOid;
    }
    return head?.oid === pushedOid;
  }

  /** The first try, which mostly is all there is. */
  async #publishAtOnce(edits: readonly Edit[], ground: Ground): Promise<Published | FirstTry> {
    const { committer, repository, retention, upstream } = this.#options;
    const start = performance.now();
    const objects = edits.flatMap((edit) => edit.objects);
    let top: Head | undefined = ground.head;
    for (const edit of edits) {
      try {
        edit.options.signal?.throwIfAborted();
        const parentOids = top === undefined ? [] : [top.oid];
        const made = await committer.make({ treeOid: edit.treeOid, parentOids }, edit.options);
        objects.push(made.object);
        top = made.head;
      } catch (error) {
        return { failed: [edit, error] };
      }
    }
    const pending = top as Head;
    let isSent = false;
    try {
      const oids = await repository.objects.writeMany(objects);
      retention.wrote(objects);
      isSent = true;
      // Edits that can be aborted come alone.
      const signal = edits.length === 1 ? edits[0]?.options.signal : undefined;
      const refusal = await upstream.push(ground.pushedOid, pending.oid, {
        signal,
        added: edits.some(({ isPartlyStored }) => isPartlyStored)
          ? undefined
          : {
              objects: objects.map(({ kind }, at) => ({ kind, oid: oids[at] as Oid })),
              treeOids: [ground.head?.treeOid, ...edits.map(({ treeOid }) => treeOid)],
            },
      });
      const ms = performance.now() - start;
      if (refusal?.isRace && !refusal.isStale) this.#contention.lost(ms);
      if (refusal !== undefined) return { refusal, ms };
      this.#contention.won(ms);
      return { failures: new Map(), position: { head: pending, pushedOid: pending.oid } };
    } catch (error) {
      const failures = new Map(edits.map((edit) => [edit, error]));
      const isUnknown = isSent && isGitError(error, 'PUSH_OUTCOME_UNKNOWN');
      return { failures, position: undefined, ...(isUnknown && { pending }) };
    }
  }
}
