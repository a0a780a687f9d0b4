// kv-octets.mjs save GIT_DIR FILE: the branch main as a saved store. kv-octets.mjs load FILE: a store of what was saved.
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GitKv } from '@git-kv/kv';
import { report } from '../../lib/report.mjs';

const [mode = '', source = '', target = ''] = process.argv.slice(2);
if (mode === 'save') {
  // Who only loads needs nothing of files.
  const { openRepository } = await import('@git-kv/repository/node-fs');
  const repository = await openRepository(source);
  const store = await GitKv.open(repository);
  await pipeline(Readable.from(store.toOctets()), createWriteStream(target));
  const head = store.commit?.oid ?? '';
  await repository.close();
  report({ head });
} else {
  const octets = mode === 'load' ? readFileSync(source) : createReadStream(source);
  const store = await GitKv.ofOctets(octets, { remote: 'https://example.com/keys.git' });
  report({ head: store.commit?.oid ?? '' });
}
