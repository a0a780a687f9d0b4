import type { RawObject } from '@git-kv/objects';
import { LRUCache } from 'lru-cache';

/** Bytes of bases kept where a caller says nothing. */
export const DEFAULT_CACHE_BYTES: number = 32 * 2 ** 20;

/** What an entry of the cache costs beside its body. */
const ENTRY_BYTES = 200;

/** Objects that deltas were applied to, kept by bytes: several packs may share one. See {@link createDeltaBaseCache}. */
export interface DeltaBaseCache {
  /** The part of one pack, by pack offset. */
  forPack(): PackBases;
  /** Drop everything. */
  clear(): void;
}

/** The cached bases of one pack. */
export interface PackBases {
  get(packOffset: number): RawObject | undefined;
  /** Keep `base`, whose body must not change from now on. */
  set(packOffset: number, base: RawObject): void;
  /** Drop what this pack has in the cache. */
  clear(): void;
}

interface Key {
  readonly owner: Map<number, Key>;
  readonly packOffset: number;
}

/** A cache that drops what was not used for longest once `maxBytes` are held; 0 keeps nothing. */
export function createDeltaBaseCache(maxBytes: number = DEFAULT_CACHE_BYTES): DeltaBaseCache {
  if (!(maxBytes > ENTRY_BYTES)) {
    const nothing: PackBases = { get: () => undefined, set: () => {}, clear: () => {} };
    return { forPack: () => nothing, clear: () => {} };
  }
  // A key object per entry, found through a map per pack: offsets of two packs never meet, and no key text is made.
  const lru = new LRUCache<Key, RawObject>({
    maxSize: Math.floor(maxBytes),
    maxEntrySize: Math.floor(maxBytes / 2) + 1,
    sizeCalculation: (base) => base.body.length + ENTRY_BYTES,
    dispose: (_base, key, reason) => {
      if (reason !== 'set') key.owner.delete(key.packOffset);
    },
  });
  return {
    forPack() {
      const owner = new Map<number, Key>();
      return {
        get(packOffset) {
          const key = owner.get(packOffset);
          return key === undefined ? undefined : lru.get(key);
        },
        set(packOffset, base) {
          let key = owner.get(packOffset);
          if (key === undefined) owner.set(packOffset, (key = { owner, packOffset }));
          lru.set(key, base);
          // Over the size of an entry the cache refuses silently.
          if (!lru.has(key)) owner.delete(packOffset);
        },
        clear() {
          for (const key of [...owner.values()]) lru.delete(key);
        },
      };
    },
    clear: () => lru.clear(),
  };
}
