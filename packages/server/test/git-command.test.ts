import { parseGitCommand, repositoryPath } from '@git-kv/server';
import { describe, expect, test } from 'vitest';

describe('a command over ssh', () => {
  test.each([
    ["git-upload-pack '/a/b.git'", 'git-upload-pack', '/a/b.git'],
    ["git-receive-pack 'a'", 'git-receive-pack', 'a'],
    ["git upload-pack '/a'", 'git-upload-pack', '/a'],
    ['git-upload-pack /a/b.git', 'git-upload-pack', '/a/b.git'],
    ["git-upload-pack '/it'\\''s'", 'git-upload-pack', "/it's"],
    ["git-upload-pack '/hey'\\!''", 'git-upload-pack', '/hey!'],
    ["git-upload-pack '/a b' ", 'git-upload-pack', '/a b'],
    ["git-upload-pack '/$(x)`y`'", 'git-upload-pack', '/$(x)`y`'],
    ["git-upload-pack '/\u00e4'", 'git-upload-pack', '/\u00e4'],
  ])('%s is read', (command, service, path) => {
    expect(parseGitCommand(command)).toEqual({ service, path });
  });

  test.each([
    ['another program', 'ls /'],
    ['another service', "git-upload-archive '/a'"],
    ['no path', 'git-upload-pack'],
    ['two paths', "git-upload-pack '/a' '/b'"],
    ['a second command', "git-upload-pack '/a'; ls"],
    ['a second command without a space', "git-upload-pack '/a';ls"],
    ['a pipe', "git-upload-pack '/a'|ls"],
    ['a substitution', 'git-upload-pack $(ls)'],
    ['a redirection', "git-upload-pack '/a'>b"],
    ['a quote that is not closed', "git-upload-pack '/a"],
    ['double quotes', 'git-upload-pack "/a"'],
    ['another escape', 'git-upload-pack \\a'],
    ['a variable', 'GIT_X=1 git-upload-pack /a'],
    ['a path in front', "/usr/bin/git-upload-pack '/a'"],
    ['nothing', ''],
  ])('with %s is none of ours', (_problem, command) => {
    expect(parseGitCommand(command)).toBeUndefined();
  });
});

describe('the path of a repository', () => {
  test.each([
    ['/a/b.git', 'a/b.git'],
    ['a', 'a'],
    ['/a/', 'a'],
    ['/...', '...'],
    ['/a b', 'a b'],
  ])('%s is %s', (path, expected) => {
    expect(repositoryPath(path)).toBe(expected);
  });

  test.each([
    '',
    '/',
    '//',
    '//a',
    '/a//b',
    '/a//',
    '/..',
    '/a/../b',
    '/./a',
    '/a/.',
    '~me/a',
    '/~me/a',
    '/-x',
    '/a\\b',
    '/a\nb',
    '/a\0b',
    '/a\x7f',
    '/a\x9b2J',
    `/${'a'.repeat(5000)}`,
  ])('%j is refused', (path) => {
    expect(repositoryPath(path)).toBeUndefined();
  });
});
