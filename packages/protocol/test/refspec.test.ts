import { isGitError, sha1, sha256 } from '@git-kv/objects';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gitAsync, initBare, makeDirectory, removeDirectory } from '../../../test/support/git.js';
import {
  findByShortName,
  mapByPattern,
  mapFetch,
  mapSource,
  parseRefspec,
  type Refspec,
  type RefspecDirection,
  rankShortName,
  refspecPrefixes,
  serializeRefspec,
  sourcesOf,
} from '../src/index.js';

const OID = '0123456789abcdef0123456789abcdef01234567';
const LONG_OID = OID + OID.slice(0, 24);

/** git's own table of refspecs, and what else is at the edge of its rules. */
const TEXTS: readonly string[] = [
  '',
  ':',
  '::',
  '+:',
  '+',
  '^',
  '^:',
  'refs/heads/*:refs/remotes/frotz/*',
  'refs/heads/*:refs/remotes/frotz',
  'refs/heads:refs/remotes/frotz/*',
  'refs/heads/main:refs/remotes/frotz/xyzzy',
  'refs/heads/*::refs/remotes/frotz/*',
  'refs/heads/*:refs/remotes/frotz:bar',
  'refs/heads/main::refs/remotes/frotz/xyzzy',
  'refs/heads/main:refs/remotes/frotz/xyzzy.lock',
  'refs/heads/*/and/:refs/remotes/*',
  'refs/heads/*/for-linus:refs/remotes/mine/*-blah',
  'refs/heads*/for-linus:refs/remotes/mine/*',
  'refs/heads/*/*/for-linus:refs/remotes/mine/*',
  'refs/heads/*g*/for-linus:refs/remotes/mine/*',
  'refs/heads/*/for-linus:refs/remotes/mine/*',
  'refs/heads/a*:refs/b*',
  '*:*',
  '*',
  'HEAD',
  '@',
  '@:refs/heads/x',
  'refs/heads/ nitfol',
  'refs/heads/ nitfol:refs/x',
  'HEAD:',
  'refs/heads/ nitfol:',
  ':refs/remotes/frotz/deleteme',
  ':refs/remotes/frotz/HEAD to me',
  'refs/heads/fetch:refs/remotes/~frotz',
  'main~1:refs/remotes/frotz/backup',
  'main~1',
  'refs/heads/main',
  'main',
  'main:side',
  '+main',
  '+main:side',
  '++main',
  '^main',
  '^refs/heads/*',
  '^refs/heads/**',
  '^refs/heads/a:refs/heads/b',
  '^HEAD',
  `^${OID}`,
  OID,
  OID.toUpperCase(),
  `${OID}:refs/heads/x`,
  `${OID}x:refs/heads/x`,
  OID.slice(1),
  'refs/heads/*:',
  ':refs/heads/*',
  'a..b',
  'a..b:c',
  '.a',
  'a/.b:c',
  'a.lock',
  'a/',
  '/a',
  'a//b',
  'a@{b',
  'a\\b',
  'a\tb',
  'a\x7f:b',
  'ä:refs/heads/ü',
];

let directory: string;
beforeAll(() => {
  directory = makeDirectory();
  initBare(directory);
});
afterAll(() => removeDirectory(directory));

const parses = (text: string, direction: RefspecDirection): boolean => {
  try {
    return serializeRefspec(parseRefspec(text, direction, { algorithm: sha1 })) !== undefined;
  } catch (error) {
    expect(isGitError(error, 'INVALID_REFSPEC'), String(error)).toBe(true);
    return false;
  }
};

