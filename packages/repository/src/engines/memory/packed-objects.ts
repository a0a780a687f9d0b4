import type { HashAlgorithm, ObjectKind, Oid, RawObject } from '@git-kv/objects';
import {
  createDeltaBaseCache,
  type DeltaBaseCache,
  type IndexPackOptions,
  indexPack,
  memoryPackStorage,
  type PackEntry,
  parsePackIndex,
} from '@git-kv/pack';
import type { Quarantine, ReadOptions, ReceiveOptions } from '../../object-store.js';
import { receiveLimits } from '../../receive-limits.js';
import { ReceivedLinks } from '../../received-links.js';
import { fitted, HeldPack } from './held-pack.js';
import { MAX_LOOSE_BYTES, MAX_LOOSE_PACK_BYTES, type ObjectMap } from './object-map.js';
import { repack } from './repack.js';

/** What a pack is taken in with. */
export interface PackTaking {
  readonly readBase: NonNullable<IndexPackOptions['readBase']>;
  /** Told of every object that is no blob. */
  readonly visit: IndexPackOptions['visit'] | undefined;
  /** Where the objects of a small one go. */
  readonly loose: ObjectMap;
}

/** A pack that was taken in. */
export interface TakenPack {
  readonly objectCount: number;
  readonly isClosed: Quarantine['isClosed'] | undefined;
}

/** The packs of a store in memory, as they came. A module of its own, loaded with the first pack that is not taken apart at once. */
export class PackedObjects {
  /** Newest first. Replaced, never changed: whoever iterates goes on with the list it began with. */
  packs: readonly HeldPack[] = [];
  private readonly algorithm: HashAlgorithm;
  /** Objects of a pack that is taken apart, at most. */
  private readonly unpackLimit: number;
  /** One budget for all packs. */
  private readonly cache: DeltaBaseCache;

  constructor(algorithm: HashAlgorithm, unpackLimit: number, cache: DeltaBaseCache = createDeltaBaseCache()) {
    this.algorithm = algorithm;
    this.unpackLimit = unpackLimit;
    this.cache = cache;
  }

  /** Packs apart from these, with the same budget. */
  beside(): PackedObjects {
    return new PackedObjects(this.algorithm, this.unpackLimit, this.cache);
  }

  absorb(other: PackedObjects): void {
    this.packs = [...other.packs, ...this.packs];
  }

  clear(): void {
    this.packs = [];
  }

  packOf(oid: Oid): HeldPack | undefined {
    for (const pack of this.packs) if (pack.has(oid)) return pack;
    return undefined;
  }

  statSync(oid: Oid): { readonly kind: ObjectKind; readonly size: number } | undefined {
    for (const pack of this.packs) {
      const stat = pack.statSync(oid);
      if (stat) return stat;
    }
    return undefined;
  }

  statBytesSync(bytes: Uint8Array, offset: number): { readonly kind: ObjectKind; readonly size: number } | undefined {
    for (const pack of this.packs) {
      const stat = pack.statBytesSync(bytes, offset);
      if (stat) return stat;
    }
    return undefined;
  }

  async *readMany(
    oids: Iterable<Oid>,
    options?: ReadOptions,
  ): AsyncGenerator<readonly [Oid, RawObject | undefined], void, undefined> {
    const packed = new Map<HeldPack, Oid[]>();
    for (const oid of oids) {
      const pack = this.packOf(oid);
      if (pack === undefined) yield [oid, undefined];
      else group(packed, pack, oid);
    }
    for (const [pack, mine] of packed) yield* pack.readMany(mine, options);
  }

  async *readEntries(
    oids: Iterable<Oid>,
    options?: ReadOptions,
  ): AsyncGenerator<readonly [Oid, PackEntry], void, undefined> {
    options?.signal?.throwIfAborted();
    const packed = new Map<HeldPack, Oid[]>();
    for (const oid of oids) {
      const pack = this.packOf(oid);
      if (pack !== undefined) group(packed, pack, oid);
    }
    for (const [pack, mine] of packed) yield* pack.readEntries(mine, options);
  }

