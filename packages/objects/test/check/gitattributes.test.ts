import {
  checkObject,
  encodeUtf8,
  type HashAlgorithm,
  hashObject,
  ObjectChecker,
  type RawObject,
  sha1,
} from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { ALGORITHMS } from '../support.js';
import { treeNaming } from './cases.js';
import { fsck, repositoryOf, type Verdict, verdictOf } from './git-judge.js';

const LONG = 'x'.repeat(2048);
const FITTING = 'x'.repeat(2047);

const ROWS: readonly (readonly [title: string, text: string, expected: string])[] = [
  ['nothing', '', ''],
  ['a few lines', '* text=auto\n*.bin binary\n', ''],
  ['a line that is just short enough', `${FITTING}\n`, ''],
  ['a last line that is just short enough', FITTING, ''],
  ['a line that is too long', `${LONG}\n`, 'error gitattributesLineLength'],
  ['a last line that is too long', `a\n${LONG}`, 'error gitattributesLineLength'],
  ['two lines that are too long, told once', `${LONG}\n${LONG}\n`, 'error gitattributesLineLength'],
  ['a long line behind a NUL', `a\n\0\n${LONG}\n`, ''],
  ['a line that a NUL cuts in time', `${FITTING}\0x\n`, ''],
  ['a line that a NUL cuts too late', `${LONG}\0x\n`, 'error gitattributesLineLength'],
  ['nothing but long empty lines', '\n'.repeat(5000), ''],
];

function listOf(text: string): Verdict {
  return text === '' ? [] : [text];
}

function check(body: Uint8Array): Verdict {
  return verdictOf(checkObject('blob', body, { algorithm: sha1, specialFiles: ['gitattributes'] }));
}

describe('a .gitattributes with', () => {
  test.each(ROWS)('%s', (_title, text, expected) => {
    expect(check(encodeUtf8(text))).toEqual(listOf(expected));
  });

  test('100 MiB passes, and one byte more is too large', () => {
    const body = new Uint8Array(100 * 1024 * 1024 + 1);
    expect(check(body.subarray(1))).toEqual([]);
    expect(check(body)).toEqual(['error gitattributesLarge']);
  });

  test.each(ALGORITHMS)('git fsck with %s says the same', async (_name, algorithm: HashAlgorithm) => {
    const objects = ROWS.flatMap(([, text]): RawObject[] => {
      const body = encodeUtf8(text);
      const oid = hashObject(algorithm, 'blob', body);
      return [
        { kind: 'blob', body },
        { kind: 'tree', body: treeNaming(algorithm, '100644', '.gitattributes', oid) },
      ];
    });
    const { directory, oids } = repositoryOf(algorithm, objects);
    const verdict = await fsck(directory);
    const said = ROWS.map(([title], index) => [title, verdict(oids[2 * index] as string)]);
    expect(said).toEqual(ROWS.map(([title, , expected]) => [title, listOf(expected)]));
  });
});

/** A blob that git meets after the tree that names it: git goes through loose objects in the order of their ids. */
function blobAfterTree(name: string): { readonly tree: Uint8Array; readonly blob: Uint8Array; readonly oid: string } {
  for (let number = 0; ; number++) {
    const blob = encodeUtf8(`# ${number}\n${'#\n'.repeat(100)}`);
    const oid = hashObject(sha1, 'blob', blob);
    const tree = treeNaming(sha1, '100644', name, oid);
    if (hashObject(sha1, 'tree', tree) < oid) return { tree, blob, oid };
  }
}

test.each(['gitmodules', 'gitattributes'] as const)('a .%s that is too large to hold is told', async (file) => {
  const { tree, blob, oid } = blobAfterTree(`.${file}`);
  const { directory, oids } = repositoryOf(sha1, [
    { kind: 'tree', body: tree },
    { kind: 'blob', body: blob },
  ]);
  const checker = new ObjectChecker({ algorithm: sha1 });
  expect(checker.check({ oid: oids[0] as string, kind: 'tree', body: tree })).toEqual([]);
  const findings = checker.check({ oid, kind: 'blob', body: undefined });
  const verdict = await fsck(directory, ['core.bigFileThreshold=10']);
  expect(verdictOf(findings)).toEqual([`error ${file}Large`]);
  expect(verdict(oid)).toEqual([`error ${file}Large`]);
});
