// fetch.mjs URL GIT_DIR REF: bring what is new of one ref.
import { connectUploadPack, createHttpTransport } from '@git-kv/protocol';
import { createNodeFetch } from '@git-kv/protocol/node';
import { fetchInto, findRemoteRef } from '@git-kv/repository';
import { openRepository } from '@git-kv/repository/node-fs';
import { commitsFrom } from '@git-kv/repository/walk';
import { report } from '../../lib/report.mjs';

const [url = '', gitDir = '', name = ''] = process.argv.slice(2);
const fetch = createNodeFetch();
const repository = await openRepository(gitDir);
const client = await connectUploadPack(createHttpTransport(url, { fetch }));
const found = await findRemoteRef(client, name);
const value = await repository.refs.read(name);
if (found.status !== 'found' || value === undefined || !('oid' in value)) throw new Error(`there is no ${name}`);

/** @param {string} tip */
async function* commits(tip) {
  for await (const { oid } of commitsFrom(repository.objects, [tip])) yield oid;
}

const { objectCount } = await fetchInto(repository, client, { wants: [found.oid], haves: commits(value.oid) });
await repository.refs.update([{ name, expected: value, next: { oid: found.oid } }]);
await repository.close();
await fetch.close();
report({ received: objectCount });
