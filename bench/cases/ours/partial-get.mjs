// partial-get.mjs URL PATH...: read files of a remote's HEAD without a clone.
import { createHash } from 'node:crypto';
import { hashObject } from '@git-kv/objects';
import { createHttpTransport } from '@git-kv/protocol';
import { createNodeFetch } from '@git-kv/protocol/node';
import { openRemote } from '@git-kv/repository';
import { report } from '../../lib/report.mjs';

const [url = '', ...paths] = process.argv.slice(2);
const fetch = createNodeFetch();
const remote = await openRemote(createHttpTransport(url, { fetch }));
const texts = await remote.read(paths);
const { algorithm } = remote.objects;
const names = texts
  .map((text) => (text === undefined ? 'none\n' : `${hashObject(algorithm, 'blob', text)}\n`))
  .join('');
await remote.close();
await fetch.close();
report({ bytes: names.length, sha256: createHash('sha256').update(names).digest('hex') });
