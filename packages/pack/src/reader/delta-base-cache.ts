import { createArena } from '@git-kv/kernels';
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
  /**
   * Take no more memory than `bytes`, or than is taken already, until the function that comes of it is called: of several, as long as one
   * of them is not.
   */
  stopGrowth(bytes: number): () => void;
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
  /** Room for one inflated delta, the same for all packs of the cache: to be used and done with between two awaits. */
  readonly scratch: { bytes: Uint8Array };
  get(packOffset: number): BaseSlot | undefined;
  /**
   * Room for a base of `size` bytes, to be filled and then `set`; `undefined` where the cache is too small for it.
   * @param inUse stays as it is
   */
  reserve(kind: ObjectKind, size: number, inUse?: BaseSlot): BaseSlot | undefined;
  /**
   * Where in the memory of the bases `size` bytes may be built that are not to be kept: they hold until the next call.
   * `undefined` where they are too many.
   */
  room(size: number): { readonly bytes: Uint8Array; readonly start: number } | undefined;
  /** Keep what `reserve` gave room for, and nothing was reserved since. */
  set(packOffset: number, base: BaseSlot): void;
  /** Drop what this pack has in the cache. */
  clear(): void;
}

interface Slot extends BaseSlot {
  readonly chunk: Chunk;
  bytes: Uint8Array;
  start: number;
  end: number;
  /** Whether it was asked for since its chunk was last gone through. */
  isUsed: boolean;
  owner: Map<number, Slot> | undefined;
  packOffset: number;
}

/** A stretch of the arena, or memory of its own for one large body. */
interface Chunk {
  readonly start: number;
  readonly size: number;
  readonly isLarge: boolean;
  /** In the order of their places. */
  slots: Slot[];
  /** Where the next body goes. */
  end: number;
}

/**
 * A cache of at most `maxBytes`; 0 keeps nothing. Bodies lie one after another in chunks of memory that are filled in turn. When all
 * are full the oldest is used anew: what was asked for since stays in it, as far as half of it, and the rest is dropped. So nothing
 * is allocated for a base, and no list is kept in order of use. The chunks lie in one arena, in which the kernels work in place; it
 * grows once.
 */
export function createDeltaBaseCache(maxBytes: number = DEFAULT_CACHE_BYTES): DeltaBaseCache {
  const cache = new ChunkCache(maxBytes);
  return {
    forPack: () => new Bases(cache),
    stopGrowth: (bytes) => cache.stopGrowth(bytes),
    clear: () => cache.clear(),
  };
}

class Bases implements PackBases {
  readonly #cache: ChunkCache;
  readonly #slots = new Map<number, Slot>();

  constructor(cache: ChunkCache) {
    this.#cache = cache;
  }

  get scratch(): { bytes: Uint8Array } {
    return this.#cache.scratch;
  }

  get(packOffset: number): BaseSlot | undefined {
    const slot = this.#slots.get(packOffset);
    if (slot !== undefined) slot.isUsed = true;
    return slot;
  }

  reserve(kind: ObjectKind, size: number, inUse?: BaseSlot): BaseSlot | undefined {
    return this.#cache.reserve(kind, size, inUse);
  }

