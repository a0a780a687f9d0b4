import { spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, gitEnv, temporaryDirectory } from '../../../../test/support/git.js';
import { lockGc } from '../../src/maintenance/gc-lock.js';
import { collectGarbage, type FileRepositoryOptions, openRepository } from '../../src/node/index.js';
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
} from './support.js';

const FAST: FileRepositoryOptions = { durability: 'none', lockTimeoutMs: 2000 };

describe.each(['sha1', 'sha256'] as const)('collectGarbage (%s)', (format) => {
  test('leaves the objects, refs and loose files that git gc leaves', async () => {
    const root = temporaryDirectory();
    for (const days of [0, 20]) {
      const theirs = makeRepository(join(root, `theirs-${days}.git`), format);
      loseObjects(theirs);
      age(theirs, days);
      const ours = join(root, `ours-${days}.git`);
      cpSync(theirs, ours, { recursive: true, preserveTimestamps: true });
      git(['gc', '-q'], { cwd: theirs });
      const repository = await openForTest(ours, FAST);
      const report = await collectGarbage(repository);
      expect(allObjects(ours)).toBe(allObjects(theirs));
      expect(looseOf(ours)).toEqual(looseOf(theirs));
      expect(packsOf(ours)).toHaveLength(1);
      expect(readFileSync(join(ours, 'packed-refs'), 'utf8')).toBe(readFileSync(join(theirs, 'packed-refs'), 'utf8'));
      const graph = 'objects/info/commit-graph';
      expect(readFileSync(join(ours, graph))).toEqual(readFileSync(join(theirs, graph)));
      expect(report.commitGraphCount).toBe((await repository.objects.commitGraph())?.commitCount);
      assertSound(ours);
      expect(leftovers(ours)).toEqual([]);
      // Whatever was collected by the one can be collected by the other.
      git(['gc', '-q', '--prune=now'], { cwd: ours });
      await collectGarbage(await openForTest(theirs, FAST), { expireBeforeMs: Number.POSITIVE_INFINITY });
      expect(allOids(ours)).toEqual(allOids(theirs));
      assertSound(theirs);
    }
  });

  test('foretells in a dry run what goes, and changes nothing', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'), format);
    loseObjects(directory);
    age(directory, 20);
    const repository = await openForTest(directory, FAST);
    const before = listing(directory);
    const foretold = await collectGarbage(repository, { dryRun: true });
    expect(listing(directory)).toEqual(before);
    const done = await collectGarbage(repository);
    expect(foretold.removedBytes).toBe(done.removedBytes);
    expect(foretold.refs).toEqual(done.refs);
    expect(foretold.repack?.removedPacks).toEqual(done.repack?.removedPacks);
    expect(foretold.prune?.objects).toEqual(done.prune?.objects);
  });
});

