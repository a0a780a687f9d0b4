// read-objects.mjs GIT_DIR OIDS: read every object that the file OIDS names, a line each.
import fs from 'node:fs';
import git from 'isomorphic-git';
import { Fingerprint } from '../../lib/fingerprint.mjs';
import { report, verifying } from '../../lib/report.mjs';

const [gitdir = '', oidsPath = ''] = process.argv.slice(2);
const oids = fs.readFileSync(oidsPath, 'latin1').trimEnd().split('\n');
const cache = {};
const fingerprint = new Fingerprint();
let bytes = 0;
for (const oid of oids) {
  const { type, object } = await git.readObject({ fs, gitdir, oid, format: 'content', cache });
  if (!(object instanceof Uint8Array)) throw new Error(`${oid} was parsed`);
  bytes += object.length;
  if (verifying) fingerprint.addContent(type, object);
}
report(verifying ? fingerprint.summary() : { objects: oids.length, bytes });
