// read-objects.mjs GIT_DIR OIDS: read every object that the file OIDS names, a line each, one after another.
import { readFileSync } from 'node:fs';
import { openRepository } from '@git-kv/repository/node-fs';
import { Fingerprint } from '../../lib/fingerprint.mjs';
import { report, verifying } from '../../lib/report.mjs';

const [gitDir = '', oidsPath = ''] = process.argv.slice(2);
const oids = readFileSync(oidsPath, 'latin1').trimEnd().split('\n');
const { objects, algorithm } = await openRepository(gitDir);
const fingerprint = new Fingerprint();
let bytes = 0;
for (const oid of oids) {
  const object = await objects.read(oid);
  if (object === undefined) throw new Error(`${oid} is missing`);
  bytes += object.body.length;
  if (verifying) fingerprint.addContent(object.kind, object.body, algorithm.name);
}
await objects.close();
report(verifying ? fingerprint.summary() : { objects: oids.length, bytes });
