// kv-pull.mjs OCTETS GIT_DIR NEXT whole|partial: a store that was saved, or a partial one, pulls main of GIT_DIR, which is moved to NEXT first.
// Tells the time of the pull alone besides.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, ofOctets } from '@git-kv/kv/node';
import { report } from '../../lib/report.mjs';

const [octetsPath = '', gitDir = '', next = '', mode = ''] = process.argv.slice(2);
const remote = `file://${gitDir}`;
const store =
  mode === 'partial' ? await connect(remote, { partial: true }) : await ofOctets(readFileSync(octetsPath), { remote });
execFileSync('git', ['update-ref', 'refs/heads/main', next], { cwd: gitDir });
const begun = performance.now();
const changes = await store.pull();
const pullMicros = Math.round((performance.now() - begun) * 1000);
await store.disconnect();
report({ changes: changes.length, head: store.commit?.oid ?? '', pullMicros });
