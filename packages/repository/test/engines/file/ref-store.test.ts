import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { commitFiles, git, gitAsync, initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import type { FileRepository } from '../../../src/node/index.js';
import { collect } from '../../support/objects.js';
import { openForTest } from './open.js';

const MAIN = 'refs/heads/main';

let directory: string;
let first: string;
let second: string;
let repository: FileRepository;
const run = (...args: string[]): string => git(args, { cwd: directory });
const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
};

/** Files of the repository that only a transaction in progress, or a crash, leaves. */
const leftovers = (): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => /\.lock$|tmp/.test(path));

beforeEach(async () => {
  directory = initBare(join(temporaryDirectory(), 'refs.git'));
  first = commitFiles(directory, [{ files: { a: '1' } }]);
  second = commitFiles(directory, [{ files: { a: '2' } }]);
  repository = await openForTest(directory, { lockTimeoutMs: 200 });
});

describe('the file ref store reads what git writes', () => {
  test('loose, packed, symbolic and annotated refs', async () => {
    run('tag', '-a', '-m', 'one', 'v1', first);
    run('pack-refs', '--all');
    run('update-ref', 'refs/heads/topic/x', first);
    run('symbolic-ref', 'refs/remotes/origin/HEAD', MAIN);
    const tag = run('rev-parse', 'v1');
    expect(await repository.refs.read('HEAD')).toEqual({ target: MAIN });
    expect(await repository.refs.read(MAIN)).toEqual({ oid: second });
    expect(await collect(repository.refs.list('refs/'))).toEqual([
      { name: MAIN, value: { oid: second }, isPeeled: true },
      { name: 'refs/heads/topic/x', value: { oid: first } },
      { name: 'refs/remotes/origin/HEAD', value: { target: MAIN } },
      { name: 'refs/tags/v1', value: { oid: tag }, peeledOid: first, isPeeled: true },
    ]);
  });

  test('the loose value over an older packed one', async () => {
    run('pack-refs', '--all');
    run('update-ref', MAIN, first);
    expect(await repository.refs.read(MAIN)).toEqual({ oid: first });
    expect(await collect(repository.refs.list(''))).toEqual([{ name: MAIN, value: { oid: first } }]);
  });

  test('a packed-refs file that is replaced while the store is open', async () => {
    run('pack-refs', '--all');
    expect(await repository.refs.read(MAIN)).toEqual({ oid: second });
    run('update-ref', MAIN, first);
    run('pack-refs', '--all');
    expect(await repository.refs.read(MAIN)).toEqual({ oid: first });
    run('update-ref', '-d', MAIN);
    expect(await repository.refs.read(MAIN)).toBeUndefined();
  });

  test.each([
    ['refs/heads/', ['refs/heads/main', 'refs/heads/topic/x']],
    ['refs/heads/to', ['refs/heads/topic/x']],
    ['refs/heads/topic/x', ['refs/heads/topic/x']],
    ['refs/heads/topic/xy', []],
    ['ref', ['refs/heads/main', 'refs/heads/topic/x', 'refs/tags/v1']],
    ['HEAD', []],
    ['refs/../', []],
    ['objects/', []],
  ])('by the prefix %j', async (prefix, names) => {
    run('tag', 'v1');
    run('pack-refs', '--all');
    run('update-ref', 'refs/heads/topic/x', first);
    expect((await collect(repository.refs.list(prefix))).map(({ name }) => name)).toEqual(names);
  });

  test('nothing of lock files and temporary files', async () => {
    put('refs/heads/main.lock', '');
    put('refs/heads/.tmp', 'x');
    expect((await collect(repository.refs.list('refs/'))).map(({ name }) => name)).toEqual([MAIN]);
  });

  test.each([
    ['an empty file, as a power loss leaves', ''],
    ['an object id that is cut short', '0123456789'],
    ['junk after the object id', `${'a'.repeat(40)}b\n`],
    ['a symbolic ref out of the repository', 'ref: ../../etc/passwd\n'],
    ['a symbolic ref to no ref', 'ref: config\n'],
  ])('%s as an error and not as absence', async (_case, text) => {
    put('refs/heads/broken', text);
    const malformed = expect.objectContaining({ code: 'MALFORMED', format: 'ref' });
    await expect(repository.refs.read('refs/heads/broken')).rejects.toEqual(malformed);
    await expect(collect(repository.refs.list('refs/'))).rejects.toEqual(malformed);
  });

  test.each(['config', 'objects/info/alternates', 'refs/../config', 'refs/heads/a.lock', '../x', ''])(
    'no file for the name %j',
    async (name) => {
      await expect(repository.refs.read(name)).rejects.toMatchObject({ code: 'INVALID_REF_NAME' });
      const update = repository.refs.update([{ name, next: { oid: first } }]);
      await expect(update).rejects.toMatchObject({ code: 'INVALID_REF_NAME' });
    },
  );
});

