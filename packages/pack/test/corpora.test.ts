import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashObject, sha1, sha256 } from '@git-kv/objects';
import { indexPack, memoryPackStorage, memorySource, PackReader, parsePackIndex, verifyPack } from '@git-kv/pack';
import { describe, expect, test } from 'vitest';
import { chunked } from './support/craft.js';

const corpora = process.env.GIT_KV_CORPORA;
const packs = corpora === undefined ? '' : join(corpora, 'packs');
const extra = corpora === undefined ? '' : join(corpora, 'packs-extra');

const index = (algorithm: typeof sha1, pack: Uint8Array) =>
  indexPack(chunked(pack), { algorithm, storage: memoryPackStorage() });

describe.skipIf(corpora === undefined)('packs made by others (GIT_KV_CORPORA names the folder)', () => {
  const files = corpora === undefined ? [] : readdirSync(packs).filter((file) => file.endsWith('.pack'));
  // pack-<trailer>.pack: 64 digits are a SHA-256.
  const rows = files.map((file) => ({ file, algorithm: /^pack-[0-9a-f]{64}\./.test(file) ? sha256 : sha1 }));
  const hasIdx = (file: string): boolean => existsSync(join(packs, file.replace('.pack', '.idx')));

  test.each(rows.filter(({ file }) => hasIdx(file)))(
    '$file indexes to the bytes of its idx, and reads whole',
    async ({ file, algorithm }) => {
      const pack = readFileSync(join(packs, file));
      const idx = readFileSync(join(packs, file.replace('.pack', '.idx')));
      const indexed = await index(algorithm, pack);
      expect(Buffer.compare(indexed.index, idx)).toBe(0);

      const parsed = parsePackIndex(idx, algorithm);
      const reader = await PackReader.open({ source: memorySource(pack), index: parsed });
      const oids = Array.from({ length: parsed.objectCount }, (_, position) => parsed.oidAt(position));
      for await (const [oid, object] of reader.readMany(oids)) {
        expect(object && hashObject(algorithm, object.kind, object.body)).toBe(oid);
      }
    },
  );

  test.each(rows.filter(({ file }) => !hasIdx(file)))(
    '$file is thin: refused with OBJECT_NOT_FOUND',
    async ({ file, algorithm }) => {
      await expect(index(algorithm, readFileSync(join(packs, file)))).rejects.toMatchObject({
        code: 'OBJECT_NOT_FOUND',
      });
    },
  );

  test('there is one thin pack among them, and both algorithms', () => {
    expect(rows.filter(({ file }) => !hasIdx(file))).toHaveLength(1);
    expect(new Set(rows.map(({ algorithm }) => algorithm.name))).toEqual(new Set(['sha1', 'sha256']));
  });

  const pairs: [string, string][] = [
    ['valid-small-42-objects.pack', 'valid-v2-small-42-objects.idx'],
    ['valid-medium-30-objects.pack', 'valid-v2-medium-30-objects.idx'],
    ['valid-forward-delta-9-objects.pack', 'valid-v2-forward-delta-9-objects.idx'],
    ['valid-generated-repo-large-868-objects.pack', 'valid-v2-large-868-objects.idx'],
    ['valid-medium-67-objects.pack', 'valid-v1-medium-67-objects.idx'],
  ];
  test.each(pairs)('%s agrees with %s', async (packName, idxName) => {
    const pack = readFileSync(join(extra, 'data_file', packName));
    const idx = readFileSync(join(extra, 'index_file', idxName));
    if (!idxName.includes('-v1-')) expect(Buffer.compare((await index(sha1, pack)).index, idx)).toBe(0);
    const parsed = await verifyPack({ algorithm: sha1, source: memorySource(pack), idx });
    expect(parsed.version).toBe(idxName.includes('-v1-') ? 1 : 2);
  });
});
