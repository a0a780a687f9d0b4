import { join } from 'node:path';
import type { Oid } from '@git-kv/objects';
import { type ObjectFilter, parseObjectFilter } from '@git-kv/protocol';
import { packContent } from '@git-kv/repository';
import { type FileRepository, openRepository } from '@git-kv/repository/node-fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { makeOddHistory } from '../../../../test/support/odd-history.js';
import { makeRandomHistory } from '../../../../test/support/random-history.js';

const FILTERS = [
  'blob:none',
  'blob:limit=0',
  'blob:limit=1',
  'blob:limit=41',
  'blob:limit=1k',
  'tree:0',
  'tree:1',
  'tree:2',
  'tree:3',
  'tree:100',
  'object:type=commit',
  'object:type=tree',
  'object:type=blob',
  'object:type=tag',
  'combine:blob:none+blob:limit=1k',
  'combine:blob:limit=50+object:type=blob',
  'combine:object:type=commit+object:type=tree',
];

/** Of these git's depth-first walk may leave out what stands at several depths; what is listed here is what all parts take. */
const COMBINED = ['combine:tree:2+blob:limit=1k', 'combine:tree:3+tree:2', 'combine:blob:none+tree:3'];

describe.each([
  ['odd', 'sha1'],
  ['seed 1', 'sha256'],
  ['seed 2', 'sha1'],
] as const)('a pack with a filter of the %s history in %s', (name, format) => {
  let root: string;
  let repository: FileRepository;
  let tips: Oid[];
  beforeAll(async () => {
    root = makeDirectory();
    const directory = join(root, 'r.git');
    if (name === 'odd') makeOddHistory(directory, format);
    else makeRandomHistory(directory, format, Number(name.slice(5)));
    repository = await openRepository(directory);
    // No trees of commits: git forgets that they were asked for where it comes by them again.
    const refs = ['--branches', '--tags=v1*', '--tags=blob*', '--tags=light'];
    tips = git(['rev-parse', ...refs], { cwd: directory }).split('\n');
  });
  afterAll(async () => {
    await repository.close();
    removeDirectory(root);
  });

  const ours = async (
    filter: ObjectFilter | undefined,
    wants: readonly Oid[],
    haves: readonly Oid[] = [],
  ): Promise<Oid[]> => {
    const { objects } = await packContent(repository, { wants, haves, filter });
    return [...objects].map(({ oid }) => oid).sort();
  };
  const theirs = (filter: string, revisions: readonly string[]): Oid[] => {
    const args = ['rev-list', '--objects', '--no-object-names', ...(filter === '' ? [] : [`--filter=${filter}`])];
    const text = git([...args, ...revisions], { cwd: join(root, 'r.git') });
    return [...new Set(text.split('\n').filter((line) => line !== ''))].sort();
  };

  test.each(FILTERS)('%s holds what git lists', async (filter) => {
    expect(await ours(parseObjectFilter(filter), tips)).toEqual(theirs(filter, tips));
    expect(await ours(parseObjectFilter(filter), [tips[0] as Oid])).toEqual(theirs(filter, [tips[0] as Oid]));
  });

  test.each(COMBINED)('%s holds what all of it take', async (text) => {
    const { filters } = parseObjectFilter(text) as Extract<ObjectFilter, { kind: 'combine' }>;
    const each = await Promise.all(filters.map((filter) => ours(filter, tips)));
    const all = (each[0] as Oid[]).filter((oid) => each.every((oids) => oids.includes(oid)));
    const combined = await ours(parseObjectFilter(text), tips);
    expect(combined).toEqual(all);
    expect(combined).toEqual(expect.arrayContaining(theirs(text, tips)));
  });

  test.each(FILTERS)('%s takes what is wanted by itself, and what is in a wanted tree', async (filter) => {
    const directory = join(root, 'r.git');
    const tree = git(['rev-parse', `${name === 'odd' ? 'main' : 'v2'}^{tree}`], { cwd: directory });
    const blob = git(['ls-tree', '-r', tree], { cwd: directory }).slice(12).split('\t', 1)[0] as Oid;
    const taken = parseObjectFilter(filter);
    expect(await ours(taken, [blob])).toEqual([blob]);
    expect(await ours(taken, [tree])).toEqual(theirs(filter, [tree]));
  });

  test.each(FILTERS)('%s of what is new holds all that git lists, and nothing that it filters', async (filter) => {
    const haves = [git(['rev-parse', name === 'odd' ? 'old' : 'v2~1'], { cwd: join(root, 'r.git') })];
    const found = await ours(parseObjectFilter(filter), tips, haves);
    const needed = theirs(filter, [...tips, '--not', ...haves]);
    expect(found).toEqual(expect.arrayContaining(needed));
    const all = new Set(await ours(parseObjectFilter(filter), tips));
    expect(found.filter((oid) => !all.has(oid))).toEqual([]);
  });

  test('without a filter holds all', async () => {
    expect(await ours(undefined, tips)).toEqual(theirs('', tips));
  });
});