describe('the file ref store writes what git reads', () => {
  test('a created, a moved and a deleted ref, together', async () => {
    run('update-ref', 'refs/heads/old', first);
    run('pack-refs', '--all');
    const outcome = await repository.refs.update([
      { name: 'refs/heads/new/deep', expected: null, next: { oid: first } },
      { name: MAIN, expected: { oid: second }, next: { oid: first } },
      { name: 'refs/heads/old', expected: { oid: first }, next: null },
    ]);
    expect(outcome.status).toBe('updated');
    expect(run('for-each-ref', '--format=%(refname) %(objectname)')).toBe(
      `${MAIN} ${first}\nrefs/heads/new/deep ${first}`,
    );
    run('fsck', '--strict');
    expect(leftovers()).toEqual([]);
  });

  test('HEAD itself, and not the branch it names', async () => {
    await repository.refs.update([{ name: 'HEAD', expected: { target: MAIN }, next: { target: 'refs/heads/other' } }]);
    expect(run('symbolic-ref', 'HEAD')).toBe('refs/heads/other');
    expect(run('rev-parse', MAIN)).toBe(second);
  });

  test('the deletion of a ref that is packed and loose: the packed value does not come back', async () => {
    run('pack-refs', '--all');
    run('update-ref', MAIN, first);
    await repository.refs.update([{ name: MAIN, next: null }]);
    expect(await repository.refs.read(MAIN)).toBeUndefined();
    expect(run('for-each-ref')).toBe('');
  });

  test('no empty directory where a ref was', async () => {
    const name = 'refs/heads/a/b/c';
    await repository.refs.update([{ name, next: { oid: first } }]);
    await repository.refs.update([{ name, next: null }]);
    expect(existsSync(join(directory, 'refs/heads/a'))).toBe(false);
    expect(existsSync(join(directory, 'refs/heads'))).toBe(true);
    await repository.refs.update([{ name: 'refs/heads/a', next: { oid: first } }]);
    expect(run('rev-parse', 'refs/heads/a')).toBe(first);
  });

  test('a ref in the place of an empty directory that git left', async () => {
    mkdirSync(join(directory, 'refs/heads/a/b'), { recursive: true });
    const outcome = await repository.refs.update([{ name: 'refs/heads/a', expected: null, next: { oid: first } }]);
    expect(outcome.status).toBe('updated');
    expect(run('rev-parse', 'refs/heads/a')).toBe(first);
  });

  test('other lines of packed-refs, kept byte for byte', async () => {
    run('tag', '-a', '-m', 'one', 'v1', first);
    run('update-ref', 'refs/heads/old', first);
    run('pack-refs', '--all');
    const packed = (): string => readFileSync(join(directory, 'packed-refs'), 'latin1');
    const before = packed();
    await repository.refs.update([{ name: 'refs/heads/old', next: null }]);
    expect(packed()).toBe(before.replace(`${first} refs/heads/old\n`, ''));
    expect(run('for-each-ref', '--format=%(*objectname)', 'refs/tags/')).toBe(first);
  });

  test('a log line, where the repository keeps logs', async () => {
    run('config', 'core.logAllRefUpdates', 'true');
    const logging = await openForTest(directory, { now: () => 1700000123_000 });
    await logging.refs.update([{ name: MAIN, next: { oid: first } }], {
      reflog: { name: 'A <U> Thor', email: 'a@example.com', message: 'store: set\nmore' },
    });
    expect(run('reflog', 'show', '--format=%H %gn %ge %gs', MAIN)).toBe(
      `${first} A U Thor a@example.com store: set more`,
    );
    expect(run('reflog', 'show', '--format=%H', 'HEAD')).toBe(first);
    await logging.refs.update([{ name: MAIN, next: null }]);
    expect(existsSync(join(directory, 'logs/refs/heads/main'))).toBe(false);
  });

  test('a log line for the symbolic ref it was reached by, and for HEAD where its branch goes', async () => {
    run('symbolic-ref', 'refs/heads/alias', MAIN);
    const reflog = {
      name: 'A',
      email: 'a@example.com',
      message: 'move',
      timestamp: 1_700_000_000,
      timezone: '-0130',
      begin: true,
    };
    await repository.refs.update([{ name: MAIN, next: { oid: first }, via: ['refs/heads/alias'] }], { reflog });
    await repository.refs.update([{ name: MAIN, next: null }], { reflog });
    const lines = (name: string): string[] => readFileSync(join(directory, 'logs', name), 'latin1').split('\n');
    const who = 'A <a@example.com> 1700000000 -0130\tmove';
    expect(lines('refs/heads/alias')).toEqual([`${second} ${first} ${who}`, '']);
    expect(lines('HEAD')).toEqual([`${second} ${first} ${who}`, `${first} ${'0'.repeat(40)} ${who}`, '']);
    expect(existsSync(join(directory, 'logs', MAIN))).toBe(false);
  });

  test('no log in a bare repository by default', async () => {
    await repository.refs.update([{ name: MAIN, next: { oid: first } }]);
    expect(existsSync(join(directory, 'logs'))).toBe(false);
  });
});

