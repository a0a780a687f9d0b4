// small-blobs.mjs none|full GIT_DIR BLOBS: the texts in the JSON file BLOBS as blobs in one new pack of a bare repository.
import { readFileSync } from 'node:fs';
import { writePack } from '@git-kv/pack';
import { openRepository } from '@git-kv/repository/node-fs';
import { report } from '../../lib/report.mjs';

const [durability, gitDir = '', blobsPath = ''] = process.argv.slice(2);
/** @type {string[]} */
const texts = JSON.parse(readFileSync(blobsPath, 'utf8'));
const encoder = new TextEncoder();
const repository = await openRepository(gitDir, { durability: durability === 'none' ? 'none' : 'full' });
const objects = texts.map((text) => ({ kind: /** @type {const} */ ('blob'), body: encoder.encode(text) }));
const pack = writePack({ algorithm: repository.algorithm, objects, objectCount: objects.length, deltas: false });
const quarantine = await repository.objects.receive(pack);
await quarantine.publish();
await repository.close();
report({});
