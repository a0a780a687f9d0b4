// One of several processes that move refs in one repository: a ref of its own, and one that all share. Prints what was committed.
import { openRepository } from '../../../src/node/index.js';

const [directory = '', label = '', count = ''] = process.argv.slice(2);
const SHARED = 'refs/heads/shared';
const own = `refs/heads/own/${label}`;

const repository = await openRepository(directory, { durability: 'none', lockTimeoutMs: 10_000 });
const digits = repository.algorithm.hexLength;
for (let round = 1; round <= Number(count); ) {
  const shared = await repository.refs.read(SHARED);
  const before = await repository.refs.read(own);
  const next = { oid: `${label}${String(round).padStart(4, '0')}`.padEnd(digits, 'a') };
  const outcome = await repository.refs.update([
    { name: SHARED, expected: shared ?? null, next },
    { name: own, expected: before ?? null, next },
  ]);
  if (outcome.status !== 'updated') continue;
  process.stdout.write(`${outcome.transaction}\n`);
  round++;
}
await repository.close();
