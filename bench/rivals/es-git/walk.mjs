// walk.mjs GIT_DIR OID...: visit every commit that the given commits can reach.
import { openRepository } from 'es-git';
import { Fingerprint } from '../../lib/fingerprint.mjs';
import { report } from '../../lib/report.mjs';

const [gitDir = '', ...tips] = process.argv.slice(2);
const repository = await openRepository(gitDir, { bare: true });
const walk = repository.revwalk();
for (const tip of tips) walk.push(tip);
const fingerprint = new Fingerprint();
for (let oid = walk.next(); oid !== null; oid = walk.next()) fingerprint.addName(oid, 0);
report({ commits: fingerprint.objects, fingerprint: fingerprint.summary().fingerprint });
