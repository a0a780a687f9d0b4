import { FileMode, sha1, sha256, TreeBuilder } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TreeView } from '../../src/tree/tree-view.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

// Few letters, so that names meet: "a", "a.", "a0" and the tree "a/" are where the order of trees shows.
const name = fc
  .string({ unit: fc.constantFrom('a', 'b', '.', '-', '0', 'é'), minLength: 1, maxLength: 3 })
  .filter((text) => !/^\.{1,2}$/.test(text));
const mode = fc.constantFrom(FileMode.regular, FileMode.tree, FileMode.executable, FileMode.symlink);

describe.each([sha1, sha256])('TreeView in $name', (algorithm) => {
  const slot = fc.record({ mode, oid: fc.nat(99).map((n) => String(n).padStart(algorithm.hexLength, '0')) });
  const names = fc.dictionary(name, slot, { maxKeys: 12 });
  const changes = fc.dictionary(name, fc.option(slot), { maxKeys: 8 });

  test('with changes is the tree that a builder makes', () => {
    fc.assert(
      fc.property(names, changes, (before, edits) => {
        const builder = new TreeBuilder(algorithm);
        for (const [key, { mode, oid }] of Object.entries(before)) builder.set(key, mode, oid);
        const view = TreeView.of(algorithm, builder.build());
        expect(view.size).toBe(builder.size);
        for (const [key, edit] of Object.entries(edits)) {
          if (edit === null) builder.remove(key);
          else builder.set(key, edit.mode, edit.oid);
        }
        const edited = view.with(Object.entries(edits).map(([key, slot]) => ({ name: encode(key), slot })));
        expect(edited.body).toEqual(builder.build());
        expect([...edited.entries()]).toEqual([...TreeView.of(algorithm, edited.body).entries()]);
        for (const [key, edit] of Object.entries({ ...before, ...edits })) {
          expect(edited.find(encode(key))).toEqual(edit ?? undefined);
        }
      }),
    );
  });
});

test('refuses a tree that is out of order or has a name twice', () => {
  const entry = (text: string): Uint8Array => encode(`100644 ${text}\0${'x'.repeat(20)}`);
  for (const names of [
    ['b', 'a'],
    ['a', 'a'],
  ]) {
    const body = Buffer.concat(names.map(entry));
    expect(() => TreeView.of(sha1, body)).toThrow(expect.objectContaining({ code: 'MALFORMED', format: 'tree' }));
  }
});
