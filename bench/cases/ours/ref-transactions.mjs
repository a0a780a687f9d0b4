// ref-transactions.mjs none|batch|full GIT_DIR REFS ROUNDS EVEN ODD: transactions one after the other, each moves all refs.
import { openRepository } from '@git-kv/repository/node-fs';
import { report } from '../../lib/report.mjs';

const [durability = '', gitDir = '', refs, rounds, ...oids] = process.argv.slice(2);
const repository = await openRepository(gitDir, { durability: /** @type {'none' | 'batch' | 'full'} */ (durability) });
for (let round = 1; round <= Number(rounds); round++) {
  const next = { oid: oids[round % 2] ?? '' };
  const expected = round === 1 ? null : { oid: oids[(round - 1) % 2] ?? '' };
  const updates = Array.from({ length: Number(refs) }, (_, at) => ({ name: `refs/tags/r${at}`, expected, next }));
  const outcome = await repository.refs.update(updates);
  if (outcome.status !== 'updated') throw new Error(`the update ended with ${outcome.status}`);
}
await repository.close();
report({});
