import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { initRepository, openRepository } from '../../src/node/index.js';

describe('initRepository', () => {
  test.each(['sha1', 'sha256'] as const)(
    'lays out what git takes for an empty bare %s repository',
    async (objectFormat) => {
      const directory = join(temporaryDirectory(), 'deep/new.git');
      const repository = await initRepository(directory, { objectFormat, initialBranch: 'trunk' });
      expect(repository.algorithm.name).toBe(objectFormat);
      const run = (...args: string[]): string => git(args, { cwd: directory });
      expect(run('rev-parse', '--is-bare-repository', '--show-object-format')).toBe(`true\n${objectFormat}`);
      expect(run('symbolic-ref', 'HEAD')).toBe('refs/heads/trunk');
      run('fsck', '--strict', '--full');
      const head = commitFiles(directory, [{ files: { a: '1' } }], 'trunk');
      expect(await repository.refs.read('refs/heads/trunk')).toEqual({ oid: head });
    },
  );

  test('T11: HEAD and config are the bytes of git init --bare', async () => {
    const root = temporaryDirectory();
    initBare(join(root, 'git.git'));
    await initRepository(join(root, 'ours.git'));
    for (const name of ['HEAD', 'config']) {
      expect(readFileSync(join(root, 'ours.git', name), 'utf8')).toBe(
        readFileSync(join(root, 'git.git', name), 'utf8'),
      );
    }
  });

  test('leaves a repository that is there alone', async () => {
    const directory = initBare(join(temporaryDirectory(), 'one.git'));
    await expect(initRepository(directory, { initialBranch: 'x' })).rejects.toMatchObject({ code: 'ALREADY_PRESENT' });
    expect(readFileSync(join(directory, 'HEAD'), 'utf8')).toBe('ref: refs/heads/main\n');
  });

  test('refuses a branch that cannot be one', async () => {
    const directory = join(temporaryDirectory(), 'one.git');
    await expect(initRepository(directory, { initialBranch: 'a..b' })).rejects.toMatchObject({
      code: 'INVALID_REF_NAME',
    });
  });
});

describe('openRepository', () => {
  const workTree = (): { root: string; tree: string; head: string } => {
    const root = temporaryDirectory();
    const tree = join(root, 'tree');
    git(['init', '-q', '-b', 'main', tree]);
    git(['commit', '-q', '--allow-empty', '-m', 'one'], { cwd: tree });
    return { root, tree, head: git(['rev-parse', 'HEAD'], { cwd: tree }) };
  };

  test('finds the repository of a work tree, by the tree and by its .git', async () => {
    const { tree, head } = workTree();
    for (const path of [tree, join(tree, '.git')]) {
      const repository = await openRepository(path);
      expect(await repository.refs.read('refs/heads/main')).toEqual({ oid: head });
      await repository.close();
    }
  });

  test('follows the gitfile of a linked work tree, whose HEAD is its own and whose branches are shared', async () => {
    const { root, tree, head } = workTree();
    git(['worktree', 'add', '-q', '-b', 'side', join(root, 'linked')], { cwd: tree });
    git(['update-ref', 'refs/worktree/mark', head], { cwd: join(root, 'linked') });
    const repository = await openRepository(join(root, 'linked'));
    expect(await repository.refs.read('HEAD')).toEqual({ target: 'refs/heads/side' });
    expect(await repository.refs.read('refs/heads/main')).toEqual({ oid: head });
    expect(await repository.refs.read('refs/worktree/mark')).toEqual({ oid: head });
    const names: string[] = [];
    for await (const { name } of repository.refs.list('refs/')) names.push(name);
    expect(names).toEqual(['refs/heads/main', 'refs/heads/side', 'refs/worktree/mark']);
    const outcome = await repository.refs.update([{ name: 'refs/heads/new', expected: null, next: { oid: head } }]);
    expect(outcome.status).toBe('updated');
    expect(git(['rev-parse', 'refs/heads/new'], { cwd: tree })).toBe(head);
  });

  test.each([
    ['nothing', () => undefined],
    ['an empty directory', (path: string) => mkdirSync(path)],
    ['a file', (path: string) => writeFileSync(path, 'gitdir: nowhere\n')],
    [
      'a directory with a HEAD alone',
      (path: string) => cpSync(initBare(`${path}-other`) + '/HEAD', join(path, 'HEAD')),
    ],
  ])('finds no repository where there is %s', async (_case, make) => {
    const path = join(temporaryDirectory(), 'x');
    make(path);
    await expect(openRepository(path)).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY', subject: path });
  });

  test.each([
    ['a later format version', 'core.repositoryformatversion', '2'],
    ['an extension it does not know', 'extensions.futureThing', 'true'],
    ['refs that are no files', 'extensions.refStorage', 'reftable'],
    ['an object format it does not know', 'extensions.objectFormat', 'sha512'],
  ])('refuses %s', async (_case, name, value) => {
    const directory = initBare(join(temporaryDirectory(), 'one.git'));
    git(['config', '--file', 'config', 'core.repositoryformatversion', '1'], { cwd: directory });
    git(['config', '--file', 'config', name, value], { cwd: directory });
    await expect(openRepository(directory)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe('the shallow file', () => {
  test('is the one git reads', async () => {
    const root = temporaryDirectory();
    const directory = initBare(join(root, 'full.git'));
    commitFiles(directory, [{ files: { a: '1' } }, { files: { a: '2' } }, { files: { a: '3' } }]);
    git(['clone', '-q', '--bare', '--depth=1', `file://${directory}`, join(root, 'shallow.git')]);
    const repository = await openRepository(join(root, 'shallow.git'));
    const head = git(['rev-parse', 'main'], { cwd: directory });
    expect([...(await repository.shallow.read())]).toEqual([head]);
    await repository.shallow.update({ add: [], remove: [head] });
    expect(git(['rev-parse', '--is-shallow-repository'], { cwd: join(root, 'shallow.git') })).toBe('false');
    await repository.shallow.update({ add: [head], remove: [] });
    expect(git(['rev-parse', '--is-shallow-repository'], { cwd: join(root, 'shallow.git') })).toBe('true');
    git(['fsck', '--strict'], { cwd: join(root, 'shallow.git') });
  });

  test('waits for the lock of another, and then gives up', async () => {
    const directory = initBare(join(temporaryDirectory(), 'one.git'));
    writeFileSync(join(directory, 'shallow.lock'), '');
    const repository = await openRepository(directory, { lockTimeoutMs: 50 });
    const update = repository.shallow.update({ add: ['a'.repeat(40)], remove: [] });
    await expect(update).rejects.toMatchObject({ code: 'REF_LOCKED' });
  });
});
