import { join } from 'node:path';
import type { Oid } from '@git-kv/objects';
import {
  Abbreviations,
  findRevision,
  peelTo,
  type Repository,
  resolveRevision,
  shortestUnique,
} from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { openRepository } from '@git-kv/repository/node-fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  initBare,
  makeDirectory,
  type ObjectFormat,
  removeDirectory,
} from '../../../../test/support/git.js';
import { type History, makeHistory } from '../support/history.js';
import { blob, inventedOid } from '../support/objects.js';

let root: string;
beforeAll(() => {
  root = makeDirectory('git-kv-revision');
});
afterAll(() => removeDirectory(root));

describe.each(['sha1', 'sha256'] as const)('findRevision in %s', (format: ObjectFormat) => {
  let history: History;
  let repository: Repository;

  beforeAll(async () => {
    history = makeHistory(join(root, `${format}.git`), format);
    const run = (...args: string[]): string => git(args, { cwd: history.directory });
    // A merge, names that mean several things, and branches named like files of the repository.
    const tree = run('rev-parse', 'main^{tree}');
    const told = run('commit-tree', '-p', 'main', '-m', 'state 2', '-m', 'More of it', tree);
    const last = run('commit-tree', '-p', told, '-m', 'state 1aa', tree);
    run('update-ref', 'refs/heads/told', last);
    const merge = run('commit-tree', '-p', 'main', '-p', 'side', '-m', 'Merge', tree);
    run('update-ref', 'refs/heads/merged', merge);
    run('update-ref', 'refs/heads/v1', 'main');
    run('update-ref', 'refs/heads/config', 'main~1');
    run('update-ref', 'refs/heads/team/topic', 'side~1');
    run('update-ref', 'refs/remotes/origin/main', 'main~2');
    run('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
    run('update-ref', 'refs/heads/deadbeef', 'side');
    run('update-ref', 'refs/notes/commits', 'side');
    run('update-ref', 'ORIG_HEAD', 'main~4');
    repository = await openRepository(history.directory);
  });
  afterAll(() => repository.close());

  test.each([
    'HEAD',
    '@',
    'ORIG_HEAD',
    'main',
    'heads/main',
    'refs/heads/main',
    'v1', // the tag comes before the branch
    'heads/v1',
    'tags/v1',
    'config',
    'team/topic',
    'origin',
    'origin/main',
    'remotes/origin/HEAD',
    'deadbeef',
    'notes/commits',
    'main^',
    'main^1',
    'main^0',
    'main~',
    'main~0',
    'main~3',
    'main~2^',
    'main^^~1',
    '@~2',
    'merged^2',
    'merged^2~1',
    'merged^1^{tree}',
    'v1^{}',
    'nested',
    'nested^{}',
    'nested^{commit}',
    'nested^{tree}',
    'nested^{tag}',
    'v1^{object}',
    'v1~1',
    'nested^0',
    'a-blob',
    'a-blob^{blob}',
    'main:',
    'main:dir',
    'main:dir/',
    'main:dir/changes.txt',
    'main~2:dir/sub/1.txt',
    'v1:same.txt',
    'main^{tree}:dir/sub',
    'merged^2:side.txt',
    'main^{}}',
    'told^{/^[[:alnum:]]+ 2}',
    'main~1^{/}',
    'nested^{/}',
    'told^{/a{2}}',
    'told^{/!-1aa}',
    'told^{/More}~0',
    ':/Merge',
    ':/^(Merge|nothing)',
    ':/!-Merge',
    'told^{/^sta{0,2}te [23]\n\nMore}',
    '@^{tree}:dir/sub',
    '@^{}~2^{commit}',
    'v1-3-gDESCRIBED',
    'any-name-at-all-gDESCRIBED',
    'v1-gDESCRIBED^{tree}:dir',
    'main^{commit}^{tree}',
    'main^^0~1^{}',
    'nested^{object}',
    'a-blob^{object}',
  ])('finds %s where git does', async (text) => {
    const revision = text.replace('DESCRIBED', (history.main[1] as string).slice(0, 8));
    const expected = git(['rev-parse', '--verify', '-q', revision], { cwd: history.directory });
    expect(await findRevision(repository, revision)).toBe(expected);
  });

  test.each([
    'nothing',
    'main~5',
    'main^2',
    'merged^3',
    'main~99999999',
    'a-blob^{commit}',
    'a-blob^{tree}',
    'main^{blob}',
    'main^{tag}',
    'main:nothing',
    'main:same.txt/below',
    'a-blob:x',
    'nothing:same.txt',
    'abc',
    'main..lock',
    'bad name',
    'packed-refs',
    'description',
    'objects/info',
    '../config',
    'main^{/nothing like this}',
    'main^{/[}',
    'a-blob^{/.}',
    ':/nothing like this',
    ':/!x',
    '@@',
    '@main',
    'main^{nothing}',
    'main^-1',
    'main^99999999999',
    'main~99999999999',
    'v1-gabcdefab',
    'v1-g',
    'main:/same.txt',
    'main:dir//sub',
    'main:./same.txt',
    'main@{0}x',
    'main@{nonsense',
  ])('finds no %s, as git', async (revision) => {
    expect(() => git(['rev-parse', '--verify', '-q', revision], { cwd: history.directory })).toThrow();
    const found = await findRevision(repository, revision).catch((error: { code?: string }) => error.code);
    expect([undefined, 'UNSUPPORTED']).toContain(found);
  });

  test('finds an object by its id, in any case, and by the beginning of it', async () => {
    const oid = history.main[0] as Oid;
    for (const length of [oid.length, 12, 7]) {
      expect(await findRevision(repository, oid.slice(0, length))).toBe(oid);
      expect(await findRevision(repository, oid.slice(0, length).toUpperCase())).toBe(oid);
    }
    expect(await findRevision(repository, `${oid.slice(0, 9)}^{tree}`)).toBe(
      git(['rev-parse', `${oid}^{tree}`], { cwd: history.directory }),
    );
    expect(await findRevision(repository, oid.slice(0, 3))).toBeUndefined();
    // A whole id is taken at its word.
    const unknown = inventedOid(repository.algorithm, 'c');
    expect(await findRevision(repository, unknown)).toBe(unknown);
    expect(await findRevision(repository, `${unknown}^`)).toBeUndefined();
    expect(await findRevision(repository, `${unknown}^{object}`)).toBeUndefined();
    expect(await findRevision(repository, `${unknown}^{}`)).toBeUndefined();
  });

  test.each([
    ['@{1}', 'its reflog'],
    ['main@{0}', 'its reflog'],
    ['main@{yesterday}', 'its reflog'],
    ['main@{2 days ago}~1', 'its reflog'],
    ['@{-1}', 'checked out before'],
    ['main@{upstream}', 'upstream branches'],
    ['@{U}', 'upstream branches'],
    ['main@{push}^', 'pushed to'],
    [':path', 'index'],
    [':0:path', 'index'],
    ['main..side', 'range'],
    ['main...side', 'range'],
    ['main:./path', 'relative path'],
    ['main^{kind}', 'no kind'],
  ])('refuses %s and says why', async (revision, reason) => {
    await expect(findRevision(repository, revision)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining(reason),
    });
  });
});

