// kv-import.mjs memory|files GIT_DIR SHAPE: all keys of a shape as one commit, into memory or a new bare repository.
import { GitKv } from '@git-kv/kv';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository } from '@git-kv/repository/node-fs';
import { BASE_TIME, kvPairs } from '../../lib/kv-history.mjs';
import { report } from '../../lib/report.mjs';

const [engine = '', gitDir = '', shape = ''] = process.argv.slice(2);
const repository = engine === 'memory' ? createMemoryRepository() : await initRepository(gitDir, { bare: true });
const person = { author: 'Bench', authorEmail: 'bench@example.com' };
const store = await GitKv.open(repository, { ...person, clock: () => BASE_TIME * 1000, deterministic: true });
await store.changeAndPush(
  async (batch) => {
    for (const { directory, name, value } of kvPairs(/** @type {any} */ (shape))) {
      await batch.set(`${directory}/${name}`, value);
    }
  },
  { message: 'base' },
);
const head = store.commit?.oid ?? '';
await repository.close();
report({ head });