describe('a refspec', () => {
  test.each(['fetch', 'push'] as const)('for %s is what git takes for one', async (direction) => {
    const ours = TEXTS.map((text) => `${JSON.stringify(text)} ${parses(text, direction)}`);
    const judge = async (text: string): Promise<string> => {
      const settings = ['-c', 'remote.x.url=.', '-c', `remote.x.${direction}=${text}`];
      const { code } = await gitAsync([...settings, 'remote', 'get-url', 'x'], { cwd: directory });
      return `${JSON.stringify(text)} ${code !== 128}`;
    };
    const theirs: string[] = [];
    for (const text of TEXTS) theirs.push(await judge(text));
    expect(ours).toEqual(theirs);
  });

  test.each<[text: string, direction: RefspecDirection, parsed: Partial<Refspec>]>([
    ['main', 'fetch', { source: 'main', isForced: false, isPattern: false }],
    ['+refs/heads/*:refs/remotes/o/*', 'fetch', { isForced: true, isPattern: true, destination: 'refs/remotes/o/*' }],
    ['@', 'fetch', { source: 'HEAD' }],
    ['@:x', 'push', { source: 'HEAD', destination: 'x' }],
    [':x', 'fetch', { source: '', destination: 'x' }],
    ['x:', 'fetch', { source: 'x', destination: '' }],
    [OID, 'fetch', { isOid: true, source: OID }],
    [OID.toUpperCase(), 'fetch', { isOid: true, source: OID }],
    [`${LONG_OID}:refs/heads/x`, 'fetch', { isOid: true, destination: 'refs/heads/x' }],
    ['^refs/heads/x', 'fetch', { isNegative: true, source: 'refs/heads/x' }],
    ['+:', 'push', { isMatching: true, isForced: true, source: '' }],
    [':', 'push', { isMatching: true, isForced: false }],
    [':gone', 'push', { source: '', destination: 'gone' }],
    ['a:b:refs/heads/c', 'push', { source: 'a:b', destination: 'refs/heads/c' }],
  ])('%j (%s) says what it says', (text, direction, parsed) => {
    expect(parseRefspec(text, direction)).toMatchObject({ direction, ...parsed });
  });

  test('an object id is as long as those of the repository', () => {
    expect(parseRefspec(OID, 'fetch', { algorithm: sha256 }).isOid).toBe(false);
    expect(parseRefspec(LONG_OID, 'fetch', { algorithm: sha256 }).isOid).toBe(true);
    expect(parseRefspec(LONG_OID, 'fetch', { algorithm: sha1 }).isOid).toBe(false);
  });

  test('is written as it was read', () => {
    const part = fc.stringMatching(/^[a-z*/:+^@]{0,12}$/);
    fc.assert(
      fc.property(part, fc.constantFrom<RefspecDirection>('fetch', 'push'), (text, direction) => {
        let parsed: Refspec;
        try {
          parsed = parseRefspec(text, direction);
        } catch (error) {
          expect(isGitError(error, 'INVALID_REFSPEC')).toBe(true);
          return;
        }
        expect(parseRefspec(serializeRefspec(parsed), direction)).toEqual(parsed);
      }),
    );
  });
});

