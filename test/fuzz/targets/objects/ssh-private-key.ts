import { isGitError, parseSshPrivateKey } from '@git-kv/objects';
import { SSH_PUBLIC_LINE, sshArmor, sshFields } from '../../lib/ssh.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

const LABEL = 'OPENSSH PRIVATE KEY';
const SECRET = 'SECRET-SECRET-SECRET-SECRET-SECR';

function seedBlobs(): Uint8Array[] {
  const point = Buffer.from(SSH_PUBLIC_LINE.split(' ')[1]!, 'base64').subarray(-32);
  const pair = new Uint8Array(Buffer.concat([Buffer.from(SECRET), point]));
  const curvePoint = new Uint8Array(65).fill(4);
  const [p, q] = [Uint8Array.of(0x7f, ...new Uint8Array(62), 1), Uint8Array.of(0x7f, ...new Uint8Array(66), 1)];
  const product = BigInt(`0x${Buffer.from(p).toString('hex')}`) * BigInt(`0x${Buffer.from(q).toString('hex')}`);
  const hex = product.toString(16);
  const n = new Uint8Array(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'));
  const e = Uint8Array.of(1, 0, 1);
  const kinds: [publicKey: Uint8Array, secret: Uint8Array][] = [
    [sshFields('ssh-ed25519', point), sshFields(9, 9, 'ssh-ed25519', point, pair, 'comment')],
    [
      sshFields('ecdsa-sha2-nistp256', 'nistp256', curvePoint),
      sshFields(9, 9, 'ecdsa-sha2-nistp256', 'nistp256', curvePoint, Buffer.from(SECRET), 'comment'),
    ],
    [sshFields('ssh-rsa', e, n), sshFields(9, 9, 'ssh-rsa', n, e, Buffer.from(SECRET), Uint8Array.of(5), p, q, '')],
  ];
  return kinds.map(([publicKey, secret]) => {
    const padding = Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, at) => at + 1);
    const fields = sshFields('none', 'none', '', 1, publicKey, Uint8Array.of(...secret, ...padding));
    return new Uint8Array(Buffer.concat([Buffer.from('openssh-key-v1\0'), fields]));
  });
}

/** Of the variant `blob`, the bytes are what the armor holds. */
export const sshPrivateKey: FuzzTarget = {
  name: 'ssh-private-key',
  about: 'private keys of OpenSSH: no error quotes what is secret',
  dictionary: [
    'openssh-key-v1\0',
    'none',
    'aes256-ctr',
    'bcrypt',
    'ssh-ed25519',
    'nistp256',
    '\x01\x02\x03',
    '\0\0\0\0',
  ],
  seeds: () =>
    seedBlobs().flatMap((blob) => [
      { bytes: blob, variant: 'blob' },
      { bytes: Buffer.from(sshArmor(LABEL, blob)), variant: 'armor' },
    ]),
  execute(bytes, variant) {
    const text = variant === 'blob' ? sshArmor(LABEL, bytes) : Buffer.from(bytes).toString('latin1');
    try {
      const key = parseSshPrivateKey(text);
      ensure(typeof key.toJsonWebKey().d === 'string', 'there is no secret in it');
      ensure(!JSON.stringify(key).includes(key.toJsonWebKey().d!), 'the secret shows');
    } catch (error) {
      ensure(
        !isGitError(error) || !/SECRET|U0VDUk/.test(`${error.message}${error.stack}`),
        'an error quotes the secret',
      );
      throw error;
    }
  },
};
