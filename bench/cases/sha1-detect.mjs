import { createHash } from 'node:crypto';
import { makeHashCase } from '../lib/hash-case.mjs';

export default makeHashCase({
  name: 'sha1-detect',
  title: 'SHA-1 that finds collision attacks, by size',
  hashPolicy: 'detect',
  digest: (input) => createHash('sha1').update(input).digest(),
  rivals: () => [{ name: 'node crypto.createHash', id: 'crypto.createHash', note: 'finds none' }],
});
