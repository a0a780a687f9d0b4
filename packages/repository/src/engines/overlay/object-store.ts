import {
  equalBytes,
  GitError,
  type HashAlgorithm,
  type NewObject,
  type ObjectKind,
  type Oid,
  type RawObject,
} from '@git-kv/objects';
import type { PackEntry, PackEntryHead } from '@git-kv/pack';
import type { AuditOptions, AuditVisitor } from '../../audit.js';
import { auditListed } from '../../audit-listed.js';
import type {
  ObjectReader,
  ObjectStore,
  Promises,
  PruneReport,
  Quarantine,
  ReadManyOptions,
  ReadOptions,
  ReceiveOptions,
} from '../../object-store.js';
import type { CommitSource } from '../../walk/commit-source.js';
import { openLayeredCommits } from './commit-source.js';
import { LayeredReader } from './layered-reader.js';
import { mergeListings } from './merge-listings.js';

/** What an overlay asks of a store that it only reads. */
export type ObjectLayer = Omit<ObjectStore, 'write' | 'writeMany' | 'receive' | 'prune' | 'close'>;

/** Objects compared at a time with what lies beneath. */
const COMPARE_BATCH = 1000;

/**
 * Several stores as one: reads go through `layers` in their order until one has the object, all that is written goes to the first.
 * Of use for forks, for previews, and for work that may be thrown away.
 *
 * What is written is written to the first layer, be it in another one or not: nothing here keeps the others from dropping it.
 * {@link ObjectStore.prune} and `close` concern the first layer alone; the others are their owners'.
 *
 * @param layers the first is written to; of one hash algorithm all
 * @throws {TypeError} for layers of several algorithms
 */
export function overlayObjects(layers: readonly [top: ObjectStore, ...beneath: ObjectLayer[]]): ObjectStore {
  const [top, ...beneath] = layers;
  if (beneath.some(({ algorithm }) => algorithm.name !== top.algorithm.name)) {
    throw new TypeError('Cannot lay stores over each other: they are of several hash algorithms');
  }
  return new OverlayObjectStore(top, beneath);
}

class OverlayObjectStore implements ObjectStore {
  readonly algorithm: HashAlgorithm;
  readonly #top: ObjectStore;
  readonly #beneath: readonly ObjectLayer[];
  readonly #layers: readonly ObjectLayer[];
  readonly #reader: LayeredReader;

  constructor(top: ObjectStore, beneath: readonly ObjectLayer[]) {
    this.algorithm = top.algorithm;
    this.#top = top;
    this.#beneath = beneath;
    this.#layers = [top, ...beneath];
    this.#reader = new LayeredReader(this.#layers);
  }

  read(oid: Oid, options?: ReadOptions): Promise<RawObject | undefined> {
    return this.#reader.read(oid, options);
  }

