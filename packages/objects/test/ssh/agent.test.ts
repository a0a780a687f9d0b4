import {
  concatBytes,
  encodeIdentitiesRequest,
  encodeSignRequest,
  parseIdentities,
  parseSignResponse,
  parseSshPublicKey,
  sshString,
  sshUint32,
} from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { ED25519_BLOB, RSA_BLOB } from './support.js';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const answer = (type: number, ...parts: Uint8Array[]): Uint8Array => concatBytes([Uint8Array.of(type), ...parts]);

describe('what is said to an ssh-agent', () => {
  test('begins with its length', () => {
    expect(encodeIdentitiesRequest()).toEqual(Uint8Array.of(0, 0, 0, 1, 11));
    const request = encodeSignRequest(parseSshPublicKey(ED25519_BLOB), ascii('data'));
    expect(request).toEqual(
      sshString(concatBytes([Uint8Array.of(13), sshString(ED25519_BLOB), sshString('data'), sshUint32(0)])),
    );
    // RSA keys would sign SHA-1 otherwise.
    expect(encodeSignRequest(parseSshPublicKey(RSA_BLOB), ascii('data')).at(-1)).toBe(4);
  });

  test('is answered with keys; those that cannot be read are left out', () => {
    const keys = [sshString(ED25519_BLOB), sshString('mine'), sshString(new Uint8Array(3)), sshString('odd')];
    const identities = parseIdentities(answer(12, sshUint32(2), ...keys));
    expect(identities).toEqual([{ key: parseSshPublicKey(ED25519_BLOB), comment: 'mine' }]);
    expect(parseIdentities(answer(12, sshUint32(0)))).toEqual([]);
  });

  test('is answered with a signature', () => {
    const signature = concatBytes([sshString('ssh-ed25519'), sshString('value')]);
    expect(parseSignResponse(answer(14, sshString(signature)))).toEqual({
      algorithm: 'ssh-ed25519',
      value: sshString('value'),
    });
  });

  test('may be refused', () => {
    for (const parse of [parseIdentities, parseSignResponse]) {
      expect(() => parse(Uint8Array.of(5))).toThrow(expect.objectContaining({ code: 'ACCESS_DENIED' }));
    }
  });

  const hostile: [problem: string, bytes: Uint8Array][] = [
    ['is empty', new Uint8Array(0)],
    ['is of another type', answer(6)],
    ['has no count', answer(12)],
    ['counts keys that are not there', answer(12, sshUint32(0xffffffff))],
    ['has a key cut short', answer(12, sshUint32(1), Uint8Array.of(0, 0, 1))],
    ['has a length that lies', answer(12, sshUint32(1), sshUint32(0xfffffff0))],
    ['has bytes after the keys', answer(12, sshUint32(0), ascii('x'))],
  ];
  test.each(hostile)('is malformed where the answer %s', (_problem, bytes) => {
    const run = () => parseIdentities(bytes);
    expect(run).toThrow(expect.objectContaining({ code: 'MALFORMED', format: 'ssh-agent answer' }));
  });

  test.each([
    ['is empty', answer(14)],
    ['is no string', answer(14, Uint8Array.of(0, 0, 0, 9, 1))],
    ['has no algorithm', answer(14, sshString(''))],
    ['has bytes after it', answer(14, sshString(concatBytes([sshString('ssh-ed25519')])), ascii('x'))],
  ])('is malformed where the signature %s', (_problem, bytes) => {
    expect(() => parseSignResponse(bytes)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });
});
