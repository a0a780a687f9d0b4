import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatBytes, encodeUtf8, hashAlgorithm, type Oid } from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import { openRepository } from '@git-kv/repository/node-fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { commitFiles, git, initBare, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { listRefLines } from '../../src/serve/list-refs.js';

describe.each(['sha1', 'sha256'] as const)('lines of an answer to ls-refs in %s', (format) => {
  const algorithm = hashAlgorithm(format);
  let repository: Repository;

  beforeAll(async () => {
    const directory = initBare(makeDirectory('git-kv'), format);
    commitFiles(directory, [{ files: { a: '1' } }, { files: { a: '2' } }]);
    const oid = git(['rev-parse', 'main'], { cwd: directory });
    const before = git(['rev-parse', 'main~1'], { cwd: directory });
    git(['tag', '-a', '-m', 'Tag', 'v1', 'main'], { cwd: directory });
    const tag = git(['rev-parse', 'v1'], { cwd: directory });
    git(['update-ref', '-d', 'refs/tags/v1'], { cwd: directory });
    const line = (name: Uint8Array | string, to: Oid, peeled?: Oid): Uint8Array =>
      concatBytes([
        encodeUtf8(`${to} `),
        typeof name === 'string' ? encodeUtf8(name) : name,
        encodeUtf8(peeled === undefined ? '\n' : `\n^${peeled}\n`),
      ]);
    const many = Array.from({ length: 2000 }, (_, at) => line(`refs/pull/${String(at).padStart(5, '0')}`, oid));
    const packed = [
      encodeUtf8('# pack-refs with: peeled fully-peeled sorted \n'),
      line('refs/heads/gone', oid),
      line('refs/heads/main', before),
      line('refs/heads/older', before),
      ...many,
      line('refs/tags/plain', oid),
      line('refs/tags/v1', tag, oid),
      line('refs/tags/\u00fc', tag, oid),
      line(concatBytes([encodeUtf8('refs/x/'), Uint8Array.of(0xff)]), oid),
    ];
    writeFileSync(join(directory, 'packed-refs'), concatBytes(packed));
    git(['update-ref', 'refs/pull/00100x', before], { cwd: directory });
    git(['update-ref', 'refs/pull/00100', before], { cwd: directory });
    git(['symbolic-ref', 'refs/heads/same', 'refs/heads/main'], { cwd: directory });
    git(['tag', '-a', '-m', 'Tag', 'loose', 'main'], { cwd: directory });
    repository = await openRepository(directory);
    await repository.refs.update([{ name: 'refs/heads/gone', next: null }]);
    return async () => {
      await repository.close();
      removeDirectory(directory);
    };
  });

  async function lines(from: Repository, prefixes: readonly string[], peel: boolean): Promise<string> {
    const chunks: Uint8Array[] = [];
    const request = { prefixes, peel, symrefs: true, unborn: true };
    for await (const chunk of listRefLines(from, request)) chunks.push(chunk);
    return new TextDecoder().decode(concatBytes(chunks));
  }

  const oneByOne = (): Repository => {
    const { refs } = repository;
    const { read, list, snapshot, update, close } = refs;
    const bound = { read, list, snapshot, update, close };
    for (const [name, call] of Object.entries(bound)) Object.assign(bound, { [name]: call.bind(refs) });
    return { ...repository, algorithm, objects: repository.objects, refs: bound };
  };

  test.each([
    [[]],
    [['HEAD', 'refs/heads/', 'refs/tags/']],
    [['refs/tags/', 'refs/pull/001', 'refs/pull/00100']],
    [['refs/heads/main']],
    [['refs/tags/\u00fc', 'refs/x']],
    [['refs/none', 'HEAD']],
    [['HEAD']],
    [['main', 're']],
    [Array.from({ length: 40 }, (_, at) => `refs/pull/000${at}`)],
  ])('are as those of refs one by one', async (prefixes) => {
    for (const peel of [true, false]) {
      expect(await lines(repository, prefixes, peel)).toBe(await lines(oneByOne(), prefixes, peel));
    }
  });

  test('are those that git tells', async () => {
    const told = await lines(repository, ['refs/heads/', 'refs/pull/', 'refs/tags/'], true);
    const directory = (repository as unknown as { layout: { gitDirectory: string } }).layout.gitDirectory;
    const listed = git(['ls-remote', directory, 'refs/heads/*', 'refs/pull/*', 'refs/tags/*'], { cwd: directory });
    const flat = told.split('\n').flatMap((line) => {
      const [oid = '', name = '', ...rest] = line.slice(4).split(' ');
      const peeled = rest.find((word) => word.startsWith('peeled:'))?.slice(7);
      if (name === '') return [];
      return [`${oid}\t${name}`, ...(peeled === undefined ? [] : [`${peeled}\t${name}^{}`])];
    });
    expect(flat).toEqual(listed.split('\n'));
  });
});
