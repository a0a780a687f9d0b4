import { cpSync, existsSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { hashObject, type RawObject, sha1 } from '@git-kv/objects';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  gitBytes,
  initBare,
  makeDirectory,
  removeDirectory,
  temporaryDirectory,
} from '../../../../../test/support/git.js';
import { type FileRepository, openFileRepository } from '../../../src/engines/file/index.js';
import { FaultyFs } from './faulty-fs.js';

const MAIN = 'refs/heads/main';
const blob = (text: string): RawObject => ({ kind: 'blob', body: new TextEncoder().encode(text) });

let root: string;
let template: string;
let first: string;
let second: string;
let pack: Uint8Array;
/** The oid that only `pack` has. */
let arriving: string;

beforeAll(() => {
  root = makeDirectory();
  template = initBare(join(root, 'template.git'));
  first = commitFiles(template, [{ files: { a: '1' } }]);
  second = commitFiles(template, [{ files: { a: '2' } }]);
  git(['update-ref', 'refs/heads/old', first], { cwd: template });
  git(['pack-refs', '--all'], { cwd: template });
  const other = join(root, 'other.git');
  cpSync(template, other, { recursive: true });
  arriving = commitFiles(other, [{ files: { a: '3', b: '4' } }]);
  pack = gitBytes(['pack-objects', '--stdout', '-q', '--revs'], { cwd: other, input: `${arriving}\n^${second}\n` });
});
afterAll(() => removeDirectory(root));

async function* stream(): AsyncGenerator<Uint8Array> {
  yield pack;
}

interface Operation {
  run(repository: FileRepository): Promise<unknown>;
  /** What must hold of the repository on disk, whether `run` was acknowledged or not. */
  check(run: (...args: string[]) => string, acknowledged: boolean): void;
}

const operations: Record<string, Operation> = {
  'write one object': {
    run: (repository) => repository.objects.write(blob('new')),
    check: (run, acknowledged) => {
      if (acknowledged) expect(run('cat-file', 'blob', hashObject(sha1, 'blob', blob('new').body))).toBe('new');
    },
  },
  'write a pack': {
    run: (repository) => repository.objects.writeMany(Array.from({ length: 120 }, (_, at) => blob(`blob ${at}`))),
    check: (run, acknowledged) => {
      const count = run('cat-file', '--batch-all-objects', '--batch-check').split('\n').length;
      expect(count).toBe(acknowledged ? 6 + 120 : count === 126 ? 126 : 6);
    },
  },
  'receive a pack and move a ref': {
    run: async (repository) => {
      const quarantine = await repository.objects.receive(stream());
      const updates = [{ name: MAIN, expected: { oid: second }, next: { oid: arriving } }];
      const outcome = await repository.transact({ quarantine, updates });
      expect(outcome.status).toBe('updated');
    },
    check: (run, acknowledged) => {
      const main = run('rev-parse', MAIN);
      expect(acknowledged ? [arriving] : [second, arriving]).toContain(main);
    },
  },
  'move a ref': {
    run: async (repository) => {
      const outcome = await repository.refs.update([{ name: MAIN, expected: { oid: second }, next: { oid: first } }]);
      expect(outcome.status).toBe('updated');
    },
    check: (run, acknowledged) => {
      expect(acknowledged ? [first] : [second, first]).toContain(run('rev-parse', MAIN));
    },
  },
  'delete a packed ref': {
    run: async (repository) => {
      const outcome = await repository.refs.update([{ name: 'refs/heads/old', expected: { oid: first }, next: null }]);
      expect(outcome.status).toBe('updated');
    },
    check: (run, acknowledged) => {
      const refs = run('for-each-ref', '--format=%(refname)', 'refs/heads/old');
      expect(acknowledged ? [''] : ['', 'refs/heads/old']).toContain(refs);
      expect(run('rev-parse', MAIN)).toBe(second);
    },
  },
};

const fresh = (): string => {
  const directory = join(temporaryDirectory(), 'repository.git');
  cpSync(template, directory, { recursive: true });
  return directory;
};
const locksOf = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => /\.lock$|tmp_/.test(path));

/** Whether the call is one in the midst of many of the same. */
const isRepeated = (calls: readonly string[], number: number): boolean =>
  [number - 2, number - 3, number].every((at) => calls[at] === calls[number - 1]);

/** Run `operation` on a fresh copy with faults. */
async function attempt(
  operation: Operation,
  faulty: FaultyFs,
): Promise<{ directory: string; error: unknown; acknowledged: boolean }> {
  const directory = fresh();
  const repository = await openFileRepository(faulty.fs, directory, { lockTimeoutMs: 20 });
  let error: unknown;
  try {
    await operation.run(repository);
  } catch (thrown) {
    error = thrown;
  }
  await repository.close().catch(() => undefined);
  return { directory, error, acknowledged: error === undefined };
}

