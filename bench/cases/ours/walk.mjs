// walk.mjs GIT_DIR OID...: visit every commit that the given commits can reach.
import { commitsFrom } from '@git-kv/repository';
import { openRepository } from '@git-kv/repository/node-fs';
import { Fingerprint } from '../../lib/fingerprint.mjs';
import { report } from '../../lib/report.mjs';

const [gitDir = '', ...tips] = process.argv.slice(2);
const { objects } = await openRepository(gitDir);
const fingerprint = new Fingerprint();
for await (const { oid } of commitsFrom(objects, tips)) fingerprint.addName(oid, 0);
await objects.close();
report({ commits: fingerprint.objects, fingerprint: fingerprint.summary().fingerprint });
