import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../test/support/git.js';
import { pruneUnreachable } from '../../src/maintenance/prune.js';
import { repack } from '../../src/maintenance/repack.js';
import type { FileRepositoryOptions } from '../../src/node/index.js';
import { openForTest } from '../engines/file/open.js';
import { age, allObjects, assertSound, DAY_MS, leftovers, listing, looseOf, makeRepository } from './support.js';

const FAST: FileRepositoryOptions = { durability: 'none', lockTimeoutMs: 50 };

function hashObject(cwd: string, input: string): string {
  return git(['hash-object', '-w', '--stdin'], { cwd, input });
}

describe.each(['sha1', 'sha256'] as const)('pruneUnreachable (%s)', (format) => {
  test('removes what is old, keeps what is young and what that leads to, as git does', async () => {
    const root = temporaryDirectory();
    const directory = makeRepository(join(root, 'r.git'), format);
    const reachable = looseOf(directory);
    const old = hashObject(directory, 'old\n');
    const named = hashObject(directory, 'old, but named\n');
    age(directory, 20);
    const tree = git(['mktree'], { cwd: directory, input: `100644 blob ${named}\tname\n` });
    const young = hashObject(directory, 'young\n');
    const repository = await openForTest(directory, FAST);
    const expireBeforeMs = Date.now() - 14 * DAY_MS;
    const expire = String(Math.floor(expireBeforeMs / 1000));
    const foretold = git(['prune', '-n', '--expire', `@${expire}`], { cwd: directory });
    const before = listing(directory);
    const dry = await pruneUnreachable(repository, { expireBeforeMs, dryRun: true });
    expect(listing(directory)).toEqual(before);
    expect(dry.objects.map(({ oid, kind }) => `${oid} ${kind}`).join('\n')).toBe(foretold);
    const report = await pruneUnreachable(repository, { expireBeforeMs });
    expect(report).toEqual(dry);
    expect(report.objects).toMatchObject([{ oid: old, kind: 'blob' }]);
    expect(report.removedBytes).toBeGreaterThan(0);
    expect(looseOf(directory)).toEqual([...reachable, named, tree, young].sort());
    await pruneUnreachable(repository, { expireBeforeMs: Number.POSITIVE_INFINITY, heads: [young] });
    expect(looseOf(directory)).toEqual([...reachable, young].sort());
    assertSound(directory);
  });

  test('removes loose objects that are packed, and nothing else where nothing is to go', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'), format);
    const lost = hashObject(directory, 'lost\n');
    age(directory, 400);
    git(['repack', '-q'], { cwd: directory });
    const objects = allObjects(directory);
    const repository = await openForTest(directory, FAST);
    const { packed } = await pruneUnreachable(repository, { expireBeforeMs: null });
    expect(packed.length).toBeGreaterThan(5);
    expect(looseOf(directory)).toEqual([lost]);
    expect(allObjects(directory)).toBe(objects);
  });
});

describe('pruneUnreachable', () => {
  test('removes temporary files, but none that was written to in the last day', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    const old = new Date(Date.now() - 2 * DAY_MS);
    mkdirSync(join(directory, 'objects/ab'), { recursive: true });
    for (const path of ['ab/tmp_obj_old', 'tmp_old', 'pack/tmp_pack_old', 'ab/other', 'pack/pack-other.idx']) {
      writeFileSync(join(directory, 'objects', path), 'x');
      utimesSync(join(directory, 'objects', path), old, old);
    }
    writeFileSync(join(directory, 'objects/pack/tmp_pack_young'), 'x');
    const repository = await openForTest(directory, FAST);
    const { temporary } = await pruneUnreachable(repository, { expireBeforeMs: Number.POSITIVE_INFINITY });
    const names = temporary.map(({ path }) => path.slice(directory.length + '/objects/'.length));
    expect(names).toEqual(['ab/tmp_obj_old', 'tmp_old', 'pack/tmp_pack_old']);
    expect(leftovers(directory)).toEqual([join(directory, 'objects/pack/tmp_pack_young')]);
  });

  test('removes a commit-graph that lists what goes', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    const commit = git(['commit-tree', '-m', 'x', 'main^{tree}'], { cwd: directory });
    git(['update-ref', 'refs/heads/x', commit], { cwd: directory });
    git(['commit-graph', 'write', '--reachable'], { cwd: directory });
    git(['update-ref', '-d', 'refs/heads/x'], { cwd: directory });
    const repository = await openForTest(directory, FAST);
    const { objects } = await pruneUnreachable(repository, { expireBeforeMs: Number.POSITIVE_INFINITY });
    expect(objects.map(({ oid }) => oid)).toEqual([commit]);
    expect(await repository.objects.commitGraph()).toBeUndefined();
    assertSound(directory);
  });

  test('spares what is written again, or pointed to, after it was found to be old', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    const [written, pointed, gone] = ['written', 'pointed', 'gone'].map((text) => hashObject(directory, text)) as [
      string,
      string,
      string,
    ];
    age(directory, 20);
    const repository = await openForTest(directory, FAST);
    const refs = repository.refs;
    const audit = refs.audit.bind(refs);
    let looks = 0;
    // Between the first look at refs and the second one somebody is at work.
    refs.audit = (options) => {
      if (++looks === 2) {
        hashObject(directory, 'written');
        git(['update-ref', 'refs/tags/pointed', pointed], { cwd: directory });
      }
      return audit(options);
    };
    const { objects } = await pruneUnreachable(repository);
    expect(looks).toBe(2);
    expect(objects.map(({ oid }) => oid)).toEqual([gone]);
    expect(looseOf(directory)).toEqual(expect.arrayContaining([written, pointed]));
  });

  test('takes commits that went out of the shallow boundary, and follows no parents beyond it', async () => {
    const root = temporaryDirectory();
    const source = makeRepository(join(root, 'source.git'));
    const directory = join(root, 'shallow.git');
    git(['clone', '-q', '--bare', '--depth=1', '--no-single-branch', `file://${source}`, directory]);
    const repository = await openForTest(directory, FAST);
    expect((await repository.shallow.read()).size).toBe(2);
    git(['update-ref', '-d', 'refs/heads/other'], { cwd: directory });
    git(['update-ref', '-d', 'refs/tags/light'], { cwd: directory });
    const { droppedCount } = await repack(repository, { mode: 'all', deleteRedundant: true });
    expect(droppedCount).toBeGreaterThan(0);
    expect([...(await repository.shallow.read())]).toEqual([git(['rev-parse', 'main'], { cwd: directory })]);
    assertSound(directory);
  });

  test('refuses precious objects', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    git(['config', 'core.repositoryFormatVersion', '1'], { cwd: directory });
    git(['config', 'extensions.preciousObjects', 'true'], { cwd: directory });
    const repository = await openForTest(directory, FAST);
    await expect(pruneUnreachable(repository)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});
