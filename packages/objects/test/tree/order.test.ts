import {
  compareTreeNames,
  encodeUtf8,
  FileMode,
  parseTree,
  sha1,
  sortTreeEntries,
  type TreeEntry,
} from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { readWithGit } from '../support.js';

describe('the order of a tree', () => {
  const cases: [a: string, b: string, sign: number][] = [
    ['a', 'a', 0],
    ['a', 'b', -1],
    ['a', 'a/', -1],
    ['a/', 'a/', 0],
    ['a.b', 'a/', -1],
    ['a-', 'a/', -1],
    ['a0', 'a/', 1],
    ['a/', 'ab', -1],
    ['a/', 'ab/', -1],
    ['a', 'ab', -1],
    ['\u00e9', 'z', 1],
  ];
  test.each(cases)('%s and %s', (a, b, sign) => {
    const nameOf = (text: string) => encodeUtf8(text.replace(/\/$/, ''));
    const compare = (x: string, y: string) => compareTreeNames(nameOf(x), x.endsWith('/'), nameOf(y), y.endsWith('/'));
    expect(Math.sign(compare(a, b))).toBe(sign);
    expect(Math.sign(compare(b, a))).toBe(sign === 0 ? 0 : -sign);
  });

  test('is the order in which git mktree sorts', () => {
    const directory = initBare(temporaryDirectory());
    const oid = '1'.repeat(40);
    const parts = ['a', 'b', '-', '.', '0', '\u00e9', '~', '!'];
    const entries: TreeEntry[] = fc
      .sample(
        fc.uniqueArray(fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 4 }), {
          selector: String,
          minLength: 60,
          maxLength: 80,
        }),
        { numRuns: 1, seed: 7 },
      )
      .flat()
      .map((pieces, index) => ({
        mode: index % 2 === 0 ? FileMode.tree : FileMode.regular,
        name: encodeUtf8(pieces.join('')),
        oid,
      }));
    const input = entries
      .map(
        ({ mode, name }) =>
          `${mode === FileMode.tree ? '040000 tree' : '100644 blob'} ${oid}\t${new TextDecoder().decode(name)}\0`,
      )
      .join('');
    const body = readWithGit(directory, 'tree', git(['mktree', '-z', '--missing'], { cwd: directory, input }));
    expect(sortTreeEntries(entries)).toEqual(parseTree(body, sha1.oidLength));
  });
});
