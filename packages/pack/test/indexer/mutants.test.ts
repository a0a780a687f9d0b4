import { type HashName, hashAlgorithm, isGitError } from '@git-kv/objects';
import { indexPack, memoryPackStorage } from '@git-kv/pack';
import { afterAll, describe, expect, test } from 'vitest';
import { chunked } from '../support/craft.js';
import { gitIndex, goldenPack, temporaryDirectory } from '../support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

/** A small seeded generator: a failing mutant is named by its number and can be made again. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe.each<[HashName, 'ofs' | 'ref']>([
  ['sha1', 'ofs'],
  ['sha256', 'ref'],
])('of mutants of a %s pack with %s-deltas', (format, deltas) => {
  const golden = goldenPack(directory.path, format, deltas);
  const algorithm = hashAlgorithm(format);

  /** The pack with a few bytes changed, and its checksum made right again so that more than the checksum is tried. */
  const mutant = (number: number): Uint8Array => {
    const next = random(number);
    const body = golden.pack.slice(0, -algorithm.oidLength);
    // Entry headers are rare among the bytes: half of the changes go to the front, where commits stand densely.
    const reach = number % 2 === 0 ? body.length : 600;
    for (let change = 0; change <= next(2); change++) body[12 + next(reach - 12)] = next(256);
    return Uint8Array.from([...body, ...algorithm.digest(body)]);
  };

  test('those git refuses are refused with a typed error, the others index the same', async () => {
    let refused = 0;
    for (let number = 1; number <= 60; number++) {
      const pack = mutant(number);
      let byGit: Uint8Array | undefined;
      try {
        byGit = gitIndex(directory.path, format, pack);
      } catch {
        refused++;
      }
      const ours = await indexPack(chunked(pack), { algorithm, storage: memoryPackStorage() }).catch(
        (error: unknown) => error,
      );
      if (byGit === undefined) expect(isGitError(ours), `mutant ${number}`).toBe(true);
      else expect(Buffer.compare((ours as { index: Uint8Array }).index, byGit), `mutant ${number}`).toBe(0);
    }
    expect(refused).toBeGreaterThan(30);
  });
});
