import type { HashAlgorithm, ObjectKind, Oid, RawObject } from '@git-kv/objects';
import type { ObjectReader, Promises, Quarantine, ReadOptions } from '../../object-store.js';

/** Objects apart from the store, until they are moved into it. */
export interface ArrivedObjects extends ObjectReader {
  has(oid: Oid): boolean;
  sortedOids(): Iterable<Oid>;
}

/** What arrived and is not yet part of the store. */
export class MemoryQuarantine implements Quarantine {
  readonly reader: ObjectReader;
  readonly objectCount: number;
  private arrived: ArrivedObjects | undefined;
  private readonly moveIn: () => void;
  private readonly areClosed: Quarantine['isClosed'];
  private state: 'open' | 'published' | 'discarded' = 'open';

  /** @param moveIn makes the objects part of `store`; @param areClosed answers {@link isClosed} where links were followed */
  constructor(
    store: ObjectReader,
    arrived: ArrivedObjects,
    objectCount: number,
    moveIn: () => void,
    areClosed?: Quarantine['isClosed'],
  ) {
    this.arrived = arrived;
    this.objectCount = objectCount;
    this.moveIn = moveIn;
    this.areClosed = areClosed;
    this.reader = new LayeredReader(store, () => this.arrived);
  }

  oids(): Iterable<Oid> {
    return this.arrived?.sortedOids() ?? [];
  }

  isClosed(oids: Iterable<Oid>, outside?: ReadonlySet<Oid>): boolean {
    return this.areClosed?.(oids, outside) === true;
  }

  async publish(): Promise<void> {
    if (this.state === 'discarded') throw new Error('BUG: a discarded quarantine is published');
    if (this.state === 'open') this.moveIn();
    this.state = 'published';
  }

  async discard(): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'discarded';
    this.arrived = undefined;
  }
}

/** Reads what arrived, and then the store. */
class LayeredReader implements ObjectReader {
  readonly algorithm: HashAlgorithm;
  private readonly store: ObjectReader;
  private readonly arrived: () => ArrivedObjects | undefined;

  constructor(store: ObjectReader, arrived: () => ArrivedObjects | undefined) {
    this.algorithm = store.algorithm;
    this.store = store;
    this.arrived = arrived;
  }

  async openPromises(): Promise<Promises | undefined> {
    return this.store.openPromises?.();
  }

  read(oid: Oid, options?: ReadOptions): Promise<RawObject | undefined> {
    return this.layerOf(oid).read(oid, options);
  }

  async *readMany(oids: Iterable<Oid>, options?: ReadOptions): AsyncGenerator<readonly [Oid, RawObject | undefined]> {
    const arrived = this.arrived();
    const upper: Oid[] = [];
    const lower: Oid[] = [];
    for (const oid of new Set(oids)) (arrived?.has(oid) ? upper : lower).push(oid);
    if (arrived && upper.length > 0) yield* arrived.readMany(upper, options);
    if (lower.length > 0) yield* this.store.readMany(lower, options);
  }

  stat(oid: Oid): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    return this.layerOf(oid).stat(oid);
  }

  private layerOf(oid: Oid): ObjectReader {
    const arrived = this.arrived();
    return arrived?.has(oid) ? arrived : this.store;
  }
}
