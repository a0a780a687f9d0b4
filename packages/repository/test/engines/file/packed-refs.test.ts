import { concatBytes, encodeUtf8, sha1 } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePackedRefs } from '../../../src/engines/file/packed-refs.js';
import { compareRefNames } from '../../../src/engines/file/ref-order.js';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const HEADER = '# pack-refs with: peeled fully-peeled sorted \n';
const parse = (text: string) => parsePackedRefs(encodeUtf8(text), sha1);

describe('parsePackedRefs', () => {
  test('reads refs and what tags peel to', () => {
    const refs = parse(`${HEADER}${A} refs/heads/main\n${B} refs/tags/v1\n^${A}\n`);
    expect(refs.find('refs/heads/main')).toMatchObject({ oid: A, peeledOid: undefined });
    expect(refs.find('refs/tags/v1')).toMatchObject({ oid: B, peeledOid: A });
    expect(refs.find('refs/tags/v')).toBeUndefined();
  });

  test('sorts what an old git wrote without order', () => {
    const refs = parse(`${A} refs/z\n${A} refs/a\n^${B}\n`);
    expect(refs.entries.map(({ name }) => name)).toEqual(['refs/a', 'refs/z']);
    expect([...refs.startingWith('refs/z')].map(({ name }) => name)).toEqual(['refs/z']);
  });

  test('finds a name that is no UTF-8 by what it reads as, and one that begins with a mark of byte order', () => {
    const line = encodeUtf8(`${A} refs/x?y\n`);
    line[line.indexOf(0x3f)] = 0xe9;
    const refs = parsePackedRefs(concatBytes([line, encodeUtf8(`${B} refs/z\n${A} \ufeffrefs\n`)]), sha1);
    for (const { name, oid } of refs.entries) expect(refs.find(name)).toMatchObject({ name, oid });
  });

  describe('of names that are no UTF-8', () => {
    const line = (oid: string, byte: number): Uint8Array => {
      const bytes = encodeUtf8(`${oid} refs/x?y\n`);
      bytes[bytes.indexOf(0x3f)] = byte;
      return bytes;
    };
    const LIKE = 'refs/x\ufffdy';
    const of = (...lines: Uint8Array[]) => parsePackedRefs(concatBytes([encodeUtf8(HEADER), ...lines]), sha1);

    test('deletes the one that reads so, and none of several', () => {
      expect(of(line(A, 0xe9)).without(new Set([LIKE]))).toEqual(encodeUtf8(HEADER));
      expect(() => of(line(A, 0xe9), line(B, 0xff)).without(new Set([LIKE]))).toThrow('several refs');
      const exact = of(line(A, 0xe9), encodeUtf8(`${B} ${LIKE}\n`));
      expect(exact.without(new Set([LIKE]))).toEqual(concatBytes([encodeUtf8(HEADER), line(A, 0xe9)]));
    });

    test('adds others beside them in the order of bytes, and replaces none', () => {
      const added = ['refs/x\u{10000}y', 'refs/y'].map((name) => ({ name, oid: B, peeledOid: undefined }));
      const [first, second] = added.map(({ name }) => encodeUtf8(`${B} ${name}\n`)) as [Uint8Array, Uint8Array];
      const bytes = of(line(A, 0xe9), line(A, 0xff)).with(added);
      expect(bytes).toEqual(concatBytes([encodeUtf8(HEADER), line(A, 0xe9), first, line(A, 0xff), second]));
    });
  });

  test('finds names in the order of their bytes, whatever they are made of', () => {
    const name = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 8 })
      .filter((text) => !text.includes('\n') && text.split('/').every((part) => !/^\.{0,2}$/.test(part)));
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 20 }), (names) => {
        const well = names.filter((one) => !one.startsWith('\ufeff'));
        const refs = parse(well.map((one) => `${A} ${one}\n`).join(''));
        const byBytes = [...well].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(refs.entries.map((entry) => entry.name)).toEqual(byBytes);
        for (const one of well) expect(refs.find(one)?.name).toBe(one);
        expect([...well].sort(compareRefNames)).toEqual(byBytes);
      }),
    );
  });

  test('without nothing, the file is the same; without a ref, its lines are gone', () => {
    const text = `${HEADER}${A} refs/a\n${B} refs/b\n^${A}\n${A} refs/\u00e9\u{1f600}\n`;
    const refs = parse(text);
    const textWithout = (...names: string[]): string => new TextDecoder().decode(refs.without(new Set(names)));
    expect(textWithout()).toBe(text);
    expect(textWithout('refs/b', 'refs/none')).toBe(text.replace(`${B} refs/b\n^${A}\n`, ''));
    expect(textWithout('refs/a', 'refs/b', 'refs/\u00e9\u{1f600}')).toBe(HEADER);
  });

  test('keeps a name that is no UTF-8 as it is', () => {
    const bytes = concatBytes([encodeUtf8(`${A} refs/a\n${A} refs/b`), Uint8Array.of(0xff), encodeUtf8('\n')]);
    expect(parsePackedRefs(bytes, sha1).without(new Set(['refs/a']))).toEqual(bytes.slice(48));
  });

  test.each([
    ['a last line without its end', `${A} refs/a`, 0],
    ['an object id that is cut short', `${A.slice(1)} refs/a\n`, 0],
    ['an object id in capitals', `${A.toUpperCase()} refs/a\n`, 0],
    ['no name', `${A} \n`, 40],
    ['no space', `${A}\n`, 40],
    ['a peeled line that goes on', `${A} refs/a\n^${B}x\n`, 89],
    ['a peeled line alone', `^${B}\n`, 0],
    ['a name that leads out of its folder', `${A} refs/../../x\n`, 41],
    ['a name with an empty component', `${A} refs//a\n`, 41],
    ['a name that ends like a folder', `${A} refs/a/\n`, 41],
    ['a header in the middle', `${A} refs/a\n# x\n`, 48],
  ])('refuses %s', (_case, text, offset) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'MALFORMED', format: 'packed-refs', offset }));
  });

  test('never gives a ref that is not there, wherever the file is cut', () => {
    const text = `${HEADER}${A} refs/a\n${B} refs/b\n^${A}\n`;
    for (let end = 0; end < text.length; end++) {
      let names: string[] = [];
      try {
        names = parse(text.slice(0, end)).entries.map(({ name }) => name);
      } catch (error) {
        expect(error).toMatchObject({ code: 'MALFORMED' });
      }
      expect(['refs/a', 'refs/b']).toEqual(expect.arrayContaining(names));
    }
  });
});
