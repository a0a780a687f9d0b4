import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../test/support/git.js';
import { type AttributeState, findAttributes, parseAttributes } from '../../src/attributes/attributes.js';
import { PathPattern } from '../../src/attributes/path-pattern.js';

/** What git's check-attr says of paths, in a work tree with these attributes files. */
function byGit(files: Readonly<Record<string, string>>, paths: readonly string[]): string[] {
  const cwd = temporaryDirectory('attributes');
  git(['init', '-q', cwd]);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), text, 'latin1');
  }
  const input = paths.map((path) => `${path}\0`).join('');
  const parts = git(['check-attr', '--stdin', '-z', 'merge'], { cwd, input }).split('\0');
  return paths.map((_, at) => parts[at * 3 + 2] as string);
}

function byUs(files: Readonly<Record<string, string>>, paths: readonly string[]): string[] {
  const scopes = Object.entries(files)
    .sort(([a], [b]) => (a === '.git/info/attributes' ? 1 : b === '.git/info/attributes' ? -1 : a.length - b.length))
    .map(([path, text]) => {
      const directory = path.startsWith('.git/') ? '' : path.slice(0, path.lastIndexOf('/') + 1);
      return { directory, rules: parseAttributes(Buffer.from(text, 'latin1'), directory === '') };
    });
  const shown = (state: AttributeState): string =>
    state === undefined ? 'unspecified' : state === true ? 'set' : state === false ? 'unset' : state;
  return paths.map((path) => shown(findAttributes(path, ['merge'], scopes).get('merge')));
}

const PATHS = [
  'a',
  'a.log',
  'd/a.log',
  'd/e/a.log',
  'd/e/f',
  'x y',
  '"q"',
  'd/[b]',
  'foo/bar',
  'foo/x/bar',
  'foo',
  'bar',
];

describe('attributes are those of git', () => {
  test.each<[what: string, files: Readonly<Record<string, string>>]>([
    ['by name', { '.gitattributes': '*.log merge=union\na merge\n' }],
    ['the last line counts', { '.gitattributes': '*.log merge=union\n*.log -merge\nd/*.log merge=text\n' }],
    ['the last of a line counts', { '.gitattributes': '* merge=union -merge merge=last\n' }],
    ['unspecified again', { '.gitattributes': '* merge=union\na.log !merge\n' }],
    [
      'the directory counts more',
      { '.gitattributes': '*.log merge=root\n', 'd/.gitattributes': '*.log merge=d\n/e/* merge=e\n' },
    ],
    ['info counts most', { '.gitattributes': '*.log merge=root\n', '.git/info/attributes': 'd/** merge=info\n' }],
    ['binary is a macro', { '.gitattributes': '* merge=x\n*.log binary\na -binary\n' }],
    [
      'macros of the root',
      { '.gitattributes': '[attr]keep merge=ours diff\n*.log keep\n[attr]deep keep\nfoo/** deep\n' },
    ],
    ['no macros below', { 'd/.gitattributes': '[attr]keep merge=ours\n*.log keep merge=seen\n' }],
    ['names in quotes', { '.gitattributes': '"x y" merge=1\n"\\"q\\"" merge=2\n"unended merge=3\n' }],
    [
      'what is wrong is passed over',
      { '.gitattributes': '!a merge=1\n# a merge=1\n\n  a merge=ok\na.log -=x merge=2\nfoo =\n' },
    ],
    ['CR at the end', { '.gitattributes': 'a merge=cr\r\n*.log merge=x \t\r\n' }],
    ['a byte order mark', { '.gitattributes': '\xef\xbb\xbfa merge=x\n' }],
    ['directories have none', { '.gitattributes': 'd/ merge=1\nd merge=2\n' }],
    ['stars of any number between slashes', { '.gitattributes': '/*** merge=1\nfoo/***/bar merge=2\n' }],
    [
      'stars after a prefix, as if it were not there',
      { '.gitattributes': 'd/a**/[[:alpha:]].log merge=1\na**/log merge=2\nfo**/bar merge=3\n' },
    ],
    ['double stars', { '.gitattributes': 'foo/**/bar merge=1\n**/f merge=2\nd/** merge=3\nd**g merge=4\n' }],
    ['a long line', { '.gitattributes': `a merge=x ${'b'.repeat(3000)}\nbar merge=${'y'.repeat(100)}\n` }],
  ])('%s', (_what, files) => {
    expect(byUs(files, PATHS)).toEqual(byGit(files, PATHS));
  });

  test('of any patterns', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      '*',
      '**',
      '?',
      '/',
      '[ab]',
      '[!a]',
      '[^b]',
      '[a-c]',
      '[]a]',
      '[[:alpha:]]',
      '\\a',
      '\\*',
      '.',
    );
    const pattern = fc.array(piece, { minLength: 1, maxLength: 7 }).map((pieces) => pieces.join(''));
    const name = fc.array(fc.constantFrom('a', 'b', 'c', '.', '*', '/a', '/b', '/ab'), { minLength: 1, maxLength: 7 });
    const path = name.map((parts) => `a${parts.join('')}`).filter((text) => !/\/\.|\.\//.test(text));
    const cases = fc.record({
      patterns: fc.array(pattern, { minLength: 60, maxLength: 60 }),
      paths: fc.array(path, { minLength: 30, maxLength: 30 }),
    });
    fc.assert(
      fc.property(cases, ({ patterns, paths }) => {
        const text = patterns.map((glob, at) => `${glob} merge=${at}\n`).join('');
        expect(byUs({ '.gitattributes': text }, paths)).toEqual(byGit({ '.gitattributes': text }, paths));
      }),
      { numRuns: 20 },
    );
  });

  test('and a pattern made to take long does not', () => {
    const start = process.cpuUsage();
    expect(new PathPattern(`${'*a'.repeat(500)}b`).matches('a'.repeat(2000))).toBe(false);
    expect(new PathPattern(`${'**/a/'.repeat(200)}b`).matches(`${'a/'.repeat(1000)}c`)).toBe(false);
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5);
  });
});
