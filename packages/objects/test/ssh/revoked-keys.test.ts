import { encodeUtf8, parseRevokedKeys, parseSshPublicKey } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { ECDSA_BLOB, ED25519_BLOB, ED25519_LINE } from './support.js';

describe('a list of revoked keys', () => {
  test('has the keys of its lines', () => {
    const revoked = parseRevokedKeys(`# old\n\n${ED25519_LINE} me\r\n${ED25519_LINE}\n`);
    expect(revoked.size).toBe(1);
    expect(revoked.has(parseSshPublicKey(ED25519_BLOB))).toBe(true);
    expect(revoked.has(parseSshPublicKey(ECDSA_BLOB))).toBe(false);
    expect(parseRevokedKeys('').size).toBe(0);
  });

  test('with a line that is no key is refused: the line may mean a key', () => {
    expect(() => parseRevokedKeys(`${ED25519_LINE}\njunk\n`)).toThrow(
      expect.objectContaining({ code: 'MALFORMED', format: 'revoked keys', offset: ED25519_LINE.length + 1 }),
    );
  });

  test('in binary is refused by a code of its own', () => {
    expect(() => parseRevokedKeys(encodeUtf8('SSHKRL\n\0\0\0\0\x01'))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });
});
