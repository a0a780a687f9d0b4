// merge-trees.mjs GIT_DIR PAIRS: merge the pairs of commits in the file PAIRS, and write what is new.
import { readFileSync } from 'node:fs';
import { mergeCommits } from '@git-kv/repository';
import { openRepository } from '@git-kv/repository/node-fs';
import { Fingerprint } from '../../lib/fingerprint.mjs';
import { report } from '../../lib/report.mjs';

const [gitDir = '', pairsPath = ''] = process.argv.slice(2);
const repository = await openRepository(gitDir, { durability: 'none' });
const fingerprint = new Fingerprint();
let merges = 0;
let conflicts = 0;
for (const line of readFileSync(pairsPath, 'utf8').trimEnd().split('\n')) {
  const [ours = '', theirs = ''] = line.split(' ');
  const merged = await mergeCommits(repository, ours, theirs, { labels: { ours, theirs } });
  if (merged.status === 'unrelated') throw new Error('The two have a common ancestor');
  await repository.objects.writeMany(merged.objects);
  merges++;
  conflicts += merged.conflicts.length;
  fingerprint.addName(merged.treeOid, 0);
}
await repository.close();
report({ merges, conflicts, fingerprint: fingerprint.summary().fingerprint });
