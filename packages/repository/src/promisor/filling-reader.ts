import type { HashAlgorithm, ObjectKind, Oid, RawObject } from '@git-kv/objects';
import type { PackEntry, PackEntryHead } from '@git-kv/pack';
import type { ObjectReader, Promises, ReadManyOptions, ReadOptions } from '../object-store.js';
import type { CommitSource } from '../walk/commit-source.js';
import { type BackFill, brokenPromise, type FillOutcome } from './back-fill.js';

/** Reads what is near, and fetches what is missing there. */
export class FillingReader implements ObjectReader {
  readonly algorithm: HashAlgorithm;
  protected readonly near: ObjectReader;
  protected readonly fill: BackFill;

  constructor(near: ObjectReader, fill: BackFill) {
    this.algorithm = near.algorithm;
    this.near = near;
    this.fill = fill;
  }

  /** Requests so far. */
  get requestCount(): number {
    return this.fill.requestCount;
  }

  async read(oid: Oid, options?: ReadOptions): Promise<RawObject | undefined> {
    options?.signal?.throwIfAborted();
    const object = this.near.readSync?.(oid) ?? (await this.fill.look(() => this.near.read(oid, options)));
    return object ?? this.#fetchOne(oid, options);
  }

  /** What is there without a request. */
  async readNear(oid: Oid): Promise<RawObject | undefined> {
    return this.near.read(oid);
  }

  readSync(oid: Oid): RawObject | undefined {
    return this.near.readSync?.(oid);
  }

  sizeSync(oid: Oid): number | undefined {
    return this.near.sizeSync?.(oid);
  }

  readEntrySync(oid: Oid): PackEntry | undefined {
    return this.near.readEntrySync?.(oid);
  }

  readEntryHeadSync(oid: Oid): PackEntryHead | undefined {
    return this.near.readEntryHeadSync?.(oid);
  }

  async openCommits(): Promise<CommitSource | undefined> {
    return this.near.openCommits?.();
  }

  async openPromises(): Promise<Promises | undefined> {
    return this.near.openPromises?.();
  }

  async *readMany(
    oids: Iterable<Oid>,
    options?: ReadManyOptions,
  ): AsyncGenerator<readonly [Oid, RawObject | undefined], void, undefined> {
    const missing: Oid[] = [];
    for await (const found of this.near.readMany(oids, options)) {
      if (found[1] === undefined) missing.push(found[0]);
      else yield found;
    }
    for (let start = 0; start < missing.length; start += this.fill.batchSize) {
      const batch = missing.slice(start, start + this.fill.batchSize);
      const outcomes = await this.fill.fetch(
        batch.filter((oid) => !this.#isUnasked(oid)),
        options,
      );
      for (const oid of batch) {
        const outcome = outcomes.get(oid);
        outcomes.delete(oid);
        yield [oid, outcome && (await this.#objectOf(oid, outcome, options))];
      }
    }
  }

  async *readEntries(
    oids: Iterable<Oid>,
    options?: ReadOptions,
  ): AsyncGenerator<readonly [Oid, PackEntry], void, undefined> {
    if (this.near.readEntries) yield* this.near.readEntries(oids, options);
  }

  async stat(
    oid: Oid,
    options?: ReadOptions,
  ): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    const stat = await this.fill.look(() => this.statHere(oid, options));
    if (stat !== undefined) return stat;
    const object = await this.#fetchOne(oid, options);
    return object && { kind: object.kind, size: object.body.length };
  }

  statHere(oid: Oid, options?: ReadOptions): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    return this.near.stat(oid, options);
  }

  async prefetch(oids: Iterable<Oid>, options?: ReadOptions): Promise<void> {
    const missing: Oid[] = [];
    for (const oid of new Set(oids)) {
      if (this.near.sizeSync?.(oid) !== undefined || this.#isUnasked(oid)) continue;
      if ((await this.statHere(oid, options)) === undefined) missing.push(oid);
    }
    for (let start = 0; start < missing.length; start += this.fill.batchSize) {
      await this.fill.fetch(missing.slice(start, start + this.fill.batchSize), options);
    }
  }

  async #fetchOne(oid: Oid, options: ReadOptions | undefined): Promise<RawObject | undefined> {
    if (this.#isUnasked(oid)) return undefined;
    return this.#objectOf(oid, (await this.fill.fetch([oid], options)).get(oid), options);
  }

  /** The empty tree is known to all, and need not be anywhere. */
  #isUnasked(oid: Oid): boolean {
    return oid === this.algorithm.emptyTreeOid || oid.length !== this.algorithm.hexLength;
  }

  async #objectOf(
    oid: Oid,
    outcome: FillOutcome | undefined,
    options: ReadOptions | undefined,
  ): Promise<RawObject | undefined> {
    if (outcome?.status === 'here') return outcome.object ?? (await this.near.read(oid, options));
    if (outcome === undefined) return undefined;
    // A remote that was asked for what nobody promised is right to have no such object.
    if (outcome.status === 'withheld') throw brokenPromise(oid, 'withheld');
    const promises = await this.near.openPromises?.();
    if (promises !== undefined && (await promises.covers(oid, options))) throw brokenPromise(oid, 'refused');
    return undefined;
  }
}
