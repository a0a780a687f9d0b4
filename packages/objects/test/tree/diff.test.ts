import { diffTreeBodies, FileMode, TreeBuilder } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALGORITHMS } from '../support.js';

describe.each(ALGORITHMS)('diffTreeBodies with %s', (_name, algorithm) => {
  type Files = Readonly<Record<string, 0 | 1 | 2>>;
  const oids = ['12', '34'].map((byte) => byte.repeat(algorithm.oidLength)) as [string, string];
  const treeOf = (files: Files) => {
    const builder = new TreeBuilder(algorithm);
    for (const [name, what] of Object.entries(files)) {
      builder.set(name, what === 2 ? FileMode.tree : FileMode.regular, oids[what === 1 ? 1 : 0]);
    }
    return builder.build();
  };
  const diff = (before: Uint8Array | undefined, after: Uint8Array | undefined) =>
    diffTreeBodies(before, after, algorithm.oidLength).map((change) => {
      const sign = change.old === undefined ? '+' : change.new === undefined ? '-' : '*';
      return `${sign} ${new TextDecoder().decode(change.name)}`;
    });

  const cases: [what: string, before: Files | undefined, after: Files | undefined, changes: string[]][] = [
    ['equal trees', { a: 0, b: 2 }, { a: 0, b: 2 }, []],
    ['an addition, a change and a removal', { a: 0, b: 0 }, { b: 1, c: 0 }, ['- a', '* b', '+ c']],
    ['no tree before', undefined, { a: 0 }, ['+ a']],
    ['no tree after', { a: 0 }, undefined, ['- a']],
    ['a file that became a tree', { a: 0, 'a.b': 0 }, { a: 2, 'a.b': 0 }, ['- a', '+ a']],
    ['no trees', undefined, undefined, []],
  ];
  test.each(cases)('%s', (_what, before, after, changes) => {
    expect(diff(before && treeOf(before), after && treeOf(after))).toEqual(changes);
  });

  test('a changed mode is a change', () => {
    const before = new TreeBuilder(algorithm).set('a', FileMode.regular, oids[0]).build();
    const after = new TreeBuilder(algorithm).set('a', FileMode.executable, oids[0]).build();
    expect(diff(before, after)).toEqual(['* a']);
  });

  test('the changes, made to the first tree, give the second', () => {
    const files = fc.dictionary(fc.stringMatching(/^[a-c][.a-]{0,2}$/), fc.constantFrom<0 | 1 | 2>(0, 1, 2), {
      maxKeys: 8,
    });
    fc.assert(
      fc.property(files, files, (before, after) => {
        const builder = new TreeBuilder(algorithm, treeOf(before));
        const changes = diffTreeBodies(treeOf(before), treeOf(after), algorithm.oidLength);
        for (const { name, new: next } of changes) if (next === undefined) builder.remove(name);
        for (const { name, new: next } of changes) if (next !== undefined) builder.set(name, next.mode, next.oid);
        expect(builder.build()).toEqual(treeOf(after));
      }),
    );
  });

  test('a broken tree is refused', () => {
    expect(() => diff(Uint8Array.of(1), undefined)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });
});
