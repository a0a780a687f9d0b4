import { isSafeRefName } from '@git-kv/objects';
import { parseRefFile, serializeRefFile } from '../../../../packages/repository/src/engines/file/ref-files.js';
import { algorithmOfVariant } from '../../lib/formats.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const refFile: FuzzTarget = {
  name: 'ref-file',
  about: 'a file that holds one ref, or names another',
  isText: true,
  dictionary: ['ref: ', 'ref:', 'refs/heads/', '../', '\n', '\r\n', '\0', ' '],
  seeds: () => [
    { bytes: Buffer.from('ref: refs/heads/main\n'), variant: 'sha1' },
    { bytes: Buffer.from(`${'1a'.repeat(20)}\n`), variant: 'sha1' },
    { bytes: Buffer.from(`${'1a'.repeat(32)}\n`), variant: 'sha256' },
  ],
  execute(bytes, variant) {
    const algorithm = algorithmOfVariant(variant);
    const value = parseRefFile('HEAD', bytes, algorithm);
    if ('target' in value) ensure(isSafeRefName(value.target), `${JSON.stringify(value.target)} is no safe name`);
    const again = parseRefFile('HEAD', serializeRefFile(value), algorithm);
    ensure(JSON.stringify(again) === JSON.stringify(value), 'it reads differently when written again');
  },
};
