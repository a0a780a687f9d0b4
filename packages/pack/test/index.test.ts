import { sha1 } from '@git-kv/objects';
import { indexPack, memoryPackStorage, PackReader, packBytes, parsePackIndex } from '@git-kv/pack';
import { expect, test } from 'vitest';

test('the example of the package runs as it stands', async () => {
  const objects = [{ kind: 'blob' as const, body: new TextEncoder().encode('hello\n') }];
  const { bytes } = await packBytes({ algorithm: sha1, objects, objectCount: 1 });

  const storage = memoryPackStorage();
  const chunks = async function* () {
    yield bytes;
  };
  const { index } = await indexPack(chunks(), { algorithm: sha1, storage });

  const reader = new PackReader({ source: await storage.source(), index: parsePackIndex(index, sha1) });
  const object = await reader.read('ce013625030ba8dba906f756967f9e9ca394464a');
  expect(object).toEqual({ kind: 'blob', body: new TextEncoder().encode('hello\n') });
});
