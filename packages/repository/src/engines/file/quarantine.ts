import {
  encodeUtf8,
  equalBytes,
  GitError,
  type HashAlgorithm,
  type ObjectKind,
  type Oid,
  type RawObject,
} from '@git-kv/objects';
import { type IndexedPack, indexPack, type PackIndex, PackReader, parsePackIndex } from '@git-kv/pack';
import type { ObjectReader, Promises, Quarantine, ReadOptions, ReceiveOptions } from '../../object-store.js';
import { ReceiveCheck } from '../../receive-check.js';
import { receiveLimits } from '../../receive-limits.js';
import { readingThrough } from '../../receive-reads.js';
import { ReceivedLinks } from '../../received-links.js';
import { ArrivalDirectory } from './arrival-directory.js';
import type { DiskFile } from './disk.js';
import { deflateLoose, type LooseFile } from './loose-objects.js';
import { FilePackStorage } from './pack-storage.js';
import { publishPack, TEMPORARY_PACK } from './pack-writing.js';
import type { StoreParts } from './store-parts.js';

/** git's receive.unpackLimit. */
const DEFAULT_UNPACK_LIMIT = 100;

/** A pack of few objects stays a pack if it is larger than this: unpacking would lose its deltas. */
const MAX_UNPACK_BYTES = 4 << 20;

/** Nor is one unpacked whose objects are larger than this together: a few bytes of delta may stand for 512 MiB of disk. */
const MAX_UNPACK_INFLATED_BYTES = 64 << 20;

/**
 * Take in a pack as a temporary file beside the store's packs, checked and indexed in memory. On an error the file goes.
 */
export async function receivePack(
  store: StoreParts,
  pack: AsyncIterable<Uint8Array>,
  options: ReceiveOptions,
): Promise<Quarantine> {
  const { disk, algorithm, own } = store;
  const file = await disk.createTemporary(own.packs.path, TEMPORARY_PACK, { readOnly: true });
  try {
    const check = options.check && new ReceiveCheck(algorithm, options.check);
    const links = options.followLinks ? new ReceivedLinks(algorithm, options.followLinks) : undefined;
    const storage = new FilePackStorage(file);
    const indexed = await indexPack(pack, {
      algorithm,
      storage,
      limits: receiveLimits(options),
      readBase: readingThrough(store, options),
      ...(options.signal && { signal: options.signal }),
      onProgress: (progress) => {
        if (links !== undefined && progress.phase === 'scan') {
          links.announcedCount = progress.total ?? 0;
          links.scannedCount = progress.loaded;
        }
        options.onProgress?.(progress);
      },
      ...((check ?? links) && {
        visit: (object) => {
          check?.visit(object);
          links?.visit(object);
        },
        visitsBlobs: false,
      }),
      ...(options.stopsAtTrailer && { stopsAtTrailer: true }),
    });
    const index = parsePackIndex(indexed.index, algorithm);
    const reader = new PackReader({ source: await storage.source(), index });
    const quarantine = new FileQuarantine(store, file, indexed, index, reader, { promisor: options.promisor, links });
    await check?.finish({ read: readingThrough(quarantine.reader, options) }, options, options.promisor !== undefined);
    await quarantine.compareExisting(options.signal);
    return quarantine;
  } catch (error) {
    await disk.abandon(file);
    throw error;
  }
}

class FileQuarantine implements Quarantine {
  readonly reader: ObjectReader;
  readonly objectCount: number;
  readonly #store: StoreParts;
  readonly #file: DiskFile;
  readonly #indexed: IndexedPack;
  readonly #index: PackIndex;
  readonly #pack: PackReader;
  readonly #promisor: string | undefined;
  readonly #links: ReceivedLinks | undefined;
  #state: 'open' | 'published' | 'discarded' = 'open';
  #directory: Promise<ArrivalDirectory | undefined> | undefined;

