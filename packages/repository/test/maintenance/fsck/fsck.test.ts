import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeUtf8, hashAlgorithm, type Oid, oidToBytes, type RawObject } from '@git-kv/objects';
import { type FsckFinding, type FsckOptions, fsck, type Repository } from '@git-kv/repository';
import { openRepository } from '@git-kv/repository/node-fs';
import { describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../../test/support/git.js';
import { MATRIX, openEngine } from '../../support/engines.js';
import { blob, collect, inventedOid, writeCommit } from '../../support/objects.js';

/** Findings without the words for people, sorted. */
async function findings(repository: Repository, options: FsckOptions = {}): Promise<Partial<FsckFinding>[]> {
  const found = await collect(fsck(repository, options));
  return found
    .map(({ type, severity, oid, id, name }) => ({
      type,
      severity,
      ...(oid && { oid }),
      ...(id && { id }),
      ...(name && { name }),
    }))
    .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}

function tree(...entries: readonly (readonly [mode: string, name: string, oid: Oid])[]): RawObject {
  const parts = entries.flatMap(([mode, name, oid]) => [encodeUtf8(`${mode} ${name}\0`), oidToBytes(oid)]);
  return { kind: 'tree', body: new Uint8Array(Buffer.concat(parts)) };
}

describe.each(MATRIX)('fsck of a repository in $engine, $format', ({ engine, format }) => {
  const algorithm = hashAlgorithm(format);
  const open = async (): Promise<Repository> => {
    const repository = await openEngine(engine, format, join(temporaryDirectory(), 'r.git'));
    const oid = await writeCommit(repository.objects, { files: { a: 'one\n', 'dir/b': 'two\n' } });
    await repository.refs.update([{ name: 'refs/heads/main', next: { oid } }]);
    return repository;
  };

  test('has nothing to say of one without fault', async () => {
    const repository = await open();
    expect(await findings(repository)).toEqual([]);
    expect(await findings(repository, { connectivityOnly: true })).toEqual([]);
    expect(await findings(repository, { unreachable: true })).toEqual([]);
    expect(await findings(repository, { roots: true })).toMatchObject([{ type: 'root', severity: 'info' }]);
    await repository.close();
  });

  test('tells what nothing leads to, and what no ref leads to', async () => {
    const repository = await open();
    const lost = await repository.objects.write(blob('lost\n'));
    const held = await repository.objects.write(tree(['100644', 'x', lost]));
    const dangling = [{ type: 'dangling', severity: 'info', oid: held }];
    expect(await findings(repository)).toEqual(dangling);
    expect(await findings(repository, { connectivityOnly: true })).toEqual(dangling);
    expect(await findings(repository, { dangling: false })).toEqual([]);
    const unreachable = await findings(repository, { unreachable: true });
    expect(unreachable.map(({ type, oid }) => [type, oid]).sort()).toEqual(
      [
        ['unreachable', lost],
        ['unreachable', held],
      ].sort(),
    );
    await repository.close();
  });

  test('tells of what is named and not here, with the object that names it', async () => {
    const repository = await open();
    const missingOid = inventedOid(algorithm, 'a');
    const treeOid = await repository.objects.write(tree(['100644', 'x', missingOid]));
    const oid = await writeCommit(repository.objects, { treeOid });
    await repository.refs.update([{ name: 'refs/heads/x', next: { oid } }]);
    const found = await collect(fsck(repository));
    expect(found).toMatchObject([
      { type: 'brokenLink', oid: missingOid, kind: 'blob', from: { oid: treeOid, kind: 'tree' }, areas: ['reachable'] },
      { type: 'missing', oid: missingOid, kind: 'blob', severity: 'error', areas: ['reachable'] },
    ]);
    await repository.close();
  });

  test('tells of a link that calls an object what it is not', async () => {
    const repository = await open();
    const blobOid = await repository.objects.write(blob('text\n'));
    const treeOid = await repository.objects.write(tree(['40000', 'x', blobOid]));
    const oid = await writeCommit(repository.objects, { treeOid });
    await repository.refs.update([{ name: 'refs/heads/x', next: { oid } }]);
    expect(await findings(repository)).toEqual([{ type: 'wrongKind', severity: 'error', oid: treeOid }]);
    await repository.close();
  });

  test('checks content as strictly as it is told to', async () => {
    const repository = await open();
    const blobOid = await repository.objects.write(blob('text\n'));
    const treeOid = await repository.objects.write(tree(['100644', '.git', blobOid]));
    const oid = await writeCommit(repository.objects, { treeOid });
    await repository.refs.update([{ name: 'refs/heads/x', next: { oid } }]);
    const finding = { type: 'check', id: 'hasDotgit', oid: treeOid };
    expect(await findings(repository)).toEqual([{ ...finding, severity: 'warn' }]);
    expect(await findings(repository, { strict: true })).toEqual([{ ...finding, severity: 'error' }]);
    expect(await findings(repository, { severities: { hasDotgit: 'ignore' } })).toEqual([]);
    expect(await findings(repository, { skip: new Set([treeOid]) })).toEqual([]);
    await expect(findings(repository, { severities: { nulInHeader: 'ignore' } })).rejects.toThrow(RangeError);
    await repository.close();
  });

  test('ends its work when its reader leaves, and on a signal', async () => {
    const repository = await open();
    for (let at = 0; at < 20; at++) await repository.objects.write(blob(`${at}`));
    for await (const finding of fsck(repository)) {
      expect(finding.type).toBe('dangling');
      break;
    }
    await expect(collect(fsck(repository, { signal: AbortSignal.abort(new Error('enough')) }))).rejects.toThrow(
      'enough',
    );
    await repository.close();
  });
});

describe.each(['sha1', 'sha256'] as const)('fsck of a work tree of %s', (format) => {
  test.each(['2', '3', '4'])('knows what the index, version %s, holds', async (version) => {
    const directory = temporaryDirectory();
    git(['init', '-q', '-b', 'main', `--object-format=${format}`, directory]);
    const cwd = { cwd: directory };
    git(['config', 'index.version', version], cwd);
    mkdirSync(join(directory, 'folder'));
    for (const name of ['staged', 'folder/staged-too', 'staged-third']) writeFileSync(join(directory, name), name);
    git(['add', '.'], cwd);
    if (version === '3') git(['update-index', '--skip-worktree', 'staged'], cwd);
    git(['write-tree'], cwd);
    writeFileSync(join(directory, 'staged'), 'staged again');
    const lost = git(['hash-object', '-w', '--stdin'], { ...cwd, input: 'lost' });
    const repository = await openRepository(directory);
    expect(await findings(repository)).toEqual([
      { type: 'dangling', severity: 'info', oid: lost },
      { type: 'noRefs', severity: 'info' },
      { type: 'unbornHead', severity: 'info', name: 'HEAD' },
    ]);
    await repository.close();
  });

  test('knows what linked work trees hold, and tells of an index that is broken', async () => {
    const directory = temporaryDirectory();
    git(['init', '-q', '-b', 'main', `--object-format=${format}`, directory]);
    const cwd = { cwd: directory };
    git(['commit', '-q', '--allow-empty', '-m', 'first'], cwd);
    git(['worktree', 'add', '-q', '--detach', join(directory, 'other')], cwd);
    git(['commit', '-q', '--allow-empty', '-m', 'second'], { cwd: join(directory, 'other') });
    const repository = await openRepository(directory);
    expect(await findings(repository, { reflogs: false })).toEqual([]);
    writeFileSync(join(directory, '.git/index'), 'DIRC');
    expect(await findings(repository)).toEqual([{ type: 'index', severity: 'error', name: 'index' }]);
    await repository.close();
  });

  test('sees the objects of an alternate', async () => {
    const [store, directory] = [temporaryDirectory(), join(temporaryDirectory(), 'r.git')];
    git(['init', '-q', '-b', 'main', `--object-format=${format}`, store]);
    git(['commit', '-q', '--allow-empty', '-m', 'first'], { cwd: store });
    git(['clone', '-q', '--bare', '--shared', store, directory]);
    const repository = await openRepository(directory);
    expect(await findings(repository)).toEqual([]);
    const objects = join(store, '.git/objects');
    for (const name of readdirSync(objects)) if (name.length === 2) rmSync(join(objects, name), { recursive: true });
    expect((await findings(repository)).map(({ type }) => type)).toContain('ref');
    await repository.close();
  });
});
