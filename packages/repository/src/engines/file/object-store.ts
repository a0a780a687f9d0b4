import {
  assertOid,
  GitError,
  type HashAlgorithm,
  hashObject,
  hashObjects,
  type NewObject,
  NotFoundError,
  type ObjectKind,
  type Oid,
  type RawObject,
} from '@git-kv/objects';
import {
  type CommitGraph,
  type CommitGraphFile,
  createDeltaBaseCache,
  iterateCursors,
  listCursor,
  type ObjectCursor,
  type PackEntry,
  type PackEntryHead,
  type PackIndex,
  type PackReader,
} from '@git-kv/pack';
import type { AuditOptions, AuditVisitor } from '../../audit.js';
import type {
  ObjectStore,
  Promises,
  PruneReport,
  Quarantine,
  ReadManyOptions,
  ReadOptions,
  ReceiveOptions,
} from '../../object-store.js';
import { PackPromises, PromisorLinks, type PromisorPack } from '../../promisor/promisor-packs.js';
import type { CommitSource } from '../../walk/commit-source.js';
import { findAlternates } from './alternates.js';
import { sweepArrivals } from './arrival-directory.js';
import { auditCommitGraph, auditMultiPackIndex } from './audit-look-ups.js';
import { auditObjects } from './audit-objects.js';
import { iterateBatches } from './batches.js';
import { CommitGraphReader, readCommitGraphFiles, writeCommitGraphFile } from './commit-graph.js';
import { openCommitSource } from './commit-source.js';
import type { Disk } from './disk.js';
import { HeldPacks } from './held-packs.js';
import { type AcquireLock, acquireLock } from './lock-file.js';
import { deflateLoose, type LooseObjects, WRITE_LEVEL } from './loose-objects.js';
import { ObjectDirectory } from './object-directory.js';
import type { PackReads } from './pack-file.js';
import { writePackFile } from './pack-writing.js';
import { pruneObjects } from './prune.js';
import { receivePack } from './quarantine.js';
import type { FileObjectStoreOptions, StoreParts } from './store-parts.js';

/** From this many objects on, `writeMany` makes a pack. */
const PACK_OBJECT_COUNT = 100;

/** Loose objects that `readMany` reads at a time. */
const LOOSE_CONCURRENCY = 16;

/** Looks at a store that others change meanwhile, before what is not found counts as absent. */
const MAX_LOOKS = 100;

/** What git keeps of delta bases (core.deltaBaseCacheLimit), taken in steps as it is needed. */
const CACHE_BYTES = 96 * 2 ** 20;

/** What it takes at most while memory is to be spared. */
const SPARED_CACHE_BYTES = 16 * 2 ** 20;

/** Bodies up to this size are read whole when they are opened; larger ones are streamed. */
const WHOLE_BYTES = 1 << 20;

/** Pieces of the body that `open` yields. */
const BODY_PIECE_BYTES = 1 << 16;

/** A pack is touched at most this often for objects in it that are written again. */
const TOUCH_INTERVAL_MS = 60_000;

/** Objects in files, as git keeps them: loose and in packs, its own and those of its alternates. */
export class FileObjectStore implements ObjectStore, StoreParts {
  readonly algorithm: HashAlgorithm;
  readonly disk: Disk;
  readonly own: ObjectDirectory;
  readonly options: FileObjectStoreOptions;
  /** Takes the lock of a file beside the objects. */
  readonly acquireLock: AcquireLock;
  /** One for all packs, so that its budget is the store's. */
  readonly #reads: PackReads;
  readonly #graphs: CommitGraphReader;
  #swept: Promise<void> | undefined;
  #directories: readonly ObjectDirectory[] | undefined;

  readonly #promisorLinks = new PromisorLinks(this);
  readonly #promisorPacks = new WeakMap<PackIndex, PromisorPack>();