  constructor(
    store: StoreParts,
    file: DiskFile,
    indexed: IndexedPack,
    index: PackIndex,
    pack: PackReader,
    { promisor, links }: { readonly promisor: string | undefined; readonly links: ReceivedLinks | undefined },
  ) {
    this.#promisor = promisor;
    this.#links = links;
    this.#store = store;
    this.#file = file;
    this.#indexed = indexed;
    this.#index = index;
    this.#pack = pack;
    this.objectCount = indexed.receivedCount;
    this.reader = new QuarantineReader(store, pack, () => this.#state === 'open');
  }

  *oids(): Generator<Oid, void, undefined> {
    const appended = new Set(this.#indexed.appendedOids);
    let last: Oid | undefined;
    for (let position = 0; position < this.#index.objectCount; position++) {
      const oid = this.#index.oidAt(position);
      if (oid !== last && !appended.has(oid)) yield oid;
      last = oid;
    }
  }

  isClosed(oids: Iterable<Oid>, outside?: ReadonlySet<Oid>): boolean {
    // The links of bases that were here before were not followed.
    if (this.#indexed.appendedOids.length > 0) return false;
    return this.#links?.areWithin(this.#index, this.#indexed.entries, oids, outside) === true;
  }

  outside(oids: Iterable<Oid>): readonly (readonly [Oid, ObjectKind | undefined])[] | undefined {
    const { entries, appendedOids } = this.#indexed;
    return this.#links?.outside(this.#index, entries, oids, appendedOids);
  }

  async objectDirectory(): Promise<string | undefined> {
    if (this.#state !== 'open') return undefined;
    const { disk, own } = this.#store;
    const { index, packChecksum: checksum } = this.#indexed;
    const pack = this.#index.objectCount === 0 ? undefined : { path: this.#file.path, checksum, index };
    this.#directory ??= ArrivalDirectory.make(disk, own.path, pack);
    return (await this.#directory)?.path;
  }

  async publish(): Promise<void> {
    if (this.#state === 'published') return;
    if (this.#state === 'discarded') throw new Error('BUG: a discarded quarantine is published');
    const { options, disk } = this.#store;
    let isSmall: boolean;
    try {
      isSmall = await this.#isSmall(options.unpackLimit ?? DEFAULT_UNPACK_LIMIT);
      if (isSmall) await this.#unpack();
      else await this.#publishPack();
      await this.#adopt();
    } catch (error) {
      // Half published, it must not be published again; what did become visible are whole objects nobody points to.
      await this.discard();
      throw error;
    }
    this.#state = 'published';
    await this.#removeDirectory();
    if (isSmall) await disk.abandon(this.#file);
  }

  async discard(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'discarded';
    await this.#removeDirectory();
    await this.#store.disk.abandon(this.#file);
  }

  /**
   * What arrives under the id of an object we have must be that object: a collision would let a stranger replace it.
   * @throws {GitError} HASH_MISMATCH
   */
  async compareExisting(signal?: AbortSignal): Promise<void> {
    for await (const oid of this.#store.existing(this.oids())) {
      signal?.throwIfAborted();
      const ours = await this.#store.read(oid);
      const theirs = await this.#pack.read(oid);
      // Pruned meanwhile: then there is nothing to protect.
      if (ours === undefined || theirs === undefined) continue;
      if (ours.kind !== theirs.kind || !equalBytes(ours.body, theirs.body)) {
        throw new GitError(
          'HASH_MISMATCH',
          `Cannot accept pack: its object ${oid} differs from the one in the repository`,
        );
      }
    }
  }

  /** What hooks have written beside what arrived comes with it. */
  async #adopt(): Promise<void> {
    const { own } = this.#store;
    const directory = await this.#directory?.catch(() => undefined);
    if (await directory?.adopt(own.path)) own.packs.forget();
  }

  async #removeDirectory(): Promise<void> {
    const directory = await this.#directory?.catch(() => undefined); // told to whoever asked for it
    await directory?.remove();
  }

  async #publishPack(): Promise<void> {
    const promisor = this.#promisor === undefined ? undefined : encodeUtf8(this.#promisor);
    const { index, packChecksum } = this.#indexed;
    await publishPack(this.#store, this.#file, { bytes: index, parsed: this.#index }, packChecksum, { promisor });
  }

  async #isSmall(unpackLimit: number): Promise<boolean> {
    // Loose objects promise nothing.
    if (this.#promisor !== undefined) return this.objectCount === 0;
    if (this.objectCount >= unpackLimit || this.#indexed.packSize > MAX_UNPACK_BYTES) return false;
    let inflatedBytes = 0;
    for (const oid of this.oids()) inflatedBytes += (await this.#pack.stat(oid))?.size ?? 0;
    return inflatedBytes <= MAX_UNPACK_INFLATED_BYTES;
  }

  async #unpack(): Promise<void> {
    const { loose } = this.#store.own;
    const there: Oid[] = [];
    await loose.write(this.#looseFiles(there));
    await loose.settle(there);
  }

  /** The objects that are not in the store; loose ones that are go to `there`. */
  async *#looseFiles(there: Oid[]): AsyncGenerator<LooseFile, void, undefined> {
    for (const oid of this.oids()) {
      const found = await this.#store.refreshAge(oid);
      if (found === 'loose') there.push(oid);
      if (found) continue;
      const object = await this.#pack.read(oid);
      if (object === undefined) throw new Error(`BUG: object ${oid} is missing in the pack that has it`);
      yield { oid, bytes: deflateLoose(object) };
    }
  }
}

/** Reads what arrived, while it is apart, and then the store. */
class QuarantineReader implements ObjectReader {
  readonly algorithm: HashAlgorithm;
  readonly #store: StoreParts;
  readonly #pack: PackReader;
  readonly #isOpen: () => boolean;

  constructor(store: StoreParts, pack: PackReader, isOpen: () => boolean) {
    this.algorithm = store.algorithm;
    this.#store = store;
    this.#pack = pack;
    this.#isOpen = isOpen;
  }

  async openPromises(): Promise<Promises | undefined> {
    return this.#store.openPromises?.();
  }

  async read(oid: Oid, options?: ReadOptions): Promise<RawObject | undefined> {
    return (this.#isOpen() ? await this.#pack.read(oid) : undefined) ?? this.#store.read(oid, options);
  }

  async *readMany(
    oids: Iterable<Oid>,
    options?: ReadOptions,
  ): AsyncGenerator<readonly [Oid, RawObject | undefined], void, undefined> {
    const wanted = new Set(oids);
    if (this.#isOpen()) {
      for await (const [oid, object] of this.#pack.readMany(
        [...wanted].filter((oid) => this.#pack.has(oid)),
        options,
      )) {
        wanted.delete(oid);
        yield [oid, object];
      }
    }
    yield* this.#store.readMany(wanted, options);
  }

  async stat(
    oid: Oid,
    options?: ReadOptions,
  ): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    return (this.#isOpen() ? await this.#pack.stat(oid) : undefined) ?? this.#store.stat(oid, options);
  }
}
