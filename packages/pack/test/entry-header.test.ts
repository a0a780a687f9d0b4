import { concatBytes } from '@git-kv/objects';
import {
  decodeEntryHeader,
  emptyEntryHeader,
  encodeEntryHeader,
  kindOfTypeCode,
  TypeCode,
  typeCodeOfKind,
} from '@git-kv/pack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytes } from './support/craft.js';

const decode = (input: Uint8Array, packOffset = 1000, end = input.length) => {
  const header = emptyEntryHeader();
  return decodeEntryHeader(input, 0, end, 20, packOffset, header) ? header : undefined;
};

describe('pack entry header', () => {
  test.each([
    ['a commit of 5 bytes', TypeCode.commit, 5, [0x15]],
    ['a tree of 15 bytes', TypeCode.tree, 15, [0x2f]],
    ['a blob of 16 bytes', TypeCode.blob, 16, [0xb0, 0x01]],
    ['a tag of 2047 bytes', TypeCode.tag, 2047, [0xcf, 0x7f]],
    ['a blob of 4 GiB', TypeCode.blob, 2 ** 32, [0xb0, 0x80, 0x80, 0x80, 0x80, 0x01]],
  ])('%s is written as git writes it', (_what, typeCode, size, encoded) => {
    expect([...encodeEntryHeader(typeCode, size)]).toEqual(encoded);
    expect(decode(bytes(...encoded))).toMatchObject({ typeCode, inflatedSize: size, bodyOffset: encoded.length });
  });

  test('over-long sizes pass, as in git', () => {
    expect(decode(bytes(0xb5, 0x80, 0x80, 0x00))).toMatchObject({ typeCode: 3, inflatedSize: 5, bodyOffset: 4 });
  });

  test('a base follows the sizes of a delta', () => {
    expect(decode(bytes(0x65, 0x80, 0x00))).toMatchObject({ typeCode: 6, baseDistance: 128, bodyOffset: 3 });
    const ref = concatBytes([bytes(0x75), new Uint8Array(20).fill(7)]);
    expect(decode(ref)).toMatchObject({ typeCode: 7, baseOidOffset: 1, bodyOffset: 21 });
  });

  test('survives a round trip, and any cut asks for more', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 3, 4, 6, 7), fc.maxSafeNat(), (typeCode, size) => {
        const tail = typeCode === 6 ? bytes(0x81, 0x02) : typeCode === 7 ? new Uint8Array(20) : bytes();
        const encoded = concatBytes([encodeEntryHeader(typeCode, size), tail]);
        expect(decode(encoded)).toMatchObject({ typeCode, inflatedSize: size, bodyOffset: encoded.length });
        for (let end = 0; end < encoded.length; end++) expect(decode(encoded, 1000, end)).toBeUndefined();
      }),
    );
  });

  describe('is refused where', () => {
    test.each([
      ['its type is 0', [0x05]],
      ['its type is 5', [0x55]],
      ['its size is over 53 bits', [0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
      ['its size is 0x80 for ever', new Array(400).fill(0x80 | 0x30)],
      ['its size is an over-long zero for ever', [0xb0, ...new Array(400).fill(0x80)]],
      ['its base is itself', [0x65, 0x00]],
      ['its base lies before the pack', [0x65, 0x87, 0x00]],
      ['its distance is 0x80 for ever', [0x65, ...new Array(400).fill(0x80)]],
    ])('%s', (_problem, input) => {
      expect(() => decode(Uint8Array.from(input), 1000)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    });
  });

  test('kinds and type codes are one list', () => {
    for (const kind of ['commit', 'tree', 'blob', 'tag'] as const)
      expect(kindOfTypeCode(typeCodeOfKind(kind))).toBe(kind);
    for (const code of [0, 5, 6, 7, 8]) expect(kindOfTypeCode(code)).toBeUndefined();
  });
});
