import { encodeUtf8, hashAlgorithm, hashObject } from '@git-kv/objects';
import { indexPack, memoryPackStorage, type PackCheckOptions, type PackInput, packBytes } from '@git-kv/pack';
import { describe, expect, test } from 'vitest';

describe.each(['sha1', 'sha256'] as const)('a pack of %s that is checked is refused', (format) => {
  const algorithm = hashAlgorithm(format);
  const blob: PackInput = { kind: 'blob', body: encodeUtf8('hello\n') };
  const blobOid = hashObject(algorithm, blob.kind, blob.body);
  const who = 'A <a@example.com> 1 +0000';

  const check = async (objects: readonly PackInput[], options: PackCheckOptions): Promise<unknown> => {
    const { bytes } = await packBytes({ algorithm, objects, objectCount: objects.length });
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes;
    };
    return await indexPack(chunks(), { algorithm, storage: memoryPackStorage(), check: options });
  };

  test('for an object that breaks a rule, named with the rule', async () => {
    const body = encodeUtf8(`tree ${algorithm.emptyTreeOid}\nauthor ${who}\n\nno committer\n`);
    const oid = hashObject(algorithm, 'commit', body);
    const code = { code: 'CHECK_FAILED', oid, kind: 'commit', id: 'missingCommitter' };
    await expect(check([{ kind: 'commit', body }], {})).rejects.toMatchObject(code);
  });

  test('for a link to an object of another kind', async () => {
    const body = encodeUtf8(`tree ${blobOid}\nauthor ${who}\ncommitter ${who}\n\na blob for a tree\n`);
    const objects: PackInput[] = [{ kind: 'commit', body }, blob];
    await expect(check(objects, { findKind: async () => undefined })).rejects.toMatchObject({
      code: 'OBJECT_KIND_MISMATCH',
    });
    // Links are looked at where it is said where they may lead.
    await expect(check(objects, {})).resolves.toMatchObject({ objectCount: 2 });
  });
});
