import {
  algorithmOf,
  assertOid,
  hashAlgorithm,
  isOid,
  oidFromBytes,
  oidToBytes,
  sha1,
  sha256,
  writeOid,
} from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALGORITHMS } from './support.js';

describe.each(ALGORITHMS)('an oid of %s', (name, algorithm) => {
  test('goes to bytes and back', () => {
    const bytesOf = fc.uint8Array({ minLength: algorithm.oidLength, maxLength: algorithm.oidLength });
    fc.assert(
      fc.property(bytesOf, (bytes) => {
        const oid = oidFromBytes(bytes);
        expect(oid).toBe(Buffer.from(bytes).toString('hex'));
        expect(oidToBytes(oid)).toEqual(bytes);
        expect(isOid(oid)).toBe(true);
        expect(algorithmOf(oid)).toBe(algorithm);
      }),
    );
  });

  test('is read and written at an offset', () => {
    const page = new Uint8Array(algorithm.oidLength + 2);
    const oid = 'ab'.repeat(algorithm.oidLength);
    writeOid(oid, page, 1);
    expect(page[0]).toBe(0);
    expect(page.at(-1)).toBe(0);
    expect(oidFromBytes(page, 1, algorithm.oidLength)).toBe(oid);
    expect(() => oidFromBytes(page, 3, algorithm.oidLength)).toThrow(RangeError);
  });

  test('has an algorithm found by its name', () => expect(hashAlgorithm(name)).toBe(algorithm));
});

describe('what is not an oid', () => {
  test.each([
    ['empty', ''],
    ['too short', 'a'.repeat(39)],
    ['between the two lengths', 'a'.repeat(41)],
    ['too long', 'a'.repeat(65)],
    ['upper case', 'A'.repeat(40)],
    ['not hex', 'g'.repeat(40)],
    ['with a newline after it', `${'a'.repeat(40)}\n`],
    ['a path', `../${'a'.repeat(37)}`],
  ])('%s', (_what, text) => {
    expect(isOid(text)).toBe(false);
    expect(() => assertOid(text)).toThrow(expect.objectContaining({ code: 'INVALID_OID' }));
    expect(() => oidToBytes(text)).toThrow(expect.objectContaining({ code: 'INVALID_OID' }));
  });
});

test('an unknown object format is UNSUPPORTED', () => {
  expect(() => hashAlgorithm('md5')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  expect([sha1.zeroOid.length, sha256.zeroOid.length]).toEqual([40, 64]);
});
