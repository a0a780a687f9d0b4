import { defaultLimits, GitError, NotFoundError, type Oid, parseCommitLinks } from '@git-kv/objects';
import type { RepositoryObjects } from '@git-kv/repository';
import { type Change, diffKeys } from './changes.js';
import { Committer } from './committer.js';
import type { DraftWrite } from './draft-writes.js';
import type { Edit, Ground, Published } from './edit.js';
import type { Expectation } from './expectation.js';
import type { Head } from './head.js';
import { Mutex } from './mutex.js';
import type { StoreState } from './octets/state.js';
import type { KvOptions, PullOptions, UnpushedPolicy, WriteOptions } from './options.js';
import type { Plan, Position } from './position.js';
import { Publisher } from './publisher.js';
import { Retention } from './retention.js';
import { TreeCache } from './tree/tree-cache.js';
import type { Upstream, UpstreamTip } from './upstream.js';
import { WriteQueue } from './write-queue.js';

const DEFAULT_HELD_BYTES = 2 ** 24;

/** What a {@link StoreCore} stands on; `position` is where a saved store was, absent to start from the branch. */
export interface CoreOptions extends KvOptions {
  readonly repository: RepositoryObjects;
  readonly upstream: Upstream;
  readonly refName: string;
  readonly onUnpushed: UnpushedPolicy;
  readonly position?: {
    readonly headOid: Oid | undefined;
    readonly pushedOid: Oid | undefined;
    readonly pendingOid: Oid | undefined;
  };
}

/** What a store and its batches share: the position, and the two ways to move it, commit and pull. */
export class StoreCore {
  readonly repository: RepositoryObjects;
  readonly refName: string;
  readonly trees: TreeCache;
  readonly retention: Retention;
  readonly maxValueBytes: number;
  readonly maxHeldBytes: number;
  readonly #turns = new Mutex();
  readonly clock: () => number;
  /** Told of each commit that the store comes to stand on and that the remote has. */
  onMoved: ((head: Pick<Head, 'oid' | 'parentOids'>) => void) | undefined;
  readonly #upstream: Upstream;
  readonly #options: CoreOptions;
  readonly #committer: Committer;
  readonly #publisher: Publisher;
  readonly #queue: WriteQueue;
  #position: Position = { head: undefined, pushedOid: undefined, pending: undefined };