describe('refspecs map', () => {
  test.each<[pattern: string, name: string, into: string, mapped: string | undefined]>([
    ['refs/heads/*', 'refs/heads/a', 'refs/remotes/o/*', 'refs/remotes/o/a'],
    ['refs/heads/*', 'refs/heads/a/b', 'refs/x/*', 'refs/x/a/b'],
    ['refs/heads/*', 'refs/tags/a', 'refs/x/*', undefined],
    ['refs/heads/a*z', 'refs/heads/az', 'refs/x/*', 'refs/x/'],
    ['refs/heads/aba*aba', 'refs/heads/aba', 'refs/x/*', undefined],
    ['refs/heads/*', 'refs/heads/$&', 'refs/x/*', 'refs/x/$&'],
    ['refs/*/x', 'refs/a/b/x', 'refs/*', 'refs/a/b'],
  ])('%s takes %s to %s: %s', (pattern, name, into, mapped) => {
    expect(mapByPattern(pattern, name, into)).toBe(mapped);
  });

  test('there and back', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z/]{1,8}$/), fc.stringMatching(/^[a-z/]{0,4}$/), (middle, end) => {
        const [from, to] = [`refs/heads/*${end}`, `refs/x/*${end}y`];
        const there = mapByPattern(from, `refs/heads/${middle}${end}`, to) as string;
        expect(mapByPattern(to, there, from)).toBe(`refs/heads/${middle}${end}`);
      }),
    );
  });

  const refspecs = ['+refs/heads/*:refs/remotes/o/*', '^refs/heads/secret', 'refs/heads/main:refs/main', 'refs/x'].map(
    (text) => parseRefspec(text, 'fetch'),
  );

  test('a source by the first that takes it, unless a negative one does', () => {
    expect(mapSource(refspecs, 'refs/heads/main')).toEqual({ name: 'refs/remotes/o/main', isForced: true });
    expect(mapSource(refspecs, 'refs/heads/secret')).toBeUndefined();
    expect(mapSource(refspecs, 'refs/x')).toBeUndefined();
    expect(sourcesOf(refspecs, 'refs/remotes/o/main')).toEqual(['refs/heads/main']);
    expect(sourcesOf(refspecs, 'refs/main')).toEqual(['refs/heads/main']);
    expect(sourcesOf(refspecs, 'refs/remotes/o/secret')).toEqual([]);
  });

  test('a short name as gitrevisions(7) orders it', () => {
    const names = ['refs/remotes/x/HEAD', 'refs/remotes/x', 'refs/heads/x', 'refs/tags/x', 'refs/x', 'x'];
    expect(names.map((name) => rankShortName('x', name))).toEqual([1, 2, 3, 4, 5, 6]);
    const refs = names.map((name) => ({ name }));
    expect(findByShortName(refs, 'x')).toEqual({ name: 'x' });
    expect(findByShortName(refs.slice(0, 3), 'x')).toEqual({ name: 'refs/heads/x' });
    expect(findByShortName(refs, 'y')).toBeUndefined();
  });

  const remote = [
    { name: 'HEAD', oid: OID },
    { name: 'refs/heads/main', oid: OID },
    { name: 'refs/tags/main', oid: OID },
    { name: 'refs/heads/unborn' },
  ];
  test.each<[text: string, taken: readonly (readonly [string, string | undefined])[]]>([
    ['main', [['refs/tags/main', undefined]]],
    ['heads/main:x', [['refs/heads/main', 'refs/heads/x']]],
    ['main:tags/x', [['refs/tags/main', 'refs/tags/x']]],
    ['main:remotes/x', [['refs/tags/main', 'refs/remotes/x']]],
    [':refs/x', [['HEAD', 'refs/x']]],
    ['refs/heads/*:refs/remotes/o/*', [['refs/heads/main', 'refs/remotes/o/main']]],
    [OID, [[OID, undefined]]],
    ['nothing', []],
    ['^refs/heads/main', []],
    ['unborn', []],
  ])('what %j takes of a remote', (text, taken) => {
    const found = mapFetch(remote, parseRefspec(text, 'fetch'));
    expect(found.map(({ name, localName }) => [name, localName])).toEqual(taken);
  });

  test.each<[texts: string[], direction: RefspecDirection, prefixes: string[]]>([
    [['refs/heads/*:refs/x/*'], 'fetch', ['refs/heads/']],
    [['refs/heads/a*:refs/x/*', '^refs/heads/ab'], 'fetch', ['refs/heads/a']],
    [[OID], 'fetch', []],
    [['*:refs/x/*'], 'fetch', []],
    [[':'], 'push', []],
    [['x:y'], 'push', ['y', 'refs/y', 'refs/tags/y', 'refs/heads/y', 'refs/remotes/y', 'refs/remotes/y/HEAD']],
  ])('the prefixes to list by: %j (%s)', (texts, direction, prefixes) => {
    expect(refspecPrefixes(texts.map((text) => parseRefspec(text, direction)))).toEqual(prefixes);
  });
});
