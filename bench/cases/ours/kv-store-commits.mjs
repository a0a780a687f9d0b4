// kv-store-commits.mjs memory|none|batch|full GIT_DIR CHANGES: one `set` of a GitKv for each change, on the branch main of a bare repository.
// `memory`: what a store in memory is: the pack is taken in first; the others write to GIT_DIR with that durability.
// Tells the median time of one commit besides.
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GitKv } from '@git-kv/kv';
import { batchWrites } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { openRepository } from '@git-kv/repository/node-fs';
import { report } from '../../lib/report.mjs';

const [engine = '', gitDir = '', changesPath = ''] = process.argv.slice(2);
/** @type {import('../../lib/kv-history.mjs').KvChange[]} */
const changes = JSON.parse(readFileSync(changesPath, 'utf8'));
const disk = await openRepository(gitDir, {
  durability: engine === 'full' ? 'full' : engine === 'batch' ? 'full' : 'none',
});
/** @type {import('@git-kv/repository').Repository} */
let repository = engine === 'batch' ? batchWrites(disk) : disk;
if (engine === 'memory') {
  repository = createMemoryRepository();
  const packs = join(gitDir, 'objects/pack');
  const pack = readdirSync(packs).find((name) => name.endsWith('.pack')) ?? '';
  const quarantine = await repository.objects.receive(createReadStream(join(packs, pack)), { maxPackBytes: 2 ** 32 });
  const value = (await disk.refs.read('refs/heads/main')) ?? null;
  await repository.transact({ quarantine, updates: [{ name: 'refs/heads/main', next: value }] });
}
let clockMs = 0;
const person = { author: 'Bench', authorEmail: 'bench@example.com' };
const store = await GitKv.open(repository, { ...person, clock: () => clockMs, deterministic: true });
/** @type {number[]} */
const times = [];
for (const { directory, name, value, message, timestamp } of changes) {
  clockMs = timestamp * 1000;
  const begun = performance.now();
  await store.changeAndPush((batch) => batch.set(`${directory}/${name}`, value), { message });
  times.push(performance.now() - begun);
}
const head = store.commit?.oid ?? '';
if (engine === 'batch') await repository.close();
times.sort((a, b) => a - b);
report({ head, commitMicros: Math.round((times[times.length >> 1] ?? 0) * 1000) });
