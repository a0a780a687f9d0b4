import { Buffer } from 'node:buffer';
import { isSafeTreeName } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Key } from '../src/index.js';

const segment = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 12 })
  .filter((text) => !/[\0/]/.test(text) && !/\p{Surrogate}/u.test(text) && !text.includes('.') && !text.includes('~'));
const key = fc.array(segment, { maxLength: 5 }).map((segments) => Key.of(segments.join('/')));

test('a segment is taken if and only if a tree can hold it, plain or not', () => {
  const near = fc.array(fc.constantFrom('.', 'g', 'G', 'i', 't', '1', '~', '-', '_', 'x'), {
    minLength: 1,
    maxLength: 8,
  });
  const check = (text: string): void => expect(Key.find(text) !== undefined).toBe(isSafeTreeName(text));
  for (const text of ['.git', 'git~1', '.gi.t', 'git.', 'git.x', 'x.git', '..', 'GIT~2', 'gi7eba~1']) check(text);
  fc.assert(fc.property(near, (units) => void check(units.join(''))));
});

describe('Key.of', () => {
  const spellings: [text: string, printed: string, segments: string[]][] = [
    ['', '/', []],
    ['/', '/', []],
    ['///', '/', []],
    ['/foo/bar', '/foo/bar', ['foo', 'bar']],
    ['foo/bar', '/foo/bar', ['foo', 'bar']],
    ['//foo//bar/', '/foo/bar', ['foo', 'bar']],
    ['/ ', '/ ', [' ']],
  ];
  test.each(spellings)('M1 M2 M6 M10 reads %j as %s', (text, printed, segments) => {
    expect(String(Key.of(text))).toBe(printed);
    expect(Key.of(text).segments).toEqual(segments);
  });

  test('M1 the root is one key', () => {
    expect(Key.of('')).toBe(Key.root);
    expect(Key.root.isRoot).toBe(true);
  });

  const refused: [problem: string, text: string][] = [
    ['a dot', 'a/./b'],
    ['two dots', '../b'],
    ['.git', 'a/.git/config'],
    ['.git in capitals', '.GIT'],
    ['.git as NTFS shortens it', 'git~1/config'],
    ['.git with a stream of NTFS', '.git::$INDEX_ALLOCATION'],
    ['.git with a dot that NTFS drops', '.git.'],
    ['.git with a code point that HFS+ ignores', '.g\u200cit'],
    ['.git after a backslash', 'a\\.git'],
    ['NUL', 'a\0b'],
    ['a lone surrogate', 'a\ud800'],
    ['4097 bytes', 'é'.repeat(2048) + 'a'],
  ];
  test.each(refused)('M12 refuses %s', (_problem, text) => {
    expect(() => Key.of(text)).toThrow(expect.objectContaining({ code: 'INVALID_KEY', key: expect.anything() }));
  });

  test('takes 4096 bytes, and names that only look like .git', () => {
    expect(Key.of('é'.repeat(2048)).segments).toHaveLength(1);
    for (const name of ['.gitignore', 'git', '.git2', '...', 'a.git']) expect(Key.of(name).basename).toBe(name);
  });
});

describe('what only looks like a key', () => {
  test.each([
    ['.git', ['.git', 'config']],
    ['an empty name', ['']],
    ['a slash', ['a/b']],
  ])('with %s among its segments is refused, as text is', (_problem, segments) => {
    const forged = JSON.parse(JSON.stringify({ segments })) as Key;
    expect(() => Key.of(forged)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }));
  });

  test.each([[[1]], ['a'], [undefined]])('with the segments %j is no key', (segments) => {
    expect(() => Key.of({ segments } as unknown as Key)).toThrow(TypeError);
  });

  test('is made a key of this copy of the package', () => {
    const other = { segments: ['a', 'b'] };
    const key = Key.of(other as unknown as Key);
    other.segments.push('.git');
    expect(key).toBeInstanceOf(Key);
    expect(String(key)).toBe('/a/b');
  });
});

describe('A key', () => {
  test('finds the key of one segment more, and none where add refuses it', () => {
    expect(String(Key.of('a').findChild('b'))).toBe('/a/b');
    for (const wrong of ['', '/', 'b/c', '..', '.git']) expect(Key.of('a').findChild(wrong)).toBeUndefined();
  });

  test('M3 M4 add appends one segment, and refuses an empty one or a slash', () => {
    expect(String(Key.of('a').add('b'))).toBe('/a/b');
    for (const wrong of ['', 'b/c', '..']) {
      expect(() => Key.of('a').add(wrong)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }));
    }
  });

  test('M5 append concatenates', () => {
    expect(String(Key.of('a/b').append('c/d'))).toBe('/a/b/c/d');
    expect(String(Key.root.append(Key.root))).toBe('/');
  });

  test('M7 M8 the root is its own parent and has no basename', () => {
    expect(Key.root.parent).toBe(Key.root);
    expect(Key.root.basename).toBe('');
  });

  test('M8 is its parent and its basename', () => {
    fc.assert(
      fc.property(key, (one) => {
        fc.pre(!one.isRoot);
        expect(one.parent.add(one.basename).equals(one)).toBe(true);
      }),
    );
  });

  test('M9 sorts as its printed bytes do', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const order = Buffer.compare(Buffer.from(a.toString()), Buffer.from(b.toString()));
        expect(Math.sign(a.compare(b))).toBe(order);
        expect(a.equals(b)).toBe(order === 0);
      }),
    );
    expect(Key.of('\u{10000}').compare(Key.of('\uffff'))).toBeGreaterThan(0);
  });

  const formatted: [text: string, shown: string][] = [
    ['plain key', '/plain key'],
    ['tab\tquote"back\\slash', '/tab\\tquote\\"back\\\\slash'],
    ['\n\r\b', '/\\n\\r\\b'],
    ['é\x01\x7f', '/\\195\\169\\001\\127'],
    ["it's", "/it's"],
  ];
  test.each(formatted)('M11 %j formats as %s', (text, shown) => {
    expect(Key.of(text).format()).toBe(shown);
  });

  test('reads back from what it prints', () => {
    fc.assert(fc.property(key, (one) => Key.of(one.toString()).equals(one)));
  });
});
