// clone.mjs URL GIT_DIR [DEPTH]: clone into a bare repository.
import { createHttpTransport } from '@git-kv/protocol';
import { createNodeFetch } from '@git-kv/protocol/node';
import { cloneInto } from '@git-kv/repository';
import { initRepository } from '@git-kv/repository/node-fs';
import { report } from '../../lib/report.mjs';

const [url = '', gitDir = '', depth] = process.argv.slice(2);
const fetch = createNodeFetch();
const repository = await initRepository(gitDir);
const transport = createHttpTransport(url, { fetch });
const { objectCount } = await cloneInto(repository, transport, depth === undefined ? {} : { depth: Number(depth) });
await repository.close();
await fetch.close();
report({ received: objectCount });
