/** How much of the packs is kept at hand, at most. What is being read is kept beyond it. */
export interface HeldPacksOptions {
  /** Bytes of idx files (default 256 MiB). */
  readonly indexBytes?: number | undefined;
  /** Bytes of packs: small ones are held whole, of others the windows they are read through count (default 256 MiB). */
  readonly packBytes?: number | undefined;
  /** Packs that are kept open, each a file of the process; those that are held whole need none (default 128). */
  readonly openPacks?: number | undefined;
}

/** A pack as whoever bounds memory sees it. */
export interface HoldablePack {
  /** Let go of the idx. @returns false where it is in use */
  dropIndex(): boolean;
  /** Let go of the pack. @returns false where it is in use */
  closeIdle(): Promise<boolean>;
}

const DEFAULT_BYTES = 256 * 2 ** 20;
const DEFAULT_OPEN_PACKS = 128;

/** What an open pack that is not held whole may take in windows. */
const WINDOWS_BYTES = 8 * 2 ** 20;

/** What the packs of one store keep in memory and open: when it is too much, what was not used for longest goes. */
export class HeldPacks {
  readonly #indexes: LeastUsed;
  readonly #packs: LeastUsed;
  readonly #files: LeastUsed;

  constructor(options: HeldPacksOptions = {}) {
    this.#indexes = new LeastUsed(options.indexBytes ?? DEFAULT_BYTES);
    this.#packs = new LeastUsed(options.packBytes ?? DEFAULT_BYTES);
    this.#files = new LeastUsed(Math.max(1, options.openPacks ?? DEFAULT_OPEN_PACKS));
  }

  /** An idx was loaded. */
  addIndex(pack: HoldablePack, bytes: number): void {
    this.#indexes.add(pack, bytes);
    for (const other of this.#indexes.excess(pack)) if (other.dropIndex()) this.#indexes.delete(other);
  }

  /** A pack was opened. @param isWhole whether all of it is in memory, and no file is open */
  async addPack(pack: HoldablePack, bytes: number, isWhole: boolean): Promise<void> {
    this.#packs.add(pack, isWhole ? bytes : Math.min(bytes, WINDOWS_BYTES));
    if (!isWhole) this.#files.add(pack, 1);
    for (const held of [this.#packs, this.#files]) {
      for (const other of held.excess(pack)) if (await other.closeIdle()) this.deletePack(other);
    }
  }

  /** An idx, and mostly its pack, is used again. */
  use(pack: HoldablePack): void {
    this.#indexes.use(pack);
    this.#packs.use(pack);
    this.#files.use(pack);
  }

  deletePack(pack: HoldablePack): void {
    this.#packs.delete(pack);
    this.#files.delete(pack);
  }

  /** Nothing of a pack is held any more. */
  delete(pack: HoldablePack): void {
    this.#indexes.delete(pack);
    this.deletePack(pack);
  }
}

class LeastUsed {
  readonly #most: number;
  /** What each costs; the longest unused first. */
  readonly #costs = new Map<HoldablePack, number>();
  #sum = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(pack: HoldablePack, cost: number): void {
    this.delete(pack);
    this.#costs.set(pack, cost);
    this.#sum += cost;
  }

  use(pack: HoldablePack): void {
    const cost = this.#costs.get(pack);
    if (cost === undefined) return;
    this.#costs.delete(pack);
    this.#costs.set(pack, cost);
  }

  delete(pack: HoldablePack): void {
    const cost = this.#costs.get(pack);
    if (cost === undefined) return;
    this.#costs.delete(pack);
    this.#sum -= cost;
  }

  /** Those to let go of, one after another, as long as there is too much. */
  *excess(kept: HoldablePack): Generator<HoldablePack, void, undefined> {
    if (this.#sum <= this.#most) return;
    for (const pack of [...this.#costs.keys()]) {
      if (this.#sum <= this.#most) return;
      if (pack !== kept) yield pack;
    }
  }
}
