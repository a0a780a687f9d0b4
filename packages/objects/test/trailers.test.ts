import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AppendTrailersOptions,
  appendTrailers,
  parseTrailers,
  type Trailer,
  type TrailerOptions,
} from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../test/support/git.js';

/** What `git interpret-trailers` makes of each message. All of them are one process. */
function interpret(messages: readonly string[], args: readonly string[]): string[] {
  const directory = temporaryDirectory();
  const files = messages.map((message, index) => {
    const file = join(directory, `${index}`);
    writeFileSync(file, message);
    return file;
  });
  git(['interpret-trailers', '--in-place', ...args, ...files], { cwd: directory });
  return files.map((file) => readFileSync(file, 'utf8'));
}

function flagsOf(options: AppendTrailersOptions): string[] {
  const { where, ifExists, ifMissing, divider } = options;
  return [
    ...(where === undefined ? [] : [`--where=${where}`]),
    ...(ifExists === undefined ? [] : [`--if-exists=${ifExists}`]),
    ...(ifMissing === undefined ? [] : [`--if-missing=${ifMissing}`]),
    ...(divider === true ? [] : ['--no-divider']),
  ];
}

function parsedByGit(messages: readonly string[], options: TrailerOptions = {}): string[] {
  return interpret(messages, ['--parse', ...flagsOf(options)]);
}

function parsedByUs(message: string, options?: TrailerOptions): string {
  return parseTrailers(message, options)
    .map(({ token, value }) => `${token}: ${value}\n`)
    .join('');
}

const CUT = '# ------------------------ >8 ------------------------\n';

const MESSAGES: readonly (readonly [title: string, message: string, trailers: string])[] = [
  ['nothing', '', ''],
  ['a title', 'Title\n', ''],
  ['a title that looks like a trailer', 'fix: it\n', ''],
  ['a title of two lines that look like trailers', 'fix: it\nA: b\n', ''],
  ['a body without trailers', 'Title\n\nBody text\nmore.\n', ''],
  ['one trailer', 'Title\n\nAcked-by: A <a@b>\n', 'Acked-by: A <a@b>\n'],
  ['trailers after a body', 'Title\n\nBody\n\nA: b\nC-d: e\n', 'A: b\nC-d: e\n'],
  ['a trailer without last line feed', 'Title\n\nA: b', 'A: b\n'],
  ['trailers with other lines among them', 'Title\n\nA: b\nwords\n', ''],
  ['a trailer by git with other lines', 'Title\n\nx\ny\nz\nSigned-off-by: A\n', 'Signed-off-by: A\n'],
  ['a trailer by git with too many other lines', 'Title\n\nw\nx\ny\nz\nSigned-off-by: A\n', ''],
  ['a trailer by git in lower case', 'Title\n\nx\nsigned-off-by: A\n', ''],
  ['a cherry pick', 'Title\n\n(cherry picked from commit abc)\nA: b\n', 'A: b\n'],
  ['a value over lines', 'Title\n\nA: b\n  c\n\td\nE: f\n', 'A: b c d\nE: f\n'],
  ['an indented line before trailers', 'Title\n\n  x\nA: b\n', ''],
  ['an empty value', 'Title\n\nA:\nB: \n', 'A: \nB: \n'],
  ['a value without space before it', 'Title\n\nA:b\n', 'A: b\n'],
  ['a token with space after it', 'Title\n\nA : b\nC\t: d\n', 'A: b\nC: d\n'],
  ['a token of two words', 'Title\n\nA b: c\n', ''],
  ['a token with an underscore', 'Title\n\nA_b: c\n', ''],
  ['no token', 'Title\n\n: c\n', ''],
  ['a URL', 'Title\n\nhttps://example.com\n', 'https: //example.com\n'],
  ['blank lines after trailers', 'Title\n\nA: b\n\n\n', 'A: b\n'],
  ['a blank line of spaces before trailers', 'Title\n  \nA: b\n', 'A: b\n'],
  ['a blank line of spaces after trailers', 'Title\n\nA: b\n  \n', 'A: b \n'.replace(' \n', '\n')],
  ['comments after trailers', 'Title\n\nA: b\n# x\n\n# y\n', 'A: b\n'],
  ['comments among trailers', 'Title\n\nA: b\n# x\nC: d\n', 'A: b\nC: d\n'],
  ['a comment for a title', '# x\nTitle\n\nA: b\n', 'A: b\n'],
  ['conflicts after trailers', 'Title\n\nA: b\n\nConflicts:\n\ta\n\tb\n', 'A: b\n'],
  ['a cut line', `Title\n\nA: b\n${CUT}diff\n\nC: d\n`, 'A: b\n'],
  ['a cut line at the beginning', `${CUT}Title\n\nA: b\n`, ''],
  ['line ends of DOS', 'Title\r\n\r\nA: b\r\nC: d\r\n', 'A: b\nC: d\n'],
  ['a line of dashes', 'Title\n\nA: b\n---\n\nC: d\n', 'C: d\n'],
  ['two paragraphs of trailers', 'Title\n\nA: b\n\nC: d\n', 'C: d\n'],
  ['letters that are not ASCII', 'Títle\n\nA: b\u2028é\nÉ: c\n', ''],
  ['a value with letters that are not ASCII', 'Títle\n\nA: b\u2028é\u00a0\n', 'A: b\u2028é\u00a0\n'],
];

