import { type HashAlgorithm, type HashName, hashAlgorithm, type RawObject, sha1, sha256 } from '@git-kv/objects';
import {
  indexPack,
  memoryPackStorage,
  PackReader,
  parsePackIndex,
  TypeCode,
  type UnpackOptions,
  unpackObjects,
} from '@git-kv/pack';
import { afterAll, describe, expect, test } from 'vitest';
import { appendDelta, ascii, blob, blobOid, bytes, chunked, craftEntry, craftPack } from './support/craft.js';
import { goldenPack, temporaryDirectory } from './support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const unpack = (pack: Uint8Array, algorithm: HashAlgorithm, options: Partial<UnpackOptions> = {}) =>
  unpackObjects(pack, {
    algorithm,
    readBase: async () => undefined,
    maxObjects: Infinity,
    maxBytes: 2 ** 24,
    ...options,
  });

describe.each<[HashName, 'ofs' | 'ref']>([
  ['sha1', 'ofs'],
  ['sha1', 'ref'],
  ['sha256', 'ofs'],
  ['sha256', 'ref'],
])('a small %s pack of git with %s-deltas', (format, deltas) => {
  const golden = goldenPack(directory.path, format, deltas);
  const algorithm = hashAlgorithm(format);

  test('is taken apart into the objects that an index finds in it', async () => {
    const objects = await unpack(golden.pack, algorithm);
    expect([...(objects ?? [])].map(([oid, { kind, body }]) => ({ oid, kind, size: body.length })).sort(byOid)).toEqual(
      golden.objects,
    );
    const storage = memoryPackStorage();
    const { index } = await indexPack(chunked(golden.pack), { algorithm, storage });
    const reader = new PackReader({ source: await storage.source(), index: parsePackIndex(index, algorithm) });
    for (const [oid, object] of objects ?? []) expect(object).toEqual(await reader.read(oid));
  });

  test('has no result where it is damaged, or the objects that an index finds in it', async () => {
    let taken = 0;
    for (let number = 1; number <= 60; number++) {
      const body = Uint8Array.from(golden.pack.subarray(0, -algorithm.oidLength));
      const reach = number % 2 === 0 ? body.length - 12 : 600;
      body[12 + ((number * 7919) % reach)] = (number * 31) & 0xff;
      const mutant = Uint8Array.from([...body, ...algorithm.digest(body)]);
      const objects = await unpack(mutant, algorithm);
      if (objects === undefined) continue;
      taken++;
      const storage = memoryPackStorage();
      const { index, receivedCount } = await indexPack(chunked(mutant), { algorithm, storage });
      expect(receivedCount).toBe(golden.objects.length);
      for (const oid of objects.keys()) expect(parsePackIndex(index, algorithm).find(oid), oid).toBeDefined();
    }
    expect(taken).toBeLessThan(20);
  });

  test.each([
    ['cut short', (pack: Uint8Array) => pack.subarray(0, -1)],
    ['cut in its header', (pack: Uint8Array) => pack.subarray(0, 11)],
    ['of another signature', (pack: Uint8Array) => pack.with(0, 0x51)],
    ['of another version', (pack: Uint8Array) => pack.with(7, 4)],
    ['with another checksum', (pack: Uint8Array) => pack.with(pack.length - 1, (pack.at(-1) as number) ^ 1)],
    ['followed by bytes', (pack: Uint8Array) => Uint8Array.from([...pack, 0])],
  ])('has no result where it is %s', async (_what, change) => {
    expect(await unpack(change(golden.pack), algorithm)).toBeUndefined();
  });

  test('has no result where it has more objects or bytes than are wanted', async () => {
    const count = golden.objects.length;
    expect(await unpack(golden.pack, algorithm, { maxObjects: count - 1 })).toBeUndefined();
    expect(await unpack(golden.pack, algorithm, { maxBytes: 10_000 })).toBeUndefined();
    expect((await unpack(golden.pack, algorithm, { maxObjects: count }))?.size).toBe(count);
  });
});

describe.each([sha1, sha256])('a crafted pack ($name)', (algorithm) => {
  const base = craftEntry(blob('base'));
  const refDelta = craftEntry({
    typeCode: TypeCode.refDelta,
    body: appendDelta(4, '!'),
    baseOid: blobOid(algorithm, 'base'),
  });

  test('of nothing has no objects', async () => {
    expect(await unpack(craftPack(algorithm, []), algorithm)).toEqual(new Map());
  });

  test('that is thin is completed from what the receiver has', async () => {
    const held: RawObject = { kind: 'blob', body: ascii('base') };
    const objects = await unpack(craftPack(algorithm, [refDelta]), algorithm, {
      readBase: async (oid) => (oid === blobOid(algorithm, 'base') ? held : undefined),
    });
    expect(objects).toEqual(new Map([[blobOid(algorithm, 'base!'), { kind: 'blob', body: ascii('base!') }]]));
  });

  const ofsDelta = (baseDistance: number, body: Uint8Array): Uint8Array =>
    craftEntry({ typeCode: TypeCode.ofsDelta, body, baseDistance });
  test.each([
    ['lacks a base', [refDelta]],
    ['has a base after its delta', [refDelta, base]],
    ['has a delta against no entry', [base, ofsDelta(3, appendDelta(4, '!'))]],
    ['has a delta against what lies before it', [base, ofsDelta(1000, appendDelta(4, '!'))]],
    ['has a delta for a base of another size', [base, ofsDelta(base.length, appendDelta(5, '!'))]],
    ['has a delta shorter than git takes', [base, ofsDelta(base.length, bytes(4, 0))]],
    ['has a delta that states a size over every cap', [base, ofsDelta(base.length, bytes(4, 255, 255, 255, 255, 15))]],
    ['has a type that is not in use', [craftEntry({ typeCode: 5, body: ascii('base') })]],
    ['has an entry that inflates to less', [craftEntry({ ...blob('base'), claimedSize: 5 })]],
    ['has an entry that inflates to more', [craftEntry({ ...blob('base'), claimedSize: 3 })]],
    ['claims a size over the cap', [craftEntry({ ...blob('base'), claimedSize: 2 ** 40 })]],
    ['ends in an entry', [base, base.subarray(0, -6)]],
    ['ends in a header', [base, bytes(0xb0)]],
    ['has a size that does not end', [bytes(...new Array(300).fill(0xff))]],
  ])('that %s has no result', async (_what, entries) => {
    expect(await unpack(craftPack(algorithm, entries), algorithm)).toBeUndefined();
  });

  test('with another count than it states has no result', async () => {
    expect(await unpack(craftPack(algorithm, [base], 2), algorithm)).toBeUndefined();
    expect(await unpack(craftPack(algorithm, [base, base], 1), algorithm)).toBeUndefined();
  });
});

function byOid(a: { readonly oid: string }, b: { readonly oid: string }): number {
  return a.oid < b.oid ? -1 : 1;
}
