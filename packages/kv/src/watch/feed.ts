import type { Oid } from '@git-kv/objects';
import { Patience } from './patience.js';
import type { WatchSource } from './source.js';

/** How often one watcher wants the branch looked at. */
export interface FeedPace {
  readonly pollMs: number;
  readonly maxPollMs: number;
  /** Never throws: others take part. */
  readonly onError: (error: unknown) => void;
}

/** Where a branch is known to be. */
export interface KnownTip {
  readonly oid: Oid | undefined;
}

/** What ends a feed for all: `undefined` that it was closed. */
interface End {
  readonly error: unknown;
}

const GROWTH = 1.5;
/** A fifth more or less, so that many watchers do not ask at one instant. */
const JITTER = 0.2;
/** Tips that were seen lately: one of them, told again, may come from a server that lags behind. */
const RECENT = 64;
const MAX_TIMER_MS = 0x7fffffff;

/** Knows where a branch is, for all watchers of one store: there is one who asks, as long as anybody listens. */
export class TipFeed {
  readonly #source: WatchSource;
  readonly #random: () => number;
  readonly #paces = new Set<FeedPace>();
  readonly #recent = new Set<Oid | undefined>();
  #tip: KnownTip | undefined;
  /** A tip that was there before, told once. */
  #doubted: KnownTip | undefined;
  #end: End | undefined;
  readonly #waiting = new Set<() => void>();
  /** Ends the wait before the next question. */
  #hurry: (() => void) | undefined;
  #isHurried = false;
  #asking: AbortController | undefined;
  readonly #patience = new Patience();

  constructor(source: WatchSource, random: () => number = Math.random) {
    this.#source = source;
    this.#random = random;
  }

  /** Whether {@link close} was called, or it failed for good. */
  get isClosed(): boolean {
    return this.#end !== undefined;
  }

  /** Take part. The first one begins to ask. */
  join(pace: FeedPace): void {
    this.#paces.add(pace);
    if (this.#asking === undefined && this.#end === undefined) {
      this.#run().catch((error: unknown) => this.#stop({ error }));
    } else this.nudge();
  }

  /** The last one ends it. */
  leave(pace: FeedPace): void {
    this.#paces.delete(pace);
    if (this.#paces.size > 0) return;
    this.#asking?.abort();
    this.#asking = undefined;
    // Who comes later must not believe what was true once.
    this.#tip = undefined;
    this.#doubted = undefined;
    this.#recent.clear();
  }

  /** A commit that this store wrote, or came to by a pull. */
  moved(oid: Oid, parentOid: Oid | undefined): void {
    if (this.#paces.size === 0 || this.#tip?.oid === oid) return;
    // On top of what is known it is news; anything else may be old by now.
    if (this.#tip !== undefined && this.#tip.oid === parentOid) this.#put({ oid });
    else this.nudge();
  }

  /** Ask now. */
  nudge(): void {
    this.#isHurried = true;
    this.#hurry?.();
  }

  /** No more tips. */
  close(): void {
    this.#stop({ error: undefined });
  }

  /**
   * A tip other than `at`, when there is one; `undefined` where the feed was closed or `signal` ends it.
   * @throws what makes asking again useless
   */
  async next(at: Oid | undefined, signal: AbortSignal): Promise<KnownTip | undefined> {
    for (;;) {
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined || signal.aborted) return undefined;
      if (this.#tip !== undefined && this.#tip.oid !== at) return this.#tip;
      await this.#change(signal);
    }
  }

  /** Wait as long as after a question, or until the feed ends. */
  async rest({ pollMs }: FeedPace, signal: AbortSignal): Promise<void> {
    if (this.#end === undefined) await this.#change(signal, this.#jittered(pollMs));
  }

  /** Wait for the next turn of things. */
  async #change(signal: AbortSignal, ms?: number): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      if (ms !== undefined) timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      this.#waiting.add(done);
    });
  }

  #jittered(ms: number): number {
    return Math.min(ms * (1 + JITTER * (2 * this.#random() - 1)), MAX_TIMER_MS);
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #stop(end: End): void {
    this.#end ??= end;
    this.#asking?.abort();
    this.#asking = undefined;
    this.#wake();
  }

  #put(tip: KnownTip): void {
    this.#tip = tip;
    this.#doubted = undefined;
    this.#recent.delete(tip.oid);
    this.#recent.add(tip.oid);
    for (const oldest of this.#recent) {
      if (this.#recent.size <= RECENT) break;
      this.#recent.delete(oldest);
    }
    this.#wake();
  }

  async #run(): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    const { signal } = asking;
    this.#source.follow?.(() => this.nudge(), signal).catch(() => {}); // questions tell as well
    let waitMs = 0;
    while (!signal.aborted) {
      this.#isHurried = false;
      const isNews = await this.#ask(signal);
      if (signal.aborted) return;
      const pollMs = this.#least('pollMs');
      waitMs = isNews || waitMs === 0 ? pollMs : Math.min(waitMs * GROWTH, this.#least('maxPollMs'));
      await this.#pause(this.#jittered(Math.max(pollMs, waitMs)), signal);
    }
  }

  /** One question. Whether it brought anything new. */
  async #ask(signal: AbortSignal): Promise<boolean> {
    const before = this.#tip;
    try {
      const oid = await this.#source.findTip({ signal });
      if (signal.aborted) return false;
      this.#patience.restore();
      // What this store wrote in the meantime is newer than the answer.
      if (this.#tip !== before) {
        this.nudge();
        return true;
      }
      if (before !== undefined && before.oid === oid) {
        this.#doubted = undefined;
        return false;
      }
      if (before !== undefined && this.#recent.has(oid) && this.#doubted?.oid !== oid) {
        this.#doubted = { oid };
        return true;
      }
      this.#put({ oid });
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (!this.#patience.bears(error)) this.#stop({ error });
      else for (const { onError } of this.#paces) onError(error);
      return false;
    }
  }

  #least(name: 'pollMs' | 'maxPollMs'): number {
    let least = Number.POSITIVE_INFINITY;
    for (const pace of this.#paces) least = Math.min(least, pace[name]);
    return least;
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#isHurried || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#hurry = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      this.#hurry = done;
    });
  }
}
