import { type HashAlgorithm, isGitError, type Oid } from '@git-kv/objects';
import type { PackIndex } from '../idx/pack-index.js';
import { openMultiPackIndex } from './parse.js';

/** Something wrong in a multi-pack-index that could be opened. Positions are of objects, packs of its names. */
export type MultiPackIndexProblem =
  | { readonly problem: 'checksum' }
  /** The pack is not there. */
  | { readonly problem: 'pack'; readonly pack: number }
  /** Fewer oids are said to begin with `byte` or a lower one than with the one before it. */
  | { readonly problem: 'fanout'; readonly byte: number; readonly before: number; readonly count: number }
  | { readonly problem: 'empty' }
  /** The oid is not before the next one. */
  | { readonly problem: 'order'; readonly position: number; readonly oid: Oid; readonly next: Oid }
  /** It cannot be said where the object is. */
  | { readonly problem: 'entry'; readonly position: number; readonly oid: Oid }
  /** The idx of the pack has the object elsewhere, or not at all. */
  | {
      readonly problem: 'offset';
      readonly position: number;
      readonly oid: Oid;
      readonly packOffset: number;
      readonly actual: number | undefined;
    };

/**
 * Check a multi-pack-index against the packs it names: its checksum, that the packs are there, fanout and order of the oids, and
 * that each object is where the idx of its pack says. As `git multi-pack-index verify`, all that is wrong is told, pack by
 * pack from the last; nothing is thrown for it.
 * @param readIndex the idx of a pack by name; `undefined` where the pack is not there. Each is asked for once
 * @throws {MalformedError} where it cannot be opened at all; {GitError} UNSUPPORTED; what `readIndex` throws
 */
export async function verifyMultiPackIndex(
  bytes: Uint8Array,
  algorithm: HashAlgorithm,
  readIndex: (name: string) => Promise<PackIndex | undefined>,
): Promise<MultiPackIndexProblem[]> {
  const index = openMultiPackIndex(bytes, algorithm);
  const { objectCount, packNames } = index;
  const problems: MultiPackIndexProblem[] = [];
  if (!index.hasValidChecksum()) problems.push({ problem: 'checksum' });
  const packs: (PackIndex | undefined)[] = [];
  for (const [pack, name] of packNames.entries()) {
    packs[pack] = await readIndex(name);
    if (packs[pack] === undefined) problems.push({ problem: 'pack', pack });
  }
  for (let byte = index.findDescent(); byte !== undefined; byte = index.findDescent(byte)) {
    problems.push({ problem: 'fanout', byte, before: index.fanout(byte - 1), count: index.fanout(byte) });
  }
  if (objectCount === 0) return [...problems, { problem: 'empty' }];
  for (let position = 0; position + 1 < objectCount; position++) {
    const oid = index.oidAt(position);
    const next = index.oidAt(position + 1);
    if (oid >= next) problems.push({ problem: 'order', position, oid, next });
  }
  const numbers = Uint32Array.from({ length: objectCount }, (_, position) => index.packNumberAt(position));
  const byPack = numbers.map((_, position) => position).sort((a, b) => (numbers[b] as number) - (numbers[a] as number));
  for (const position of byPack) {
    const oid = index.oidAt(position);
    // As a look-up sees it: the fanout may hide an oid, and one that is there twice is found in one place.
    const found = index.find(oid);
    // A fanout that promises too much leads past the oids.
    const seen = found !== undefined && found < objectCount ? found : undefined;
    const pack = seen === undefined ? undefined : packs[numbers[seen] as number];
    const packOffset = seen === undefined ? undefined : readOffset(() => index.packOffsetAt(seen));
    if (pack === undefined || packOffset === undefined) {
      problems.push({ problem: 'entry', position, oid });
      continue;
    }
    const inPack = pack.find(oid);
    const actual = inPack === undefined ? undefined : readOffset(() => pack.packOffsetAt(inPack));
    if (actual !== packOffset) problems.push({ problem: 'offset', position, oid, packOffset, actual });
  }
  return problems;
}

function readOffset(read: () => number): number | undefined {
  try {
    return read();
  } catch (error) {
    if (isGitError(error, 'MALFORMED')) return undefined;
    throw error;
  }
}
