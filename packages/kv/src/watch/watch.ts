import { isGitError, isTreeMode, NotFoundError, type Oid, parseCommitLinks } from '@git-kv/objects';
import { readTreePath, type TreeTarget } from '@git-kv/repository';
import { type Change, diffKeys, isValueMode } from '../changes.js';
import { Key } from '../key.js';
import type { WatchEvent, WatchedChange, WatchOptions } from './events.js';
import type { FeedPace, TipFeed } from './feed.js';
import { Patience } from './patience.js';
import type { WatchSource } from './source.js';
import { findWay, type Way } from './steps.js';

const MAX_COMMITS = 10_000;

/** What a watch is begun with. */
export interface WatchStart {
  readonly source: WatchSource;
  readonly feed: TipFeed;
  readonly prefix: Key;
  readonly from: Oid | undefined;
}

/**
 * Tell what happens to a branch, from a commit on: each commit once, in order. There is no queue: who takes events slowly lags behind, and
 * the commits wait where they are.
 */
export async function* watchBranch(start: WatchStart, options: WatchOptions): AsyncGenerator<WatchEvent, void> {
  const { source, feed } = start;
  const { pollMs = source.pollMs, maxCommits = MAX_COMMITS, onError } = options;
  if (options.signal?.aborted) return;
  const own = new AbortController();
  const { signal } = own;
  const leave = (): void => own.abort(options.signal?.reason);
  /** What `onError` threw: the end of this watch, and of no other. */
  let thrown: { readonly error: unknown } | undefined;
  const tell = (error: unknown): void => {
    try {
      onError?.(error);
    } catch (failure) {
      thrown ??= { error: failure };
      own.abort();
    }
  };
  const pace: FeedPace = { pollMs, maxPollMs: options.maxPollMs ?? pollMs * 4, onError: tell };
  options.signal?.addEventListener('abort', leave, { once: true });
  feed.join(pace);
  try {
    yield* tellSteps(start, { pace, maxCommits, signal });
  } finally {
    feed.leave(pace);
    options.signal?.removeEventListener('abort', leave);
  }
  if (thrown !== undefined) throw thrown.error;
}

async function* tellSteps(
  { source, feed, prefix, from: start }: WatchStart,
  { pace, maxCommits, signal }: { readonly pace: FeedPace; readonly maxCommits: number; readonly signal: AbortSignal },
): AsyncGenerator<WatchEvent, void> {
  const differ = new Differ(source, prefix, signal);
  /** What `run` gives, as often as that takes; `undefined` at the end. */
  const persist = async <T>(run: () => Promise<T>): Promise<T | undefined> => {
    for (const patience = new Patience(); ; ) {
      try {
        return await run();
      } catch (error) {
        if (signal.aborted || feed.isClosed) return undefined;
        if (!patience.bears(error)) throw error;
        pace.onError(error);
        await feed.rest(pace, signal);
      }
    }
  };
  let at = start;
  for (;;) {
    const tip = await feed.next(at, signal);
    if (tip === undefined) return;
    const { oid } = tip;
    const way = await persist(() => differ.findWay(at, oid, maxCommits));
    if (way === undefined) return;
    if (way.kind === 'reset') {
      const from = at;
      const changes = await persist(async () => ({ all: await differ.between(from, oid) }));
      if (changes === undefined) return;
      at = oid;
      yield { kind: 'reset', reason: way.reason, commit: oid, from, changes: changes.all };
      continue;
    }
    let { baseTreeOid } = way;
    for (const step of way.steps) {
      const changes = await persist(() => differ.changes(baseTreeOid, step.treeOid));
      if (changes === undefined || signal.aborted) return;
      const from = at;
      at = step.oid;
      baseTreeOid = step.treeOid;
      if (changes.length > 0) yield { kind: 'commit', commit: step.oid, from, changes };
    }
  }
}

/** The way to a tip, with the tree that it begins with. */
type WayFrom = Exclude<Way, { kind: 'steps' }> | (Extract<Way, { kind: 'steps' }> & { baseTreeOid: Oid | undefined });

