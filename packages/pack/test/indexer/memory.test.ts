import { type HashAlgorithm, hashObject, sha1, sha256 } from '@git-kv/objects';
import { type IndexPackOptions, indexPack, memoryPackStorage, parsePackIndex, TypeCode } from '@git-kv/pack';
import { describe, expect, test } from 'vitest';
import { chunked, craftEntry, craftPack, waitingSource } from '../support/craft.js';

const KiB = 1024;

/** Bytes that do not deflate, the same every time. */
function noise(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0, state = seed; at < size; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 128))];
}

/** A delta that keeps all of a base of `size` bytes but the first, which becomes `first`. */
function firstByteDelta(size: number, first: number): Uint8Array {
  const copied = size - 1;
  const copy = [0xf1, 1, copied & 255, (copied >>> 8) & 255, copied >>> 16];
  return Uint8Array.from([...varint(size), ...varint(size), 1, first, ...copy]);
}

/** A blob of `size` bytes and a whole binary tree of `levels` of deltas below it; and the oid of each. */
function deltaTree(algorithm: HashAlgorithm, size: number, levels: number): { pack: Uint8Array; oids: Set<string> } {
  const body = noise(size, 7);
  const entries = [craftEntry({ typeCode: TypeCode.blob, body })];
  const oids = new Set([hashObject(algorithm, 'blob', body)]);
  const offsets = [12];
  let at = 12 + (entries[0] as Uint8Array).length;
  for (let number = 1; number < 2 ** levels; number++) {
    const base = offsets[(number - 1) >> 1] as number;
    body[0] = number;
    oids.add(hashObject(algorithm, 'blob', body));
    const entry = craftEntry({
      typeCode: TypeCode.ofsDelta,
      body: firstByteDelta(size, number),
      baseDistance: at - base,
    });
    offsets.push(at);
    entries.push(entry);
    at += entry.length;
  }
  return { pack: craftPack(algorithm, entries), oids };
}

async function oidsOf(
  pack: Uint8Array,
  options: Partial<IndexPackOptions> & { waits?: boolean },
): Promise<Set<string>> {
  const { waits, ...rest } = options;
  const algorithm = options.algorithm ?? sha1;
  const memory = memoryPackStorage();
  const storage = waits === true ? { ...memory, source: async () => waitingSource(memory.bytes()) } : memory;
  const { index } = await indexPack(chunked(pack), { algorithm, storage, ...rest });
  const parsed = parsePackIndex(index, algorithm);
  return new Set(Array.from({ length: parsed.objectCount }, (_, position) => parsed.oidAt(position)));
}

describe('a tree of deltas', () => {
  // With 4 MiB the log has 2 MiB: a quarter of it is the most that an object in it may take.
  test.each([
    ['that all fit', 2 * KiB, 6, 0],
    ['that the log must make room for', 60 * KiB, 8, 0],
    ['too large for the log', 700 * KiB, 6, 0],
    ['too large to be held, so that bases are rebuilt', 1500 * KiB, 6, 0],
    ['with memory for all', 700 * KiB, 5, 2 ** 26],
  ])('%s', async (_, size, levels, memoryBytes) => {
    const { pack, oids } = deltaTree(sha1, size, levels);
    expect(await oidsOf(pack, { memoryBytes })).toEqual(oids);
  });

  test.each([sha1, sha256])('is rebuilt from a source that must be waited for, too ($name)', async (algorithm) => {
    const { pack, oids } = deltaTree(algorithm, 1100 * KiB, 5);
    expect(await oidsOf(pack, { algorithm, memoryBytes: 0, waits: true })).toEqual(oids);
  });

  test('counts what is rebuilt: a small pack cannot stand for terabytes', async () => {
    const { pack } = deltaTree(sha1, 100 * KiB, 6);
    const limits = { resolvedFreeBytes: 2 ** 20, resolvedRatio: 10 };
    await expect(oidsOf(pack, { limits })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'resolvedRatio' });
    await expect(oidsOf(pack, { limits: { ...limits, resolvedRatio: 100 } })).resolves.toBeDefined();
  });
});

test('61 KB that stand for three objects of 512 MiB are refused before the third is made', async () => {
  // Each delta copies 16 MiB - 1 from its base 32 times; the first base is copied 2^9 times over.
  const small = new Uint8Array(65536);
  const result = 512 * KiB * KiB - 512;
  const first = Array.from({ length: 8192 }, () => [0xb0, 0xf0, 0xff]).flat();
  const size = 8192 * 0xfff0;
  const again = [...Array.from({ length: 32 }, () => [0xf0, 0xff, 0xff, 0xff]).flat()];
  expect(size).toBeLessThan(512 * KiB * KiB);
  const entries: Uint8Array[] = [];
  let at = 12;
  let distance = 0;
  for (const body of [
    small,
    Uint8Array.from([...varint(65536), ...varint(size), ...first]),
    Uint8Array.from([...varint(size), ...varint(32 * 0xffffff), ...again]),
    Uint8Array.from([...varint(32 * 0xffffff), ...varint(32 * 0xffffff), ...again]),
  ]) {
    const isBase = entries.length === 0;
    const entry = craftEntry({
      typeCode: isBase ? TypeCode.blob : TypeCode.ofsDelta,
      body,
      ...(isBase ? {} : { baseDistance: distance }),
    });
    entries.push(entry);
    at += entry.length;
    distance = entry.length;
  }
  expect(at).toBeLessThan(result);
  await expect(oidsOf(craftPack(sha1, entries), { hashPolicy: 'trust' })).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    limit: 'resolvedRatio',
  });
});

test('a pack larger than the small arena keeps what was scanned before the arena grew', async () => {
  const size = 30 * KiB;
  const entries: Uint8Array[] = [];
  const oids = new Set<string>();
  for (let number = 0; number < 30; number++) {
    const body = noise(size, number + 1);
    oids.add(hashObject(sha1, 'blob', body));
    const base = craftEntry({ typeCode: TypeCode.blob, body });
    body[0] = number;
    oids.add(hashObject(sha1, 'blob', body));
    entries.push(
      base,
      craftEntry({ typeCode: TypeCode.ofsDelta, body: firstByteDelta(size, number), baseDistance: base.length }),
    );
  }
  expect(await oidsOf(craftPack(sha1, entries), {})).toEqual(oids);
});
