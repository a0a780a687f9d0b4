import {
  buildHeader,
  encodeUtf8,
  findHeader,
  headersSize,
  parseHeaderBlock,
  serializeHeaderBlock,
} from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const parse = (text: string) => parseHeaderBlock(encodeUtf8(text), 'commit');
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('parseHeaderBlock', () => {
  test('unfolds continuation lines and keeps the raw ones', () => {
    const { headers, message, hasBlankLine } = parse('tree 1\ngpgsig first\n \n  indented\nx y\n\nbody\n');
    expect(headers.map(({ name, value }) => [name, textOf(value)])).toEqual([
      ['tree', '1'],
      ['gpgsig', 'first\n\n indented'],
      ['x', 'y'],
    ]);
    expect(textOf(headers[1]?.raw as Uint8Array)).toBe('gpgsig first\n \n  indented\n');
    expect([textOf(message), hasBlankLine]).toEqual(['body\n', true]);
  });

  const odd: [what: string, text: string][] = [
    ['nothing', ''],
    ['no header', '\nbody'],
    ['no blank line', 'a b\n'],
    ['a cut header', 'a b'],
    ['a cut continuation', 'a b\n c'],
    ['a name alone', 'a\n\n'],
    ['an empty value', 'a \n\n'],
    ['CRs', 'a b\r\nc d\r\n\r\nbody\r\n'],
    ['a NUL', 'a \0\n\n\0'],
    ['blank lines in the message', 'a b\n\n\n\n x\n'],
    ['repeated headers', 'a b\na b\na c\n\n'],
  ];
  test.each(odd)('keeps %s', (_what, text) => {
    expect(textOf(serializeHeaderBlock(parse(text)))).toBe(text);
  });

  test('keeps whatever it reads', () => {
    const piece = fc.constantFrom('a', ' ', '\n', '\r', '\0', '\u00ff', 'tree ', '\n ', '\n\n');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const body = Uint8Array.from(Buffer.from(pieces.join(''), 'latin1'));
        if (body[0] === 0x20) return;
        const block = parseHeaderBlock(body, 'commit');
        expect(serializeHeaderBlock(block)).toEqual(body);
        const blankLineSize = block.hasBlankLine ? 1 : 0;
        expect(headersSize(block) + blankLineSize + block.message.length).toBe(body.length);
      }),
    );
  });

  test('refuses a continuation of nothing', () => {
    expect(() => parse(' a b\n')).toThrow(expect.objectContaining({ code: 'MALFORMED', format: 'commit', offset: 0 }));
  });

  test('finds the first of a name', () => {
    const block = parse('a 1\nb 2\nb 3\n\n');
    expect(textOf(findHeader(block, 'b')?.value as Uint8Array)).toBe('2');
    expect(findHeader(block, 'c')).toBeUndefined();
  });
});

describe('buildHeader', () => {
  test('folds lines so that they are read back as given', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', ' ', '\n', '\r'), { maxLength: 12 }), (pieces) => {
        const value = encodeUtf8(pieces.join(''));
        const header = buildHeader('gpgsig', value);
        const { headers } = parseHeaderBlock(header.raw, 'commit');
        expect(headers).toEqual([{ ...header, value }]);
      }),
    );
  });

  test.each(['', 'a b', 'a\nb', 'a\0', '\u00e9', ' a'])('refuses the name %j', (name) => {
    expect(() => buildHeader(name, 'x')).toThrow(RangeError);
  });
});

test('a message put to headers without a blank line does not become a header', () => {
  const block = { ...parse('a b'), message: encodeUtf8('c d') };
  expect(textOf(serializeHeaderBlock(block))).toBe('a b\n\nc d');
});
