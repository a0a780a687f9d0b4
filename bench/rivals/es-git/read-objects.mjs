// read-objects.mjs GIT_DIR OIDS: read every blob that the file OIDS names, a line each.
import fs from 'node:fs';
import { openRepository } from 'es-git';
import { Fingerprint } from '../../lib/fingerprint.mjs';
import { report, verifying } from '../../lib/report.mjs';

const [gitDir = '', oidsPath = ''] = process.argv.slice(2);
const oids = fs.readFileSync(oidsPath, 'latin1').trimEnd().split('\n');
const repository = await openRepository(gitDir, { bare: true });
const fingerprint = new Fingerprint();
let bytes = 0;
for (const oid of oids) {
  const content = repository.getObject(oid).peelToBlob().content();
  bytes += content.length;
  if (verifying) fingerprint.addContent('blob', content);
}
report(verifying ? fingerprint.summary() : { objects: oids.length, bytes });
