import {
  editTreeBody,
  encodeUtf8,
  FileMode,
  hashObject,
  parseTree,
  serializeTree,
  TreeBuilder,
  type TreeEntryEdit,
} from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALGORITHMS, expectEveryCutIsTyped } from '../support.js';

const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

describe.each(ALGORITHMS)('editTreeBody with %s', (_name, algorithm) => {
  const oids = ['12', '34'].map((byte) => byte.repeat(algorithm.oidLength)) as [string, string];
  const oidText = '\x12'.repeat(algorithm.oidLength);
  const otherText = '\x34'.repeat(algorithm.oidLength);
  const regular = { mode: FileMode.regular as number, oid: oids[0] };

  const safeName = fc.stringMatching(/^[a-c.\-0]{1,3}$/).filter((text) => !/^\.\.?$/.test(text));
  const mode = fc.constantFrom<number>(FileMode.regular, FileMode.tree);
  const entry = fc.option(fc.record({ mode, oid: fc.constantFrom(...oids) }));
  const edits: fc.Arbitrary<TreeEntryEdit[]> = fc.array(fc.record({ name: safeName, entry }), { maxLength: 12 });

  test('gives what taking the tree apart and building it gives', () => {
    fc.assert(
      fc.property(edits, edits, (first, second) => {
        const builder = new TreeBuilder(algorithm);
        for (const { name, entry } of [...first, ...second]) {
          if (entry === null) builder.remove(name);
          else builder.set(name, entry.mode, entry.oid);
        }
        const before = editTreeBody(algorithm, undefined, first);
        const after = editTreeBody(algorithm, before.body, second);
        expect(after.body).toEqual(builder.build());
        expect(after.oid).toBe(hashObject(algorithm, 'tree', after.body));
      }),
      { numRuns: 500 },
    );
  });

  test('does not depend on the order of edits, and removing all leaves the empty tree', () => {
    fc.assert(
      fc.property(fc.uniqueArray(safeName), (names) => {
        const additions = names.map((name) => ({ name, entry: regular }));
        const forward = editTreeBody(algorithm, undefined, additions);
        expect(editTreeBody(algorithm, undefined, additions.toReversed())).toEqual(forward);
        expect(parseTree(forward.body, algorithm.oidLength)).toHaveLength(names.length);
        const removals = names.map((name) => ({ name: encodeUtf8(name), entry: null }));
        expect(editTreeBody(algorithm, forward.body, removals).oid).toBe(algorithm.emptyTreeOid);
      }),
    );
  });

  test('makes edits in turn: the last one of a name counts', () => {
    const turns = [
      { name: 'a', entry: regular },
      { name: 'a', entry: null },
      { name: 'b', entry: null },
      { name: 'b', entry: regular },
    ];
    const { body } = editTreeBody(algorithm, undefined, turns);
    expect(body).toEqual(latin1(`100644 b\0${oidText}`));
  });

  test('leaves odd entries as they are', () => {
    const body = latin1(`100644 .git\0${oidText}100664 a\0${oidText}040000 b\0${oidText}100644 \xff\0${oidText}`);
    const edited = editTreeBody(algorithm, body, [{ name: 'a0', entry: { ...regular, oid: oids[1] } }]);
    const at = body.length - 9 - algorithm.oidLength - 9 - algorithm.oidLength;
    const added = latin1(`100644 a0\0${otherText}`);
    expect(edited.body).toEqual(Uint8Array.from([...body.slice(0, at), ...added, ...body.slice(at)]));
    expect(editTreeBody(algorithm, body, []).body).toEqual(body);
  });

  test('sorts a tree in the wrong order, and refuses one with a name twice', () => {
    const wrong = latin1(`100644 b\0${oidText}100644 a\0${oidText}`);
    const edited = editTreeBody(algorithm, wrong, [{ name: 'c', entry: regular }]);
    const names = parseTree(edited.body, algorithm.oidLength).map(({ name }) => new TextDecoder().decode(name));
    expect(names).toEqual(['a', 'b', 'c']);
    const twice = latin1(`100644 a\0${oidText}100644 a\0${oidText}`);
    expect(() => editTreeBody(algorithm, twice, [])).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  test('changes one name of many', () => {
    const many = Array.from({ length: 300 }, (_, index) => ({ name: `entry-${index}`, entry: regular }));
    const { body } = editTreeBody(algorithm, undefined, many);
    const next = { name: 'entry-150', entry: { mode: FileMode.executable as number, oid: oids[1] } };
    const edited = editTreeBody(algorithm, body, [next]);
    const expected = parseTree(body, algorithm.oidLength).map((entry) =>
      new TextDecoder().decode(entry.name) === 'entry-150' ? { ...entry, ...next.entry } : entry,
    );
    expect(edited.body).toEqual(serializeTree(expected, algorithm));
  });

  test('refuses what must not stand in a tree, and a broken tree at every cut', () => {
    for (const name of ['', '.', '..', '.git', 'a/b', 'a\0b']) {
      expect(() => editTreeBody(algorithm, undefined, [{ name, entry: regular }])).toThrow(RangeError);
      expect(editTreeBody(algorithm, undefined, [{ name, entry: null }]).oid).toBe(algorithm.emptyTreeOid);
    }
    expect(() => editTreeBody(algorithm, undefined, [{ name: 'a', entry: { mode: -1, oid: oids[0] } }])).toThrow(
      RangeError,
    );
    expect(() => editTreeBody(algorithm, undefined, [{ name: 'a', entry: { mode: 1, oid: 'x' } }])).toThrow(RangeError);
    const body = latin1(`40000 a\0${oidText}100644 b\0${oidText}`);
    expectEveryCutIsTyped(body, (cut) => editTreeBody(algorithm, cut, [{ name: 'c', entry: regular }]));
  });
});
