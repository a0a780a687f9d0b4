import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectUploadPack, createHttpTransport, type Transport } from '@git-kv/protocol';
import { backFill, checkConnectivity, cloneInto, fetchInto, fsck, pushFrom, type Repository } from '@git-kv/repository';
import { type FileRepository, openRepository, pruneUnreachable, repack } from '@git-kv/repository/node-fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  commitFiles,
  git,
  gitAsync,
  makeDirectory,
  type ObjectFormat,
  removeDirectory,
} from '../../../../test/support/git.js';
import { type GitHttpBackend, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import { type Engine, openEngine } from '../support/engines.js';
import { type History, makeHistory } from '../support/history.js';
import { collect, writeCommit } from '../support/objects.js';

let root: string;
let backend: GitHttpBackend;
const histories = new Map<ObjectFormat, History>();

beforeAll(async () => {
  root = makeDirectory('git-kv-partial');
  for (const format of ['sha1', 'sha256'] as const) {
    const history = makeHistory(join(root, `${format}.git`), format);
    git(['config', 'uploadpack.allowFilter', 'true'], { cwd: history.directory });
    histories.set(format, history);
  }
  backend = await startGitHttpBackend({ root });
});

afterAll(async () => {
  await backend.close();
  removeDirectory(root);
});

/** Each engine, each object format and each filter, but not all of all. */
const CLONES: readonly {
  readonly engine: Engine;
  readonly format: ObjectFormat;
  readonly filters: readonly string[];
}[] = [
  { engine: 'memory', format: 'sha1', filters: ['blob:none', 'tree:0', 'blob:limit=0x7'] },
  { engine: 'files', format: 'sha256', filters: ['tree:0', 'blob:limit=0x7'] },
];

let copies = 0;
const place = (): string => join(root, `copy-${++copies}.git`);
const urlOf = (name: string): string => `${backend.url}/${name}.git`;
const transportTo = (name: string): Transport => createHttpTransport(urlOf(name));
const kindsOf = async (repository: Repository): Promise<Record<string, number>> => {
  const kinds: Record<string, number> = {};
  for (const oid of await collect(repository.objects.oids())) {
    const kind = (await repository.objects.stat(oid))?.kind ?? 'none';
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return kinds;
};
const faultsOf = async (repository: Repository): Promise<unknown[]> =>
  (await collect(fsck(repository))).filter(({ severity }) => severity === 'error');
const promisorFiles = (directory: string): string[] =>
  readdirSync(join(directory, 'objects/pack')).filter((name) => name.endsWith('.promisor'));
const openHere = async (directory: string): Promise<FileRepository> => {
  const repository = await openRepository(directory, { durability: 'none' });
  onTestFinished(() => repository.close());
  return repository;
};
const promisorTexts = (directory: string): string[] =>
  promisorFiles(directory).map((name) => readFileSync(join(directory, 'objects/pack', name), 'utf8'));
/** What git has at hand, without asking its remote. */
const gitHas = (directory: string): string[] =>
  git(['cat-file', '--batch-all-objects', '--batch-check=%(objectname)'], { cwd: directory }).split('\n').sort();
/** Objects that refs lead to and that git does not have. */
const gitMisses = (directory: string): string[] =>
  git(['rev-list', '--objects', '--all', '--missing=print', '--no-object-names'], { cwd: directory })
    .split('\n')
    .filter((line) => line.startsWith('?'))
    .map((line) => line.slice(1));

describe.each(CLONES)('a partial clone with $engine in $format', ({ engine, format, filters }) => {
  let directory: string;
  const open = async (): Promise<Repository> => {
    directory = place();
    const repository = await openEngine(engine, format, directory);
    onTestFinished(() => repository.close());
    return repository;
  };

  test.each(filters)('lacks what %s leaves out, is sound, and reads on', async (filter) => {
    const repository = await open();
    await cloneInto(repository, transportTo(format), { filter });
    expect(await repository.promisors?.read()).toEqual([{ name: 'origin', filter: filter.replace('0x', '') }]);
    const kinds = await kindsOf(repository);
    // What a tag names is wanted itself.
    if (!filter.startsWith('blob:limit')) expect(kinds.blob).toBe(1);
    if (filter === 'tree:0') expect(kinds.tree).toBeUndefined();
    else expect(kinds.tree).toBeGreaterThan(5);
    expect(await faultsOf(repository)).toEqual([]);
    const tips = [...Object.values((histories.get(format) as History).refs())];
    expect(await checkConnectivity(repository.objects, { roots: tips })).toMatchObject({ connected: true });

    const whole = backFill(repository, ({ signal }) =>
      connectUploadPack(transportTo(format), signal ? { signal } : {}),
    );
    const theirs = gitHas((histories.get(format) as History).directory);
    const read = await collect(whole.objects.readMany(theirs));
    expect(read.every(([, object]) => object !== undefined)).toBe(true);
    // Trees that are wanted together with those above them take git several answers.
    expect(whole.objects.requestCount).toBeLessThanOrEqual(filter === 'tree:0' ? 5 : 2);
    expect(await faultsOf(repository)).toEqual([]);
    expect(await collect(repository.objects.oids())).toEqual(theirs);
  });

  test('may be shallow, too', async () => {
    const repository = await open();
    await cloneInto(repository, transportTo(format), { filter: 'blob:none', depth: 1 });
    expect(await kindsOf(repository)).toMatchObject({ commit: 1 });
    expect(await faultsOf(repository)).toEqual([]);
    if (engine === 'files') git(['fsck', '--strict'], { cwd: directory });
  });

  test('fetches later with the filter that is remembered, and without one where that is asked for', async () => {
    const name = `later-${format}-${engine}`;
    cpSync((histories.get(format) as History).directory, join(root, `${name}.git`), { recursive: true });
    const repository = await open();
    await cloneInto(repository, transportTo(name), { filter: 'blob:none' });
    const blobs = async (): Promise<number> => (await kindsOf(repository)).blob ?? 0;
    const [before, haves] = [await blobs(), git(['rev-parse', 'main'], { cwd: join(root, `${name}.git`) })];
    const commit = (text: string): string =>
      commitFiles(join(root, `${name}.git`), [{ files: { 'new.txt': text } }], 'main') &&
      git(['rev-parse', 'main'], { cwd: join(root, `${name}.git`) });
    const client = await connectUploadPack(transportTo(name));
    const next = commit('new');
    await fetchInto(repository, client, { wants: [next], haves: [haves] });
    expect(await blobs()).toBe(before);
    expect(await repository.objects.stat(next)).toMatchObject({ kind: 'commit' });
    await fetchInto(repository, client, { wants: [commit('newer')], haves: [next], filter: null });
    expect(await blobs()).toBeGreaterThan(before);
    expect(await faultsOf(repository)).toEqual([]);
  });

  test('takes commits on top of what is missing, and pushes them', async () => {
    const name = `push-${format}-${engine}`;
    const upstream = join(root, `${name}.git`);
    cpSync((histories.get(format) as History).directory, upstream, { recursive: true });
    for (const filter of filters.slice(0, 2)) {
      const repository = await open();
      const parent = git(['rev-parse', 'main'], { cwd: upstream });
      await cloneInto(repository, transportTo(name), { filter });
      const head = await writeCommit(repository.objects, { files: { 'own.txt': filter }, parents: [parent] });
      await repository.refs.update([{ name: 'refs/heads/main', next: { oid: head } }]);
      expect(await faultsOf(repository)).toEqual([]);
      const results = await pushFrom(repository, transportTo(name), {
        updates: [{ name: 'refs/heads/main', expected: parent, next: head }],
      });
      expect(results).toEqual([{ name: 'refs/heads/main', status: 'updated' }]);
      git(['fsck', '--strict'], { cwd: upstream });
    }
  });
});

describe.each([
  { format: 'sha1', filters: ['blob:none', 'tree:0'] },
  { format: 'sha256', filters: ['blob:none'] },
] as const)('between us and git ($format)', ({ format, filters }) => {
  const cloneByGit = async (...options: string[]): Promise<string> => {
    const directory = place();
    await gitAsync(['clone', '-q', '--bare', ...options, urlOf(format), directory]);
    return directory;
  };
  const cloneByUs = async (filter: string): Promise<{ directory: string; repository: FileRepository }> => {
    const directory = place();
    const repository = (await openEngine('files', format, directory)) as FileRepository;
    onTestFinished(() => repository.close());
    await repository.config.update((document) => document.set('remote.origin.url', urlOf(format)));
    await cloneInto(repository, transportTo(format), { filter });
    return { directory, repository };
  };

  test.each(filters)('git finds ours (%s) sound, collects it, and fetches what it lacks', async (filter) => {
    const { directory, repository } = await cloneByUs(filter);
    await repository.close();
    const theirs = await cloneByGit(`--filter=${filter}`);
    expect(promisorTexts(directory)).toEqual(promisorTexts(theirs));
    expect(git(['config', 'remote.origin.partialclonefilter'], { cwd: directory })).toBe(filter);
    git(['fsck', '--strict'], { cwd: directory });
    const had = gitHas(directory);
    git(['gc', '-q', '--prune=now'], { cwd: directory });
    expect(gitHas(directory)).toEqual(had);
    expect(promisorFiles(directory)).toHaveLength(1);
    const { stdout } = await gitAsync(['cat-file', 'blob', 'main:dir/changes.txt'], { cwd: directory });
    expect(stdout).toBe('state 4');
    git(['fsck', '--strict'], { cwd: directory });
  });

  test.each(filters)("git's (%s) is sound to us, is fetched into, and read on", async (filter) => {
    const directory = await cloneByGit(`--filter=${filter}`);
    const repository = await openHere(directory);
    expect(await repository.promisors.read()).toEqual([{ name: 'origin', filter }]);
    expect(await faultsOf(repository)).toEqual([]);
    const whole = backFill(repository, () => connectUploadPack(transportTo(format)));
    const missing = gitMisses(directory);
    expect(missing.length).toBeGreaterThan(0);
    for (const [, object] of await collect(whole.objects.readMany(missing))) expect(object).toBeDefined();
    expect(promisorFiles(directory)).toHaveLength(2);
    await whole.close();
    if (filter === 'blob:none') expect(gitMisses(directory)).toEqual([]);
    git(['fsck', '--strict'], { cwd: directory });
  });

  test.each(['theirs', 'ours'])(
    'our repack and prune lose nothing of %s, and join the packs of the remote',
    async (whose) => {
      const made = whose === 'ours' ? await cloneByUs('tree:0') : undefined;
      const directory = made?.directory ?? (await cloneByGit('--filter=tree:0'));
      const repository = made?.repository ?? (await openHere(directory));
      const whole = backFill(repository, () => connectUploadPack(transportTo(format)));
      for (const oid of gitMisses(directory).slice(0, 3)) await whole.objects.read(oid);
      const parent = git(['rev-parse', 'main'], { cwd: directory });
      const head = await writeCommit(repository.objects, { files: { 'own.txt': 'own' }, parents: [parent] });
      await repository.refs.update([{ name: 'refs/heads/own', next: { oid: head } }]);
      const had = gitHas(directory);
      expect(promisorFiles(directory).length).toBeGreaterThan(2);
      const report = await repack(repository, { mode: 'all', deleteRedundant: true, unreachable: 'drop' });
      expect(report.objectCount).toBe(3); // the commit, its tree and its file
      await pruneUnreachable(repository, { expireBeforeMs: Date.now() + 1000 });
      expect(gitHas(directory)).toEqual(had);
      expect(promisorFiles(directory)).toHaveLength(1);
      expect(readdirSync(join(directory, 'objects/pack')).filter((name) => name.endsWith('.pack'))).toHaveLength(2);
      expect(await faultsOf(repository)).toEqual([]);
      git(['fsck', '--strict'], { cwd: directory });
    },
  );

  test('what is lost and was not promised is missed by both', async () => {
    const { directory, repository } = await cloneByUs('blob:none');
    const head = await writeCommit(repository.objects, { files: { 'own.txt': 'own' } });
    await repository.refs.update([{ name: 'refs/heads/own', next: { oid: head } }]);
    const lost = git(['rev-parse', 'own:own.txt'], { cwd: directory });
    const path = join(directory, 'objects', lost.slice(0, 2), lost.slice(2));
    expect(existsSync(path)).toBe(true);
    await repository.objects.own.loose.remove([lost]);
    expect((await faultsOf(repository)).map((one) => (one as { oid?: string }).oid)).toContain(lost);
    expect(await checkConnectivity(repository.objects, { roots: [head] })).toEqual({
      connected: false,
      missingOid: lost,
    });
    expect((await gitAsync(['fsck'], { cwd: directory })).stdout).toContain(`missing blob ${lost}`);
  });
});

test('a filter is refused where nobody would know who has the rest', async () => {
  const repository: Repository = await openEngine('memory', 'sha1', '');
  const { promisors: _, ...plain } = repository as Repository & Record<string, unknown>;
  const other: Repository = { ...plain, objects: repository.objects, refs: repository.refs } as Repository;
  const client = await connectUploadPack(transportTo('sha1'));
  const fetched = fetchInto(other, client, { wants: ['a'.repeat(40)], filter: 'blob:none' });
  await expect(fetched).rejects.toMatchObject({ code: 'UNSUPPORTED' });
});
