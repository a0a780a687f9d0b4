import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GitKv } from '@git-kv/kv';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/git.js';
import { complete } from '../../src/mgit/completion.js';

let store: GitKv;
beforeAll(async () => {
  store = await GitKv.open(createMemoryRepository());
  await store.changeAndPush(async (batch) => {
    for (const key of ['/foo', '/food', '/dir/a', '/dir/a b', '/dir/sub/c', '/two words/x', '/"q"'])
      await batch.set(key, '');
  });
});

describe('complete', () => {
  test.each<[typed: string, word: string, candidates: readonly string[]]>([
    ['get', 'get', ['get', 'get-with-permissions']],
    ['set_', 'set_', ['set_partial ']],
    ['lis', 'lis', ['list ']],
    ['fo', 'fo', ['fold']],
    ['pul', 'pul', ['pull']],
    ['get /fo', '/fo', ['/foo', '/food']],
    ['get fo', 'fo', ['foo', 'food']],
    ['get /d', '/d', ['/dir/']],
    ['get /dir/', '/dir/', ['/dir/a', '"/dir/a b"', '/dir/sub/']],
    ['get //dir//s', '//dir//s', ['//dir//sub/']],
    ['get "/dir/a ', '"/dir/a ', ['"/dir/a b"']],
    ['get /two', '/two', ['"/two words/']],
    ['get "/two words/', '"/two words/', ['"/two words/x"']],
    ['get "/\\"', '"/\\"', [String.raw`"/\"q\""`]],
    ['get /nope/', '/nope/', []],
    ['get /foo/', '/foo/', []],
    ['get /../', '/../', []],
    ['get /foo /', '/', []],
    ['rename /foo /fo', '/fo', ['/foo', '/food']],
    ['set-with-permissions /k ', '', ['n', 'x', 'a', 'l']],
    ['set-with-permissions /k x fo', 'fo', []],
    ['nonsense /f', '/f', []],
  ])('%s', async (typed, word, candidates) => {
    expect(await complete(typed, store, '/')).toEqual({ word, candidates });
  });

  test('every command where nothing is typed', async () => {
    const { word, candidates } = await complete('', store, '/');
    expect(word).toBe('');
    expect(candidates).toEqual(expect.arrayContaining(['get', 'fold', 'quit']));
  });

  test('files, for save', async () => {
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, 'folder'));
    writeFileSync(join(cwd, 'file'), '');
    writeFileSync(join(cwd, 'folder', 'state'), '');
    expect((await complete('save f', store, cwd)).candidates.toSorted()).toEqual(['file', 'folder/']);
    expect((await complete('save folder/', store, cwd)).candidates).toEqual(['folder/state']);
    expect((await complete('save nope/', store, cwd)).candidates).toEqual([]);
  });

  test('what a batch has made', async () => {
    await store.changeAndPush(async (batch) => {
      await batch.set('/new', '');
      expect((await complete('get /n', batch, '/')).candidates).toEqual(['/new']);
      await batch.remove('/new');
    });
  });
});
