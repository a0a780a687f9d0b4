import type { Oid } from '@git-kv/objects';
import { isRefHidden, type RefReader, type Repository, readHiddenRefs, visibleRefs } from '@git-kv/repository';
import { parseConfig } from '@git-kv/repository/file';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { beforeAll, describe, expect, test } from 'vitest';
import { collect, writeCommit } from '../support/objects.js';

describe('isRefHidden', () => {
  const cases: [what: string, patterns: string[], name: string, isHidden: boolean][] = [
    ['nothing where there are no patterns', [], 'refs/heads/main', false],
    ['a ref by its name', ['refs/heads/main'], 'refs/heads/main', true],
    ['what is below a name', ['refs/internal'], 'refs/internal/a/b', true],
    ['what is below a name with slashes after it', ['refs/internal//'], 'refs/internal/a', true],
    ['no ref that only begins like the name', ['refs/internal'], 'refs/internals/a', false],
    ['no ref by the middle of its name', ['heads/main'], 'refs/heads/main', false],
    ['all refs by refs', ['refs'], 'refs/heads/main', true],
    ['HEAD by its name', ['HEAD'], 'HEAD', true],
    ['no ref by a glob', ['refs/heads/*'], 'refs/heads/main', false],
    ['what a later pattern shows again', ['refs/heads', '!refs/heads/main'], 'refs/heads/main', false],
    ['what stands beside it', ['refs/heads', '!refs/heads/main'], 'refs/heads/side', true],
    ['what a third one hides again', ['refs', '!refs/heads', 'refs/heads/x'], 'refs/heads/x/y', true],
    ['what an earlier one shows', ['!refs/heads/main', 'refs/heads'], 'refs/heads/main', true],
    ['a name with its namespace', ['^refs/heads'], 'refs/heads/main', true],
    ['what is shown with its namespace', ['refs', '!^refs/heads'], 'refs/heads/main', false],
  ];
  test.each(cases)('hides %s: %j of %s', (_what, patterns, name, isHidden) => {
    expect(isRefHidden(name, patterns)).toBe(isHidden);
  });
});

test('readHiddenRefs takes the settings for all services and those for its own, in their order', () => {
  const config = parseConfig(`
[transfer] hideRefs = refs/a
[receive] hideRefs = !refs/a/b
[uploadpack] hideRefs = refs/c
[transfer] hiderefs = refs/d
[transfer "sub"] hideRefs = refs/e
`);
  expect(readHiddenRefs(config, 'receive')).toEqual(['refs/a', '!refs/a/b', 'refs/d']);
  expect(readHiddenRefs(config, 'uploadpack')).toEqual(['refs/a', 'refs/c', 'refs/d']);
});

describe('visibleRefs', () => {
  let repository: Repository;
  let oid: Oid;
  let refs: RefReader;

  beforeAll(async () => {
    repository = createMemoryRepository();
    oid = await writeCommit(repository.objects, { files: { a: '1' } });
    const names = ['refs/heads/main', 'refs/internal/a', 'refs/internal/b/c', 'refs/tags/v1'];
    await repository.refs.update(names.map((name) => ({ name, next: { oid } })));
    await repository.refs.update([
      { name: 'refs/heads/alias', next: { target: 'refs/internal/a' } },
      { name: 'HEAD', next: { target: 'refs/internal/a' } },
    ]);
    refs = visibleRefs(repository.refs, { hidden: ['refs/internal', '!refs/internal/b'] });
  });

  test('lists what is not hidden, and no symbolic ref to what is', async () => {
    const names = (await collect(refs.list('refs/'))).map(({ name }) => name);
    expect(names).toEqual(['refs/heads/main', 'refs/internal/b/c', 'refs/tags/v1']);
    expect(await collect(refs.list('refs/internal/a'))).toEqual([]);
  });

  test('reads hidden refs as absent', async () => {
    expect(await refs.read('refs/heads/main')).toEqual({ oid });
    for (const name of ['refs/internal/a', 'refs/heads/alias', 'HEAD']) expect(await refs.read(name)).toBeUndefined();
    const found = await refs.snapshot(['HEAD', 'refs/heads/main', 'refs/internal/a']);
    expect([...found.keys()]).toEqual(['refs/heads/main']);
  });

  test('is the store itself where nothing is hidden', () => {
    expect(visibleRefs(repository.refs, {})).toBe(repository.refs);
  });
});
