// log-path.mjs GIT_DIR OID PATH: the commits that changed a path.
import { parsePathspec, RevisionWalk } from '@git-kv/repository';
import { openRepository } from '@git-kv/repository/node-fs';
import { report } from '../../lib/report.mjs';

const [gitDir = '', tip = '', path = ''] = process.argv.slice(2);
const { objects } = await openRepository(gitDir);
const walk = await RevisionWalk.open(objects, { include: [tip], paths: [parsePathspec(`:(literal)${path}`)] });
let commits = 0;
let last = '';
for (;;) {
  const rows = await walk.next(4096);
  if (rows.length === 0) break;
  commits += rows.length;
  last = walk.table.oidAt(rows.at(-1) ?? 0);
}
await walk.close();
await objects.close();
report({ commits, last });
