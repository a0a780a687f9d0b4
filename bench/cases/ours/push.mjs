// push.mjs URL GIT_DIR REF: push one branch.
import { createHttpTransport } from '@git-kv/protocol';
import { createNodeFetch } from '@git-kv/protocol/node';
import { pushFrom } from '@git-kv/repository';
import { openRepository } from '@git-kv/repository/node-fs';
import { report } from '../../lib/report.mjs';

const [url = '', gitDir = '', name = ''] = process.argv.slice(2);
const fetch = createNodeFetch();
const repository = await openRepository(gitDir);
const value = await repository.refs.read(name);
if (value === undefined || !('oid' in value)) throw new Error(`there is no ${name}`);
const results = await pushFrom(repository, createHttpTransport(url, { fetch }), {
  updates: [{ name, next: value.oid }],
});
if (results[0]?.status !== 'updated') throw new Error(JSON.stringify(results));
await repository.close();
await fetch.close();
report({});
