import { join } from 'node:path';
import { FileMode, hashObject, type Oid, type RawObject, sha1, TreeBuilder } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, gitAsync, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { mergeDrivers } from '../../src/merge/drivers.js';
import { mergeTrees } from '../../src/merge/merge-trees.js';
import type { FileRepository } from '../../src/node/index.js';
import { editTree } from '../../src/tree-edit.js';
import { openForTest } from '../engines/file/open.js';
import { asGitPrints, withoutEmptyThreats } from './as-git-prints.js';

/** Paths and contents; `>x` is a symbolic link to x, `!x` an executable, `@` a submodule. */
type Files = Readonly<Record<string, string>>;

const SUBMODULES = ['1', '2', '3'].map((digit) => digit.repeat(40));

class Workshop {
  readonly repository: FileRepository;
  readonly directory: string;

  constructor(repository: FileRepository, directory: string) {
    this.repository = repository;
    this.directory = directory;
  }

  static async open(): Promise<Workshop> {
    const directory = initBare(join(temporaryDirectory(), 'merge.git'));
    return new Workshop(await openForTest(directory, { durability: 'none' }), directory);
  }

  async tree(files: Files): Promise<Oid> {
    const blobs: RawObject[] = [];
    const edits = Object.entries(files).map(([path, content]) => {
      const mode = { '>': FileMode.symlink, '!': FileMode.executable, '@': FileMode.gitlink }[content[0] as string];
      if (mode === FileMode.gitlink) {
        return { path: path.split('/'), entry: { mode, oid: SUBMODULES[Number(content.slice(1))] as Oid } };
      }
      const body = new TextEncoder().encode(mode === undefined ? content : content.slice(1));
      blobs.push({ kind: 'blob', body });
      return { path: path.split('/'), entry: { mode: mode ?? FileMode.regular, oid: hashObject(sha1, 'blob', body) } };
    });
    const edited = await editTree(this.repository.objects, undefined, edits);
    if (edited.status === 'conflict') throw new Error(`cannot be a tree: ${Object.keys(files)}`);
    await this.repository.objects.writeMany([...blobs, ...edited.objects]);
    if (edited.objects.length === 0) {
      await this.repository.objects.write({ kind: 'tree', body: new TreeBuilder(sha1).build() });
    }
    return edited.treeOid;
  }

  /** What git's `merge-tree` prints. It looks for renames, whatever its configuration says: there must be none. */
  async byGit(base: Oid, ours: Oid, theirs: Oid): Promise<string> {
    const commit = (tree: Oid, ...parents: string[]): string =>
      git(['commit-tree', tree, '-m', 'x', ...parents.flatMap((parent) => ['-p', parent])], { cwd: this.directory });
    const root = commit(base);
    git(['update-ref', 'refs/heads/left', commit(ours, root)], { cwd: this.directory });
    git(['update-ref', 'refs/heads/right', commit(theirs, root)], { cwd: this.directory });
    const args = ['merge-tree', '--write-tree', '--messages', '-z', 'left', 'right'];
    const { code, stdout, stderr } = await gitAsync(args, { cwd: this.directory });
    if (code > 1) throw new Error(stderr);
    return stdout.replace(/Recursive merging with submodules[^\0]*/, '');
  }

  async compare(base: Files, ours: Files, theirs: Files): Promise<readonly string[]> {
    const oids = { base: await this.tree(base), ours: await this.tree(ours), theirs: await this.tree(theirs) };
    const merged = await mergeTrees(this.repository.objects, oids, { labels: { ours: 'left', theirs: 'right' } });
    const byGit = await this.byGit(oids.base, oids.ours, oids.theirs);
    await this.repository.objects.writeMany(merged.objects);
    const listed = (oid: string): string => git(['ls-tree', '-r', oid], { cwd: this.directory });
    expect(listed(merged.treeOid)).toBe(listed(byGit.slice(0, merged.treeOid.length)));
    expect(asGitPrints(merged)).toBe(withoutEmptyThreats(byGit));
    expect(merged.conflicts.length === 0).toBe(merged.stages.length === 0);
    return merged.conflicts.map(({ kind, path }) => `${kind} ${path}`);
  }
}

const lines = (...items: readonly (string | number)[]): string => items.map((item) => `line ${item}\n`).join('');

