/** How changed-path filters are made. git 2.39 writes these numbers and reads filters of hash version 1 only. */
export interface PathFilterSettings {
  /** Bits set for a path. */
  readonly hashCount: number;
  /** Bits of a filter for each path in it. */
  readonly bitsPerPath: number;
}

export const PATH_FILTER_SETTINGS: PathFilterSettings = { hashCount: 7, bitsPerPath: 10 };

/** More changed paths than this, directories counted, are not written down: the filter then says yes to every path. */
export const MAX_FILTER_PATHS = 512;

const SEED_1 = 0x293ae76f;
const SEED_2 = 0x7e646e2c;

/** Says yes to every path: too many changed. */
export function fullPathFilter(): Uint8Array {
  return Uint8Array.of(0xff);
}

/**
 * The Bloom filter of the paths that a commit changed, against its first parent. A path is given as its bytes, one
 * character each. Leading directories are added here, without a slash at the end.
 *
 *     filter = 1*OCTET        ; 10 bits a path, rounded up to bytes; no path at all gives one byte 00, too many give ff
 *
 * @see gitformat-commit-graph(5), "Bloom Filter Data"; git's bloom.c
 */
export function makePathFilter(
  paths: Iterable<string>,
  settings: PathFilterSettings = PATH_FILTER_SETTINGS,
): Uint8Array {
  const all = new Set<string>();
  for (const path of paths) {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const before = all.size;
      all.add(path.slice(0, end));
      if (all.size === before) break; // and so are its directories
      if (all.size > MAX_FILTER_PATHS) return fullPathFilter();
    }
  }
  const filter = new Uint8Array(Math.max(1, Math.ceil((all.size * settings.bitsPerPath) / 8)));
  for (const path of all) {
    forEachBit(path, filter.length * 8, settings.hashCount, (bit) => {
      filter[bit >> 3] = (filter[bit >> 3] as number) | (1 << (bit & 7));
    });
  }
  return filter;
}

/**
 * Whether a commit with this filter may have changed `path` (its bytes, one character each). False is certain. An empty
 * filter was not made: it knows nothing.
 */
export function mayContainPath(
  filter: Uint8Array,
  path: string,
  settings: PathFilterSettings = PATH_FILTER_SETTINGS,
): boolean {
  return mayContainKey(filter, pathFilterKey(path), settings);
}

/** What of a path decides where its bits are. */
export interface PathFilterKey {
  readonly first: number;
  readonly second: number;
}

/** The key of a path (its bytes, one character each), to be looked for in many filters. */
export function pathFilterKey(path: string): PathFilterKey {
  return { first: hashPath(path, SEED_1), second: hashPath(path, SEED_2) };
}

/** {@link mayContainPath} of a path whose key was made before. */
export function mayContainKey(
  filter: Uint8Array,
  key: PathFilterKey,
  settings: PathFilterSettings = PATH_FILTER_SETTINGS,
): boolean {
  if (filter.length === 0) return true;
  const bitCount = filter.length * 8;
  for (let index = 0; index < settings.hashCount; index++) {
    const bit = ((key.first + Math.imul(index, key.second)) >>> 0) % bitCount;
    if (((filter[bit >> 3] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** Visit the bits of a path. */
function forEachBit(path: string, bitCount: number, hashCount: number, visit: (bit: number) => void): void {
  const { first, second } = pathFilterKey(path);
  for (let index = 0; index < hashCount; index++) {
    const hash = (first + Math.imul(index, second)) >>> 0;
    visit(hash % bitCount);
  }
}

/**
 * MurmurHash3, 32 bits, of the characters' codes as bytes. As in git's version 1, a byte of 0x80 or more counts as a
 * negative number: not the published hash, but what every filter of that version was made with.
 */
export function hashPath(path: string, seed: number): number {
  const { length } = path;
  const blocks = length & ~3;
  let hash = seed;
  for (let at = 0; at < blocks; at += 4) {
    let block =
      signed(path, at) | (signed(path, at + 1) << 8) | (signed(path, at + 2) << 16) | (signed(path, at + 3) << 24);
    block = Math.imul(block, 0xcc9e2d51);
    block = Math.imul((block << 15) | (block >>> 17), 0x1b873593);
    hash ^= block;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  if (length > blocks) {
    let tail = 0;
    for (let at = length - 1; at >= blocks; at--) tail ^= signed(path, at) << (8 * (at - blocks));
    tail = Math.imul(tail, 0xcc9e2d51);
    hash ^= Math.imul((tail << 15) | (tail >>> 17), 0x1b873593);
  }
  hash ^= length;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function signed(path: string, at: number): number {
  return (path.charCodeAt(at) << 24) >> 24;
}