  readSync(oid: Oid): RawObject | undefined {
    return first(this.#layers, (layer) => layer.readSync?.(oid));
  }

  sizeSync(oid: Oid): number | undefined {
    return first(this.#layers, (layer) => layer.sizeSync?.(oid));
  }

  readEntrySync(oid: Oid): PackEntry | undefined {
    return first(this.#layers, (layer) => layer.readEntrySync?.(oid));
  }

  readEntryHeadSync(oid: Oid): PackEntryHead | undefined {
    return first(this.#layers, (layer) => layer.readEntryHeadSync?.(oid));
  }

  openPromises(): Promise<Promises | undefined> {
    return this.#reader.openPromises();
  }

  openCommits(): Promise<CommitSource | undefined> {
    return openLayeredCommits(this.#layers);
  }

  readMany(oids: Iterable<Oid>, options?: ReadManyOptions): AsyncIterable<readonly [Oid, RawObject | undefined]> {
    return this.#reader.readMany(oids, options);
  }

  async *readEntries(
    oids: Iterable<Oid>,
    options?: ReadOptions,
  ): AsyncGenerator<readonly [Oid, PackEntry], void, undefined> {
    const wanted = new Set(oids);
    for (const layer of this.#layers) {
      for await (const found of layer.readEntries?.([...wanted], options) ?? []) {
        wanted.delete(found[0]);
        yield found;
      }
    }
  }

  stat(oid: Oid, options?: ReadOptions): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    return this.#reader.stat(oid, options);
  }

  async open(
    oid: Oid,
    options?: ReadOptions,
  ): Promise<
    { readonly kind: ObjectKind; readonly size: number; readonly body: AsyncIterable<Uint8Array> } | undefined
  > {
    for (const layer of this.#layers) {
      const opened = await layer.open(oid, options);
      if (opened !== undefined) return opened;
    }
    return undefined;
  }

  isShared(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async findByPrefix(hex: string, limit: number): Promise<Oid[]> {
    const found = new Set<Oid>();
    for (const layer of this.#layers) for (const oid of await layer.findByPrefix(hex, limit)) found.add(oid);
    return [...found].sort().slice(0, limit);
  }

  oids(options?: ReadOptions): AsyncIterable<Oid> {
    return mergeListings(this.#layers.map((layer) => layer.oids(options)));
  }

  write(object: RawObject): Promise<Oid> {
    return this.#top.write(object);
  }

  writeMany(objects: readonly NewObject[]): Promise<Oid[]> {
    return this.#top.writeMany(objects);
  }

  async receive(pack: AsyncIterable<Uint8Array>, options: ReceiveOptions = {}): Promise<Quarantine> {
    const beneath = new LayeredReader([...this.#beneath, ...(options.beneath ? [options.beneath] : [])]);
    const arrived = await this.#top.receive(pack, { ...options, beneath });
    try {
      await assertSame(arrived, beneath, options);
    } catch (error) {
      await arrived.discard();
      throw error;
    }
    return new OverlayQuarantine(arrived, beneath);
  }

  prune(keep: (oid: Oid) => boolean, options?: ReadOptions): Promise<PruneReport> {
    return this.#top.prune(keep, options);
  }

  async audit(visitor: AuditVisitor, options: AuditOptions = {}): Promise<void> {
    for (const layer of this.#layers) {
      if (layer.audit) await layer.audit(visitor, options);
      else await auditListed(layer, visitor, options);
    }
  }

  close(): Promise<void> {
    return this.#top.close();
  }
}

/** What arrived for the first layer, read before all of them. */
export class OverlayQuarantine implements Quarantine {
  readonly reader: ObjectReader;
  readonly objectCount: number;
  /** The quarantine of the first layer. */
  readonly arrived: Quarantine;

  constructor(arrived: Quarantine, beneath: ObjectReader) {
    this.arrived = arrived;
    this.objectCount = arrived.objectCount;
    this.reader = new LayeredReader([arrived.reader, beneath]);
  }

  oids(): Iterable<Oid> {
    return this.arrived.oids();
  }

  publish(): Promise<void> {
    return this.arrived.publish();
  }

  discard(): Promise<void> {
    return this.arrived.discard();
  }
}

/** An object that arrives under the id of one that lies beneath must be that one: it is read in its place from now on. */
async function assertSame(arrived: Quarantine, beneath: ObjectReader, options: ReadOptions): Promise<void> {
  let batch: Oid[] = [];
  const compare = async (): Promise<void> => {
    for await (const [oid, held] of beneath.readMany(batch, options)) {
      const added = held && (await arrived.reader.read(oid, options));
      if (held === undefined || added === undefined) continue;
      if (held.kind !== added.kind || !equalBytes(held.body, added.body)) {
        throw new GitError('HASH_MISMATCH', `Cannot add object ${oid}: the repository has another one of this name`);
      }
    }
    batch = [];
  };
  for (const oid of arrived.oids()) if (batch.push(oid) === COMPARE_BATCH) await compare();
  if (batch.length > 0) await compare();
}

function first<T>(layers: readonly ObjectLayer[], ask: (layer: ObjectLayer) => T | undefined): T | undefined {
  for (const layer of layers) {
    const answer = ask(layer);
    if (answer !== undefined) return answer;
  }
  return undefined;
}
