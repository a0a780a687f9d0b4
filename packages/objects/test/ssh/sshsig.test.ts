import {
  concatBytes,
  encodeUtf8,
  parseSshPublicKey,
  parseSshSignature,
  serializeSshSignature,
  sshString,
} from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { armor, ECDSA_BLOB, ED25519_BLOB, RSA_BLOB, type SignatureFields, signatureBlob } from './support.js';

const ascii = encodeUtf8;

describe('an SSH signature', () => {
  test('of any fields comes back as it was', () => {
    const arbitrary = fc.record({
      blob: fc.constantFrom(ED25519_BLOB, RSA_BLOB, ECDSA_BLOB),
      namespace: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
      hashName: fc.constantFrom('sha256', 'sha512'),
      algorithm: fc.constantFrom('ssh-ed25519', 'rsa-sha2-512', 'x@y'),
      value: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(arbitrary, ({ blob, ...fields }) => {
        const signature = { ...fields, publicKey: parseSshPublicKey(blob) };
        const text = serializeSshSignature(signature);
        const parsed = parseSshSignature(text);
        expect(parsed).toEqual(signature);
        expect(text.split('\n').every((line) => line.length <= 70)).toBe(true);
        expect(parseSshSignature(encodeUtf8(text))).toEqual(parsed);
      }),
    );
  });

  const offsetOf = (name: keyof SignatureFields): number => {
    const order: (keyof SignatureFields)[] = [
      'magic',
      'version',
      'publicKey',
      'namespace',
      'reserved',
      'hash',
      'signature',
    ];
    const sizes = [6, 4, 4 + ED25519_BLOB.length, 7, 4, 10, 0];
    return sizes.slice(0, order.indexOf(name)).reduce((sum, size) => sum + size, 0);
  };
  const hostile: [problem: string, fields: SignatureFields, offset: number][] = [
    ['has other magic bytes', { magic: 'SSHSIF' }, 0],
    ['has version 0', { version: 0 }, offsetOf('version')],
    ['has version 2', { version: 2 }, offsetOf('version')],
    ['has no key', { publicKey: new Uint8Array(0) }, offsetOf('publicKey') + 4],
    ['has a key cut short', { publicKey: ED25519_BLOB.subarray(0, 40) }, offsetOf('publicKey') + 4 + 15],
    [
      'has a key with bytes after it',
      { publicKey: concatBytes([ED25519_BLOB, ascii('x')]) },
      offsetOf('publicKey') + 4 + 51,
    ],
    ['has no namespace', { namespace: new Uint8Array(0) }, offsetOf('namespace')],
    ['has a namespace that is not UTF-8', { namespace: Uint8Array.of(0xff) }, offsetOf('namespace')],
    ['has a reserved field, which OpenSSH ignores', { reserved: ascii('x') }, offsetOf('reserved')],
    ['has the digest sha1', { hash: ascii('sha1') }, offsetOf('hash')],
    ['has a digest without a name', { hash: new Uint8Array(0) }, offsetOf('hash')],
    ['has no signature', { signature: new Uint8Array(0) }, 0],
    ['has a signature without an algorithm', { signature: sshString('') }, 0],
    ['has a signature cut short', { signature: Uint8Array.of(0, 0, 0, 9, 1) }, 0],
    ['has a byte after the fields', { after: ascii('x') }, signatureBlob().length],
  ];
  test.each(hostile)('is refused where it %s', (_problem, fields, offset) => {
    const run = () => parseSshSignature(armor(signatureBlob(fields)));
    expect(run).toThrow(expect.objectContaining({ code: 'MALFORMED', format: 'ssh signature', offset }));
  });

  test('with lengths that lie is refused before anything is allocated', () => {
    const blob = signatureBlob();
    for (const at of [offsetOf('publicKey'), offsetOf('namespace'), offsetOf('signature')]) {
      const lying = blob.slice();
      lying.set([0xff, 0xff, 0xff, 0xff], at);
      expect(() => parseSshSignature(armor(lying))).toThrow(expect.objectContaining({ code: 'MALFORMED', offset: at }));
    }
  });

  test('is refused at every cut', () => {
    const blob = signatureBlob();
    for (let cut = 0; cut < blob.length; cut++) {
      expect(() => parseSshSignature(armor(blob.subarray(0, cut)))).toThrow(
        expect.objectContaining({ code: 'MALFORMED' }),
      );
    }
    const text = armor(blob);
    for (let cut = 0; cut < text.length; cut++) {
      expect(() => parseSshSignature(text.slice(0, cut))).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    }
  });

  const text = armor(signatureBlob());
  test.each([
    ['in lines of 64 columns', armor(signatureBlob(), 64)],
    ['in one line', armor(signatureBlob(), 9999)],
    ['with CR at the ends of lines', text.replaceAll('\n', '\r\n')],
    ['with an empty line', text.replace('\n', '\n\n')],
    ['without the last line feed', text.slice(0, -1)],
    ['with text after it', `${text}more\n`],
  ])('%s is what ssh-keygen reads, not what it writes', (_what, odd) => {
    expect(() => parseSshSignature(odd)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    expect(parseSshSignature(odd, { armor: 'any' })).toEqual(parseSshSignature(text));
  });

  test.each([
    ['without a beginning', text.slice(1)],
    ['with text before it', `\n${text}`],
    ['with another beginning', text.replace('BEGIN SSH', 'BEGIN PGP')],
    ['with stray bits in the base64', text.replace(/.\n-----END/, '_\n-----END')],
  ])('%s is none', (_what, odd) => {
    expect(() => parseSshSignature(odd, { armor: 'any' })).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  test('over the limit is refused', () => {
    const limit = { maxSignatureBytes: text.length - 1 };
    expect(() => parseSshSignature(text, limit)).toThrow(
      expect.objectContaining({ code: 'LIMIT_EXCEEDED', limit: 'maxSignatureBytes', actual: text.length }),
    );
    const large = armor(signatureBlob({ signature: new Uint8Array(65536) }));
    expect(() => parseSshSignature(large)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
  });
});
