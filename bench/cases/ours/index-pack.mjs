// index-pack.mjs PACK IDX ALGORITHM POLICY: read the pack where it is, write its idx.
import { createReadStream } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { sha1, sha256 } from '@git-kv/objects';
import { indexPack } from '@git-kv/pack';
import { report } from '../../lib/report.mjs';

const [packPath = '', idxPath = '', algorithm, policy] = process.argv.slice(2);

/** The pack lies in its file already: what is appended is there, and is read back from there. */
const storage = {
  append: async () => {},
  overwrite: async () => {
    throw new Error('a whole pack needs no completion');
  },
  source: async () => {
    const file = await open(packPath);
    return {
      size: (await file.stat()).size,
      read: async (/** @type {number} */ offset, /** @type {number} */ length) => {
        const bytes = new Uint8Array(length);
        const { bytesRead } = await file.read(bytes, 0, length, offset);
        if (bytesRead !== length) throw new Error('the pack is cut short');
        return bytes;
      },
      close: () => file.close(),
    };
  },
};
const { index, objectCount } = await indexPack(createReadStream(packPath, { highWaterMark: 2 ** 18 }), {
  algorithm: algorithm === 'sha256' ? sha256 : sha1,
  storage,
  hashPolicy: policy === 'trust' ? 'trust' : 'detect',
});
await writeFile(idxPath, index);
report({ objects: objectCount });
