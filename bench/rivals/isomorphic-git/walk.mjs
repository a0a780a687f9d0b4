// walk.mjs GIT_DIR OID...: visit every commit that the given commits can reach.
import fs from 'node:fs';
import git from 'isomorphic-git';
import { Fingerprint } from '../../lib/fingerprint.mjs';
import { report } from '../../lib/report.mjs';

const [gitdir = '', ...tips] = process.argv.slice(2);
const cache = {};
const seen = new Set(tips);
const pending = [...seen];
const fingerprint = new Fingerprint();
for (let oid = pending.pop(); oid !== undefined; oid = pending.pop()) {
  const { commit } = await git.readCommit({ fs, gitdir, oid, cache });
  fingerprint.addName(oid, 0);
  for (const parent of commit.parent) {
    if (seen.has(parent)) continue;
    seen.add(parent);
    pending.push(parent);
  }
}
report({ commits: fingerprint.objects, fingerprint: fingerprint.summary().fingerprint });
