import { parseIdentity, serializeIdentity } from '@git-kv/objects';
import { textSeeds } from '../../lib/formats.js';
import { ensureEqualBytes, type FuzzTarget } from '../../lib/target.js';

export const identity: FuzzTarget = {
  name: 'identity',
  about: 'author and committer lines: odd ones keep every byte',
  isText: true,
  dictionary: ['<', '>', '> ', ' +0000', ' -2400', '\n', '\0', '  ', '-1'],
  seeds: () =>
    textSeeds(
      'A U Thor <author@example.com> 1700000000 +0130',
      'Ünï Cødé <u@example.com> 0 -0000',
      ' <> 9007199254740993 +99999',
      'no date <x>',
      'a <b> c <d> 12 +0000',
    ),
  execute(bytes) {
    // A header's line has no line feed in it.
    const line = bytes.map((byte) => (byte === 10 ? 32 : byte));
    ensureEqualBytes(serializeIdentity(parseIdentity(line)), line, 'the serialized identity');
  },
};
