import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hashAlgorithm } from '@git-kv/objects';
import { parsePackIndex, parsePackMtimes } from '@git-kv/pack';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { repack } from '../../src/maintenance/repack.js';
import type { FileRepositoryOptions } from '../../src/node/index.js';
import { openForTest } from '../engines/file/open.js';
import {
  age,
  allObjects,
  allOids,
  assertSound,
  DAY_MS,
  leftovers,
  listing,
  looseOf,
  loseObjects,
  makeRepository,
  packsOf,
  reachableOids,
} from './support.js';

const FAST: FileRepositoryOptions = { durability: 'none', lockTimeoutMs: 50 };
describe.each(['sha1', 'sha256'] as const)('repack (%s)', (format) => {
  test('puts everything that is reachable into one pack, and nothing else stays', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'), format);
    const { packed, loose } = loseObjects(directory);
    const reachable = reachableOids(directory);
    const repository = await openForTest(directory, FAST);
    const report = await repack(repository, { mode: 'all', deleteRedundant: true });
    expect(packsOf(directory)).toEqual([`${report.packName}.pack`]);
    expect(report).toMatchObject({ objectCount: reachable.length, droppedCount: packed.length, loosenedCount: 0 });
    expect(report.reusedDeltaCount).toBeGreaterThan(0);
    expect(looseOf(directory)).toEqual([loose]);
    expect(allOids(directory)).toEqual([...reachable, loose].sort());
    assertSound(directory);
    git(['verify-pack', `objects/pack/${report.packName}`], { cwd: directory });
    for (const oid of reachable) expect(await repository.objects.read(oid)).toBeDefined();
    expect(leftovers(directory)).toEqual([]);
  });

  test('is told by git to be no worse than its own, and git repacks it again', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'), format);
    const objects = allObjects(directory);
    git(['repack', '-adfq'], { cwd: directory });
    const repository = await openForTest(directory, FAST);
    const [theirs = ''] = packsOf(directory);
    const packBytes = statSync(join(directory, 'objects/pack', theirs)).size;
    const fresh = await repack(repository, { mode: 'all', deleteRedundant: true, noReuseDeltas: true });
    expect(fresh.packBytes).toBeLessThan(packBytes * 1.05);
    expect(allObjects(directory)).toBe(objects);
    assertSound(directory);
  });

  test('leaves one pack as it is that holds all there is', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'), format);
    git(['repack', '-adfq'], { cwd: directory });
    const packs = packsOf(directory);
    const repository = await openForTest(directory, FAST);
    const report = await repack(repository, { mode: 'all', deleteRedundant: true });
    expect(report).toMatchObject({ packName: undefined, objectCount: 0, removedPacks: [] });
    expect(packsOf(directory)).toEqual(packs);
    const { packName } = await repack(repository, { mode: 'all', deleteRedundant: true, noReuseDeltas: true });
    expect(packsOf(directory)).toEqual([`${packName}.pack`]);
    assertSound(directory);
  });

  test('keeps a loose object whose copy in the pack that would stand has rotted', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'), format);
    const copies = new Map(
      looseOf(directory).map((oid) => {
        const path = join(directory, 'objects', oid.slice(0, 2), oid.slice(2));
        return [path, readFileSync(path)];
      }),
    );
    git(['repack', '-adfq'], { cwd: directory });
    for (const [path, bytes] of copies) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
    const [pack = ''] = packsOf(directory).map((name) => join(directory, 'objects/pack', name));
    const loose = looseOf(directory);
    // Finding what is reachable reads all but blobs.
    const isCopied = (line: string): boolean => loose.includes(line.split(' ')[0] as string) && line.includes(' blob ');
    const line = git(['verify-pack', '-v', pack], { cwd: directory }).split('\n').find(isCopied) ?? '';
    const [oid = '', , , packedBytes, offset] = line.split(/ +/);
    const bytes = readFileSync(pack);
    const at = Number(offset) + Number(packedBytes) - 6;
    bytes[at] = (bytes[at] as number) ^ 0xff;
    chmodSync(pack, 0o644);
    writeFileSync(pack, bytes);
    const repository = await openForTest(directory, FAST);
    await repack(repository, { mode: 'all', deleteRedundant: true }).catch(() => undefined);
    expect(looseOf(directory)).toContain(oid);
  });

  test('packs what is loose and leaves packs as they are', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'), format);
    const packs = packsOf(directory);
    const lost = git(['hash-object', '-w', '--stdin'], { cwd: directory, input: 'lost\n' });
    const objects = allObjects(directory);
    const repository = await openForTest(directory, FAST);
    const { packName } = await repack(repository, { deleteRedundant: true });
    expect(packsOf(directory)).toEqual([...packs, `${packName}.pack`].sort());
    expect(looseOf(directory)).toEqual([lost]);
    expect(allObjects(directory)).toBe(objects);
    expect(await repack(repository, { deleteRedundant: true })).toMatchObject({ packName: undefined, objectCount: 0 });
    assertSound(directory);
  });

  test('makes unreachable objects loose, those that are old excepted, unless young ones lead to them', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'), format);
    const { packed, loose } = loseObjects(directory);
    age(directory, 20);
    const tree = git(['cat-file', '--batch-check=%(objecttype) %(objectname)'], {
      cwd: directory,
      input: packed.join('\n'),
    });
    const treeOid = /tree (\S+)/.exec(tree)?.[1] as string;
    // A young commit upon a tree that nothing else leads to.
    const young = git(['commit-tree', '-m', 'young', treeOid], { cwd: directory });
    const kept = git(['rev-list', '--objects', '--no-object-names', young], { cwd: directory }).split('\n');
    const repository = await openForTest(directory, FAST);
    const expireBeforeMs = Date.now() - 14 * DAY_MS;
    const options = { mode: 'all', deleteRedundant: true, unreachable: 'loosen' } as const;
    const report = await repack(repository, { ...options, expireBeforeMs });
    const saved = kept.filter((oid) => packed.includes(oid));
    expect(saved.length).toBeGreaterThan(1);
    expect(report).toMatchObject({ loosenedCount: saved.length, droppedCount: packed.length - saved.length });
    expect(looseOf(directory)).toEqual([...new Set([...saved, young, loose])].sort());
    assertSound(directory);
  });

  test('puts them into a cruft pack that tells how old they are, as git does', async () => {
    const root = temporaryDirectory();
    const directory = makeRepository(join(root, 'r.git'), format);
    const { packed, loose } = loseObjects(directory);
    age(directory, 20);
    const young = git(['hash-object', '-w', '--stdin'], { cwd: directory, input: 'young\n' });
    const objects = allObjects(directory);
    const theirs = join(root, 'theirs.git');
    cpSync(directory, theirs, { recursive: true, preserveTimestamps: true });
    git(['repack', '-dq', '--cruft'], { cwd: theirs });
    const options = { mode: 'all', deleteRedundant: true, unreachable: 'cruft' } as const;
    const repository = await openForTest(directory, FAST);
    const report = await repack(repository, options);
    expect(report).toMatchObject({ cruftCount: packed.length + 2, droppedCount: 0, loosenedCount: 0 });
    expect(timesOf(directory)).toEqual(timesOf(theirs));
    expect(looseOf(directory)).toEqual([]);
    expect(allObjects(directory)).toBe(objects);
    // Again: what it holds keeps its age, whatever the age of the pack.
    const before = timesOf(directory);
    expect(await repack(repository, options)).toMatchObject({ cruftName: report.cruftName, packName: report.packName });
    expect(timesOf(directory)).toEqual(before);
    // What is pointed to again comes back, and what is old goes.
    git(['update-ref', 'refs/tags/back', loose], { cwd: directory });
    const expireBeforeMs = Date.now() - 14 * DAY_MS;
    expect(await repack(repository, { ...options, expireBeforeMs })).toMatchObject({
      cruftCount: 1,
      droppedCount: packed.length,
    });
    expect(Object.keys(timesOf(directory))).toEqual([young]);
    await repack(repository, { ...options, unreachable: 'loosen', expireBeforeMs });
    expect(looseOf(directory)).toEqual([young]);
    assertSound(directory);
  });

  test('takes a cruft pack for no such pack any more when all that it holds is reachable', async () => {
    const directory = initBare(join(temporaryDirectory(), 'r.git'), format);
    const lost = git(['hash-object', '-w', '--stdin'], { cwd: directory, input: 'lost\n' });
    const repository = await openForTest(directory, FAST);
    const options = { mode: 'all', deleteRedundant: true, unreachable: 'cruft' } as const;
    const { cruftName } = await repack(repository, options);
    expect(Object.keys(timesOf(directory))).toEqual([lost]);
    git(['update-ref', 'refs/tags/found', lost], { cwd: directory });
    expect(await repack(repository, options)).toMatchObject({ packName: cruftName, cruftName: undefined });
    expect(timesOf(directory)).toEqual({});
    expect(packsOf(directory)).toEqual([`${cruftName}.pack`]);
    assertSound(directory);
  });

  test('keeps all of them loose without a limit, and packed where they are to be kept', async () => {
    const root = temporaryDirectory();
    const directory = makeRepository(join(root, 'r.git'), format);
    const { packed, loose } = loseObjects(directory);
    age(directory, 400);
    const objects = allObjects(directory);
    const copy = join(root, 'copy.git');
    cpSync(directory, copy, { recursive: true });
    await repack(await openForTest(directory, FAST), { mode: 'all', deleteRedundant: true, unreachable: 'loosen' });
    expect(looseOf(directory)).toEqual([...packed, loose].sort());
    expect(allObjects(directory)).toBe(objects);
    await repack(await openForTest(copy, FAST), { mode: 'all', deleteRedundant: true, unreachable: 'keep' });
    expect(looseOf(copy)).toEqual([]);
    expect(packsOf(copy)).toHaveLength(1);
    expect(allObjects(copy)).toBe(objects);
  });

  test('rolls small packs up in the geometric way, as git does', async () => {
    const root = temporaryDirectory();
    const directory = initBare(join(root, 'r.git'), format);
    for (const [at, count] of [64, 1, 9, 2, 2, 30].entries()) {
      const files = Object.fromEntries(Array.from({ length: count }, (_, file) => [`${at}/${file}`, `${at} ${file}`]));
      commitFiles(directory, [{ files }]);
      git(['repack', '-dq'], { cwd: directory });
    }
    commitFiles(directory, [{ files: { loose: 'loose' } }]);
    const objects = allObjects(directory);
    const copy = join(root, 'copy.git');
    for (const factor of [2, 3]) {
      cpSync(directory, `${copy}${factor}`, { recursive: true });
      git(['repack', '-dq', `--geometric=${factor}`], { cwd: `${copy}${factor}` });
    }
    const repository = await openForTest(directory, FAST);
    await repack(repository, { mode: 'geometric', deleteRedundant: true });
    expect(countsOf(directory)).toEqual(countsOf(`${copy}2`));
    expect(allObjects(directory)).toBe(objects);
    expect(looseOf(directory)).toEqual([]);
    await repack(repository, { mode: 'geometric', deleteRedundant: true, factor: 3 });
    git(['repack', '-dq', '--geometric=3'], { cwd: `${copy}2` });
    expect(countsOf(directory)).toEqual(countsOf(`${copy}2`));
    expect(allObjects(directory)).toBe(objects);
    assertSound(directory);
  });
});

