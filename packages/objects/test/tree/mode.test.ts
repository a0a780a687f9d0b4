import { canonicalMode, FileMode, isGitlinkMode, isTreeMode, kindOfMode } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';

describe('a mode', () => {
  const cases: [mode: number, kind: string, canonical: number][] = [
    [FileMode.tree, 'tree', FileMode.tree],
    [FileMode.regular, 'blob', FileMode.regular],
    [FileMode.executable, 'blob', FileMode.executable],
    [FileMode.symlink, 'blob', FileMode.symlink],
    [FileMode.gitlink, 'commit', FileMode.gitlink],
    [0o100664, 'blob', FileMode.regular],
    [0o100775, 'blob', FileMode.executable],
    [0o40755, 'tree', FileMode.tree],
  ];
  test.each(cases)('%o points to a %s', (mode, kind, canonical) => {
    expect(kindOfMode(mode)).toBe(kind);
    expect(canonicalMode(mode)).toBe(canonical);
    expect(isTreeMode(mode)).toBe(kind === 'tree');
    expect(isGitlinkMode(mode)).toBe(kind === 'commit');
  });
});
