// kv-reads.mjs get|list GIT_DIR KEYS: read every key that the file KEYS names, a line each, or list the whole branch.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import git from 'isomorphic-git';
import { report } from '../../lib/report.mjs';

const [mode = '', gitdir = '', keysPath = ''] = process.argv.slice(2);
const keys = fs.readFileSync(keysPath, 'latin1').trimEnd().split('\n');
const cache = {};
const hash = createHash('sha256');
const oid = await git.resolveRef({ fs, gitdir, ref: 'refs/heads/main' });
let count = 0;
if (mode === 'list') {
  for (const key of keys) {
    const { tree } = await git.readTree({ fs, gitdir, oid, filepath: key, cache });
    for (const { path } of tree) {
      hash.update(`${key}/${path}\n`);
      count++;
    }
  }
} else {
  for (const filepath of keys) {
    const { blob } = await git.readBlob({ fs, gitdir, oid, filepath, cache });
    hash.update(blob).update('\n');
    count++;
  }
}
report({ count, sha256: hash.digest('hex') });