/** When the objects of cruft packs were last written, in seconds since 1970. */
function timesOf(directory: string): Record<string, number> {
  const times: [string, number][] = [];
  for (const name of readdirSync(join(directory, 'objects/pack'))) {
    if (!name.endsWith('.mtimes')) continue;
    const read = (ending: string): Uint8Array => {
      return new Uint8Array(readFileSync(join(directory, 'objects/pack', name.replace(/\.mtimes$/, ending))));
    };
    const mtimes = read('.mtimes');
    const algorithm = hashAlgorithm(mtimes[11] === 1 ? 'sha1' : 'sha256');
    const index = parsePackIndex(read('.idx'), algorithm);
    const parsed = parsePackMtimes(mtimes, algorithm, index);
    for (let at = 0; at < index.objectCount; at++) times.push([index.oidAt(at), parsed.mtimeAt(at)]);
  }
  return Object.fromEntries(times);
}

/** How many objects each pack has, sorted. */
function countsOf(directory: string): number[] {
  return packsOf(directory)
    .map((name) => {
      const list = git(['show-index'], { cwd: directory, input: gitIndex(directory, name) });
      return list.split('\n').length;
    })
    .sort((a, b) => a - b);
}

function gitIndex(directory: string, name: string): Uint8Array {
  return readFileSync(join(directory, 'objects/pack', name.replace(/\.pack$/, '.idx')));
}

