// read-all.mjs GIT_DIR: read every object, in the order that the store finds cheap.
import { openRepository } from '@git-kv/repository/node-fs';
import { Fingerprint } from '../../lib/fingerprint.mjs';
import { report, verifying } from '../../lib/report.mjs';

const [gitDir = ''] = process.argv.slice(2);
const { objects, algorithm } = await openRepository(gitDir);
const oids = [];
for await (const oid of objects.oids()) oids.push(oid);
const fingerprint = new Fingerprint();
let count = 0;
let bytes = 0;
for await (const [oid, object] of objects.readMany(oids, { isTransient: true })) {
  if (object === undefined) throw new Error(`${oid} is missing`);
  count++;
  bytes += object.body.length;
  if (verifying) fingerprint.addContent(object.kind, object.body, algorithm.name);
}
await objects.close();
report(verifying ? fingerprint.summary() : { objects: count, bytes });
