import { parseIdentities, parseSignResponse, parseSshPublicKeyLine } from '@git-kv/objects';
import { SSH_PUBLIC_LINE, sshFields } from '../../lib/ssh.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

const { key } = parseSshPublicKeyLine(SSH_PUBLIC_LINE);
const answer = (type: number, content: Uint8Array): Uint8Array => Uint8Array.of(type, ...content);

export const sshAgent: FuzzTarget = {
  name: 'ssh-agent',
  about: 'answers of an ssh-agent: its keys, and its signatures',
  dictionary: ['ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256', '\0\0\0', '\x0c', '\x0e'],
  seeds: () => [
    { bytes: answer(12, sshFields(2, key.blob, 'one', key.blob, 'another')), variant: 'identities' },
    { bytes: answer(14, sshFields(sshFields('ssh-ed25519', new Uint8Array(64)))), variant: 'signature' },
    { bytes: Uint8Array.of(5), variant: 'signature' },
  ],
  execute(bytes, variant) {
    if (variant === 'signature') {
      const { algorithm, value } = parseSignResponse(bytes);
      ensure(algorithm.length + value.length < bytes.length, 'it is longer than what it was read from');
    } else {
      for (const identity of parseIdentities(bytes)) {
        ensure(identity.key.blob.length < bytes.length, 'a key is longer than what it was read from');
      }
    }
  },
};
