import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { type HashName, hashAlgorithm, sha1 } from '@git-kv/objects';
import {
  listPack,
  memorySource,
  type PackListing,
  packBytes,
  parsePackIndex,
  serializePackIndex,
  TypeCode,
  verifyPack,
} from '@git-kv/pack';
import { afterAll, describe, expect, test } from 'vitest';
import { appendDelta, ascii, bytes, craftEntry, craftPack, waitingSource } from './support/craft.js';
import { git, goldenPack, temporaryDirectory } from './support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

/** A listing as `git verify-pack -v` prints it. */
function printed({ entries, chainLengths }: PackListing): string {
  const lines = entries.map(({ oid, kind, inflatedSize, sizeInPack, packOffset, depth, baseOid }) => {
    const line = `${oid} ${kind.padEnd(6)} ${inflatedSize} ${sizeInPack} ${packOffset}`;
    return baseOid === undefined ? line : `${line} ${depth} ${baseOid}`;
  });
  chainLengths.forEach((count, length) => {
    const objects = `${count} object${count === 1 ? '' : 's'}`;
    if (length === 0) lines.push(`non delta: ${objects}`);
    else if (count > 0) lines.push(`chain length = ${length}: ${objects}`);
  });
  return lines.join('\n');
}

describe.each<[HashName, 'ofs' | 'ref']>([
  ['sha1', 'ofs'],
  ['sha1', 'ref'],
  ['sha256', 'ofs'],
  ['sha256', 'ref'],
])('a %s pack of git with %s-deltas', (format, deltas) => {
  const algorithm = hashAlgorithm(format);
  const golden = goldenPack(directory.path, format, deltas);

  test('is listed as verify-pack -v lists it', async () => {
    const path = join(directory.path, `${format}-${deltas}`);
    writeFileSync(`${path}.pack`, golden.pack);
    writeFileSync(`${path}.idx`, golden.idx);
    const [...lines] = git(directory.path, ['verify-pack', '-v', `--object-format=${format}`, `${path}.pack`])
      .toString()
      .trim()
      .split('\n');
    expect(lines.pop()).toBe(`${path}.pack: ok`);
    for (const source of [memorySource(golden.pack), waitingSource(golden.pack)]) {
      const listing = await listPack({ source, index: parsePackIndex(golden.idx, algorithm) });
      expect(printed(listing)).toBe(lines.join('\n'));
    }
  });

  test.each([
    ['2', golden.idx],
    ['1', golden.idxV1],
  ])('is verified with its idx of version %s', async (_version, idx) => {
    const index = await verifyPack({ algorithm, source: waitingSource(golden.pack), idx });
    expect(index.objectCount).toBe(golden.objects.length);
  });

  test('is not verified where pack or idx are damaged anywhere', async () => {
    for (let at = 0; at < golden.pack.length; at += 997) {
      const source = memorySource(golden.pack.map((byte, offset) => (offset === at ? byte ^ 2 : byte)));
      await expect(verifyPack({ algorithm, source, idx: golden.idx }), `${at}`).rejects.toMatchObject({
        isGitError: true,
      });
    }
  });
});

describe('verifyPack refuses an idx that', () => {
  const summary = packBytes({
    algorithm: sha1,
    objects: ['one', 'two', 'three'].map((text) => ({ kind: 'blob' as const, body: new TextEncoder().encode(text) })),
    objectCount: 3,
  });
  const changes: [string, (pack: Awaited<typeof summary>) => Partial<Awaited<typeof summary>>][] = [
    ['belongs to another pack', () => ({ packChecksum: new Uint8Array(20) })],
    ['lacks an object', ({ entries }) => ({ entries: entries.slice(1) })],
    [
      'names another object',
      ({ entries }) => ({
        entries: entries.map((entry, at) => (at === 1 ? { ...entry, oid: 'ab'.repeat(20) } : entry)),
      }),
    ],
    [
      'places an object elsewhere',
      ({ entries }) => ({ entries: entries.map((entry, at) => (at === 1 ? { ...entry, packOffset: 12 } : entry)) }),
    ],
    [
      'has another CRC-32',
      ({ entries }) => ({ entries: entries.map((entry, at) => (at === 1 ? { ...entry, crc32: 1 } : entry)) }),
    ],
  ];
  test.each(changes)('%s', async (_problem, change) => {
    const pack = await summary;
    const idx = serializePackIndex({ ...pack, ...change(pack) });
    await expect(verifyPack({ algorithm: sha1, source: memorySource(pack.bytes), idx })).rejects.toMatchObject({
      code: 'MALFORMED',
      format: 'idx',
    });
  });
});

test('listPack takes a chain of 50,000 deltas, each made for the one before it', async () => {
  const delta = bytes(1, 1, 0x90, 1);
  const count = 50_000;
  const root = craftEntry({ typeCode: TypeCode.tag, body: ascii('!') });
  const deflated = deflateSync(delta);
  const entryOf = (baseDistance: number) =>
    craftEntry({ typeCode: TypeCode.ofsDelta, body: delta, baseDistance, deflated });
  const first = entryOf(root.length);
  const next = entryOf(first.length);
  const entries = [root, first, ...Array.from({ length: count - 1 }, () => next)];
  const pack = craftPack(sha1, entries);
  let packOffset = 12;
  const rows = entries.map((entry, at) => {
    const row = { oid: at.toString(16).padStart(40, '0'), packOffset, crc32: 0 };
    packOffset += entry.length;
    return row;
  });
  const idx = serializePackIndex({ algorithm: sha1, entries: rows, packChecksum: pack.slice(-20) });
  const listing = await listPack({ source: memorySource(pack), index: parsePackIndex(idx, sha1) });
  expect(listing.chainLengths).toHaveLength(count + 1);
  expect(listing.entries.at(-1)).toMatchObject({ depth: count, kind: 'tag' });
});

test('listPack refuses a circle of ref-deltas', async () => {
  const [a, b] = ['aa'.repeat(20), 'bb'.repeat(20)] as const;
  const entries = [b, a].map((baseOid) =>
    craftEntry({ typeCode: TypeCode.refDelta, body: appendDelta(4, '!'), baseOid }),
  );
  const pack = craftPack(sha1, entries);
  const rows = [a, b].map((oid, at) => ({ oid, packOffset: 12 + at * entries[0]!.length, crc32: 0 }));
  const idx = serializePackIndex({ algorithm: sha1, entries: rows, packChecksum: pack.slice(-20) });
  await expect(listPack({ source: memorySource(pack), index: parsePackIndex(idx, sha1) })).rejects.toMatchObject({
    code: 'MALFORMED',
  });
});