  constructor(disk: Disk, objectsDirectory: string, algorithm: HashAlgorithm, options: FileObjectStoreOptions = {}) {
    this.disk = disk;
    this.algorithm = algorithm;
    this.options = options;
    this.acquireLock = options.acquireLock ?? ((path, lockOptions) => acquireLock(disk, path, lockOptions));
    this.#reads = {
      cache: createDeltaBaseCache(options.cacheBytes ?? CACHE_BYTES),
      verify: options.verifyReads ?? true,
      held: new HeldPacks(options),
    };
    this.#graphs = new CommitGraphReader(disk, algorithm, this.#reads.verify);
    this.own = new ObjectDirectory(disk, objectsDirectory, algorithm, this.#reads);
  }

  // Not an async function: what lies in an open pack is there at once, and costs one promise.
  read(oid: Oid, options?: ReadOptions): Promise<RawObject | undefined> {
    try {
      options?.signal?.throwIfAborted();
      const object = this.readSync(oid);
      if (object !== undefined) return Promise.resolve(object);
    } catch (error) {
      return Promise.reject(error);
    }
    if (oid.length !== this.algorithm.hexLength) return Promise.resolve(undefined);
    return this.#look((directory) => directory.read(oid));
  }

  readSync(oid: Oid): RawObject | undefined {
    return this.#askSync(oid, (reader, position) => reader.readSync(oid, position));
  }

  readTransientSync(oid: Oid): RawObject | undefined {
    return this.#askSync(oid, (reader, position) => reader.readTransientSync(oid, position));
  }

  sizeSync(oid: Oid): number | undefined {
    return this.#askSync(oid, (reader) => reader.sizeSync(oid));
  }

  readEntrySync(oid: Oid): PackEntry | undefined {
    return this.#askSync(oid, (reader) => reader.readEntrySync(oid));
  }

  readEntryHeadSync(oid: Oid): PackEntryHead | undefined {
    return this.#askSync(oid, (reader) => reader.readEntryHeadSync(oid));
  }

  #askSync<T>(oid: Oid, ask: (reader: PackReader, position: number) => T | undefined): T | undefined {
    assertOid(oid);
    if (oid.length !== this.algorithm.hexLength) return undefined;
    for (const directory of this.#directories ?? [this.own]) {
      const answer = directory.packs.askSync(oid, ask);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  async stat(
    oid: Oid,
    options?: ReadOptions,
  ): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    assertOid(oid);
    options?.signal?.throwIfAborted();
    if (oid.length !== this.algorithm.hexLength) return undefined;
    return this.#look((directory) => directory.stat(oid));
  }

  /** Bytes that the object takes on the disk, deflated or as a delta; `undefined` where it is not there. */
  async storedSize(oid: Oid): Promise<number | undefined> {
    assertOid(oid);
    if (oid.length !== this.algorithm.hexLength) return undefined;
    return this.#look((directory) => directory.storedSize(oid));
  }

