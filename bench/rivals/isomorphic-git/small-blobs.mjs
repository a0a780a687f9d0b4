// small-blobs.mjs GIT_DIR BLOBS: the texts in the JSON file BLOBS as blobs of a bare repository, loose ones.
import fs from 'node:fs';
import git from 'isomorphic-git';
import { report } from '../../lib/report.mjs';

const [gitdir = '', blobsPath = ''] = process.argv.slice(2);
/** @type {string[]} */
const texts = JSON.parse(fs.readFileSync(blobsPath, 'utf8'));
const encoder = new TextEncoder();
for (const text of texts) await git.writeBlob({ fs, gitdir, blob: encoder.encode(text) });
report({});
