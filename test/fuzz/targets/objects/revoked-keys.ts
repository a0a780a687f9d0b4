import { parseRevokedKeys, parseSshPublicKeyLine } from '@git-kv/objects';
import { textOf, textSeeds } from '../../lib/formats.js';
import { SSH_PUBLIC_LINE } from '../../lib/ssh.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const revokedKeys: FuzzTarget = {
  name: 'revoked-keys',
  about: 'revoked keys: a line is a key that is revoked, says nothing, or is an error; none is passed over',
  isText: true,
  dictionary: ['ssh-ed25519 ', 'SSHKRL\n\0', '#', '\t', '\r\n', '\0', 'AAAA'],
  seeds: () => textSeeds(`# comment\n\n${SSH_PUBLIC_LINE} comment\n`, `${SSH_PUBLIC_LINE}\r\n${SSH_PUBLIC_LINE}`),
  execute(bytes) {
    const revoked = parseRevokedKeys(bytes);
    let keys = 0;
    for (const line of textOf(bytes).split('\n')) {
      const content = line.trim();
      if (content === '' || content.startsWith('#')) continue;
      keys++;
      ensure(revoked.has(parseSshPublicKeyLine(content).key), 'a key that is listed is not revoked');
    }
    ensure(revoked.size <= keys, 'a key is revoked that is not listed');
  },
};