  async openPromises(): Promise<Promises | undefined> {
    const found: PromisorPack[] = [];
    for (const { packs } of await this.#all()) {
      await packs.refresh();
      for (const pack of await packs.packs()) {
        const index = pack.isPromisor ? await packs.ifThere(pack, () => pack.index()) : undefined;
        if (index) found.push(this.#promisorPack(index));
      }
    }
    return found.length === 0 ? undefined : new PackPromises(found, this.#promisorLinks);
  }

  #promisorPack(index: PackIndex): PromisorPack {
    let pack = this.#promisorPacks.get(index);
    if (pack === undefined) {
      pack = {
        has: (oid) => index.find(oid) !== undefined,
        *oids() {
          for (let position = 0; position < index.objectCount; position++) yield index.oidAt(position);
        },
      };
      this.#promisorPacks.set(index, pack);
    }
    return pack;
  }

  async openCommits(): Promise<CommitSource> {
    const directories = await this.#all();
    return openCommitSource(directories, await this.#findCommitGraph(directories));
  }

  /** The commit-graph, where there is one that may be used. */
  async commitGraph(): Promise<CommitGraph | undefined> {
    return this.#findCommitGraph(await this.#all());
  }

  /** The files it is made of, the base first, be they used or not. @throws {GitError} MALFORMED, UNSUPPORTED */
  async commitGraphFiles(): Promise<CommitGraphFile[]> {
    const paths = (await this.#all()).map(({ path }) => path);
    return readCommitGraphFiles(this.disk, this.own.path, paths, this.algorithm);
  }

  /**
   * Put a commit-graph file in its place.
   * @throws {GitError} REF_LOCKED where somebody else is writing one
   */
  async writeCommitGraph(bytes: Uint8Array): Promise<void> {
    await writeCommitGraphFile(this.disk, this.own.path, bytes, this.acquireLock);
  }

  async #findCommitGraph(directories: readonly ObjectDirectory[]): Promise<CommitGraph | undefined> {
    const graph = await this.#graphs.find(directories.map(({ path }) => path));
    return graph && (await (this.options.isHistoryPlain?.() ?? true)) ? graph : undefined;
  }

  spareMemory(): () => void {
    return this.#reads.cache.stopGrowth(SPARED_CACHE_BYTES);
  }

  readMany(
    oids: Iterable<Oid>,
    options?: ReadManyOptions,
  ): AsyncIterableIterator<readonly [Oid, RawObject | undefined]> {
    return iterateCursors(this.#openCursors(oids, options), options?.signal);
  }

  async *#openCursors(
    oids: Iterable<Oid>,
    options: ReadManyOptions | undefined,
  ): AsyncGenerator<ObjectCursor, void, undefined> {
    let wanted: Iterable<Oid> = new Set(oids);
    for (const oid of wanted) assertOid(oid);
    let missing: Oid[] = [];
    for (const directory of await this.#all()) {
      missing = [];
      yield* directory.packs.openCursors(wanted, missing, options);
      wanted = missing;
    }
    // What is left is loose or absent, or is being packed right now.
    for (let start = 0; start < missing.length; start += LOOSE_CONCURRENCY) {
      const batch = missing.slice(start, start + LOOSE_CONCURRENCY);
      yield listCursor(await Promise.all(batch.map(async (oid) => [oid, await this.read(oid, options)] as const)));
    }
  }

  async *readEntries(
    oids: Iterable<Oid>,
    options?: ReadOptions,
  ): AsyncGenerator<readonly [Oid, PackEntry], void, undefined> {
    const wanted = new Set(oids);
    for (const oid of wanted) assertOid(oid);
    for (const directory of await this.#all()) {
      for await (const found of directory.packs.readEntries(wanted, options)) {
        wanted.delete(found[0]);
        yield found;
      }
    }
  }

  async open(
    oid: Oid,
    options?: ReadOptions,
  ): Promise<
    { readonly kind: ObjectKind; readonly size: number; readonly body: AsyncIterable<Uint8Array> } | undefined
  > {
    const stat = await this.stat(oid, options);
    if (stat !== undefined && stat.size > WHOLE_BYTES) return { ...stat, body: this.#stream(oid, options) };
    const object = await this.read(oid, options);
    return object && { kind: object.kind, size: object.body.length, body: pieces(object.body) };
  }

  /** From wherever the object is when this begins, which a gc may have changed since it was looked at. */
  async *#stream(oid: Oid, options: ReadOptions | undefined): AsyncGenerator<Uint8Array, void, undefined> {
    for (let look = 1; look <= MAX_LOOKS; look++) {
      for (const directory of await this.#all()) {
        for (const source of [directory.packs.stream(oid, options), directory.loose.stream(oid, options?.signal)]) {
          let isHere = false;
          for await (const piece of source) {
            isHere = true;
            yield piece;
          }
          // Only objects with a body come here.
          if (isHere) return;
        }
        await directory.packs.refresh();
      }
    }
    throw new NotFoundError('OBJECT_NOT_FOUND', oid, `Cannot read object ${oid}: it was there a moment ago`);
  }

  async findByPrefix(hex: string, limit: number): Promise<Oid[]> {
    if (!/^[0-9a-f]*$/.test(hex) || hex.length > this.algorithm.hexLength) return [];
    const directories = await this.#all();
    for (const directory of directories) await directory.packs.refresh();
    const found: Oid[] = [];
    for (const start of hex.length < 2 ? firstBytes(hex) : [hex]) {
      const oids = new Set<Oid>();
      for (const directory of directories) for (const oid of await directory.findByPrefix(start, limit)) oids.add(oid);
      for (const oid of [...oids].sort()) found.push(oid);
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  async approximateCount(): Promise<number> {
    let count = 0;
    for (const directory of await this.#all()) count += await directory.packs.objectCount();
    return count;
  }

  oids(options?: ReadOptions): AsyncIterableIterator<Oid> {
    return iterateBatches(this.#oidsByFirstByte(options));
  }

  /** By first byte, so that only a part of the names is held and sorted at a time. */
  async *#oidsByFirstByte(options: ReadOptions | undefined): AsyncGenerator<readonly Oid[], void, undefined> {
    const directories = await this.#all();
    for (const directory of directories) await directory.packs.refresh();
    for (const firstByte of firstBytes('')) {
      options?.signal?.throwIfAborted();
      const lists: Oid[][] = [];
      for (const directory of directories) lists.push(...(await directory.list(firstByte)));
      const filled = lists.filter((list) => list.length > 0);
      yield filled.length === 1 ? (filled[0] as Oid[]) : [...new Set(filled.flat())].sort();
    }
  }

  async write(object: RawObject): Promise<Oid> {
    const oid = hashObject(this.algorithm, object.kind, object.body);
    if (await this.#refresh(oid)) return oid;
    // It may have been packed since the packs were listed.
    const { generation } = this.own.packs;
    await this.own.packs.refresh();
    if (this.own.packs.generation !== generation && (await this.#refresh(oid))) return oid;
    await this.own.loose.write([{ oid, bytes: deflateLoose(object) }]);
    return oid;
  }

  async writeMany(objects: readonly NewObject[]): Promise<Oid[]> {
    const oids = hashObjects(this.algorithm, objects);
    const missing = new Map<Oid, RawObject>();
    for (const [at, object] of objects.entries()) missing.set(oids[at] as Oid, object);
    await this.own.packs.refresh();
    // Many are looked up in the listed directories; few are asked for one by one.
    const candidates =
      missing.size > PACK_OBJECT_COUNT ? this.existing([...missing.keys()].sort()) : [...missing.keys()];
    const loose: Oid[] = [];
    for await (const oid of candidates) {
      const found = await this.refreshAge(oid);
      if (found) missing.delete(oid);
      if (found === 'loose') loose.push(oid);
    }
    await this.own.loose.settle(loose);
    if (missing.size > PACK_OBJECT_COUNT) {
      const inputs = [...missing].map(([oid, { kind, body }]) => ({ oid, kind, body }));
      await writePackFile(this, inputs, inputs.length, { level: WRITE_LEVEL, treeDeltas: true });
    } else if (missing.size > 0) {
      await this.own.loose.write([...missing].map(([oid, object]) => ({ oid, bytes: deflateLoose(object) })));
    }
    return oids;
  }

  async receive(pack: AsyncIterable<Uint8Array>, options: ReceiveOptions = {}): Promise<Quarantine> {
    this.#swept ??= this.#sweep().catch((error: unknown) => {
      // The next one tries again.
      this.#swept = undefined;
      throw error;
    });
    await this.#swept;
    return receivePack(this, pack, options);
  }

  async #sweep(): Promise<void> {
    await this.own.packs.sweep();
    await sweepArrivals(this.disk, this.own.path);
  }

  async prune(keep: (oid: Oid) => boolean, options?: ReadOptions): Promise<PruneReport> {
    if (this.options.isPrecious) {
      throw new GitError('UNSUPPORTED', `Cannot prune ${this.own.path}: its objects are precious`);
    }
    return pruneObjects(this, keep, options);
  }

  async audit(visitor: AuditVisitor, options: AuditOptions = {}): Promise<void> {
    const paths = (await this.#all()).map(({ path }) => path);
    for (const path of paths) await auditObjects(this.disk, path, this.algorithm, visitor, options);
    for (const path of paths) await auditMultiPackIndex(this.disk, path, this.algorithm, visitor);
    await auditCommitGraph(this, this.own.path, () => this.commitGraphFiles(), visitor, options);
  }

  async close(): Promise<void> {
    for (const directory of this.#directories ?? [this.own]) await directory.packs.close();
  }

  /** The first answer of any directory. A gc moves objects while we look, so a miss looks again wherever packs changed. */
  async #look<T>(ask: (directory: ObjectDirectory) => Promise<T | undefined>): Promise<T | undefined> {
    const directories = await this.#all();
    for (let look = 1; ; look++) {
      const before = generationOf(directories);
      for (const directory of directories) {
        const answer = await ask(directory);
        if (answer !== undefined) return answer;
      }
      for (const directory of directories) await directory.packs.refresh();
      if (generationOf(directories) === before || look === MAX_LOOKS) return undefined;
    }
  }

  /** @returns whether the object is here, durably */
  async #refresh(oid: Oid): Promise<boolean> {
    const found = await this.refreshAge(oid);
    if (found === 'loose') await this.own.loose.settle([oid]);
    return found !== undefined;
  }

  async refreshAge(oid: Oid): Promise<'loose' | 'elsewhere' | undefined> {
    const { packs, loose } = this.own;
    const pack = await packs.find(oid);
    if (pack) {
      if (Date.now() - pack.touchedAt < TOUCH_INTERVAL_MS) return 'elsewhere';
      if (await this.disk.touch(pack.packPath)) {
        await packs.settle(pack);
        pack.touchedAt = Date.now();
        return 'elsewhere';
      }
      packs.forget();
    }
    if (await loose.touch(oid)) return 'loose';
    for (const alternate of (await this.#all()).slice(1)) if (await alternate.stat(oid)) return 'elsewhere';
    return undefined;
  }

  async *existing(oids: Iterable<Oid>): AsyncGenerator<Oid, void, undefined> {
    // Mostly everything is packed: then there is nothing to list for a first byte.
    const directories: { readonly loose: LooseObjects; readonly firstBytes: ReadonlySet<string> }[] = [];
    let isEmpty = true;
    for (const { loose, packs } of await this.#all()) {
      await packs.refresh();
      const firstBytes = await loose.firstBytes();
      directories.push({ loose, firstBytes });
      isEmpty &&= firstBytes.size === 0 && (await packs.packs()).length === 0;
    }
    // As is what a clone goes into: a name and some promises for each of many objects are saved.
    if (isEmpty) return;
    let firstByte: string | undefined;
    let found: ReadonlySet<Oid> = new Set();
    for (const oid of oids) {
      if (oid.slice(0, 2) !== firstByte) {
        firstByte = oid.slice(0, 2);
        const listed = new Set<Oid>();
        for (const { loose, firstBytes } of directories) {
          if (firstBytes.has(firstByte)) for (const one of await loose.list(firstByte)) listed.add(one);
        }
        found = listed;
      }
      if (found.has(oid) || (await this.#isPacked(oid))) yield oid;
    }
  }

  async #isPacked(oid: Oid): Promise<boolean> {
    for (const directory of await this.#all()) if (await directory.packs.find(oid)) return true;
    return false;
  }

  /** The directories that the store borrows objects from. */
  async alternates(): Promise<readonly ObjectDirectory[]> {
    return (await this.#all()).slice(1);
  }

  async isShared(): Promise<boolean> {
    return (await this.alternates()).length > 0;
  }

  /** The store's own directory, and then its alternates, which are looked up once. */
  async #all(): Promise<readonly ObjectDirectory[]> {
    if (this.#directories !== undefined) return this.#directories;
    const paths = await findAlternates(this.disk, this.own.path);
    this.#directories ??= [
      this.own,
      ...paths.map((path) => new ObjectDirectory(this.disk, path, this.algorithm, this.#reads)),
    ];
    return this.#directories;
  }
}

/** Grows with every change of any pack list. */
function generationOf(directories: readonly ObjectDirectory[]): number {
  let sum = 0;
  for (const directory of directories) sum += directory.packs.generation;
  return sum;
}

/** All bytes in hex that begin with `hex`, none or one digit. */
function firstBytes(hex: string): string[] {
  return Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).filter((byte) =>
    byte.startsWith(hex),
  );
}

async function* pieces(body: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < body.length; at += BODY_PIECE_BYTES) yield body.subarray(at, at + BODY_PIECE_BYTES);
}