test('an abbreviation of several objects is an error, and one of a single object is not', async () => {
  const { objects } = createMemoryRepository();
  const byPrefix = new Map<string, Oid[]>();
  for (let index = 0; index < 1000; index++) {
    const oid = await objects.write(blob(`${index}`));
    byPrefix.set(oid.slice(0, 4), [...(byPrefix.get(oid.slice(0, 4)) ?? []), oid]);
  }
  const fresh = createMemoryRepository();
  const [prefix, oids] = [...byPrefix].find(([, same]) => same.length > 1) as [string, Oid[]];
  for await (const [, object] of objects.readMany(oids)) if (object) await fresh.objects.write(object);
  await expect(findRevision(fresh, prefix)).rejects.toMatchObject({ code: 'AMBIGUOUS_REVISION' });
  expect(await findRevision(fresh, (oids[0] as Oid).slice(0, 12))).toBe(oids[0]);
});

test('resolveRevision throws where findRevision finds nothing', async () => {
  const repository = createMemoryRepository();
  await expect(resolveRevision(repository, 'HEAD')).rejects.toMatchObject({
    code: 'OBJECT_NOT_FOUND',
    subject: 'HEAD',
  });
});

test('history ends at the shallow boundary', async () => {
  const { directory, main } = makeHistory(join(root, 'deep.git'), 'sha1');
  const cut = join(root, 'cut.git');
  git(['clone', '-q', '--bare', '--depth=2', `file://${directory}`, cut]);
  const repository = await openRepository(cut);
  for (const revision of ['main~1', 'main^1', 'main~1^0']) {
    expect(await findRevision(repository, revision)).toBe(main.at(-2));
  }
  for (const revision of ['main~2', 'main^^', 'main~1^2']) {
    expect(() => git(['rev-parse', '--verify', '-q', revision], { cwd: cut })).toThrow();
    expect(await findRevision(repository, revision)).toBeUndefined();
  }
  await repository.close();
});

