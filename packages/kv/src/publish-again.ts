import { GitError, type GitErrorCode, isGitError, type Oid, type RawObject } from '@git-kv/objects';
import { sleep } from './back-off.js';
import { type Contention, MAX_UNMOVED } from './contention.js';
import { type Edit, type FirstTry, type Ground, NOT_TRIED, type Published, type PublisherOptions } from './edit.js';
import { KvConflictError } from './errors.js';
import type { Head } from './head.js';
import type { MadeCommit } from './made-commit.js';
import { mergeKeys } from './merge/merge-keys.js';
import type { UpstreamRefusal, UpstreamTip } from './upstream.js';

const DEFAULT_RETRIES = 16;

/** What a server answers that is not what it was taken for, or has not heard yet of what it is asked for. */
const OTHER_SERVER: ReadonlySet<GitErrorCode> = new Set([
  'REMOTE_ERROR',
  'HTTP_STATUS',
  'REPOSITORY_NOT_FOUND',
  'TRANSPORT_FAILED',
  'TRANSPORT_CLOSED',
]);

/** Publish edits where that takes more than one try, or more than to put a commit on the branch. As `Publisher.publish`. */
export async function publishAgain(
  options: PublisherOptions,
  contention: Contention,
  edits: readonly Edit[],
  ground: Ground,
  first: FirstTry,
): Promise<Published> {
  const run = new Run(options, contention, edits, ground, first);
  try {
    const published = await run.publish();
    return published === 'one-by-one' ? await publishEach(options, contention, edits, ground) : published;
  } catch (error) {
    run.failRest(error);
    return { failures: run.failures, position: undefined };
  }
}

/**
 * The server refused some edits at once: which of them it minds shows when each comes alone. Those after that one were made on what
 * came to nothing.
 */
async function publishEach(
  options: PublisherOptions,
  contention: Contention,
  edits: readonly Edit[],
  ground: Ground,
): Promise<Published> {
  const failures = new Map<Edit, unknown>();
  let position: Published['position'];
  let pending: Head | undefined;
  let onto: Head | undefined;
  for (const edit of edits) {
    if (pending !== undefined) {
      const message = `Cannot write: it is not known whether the remote took commit ${pending.oid}; pull first`;
      failures.set(edit, new GitError('UNPUSHED_COMMIT', message));
      continue;
    }
    if (failures.size > 0) {
      failures.set(edit, NOT_TRIED);
      continue;
    }
    const published = await publishAgain(options, contention, [edit], position ?? ground, {});
    for (const [failed, error] of published.failures) failures.set(failed, error);
    position = published.position ?? position;
    pending = published.pending;
    onto = published.onto ?? onto;
  }
  return { failures, position, ...(pending && { pending }), ...(onto && { onto }) };
}

/** One go at publishing some edits. */
class Run {
  readonly failures: Map<Edit, unknown>;
  readonly #options: PublisherOptions;
  readonly #contention: Contention;
  readonly #edits: readonly Edit[];
  readonly #ground: Ground;
  /** What the commits are stacked on, and what the branch has to hold for them to be pushed. */
  #onto: Head | undefined;
  #expected: Oid | undefined;
  /** The branch as it was seen to hold that. */
  #tip: UpstreamTip | undefined;
  #unmoved = 0;
  /** What goes to the store with the next write: an engine on disk synchronises once for each. */
  #unwritten: readonly RawObject[];
  /** Of a try that was made before. */
  readonly #refusal: UpstreamRefusal | undefined;
  /** When the try under way began. */
  #tryStart = performance.now();
  /** How long the last one took. */
  #tryMs: number;

  constructor(
    options: PublisherOptions,
    contention: Contention,
    edits: readonly Edit[],
    ground: Ground,
    { failed, refusal, ms = 0 }: FirstTry,
  ) {
    this.#options = options;
    this.#contention = contention;
    this.#edits = edits;
    this.failures = new Map();
    if (failed !== undefined) this.#fail(...failed);
    this.#refusal = refusal;
    this.#tryMs = ms;
    this.#unwritten = refusal === undefined ? edits.flatMap(({ objects }) => objects) : [];
    this.#ground = ground;
    this.#onto = ground.head;
    this.#expected = ground.pushedOid;
  }

