import type * as Kernels from '@git-kv/kernels';
import { sha1 } from '@git-kv/objects';
import { type IndexPackOptions, indexPack, memoryPackStorage, TypeCode, unpackObjects } from '@git-kv/pack';
import { describe, expect, test, vi } from 'vitest';
import { appendDelta, blob, chunked, craftEntry, craftPack } from '../support/craft.js';

// Nobody has two git objects that collide, so the kernels, which find the attacks that there are (see their own tests), take a
// word for one here: what is done with what they find is shown, and that they are asked.
const ATTACK = 'made to collide';

vi.mock('@git-kv/kernels', async (load) => {
  const kernels = await load<typeof Kernels>();
  const isAttack = (input: Uint8Array, start: number, end: number): boolean =>
    new TextDecoder('latin1').decode(input.subarray(start, end)).includes(ATTACK);
  const hashBatchDetecting: typeof Kernels.hashBatchDetecting = (input, bounds, count, output, found) => {
    let foundCount = kernels.hashBatchDetecting(input, bounds, count, output, found);
    for (let piece = 0; piece < count; piece++) {
      if (isAttack(input, bounds[2 * piece] as number, bounds[2 * piece + 1] as number)) foundCount += found[piece] = 1;
    }
    return foundCount;
  };
  const digestDetecting: typeof Kernels.digestDetecting = (input, start, end, output, outputStart) =>
    kernels.digestDetecting(input, start, end, output, outputStart) || isAttack(input, start, end);
  return { ...kernels, hashBatchDetecting, digestDetecting };
});

const index = (pack: Uint8Array, options: Partial<IndexPackOptions> = {}) =>
  indexPack(chunked(pack), { algorithm: sha1, storage: memoryPackStorage(), ...options });

describe('an object of a collision attack on SHA-1', () => {
  const base = craftEntry(blob('base'));
  const delta = craftEntry({ typeCode: TypeCode.ofsDelta, body: appendDelta(4, ATTACK), baseDistance: base.length });
  test.each<[what: string, entries: Uint8Array[]]>([
    ['in whole', [craftEntry(blob(`it was ${ATTACK}`))]],
    ['by a delta', [base, delta]],
    ['of a megabyte', [craftEntry(blob(`${'x'.repeat(2 ** 20)}${ATTACK}`))]],
  ])('that comes %s is refused, where nobody says to trust', async (_what, entries) => {
    const pack = craftPack(sha1, entries);
    await expect(index(pack)).rejects.toMatchObject({
      code: 'MALFORMED',
      problem: expect.stringContaining('collision'),
    });
    await expect(index(pack, { hashPolicy: 'trust' })).resolves.toMatchObject({ objectCount: entries.length });
    const options = { algorithm: sha1, readBase: async () => undefined, maxObjects: 10, maxBytes: 2 ** 24 };
    expect(await unpackObjects(pack, options)).toBeUndefined();
  });
});
