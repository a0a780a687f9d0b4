// kv-reads.mjs get|list GIT_DIR KEYS: read every key that the file KEYS names, a line each, or list every dictionary, from files.
// kv-reads.mjs partial|whole URL KEYS: the same as `get` of a remote, in part or as a whole.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { GitKv } from '@git-kv/kv';
import { connect } from '@git-kv/kv/node';
import { openRepository } from '@git-kv/repository/node-fs';
import { report } from '../../lib/report.mjs';

const [mode = '', place = '', keysPath = ''] = process.argv.slice(2);
const keys = readFileSync(keysPath, 'latin1').trimEnd().split('\n');
const isRemote = mode === 'partial' || mode === 'whole';
const repository = isRemote ? undefined : await openRepository(place);
const store = repository ? await GitKv.open(repository) : await connect(place, { partial: mode === 'partial' });
const hash = createHash('sha256');
let count = 0;
if (mode === 'list') {
  for (const key of keys) {
    for (const entry of (await store.list(key)) ?? []) {
      hash.update(`${String(entry.key).slice(1)}\n`);
      count++;
    }
  }
} else if (isRemote) {
  for (const value of await store.getMany(keys)) {
    hash.update(value ?? '').update('\n');
    count++;
  }
} else {
  for (const key of keys) {
    hash.update((await store.get(key)) ?? '').update('\n');
    count++;
  }
}
await store.disconnect();
await repository?.close();
report({ count, sha256: hash.digest('hex') });
