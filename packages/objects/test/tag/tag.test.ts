import {
  buildIdentity,
  buildTag,
  encodeUtf8,
  hashObject,
  OBJECT_KINDS,
  parseTag,
  parseTagLinks,
  serializeTag,
} from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import {
  ALGORITHMS,
  corpusObjects,
  expectEveryCutIsTyped,
  expectSameBytes,
  readWithGit,
  typedErrorOf,
  writeWithGit,
} from '../support.js';

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const tagger = buildIdentity({ name: 'C O Mitter', email: 'committer@example.com', timestamp: 1700000000 });

describe.each(ALGORITHMS)('a tag of %s', (name, algorithm) => {
  const targetOid = 'a'.repeat(algorithm.hexLength);
  const head = `object ${targetOid}\ntype commit\ntag v1\n`;

  test('is what git tag makes, read and built', () => {
    const directory = initBare(temporaryDirectory(), name);
    const blob = writeWithGit(directory, 'blob', encodeUtf8('x'));
    git(['tag', '-a', '-m', 'Caf\u00e9', 'v1.0/\u00e9', blob], { cwd: directory });
    const oid = git(['rev-parse', 'refs/tags/v1.0/\u00e9'], { cwd: directory });
    const body = readWithGit(directory, 'tag', oid);
    const tag = parseTag(body);
    expect(tag).toMatchObject({ targetOid: blob, targetKind: 'blob', name: 'v1.0/\u00e9', tagger });
    expect(textOf(tag.message)).toBe('Caf\u00e9\n');
    expect(serializeTag(tag)).toEqual(body);
    expect(parseTagLinks(body)).toEqual({ targetOid: blob, targetKind: 'blob' });
    const built = buildTag({
      targetOid: blob,
      targetKind: 'blob',
      name: 'v1.0/\u00e9',
      tagger,
      message: 'Caf\u00e9\n',
    });
    expect(hashObject(algorithm, 'tag', built)).toBe(oid);
  });

  const odd: [what: string, text: string][] = [
    ['no tagger', `${head}\nm`],
    ['no message', head],
    ['a blank line alone', `${head}\n`],
    ['a tagger without date', `${head}tagger x <x>\n`],
    ['unknown headers', `${head}tagger x <x> 1 +0000\ngpgsig-sha256 a\n b\n\nm`],
    ['an empty name', `object ${targetOid}\ntype tree\ntag \n\nm`],
    ['CRs', `${head}tagger x <x> 1 +0000\r\n\r\nm\r\n`],
    ['a NUL', `${head}\n\0`],
  ];
  test.each(odd)('survives with %s', (_what, text) => {
    const body = encodeUtf8(text);
    expectSameBytes(serializeTag(parseTag(body)), body);
  });

  test('that was built reads back', () => {
    const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\0\n]/.test(text));
    const message = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.constantFrom(...OBJECT_KINDS), line, message, (targetKind, name, message) => {
        const tag = parseTag(buildTag({ targetOid, targetKind, name, tagger, message }));
        expect(tag).toMatchObject({ targetOid, targetKind, name, tagger });
        expect(textOf(tag.message)).toBe(message);
      }),
    );
  });

  const typeStart = 8 + algorithm.hexLength;
  const malformed: [problem: string, text: string, offset: number][] = [
    ['is empty', '', 0],
    ['begins with its type', `type commit\nobject ${targetOid}\ntag a\n`, 0],
    ['has no oid', 'object x\ntype commit\ntag a\n', 7],
    ['ends after the object', `object ${targetOid}\n`, typeStart],
    ['has a kind that is none', `object ${targetOid}\ntype commits\ntag a\n`, typeStart + 5],
    ['has a kind in capitals', `object ${targetOid}\ntype Commit\ntag a\n`, typeStart + 5],
    ['ends in its type', `object ${targetOid}\ntype commit`, typeStart + 11],
    ['has no name', `object ${targetOid}\ntype commit\ntagger x <x> 1 +0000\n`, typeStart + 12],
    ['ends in its name', `object ${targetOid}\ntype commit\ntag a`, typeStart + 17],
  ];
  test.each(malformed)('is refused where it %s', (_problem, text, offset) => {
    const error = expect.objectContaining({ code: 'MALFORMED', format: 'tag', offset });
    expect(() => parseTag(encodeUtf8(text))).toThrow(error);
  });

  test('is read or refused at every cut, and what is read survives', () => {
    const body = encodeUtf8(`${head}tagger x <x> 1 +0000\nx a\n b\n\nm\n`);
    expectEveryCutIsTyped(body, (cut) => expectSameBytes(serializeTag(parseTag(cut)), cut));
    expectEveryCutIsTyped(body, parseTagLinks);
  });
});

describe('buildTag refuses', () => {
  const fields = { targetOid: '1'.repeat(40), targetKind: 'commit', name: 'v1', tagger, message: 'm' } as const;
  test.each([
    ['an empty name', { name: '' }],
    ['a name of two lines', { name: 'a\nb' }],
    ['a NUL in the message', { message: '\0' }],
  ])('%s', (_what, change) => expect(() => buildTag({ ...fields, ...change })).toThrow(RangeError));

  test('what is no oid', () => {
    expect(() => buildTag({ ...fields, targetOid: 'x' })).toThrow(expect.objectContaining({ code: 'INVALID_OID' }));
  });
});

describe.skipIf(process.env.GIT_KV_CORPORA === undefined)('tags of the corpora (GIT_KV_CORPORA)', () => {
  test.each(corpusObjects('tag'))('%s survives, at every cut', (_name, body) => {
    expectSameBytes(serializeTag(parseTag(body)), body);
    for (let size = 0; size < body.length; size++) {
      typedErrorOf(() => expectSameBytes(serializeTag(parseTag(body.subarray(0, size))), body.subarray(0, size)));
    }
  });

  test('have a tagger where they should', () => {
    const tags = new Map(corpusObjects('tag').map(([name, body]) => [name, parseTag(body)]));
    expect(tags.get('no-tagger.txt')).toMatchObject({ targetKind: 'tree', name: 'v2.6.11-tree' });
    expect(tags.get('no-tagger.txt')?.tagger).toBeUndefined();
    expect(tags.get('tagger-without-timestamp.txt')?.tagger).toMatchObject({ name: 'shemminger', timestamp: 0 });
    expect(tags.get('empty_missing_nl.txt')?.hasBlankLine).toBe(false);
  });
});
