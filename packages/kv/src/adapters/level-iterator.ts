import { AbstractIterator, type AbstractIteratorOptions, type AbstractLevel } from 'abstract-level';
import type { KvSnapshot } from '../snapshot.js';
import { type IndexedKey, type KeyRange, type LevelIndex, rangeIn } from './level-index.js';

/** What `abstract-level` hands to an iterator: ends of the range in bytes, the rest with its defaults. */
export interface LevelIteratorOptions extends KeyRange {
  readonly reverse?: boolean;
  readonly keys?: boolean;
  readonly values?: boolean;
}

type Entry = [Uint8Array | undefined, Uint8Array | undefined];

/** Goes through the keys of one snapshot in order; a value is read when its entry is reached. */
export class LevelIterator extends AbstractIterator<AbstractLevel<Uint8Array>, Uint8Array, Uint8Array> {
  readonly #index: LevelIndex;
  readonly #view: KvSnapshot;
  /** Whether the snapshot is this iterator's own, and closed with it. */
  readonly #isOwned: boolean;
  readonly #range: LevelIteratorOptions;
  #keys: readonly IndexedKey[] | undefined;
  /** What is left: `start` up to `end`, from the other side where reversed. */
  #start = 0;
  #end = 0;
  #target: Uint8Array | undefined;

  constructor(
    db: AbstractLevel<Uint8Array>,
    options: LevelIteratorOptions,
    source: { readonly index: LevelIndex; readonly view: KvSnapshot; readonly isOwned: boolean },
  ) {
    super(db, options as AbstractIteratorOptions<Uint8Array, Uint8Array>);
    this.#index = source.index;
    this.#view = source.view;
    this.#isOwned = source.isOwned;
    this.#range = options;
  }

  async _next(): Promise<Entry | undefined> {
    const [entry] = await this._nextv(1);
    return entry;
  }

  async _nextv(size: number): Promise<Entry[]> {
    const taken = await this.#take(size);
    const { keys = true, values = true } = this.#range;
    return await Promise.all(
      taken.map(async ({ bytes, path }): Promise<Entry> => {
        return [keys ? bytes.slice() : undefined, values ? await this.#view.get(path) : undefined];
      }),
    );
  }

  _seek(target: Uint8Array): void {
    this.#target = target;
    if (this.#keys !== undefined) this.#apply(this.#keys);
  }

  async _close(): Promise<void> {
    this.#keys = [];
    if (this.#isOwned) this.#view.close();
  }

  async #take(size: number): Promise<IndexedKey[]> {
    if (this.#keys === undefined) {
      const keys = await this.#index.read(this.#view);
      if (this.#keys === undefined) {
        this.#keys = keys;
        this.#apply(keys);
      }
    }
    const keys = this.#keys;
    if (this.#range.reverse !== true) {
      const taken = keys.slice(this.#start, Math.min(this.#end, this.#start + size));
      this.#start += taken.length;
      return taken;
    }
    const taken = keys.slice(Math.max(this.#start, this.#end - size), this.#end).reverse();
    this.#end -= taken.length;
    return taken;
  }

  /** Begin at the range's first key, or at the one that was sought. A target outside of the range leaves nothing. */
  #apply(keys: readonly IndexedKey[]): void {
    const [start, end] = rangeIn(keys, this.#range);
    this.#start = start;
    this.#end = end;
    if (this.#target === undefined) return;
    if (!this.#isWithin(this.#target)) {
      this.#end = start;
      return;
    }
    const sought: KeyRange = this.#range.reverse === true ? { lte: this.#target } : { gte: this.#target };
    const [from, until] = rangeIn(keys, sought);
    this.#start = Math.max(start, from);
    this.#end = Math.max(this.#start, Math.min(end, until));
  }

  #isWithin(target: Uint8Array): boolean {
    const probe: readonly IndexedKey[] = [{ bytes: target, path: undefined as never }];
    const [start, end] = rangeIn(probe, this.#range);
    return start < end;
  }
}
