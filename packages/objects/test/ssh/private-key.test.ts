import { concatBytes, encodeBase64, parseSshPrivateKey, sshMpint, sshString, sshUint32 } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { ECDSA_BLOB, ED25519_BLOB, ED25519_POINT, RSA_BLOB } from './support.js';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const SEED = new Uint8Array(32).fill(5);
const CHECK = sshUint32(0x01020304);

interface KeyFields {
  magic?: string;
  cipher?: string;
  kdf?: string;
  kdfOptions?: Uint8Array;
  count?: number;
  publicKey?: Uint8Array;
  secret?: Uint8Array[];
  padding?: Uint8Array;
  after?: Uint8Array;
}

const ed25519Secret = (point = ED25519_POINT, inner = ED25519_POINT): Uint8Array[] => [
  CHECK,
  CHECK,
  sshString('ssh-ed25519'),
  sshString(point),
  sshString(concatBytes([SEED, inner])),
  sshString(ascii('a comment')),
];

function file(fields: KeyFields = {}): string {
  const secret = concatBytes(fields.secret ?? ed25519Secret());
  const missing = (8 - (secret.length % 8)) % 8;
  const padding = fields.padding ?? Uint8Array.from({ length: missing }, (_, at) => at + 1);
  const blob = concatBytes([
    ascii(fields.magic ?? 'openssh-key-v1\0'),
    sshString(fields.cipher ?? 'none'),
    sshString(fields.kdf ?? 'none'),
    sshString(fields.kdfOptions ?? new Uint8Array(0)),
    sshUint32(fields.count ?? 1),
    sshString(fields.publicKey ?? ED25519_BLOB),
    sshString(concatBytes([secret, padding])),
    fields.after ?? new Uint8Array(0),
  ]);
  const lines = encodeBase64(blob).match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

describe('a private key of OpenSSH', () => {
  test('is read', () => {
    const key = parseSshPrivateKey(file());
    expect(key).toMatchObject({ publicKey: { type: 'ssh-ed25519' }, comment: 'a comment' });
    const d = Buffer.from(SEED).toString('base64url');
    const x = Buffer.from(ED25519_POINT).toString('base64url');
    expect(key.toJsonWebKey()).toEqual({ kty: 'OKP', crv: 'Ed25519', d, x });
    expect(parseSshPrivateKey(`\r\n${file().replaceAll('\n', '\r\n')}`).toJsonWebKey()).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      d,
      x,
    });
  });

  const type = (name: string): Uint8Array[] => [CHECK, CHECK, sshString(name)];
  const ecdsa = (secret: Uint8Array): Uint8Array[] => [
    ...type('ecdsa-sha2-nistp384'),
    sshString('nistp384'),
    sshString(new Uint8Array(97).fill(4)),
    secret,
    sshString(''),
  ];
  const hostile: [problem: string, fields: KeyFields][] = [
    ['has other magic bytes', { magic: 'openssh-key-v2\0' }],
    ['has options for no passphrase', { kdfOptions: ascii('x') }],
    ['holds no key', { count: 0 }],
    ['holds two keys', { count: 2 }],
    ['holds four thousand million keys', { count: 0xffffffff }],
    ['has bytes after it', { after: ascii('x') }],
    ['has check numbers that differ', { secret: [CHECK, sshUint32(1), ...ed25519Secret().slice(2)] }],
    ['says another type within', { secret: type('ssh-rsa') }],
    ['has another point within', { secret: ed25519Secret(new Uint8Array(32).fill(8)) }],
    ['has another point with the seed', { secret: ed25519Secret(ED25519_POINT, new Uint8Array(32).fill(8)) }],
    ['has no secret', { secret: [CHECK, CHECK] }],
    ['has padding that is out of order', { padding: Uint8Array.of(1, 1, 1, 1, 1, 1, 1) }],
    ['has a whole block of padding', { padding: Uint8Array.from({ length: 12 }, (_, at) => at + 1) }],
    ['does not fill its blocks', { padding: Uint8Array.of(1) }],
    [
      'has another curve within',
      { publicKey: ECDSA_BLOB, secret: [...type('ecdsa-sha2-nistp384'), sshString('nistp256')] },
    ],
    [
      'has a secret longer than the curve',
      { publicKey: ECDSA_BLOB, secret: ecdsa(sshMpint(new Uint8Array(49).fill(1))) },
    ],
    ['has the secret zero', { publicKey: ECDSA_BLOB, secret: ecdsa(sshString('')) }],
    [
      'has primes of another modulus',
      {
        publicKey: RSA_BLOB,
        secret: [
          ...type('ssh-rsa'),
          sshMpint(new Uint8Array(256).fill(0xc3)),
          ...[Uint8Array.of(1, 0, 1), ...[3, 5, 7, 11].map((value) => Uint8Array.of(value))].map(sshMpint),
          sshString(''),
        ],
      },
    ],
  ];
  test.each(hostile)('is refused where it %s', (_problem, fields) => {
    const run = () => parseSshPrivateKey(file(fields));
    expect(run).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  test('with a passphrase, or of a security key, is refused by a code of its own', () => {
    const locked = { cipher: 'aes256-ctr', kdf: 'bcrypt', kdfOptions: ascii('salt') };
    expect(() => parseSshPrivateKey(file(locked))).toThrow(expect.objectContaining({ code: 'ENCRYPTED_KEY' }));
    const name = 'sk-ssh-ed25519@openssh.com';
    const publicKey = concatBytes([sshString(name), sshString(ED25519_POINT), sshString('ssh:')]);
    expect(() => parseSshPrivateKey(file({ publicKey, secret: type(name) }))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });

  test('is refused at every cut, and where it is too long', () => {
    const text = file();
    for (let cut = 0; cut < text.length - 1; cut++) {
      expect(() => parseSshPrivateKey(text.slice(0, cut))).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    }
    expect(() => parseSshPrivateKey(text + '\n'.repeat(65536))).toThrow(
      expect.objectContaining({ code: 'LIMIT_EXCEEDED' }),
    );
  });
});
