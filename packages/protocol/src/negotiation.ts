import type { Oid } from '@git-kv/objects';
import type { ProtocolLimits } from './limits.js';
import type { Acknowledgments } from './v2/fetch-answer.js';

/** Haves of the first round. So few are sent along with `done`: most updates need one request. */
const FIRST_ROUND_HAVES = 256;
/** A round is never larger than this; it doubles from the first. */
const LARGEST_ROUND_HAVES = 16_384;
/** After so many haves without a new common one, where some were common before, the search is given up, as in git. */
const MAX_IN_VAIN = 256;

/** The haves of one request, and whether it asks for the pack. */
export interface NegotiationRound {
  readonly haves: readonly Oid[];
  readonly done: boolean;
}

/**
 * Finds out, round by round, what both sides have, over a connection on which the server remembers nothing: each request
 * repeats what is already known to be common.
 */
export class Negotiation {
  readonly #source: AsyncIterator<Oid> | Iterator<Oid>;
  readonly #limits: ProtocolLimits;
  /** Lines each request spends on wants and the like. */
  readonly #fixedLines: number;
  readonly #common = new Set<Oid>();
  #roundSize = FIRST_ROUND_HAVES;
  #rounds = 0;
  #inVain = 0;
  #ready = false;
  #ahead: IteratorResult<Oid> | undefined;

  constructor(haves: AsyncIterable<Oid> | Iterable<Oid>, fixedLines: number, limits: ProtocolLimits) {
    this.#source = Symbol.asyncIterator in haves ? haves[Symbol.asyncIterator]() : haves[Symbol.iterator]();
    this.#fixedLines = fixedLines;
    this.#limits = limits;
  }

  /** What the server has acknowledged. */
  get commonOids(): readonly Oid[] {
    return [...this.#common];
  }

  /** The next request. The last one is `done`. */
  async nextRound(): Promise<NegotiationRound> {
    this.#rounds++;
    const gaveUp = this.#ready || (this.#common.size > 0 && this.#inVain >= MAX_IN_VAIN);
    const room = Math.max(0, this.#limits.maxObjectLines - this.#fixedLines - this.#common.size);
    const fresh = gaveUp ? [] : await this.#take(Math.min(this.#roundSize, room));
    this.#inVain += fresh.length;
    this.#roundSize = Math.min(2 * this.#roundSize, LARGEST_ROUND_HAVES);
    const done = fresh.length === 0 || this.#rounds >= this.#limits.maxRounds || (await this.#isExhausted());
    if (done) await this.close();
    return { haves: [...this.#common, ...fresh], done };
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
      taken.push(this.#ahead?.value as Oid);
      this.#ahead = undefined;
    }
    return taken;
  }

  async #isExhausted(): Promise<boolean> {
    this.#ahead ??= await this.#source.next();
    return this.#ahead.done === true;
  }
}
