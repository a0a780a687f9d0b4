import type { Oid } from '@git-kv/objects';
import type { ProtocolLimits } from './limits.js';
import type { Acknowledgments } from './v2/fetch-answer.js';

/**
 * Haves of the first round. So few are sent along with `done`. Most updates need one request, as the server has one of them; to find
 * more of them means to read commits before anything is sent.
 */
const FIRST_ROUND_HAVES = 64;
/** A round is never larger than this; it doubles from the first. */
const LARGEST_ROUND_HAVES = 16_384;
/** After so many haves without a new common one, where some were common before, the search is given up, as in git. */
const MAX_IN_VAIN = 256;

/** The first round where haves are skipped: so few reach far. */
const FIRST_SKIPPING_ROUND_HAVES = 16;

/**
 * Which haves are told. `consecutive`: every one. `skipping`: with gaps that grow, so that a common commit far back is found in
 * few rounds, and some objects may come that are there.
 */
export type NegotiatorKind = 'consecutive' | 'skipping';

/** How a negotiation goes. */
export interface NegotiationOptions {
  /** Default `consecutive`. */
  readonly kind?: NegotiatorKind;
  /** The server remembers what it has acknowledged (protocol v0 over a connection): default false. */
  readonly isStateful?: boolean;
  /** A have that was read and need not be told, as what it lies behind is common by now. */
  readonly isBehind?: (oid: Oid) => boolean;
}

/** The haves of one request, and whether it asks for the pack. */
export interface NegotiationRound {
  readonly haves: readonly Oid[];
  readonly done: boolean;
}

/**
 * Finds out, round by round, what both sides have. To a server that remembers nothing each request repeats what is already
 * known to be common.
 */
export class Negotiation {
  readonly #source: AsyncIterator<Oid> | Iterator<Oid>;
  readonly #limits: ProtocolLimits;
  /** Lines each request spends on wants and the like. */
  readonly #fixedLines: number;
  readonly #common = new Set<Oid>();
  readonly #isStateful: boolean;
  readonly #isSkipping: boolean;
  readonly #isBehind: ((oid: Oid) => boolean) | undefined;
  #roundSize: number;
  #rounds = 0;
  #inVain = 0;
  #ready = false;
  /** How many haves are passed over before the next. */
  #gap = 0;
  #ahead: IteratorResult<Oid> | undefined;

  constructor(
    haves: AsyncIterable<Oid> | Iterable<Oid>,
    fixedLines: number,
    limits: ProtocolLimits,
    options: NegotiationOptions = {},
  ) {
    this.#source = Symbol.asyncIterator in haves ? haves[Symbol.asyncIterator]() : haves[Symbol.iterator]();
    this.#fixedLines = fixedLines;
    this.#limits = limits;
    this.#isStateful = options.isStateful ?? false;
    this.#isSkipping = options.kind === 'skipping';
    this.#isBehind = options.isBehind;
    this.#roundSize = this.#isSkipping ? FIRST_SKIPPING_ROUND_HAVES : FIRST_ROUND_HAVES;
  }

  /** What the server has acknowledged. */
  get commonOids(): readonly Oid[] {
    return [...this.#common];
  }

  /** The next request. The last one is `done`. */
  async nextRound(): Promise<NegotiationRound> {
    this.#rounds++;
    const gaveUp = this.#ready || (this.#common.size > 0 && this.#inVain >= MAX_IN_VAIN);
    const known: readonly Oid[] = this.#isStateful ? [] : [...this.#common];
    const room = Math.max(0, this.#limits.maxObjectLines - this.#fixedLines - known.length);
    const fresh = gaveUp ? [] : await this.#take(Math.min(this.#roundSize, room));
    this.#inVain += fresh.length;
    this.#roundSize = Math.min(2 * this.#roundSize, LARGEST_ROUND_HAVES);
    const done = fresh.length === 0 || this.#rounds >= this.#limits.maxRounds || (await this.#isExhausted());
    if (done) await this.close();
    return { haves: [...known, ...fresh], done };
  }

  /** Take in what the server said of the last round. */
  acknowledge(acknowledgments: Acknowledgments): void {
    for (const oid of acknowledgments.commonOids) {
      if (!this.#common.has(oid)) this.#inVain = 0;
      this.#common.add(oid);
    }
    this.#ready ||= acknowledgments.ready;
  }

  /** No more haves are needed. */
  async close(): Promise<void> {
    if (this.#ahead?.done === true) return;
    this.#ahead = { done: true, value: undefined };
    await this.#source.return?.();
  }

  async #take(count: number): Promise<Oid[]> {
    const taken: Oid[] = [];
    while (taken.length < count && !(await this.#isExhausted())) {
      const oid = this.#ahead?.value as Oid;
      this.#ahead = undefined;
      if (this.#isBehind?.(oid)) continue;
      taken.push(oid);
      if (this.#isSkipping) await this.#passOver();
    }
    return taken;
  }

  /** Leave out some haves, but never the last one: the root of a history is what most have in common. */
  async #passOver(): Promise<void> {
    for (let left = this.#gap; left > 0 && !(await this.#isExhausted()); left--) {
      const skipped = this.#ahead;
      this.#ahead = await this.#source.next();
      if (this.#ahead.done === true) this.#ahead = skipped;
      if (this.#ahead === skipped) break;
    }
    this.#gap = Math.floor((this.#gap * 3) / 2) + 1;
  }

  async #isExhausted(): Promise<boolean> {
    this.#ahead ??= await this.#source.next();
    return this.#ahead.done === true;
  }
}