describe('parseTrailers reads', () => {
  test.each(MESSAGES)('%s', (_title, message, trailers) => {
    expect(parsedByUs(message)).toBe(trailers);
  });

  test('what git interpret-trailers --parse reads', () => {
    const messages = MESSAGES.map(([, message]) => message);
    expect(messages.map((message) => parsedByUs(message))).toEqual(parsedByGit(messages));
    const options = { divider: true };
    expect(messages.map((message) => parsedByUs(message, options))).toEqual(parsedByGit(messages, options));
  });

  test('other separators and comments', () => {
    const message = 'Title\n\nBug #43\nA: b\n; x\n';
    const options = { separators: ':#', commentCharacter: ';' };
    expect(parseTrailers(message, options)).toEqual([
      { token: 'Bug', value: '43' },
      { token: 'A', value: 'b' },
    ]);
  });

  test('a message up to a NUL', () => {
    expect(parseTrailers('Title\n\nA: b\n\0\n\nC: d\n')).toEqual([{ token: 'A', value: 'b' }]);
  });
});

const SEVERAL: readonly Trailer[] = [
  { token: 'Signed-off-by', value: 'A U Thor <author@example.com>' },
  { token: 'Sign', value: 'x' },
  { token: 'C', value: ' d\n  e ' },
  { token: 'C', value: 'd' },
  { token: 'C', value: 'D' },
];

const ADDED: readonly Trailer[][] = [
  [],
  [{ token: 'A', value: 'b' }],
  [{ token: 'a', value: 'B' }],
  [{ token: 'New', value: '' }],
];

const PLACES = ['end', 'start', 'after', 'before'] as const;
const EXISTING = ['addIfDifferentNeighbor', 'addIfDifferent', 'add', 'replace', 'doNothing'] as const;

function addedByGit(
  messages: readonly string[],
  trailers: readonly Trailer[],
  options: AppendTrailersOptions,
): string[] {
  const flags = trailers.map(({ token, value }) => `--trailer=${token}: ${value}`);
  return interpret(messages, [...flagsOf(options), ...flags]);
}