/** Compares what stands below a prefix. */
class Differ {
  readonly #source: WatchSource;
  readonly #prefix: Key;
  readonly #signal: AbortSignal;

  constructor(source: WatchSource, prefix: Key, signal: AbortSignal) {
    this.#source = source;
    this.#prefix = prefix;
    this.#signal = signal;
  }

  async findWay(from: Oid | undefined, tip: Oid | undefined, maxCommits: number): Promise<WayFrom> {
    if (tip === undefined) return { kind: 'reset', reason: 'removed' };
    const way = await findWay(this.#source, from, tip, { maxCommits, signal: this.#signal });
    if (way.kind === 'reset') return way;
    const base = await this.#treeOf(from);
    return base === undefined ? { kind: 'reset', reason: 'missing' } : { ...way, baseTreeOid: base.oid };
  }

  /** What differs between two commits; `undefined` where the first cannot be read. */
  async between(from: Oid | undefined, tip: Oid | undefined): Promise<WatchedChange[] | undefined> {
    const before = await this.#treeOf(from);
    const after = await this.#treeOf(tip);
    if (before === undefined || after === undefined) return undefined;
    try {
      return await this.changes(before.oid, after.oid);
    } catch (error) {
      if (isGitError(error, 'OBJECT_NOT_FOUND') || isGitError(error, 'PROMISE_BROKEN')) return undefined;
      throw error;
    }
  }

  async changes(oldTreeOid: Oid | undefined, newTreeOid: Oid | undefined): Promise<WatchedChange[]> {
    if (oldTreeOid === newTreeOid) return [];
    const { reader } = this.#source;
    const [before, after] = await Promise.all([this.#find(oldTreeOid), this.#find(newTreeOid)]);
    if (before?.oid === after?.oid) return [];
    const changes: Change[] = [];
    const was = valueAt(before);
    const is = valueAt(after);
    if (was !== undefined || is !== undefined) {
      changes.push({ kind: was === undefined ? 'add' : is === undefined ? 'remove' : 'change', key: this.#prefix });
    }
    const options = { signal: this.#signal };
    for (const { kind, key: below } of await diffKeys(reader, treeAt(before), treeAt(after), options)) {
      const key = Key.find(`${this.#prefix}${below}`); // none where the whole is too long
      if (key !== undefined) changes.push({ kind, key });
    }
    return changes.map((change) => ({ ...change, value: () => this.#valueOf(change, newTreeOid) }));
  }

  async #valueOf({ kind, key }: Change, treeOid: Oid | undefined): Promise<Uint8Array | undefined> {
    if (kind === 'remove' || treeOid === undefined) return undefined;
    const { reader } = this.#source;
    const target = await readTreePath(reader, treeOid, key.segments);
    const object = target && (await reader.read(target.oid));
    if (target === undefined || object === undefined) {
      throw new NotFoundError(
        'OBJECT_NOT_FOUND',
        target?.oid ?? '',
        `Cannot read the value of ${key.format()}: it is missing`,
      );
    }
    return object.body.slice();
  }

  async #find(treeOid: Oid | undefined): Promise<TreeTarget | undefined> {
    if (treeOid === undefined) return undefined;
    return await readTreePath(this.#source.reader, treeOid, this.#prefix.segments, { signal: this.#signal });
  }

  /** The tree of a commit, or none for no commit; `undefined` where it cannot be read. */
  async #treeOf(oid: Oid | undefined): Promise<{ readonly oid: Oid | undefined } | undefined> {
    if (oid === undefined) return { oid };
    const object = await this.#source.reader.read(oid, { signal: this.#signal });
    return object?.kind === 'commit' ? { oid: parseCommitLinks(object.body).treeOid } : undefined;
  }
}

function valueAt(target: TreeTarget | undefined): Oid | undefined {
  return target !== undefined && isValueMode(target.mode) ? target.oid : undefined;
}

function treeAt(target: TreeTarget | undefined): Oid | undefined {
  return target !== undefined && isTreeMode(target.mode) ? target.oid : undefined;
}