describe('a merge gives the tree and the conflicts of git', () => {
  test.each<[what: string, base: Files, ours: Files, theirs: Files, conflicts: string[]]>([
    ['of changes in different files', { a: '1', b: '1' }, { a: '2', b: '1' }, { a: '1', b: '2' }, []],
    ['of additions and removals', { a: '1', b: '1' }, { b: '1', c: '1' }, { a: '1', d: '1' }, []],
    ['of the same change twice', { a: '1' }, { a: '2', x: 'n' }, { a: '2', y: 'n' }, []],
    [
      'in different directories',
      { 'd/a': '1', 'e/b': '1' },
      { 'd/a': '2', 'e/b': '1' },
      { 'd/a': '1', 'e/b': '2' },
      [],
    ],
    ['in one directory', { 'd/a': '1', 'd/b': '1' }, { 'd/a': '2', 'd/b': '1' }, { 'd/a': '1', 'd/b': '2' }, []],
    [
      'that empties a directory',
      { 'd/a': '1', 'd/b': '1', e: '1' },
      { 'd/a': '1', e: '1' },
      { 'd/b': '1', e: '1' },
      [],
    ],
    [
      'of different lines of one file',
      { a: lines(1, 2, 3, 4, 5, 6, 7, 8) },
      { a: lines('one', 2, 3, 4, 5, 6, 7, 8) },
      { a: lines(1, 2, 3, 4, 5, 6, 7, 'eight', 9) },
      [],
    ],
    ['of a mode and a content', { a: lines(1) }, { a: `!${lines(1)}` }, { a: lines(2) }, []],
    ['of the same line', { a: lines(1, 2, 3) }, { a: lines(1, 'x', 3) }, { a: lines(1, 'y', 3) }, ['contents a']],
    [
      'of lines near each other and far',
      { a: lines(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) },
      { a: lines('a', 2, 3, 'a', 5, 6, 7, 8, 9, 10, 'a', 12) },
      { a: lines('b', 2, 3, 'b', 5, 6, 7, 8, 9, 10, 'b', 12) },
      ['contents a'],
    ],
    [
      'of lines that both made alike in part',
      { a: lines(1, 2, 9) },
      { a: lines(1, 'same', 'p', 3, 4, 5, 6, 'q', 'end', 9) },
      { a: lines(1, 'same', 'r', 3, 4, 5, 6, 's', 'end', 9) },
      ['contents a'],
    ],
    ['of a last line without an end', { a: 'a\nb' }, { a: 'a\nc' }, { a: 'a\nd' }, ['contents a']],
    ['of a file both added', {}, { a: lines(1, 2) }, { a: lines(1, 3) }, ['contents a']],
    ['of a file both added, one of them executable', {}, { a: lines(1) }, { a: `!${lines(1)}` }, ['contents a']],
    ['of bytes that are no text', { a: '\0\n1' }, { a: '\0\n2' }, { a: '\0\n3' }, ['binary a']],
    ['of a change and a removal', { a: '1', b: '1' }, { a: '2', b: '1' }, { b: '1' }, ['modify/delete a']],
    ['of a removal and a change', { a: '1', b: '1' }, { b: '1' }, { a: '2', b: '1' }, ['modify/delete a']],
    ['of symbolic links', { a: '>x' }, { a: '>y' }, { a: '>z' }, ['contents a']],
    ['of a link and a file', { b: '1' }, { a: '>y', b: '1' }, { a: 'y', b: '1' }, ['distinct modes a']],
    ['of a file and a link', { b: '1' }, { a: 'y', b: '1' }, { a: '>y', b: '1' }, ['distinct modes a']],
    ['of submodules', { a: '@0', b: '1' }, { a: '@1', b: '1' }, { a: '@2', b: '1' }, ['submodule a']],
    ['of submodules that both added', { b: '1' }, { a: '@1', b: '1' }, { a: '@2', b: '1' }, ['submodule a']],
    ['of a submodule and a link', { b: '1' }, { a: '@1', b: '1' }, { a: '>y', b: '1' }, ['distinct modes a']],
    ['of a file and a directory', { b: '1' }, { a: '1', b: '1' }, { 'a/x': '1', b: '1' }, ['file/directory a']],
    ['of a directory and a file', { b: '1' }, { 'a/x': '1', b: '1' }, { a: '1', b: '1' }, ['file/directory a']],
    [
      'of a directory and a file, where the name to move to is taken',
      { b: '1', 'a~right': '1' },
      { 'a/x': '1', b: '1', 'a~right': '1' },
      { a: '1', b: '1', 'a~right': '1' },
      ['file/directory a'],
    ],
    ['of a file that became a directory', { a: '1', b: '1' }, { 'a/x': '1', b: '1' }, { a: '1', b: '2' }, []],
    ['of a directory that became a file', { 'a/x': '1', b: '1' }, { a: '1', b: '1' }, { 'a/x': '1', b: '2' }, []],
    [
      'of a directory that became a file, and changed',
      { 'a/x': '1', b: '1' },
      { a: 'file', b: '1' },
      { 'a/x': '2', b: '1' },
      ['file/directory a', 'modify/delete a/x'],
    ],
  ])('%s', async (_what, base, ours, theirs, conflicts) => {
    const workshop = await Workshop.open();
    expect(await workshop.compare(base, ours, theirs)).toEqual(conflicts);
  });

  test('of any three trees', async () => {
    const workshop = await Workshop.open();
    const path = fc.constantFrom('a', 'b', 'c/a', 'c/b', 'c/d/a', 'c.a', 'a/b', 'e/f');
    const content = fc.constantFrom('1\n', '2\n', '3\n', '!1\n', '>1');
    const files = fc.dictionary(path, content, { maxKeys: 6 }).map((found) => {
      // A name is a file or a directory.
      const kept = Object.entries(found).filter(
        ([name]) => !Object.keys(found).some((other) => other.startsWith(`${name}/`)),
      );
      // No two paths ever have the same content: git would take one for the other renamed.
      return Object.fromEntries(kept.map(([name, text]) => [name, text.replace(/(?=[123])/, name)]));
    });
    await fc.assert(
      fc.asyncProperty(files, files, files, async (base, ours, theirs) => {
        await workshop.compare(base, ours, theirs);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a merge', () => {
  const texts = { base: lines(1, 2), ours: lines(1, 'x'), theirs: lines(1, 'y') };

  test.each<[name: keyof typeof mergeDrivers, merged: string | undefined]>([
    ['ours', texts.ours],
    ['theirs', texts.theirs],
    ['union', lines(1, 'x', 'y')],
    ['text', undefined],
    ['json', undefined],
  ])('asks the driver %s', async (name, merged) => {
    const { repository, ...workshop } = await Workshop.open().then((it) => ({
      repository: it.repository,
      tree: it.tree.bind(it),
    }));
    const oids = {
      base: await workshop.tree({ 'list/a': texts.base, b: texts.base }),
      ours: await workshop.tree({ 'list/a': texts.ours, b: texts.ours }),
      theirs: await workshop.tree({ 'list/a': texts.theirs, b: texts.base }),
    };
    const driver = (path: string): (typeof mergeDrivers)[typeof name] | undefined =>
      path.startsWith('list/') ? mergeDrivers[name] : undefined;
    const { treeOid, conflicts } = await mergeTrees(repository.objects, oids, { driver });
    expect(conflicts.map(({ path }) => path)).toEqual(merged === undefined ? ['list/a'] : []);
    if (merged !== undefined) expect(treeOid).toBe(await workshop.tree({ 'list/a': merged, b: texts.ours }));
  });

  test('reads no subtree that one side alone changed', async () => {
    const workshop = await Workshop.open();
    const oids = {
      base: await workshop.tree({ 'a/x': '1', 'b/x': '1', 'c/x': '1' }),
      ours: await workshop.tree({ 'a/x': '2', 'b/x': '1', 'c/x': '1' }),
      theirs: await workshop.tree({ 'a/x': '1', 'b/x': '2', 'c/x': '1' }),
    };
    const { objects } = workshop.repository;
    const read: Oid[] = [];
    const reader = {
      algorithm: objects.algorithm,
      async read(oid: Oid) {
        read.push(oid);
        return await objects.read(oid);
      },
      async *readMany(wanted: Iterable<Oid>) {
        for (const oid of wanted) yield [oid, await this.read(oid)] as const;
      },
      stat: objects.stat.bind(objects),
    };
    const { treeOid } = await mergeTrees(reader, oids);
    expect(treeOid).toBe(await workshop.tree({ 'a/x': '2', 'b/x': '2', 'c/x': '1' }));
    expect(new Set(read)).toEqual(new Set(Object.values(oids)));
  });
});
