import type { NewObject, ObjectKind, Oid, RawObject } from '@git-kv/objects';
import type { AuditOptions, AuditVisitor } from '../audit.js';
import { auditListed } from '../audit-listed.js';
import type {
  ObjectReader,
  ObjectStore,
  PruneReport,
  Quarantine,
  ReadOptions,
  ReceiveOptions,
} from '../object-store.js';
import type { RefOutcome, RefStore } from '../ref-store.js';
import type { PromisorStore, Repository, RepositoryChange, ShallowStore } from '../repository.js';
import { BackFill, type BackFillOptions, type ConnectPromisor, type PackIntake } from './back-fill.js';
import { FillingReader } from './filling-reader.js';

/** A partial clone that reads as if it were whole. */
export interface BackFilledRepository extends Repository {
  readonly objects: BackFilledObjectStore;
  /** Let go of the connection, and of the repository below. */
  close(): Promise<void>;
}

/** Objects that are fetched when they are missing. */
export interface BackFilledObjectStore extends ObjectStore {
  /** Requests so far. */
  readonly requestCount: number;
  prefetch(oids: Iterable<Oid>, options?: ReadOptions): Promise<void>;
  /** What is there without a request. */
  readNear(oid: Oid): Promise<RawObject | undefined>;
}

/**
 * Read a partial clone through: what is missing is fetched from the promisor remote and kept, as git does, in packs that are marked as
 * its. Reads of one turn, `readMany`, and what walks and diffs ask for ahead go in one request for many; no haves are sent, and only the
 * objects themselves are wanted.
 *
 * An object that nobody has is `undefined`, for the price of a request; one that was promised and cannot be had is PROMISE_BROKEN.
 *
 * ```ts
 * import { connectUploadPack, createHttpTransport } from '@git-kv/protocol';
 * import { backFill, cloneInto } from '@git-kv/repository';
 * import { createMemoryRepository } from '@git-kv/repository/memory';
 *
 * const remote = createHttpTransport('https://example.com/project.git');
 * const clone = createMemoryRepository();
 * await cloneInto(clone, remote, { filter: 'blob:none' });
 * const whole = backFill(clone, ({ signal }) => connectUploadPack(remote, { signal }), { maxRequests: 100 });
 * ```
 */
export function backFill(
  repository: Repository,
  connect: ConnectPromisor,
  options: BackFillOptions = {},
): BackFilledRepository {
  return new Filled(repository, new BackFill(connect, intoStore(repository.objects, options), options));
}

/** Keeps what arrives as a pack of the promisor remote. */
export function intoStore(store: ObjectStore, { maxPackBytes, freeInflatedBytes }: BackFillOptions): PackIntake {
  return {
    take: async (pack, wants, options) => {
      const limits = {
        ...(maxPackBytes !== undefined && { maxPackBytes }),
        ...(freeInflatedBytes !== undefined && { freeInflatedBytes }),
      };
      const quarantine = await store.receive(pack, { ...options, ...limits, promisor: '' });
      try {
        const arrived = new Set(quarantine.oids());
        // A pack without any of them is no answer, whatever else it holds.
        if (wants.some((oid) => arrived.has(oid))) await quarantine.publish();
        return new Map(wants.flatMap((oid) => (arrived.has(oid) ? [[oid, undefined] as const] : [])));
      } finally {
        await quarantine.discard();
      }
    },
  };
}

class Filled implements BackFilledRepository {
  readonly algorithm: Repository['algorithm'];
  readonly objects: FillingStore;
  readonly refs: RefStore;
  readonly shallow: ShallowStore;
  readonly promisors?: PromisorStore;
  readonly #base: Repository;
  readonly #fill: BackFill;

  constructor(base: Repository, fill: BackFill) {
    this.#base = base;
    this.#fill = fill;
    this.algorithm = base.algorithm;
    this.objects = new FillingStore(base.objects, fill);
    this.refs = base.refs;
    this.shallow = base.shallow;
    if (base.promisors) this.promisors = base.promisors;
  }

  transact(change: RepositoryChange): Promise<RefOutcome> {
    return this.#base.transact(change);
  }

  async close(): Promise<void> {
    await this.#fill.close();
    await this.#base.close();
  }
}

/** A store below a {@link FillingReader}: what is written goes there. */
export class FillingStore extends FillingReader implements BackFilledObjectStore {
  readonly approximateCount?: () => Promise<number>;
  readonly #base: ObjectStore;

  /** @param near what is here, where `base` does not have all of it */
  constructor(base: ObjectStore, fill: BackFill, near: ObjectReader = base) {
    super(near, fill);
    this.#base = base;
    const count = near === base ? base.approximateCount?.bind(base) : undefined;
    if (count) this.approximateCount = count;
  }

  async open(
    oid: Oid,
    options?: ReadOptions,
  ): Promise<
    { readonly kind: ObjectKind; readonly size: number; readonly body: AsyncIterable<Uint8Array> } | undefined
  > {
    const opened = await this.fill.look(() => this.#base.open(oid, options));
    if (opened !== undefined) return opened;
    return (await this.stat(oid, options)) && this.#base.open(oid, options);
  }

  findByPrefix(hex: string, limit: number): Promise<Oid[]> {
    return this.#base.findByPrefix(hex, limit);
  }

  oids(options?: ReadOptions): AsyncIterable<Oid> {
    return this.#base.oids(options);
  }

  write(object: RawObject): Promise<Oid> {
    return this.#base.write(object);
  }

  writeMany(objects: readonly NewObject[]): Promise<Oid[]> {
    return this.#base.writeMany(objects);
  }

  receive(pack: AsyncIterable<Uint8Array>, options: ReceiveOptions = {}): Promise<Quarantine> {
    // Bases of a thin pack may be missing here.
    return this.#base.receive(pack, { beneath: this, ...options });
  }

  prune(keep: (oid: Oid) => boolean, options?: ReadOptions): Promise<PruneReport> {
    return this.#base.prune(keep, options);
  }

  async audit(visitor: AuditVisitor, options: AuditOptions = {}): Promise<void> {
    if (this.#base.audit) await this.#base.audit(visitor, options);
    else await auditListed(this.#base, visitor, options);
  }

  async close(): Promise<void> {
    await this.fill.close();
    await this.#base.close();
  }
}
