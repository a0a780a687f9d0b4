import {
  encodeUtf8,
  FileMode,
  findTreeEntry,
  hashObject,
  parseTree,
  serializeTree,
  sha1,
  sortTreeEntries,
  TreeCursor,
  type TreeEntry,
} from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { ALGORITHMS, corpusObjects, expectEveryCutIsTyped, readWithGit, typedErrorOf } from '../support.js';

const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const nameText = (entry: TreeEntry) => new TextDecoder().decode(entry.name);

describe.each(ALGORITHMS)('a tree of %s', (name, algorithm) => {
  const { oidLength } = algorithm;
  const oid = 'ab'.repeat(oidLength);
  const oidText = '\xab'.repeat(oidLength);
  const lines: [mode: string, kind: string, name: string][] = [
    ['100644', 'blob', 'a.txt'],
    ['100755', 'blob', 'run'],
    ['120000', 'blob', 'link'],
    ['40000', 'tree', 'a'],
    ['160000', 'commit', 'sub'],
    ['100644', 'blob', 'a-b'],
    ['100644', 'blob', 'caf\u00e9'],
    ['100644', 'blob', 'a0'],
  ];

  test('is what git mktree makes, read and written', () => {
    const directory = initBare(temporaryDirectory(), name);
    const input = lines.map(([mode, kind, path]) => `${mode.padStart(6, '0')} ${kind} ${oid}\t${path}\n`).join('');
    const treeOid = git(['mktree', '--missing'], { cwd: directory, input });
    const body = readWithGit(directory, 'tree', treeOid);
    const entries = parseTree(body, oidLength);
    expect(entries.map((entry) => [entry.mode.toString(8), nameText(entry)])).toEqual([
      ['100644', 'a-b'],
      ['100644', 'a.txt'],
      ['40000', 'a'],
      ['100644', 'a0'],
      ['100644', 'caf\u00e9'],
      ['120000', 'link'],
      ['100755', 'run'],
      ['160000', 'sub'],
    ]);
    expect(entries.every((entry) => entry.oid === oid && entry.rawMode === undefined)).toBe(true);
    expect(serializeTree(entries, algorithm)).toEqual(body);
    const made = lines.map(([mode, , path]) => ({ mode: Number.parseInt(mode, 8), name: encodeUtf8(path), oid }));
    expect(hashObject(algorithm, 'tree', serializeTree(sortTreeEntries(made), algorithm))).toBe(treeOid);
  });

  test('keeps what git reads and would not write', () => {
    const odd = [
      '040000 a',
      '0100644 b',
      '000000000000000100644 c',
      '100664 d',
      '100644 a/b',
      '100644 .git',
      '0 z',
      '100644 a',
      '100644 a',
    ];
    const body = latin1(odd.map((line) => `${line}\0${oidText}`).join(''));
    const entries = parseTree(body, oidLength);
    expect(entries.map((entry) => entry.mode)).toEqual([
      0o40000, 0o100644, 0o100644, 0o100664, 0o100644, 0o100644, 0, 0o100644, 0o100644,
    ]);
    expect(entries[0]?.rawMode).toBe('040000');
    expect(serializeTree(entries, algorithm)).toEqual(body);
  });

  test('survives', () => {
    const mode = fc.constantFrom('40000', '040000', '100644', '100755', '0120000', '160000', '7', '0', '00');
    const path = fc.uint8Array({ minLength: 1, maxLength: 6, min: 1 });
    const bytes = fc.uint8Array({ minLength: oidLength, maxLength: oidLength });
    fc.assert(
      fc.property(fc.array(fc.tuple(mode, path, bytes), { maxLength: 6 }), (rows) => {
        const body = Buffer.concat(
          rows.flatMap(([mode, path, bytes]) => [Buffer.from(`${mode} `), path, Buffer.of(0), bytes]),
        );
        const tree = new Uint8Array(body);
        const entries = parseTree(tree, oidLength);
        expect(entries.map((entry) => entry.name)).toEqual(rows.map(([, path]) => path));
        expect(serializeTree(entries, algorithm)).toEqual(tree);
        for (const entry of entries) {
          expect(findTreeEntry(tree, entry.name, oidLength)?.name).toEqual(entry.name);
        }
      }),
    );
  });

  const malformed: [problem: string, text: string, offset: number][] = [
    ['has no mode', ' a\0', 0],
    ['has a mode that is not octal', '100648 a\0', 5],
    ['has a letter for a mode', 'x a\0', 0],
    ['has a signed mode', '-1 a\0', 0],
    ['has a mode over 32 bits', '40000000000 a\0', 10],
    ['ends in a mode', '100', 3],
    ['has an empty name', '100644 \0', 7],
    ['ends in a name', '100644 abc', 7],
    ['ends before an oid', '100644 a\0', 9],
    ['ends in an oid', `100644 a\0${oidText.slice(1)}`, 9],
    ['has a byte after the last entry', `1 a\0${oidText}\0`, 4 + oidLength],
  ];
  test.each(malformed)('is refused where it %s', (_problem, text, offset) => {
    const error = expect.objectContaining({ code: 'MALFORMED', format: 'tree', offset });
    expect(() => parseTree(latin1(text), oidLength)).toThrow(error);
    expect(() => findTreeEntry(latin1(text), 'nowhere', oidLength)).toThrow(error);
  });

  test('is read or refused at every cut, and for any bytes', () => {
    const body = latin1(['40000 a', '100644 b', '0100755 c'].map((line) => `${line}\0${oidText}`).join(''));
    expectEveryCutIsTyped(body, (cut) => parseTree(cut, oidLength));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80, max: 0x40 }), (bytes) => {
        const error = typedErrorOf(() => parseTree(bytes, oidLength));
        if (error === undefined) expect(serializeTree(parseTree(bytes, oidLength), algorithm)).toEqual(bytes);
      }),
    );
  });

  test('is stepped over without making entries', () => {
    const cursor = new TreeCursor(latin1(`40000 a\0${oidText}100644 bc\0${oidText}`), oidLength);
    const seen: unknown[] = [];
    while (cursor.next()) seen.push([cursor.mode, cursor.nameStart, cursor.nameEnd, cursor.oidStart, cursor.oid()]);
    const second = 8 + oidLength;
    expect(seen).toEqual([
      [0o40000, 6, 7, 8, oid],
      [0o100644, second + 7, second + 9, second + 10, oid],
    ]);
    expect(cursor.next()).toBe(false);
  });

  test('is not written with what it cannot hold', () => {
    const entry = { mode: FileMode.regular as number, name: encodeUtf8('a'), oid };
    const bad: Partial<TreeEntry>[] = [
      { name: new Uint8Array(0) },
      { name: Uint8Array.of(0x61, 0) },
      { oid: 'ab' },
      { oid: 'zz'.repeat(oidLength) },
      { mode: -1 },
      { mode: 1.5 },
      { mode: 2 ** 32 },
    ];
    for (const fields of bad) expect(() => serializeTree([{ ...entry, ...fields }], algorithm)).toThrow();
  });

  test('drops the raw mode of an entry that got another mode', () => {
    const [entry] = parseTree(latin1(`040000 a\0${oidText}`), oidLength);
    const body = serializeTree([{ ...(entry as TreeEntry), mode: FileMode.regular }], algorithm);
    expect(body).toEqual(latin1(`100644 a\0${oidText}`));
  });
});

describe.skipIf(process.env.GIT_KV_CORPORA === undefined)('trees of the corpora (GIT_KV_CORPORA)', () => {
  test('survive, all of them', () => {
    const trees = corpusObjects('tree');
    expect(trees.length).toBeGreaterThan(0);
    for (const [, body] of trees) expect(serializeTree(parseTree(body, 20), sha1)).toEqual(body);
  });
});