test('peelTo goes through tags and commits, and gives nothing for what is missing', async () => {
  const { directory, main } = makeHistory(join(root, 'peel.git'), 'sha1');
  const repository = await openRepository(directory);
  const tag = await resolveRevision(repository, 'nested');
  expect(await peelTo(repository, tag, 'commit')).toBe(main[1]);
  expect(await peelTo(repository, tag, 'tree')).toBe(git(['rev-parse', 'nested^{tree}'], { cwd: directory }));
  expect(await peelTo(repository, tag, 'blob')).toBeUndefined();
  expect(await peelTo(repository, inventedOid(repository.algorithm, 'b'), 'tree')).toBeUndefined();
  await repository.close();
});

describe.each(['sha1', 'sha256'] as const)('an abbreviation in %s', (format: ObjectFormat) => {
  let directory: string;
  let repository: Repository;
  let shared: Map<string, { oid: string; kind: string }[]>;

  beforeAll(async () => {
    directory = initBare(join(root, `many-${format}.git`), format);
    commitFiles(
      directory,
      Array.from({ length: 700 }, (_, index) => ({ files: { [`${index % 5}/${index}`]: `file ${index}` } })),
    );
    for (let index = 0; index < 20; index++) git(['tag', '-a', '-m', `${index}`, `t${index}`], { cwd: directory });
    repository = await openRepository(directory);
    shared = new Map();
    const list = git(['cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)'], {
      cwd: directory,
    });
    for (const line of list.split('\n')) {
      const [oid, kind] = line.split(' ') as [string, string];
      const prefix = oid.slice(0, 4);
      shared.set(prefix, [...(shared.get(prefix) ?? []), { oid, kind }]);
    }
    for (const [prefix, objects] of shared) if (objects.length < 2) shared.delete(prefix);
  });
  afterAll(() => repository.close());

  const found = (revision: string): string | undefined => {
    try {
      return git(['rev-parse', '--verify', '-q', revision], { cwd: directory });
    } catch {
      return undefined;
    }
  };

  test('of several objects means the one that the rest of the revision can go on with, as in git', async () => {
    expect(shared.size).toBeGreaterThan(10);
    let resolved = 0;
    const mixed = [...shared].filter(([, objects]) => new Set(objects.map(({ kind }) => kind)).size > 1);
    for (const [prefix] of mixed.slice(0, 12)) {
      for (const suffix of ['', '^0', '~1', '^{commit}', '^{tree}', ':']) {
        const revision = `${prefix}${suffix}`;
        const ours = await findRevision(repository, revision).catch((error: { code?: string }) => {
          expect(error.code).toBe('AMBIGUOUS_REVISION');
          return undefined;
        });
        expect([revision, ours]).toEqual([revision, found(revision)]);
        if (ours !== undefined) resolved++;
      }
    }
    expect(resolved).toBeGreaterThan(0);
  });

  test('of several objects means the one of the preferred kind, and names all where there is none', async () => {
    const [prefix, objects] = [...shared].find(
      ([, { length, ...several }]) => length === 2 && several[0]?.kind === 'blob' && several[1]?.kind === 'commit',
    ) as [string, { oid: string; kind: string }[]];
    const [blobOid, commitOid] = objects.map(({ oid }) => oid);
    for (const [prefer, oid] of [
      ['blob', blobOid],
      ['commit', commitOid],
      ['commit-ish', commitOid],
      ['tree-ish', commitOid],
    ] as const) {
      expect(await findRevision(repository, prefix, { prefer })).toBe(oid);
    }
    for (const prefer of ['tree', undefined] as const) {
      await expect(findRevision(repository, prefix, prefer && { prefer })).rejects.toMatchObject({
        code: 'AMBIGUOUS_REVISION',
        abbreviation: prefix,
        candidates: [blobOid, commitOid],
      });
    }
    // What describe prints means a commit.
    expect(await findRevision(repository, `v1-7-g${prefix}`)).toBe(commitOid);
  });

  test.each([4, 5, 7, 12, 40])('has as many digits as git prints, %i at least', async (length) => {
    for (const state of ['loose', 'packed']) {
      if (state === 'packed') git(['repack', '-adq'], { cwd: directory });
      const oids = [...shared.values()].flat().map(({ oid }) => oid);
      const theirs = git(['rev-list', '--no-walk', `--abbrev=${length}`, '--abbrev-commit', '--all'], {
        cwd: directory,
      });
      const tips = git(['rev-list', '--no-walk', '--all'], { cwd: directory });
      const fresh = await openRepository(directory);
      for (const [at, oid] of tips.split('\n').entries()) {
        expect(await shortestUnique(fresh.objects, oid, { length })).toBe(theirs.split('\n')[at]);
      }
      const shortener = await Abbreviations.open(fresh.objects, { length });
      for (const oid of oids.slice(0, 20)) {
        const expected = git(['rev-parse', `--short=${length}`, oid], { cwd: directory });
        expect(await shortener.shorten(oid)).toBe(expected);
        expect(shortener.shortenSync(oid)).toBe(expected);
      }
      await fresh.close();
    }
  });
});
