import {
  concatBytes,
  encodeBase64,
  formatSshPublicKey,
  parseSshPublicKey,
  parseSshPublicKeyLine,
  sshFingerprint,
  sshKeyLabel,
  sshMpint,
  sshString,
} from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { ECDSA_BLOB, ED25519_BLOB, ED25519_LINE, ED25519_POINT, RSA_BLOB } from './support.js';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const rsa = (exponent: Uint8Array, modulus: Uint8Array): Uint8Array =>
  concatBytes([sshString('ssh-rsa'), exponent, modulus]);
const ed25519 = (point: Uint8Array): Uint8Array => concatBytes([sshString('ssh-ed25519'), sshString(point)]);
const ecdsa = (type: string, curve: string, point: Uint8Array): Uint8Array =>
  concatBytes([sshString(type), sshString(curve), sshString(point)]);

const E = sshMpint(Uint8Array.of(1, 0, 1));
const N = sshMpint(new Uint8Array(128).fill(0xff));
const point = (size: number, first = 4): Uint8Array => Uint8Array.of(first, ...new Uint8Array(size - 1));

describe('a public key of SSH', () => {
  test('is read and named', () => {
    expect(parseSshPublicKey(ED25519_BLOB)).toMatchObject({ kind: 'ed25519', point: ED25519_POINT });
    expect(parseSshPublicKey(ECDSA_BLOB)).toMatchObject({ kind: 'ecdsa', curve: 'nistp384' });
    expect(parseSshPublicKey(RSA_BLOB)).toMatchObject({ kind: 'rsa', exponent: Uint8Array.of(1, 0, 1) });
    const keys = [ED25519_BLOB, ECDSA_BLOB, RSA_BLOB].map(parseSshPublicKey);
    expect(keys.map(sshKeyLabel)).toEqual(['ED25519', 'ECDSA', 'RSA']);
    const { key, comment } = parseSshPublicKeyLine(`${ED25519_LINE} me and my key\n`);
    expect(comment).toBe('me and my key');
    expect(formatSshPublicKey(key)).toBe(ED25519_LINE);
  });

  test('has the fingerprint that ssh-keygen prints', () => {
    const line = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICGMoZ2TOvFVMzDA41kT83gpqOS1LPTWMHDBIKyXCAHS';
    expect(sshFingerprint(parseSshPublicKeyLine(line).key)).toBe('SHA256:2u89gSluUJj/II4uIMUi/9SP1n2ckx9ZgxLCGlORaxg');
  });

  test('of a security key has an application', () => {
    const blob = concatBytes([sshString('sk-ssh-ed25519@openssh.com'), sshString(ED25519_POINT), sshString('ssh:')]);
    expect(parseSshPublicKey(blob)).toMatchObject({ kind: 'ed25519', application: new TextEncoder().encode('ssh:') });
    expect(sshKeyLabel(parseSshPublicKey(blob))).toBe('ED25519-SK');
    expect(() => parseSshPublicKey(blob.subarray(0, -8))).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  test.each([
    'ssh-dss',
    'ssh-ed448',
    'ssh-ed25519-cert-v01@openssh.com',
    'sk-ecdsa-sha2-nistp384@openssh.com',
    'sk-ssh-rsa@openssh.com',
  ])('of the type %s is not known, and is kept whole', (type) => {
    const blob = concatBytes([sshString(type), bytes('0102')]);
    expect(parseSshPublicKey(blob)).toEqual({ kind: 'unknown', type, blob });
  });

  const hostile: [problem: string, blob: Uint8Array, offset: number][] = [
    ['is empty', new Uint8Array(0), 0],
    ['has a type without letters', sshString(''), 0],
    ['has a type with a space', sshString('ssh rsa'), 0],
    ['has a type with a length that lies', bytes('ffffffff41'), 0],
    ['has a point of 31 bytes', ed25519(new Uint8Array(31)), 15],
    ['has a point of 33 bytes', ed25519(new Uint8Array(33)), 15],
    ['has a point in a second spelling (p + 2)', ed25519(bytes(`ef${'ff'.repeat(30)}7f`)), 15],
    ['has the point of order 1', ed25519(bytes(`01${'00'.repeat(31)}`)), 15],
    ['has a point of order 2', ed25519(bytes(`ec${'ff'.repeat(30)}7f`)), 15],
    ['has a point of order 4', ed25519(bytes(`${'00'.repeat(31)}80`)), 15],
    ['has a point of order 8', ed25519(bytes('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85')), 15],
    ['has bytes after it', concatBytes([ED25519_BLOB, bytes('00')]), 51],
    ['has another curve than its type', ecdsa('ecdsa-sha2-nistp256', 'nistp384', point(65)), 23],
    ['has a compressed point', ecdsa('ecdsa-sha2-nistp256', 'nistp256', point(33, 2)), 35],
    ['has a point that says 6', ecdsa('ecdsa-sha2-nistp256', 'nistp256', point(65, 6)), 35],
    ['has the point at infinity', ecdsa('ecdsa-sha2-nistp256', 'nistp256', bytes('00')), 35],
    ['has an even exponent', rsa(sshMpint(bytes('02')), N), 11],
    ['has the exponent 1', rsa(sshMpint(bytes('01')), N), 11],
    ['has no exponent', rsa(sshMpint(bytes('00')), N), 11],
    ['has an exponent of 65 bits', rsa(sshMpint(bytes('010000000000000001')), N), 11],
    ['has a negative exponent', rsa(sshString(bytes('81')), N), 11],
    ['has a needless zero', rsa(sshString(bytes('00010001')), N), 11],
    ['has a modulus of 1023 bits', rsa(E, sshMpint(new Uint8Array(128).fill(0x7f))), 18],
    ['has a modulus of 16385 bits', rsa(E, sshMpint(Uint8Array.of(1, ...new Uint8Array(2048)))), 18],
  ];
  test.each(hostile)('is refused where it %s', (_problem, blob, offset) => {
    const run = () => parseSshPublicKey(blob);
    expect(run).toThrow(expect.objectContaining({ code: 'MALFORMED', format: 'ssh public key', offset }));
  });

  test('is refused at every cut', () => {
    for (const blob of [ED25519_BLOB, ECDSA_BLOB, RSA_BLOB]) {
      for (let cut = 0; cut < blob.length; cut++) {
        expect(() => parseSshPublicKey(blob.subarray(0, cut))).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
      }
    }
  });

  test.each([
    '',
    'ssh-ed25519',
    'ssh-ed25519 !',
    `ssh-rsa ${encodeBase64(ED25519_BLOB)}`,
    `ssh-ed25519 ${encodeBase64(ED25519_BLOB)}=`,
  ])('is not in the line %j', (line) => {
    expect(() => parseSshPublicKeyLine(line)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });
});
