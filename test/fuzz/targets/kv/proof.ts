import { GitKv } from '@git-kv/kv';
import { createProof, parseProof, serializeProof, verifyProof } from '@git-kv/kv/proof';
import { hashAlgorithm, type Oid } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { ensureEqualBytes, type FuzzTarget } from '../../lib/target.js';

const KEYS = ['limits/upload/images', 'limits/other', 'name'];

/** By variant: what the proof is of, and its bytes. */
const genuine = new Map<string, { readonly commit: Oid; readonly key: string; readonly bytes: Uint8Array }>();

export const proof: FuzzTarget = {
  name: 'proof',
  about: 'proofs of a key: one spelling for each, and none but the genuine one is believed',
  weight: 2,
  dictionary: ['GKVP', '\x01\x01', '\x01\x02', 'limits', '100644 ', '40000 ', 'tree ', '\x80\x01', '\0'],
  async seeds() {
    for (const objectFormat of ['sha1', 'sha256'] as const) {
      const repository = createMemoryRepository({ algorithm: hashAlgorithm(objectFormat) });
      const store = await GitKv.open(repository, { clock: () => 1_700_000_000_000 });
      await store.changeAndPush(async (batch) => {
        for (const key of ['limits/upload/images', 'limits/upload/texts', 'limits.d', 'name'])
          await batch.set(key, key);
      });
      const commit = store.commit?.oid as Oid;
      for (const key of KEYS) {
        const bytes = serializeProof(await createProof(repository.objects, commit, key));
        genuine.set(`${objectFormat} ${key}`, { commit, key, bytes });
      }
    }
    return [...genuine].map(([variant, { bytes }]) => ({ bytes, variant }));
  },
  async execute(bytes, variant) {
    ensureEqualBytes(serializeProof(parseProof(bytes)), bytes, 'the serialized proof');
    const { commit, key, bytes: expected } = genuine.get(variant!)!;
    await verifyProof(bytes, { commit, key });
    ensureEqualBytes(bytes, expected, 'a proof that was believed');
  },
};
