import { parseSshSignature, serializeSshSignature } from '@git-kv/objects';
import { SSH_PUBLIC_LINE, sshArmor, sshFields } from '../../lib/ssh.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

const LABEL = 'SSH SIGNATURE';

function seedBlobs(): Uint8Array[] {
  const ed25519 = Buffer.from(SSH_PUBLIC_LINE.split(' ')[1]!, 'base64');
  const rsa = sshFields('ssh-rsa', Uint8Array.of(1, 0, 1), new Uint8Array(128).fill(0x71));
  const ecdsa = sshFields('ecdsa-sha2-nistp256', 'nistp256', new Uint8Array(65).fill(4));
  const keys: [key: Uint8Array, value: Uint8Array][] = [
    [ed25519, sshFields('ssh-ed25519', new Uint8Array(64).fill(1))],
    [rsa, sshFields('rsa-sha2-512', new Uint8Array(128).fill(2))],
    [ecdsa, sshFields('ecdsa-sha2-nistp256', sshFields(Uint8Array.of(0, 0x80), Uint8Array.of(3)))],
    [
      sshFields('sk-ssh-ed25519@openssh.com', new Uint8Array(32).fill(7), 'ssh:'),
      new Uint8Array([...sshFields('sk-ssh-ed25519@openssh.com', new Uint8Array(64)), 1, 0, 0, 0, 9]),
    ],
  ];
  return keys.map(([key, value]) => {
    return new Uint8Array(Buffer.concat([Buffer.from('SSHSIG'), sshFields(1, key, 'git', '', 'sha512', value)]));
  });
}

/** Of the variant `blob`, the bytes are what the armor holds. */
export const sshSignature: FuzzTarget = {
  name: 'ssh-signature',
  about: 'SSH signatures: what is taken is the one spelling of what it says',
  dictionary: [
    'SSHSIG',
    'git',
    'sha256',
    'ssh-ed25519',
    'rsa-sha2-256',
    '-----END SSH SIGNATURE-----\n',
    '\r',
    '=',
    '\0\0\0\0',
  ],
  seeds: () =>
    seedBlobs().flatMap((blob) => [
      { bytes: blob, variant: 'blob' },
      { bytes: Buffer.from(sshArmor(LABEL, blob)), variant: 'armor' },
    ]),
  execute(bytes, variant) {
    const armored = variant === 'blob' ? Buffer.from(sshArmor(LABEL, bytes)) : bytes;
    const signature = parseSshSignature(armored, { armor: 'any' });
    const text = serializeSshSignature(signature);
    const again = parseSshSignature(text);
    ensure(serializeSshSignature(again) === text, 'a second reading tells something else');
    if (variant === 'blob') ensure(Buffer.from(text).equals(armored), 'the signature has a second spelling');
  },
};