  async publish(): Promise<Published | 'one-by-one'> {
    let refusal = this.#refusal;
    if (refusal === undefined && this.#contention.isCrowded && this.#mayFollow()) await this.#queueUp();
    for (let attempt = 1; ; attempt++) {
      if (refusal === undefined) {
        const tried = await this.#try();
        if ('failures' in tried) return tried;
        refusal = tried;
      }
      if ((await this.#follow(refusal, attempt)) === 'same') return 'one-by-one';
      if (this.#rest().length === 0) return { failures: this.failures, position: undefined };
      refusal = undefined;
    }
  }

  async #try(): Promise<Published | UpstreamRefusal> {
    const chain = await this.#stack();
    if (this.#rest().length === 0) return { failures: this.failures, position: undefined };
    if (chain.length === 0 && !this.#mustLook()) {
      return this.#onto === this.#ground.head
        ? { failures: this.failures, position: undefined }
        : this.#done(this.#onto);
    }
    const top = chain.at(-1)?.head ?? this.#onto;
    await this.#write(chain.map(({ object }) => object));
    let refusal: UpstreamRefusal | undefined;
    try {
      // Commits of ours that were never pushed are below what changes nothing, too.
      const isMove = top !== undefined && top.oid !== this.#expected;
      refusal = isMove
        ? await this.#options.upstream.push(this.#expected, top.oid, { signal: this.#signal(), tip: this.#tip })
        : await this.#look();
    } catch (error) {
      if (!isGitError(error, 'PUSH_OUTCOME_UNKNOWN')) throw error;
      this.failRest(error);
      return { failures: this.failures, position: undefined, ...(top && { pending: top }) };
    }
    this.#tryMs = performance.now() - this.#tryStart;
    if (refusal?.isRace) this.#contention.lost(this.#tryMs);
    if (refusal !== undefined) return refusal;
    this.#contention.won(this.#tryMs);
    return this.#done(top);
  }

  /** Those after it were made on top of it. */
  #fail(edit: Edit, error: unknown): void {
    this.failures.set(edit, error);
    for (const later of this.#edits.slice(this.#edits.indexOf(edit))) {
      if (!this.failures.has(later)) this.failures.set(later, NOT_TRIED);
    }
  }

  failRest(error: unknown): void {
    for (const edit of this.#rest()) this.failures.set(edit, error);
  }

  #done(head: Head | undefined): Published {
    const isMoved = this.#onto?.oid !== this.#ground.head?.oid;
    const isSame = head?.oid === this.#ground.head?.oid && head?.oid === this.#ground.pushedOid;
    const position = isSame ? undefined : { head, pushedOid: head?.oid };
    return { failures: this.failures, position, ...(isMoved && this.#onto && { onto: this.#onto }) };
  }

  #changesNothing({ baseTreeOid, treeOid }: Edit): boolean {
    return treeOid === (baseTreeOid ?? this.#options.repository.algorithm.emptyTreeOid);
  }

  /** Whether something is asked of the branch which no push answers. */
  #mustLook(): boolean {
    return this.#tip === undefined && this.#rest().some((edit) => this.#changesNothing(edit));
  }

  /** What a push that moves nothing would say. */
  async #look(): Promise<UpstreamRefusal | undefined> {
    const { upstream } = this.#options;
    const tip = await this.#find(this.#signal());
    if (tip?.oid === this.#expected) return undefined;
    const message = `Cannot write to ${upstream.display}: another writer moved the branch; pull first`;
    return { error: new GitError('PUSH_REJECTED', message), isRace: false, isStale: true };
  }

  #rest(): Edit[] {
    return this.#edits.filter((edit) => !this.failures.has(edit));
  }

  /** Edits that can be aborted come alone. */
  #signal(): AbortSignal | undefined {
    return this.#edits.length === 1 ? this.#edits[0]?.options.signal : undefined;
  }

  async #write(added: readonly RawObject[]): Promise<void> {
    const objects = [...this.#unwritten, ...added];
    if (objects.length === 0) return;
    await this.#options.repository.objects.writeMany(objects);
    this.#options.retention.wrote(objects);
    this.#unwritten = [];
  }

  /** A commit for each edit that is left, on top of each other; none for what others have made the same. */
  async #stack(): Promise<MadeCommit[]> {
    const chain: MadeCommit[] = [];
    const { emptyTreeOid } = this.#options.repository.algorithm;
    let parent = this.#onto;
    for (const edit of this.#rest()) {
      try {
        edit.options.signal?.throwIfAborted();
        const treeOid = await this.#treeOn(edit, parent);
        if (treeOid === (parent?.treeOid ?? emptyTreeOid)) continue;
        const parentOids = parent === undefined ? [] : [parent.oid];
        const made = await this.#options.committer.make({ treeOid, parentOids }, edit.options);
        chain.push(made);
        parent = made.head;
      } catch (error) {
        this.#fail(edit, error);
        break;
      }
    }
    return chain;
  }

  /** The tree of an edit on top of `parent`, whatever is there. */
  async #treeOn(edit: Edit, parent: Head | undefined): Promise<Oid> {
    if (parent?.treeOid === edit.baseTreeOid) return edit.treeOid;
    await this.#write([]); // what is asked of the edit, and the merge, read what it has made
    if (parent !== undefined) await edit.assertHolds?.(parent);
    const remade = parent && (await edit.remake?.(parent));
    if (remade !== undefined) {
      await this.#write(remade.objects);
      return remade.treeOid;
    }
    if (this.#changesNothing(edit) && parent !== undefined) return parent.treeOid;
    const { repository, settings } = this.#options;
    const sides = { base: edit.baseTreeOid, ours: edit.treeOid, theirs: parent?.treeOid };
    const { signal, merge = settings.merge } = edit.options;
    const merged = await mergeKeys(repository.objects, sides, merge, signal ? { signal } : {});
    if (merged.status === 'conflict') throw new KvConflictError('write', merged.conflicts, merged.hasMore);
    await this.#write(merged.objects);
    return merged.treeOid;
  }

  /**
   * Go where the branch is now, so that what is left can be made there. Fails those edits that are not to be made again. Says
   * `same` where the branch did not move and the server means what it said.
   */
  async #follow(refusal: UpstreamRefusal, attempt: number): Promise<'moved' | 'same'> {
    const { settings } = this.#options;
    const { head, pushedOid } = this.#ground;
    const last = this.#rest().filter(({ options }) => {
      const { onConflict = settings.onConflict, retries = settings.retries ?? DEFAULT_RETRIES } = options;
      return onConflict === 'fail' || attempt > retries;
    });
    for (const edit of last) this.failures.set(edit, refusal.error);
    if (last[0] !== undefined) this.#fail(last[0], refusal.error);
    // Commits of ours that were never pushed are for a pull to bring together with those of others.
    if (head?.oid !== pushedOid) this.failRest(refusal.error);
    if (this.#rest().length === 0) return 'moved';
    const signal = this.#signal();
    // Who has not looked for long meets nobody: that is no reason to wait, but for who says how.
    const meetsNobody = refusal.isStale === true && refusal === this.#refusal && settings.backOff === undefined;
    if (refusal.isRace && !meetsNobody) await this.#wait(attempt, signal);
    let tip = await this.#find(signal);
    if (this.#hasMoved(tip) && !refusal.isRace && !refusal.isStale) {
      // Another was faster, whatever words the server has for it.
      this.#contention.lost(this.#tryMs);
      await this.#wait(attempt, signal);
      tip = await this.#find(signal);
    }
    const moved = this.#hasMoved(tip) ? tip : undefined;
    if (moved !== undefined && (await this.#standOn(moved, signal))) return 'moved';
    if (tip === undefined && this.#expected !== undefined) throw refusal.error;
    if ((moved !== undefined || refusal.isRace) && ++this.#unmoved <= MAX_UNMOVED) return 'moved';
    if (this.#rest().length > 1) return 'same';
    throw refusal.error;
  }

  #hasMoved(tip: UpstreamTip | undefined): tip is UpstreamTip {
    return tip !== undefined && tip.oid !== this.#expected;
  }

  /** On a branch where writers meet, the first try too comes when chance says, and on top of what is there then. */
  async #queueUp(): Promise<void> {
    const signal = this.#signal();
    await this.#wait(1, signal);
    const tip = await this.#find(signal);
    if (tip === undefined) return;
    if (tip.oid === this.#expected) this.#tip = tip;
    else await this.#standOn(tip, signal);
  }

  /** Whether the edits may be made on top of others'. */
  #mayFollow(): boolean {
    const { settings } = this.#options;
    if (settings.backOff !== undefined || this.#ground.head?.oid !== this.#ground.pushedOid) return false;
    return this.#edits.every(({ options }) => {
      const { onConflict = settings.onConflict, retries = settings.retries ?? DEFAULT_RETRIES } = options;
      return onConflict !== 'fail' && retries > 0;
    });
  }

  async #wait(attempt: number, signal: AbortSignal | undefined): Promise<void> {
    const { backOff } = this.#options.settings;
    if (backOff !== undefined) await backOff(attempt, signal);
    else await sleep(this.#contention.delay(), signal);
    this.#tryStart = performance.now();
  }

  async #find(signal: AbortSignal | undefined): Promise<UpstreamTip | undefined> {
    const { upstream } = this.#options;
    const found = upstream.findForPush?.({ signal }) ?? upstream.find({ signal });
    return await found.catch((error: unknown) => {
      if (isGitError(error, 'REMOTE_REF_NOT_FOUND')) return undefined;
      throw error;
    });
  }

  /** @returns false where those who hand out objects know of nothing new yet */
  async #standOn(tip: UpstreamTip, signal: AbortSignal | undefined): Promise<boolean> {
    const { retention, readHead, upstream } = this.#options;
    const haves = new Set([this.#onto?.oid, this.#ground.head?.oid].filter((oid) => oid !== undefined));
    try {
      await tip.fetch('tip', [...haves], { signal, isWhole: true });
    } catch (error) {
      const mayBeOther = tip.receiver !== undefined && isGitError(error) && OTHER_SERVER.has(error.code);
      if (signal?.aborted || !mayBeOther) throw error;
      const known = await upstream.find({ signal });
      return this.#hasMoved(known) && (await this.#standOn(known, signal));
    }
    retention.fetched();
    this.#onto = await readHead(tip.oid);
    this.#expected = tip.oid;
    this.#tip = tip;
    return true;
  }
}
