import { FileMode, hashObject, TreeBuilder } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { ALGORITHMS } from '../support.js';

const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

describe.each(ALGORITHMS)('TreeBuilder with %s', (name, algorithm) => {
  const oid = '12'.repeat(algorithm.oidLength);
  const other = '34'.repeat(algorithm.oidLength);
  const oidText = '\x12'.repeat(algorithm.oidLength);

  test('builds what git mktree builds', () => {
    const directory = initBare(temporaryDirectory(), name);
    const input = `100644 blob ${oid}\tb\n040000 tree ${oid}\ta\n100755 blob ${oid}\ta.x\n`;
    const builder = new TreeBuilder(algorithm)
      .set('b', FileMode.regular, oid)
      .set('a', FileMode.tree, oid)
      .set('a.x', FileMode.executable, oid);
    const expected = git(['mktree', '--missing'], { cwd: directory, input });
    expect(hashObject(algorithm, 'tree', builder.build())).toBe(expected);
  });

  test('starts from a tree and changes only what it is told to', () => {
    const body = latin1(`100644 a\0${oidText}040000 b\0${oidText}100644 \xff\0${oidText}`);
    const builder = new TreeBuilder(algorithm, body);
    expect(builder.build()).toEqual(body);
    builder.set('c', FileMode.symlink, other);
    expect(builder.remove('a')).toBe(true);
    expect(builder.remove('a')).toBe(false);
    expect(builder.size).toBe(3);
    expect(builder.get('c')).toMatchObject({ mode: FileMode.symlink, oid: other });
    expect(builder.get(Uint8Array.of(0xff))?.oid).toBe(oid);
    expect(builder.get('\u00ff')).toBeUndefined();
    const otherText = '\x34'.repeat(algorithm.oidLength);
    expect(builder.build()).toEqual(latin1(`040000 b\0${oidText}120000 c\0${otherText}100644 \xff\0${oidText}`));
  });

  test('puts a tree in place of a file of the same name, and at its own place', () => {
    const builder = new TreeBuilder(algorithm).set('a', FileMode.regular, oid).set('a.b', FileMode.regular, oid);
    expect(builder.entries().map((entry) => entry.mode)).toEqual([FileMode.regular, FileMode.regular]);
    builder.set('a', FileMode.tree, oid);
    expect(builder.entries().map((entry) => entry.mode)).toEqual([FileMode.regular, FileMode.tree]);
  });

  test('refuses names that must not stand in a tree, and trees with a name twice', () => {
    const builder = new TreeBuilder(algorithm);
    for (const bad of ['', '.', '..', '.git', 'a/b', 'a\0b']) {
      expect(() => builder.set(bad, FileMode.regular, oid)).toThrow(RangeError);
    }
    const twice = latin1(`100644 a\0${oidText}40000 a\0${oidText}`);
    const offset = 9 + algorithm.oidLength + 6;
    expect(() => new TreeBuilder(algorithm, twice)).toThrow(expect.objectContaining({ code: 'MALFORMED', offset }));
  });
});