describe('an update of file refs is refused', () => {
  test('for another old value, and nothing moves', async () => {
    const outcome = await repository.refs.update([
      { name: 'refs/heads/a', expected: null, next: { oid: first } },
      { name: MAIN, expected: { oid: first }, next: { oid: first } },
    ]);
    expect(outcome).toEqual({ status: 'conflict', name: MAIN, actual: { oid: second } });
    expect(await repository.refs.read('refs/heads/a')).toBeUndefined();
    expect(leftovers()).toEqual([]);
  });

  test.each([
    ['below a loose ref', 'refs/heads/main/x', MAIN, false],
    ['deep below a loose ref', 'refs/heads/main/x/y/z', MAIN, false],
    ['below a packed ref', 'refs/heads/main/x', MAIN, true],
    ['above a loose ref', 'refs/heads/dir', 'refs/heads/dir/leaf', false],
    ['above a packed ref', 'refs/heads/dir', 'refs/heads/dir/leaf', true],
  ])('for a name %s', async (_case, name, inTheWay, packed) => {
    run('update-ref', 'refs/heads/dir/leaf', second);
    if (packed) run('pack-refs', '--all', '--prune');
    const outcome = await repository.refs.update([{ name, expected: null, next: { oid: first } }]);
    expect(outcome).toEqual({ status: 'conflict', name: inTheWay, actual: { oid: second } });
    expect(leftovers()).toEqual([]);
    run('fsck', '--strict');
  });

  test('for two new names of which one is above the other', async () => {
    const outcome = await repository.refs.update([
      { name: 'refs/heads/a/b', next: { oid: first } },
      { name: 'refs/heads/a', next: { oid: first } },
    ]);
    expect(outcome).toEqual({ status: 'conflict', name: 'refs/heads/a', actual: null });
    expect(existsSync(join(directory, 'refs/heads/a'))).toBe(false);
  });

  test('while git, or a process that died, holds the lock', async () => {
    put('refs/heads/main.lock', '');
    await expect(repository.refs.update([{ name: MAIN, next: null }])).rejects.toMatchObject({ code: 'REF_LOCKED' });
    expect(await repository.refs.read(MAIN)).toEqual({ oid: second });
    rmSync(join(directory, 'refs/heads/main.lock'));
    expect((await repository.refs.update([{ name: MAIN, next: null }])).status).toBe('updated');
  });

  test('with packed-refs locked by another, for a deletion', async () => {
    put('packed-refs.lock', '');
    await expect(repository.refs.update([{ name: MAIN, next: null }])).rejects.toMatchObject({ code: 'REF_LOCKED' });
    expect(existsSync(join(directory, 'refs/heads/main.lock'))).toBe(false);
    expect((await repository.refs.update([{ name: MAIN, next: { oid: first } }])).status).toBe('updated');
  });
});

