// clone.mjs URL GIT_DIR ALGORITHM [DEPTH]: clone into a bare repository.
import { createHttpTransport } from '@git-kv/protocol';
import { createNodeFetch } from '@git-kv/protocol/node';
import { cloneInto } from '@git-kv/repository';
import { initRepository } from '@git-kv/repository/node-fs';
import { report } from '../../lib/report.mjs';

const [url = '', gitDir = '', algorithm, depth] = process.argv.slice(2);
const fetch = createNodeFetch();
const repository = await initRepository(gitDir, { objectFormat: algorithm === 'sha256' ? 'sha256' : 'sha1' });
const transport = createHttpTransport(url, { fetch });
const { objectCount } = await cloneInto(repository, transport, depth === undefined ? {} : { depth: Number(depth) });
await repository.close();
await fetch.close();
report({ received: objectCount });