  /** Take in a pack, as it is or taken apart. */
  async receive(
    pack: AsyncIterable<Uint8Array>,
    options: ReceiveOptions,
    { loose, readBase, visit }: PackTaking,
  ): Promise<TakenPack> {
    const { algorithm } = this;
    const links = linksOf(algorithm, options);
    const storage = memoryPackStorage(options.expectedBytes);
    const indexed = await indexPack(pack, {
      algorithm,
      storage,
      readBase,
      limits: receiveLimits(options),
      ...(options.signal && { signal: options.signal }),
      ...(options.onProgress && { onProgress: options.onProgress }),
      ...((visit ?? links) && {
        visit: (object) => {
          visit?.(object);
          links?.visit(object);
        },
        visitsBlobs: false,
      }),
      ...(options.stopsAtTrailer && { stopsAtTrailer: true }),
    });
    const isPromisor = options.promisor !== undefined;
    const held = new HeldPack(algorithm, fitted(storage.bytes()), indexed, this.cache, isPromisor);
    if (isPromisor ? held.objectCount === 0 : await this.isSmall(held)) await explode(held, loose);
    else this.packs = [held, ...this.packs];
    const { receivedCount, index, entries, appendedOids } = indexed;
    return {
      objectCount: receivedCount,
      // The links of bases that were here before were not followed.
      isClosed:
        appendedOids.length > 0
          ? undefined
          : links && ((oids, outside) => links.areWithin(parsePackIndex(index, algorithm), entries, oids, outside)),
    };
  }

  /** Give back the memory of a pack's hidden objects, once they are the larger part of it. */
  async compact(pack: HeldPack, loose: ObjectMap, options: ReadOptions): Promise<void> {
    if (pack.hiddenCount <= pack.objectCount || pack.hiddenCount < pack.compactAt) return;
    const replacement = pack.objectCount === 0 ? undefined : await repack(pack, this.cache, options);
    if (replacement !== undefined && replacement.size >= pack.size) {
      // Written without deltas it is larger than with its dead weight. Not tried again before the weight has doubled.
      pack.compactAt = 2 * pack.hiddenCount;
      return;
    }
    const isTakenApart = replacement !== undefined && (await this.isSmall(replacement));
    if (isTakenApart) await explode(replacement, loose, pack);
    this.packs = this.packs.flatMap((other) => {
      if (other !== pack) return [other];
      return replacement === undefined || isTakenApart ? [] : [replacement];
    });
    // What was dropped while this waited is dropped there too.
    for (const oid of replacement?.oids() ?? []) if (!pack.has(oid)) replacement?.hide(oid);
    pack.release();
  }

  private async isSmall(pack: HeldPack): Promise<boolean> {
    if (pack.objectCount > this.unpackLimit || pack.size > MAX_LOOSE_PACK_BYTES) return false;
    let inflatedBytes = 0;
    for (const oid of pack.oids()) inflatedBytes += (await pack.stat(oid))?.size ?? 0;
    return inflatedBytes <= MAX_LOOSE_BYTES;
  }
}

/** None where they are asked for only to tell what is outside, which is not told here. */
function linksOf(algorithm: HashAlgorithm, { followLinks = false }: ReceiveOptions): ReceivedLinks | undefined {
  if (followLinks === false || (followLinks !== true && followLinks.toOutside !== undefined)) return undefined;
  return new ReceivedLinks(algorithm, followLinks);
}

function group(packed: Map<HeldPack, Oid[]>, pack: HeldPack, oid: Oid): void {
  const mine = packed.get(pack);
  if (mine === undefined) packed.set(pack, [oid]);
  else mine.push(oid);
}

/** Keep the objects of `pack` loose, as far as `origin` still has them: some may be dropped meanwhile. */
async function explode(pack: HeldPack, loose: ObjectMap, origin: HeldPack = pack): Promise<void> {
  for await (const [oid, object] of pack.readMany(pack.oids())) {
    if (object !== undefined && origin.has(oid)) loose.put(oid, object);
  }
  pack.release();
}
