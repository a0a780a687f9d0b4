/** How much work a level does to find matches. Lengths in bytes. */
export interface LevelSettings {
  /** Whether a match waits for a longer one at the next byte. */
  readonly isLazy: boolean;
  /** A match this long makes the search for a better one a quarter as long. */
  readonly goodLength: number;
  /** A match this long is taken without looking at the next byte; where nothing waits, longer ones are not indexed. */
  readonly lazyLength: number;
  /** A match this long ends the search. */
  readonly niceLength: number;
  /** Candidates looked at. */
  readonly chainLength: number;
}

/** Levels 1 to 9; level 0 stores. The steps are about those of zlib, so that a level costs and saves what one expects. */
export const LEVELS: readonly LevelSettings[] = /* @__PURE__ */ makeLevels();

function makeLevels(): LevelSettings[] {
  const rows = [
    [0, 0, 0, 0],
    [4, 4, 8, 4],
    [4, 5, 16, 8],
    [4, 6, 32, 32],
    [4, 4, 16, 16],
    [8, 16, 32, 32],
    [8, 16, 128, 128],
    [8, 32, 128, 256],
    [32, 128, 258, 1024],
    [32, 258, 258, 4096],
  ] as const;
  return rows.map(([goodLength, lazyLength, niceLength, chainLength], level) => ({
    isLazy: level >= 4,
    goodLength,
    lazyLength,
    niceLength,
    chainLength,
  }));
}