describe('repack', () => {
  test('leaves packs alone that are to be kept, and out of the new one what they hold', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    const [first = '', second = ''] = packsOf(directory);
    writeFileSync(join(directory, 'objects/pack', first.replace(/pack$/, 'keep')), '');
    const objects = allObjects(directory);
    const repository = await openForTest(directory, FAST);
    const options = { mode: 'all', deleteRedundant: true, keepPacks: [second] } as const;
    const { packName } = await repack(repository, options);
    expect(packsOf(directory)).toEqual([first, second, `${packName}.pack`].sort());
    expect(countsOf(directory).reduce((sum, count) => sum + count)).toBe(allOids(directory).length);
    expect(allObjects(directory)).toBe(objects);
  });

  test('borrows from an alternate where it is to be local', async () => {
    const root = temporaryDirectory();
    const base = makeRepository(join(root, 'base.git'));
    const directory = initBare(join(root, 'r.git'));
    writeFileSync(join(directory, 'objects/info/alternates'), '../../base.git/objects\n');
    git(['update-ref', 'refs/heads/main', git(['rev-parse', 'main'], { cwd: base })], { cwd: directory });
    commitFiles(directory, [{ files: { own: 'own' } }]);
    const borrowed = listing(base);
    const repository = await openForTest(directory, FAST);
    const local = await repack(repository, { mode: 'all', deleteRedundant: true, local: true });
    expect(local.objectCount).toBe(3);
    assertSound(directory);
    const whole = await repack(repository, { mode: 'all', deleteRedundant: true });
    expect(whole.objectCount).toBeGreaterThan(20);
    expect(listing(base)).toEqual(borrowed);
  });

  test('writes the multi-pack-index anew where there was one, and none that names what is gone', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    git(['multi-pack-index', 'write'], { cwd: directory });
    const repository = await openForTest(directory, FAST);
    await repack(repository, { mode: 'all', deleteRedundant: true });
    expect(readdirSync(join(directory, 'objects/pack'))).toContain('multi-pack-index');
    git(['multi-pack-index', 'verify'], { cwd: directory });
    assertSound(directory);
    commitFiles(directory, [{ files: { more: 'more' } }]);
    await repack(repository, { mode: 'all', deleteRedundant: true, multiPackIndex: false });
    expect(readdirSync(join(directory, 'objects/pack'))).not.toContain('multi-pack-index');
    await repack(repository, { multiPackIndex: true });
    assertSound(directory);
  });

  test('foretells in a dry run what goes, and changes nothing', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    loseObjects(directory);
    const before = listing(directory);
    const repository = await openForTest(directory, FAST);
    const options = { mode: 'all', deleteRedundant: true } as const;
    const foretold = await repack(repository, { ...options, dryRun: true });
    expect(listing(directory)).toEqual(before);
    const done = await repack(repository, options);
    const { removedPacks, removedLoose, removedBytes, objectCount, droppedCount } = done;
    expect(foretold).toMatchObject({ removedPacks, removedLoose, removedBytes, objectCount, droppedCount });
    expect(removedBytes).toBeGreaterThan(1000);
  });

  test('leaves the repository as it was where it is aborted, whenever that is', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    loseObjects(directory);
    const before = listing(directory);
    const repository = await openForTest(directory, FAST);
    const seen = new Set<string>();
    for (let stop = 0; stop < 50; stop++) {
      const controller = new AbortController();
      let left = stop;
      const promise = repack(repository, {
        mode: 'all',
        deleteRedundant: true,
        signal: controller.signal,
        onProgress: ({ phase }) => {
          if (phase === 'loose' || left-- > 0) return;
          seen.add(phase);
          controller.abort(new Error('enough'));
        },
      });
      const outcome = await promise.then(
        () => 'done',
        (error: Error) => error.message,
      );
      if (outcome === 'done') break;
      expect(outcome).toBe('enough');
      expect(listing(directory)).toEqual(before);
    }
    expect([...seen].sort()).toEqual(expect.arrayContaining(['reachable', 'write']));
    expect(packsOf(directory)).toHaveLength(1);
    assertSound(directory);
  });

  test.each([['precious objects', ['extensions.preciousObjects', 'true'], 'UNSUPPORTED']])(
    'refuses %s',
    async (_case, setting, code) => {
      const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
      git(['config', 'core.repositoryFormatVersion', '1'], { cwd: directory });
      git(['config', ...setting], { cwd: directory });
      const before = listing(directory);
      const repository = await openForTest(directory, FAST);
      await expect(repack(repository, { mode: 'all', deleteRedundant: true })).rejects.toMatchObject({ code });
      expect(listing(directory)).toEqual(before);
    },
  );

  test.each([
    ['a ref to a missing object', 'refs/heads/broken', `${'1'.repeat(40)}\n`, 'OBJECT_NOT_FOUND'],
    ['a ref that a power loss emptied', 'refs/heads/broken', '', 'MALFORMED'],
    ['a broken index', 'index', 'DIRC', 'MALFORMED'],
    ['a broken HEAD', 'HEAD', 'ref: refs/heads/main\0x', 'MALFORMED'],
  ])('removes nothing where there is %s', async (_case, name, content, code) => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    const repository = await openForTest(directory, FAST);
    mkdirSync(join(directory, 'refs/heads'), { recursive: true });
    writeFileSync(join(directory, name), content);
    const before = listing(directory);
    await expect(repack(repository, { mode: 'all', deleteRedundant: true })).rejects.toMatchObject({ code });
    expect(listing(directory)).toEqual(before);
  });

  test('keeps what logs, the index and other work trees name, and survives a log that names what is gone', async () => {
    const root = temporaryDirectory();
    const directory = join(root, 'work');
    const run = (...args: string[]): string => git(args, { cwd: directory });
    git(['init', '-q', '-b', 'main', directory]);
    run('commit', '-q', '--allow-empty', '-m', 'first');
    writeFileSync(join(directory, 'a'), 'a');
    run('add', 'a');
    run('commit', '-q', '-m', 'second');
    run('reset', '-q', '--hard', 'HEAD~1');
    writeFileSync(join(directory, 'staged'), 'staged');
    run('add', 'staged');
    run('worktree', 'add', '-q', '--detach', join(root, 'other'));
    git(['commit', '-q', '--allow-empty', '-m', 'detached'], { cwd: join(root, 'other') });
    writeFileSync(join(root, 'other/b'), 'b');
    git(['add', 'b'], { cwd: join(root, 'other') });
    git(['update-ref', 'refs/worktree/mine', git(['commit-tree', '-m', 'mine', 'HEAD^{tree}'], { cwd: directory })], {
      cwd: join(root, 'other'),
    });
    const objects = allObjects(directory);
    const log = join(directory, '.git/logs/refs/heads/main');
    const line = readFileSync(log, 'utf8').split('\n')[0] as string;
    writeFileSync(log, `${line.replace(/^\S+ \S+/, `${'0'.repeat(40)} ${'1'.repeat(40)}`)}\n`, { flag: 'a' });
    const repository = await openForTest(directory, FAST);
    const { droppedCount } = await repack(repository, { mode: 'all', deleteRedundant: true });
    expect(droppedCount).toBe(0);
    expect(looseOf(join(directory, '.git'))).toEqual([]);
    expect(allObjects(directory)).toBe(objects);
  });
});
