// merge-base.mjs GIT_DIR OID...: the best common ancestors of all.
import { octopusMergeBases } from '@git-kv/repository';
import { openRepository } from '@git-kv/repository/node-fs';
import { report } from '../../lib/report.mjs';

const [gitDir = '', ...tips] = process.argv.slice(2);
const { objects } = await openRepository(gitDir);
const bases = await octopusMergeBases(objects, tips);
await objects.close();
report({ bases: bases.join(' ') });