describe.each(Object.entries(operations))('a file repository that is to %s', (_name, operation) => {
  const callsOf = async (): Promise<string[]> => {
    const faulty = new FaultyFs();
    const { error } = await attempt(operation, faulty);
    expect(error).toBeUndefined();
    return faulty.calls;
  };

  test.each(['EIO', 'ENOSPC'])(
    'and meets %s at any one call, says so or succeeds, and leaves no lock',
    async (code) => {
      const calls = await callsOf();
      for (let number = 1; number <= calls.length; number++) {
        if (isRepeated(calls, number) || (code === 'ENOSPC' && calls[number - 1]?.includes('read'))) continue;
        const faulty = new FaultyFs((_call, at) => (at === number ? { code } : undefined));
        let result: Awaited<ReturnType<typeof attempt>>;
        try {
          result = await attempt(operation, faulty);
        } catch (error) {
          // It could not even be opened.
          expect(error).toMatchObject({ code: code === 'EIO' ? 'IO_FAILED' : 'NO_SPACE' });
          continue;
        }
        const { directory, error, acknowledged } = result;
        const where = `${code} at call ${number}, ${calls[number - 1]}`;
        if (error) expect([where, error]).toMatchObject([where, { code: code === 'EIO' ? 'IO_FAILED' : 'NO_SPACE' }]);
        const run = (...args: string[]): string => git(args, { cwd: directory });
        operation.check(run, acknowledged);
        // The call that fails may be the one that removes: then what it was to remove stays, and nothing else.
        const isRemoval = calls[number - 1] === 'unlink';
        expect([where, isRemoval ? [] : locksOf(directory)]).toEqual([where, []]);
        if (number % 4 === 0) run('fsck', '--strict');
      }
    },
  );

  test('and dies at any call leaves the old state or the new', async () => {
    const calls = await callsOf();
    for (let number = 1; number <= calls.length; number++) {
      if (isRepeated(calls, number)) continue;
      const faulty = new FaultyFs((_call, at) => (at === number ? 'stop' : undefined));
      let result: Awaited<ReturnType<typeof attempt>>;
      try {
        result = await attempt(operation, faulty);
      } catch {
        continue;
      }
      const run = (...args: string[]): string => git(args, { cwd: result.directory });
      operation.check(run, result.acknowledged);
      if (number % 4 === 0) run('fsck', '--strict');
    }
  });
});

describe('a file repository', () => {
  test('refuses to write once a sync failed, until it is opened anew; reading goes on', async () => {
    const directory = fresh();
    let broken = false;
    const faulty = new FaultyFs((name) => (broken && name === 'handle.sync' ? { code: 'EIO' } : undefined));
    const repository = await openFileRepository(faulty.fs, directory);
    broken = true;
    await expect(repository.objects.write(blob('a'))).rejects.toMatchObject({ code: 'IO_FAILED' });
    broken = false;
    await expect(repository.objects.write(blob('b'))).rejects.toMatchObject({ code: 'IO_FAILED' });
    await expect(repository.refs.update([{ name: MAIN, next: null }])).rejects.toMatchObject({ code: 'IO_FAILED' });
    expect(await repository.refs.read(MAIN)).toEqual({ oid: second });
    expect((await repository.objects.read(second))?.kind).toBe('commit');
    expect(locksOf(directory)).toEqual([]);
    const anew = await openFileRepository(faulty.fs, directory);
    expect(await anew.objects.write(blob('b'))).toMatch(/^[0-9a-f]{40}$/);
    await anew.close();
  });

  test('synchronises nothing with durability none', async () => {
    const faulty = new FaultyFs();
    const repository = await openFileRepository(faulty.fs, fresh(), { durability: 'none' });
    await repository.objects.writeMany([blob('a'), blob('b')]);
    await repository.refs.update([{ name: MAIN, next: { oid: first } }]);
    expect(faulty.count('handle.sync') + faulty.count('syncDirectory')).toBe(0);
  });

  test('lists no directory to read an object, however many are read, found or not', async () => {
    const directory = fresh();
    git(['repack', '-adq'], { cwd: directory });
    const oids = git(['rev-list', '--objects', '--no-object-names', '--all'], { cwd: directory }).split('\n');
    // A directory that has just changed may change again unseen, and is listed again: let it be an old one.
    utimesSync(join(directory, 'objects/pack'), new Date(1e12), new Date(1e12));
    const faulty = new FaultyFs();
    const repository = await openFileRepository(faulty.fs, directory);
    const listedBefore = faulty.count('readdir');
    for (let round = 0; round < 50; round++) {
      for (const oid of oids) await repository.objects.read(oid);
      await repository.objects.read('1'.repeat(40));
    }
    expect(faulty.count('readdir') - listedBefore).toBe(1);
    expect(faulty.count('open')).toBe(1);
    await repository.close();
  });

  test('that was deleted does not come back in parts', async () => {
    const directory = fresh();
    const repository = await openFileRepository(new FaultyFs().fs, directory);
    rmSync(directory, { recursive: true });
    await expect(repository.objects.write(blob('a'))).rejects.toMatchObject({ code: 'IO_FAILED', fsCode: 'ENOENT' });
    await expect(repository.refs.update([{ name: MAIN, next: { oid: first } }])).rejects.toMatchObject({
      code: 'IO_FAILED',
      fsCode: 'ENOENT',
    });
    expect(existsSync(directory)).toBe(false);
  });
});
