// clone.mjs URL GIT_DIR [DEPTH]: clone into a bare repository.
import { cloneRepository } from 'es-git';
import { report } from '../../lib/report.mjs';

const [url = '', gitDir = '', depth] = process.argv.slice(2);
await cloneRepository(url, gitDir, { bare: true, ...(depth === undefined ? {} : { fetch: { depth: Number(depth) } }) });
report({});
