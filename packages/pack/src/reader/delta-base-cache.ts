import type { ObjectKind } from '@git-kv/objects';

/** Bytes of bases kept where a caller says nothing. */
export const DEFAULT_CACHE_BYTES: number = 32 * 2 ** 20;

/** What an entry of the cache costs beside its body. */
const ENTRY_BYTES = 128;

/** Memory is taken in pieces of this size, and used again and again. */
const MAX_CHUNK_BYTES: number = 4 * 2 ** 20;

/** Objects that deltas were applied to, kept by bytes: several packs may share one. See {@link createDeltaBaseCache}. */
export interface DeltaBaseCache {
  /** The part of one pack, by pack offset. */
  forPack(): PackBases;
  /** Drop everything. */
  clear(): void;
}

/** The body of a base, in the memory of a cache: to be read before the next `reserve`, which may use its memory again. */
export interface BaseSlot {
  readonly kind: ObjectKind;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The cached bases of one pack. */
export interface PackBases {
  get(packOffset: number): BaseSlot | undefined;
  /**
   * Room for a base of `size` bytes, to be filled and then `set`; `undefined` where the cache is too small for it.
   * @param inUse stays as it is
   */
  reserve(kind: ObjectKind, size: number, inUse?: BaseSlot): BaseSlot | undefined;
  /** Keep what `reserve` gave room for, and nothing was reserved since. */
  set(packOffset: number, base: BaseSlot): void;
  /** Drop what this pack has in the cache. */
  clear(): void;
}

interface Slot extends BaseSlot {
  start: number;
  end: number;
  /** Whether it was asked for since its chunk was last gone through. */
  isUsed: boolean;
  owner: Map<number, Slot> | undefined;
  packOffset: number;
}

interface Chunk {
  readonly bytes: Uint8Array;
  /** In the order of their places. */
  slots: Slot[];
  /** Where the next body goes. */
  end: number;
}

/**
 * A cache of at most `maxBytes`; 0 keeps nothing. Bodies lie one after another in chunks of memory that are filled in turn. When all
 * are full the oldest is used anew: what was asked for since stays in it, as far as half of it, and the rest is dropped. So nothing
 * is allocated for a base, and no list is kept in order of use.
 */
export function createDeltaBaseCache(maxBytes: number = DEFAULT_CACHE_BYTES): DeltaBaseCache {
  const cache = new ChunkCache(maxBytes);
  return { forPack: () => new Bases(cache), clear: () => cache.clear() };
}

class Bases implements PackBases {
  readonly #cache: ChunkCache;
  readonly #slots = new Map<number, Slot>();

  constructor(cache: ChunkCache) {
    this.#cache = cache;
  }

  get(packOffset: number): BaseSlot | undefined {
    const slot = this.#slots.get(packOffset);
    if (slot !== undefined) slot.isUsed = true;
    return slot;
  }

  reserve(kind: ObjectKind, size: number, inUse?: BaseSlot): BaseSlot | undefined {
    return this.#cache.reserve(kind, size, inUse);
  }

  set(packOffset: number, base: BaseSlot): void {
    const slot = base as Slot;
    slot.owner = this.#slots;
    slot.packOffset = packOffset;
    this.#slots.set(packOffset, slot);
  }

  clear(): void {
    for (const slot of this.#slots.values()) slot.owner = undefined;
    this.#slots.clear();
  }
}

class ChunkCache {
  readonly #maxBytes: number;
  readonly #chunkBytes: number;
  /** The oldest first; the last one is being filled. */
  #chunks: Chunk[] = [];
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes > 4 * ENTRY_BYTES ? Math.floor(maxBytes) : 0;
    this.#chunkBytes = Math.min(MAX_CHUNK_BYTES, Math.floor(this.#maxBytes / 4));
  }

  reserve(kind: ObjectKind, size: number, inUse: BaseSlot | undefined): BaseSlot | undefined {
    const needed = size + ENTRY_BYTES;
    // One that fills a chunk has one to itself, as long as there is room for another such.
    if (needed > this.#maxBytes / 2) return undefined;
    const chunk = this.#chunkFor(needed, inUse);
    if (chunk === undefined) return undefined;
    const start = chunk.end;
    const slot: Slot = {
      kind,
      bytes: chunk.bytes,
      start,
      end: start + size,
      isUsed: false,
      owner: undefined,
      packOffset: 0,
    };
    chunk.end += needed;
    chunk.slots.push(slot);
    return slot;
  }

  clear(): void {
    for (const { slots } of this.#chunks) for (const slot of slots) forget(slot);
    this.#chunks = [];
    this.#size = 0;
  }

  #chunkFor(needed: number, inUse: BaseSlot | undefined): Chunk | undefined {
    const latest = this.#chunks.at(-1);
    if (latest !== undefined && latest.end + needed <= latest.bytes.length) return latest;
    const isLarge = needed > this.#chunkBytes / 2;
    const wanted = isLarge ? needed : this.#chunkBytes;
    while (this.#size + wanted > this.#maxBytes) {
      const at = this.#chunks.findIndex((chunk) => chunk.bytes !== inUse?.bytes);
      if (at < 0) return undefined;
      const [oldest] = this.#chunks.splice(at, 1) as [Chunk];
      if (!isLarge && oldest.bytes.length === wanted) {
        compact(oldest);
        this.#chunks.push(oldest);
        return oldest;
      }
      for (const slot of oldest.slots) forget(slot);
      this.#size -= oldest.bytes.length;
    }
    const chunk: Chunk = { bytes: new Uint8Array(wanted), slots: [], end: 0 };
    this.#size += wanted;
    // One that is full from the start is not the one to be filled next.
    if (isLarge && latest !== undefined) this.#chunks.splice(-1, 0, chunk);
    else this.#chunks.push(chunk);
    return chunk;
  }
}

/** Move what was used to the front, as far as half of the chunk, and drop the rest. */
function compact(chunk: Chunk): void {
  const kept: Slot[] = [];
  let end = 0;
  for (const slot of chunk.slots) {
    const size = slot.end - slot.start;
    if (!slot.isUsed || slot.owner?.get(slot.packOffset) !== slot || end + size > chunk.bytes.length / 2) {
      forget(slot);
      continue;
    }
    chunk.bytes.copyWithin(end, slot.start, slot.end);
    slot.start = end;
    slot.end = end + size;
    slot.isUsed = false;
    end += size + ENTRY_BYTES;
    kept.push(slot);
  }
  chunk.slots = kept;
  chunk.end = end;
}

function forget(slot: Slot): void {
  if (slot.owner?.get(slot.packOffset) === slot) slot.owner.delete(slot.packOffset);
  slot.owner = undefined;
}