describe('collectGarbage', () => {
  test('keeps to refs and the commit-graph where objects are precious', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    git(['config', 'core.repositoryFormatVersion', '1'], { cwd: directory });
    git(['config', 'extensions.preciousObjects', 'true'], { cwd: directory });
    const packs = packsOf(directory);
    const report = await collectGarbage(await openForTest(directory, FAST));
    expect(report).toMatchObject({ repack: undefined, prune: undefined, removedBytes: 0 });
    expect(packsOf(directory)).toEqual(packs);
    expect(existsSync(join(directory, 'packed-refs'))).toBe(true);
  });

  test.each([
    ['a process that runs', `${process.pid} ${hostname()}`, 0, false],
    ['a process of another computer', '1 elsewhere.example', 0, false],
    ['a process that is gone', `999999999 ${hostname()}`, 0, true],
    ['one that began half a day ago', '1 elsewhere.example', 0.6, true],
    ['nobody to be known', 'garbage', 0, true],
  ])('finds gc.pid of %s', async (_case, content, days, isFree) => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    const path = join(directory, 'gc.pid');
    writeFileSync(path, content);
    const time = new Date(Date.now() - days * DAY_MS);
    utimesSync(path, time, time);
    const before = listing(directory);
    const repository = await openForTest(directory, FAST);
    const outcome = collectGarbage(repository);
    if (isFree) {
      await outcome;
      expect(existsSync(path)).toBe(false);
    } else {
      await expect(outcome).rejects.toMatchObject({
        code: 'REF_LOCKED',
        host: content.split(' ')[1],
        pid: Number.parseInt(content, 10),
      });
      const isOwner = (line: string): boolean => line.startsWith('git-kv/journal/');
      expect(listing(directory).filter((line) => !isOwner(line))).toEqual(before);
      await collectGarbage(repository, { force: true });
      expect(existsSync(path)).toBe(false);
    }
  });

  test('two owners that cannot be looked for keep out of each other’s way, and remove only what is theirs', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    const path = join(directory, 'gc.pid');
    const nameless = { pid: 0, host: 'unknown', isRunning: () => false };
    const [one, two] = [await openForTest(directory, FAST), await openForTest(directory, FAST)];
    const unlockOne = await lockGc(one, nameless, false);
    await expect(lockGc(two, nameless, false)).rejects.toMatchObject({ code: 'REF_LOCKED' });
    const unlockTwo = await lockGc(two, nameless, true);
    await unlockOne();
    expect(existsSync(path)).toBe(true);
    await unlockTwo();
    expect(existsSync(path)).toBe(false);
  });

  test('and git gc keep out of each other’s way', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    const repository = await openForTest(directory, FAST);
    let theirs: { code: number; stderr: string } | undefined;
    const ours = collectGarbage(repository, {
      onProgress: ({ phase }) => {
        if (phase !== 'reachable' || theirs !== undefined) return;
        theirs = { code: -1, stderr: '' };
        expect(() => git(['gc', '-q'], { cwd: directory })).toThrow(
          `gc is already running on machine '${hostname()}' pid ${process.pid}`,
        );
      },
    });
    await ours;
    expect(theirs).toBeDefined();
    git(['gc', '-q'], { cwd: directory });
  });

  test('leaves a sound repository where it is aborted', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    loseObjects(directory);
    const objects = allObjects(directory);
    const repository = await openForTest(directory, FAST);
    const phases = new Set<string>();
    for (let stop = 0; stop < 200; stop++) {
      const controller = new AbortController();
      let left = stop;
      const outcome = await collectGarbage(repository, {
        signal: controller.signal,
        onProgress: ({ phase }) => {
          if (left-- > 0) return;
          phases.add(phase);
          controller.abort(new Error('enough'));
        },
      }).then(
        () => 'done',
        (error: Error) => error.message,
      );
      expect(leftovers(directory)).toEqual([]);
      expect(allObjects(directory)).toBe(objects);
      if (outcome === 'done' && left > 0) break;
    }
    expect(phases.size).toBeGreaterThan(3);
    assertSound(directory);
  });

  test('is not noticed by readers, ours and git’s, nor by writers', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    const oids = allOids(directory);
    const reader = await openRepository(directory, FAST);
    const collector = await openForTest(directory, FAST);
    let working = true;
    let reads = 0;
    let asked = 0;
    const ours = (async () => {
      while (working) {
        for (const oid of oids) expect(await reader.objects.read(oid)).toBeDefined();
        const seen = [];
        for await (const [oid, object] of reader.objects.readMany(oids)) if (object) seen.push(oid);
        expect(seen.length).toBe(oids.length);
        for await (const { name } of reader.refs.list('refs/')) expect(await reader.refs.read(name)).toBeDefined();
        reads++;
      }
    })();
    // One process of git that is asked again and again, over packs that come and go.
    const child = spawn('git', ['cat-file', '--batch-check'], {
      cwd: directory,
      env: gitEnv,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const theirs = (async () => {
      let answers = '';
      const input = `${oids.join('\n')}\n`;
      child.stdin.write(input);
      for await (const chunk of child.stdout.setEncoding('utf8')) {
        answers += chunk;
        const lines = answers.split('\n');
        if (lines.length <= oids.length) continue;
        expect(lines.filter((line) => line.endsWith('missing'))).toEqual([]);
        answers = '';
        asked++;
        if (working) child.stdin.write(input);
        else child.stdin.end();
      }
    })();
    try {
      for (let round = 0; round < 8; round++) {
        commitFiles(directory, [{ files: { [`round/${round}`]: `${round}` } }], `round-${round}`);
        git(['repack', '-dq'], { cwd: directory });
        await collectGarbage(collector);
      }
    } finally {
      working = false;
      await Promise.all([ours, theirs]);
      await reader.close();
    }
    expect(reads).toBeGreaterThan(0);
    expect(asked).toBeGreaterThan(1);
    expect(packsOf(directory)).toHaveLength(1);
    assertSound(directory);
  });
});
