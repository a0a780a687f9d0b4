import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PosixSyntax, posixPattern } from '@git-kv/repository';
import { describe, expect, test } from 'vitest';
import { gitAsync, temporaryDirectory } from '../../../../test/support/git.js';

const LINES = [
  '',
  'a',
  'aa',
  'ab',
  'aab',
  'abc',
  'abcabc',
  'a+b',
  'a|b',
  'a(b)',
  'a{2}',
  '*a',
  'a*',
  'x^y',
  'x$y',
  'a.b',
  'axb',
  '[x]',
  'a]b',
  'a-b',
  'a\\b',
  'word one',
  'sword',
  'FIX: Case',
  'fix #12',
  'tab\there',
  '}',
  ')',
];

const PATTERNS: readonly [PosixSyntax, string][] = [
  ...[
    'a',
    '^a$',
    'a*b',
    '*a',
    'a+b',
    'a\\+b',
    'ab\\?c*',
    'a|b',
    'a\\|word',
    'a(b)',
    '\\(ab*c\\)\\1',
    'a\\{2\\}',
    'a\\{1,\\}b',
    'a{2}',
    'x^y',
    'x$y',
    '\\(^a\\)b',
    'a\\(b$\\)',
    'a.b',
    'a\\.b',
    '[]x]',
    '[^]a-c]',
    '[a\\]b',
    'a[-+]b',
    '[[:digit:]]\\{2\\}',
    '[[:upper:]][[:lower:]]',
    '[[:space:]]h',
    '[[.a.]]',
    '\\bword',
    '\\<word\\>',
    '\\w\\w\\w\\w\\w',
    '\\W',
    '\\(a',
    'a\\)',
    'a\\{1',
    '[',
    '[[:nonsense:]]',
    '\\1',
    'a\\',
  ].map((pattern): [PosixSyntax, string] => ['basic', pattern]),
  ...[
    'a',
    '^a+$',
    'a\\+b',
    'ab?c*',
    'a|word',
    '(ab*c)\\1',
    'a{2}',
    'a{1,}b',
    'a{0,1}b$',
    'a\\{2',
    '^(a|x)[^b]',
    'x\\^y',
    'x\\$y',
    'a.b',
    '[]x]',
    '#[0-9]+$',
    '^[A-Z]+:',
    '(a(b))c',
    'a**b',
    'a+?b',
    '()a',
    '(a',
    '[',
    'a\\',
    '}',
  ].map((pattern): [PosixSyntax, string] => ['extended', pattern]),
];

describe('a POSIX regular expression matches what git matches', () => {
  test.each(PATTERNS)('%s %s', async (syntax, pattern) => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'lines'), `${LINES.join('\n')}\n`);
    for (const ignoreCase of [false, true]) {
      const options = [syntax === 'basic' ? '-G' : '-E', ...(ignoreCase ? ['-i'] : [])];
      const args = ['grep', '--no-index', '--no-color', '-h', ...options, '-e', pattern, '--', 'lines'];
      const theirs = await gitAsync(args, { cwd: directory });
      const expression = posixPattern(pattern, syntax, { ignoreCase });
      expect(expression === undefined).toBe(theirs.code === 128);
      if (expression === undefined) continue;
      const ours = LINES.filter((line) => expression.test(line));
      expect(ours.map((line) => `${line}\n`).join('')).toBe(theirs.stdout);
    }
  });
});
