import type { Oid, RawObject } from '@git-kv/objects';
import type { RepositoryObjects } from '@git-kv/repository';

/** A prune looks at everything that is kept, so it waits until there may be about as much to drop. */
const MIN_PRUNE_OBJECTS = 1024;
const MIN_PRUNE_BYTES = 16 * 1024 * 1024;
const BYTES_PER_OBJECT = 256;

let forgotten: FinalizationRegistry<() => void> | undefined;

/** Call `end` when nobody can go on with `iterator` any more: one that is left half-way without `return()` ends nowhere else. */
export function endWhenForgotten(iterator: object, end: () => void): void {
  if (typeof FinalizationRegistry === 'undefined') return; // then it holds on to what it has
  forgotten ??= new FinalizationRegistry((endIt) => endIt());
  forgotten.register(iterator, end);
}

/**
 * Keeps a store's memory to what it needs: the objects of its head, and of commits the remote does not have. What
 * falls out of use is dropped now and then, so that its cost over all commits stays in proportion to what was written.
 */
export class Retention {
  readonly #repository: RepositoryObjects;
  readonly #isEnabled: boolean;
  readonly #drops: boolean;
  /** Root trees that someone reads. */
  readonly #pins = new Map<Oid, number>();
  /** Readers that need more than a tree. While there is one, nothing is dropped. */
  #holds = 0;
  #newObjects = 0;
  #newBytes = 0;
  #keptObjects = 0;

  /** @param options `drops`: whether objects are dropped here (default), or somewhere else that is told what is {@link pins pinned} */
  constructor(repository: RepositoryObjects, options: { readonly isEnabled: boolean; readonly drops?: boolean }) {
    this.#repository = repository;
    this.#isEnabled = options.isEnabled;
    this.#drops = options.isEnabled && (options.drops ?? true);
  }

  /** Trees that have to stay readable. */
  get pins(): readonly Oid[] {
    return [...this.#pins.keys()];
  }

  /** Whether everything has to stay. */
  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** Run `use` while the tree and all below it stays readable. */
  async pinned<T>(treeOid: Oid | undefined, use: () => Promise<T>): Promise<T> {
    const unpin = this.pin(treeOid);
    try {
      return await use();
    } finally {
      unpin();
    }
  }

  /** Keep the tree and all below it readable until what is returned is called, once. */
  pin(treeOid: Oid | undefined): () => void {
    if (!this.#isEnabled || treeOid === undefined) return () => {};
    this.#pins.set(treeOid, (this.#pins.get(treeOid) ?? 0) + 1);
    return () => {
      const count = (this.#pins.get(treeOid) ?? 1) - 1;
      if (count === 0) this.#pins.delete(treeOid);
      else this.#pins.set(treeOid, count);
    };
  }

  /** Keep everything until {@link unhold}. */
  hold(): void {
    this.#holds++;
  }

  unhold(): void {
    this.#holds--;
  }

  /** These were stored. */
  wrote(objects: readonly RawObject[]): void {
    this.#newObjects += objects.length;
    for (const { body } of objects) this.#newBytes += body.length;
  }

  /** A pack of unknown size was stored: look at the next chance what of the old is left. */
  fetched(): void {
    this.#newObjects += MIN_PRUNE_OBJECTS / 16;
  }

  /**
   * The store now needs `tips`, and no more history than that where it is at `boundary` and all is pushed.
   */
  async release(
    tips: readonly (Oid | undefined)[],
    boundary: { readonly oid: Oid; readonly parentOids: readonly Oid[] } | undefined,
  ): Promise<void> {
    if (!this.#drops) return;
    if (boundary !== undefined) await this.#cutAt(boundary);
    const isWorthIt =
      this.#newObjects > Math.max(MIN_PRUNE_OBJECTS, this.#keptObjects) ||
      this.#newBytes > Math.max(MIN_PRUNE_BYTES, this.#keptObjects * BYTES_PER_OBJECT);
    if (!isWorthIt || this.#holds > 0) return;
    const later = await import('./later.js').catch(() => undefined); // a page that is off line goes on without
    if (later === undefined || this.#holds > 0) return;
    const shallow = await this.#repository.shallow.read();
    const roots = [...tips.filter((oid) => oid !== undefined), ...this.#pins.keys()];
    const keep = await later.reachableOids(this.#repository.objects, roots, { shallow });
    // A reader that came in the meantime reads the head, which is among the tips.
    const { kept } = await this.#repository.objects.prune((oid) => keep.has(oid));
    const cutOff = [...shallow].filter((oid) => !keep.has(oid));
    if (cutOff.length > 0) await this.#repository.shallow.update({ add: [], remove: cutOff });
    this.#keptObjects = kept;
    this.#newObjects = 0;
    this.#newBytes = 0;
  }

  async #cutAt({ oid, parentOids }: { readonly oid: Oid; readonly parentOids: readonly Oid[] }): Promise<void> {
    const shallow = await this.#repository.shallow.read();
    const remove = [...shallow].filter((old) => old !== oid);
    await this.#repository.shallow.update({ add: parentOids.length > 0 ? [oid] : [], remove });
  }
}