  private constructor(options: CoreOptions) {
    this.#options = options;
    this.repository = options.repository;
    this.refName = options.refName;
    this.#upstream = options.upstream;
    this.trees = new TreeCache(options.repository.objects);
    this.retention = new Retention(options.repository, {
      isEnabled: !options.upstream.keepsHistory,
      drops: options.upstream.settle === undefined,
    });
    this.maxValueBytes = options.limits?.valueBytes ?? defaultLimits.objectBytes;
    this.maxHeldBytes = options.limits?.heldBytes ?? DEFAULT_HELD_BYTES;
    this.clock = options.clock ?? Date.now;
    const { repository, upstream } = options;
    this.#committer = new Committer(repository, options);
    this.#publisher = new Publisher({
      repository,
      upstream,
      committer: this.#committer,
      retention: this.retention,
      readHead: (oid) => this.#readHead(oid),
      settings: options,
    });
    this.#queue = new WriteQueue(this, this.#turns);
  }

  static async open(options: CoreOptions): Promise<StoreCore> {
    const core = new StoreCore(options);
    const { headOid, pushedOid, pendingOid } = options.position ?? {};
    const read = async (oid: Oid | undefined): Promise<Head | undefined> =>
      oid === undefined ? undefined : core.#readHead(oid);
    core.#position = { head: await read(headOid), pushedOid, pending: await read(pendingOid) };
    return core;
  }

  get settings(): KvOptions {
    return this.#options;
  }

  get head(): Head | undefined {
    return this.#position.head;
  }

  get pushedOid(): Oid | undefined {
    return this.#upstream.keepsHistory ? undefined : this.#position.pushedOid;
  }

  get pending(): Head | undefined {
    return this.#position.pending;
  }

  /** @throws {GitError} UNPUSHED_COMMIT while it is not known whether the remote took an earlier one */
  assertSettled(): void {
    const { pending } = this.#position;
    if (pending === undefined) return;
    const message = `Cannot write: it is not known whether the remote took commit ${pending.oid}; pull first`;
    throw new GitError('UNPUSHED_COMMIT', message);
  }

  /** Run what moves the position, or must not see it move: one after the other, in order of arrival. */
  exclusively<T>(task: () => Promise<T>): Promise<T> {
    this.#queue.close();
    return this.#turns.run(task);
  }

  /** One write, which may share a push with those that wait beside it. */
  write(write: DraftWrite, options: WriteOptions, expects?: Expectation): Promise<void> {
    return this.#queue.add(write, options, expects);
  }

  /**
   * Commit edits and push them; what they are made on is where the store stands, or what others left. To be called
   * {@link exclusively}. The store moves only where the push is known to have worked.
   */
  async publish(edits: readonly Edit[], ground: Ground = this.#position): Promise<Published['failures']> {
    this.assertSettled();
    const { head } = this.#position;
    const published = await this.#publisher.publish(edits, ground);
    const { position, pending, failures } = published;
    if (position === undefined) {
      if (pending !== undefined) this.#position = { ...this.#position, pending };
      return failures;
    }
    const onto = published.onto ?? (ground.head?.oid === head?.oid ? undefined : ground.head);
    const { onRebase } = this.#options;
    // Pushed is pushed: what goes wrong in telling is no failure of the write.
    let tell: (() => void) | undefined;
    if (onRebase !== undefined && onto !== undefined) {
      try {
        const changes = await diffKeys(this.repository.objects, head?.treeOid, onto.treeOid);
        if (changes.length > 0) tell = () => onRebase(changes);
      } catch {
        // What others changed cannot be read, and is not told.
      }
    }
    await this.#moveTo({ ...position, pending });
    if (tell !== undefined) queueMicrotask(tell);
    return failures;
  }

  /** Let go of what a write or pull has left that came to nothing. To be called {@link exclusively}. */
  async tidy(): Promise<void> {
    await this.#release(undefined).catch(() => {}); // what it came to nothing by is told, and the next one tries again
  }

  /** Send commits that the remote does not have yet, as a saved state may hold them. */
  async push(options: WriteOptions): Promise<void> {
    this.assertSettled();
    const { head, pushedOid } = this.#position;
    if (head === undefined || head.oid === pushedOid) return;
    const refusal = await this.#upstream.push(pushedOid, head.oid, { signal: options.signal });
    if (refusal !== undefined) throw refusal.error;
    await this.#moveTo({ head, pushedOid: head.oid, pending: undefined });
  }

  /**
   * Go where the remote is. To be called {@link exclusively}. On an error the store stays where it was. Whoever opens a store wants no
   * list of all that is in it.
   */
  async pull(options: PullOptions & { readonly isOpening?: boolean }): Promise<Change[]> {
    const { signal, directories, isOpening = false } = options;
    const before = this.#position;
    const next = await this.#plan(options).catch(async (error: unknown) => {
      await this.tidy();
      throw error;
    });
    const changes =
      isOpening || next.head?.oid === before.head?.oid
        ? []
        : await diffKeys(this.repository.objects, before.head?.treeOid, next.head?.treeOid, {
            ...(signal !== undefined && { signal }),
            ...(directories !== undefined && { directories }),
          });
    await this.#moveTo(next);
    const { fate } = next;
    const { onSettled } = options;
    if (before.pending !== undefined && fate !== undefined && onSettled !== undefined) {
      const settled = { oid: before.pending.oid, status: fate };
      queueMicrotask(() => onSettled(settled)); // what goes wrong in telling is no failure of the pull
    }
    return changes;
  }

  /**
   * Where the store stands, and where its history ends there: that follows a little later than a write or pull that may be under way.
   * To be called while all is held.
   */
  async standing(): Promise<{ readonly state: StoreState; readonly shallow: ReadonlySet<Oid> }> {
    for (;;) {
      const position = this.#position;
      const shallow = await this.repository.shallow.read();
      if (position !== this.#position) continue;
      const { head, pending } = position;
      const { refName, pushedOid } = this;
      return { state: { refName, headOid: head?.oid, pushedOid, pendingOid: pending?.oid }, shallow };
    }
  }

  /** Let go of connections. */
  async disconnect(): Promise<void> {
    await this.#upstream.close?.();
  }

  /** Ask the remote, and bring the objects of where it stands. */
  async #plan(options: PullOptions): Promise<Plan> {
    const { head, pushedOid, pending } = this.#position;
    const tip = await this.#upstream.find(options);
    if (tip === undefined) return this.#planForEmpty();
    const unpushed = pending ?? (head?.oid === pushedOid ? undefined : head);
    if (unpushed === undefined) {
      if (tip.oid === head?.oid) return this.#position;
      return this.#adopt(tip, 'tip', options);
    }
    const { planUnpushed } = await import('./later.js');
    return await planUnpushed(
      {
        repository: this.repository,
        committer: this.#committer,
        retention: this.retention,
        rules: this.#options.merge,
        refName: this.refName,
        display: this.#upstream.display,
        adopt: (what) => this.#adopt(tip, what, options),
        ...(options.signal && { signal: options.signal }),
      },
      this.#position,
      { unpushed, tipOid: tip.oid, policy: options.onUnpushed ?? this.#options.onUnpushed },
    );
  }

  #planForEmpty(): Plan {
    const { head, pushedOid } = this.#position;
    if (pushedOid === undefined) return { head, pushedOid, pending: undefined, fate: 'rolled-back' };
    const message = `Cannot fetch ${this.refName} from ${this.#upstream.display}: it does not exist any more`;
    throw new NotFoundError('REMOTE_REF_NOT_FOUND', this.refName, message);
  }

  async #adopt(tip: UpstreamTip, what: 'tip' | 'history', options: PullOptions): Promise<Position> {
    const { head, pushedOid, pending } = this.#position;
    const haves = new Set([pending?.oid, head?.oid, pushedOid].filter((oid) => oid !== undefined));
    await tip.fetch(what, [...haves], {
      signal: options.signal,
      onProgress: options.onProgress,
      isWhole: true,
    });
    this.retention.fetched();
    return { head: await this.#readHead(tip.oid), pushedOid: tip.oid, pending: undefined };
  }

  async #moveTo({ head, pushedOid, pending }: Position): Promise<void> {
    const isNew = head?.oid !== this.#position.head?.oid;
    this.#position = { head, pushedOid, pending };
    if (isNew && head !== undefined && head.oid === pushedOid) this.onMoved?.(head);
    // Only what the head itself needs is kept: no history, once the remote has all of it.
    const isSynced = head !== undefined && head.oid === pushedOid && pending === undefined;
    // What was pushed or pulled is so, also where a cache is on a disk that is full: the next move tries again.
    await this.#release(isSynced ? head : undefined).catch(() => {});
  }

  /** Let go of what is not needed where the store stands, and of history below `boundary`. */
  async #release(boundary: Head | undefined): Promise<void> {
    const { head, pushedOid, pending } = this.#position;
    const tips = [head?.oid, pushedOid, pending?.oid];
    const unpushed = [head?.oid, pending?.oid].filter((oid) => oid !== undefined && oid !== pushedOid) as Oid[];
    // Who reads more than trees may read any of it; the next move settles that too.
    const needed = this.retention.isHeld ? undefined : [...unpushed, ...this.retention.pins];
    await this.#upstream.settle?.(needed, boundary?.oid);
    await this.retention.release(tips, boundary);
  }

  async #readHead(oid: Oid): Promise<Head> {
    const object = await this.repository.objects.read(oid);
    if (object === undefined)
      throw new NotFoundError('OBJECT_NOT_FOUND', oid, `Cannot read commit ${oid}: it is missing`);
    if (object.kind !== 'commit') {
      throw new GitError(
        'OBJECT_KIND_MISMATCH',
        `Cannot use ${this.refName}: ${oid} is a ${object.kind}, not a commit`,
      );
    }
    const { treeOid, parentOids, timestamp } = parseCommitLinks(object.body);
    await this.trees.read(treeOid);
    return { oid, treeOid, parentOids, timestamp };
  }
}