describe('writers of file refs at the same time', () => {
  test('of two stores that saw the same value, exactly one wins', async () => {
    const other = await openForTest(directory);
    for (let round = 0; round < 10; round++) {
      const name = `refs/heads/race/${round}`;
      const race = await Promise.all([
        repository.refs.update([{ name, expected: null, next: { oid: first } }]),
        other.refs.update([{ name, expected: null, next: { oid: second } }]),
      ]);
      expect(race.map(({ status }) => status).sort()).toEqual(['conflict', 'updated']);
    }
    expect(leftovers()).toEqual([]);
  });

  test('creating and deleting under one directory never lose it to each other', async () => {
    const other = await openForTest(directory);
    const work = async (store: FileRepository, leaf: string): Promise<void> => {
      for (let round = 0; round < 30; round++) {
        const name = `refs/heads/shared/${leaf}`;
        expect((await store.refs.update([{ name, expected: null, next: { oid: first } }])).status).toBe('updated');
        expect((await store.refs.update([{ name, expected: { oid: first }, next: null }])).status).toBe('updated');
      }
    };
    await Promise.all([work(repository, 'a'), work(other, 'b'), work(repository, 'c')]);
    expect(existsSync(join(directory, 'refs/heads/shared'))).toBe(false);
  });

  test('git packs refs while we move them, and nothing is lost', async () => {
    const store = await openForTest(directory, { lockTimeoutMs: 10_000 });
    commitFiles(
      directory,
      Array.from({ length: 40 }, (_, at) => ({ files: { a: `round ${at}` } })),
    );
    // No value twice: git prunes a ref it packed if the value is still the same, even where it was deleted and made again.
    const oids = run('rev-list', '--reverse', MAIN).split('\n');
    let packing = true;
    const packer = (async () => {
      while (packing) expect((await gitAsync(['pack-refs', '--all', '--prune'], { cwd: directory })).code).toBe(0);
    })();
    try {
      let flicker: string | null = null;
      for (const oid of oids) {
        const expected = flicker === null ? null : { oid: flicker };
        flicker = flicker ? null : oid;
        const outcome = await store.refs.update([
          { name: MAIN, next: { oid } },
          { name: 'refs/heads/flicker', expected, next: flicker === null ? null : { oid: flicker } },
        ]);
        expect(outcome.status).toBe('updated');
        const names = (await collect(store.refs.list('refs/'))).map(({ name }) => name);
        expect(names).toEqual(flicker ? ['refs/heads/flicker', MAIN] : [MAIN]);
      }
    } finally {
      packing = false;
      await packer;
    }
    expect(leftovers()).toEqual([]);
  });

  test('a snapshot never sees half of a transaction', async () => {
    const names = ['refs/heads/left', 'refs/heads/right'];
    const writer = await openForTest(directory, { durability: 'none' });
    await writer.refs.update(names.map((name) => ({ name, next: { oid: first } })));
    let writing = true;
    const writes = (async () => {
      for (let round = 0; round < 100; round++) {
        await writer.refs.update(names.map((name) => ({ name, next: { oid: round % 2 ? first : second } })));
      }
      writing = false;
    })();
    while (writing) {
      const seen = await repository.refs.snapshot(names);
      expect(seen.get(names[0] as string)).toEqual(seen.get(names[1] as string));
    }
    await writes;
  });
});
