import { diffThreeTreeBodies, diffTreeBodies, FileMode, TreeBuilder } from '@git-kv/objects';
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

describe.each(ALGORITHMS)('diffThreeTreeBodies with %s', (_name, algorithm) => {
  /** A name stands for a file, with a slash for a tree; the value picks its object. */
  type Files = Readonly<Record<string, 0 | 1 | 2>>;
  const oids = ['12', '34', '56'].map((byte) => byte.repeat(algorithm.oidLength));
  const treeOf = (files: Files | undefined) => {
    if (files === undefined) return undefined;
    const builder = new TreeBuilder(algorithm);
    for (const [name, what] of Object.entries(files)) {
      builder.set(name.replace('/', ''), name.endsWith('/') ? FileMode.tree : FileMode.regular, oids[what] as string);
    }
    return builder.build();
  };
  const diff = (base: Files | undefined, ours: Files | undefined, theirs: Files | undefined) =>
    diffThreeTreeBodies({ base: treeOf(base), ours: treeOf(ours), theirs: treeOf(theirs) }, algorithm.oidLength).map(
      ({ name, ...entries }) => {
        const some = entries.base ?? entries.ours ?? entries.theirs;
        const slash = some?.mode === FileMode.tree ? '/' : '';
        const shown = [entries.base, entries.ours, entries.theirs].map((entry) =>
          entry ? oids.indexOf(entry.oid) : '.',
        );
        return `${shown.join('')} ${new TextDecoder().decode(name)}${slash}`;
      },
    );

  const cases: [
    what: string,
    base: Files | undefined,
    ours: Files | undefined,
    theirs: Files | undefined,
    all: string[],
  ][] = [
    ['no trees', undefined, undefined, undefined, []],
    ['equal trees', { a: 0, 'b/': 1 }, { a: 0, 'b/': 1 }, { a: 0, 'b/': 1 }, []],
    ['one side that changed', { a: 0, b: 0 }, { a: 1, b: 0 }, { a: 0, b: 0 }, ['010 a']],
    ['both sides that changed alike', { a: 0 }, { a: 1 }, { a: 1 }, ['011 a']],
    ['both that changed otherwise', { a: 0 }, { a: 1 }, { a: 2 }, ['012 a']],
    ['additions', {}, { a: 0 }, { a: 0, b: 1 }, ['.00 a', '..1 b']],
    ['removals', { a: 0, b: 0, c: 0 }, { b: 0 }, { a: 0 }, ['0.0 a', '00. b', '0.. c']],
    ['no base', undefined, { a: 0 }, { b: 0 }, ['.0. a', '..0 b']],
    [
      'a file that one side made a tree',
      { a: 0, 'a.b': 0 },
      { 'a/': 1, 'a.b': 0 },
      { a: 2, 'a.b': 1 },
      ['0.2 a', '001 a.b', '.1. a/'],
    ],
    ['trees', { 'a/': 0, 'b/': 0 }, { 'a/': 0, 'b/': 1 }, { 'a/': 0, 'b/': 0 }, ['010 b/']],
  ];
  test.each(cases)('%s', (_what, base, ours, theirs, all) => {
    expect(diff(base, ours, theirs)).toEqual(all);
  });

  test('agrees with the two-sided diffs: it lists what either side changed', () => {
    const files = fc.dictionary(fc.stringMatching(/^[a-c][.a-]{0,2}\/?$/), fc.constantFrom<0 | 1 | 2>(0, 1, 2), {
      maxKeys: 8,
    });
    fc.assert(
      fc.property(files, files, files, (base, ours, theirs) => {
        const bodies = { base: treeOf(base), ours: treeOf(ours), theirs: treeOf(theirs) };
        const keys = (changes: readonly { name: Uint8Array; [side: string]: unknown }[]): string[] =>
          changes.map(({ name, ...entries }) => {
            const [entry] = Object.values(entries).filter((value) => value !== undefined) as { mode: number }[];
            return `${new TextDecoder().decode(name)}${entry?.mode === FileMode.tree ? '/' : ''}`;
          });
        const two = [bodies.ours, bodies.theirs].flatMap((side) =>
          keys(diffTreeBodies(bodies.base, side, algorithm.oidLength).map((change) => ({ ...change }))),
        );
        const three = keys(diffThreeTreeBodies(bodies, algorithm.oidLength).map((change) => ({ ...change })));
        expect([...three].sort()).toEqual([...new Set(two)].sort());
        // In tree order, each name and kind once.
        expect(three).toEqual([...new Set(three)].sort());
      }),
    );
  });

  test('a broken tree is refused on any side', () => {
    for (const side of ['base', 'ours', 'theirs'] as const) {
      const run = () => diffThreeTreeBodies({ [side]: Uint8Array.of(1) }, algorithm.oidLength);
      expect(run).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    }
  });
});
