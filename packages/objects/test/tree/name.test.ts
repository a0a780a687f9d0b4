import { checkTreeEntryName, encodeUtf8, isSafeTreeName } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { initBare, runAsync, temporaryDirectory } from '../../../../test/support/git.js';
import { writeAllWithGit, writeWithGit } from '../support.js';

const REFUSED: [name: string, problem: string][] = [
  ['', 'emptyName'],
  ['.', 'hasDot'],
  ['..', 'hasDotdot'],
  ['a/b', 'fullPathname'],
  ['/', 'fullPathname'],
  ['.git', 'hasDotgit'],
  ['.GIT', 'hasDotgit'],
  ['.Git', 'hasDotgit'],
  ['.git.', 'hasDotgit'],
  ['.git ', 'hasDotgit'],
  ['.git. . ', 'hasDotgit'],
  ['git~1', 'hasDotgit'],
  ['GIT~1', 'hasDotgit'],
  ['git~1.', 'hasDotgit'],
  ['.git::$INDEX_ALLOCATION', 'hasDotgit'],
  ['.git:x', 'hasDotgit'],
  ['.g\u200cit', 'hasDotgit'],
  ['\u200e.git', 'hasDotgit'],
  ['.git\u202e', 'hasDotgit'],
  ['.GI\u206aT', 'hasDotgit'],
  ['.gi\ufefft', 'hasDotgit'],
  ['.git\\config', 'hasDotgit'],
  ['a\\.git', 'hasDotgit'],
  ['a\\git~1\\hooks', 'hasDotgit'],
  ['\\.GIT', 'hasDotgit'],
];

const STRICTER_THAN_GIT: [name: string, problem: string][] = [
  ['a\0', 'hasNul'],
  ['git~2', 'hasDotgit'],
  ['GIT~10', 'hasDotgit'],
  ['.g\u200cit.', 'hasDotgit'],
];

const ALLOWED = [
  ...['a', '.a', '...', '.gitignore', '.gitmodules', '.github', 'git', 'git~', 'git~a', '.git-x', 'a.git', 'x.git.'],
  ...['.gi', '.gitt', '. git', 'a b', 'a\\b', 'a:b', '\u00e9', '\u200c', ' ', '\n', '~1', 'git1', '.git~1', '.g i t'],
];

describe('checkTreeEntryName (M12)', () => {
  test.each([...REFUSED, ...STRICTER_THAN_GIT])('%j is refused: %s', (name, problem) => {
    expect(checkTreeEntryName(encodeUtf8(name))).toBe(problem);
    expect(isSafeTreeName(name)).toBe(false);
  });

  test.each(ALLOWED)('%j is allowed', (name) => {
    expect(checkTreeEntryName(encodeUtf8(name))).toBeUndefined();
    expect(isSafeTreeName(name)).toBe(true);
  });

  test('refuses what git fsck reports, under the same id, and nothing else of the same list', async () => {
    const directory = initBare(temporaryDirectory());
    const blob = writeWithGit(directory, 'blob', encodeUtf8('x'));
    const bytes = Buffer.from(blob, 'hex');
    const refused = REFUSED.filter(([name]) => name !== '');
    const names = [...refused.map(([name]) => name), ...ALLOWED];
    const trees = names.map((name) => Buffer.concat([Buffer.from(`100644 ${name}\0`), bytes]));
    const oids = writeAllWithGit(directory, 'tree', trees);
    const { stderr } = await runAsync('git', ['fsck', '--strict', '--no-dangling'], { cwd: directory });
    // A line for each: "error in tree <oid>: hasDotgit: ...".
    const reported = new Map([...stderr.matchAll(/in tree ([0-9a-f]+): (\w+):/g)].map(([, oid, id]) => [oid, id]));
    expect(names.map((_name, index) => reported.get(oids[index] as string))).toEqual([
      ...refused.map(([, problem]) => problem),
      ...ALLOWED.map(() => undefined),
    ]);
  });

  test('judges bytes that are not UTF-8, and text that is not well-formed', () => {
    expect(checkTreeEntryName(Uint8Array.of(0xff, 0xfe))).toBeUndefined();
    expect(checkTreeEntryName(Uint8Array.of(0x2e, 0x67, 0xe2, 0x80, 0x8c, 0x69, 0x74))).toBe('hasDotgit');
    expect(checkTreeEntryName(Uint8Array.of(0x2e, 0x67, 0x69, 0x74, 0xff))).toBe('hasDotgit');
    expect(isSafeTreeName('\ud800')).toBe(false);
  });

  test('never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 20 }), (name) => void checkTreeEntryName(name)));
  });
});