  room(size: number): { readonly bytes: Uint8Array; readonly start: number } | undefined {
    return this.#cache.room(size);
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

/** Most deltas fit; a larger one makes it grow. */
const SCRATCH_BYTES = 1 << 16;

/** The arena begins with room for what is not kept, as large as a chunk. */
const ROOM_CHUNKS = 1;
const FIRST_CHUNKS = 2;

class ChunkCache {
  readonly scratch = { bytes: new Uint8Array(SCRATCH_BYTES) };
  readonly #maxBytes: number;
  readonly #chunkBytes: number;
  #arena: Uint8Array = new Uint8Array(0);
  /** Chunks of the arena in use; the rest of it is free. */
  #arenaChunks = 0;
  /** The oldest first; the last one that is not large is being filled. */
  #chunks: Chunk[] = [];
  #filling: Chunk | undefined;
  /** Of all chunks, the room among them. */
  #size = 0;
  /** What {@link stopGrowth} was asked for, and not yet released: each in a place of its own. */
  readonly #stops = new Set<{ readonly bytes: number }>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes > 8 * ENTRY_BYTES ? Math.floor(maxBytes) : 0;
    this.#chunkBytes = Math.min(MAX_CHUNK_BYTES, Math.floor(this.#maxBytes / 8));
    this.#size = ROOM_CHUNKS * this.#chunkBytes;
  }

  reserve(kind: ObjectKind, size: number, inUse: BaseSlot | undefined): BaseSlot | undefined {
    const needed = size + ENTRY_BYTES;
    // One that fills a chunk has memory to itself, as long as there is room for another such.
    if (needed > this.#maxBytes / 2) return undefined;
    const isLarge = needed > this.#chunkBytes / 2;
    const used = (inUse as Slot | undefined)?.chunk;
    const chunk = isLarge ? this.#largeChunk(needed, used) : this.#chunkFor(needed, used);
    if (chunk === undefined) return undefined;
    const bytes = isLarge ? new Uint8Array(size) : this.#arena;
    const start = isLarge ? 0 : chunk.end;
    const slot: Slot = { kind, chunk, bytes, start, end: start + size, isUsed: false, owner: undefined, packOffset: 0 };
    chunk.end += needed;
    chunk.slots.push(slot);
    return slot;
  }

  room(size: number): { readonly bytes: Uint8Array; readonly start: number } | undefined {
    return size <= this.#chunkBytes && size <= this.#arena.length ? { bytes: this.#arena, start: 0 } : undefined;
  }

  stopGrowth(bytes: number): () => void {
    const stop = { bytes };
    this.#stops.add(stop);
    return () => void this.#stops.delete(stop);
  }

  /** Bytes that may be taken now. */
  #budget(): number {
    let budget = this.#maxBytes;
    for (const { bytes } of this.#stops) budget = Math.min(budget, bytes);
    return budget;
  }

  clear(): void {
    for (const { slots } of this.#chunks) for (const slot of slots) forget(slot);
    this.#chunks = [];
    this.#filling = undefined;
    this.#arena = new Uint8Array(0);
    this.#arenaChunks = 0;
    this.#size = ROOM_CHUNKS * this.#chunkBytes;
  }

  #largeChunk(size: number, used: Chunk | undefined): Chunk | undefined {
    while (this.#size + size > this.#budget()) {
      const oldest = this.#chunks.find((chunk) => chunk.isLarge && chunk !== used);
      // Chunks of the arena are not given back, so large bodies take turns in what is left beside it.
      if (oldest === undefined) return undefined;
      this.#drop(oldest);
    }
    const chunk: Chunk = { start: 0, size, isLarge: true, slots: [], end: 0 };
    this.#size += size;
    this.#chunks.push(chunk);
    return chunk;
  }

  #chunkFor(needed: number, used: Chunk | undefined): Chunk | undefined {
    const filling = this.#filling;
    if (filling !== undefined && filling.end + needed <= filling.start + filling.size) return filling;
    if (!this.#hasRoomForChunk(used)) {
      const oldest = this.#chunks.find((chunk) => !chunk.isLarge && chunk !== used);
      if (oldest === undefined) return undefined;
      compact(oldest, this.#arena);
      this.#chunks.push(...this.#chunks.splice(this.#chunks.indexOf(oldest), 1));
      this.#filling = oldest;
      return oldest;
    }
    const start = (ROOM_CHUNKS + this.#arenaChunks++) * this.#chunkBytes;
    if (start + this.#chunkBytes > this.#arena.length) this.#growArena();
    const chunk: Chunk = { start, size: this.#chunkBytes, isLarge: false, slots: [], end: start };
    this.#size += this.#chunkBytes;
    this.#chunks.push(chunk);
    this.#filling = chunk;
    return chunk;
  }

  /** Whether one more chunk may be taken: three quarters are for the arena, and large bodies give way to it. */
  #hasRoomForChunk(used: Chunk | undefined): boolean {
    const budget = this.#budget();
    if ((ROOM_CHUNKS + this.#arenaChunks + 1) * this.#chunkBytes > budget * 0.75) return false;
    while (this.#size + this.#chunkBytes > budget) {
      const oldest = this.#chunks.find((chunk) => chunk.isLarge && chunk !== used);
      if (oldest === undefined) return false;
      this.#drop(oldest);
    }
    return true;
  }

  /** Who holds a body in the old arena may go on: nothing is written there any more. */
  #growArena(): void {
    const most = Math.floor((this.#maxBytes * 0.75) / this.#chunkBytes);
    // Twice at most: what is not used of it is not taken of the system, but each copy takes its pages anew.
    const chunks = this.#arenaChunks <= FIRST_CHUNKS ? Math.min(most, ROOM_CHUNKS + FIRST_CHUNKS) : most;
    const arena = createArena(chunks * this.#chunkBytes);
    arena.set(this.#arena);
    this.#arena = arena;
    for (const chunk of this.#chunks) {
      if (!chunk.isLarge) for (const slot of chunk.slots) slot.bytes = arena;
    }
  }

  #drop(chunk: Chunk): void {
    for (const slot of chunk.slots) forget(slot);
    this.#chunks.splice(this.#chunks.indexOf(chunk), 1);
    this.#size -= chunk.size;
  }
}

/** Move what was used to the front, as far as half of the chunk, and drop the rest. */
function compact(chunk: Chunk, arena: Uint8Array): void {
  const kept: Slot[] = [];
  let end = chunk.start;
  for (const slot of chunk.slots) {
    const size = slot.end - slot.start;
    const isKept = slot.isUsed && slot.owner?.get(slot.packOffset) === slot;
    if (!isKept || end + size > chunk.start + chunk.size / 2) {
      forget(slot);
      continue;
    }
    arena.copyWithin(end, slot.start, slot.end);
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
