// walk.mjs GIT_DIR OID...: visit every commit that the given commits can reach.
import { RevisionWalk } from '@git-kv/repository';
import { openRepository } from '@git-kv/repository/node-fs';
import { Fingerprint } from '../../lib/fingerprint.mjs';
import { report } from '../../lib/report.mjs';

const [gitDir = '', ...tips] = process.argv.slice(2);
const { objects } = await openRepository(gitDir);
const walk = await RevisionWalk.open(objects, { include: tips });
const fingerprint = new Fingerprint();
for (;;) {
  const rows = await walk.next(4096);
  if (rows.length === 0) break;
  for (const row of rows) fingerprint.addName(walk.table.oidAt(row), 0);
}
await walk.close();
await objects.close();
report({ commits: fingerprint.objects, fingerprint: fingerprint.summary().fingerprint });
