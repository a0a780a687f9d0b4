import { spawnSync } from 'node:child_process';
import { assertRefName, checkRefName, isSafeRefName } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { gitEnv } from '../../../test/support/git.js';

function gitAccepts(name: string): boolean {
  return spawnSync('git', ['check-ref-format', '--allow-onelevel', name], { env: gitEnv }).status === 0;
}

const NAMES = [
  ...[
    'refs/heads/main',
    'refs/heads/a/b',
    'a',
    'HEAD',
    'a/b',
    'refs/heads/\u00e9',
    'refs/heads/a.b',
    'a@b',
    'a{b',
    'a/-b',
  ],
  ...[
    'refs/heads/a-',
    'a/@',
    '@',
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '.a',
    'a/.b',
    'a.',
    'a./b',
    'a..b',
    'a.lock',
    'a.lock/b',
  ],
  ...['a.locks', '.lock', 'a/.lock', 'a b', 'a~b', 'a^b', 'a:b', 'a?b', 'a*b', 'a[b', 'a]b', 'a\\b', 'a@{b', 'a{@b'],
  ...['a\tb', 'a\nb', 'a\x7fb', 'a\x01b', 'refs/heads/a.LOCK', '..', 'refs/../a', 'a!b', '"a"', "a'b", 'a;b', 'a$b'],
];

describe('checkRefName', () => {
  test.each(NAMES)('judges %j as git check-ref-format does', (name) => {
    expect(checkRefName(name, { allowOneLevel: true })).toBe(gitAccepts(name));
  });

  test('wants two levels, but for the names at the root of a repository', () => {
    expect(['HEAD', 'FETCH_HEAD', 'ORIG_HEAD'].every((name) => checkRefName(name))).toBe(true);
    expect(['main', 'Head', 'HEAD1'].some((name) => checkRefName(name))).toBe(false);
  });

  test('refuses what is not text: a NUL, half of a pair', () => {
    expect(checkRefName('refs/heads/a\0b')).toBe(false);
    expect(checkRefName('refs/heads/\ud800')).toBe(false);
    expect(checkRefName('refs/heads/\u{1f600}')).toBe(true);
  });
});

describe('a name that may become a path', () => {
  test.each(['HEAD', 'refs/heads/main', 'refs/tags/v1.0', 'refs/stash'])('%s', (name) => {
    expect(isSafeRefName(name)).toBe(true);
    expect(() => assertRefName(name)).not.toThrow();
  });

  test.each([
    'objects/info/alternates',
    'hooks/post-receive',
    'config',
    'refs',
    'refs/',
    'refs/heads/../../config',
    '../refs/heads/main',
    '/refs/heads/main',
    `refs/heads/${'a'.repeat(1014)}`,
    `refs/heads/${'\u00e9'.repeat(600)}`,
  ])('is not %s', (name) => {
    expect(isSafeRefName(name)).toBe(false);
    expect(() => assertRefName(name)).toThrow(expect.objectContaining({ code: 'INVALID_REF_NAME' }));
  });

  test('may have 1024 bytes, as refNameBytes says', () => {
    expect(isSafeRefName(`refs/heads/${'a'.repeat(1013)}`)).toBe(true);
    expect(isSafeRefName('refs/heads/main', 14)).toBe(false);
  });
});