describe('appendTrailers writes', () => {
  test.each<[title: string, message: string, trailers: Trailer[], expected: string]>([
    ['a paragraph of its own', 'Title\n', [{ token: 'A', value: 'b' }], 'Title\n\nA: b\n'],
    ['into the one there is', 'Title\n\nA: b\n', [{ token: 'C', value: 'd' }], 'Title\n\nA: b\nC: d\n'],
    ['before comments', 'Title\n\nA: b\n\n# x\n', [{ token: 'C', value: 'd' }], 'Title\n\nA: b\nC: d\n\n# x\n'],
    ['not the same twice', 'Title\n\nA: b\n', [{ token: 'a', value: 'B' }], 'Title\n\nA: b\n'],
    ['after a line feed that was missing', 'Title', [{ token: 'A', value: 'b' }], 'Title\n\nA: b\n'],
  ])('%s', (_title, message, trailers, expected) => {
    expect(appendTrailers(message, trailers)).toBe(expected);
  });

  const messages = MESSAGES.map(([, message]) => message).filter((message) => /\n$|^$/.test(message));
  const choices = PLACES.flatMap((where) => EXISTING.map((ifExists) => ({ where, ifExists })));

  test.each<AppendTrailersOptions>([{ divider: true }, { ifMissing: 'doNothing' }, ...choices])(
    'what git interpret-trailers does with %o',
    (options) => {
      const gits = addedByGit(messages, SEVERAL, options);
      expect(messages.map((message) => appendTrailers(message, SEVERAL, options))).toEqual(gits);
    },
  );

  test.each(ADDED)('what git interpret-trailers does with trailers %#', (...trailers) => {
    const gits = addedByGit(messages, trailers, {});
    expect(messages.map((message) => appendTrailers(message, trailers))).toEqual(gits);
  });

  test.each<[title: string, trailer: Trailer]>([
    ['an empty token', { token: '', value: 'x' }],
    ['a token with a space', { token: 'a b', value: 'x' }],
    ['a token with a colon', { token: 'a:', value: 'x' }],
    ['a value with a second trailer in it', { token: 'a', value: 'x\nSigned-off-by: y' }],
    ['a value with an empty line', { token: 'a', value: 'x\n\n y' }],
    ['a value with a NUL', { token: 'a', value: 'x\0' }],
  ])('nothing for %s', (_title, trailer) => {
    expect(() => appendTrailers('Title\n', [trailer])).toThrow(RangeError);
  });

  test('beside a token of very many dashes', () => {
    const message = `Title\n\n${'-'.repeat(200_000)}x: y\n`;
    expect(appendTrailers(message, [{ token: 'A', value: 'b' }])).toBe(`${message}A: b\n`);
  });

  test('what parseTrailers reads back', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9-]{1,8}$/);
    const value = fc
      .string({ unit: 'grapheme' })
      .map((text) => text.replace(/[\0\n]/g, '').replace(/^[ \t\r]+|[ \t\r]+$/g, ''));
    fc.assert(
      fc.property(word, value, (token, text) => {
        const message = appendTrailers('Title\n\nBody.\n', [{ token, value: text }]);
        expect(parseTrailers(message)).toEqual([{ token, value: text }]);
      }),
    );
  });
});

const SCRAPS = [
  ...[
    '\n',
    '\n',
    '\n',
    'Title',
    'A',
    'A: b',
    '\nA: b\n',
    ': ',
    ':',
    ' ',
    '  x',
    '\t',
    '#',
    '\n# y\n',
    'Conflicts:\n',
    '\n\n',
  ],
  ...[
    'Signed-off-by: ',
    '\n(cherry picked from commit a)\n',
    '-',
    'words more',
    `\n${CUT}`,
    '\r\n',
    '\nC-d:e\n',
    '=',
    '\v',
    'é',
  ],
];

describe('of messages made of scraps', () => {
  const scraps = fc.array(fc.constantFrom(...SCRAPS), { maxLength: 12 }).map((parts) => `${parts.join('')}\n`);
  const runs = Number(process.env.GIT_KV_RUNS ?? 200);
  const messages = fc.sample(scraps, { seed: Number(process.env.GIT_KV_SEED ?? 1), numRuns: runs });

  test('git reads the same trailers', () => {
    expect(messages.map((message) => [message, parsedByUs(message)])).toEqual(
      parsedByGit(messages).map((parsed, index) => [messages[index], parsed]),
    );
  });

  test('git writes the same message', () => {
    expect(messages.map((message) => [message, appendTrailers(message, SEVERAL)])).toEqual(
      addedByGit(messages, SEVERAL, {}).map((added, index) => [messages[index], added]),
    );
  });
});
