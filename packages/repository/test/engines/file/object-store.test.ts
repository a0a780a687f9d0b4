import { existsSync, readdirSync, readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { hashAlgorithm, hashObject, type Oid, type RawObject } from '@git-kv/objects';
import { packBytes } from '@git-kv/pack';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  gitBytes,
  initBare,
  makeDirectory,
  removeDirectory,
  temporaryDirectory,
} from '../../../../../test/support/git.js';
import { type Fs, openFileRepository } from '../../../src/engines/file/index.js';
import type { Quarantine } from '../../../src/index.js';
import type { FileRepository } from '../../../src/node/index.js';
import { deltaBomb } from '../../support/delta-bomb.js';
import { collect } from '../../support/objects.js';
import { FaultyFs } from './faulty-fs.js';
import { openForTest } from './open.js';

const blob = (text: string): RawObject => ({ kind: 'blob', body: new TextEncoder().encode(text) });
const blobs = (count: number, seed = 'blob'): RawObject[] =>
  Array.from({ length: count }, (_, at) => blob(`${seed} ${at}`));

/** Replace a file that is read-only. */
function overwrite(path: string, bytes: Uint8Array): void {
  unlinkSync(path);
  writeFileSync(path, bytes);
}

describe.each(['sha1', 'sha256'] as const)('the file object store, %s', (objectFormat) => {
  const algorithm = hashAlgorithm(objectFormat);
  let directory: string;
  let repository: FileRepository;
  const run = (...args: string[]): string => git(args, { cwd: directory });
  const names = (path: string): string[] => readdirSync(join(directory, path)).sort();
  const isClean = (): void => {
    run('fsck', '--strict', '--full');
    const files = readdirSync(join(directory, 'objects'), { recursive: true, encoding: 'utf8' });
    expect(files.filter((path) => path.includes('tmp'))).toEqual([]);
  };
  const oidOf = ({ kind, body }: RawObject): Oid => hashObject(algorithm, kind, body);

  /** A pack of these objects as git makes it, or a thin one of `to` less `from`. */
  const gitPack = (input: string, ...flags: string[]): Uint8Array =>
    gitBytes(['pack-objects', '--stdout', '-q', ...flags], { cwd: directory, input });
  async function* stream(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  beforeEach(async () => {
    directory = initBare(join(temporaryDirectory(), 'objects.git'), objectFormat);
    repository = await openForTest(directory);
  });

  /** Histories whose blobs git stores as deltas. */
  const history = (count: number): string => {
    const line = (at: number): string => `line ${at} of a text that is long enough to be worth a delta\n`;
    const text = Array.from({ length: 100 }, (_, at) => line(at)).join('');
    const commits = Array.from({ length: count }, (_, at) => ({ files: { 'dir/text': text + line(1000 + at) } }));
    return commitFiles(directory, commits);
  };
  const everyOid = (): string[] =>
    run('cat-file', '--batch-all-objects', '--batch-check=%(objectname)')
      .split('\n')
      .filter((oid) => oid !== '');
  const readsAll = async (): Promise<void> => {
    const oids = everyOid();
    expect(await collect(repository.objects.oids())).toEqual(oids);
    for await (const [oid, object] of repository.objects.readMany(oids)) {
      expect(object && oidOf(object)).toBe(oid);
      expect(await repository.objects.stat(oid)).toEqual({ kind: object?.kind, size: object?.body.length });
      expect(await repository.objects.read(oid)).toEqual(object);
    }
  };

  describe('reads what git writes', () => {
    test('loose objects', async () => {
      const oid = git(['hash-object', '-w', '--stdin'], { cwd: directory, input: 'hello\n' });
      expect(await repository.objects.read(oid)).toEqual(blob('hello\n'));
      expect(await repository.objects.stat(oid)).toEqual({ kind: 'blob', size: 6 });
      await readsAll();
    });

    test('packs with deltas', async () => {
      history(30);
      run('repack', '-adfq', '--depth=50');
      await readsAll();
    });

    test('objects of its alternates, and of theirs', async () => {
      history(3);
      const root = temporaryDirectory();
      git(['clone', '-q', '--bare', '--shared', directory, join(root, 'two.git')]);
      git(['clone', '-q', '--bare', '--shared', join(root, 'two.git'), join(root, 'three.git')]);
      const oids = everyOid();
      directory = join(root, 'three.git');
      repository = await openForTest(directory);
      expect(everyOid()).toEqual(oids);
      await readsAll();
      expect(existsSync(join(directory, 'objects/pack')) && names('objects/pack')).toEqual([]);
      await repository.objects.write((await repository.objects.read(oids[0] as Oid)) as RawObject);
      expect(names('objects')).toEqual(['info', 'pack']);
    });

    test('alternates that name each other, as often as they like', async () => {
      writeFileSync(
        join(directory, 'objects/info/alternates'),
        `# a comment\n../objects\n${directory}/objects\n/nowhere\n`,
      );
      const oid = git(['hash-object', '-w', '--stdin'], { cwd: directory, input: 'hello\n' });
      expect(await repository.objects.read(oid)).toEqual(blob('hello\n'));
      expect(await repository.objects.read('1'.repeat(oid.length))).toBeUndefined();
    });

    test('by abbreviations, even and odd', async () => {
      history(30);
      git(['hash-object', '-w', '--stdin'], { cwd: directory, input: 'hello\n' });
      const oids = everyOid();
      for (const hex of ['', 'a', '0', ...oids.flatMap((oid) => [oid.slice(0, 2), oid.slice(0, 5), oid])]) {
        const expected = oids.filter((oid) => oid.startsWith(hex));
        expect(await repository.objects.findByPrefix(hex, 3)).toEqual(expected.slice(0, 3));
      }
      expect(await repository.objects.findByPrefix('../', 3)).toEqual([]);
    });

    test('T12: while gc and repack move everything, again and again', async () => {
      const seen: Oid[] = [];
      for (let round = 0; round < 4; round++) {
        const head = commitFiles(directory, [{ files: { [`file ${round}`]: `round ${round}` } }]);
        seen.push(head, await repository.objects.write(blob(`ours ${round}`)));
        run('update-ref', `refs/tags/ours-${round}`, seen.at(-1) as Oid);
        for (const oid of seen) expect(await repository.objects.read(oid)).toBeDefined();
        run(...(round % 2 ? ['repack', '-adfq'] : ['gc', '-q', '--prune=now']));
        for (const oid of seen) expect(await repository.objects.read(oid)).toBeDefined();
      }
      await readsAll();
      isClean();
    });

    test('in a pack that is deleted after the store has listed it and before it was opened', async () => {
      const head = history(5);
      run('repack', '-adq');
      expect(await repository.objects.read('1'.repeat(head.length))).toBeUndefined();
      commitFiles(directory, [{ files: { more: '1' } }]);
      run('repack', '-adfq');
      expect((await repository.objects.read(head))?.kind).toBe('commit');
    });
  });

  describe('tells damage from absence:', () => {
    test('a loose file with another object is HASH_MISMATCH', async () => {
      const oid = git(['hash-object', '-w', '--stdin'], { cwd: directory, input: 'hello\n' });
      const path = join(directory, 'objects', oid.slice(0, 2), oid.slice(2));
      git(['hash-object', '-w', '--stdin'], { cwd: directory, input: 'hello\n' });
      overwrite(path, deflateSync('blob 6\0jello\n'));
      await expect(repository.objects.read(oid)).rejects.toMatchObject({ code: 'HASH_MISMATCH' });
      overwrite(path, new Uint8Array());
      await expect(repository.objects.read(oid)).rejects.toMatchObject({ code: 'MALFORMED' });
    });

    test('a pack that is cut short is MALFORMED', async () => {
      const head = history(5);
      run('repack', '-adq');
      const name = names('objects/pack').find((one) => one.endsWith('.pack')) as string;
      const path = join(directory, 'objects/pack', name);
      overwrite(path, readFileSync(path).subarray(0, -30));
      await expect(repository.objects.read(head)).rejects.toMatchObject({ code: 'MALFORMED' });
    });

    test('what is no object id is INVALID_OID', async () => {
      for (const text of ['', 'abc', '../../HEAD', 'G'.repeat(algorithm.hexLength)]) {
        await expect(repository.objects.read(text)).rejects.toMatchObject({ code: 'INVALID_OID' });
      }
    });
  });

  describe('writes what git reads:', () => {
    test('a loose object, read-only, with nothing beside it', async () => {
      const oid = await repository.objects.write(blob('hello\n'));
      expect(run('cat-file', 'blob', oid)).toBe('hello');
      const path = join(directory, 'objects', oid.slice(0, 2), oid.slice(2));
      expect(statSync(path).mode & 0o777).toBe(0o444);
      isClean();
    });

    test('an object again: its age is refreshed, loose and packed', async () => {
      const oid = await repository.objects.write(blob('hello\n'));
      const long = new Date(1_600_000_000_000);
      const path = join(directory, 'objects', oid.slice(0, 2), oid.slice(2));
      utimesSync(path, long, long);
      await repository.objects.write(blob('hello\n'));
      expect(statSync(path).mtimeMs).toBeGreaterThan(Date.now() - 60_000);

      run('update-ref', 'refs/tags/hello', oid);
      run('repack', '-adq');
      const pack = join(
        directory,
        'objects/pack',
        names('objects/pack').find((one) => one.endsWith('.pack')) as string,
      );
      utimesSync(pack, long, long);
      await repository.objects.write(blob('hello\n'));
      expect(statSync(pack).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
      expect(existsSync(path)).toBe(false);
    });

    test.each([3, 100, 101, 500])('%i objects at once, in the order given', async (count) => {
      const objects = [...blobs(count), blob('blob 1')];
      const oids = await repository.objects.writeMany(objects);
      expect(oids).toEqual(objects.map(oidOf));
      expect(names('objects/pack').length).toBe(count > 100 ? 2 : 0);
      expect(everyOid()).toEqual([...new Set(oids)].sort());
      await readsAll();
      isClean();
    });
  });

  describe('receives a pack', () => {
    let other: string;
    let head: string;
    let pack: Uint8Array;
    beforeAll(() => {
      other = directory = initBare(makeDirectory(), objectFormat);
      head = history(50);
      pack = gitPack(`${head}\n`, '--revs');
    });
    afterAll(() => removeDirectory(other));
    const receive = async (bytes: Uint8Array): Promise<Quarantine> => {
      repository = await openForTest(directory);
      return repository.objects.receive(stream(bytes));
    };

    test('and shows nothing of it until it is published', async () => {
      const quarantine = await receive(pack);
      expect((await quarantine.reader.read(head))?.kind).toBe('commit');
      expect(await quarantine.reader.stat(head)).toMatchObject({ kind: 'commit' });
      expect(await repository.objects.read(head)).toBeUndefined();
      expect(everyOid()).toEqual([]);
      expect([...quarantine.oids()]).toHaveLength(quarantine.objectCount);

      await quarantine.publish();
      expect((await repository.objects.read(head))?.kind).toBe('commit');
      expect((await quarantine.reader.read(head))?.kind).toBe('commit');
      expect(everyOid()).toEqual([...quarantine.oids()]);
      expect(names('objects/pack').map((name) => name.replace(/^.*\./, '.'))).toEqual(['.idx', '.pack']);
      run('update-ref', 'refs/heads/main', head);
      await readsAll();
      isClean();
    });

    test('while somebody else publishes the same pack, and fails', async () => {
      const slow = new FaultyFs();
      const failing = new FaultyFs((name) => (isFailing && name === 'handle.write' ? { code: 'ENOSPC' } : undefined));
      let isFailing = false;
      let fail: () => Promise<void> = async () => {};
      const between: Fs = {
        ...slow.fs,
        rename: async (from, to) => {
          if (to.endsWith('.idx')) await fail();
          await slow.fs.rename(from, to);
        },
      };
      repository = await openFileRepository(between, directory);
      const other = await openFileRepository(failing.fs, directory);
      const [ours, theirs] = [
        await repository.objects.receive(stream(pack)),
        await other.objects.receive(stream(pack)),
      ];
      fail = async () => {
        isFailing = true;
        await expect(theirs.publish()).rejects.toMatchObject({ code: 'NO_SPACE' });
      };
      await ours.publish();
      await other.close();
      expect(names('objects/pack').map((name) => name.replace(/^.*\./, '.'))).toEqual(['.idx', '.pack']);
      run('update-ref', 'refs/heads/main', head);
      await readsAll();
      isClean();
    });

    test('of few objects as loose ones', async () => {
      const small = gitBytes(['pack-objects', '--stdout', '-q', '--revs'], {
        cwd: other,
        input: `${head}\n^${head}~2\n`,
      });
      repository = await openForTest(directory);
      await (await repository.objects.receive(stream(pack))).publish();
      const quarantine = await repository.objects.receive(stream(small));
      await quarantine.publish();
      expect(names('objects/pack')).toHaveLength(2);
      await quarantine.discard();
      isClean();
    });

    test('of few objects that would fill the disk as loose ones: it stays a pack', async () => {
      directory = initBare(makeDirectory(), objectFormat);
      const quarantine = await receive(deltaBomb(algorithm, 90, 2 ** 20));
      await quarantine.publish();
      expect(names('objects/pack').map((name) => name.replace(/^.*\./, '.'))).toEqual(['.idx', '.pack']);
      expect(everyOid()).toHaveLength(90);
      removeDirectory(directory);
    });

    test('and discards it without a trace', async () => {
      const quarantine = await receive(pack);
      await quarantine.discard();
      await quarantine.discard();
      expect(names('objects/pack')).toEqual([]);
      expect(await quarantine.reader.read(head)).toBeUndefined();
    });

    test.each([
      ['that is cut short', (bytes: Uint8Array) => bytes.subarray(0, -1), 'MALFORMED'],
      ['with a byte that is wrong', (bytes: Uint8Array) => bytes.with(bytes.length >> 1, 0x55), undefined],
      ['that is none', () => new TextEncoder().encode('<html>this is no pack at all</html>'), 'MALFORMED'],
    ])('%s: an error, and nothing is left', async (_case, damage, code) => {
      const receiving = receive(damage(pack));
      await expect(receiving).rejects.toMatchObject({ isGitError: true, ...(code && { code }) });
      expect(names('objects/pack')).toEqual([]);
    });

    test('that is too large: an error, and nothing is left', async () => {
      repository = await openForTest(directory);
      const receiving = repository.objects.receive(stream(pack), { maxPackBytes: 1000 });
      await expect(receiving).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
      expect(names('objects/pack')).toEqual([]);
    });

    test('whose source fails: that error, and nothing is left', async () => {
      repository = await openForTest(directory);
      const broken = async function* (): AsyncGenerator<Uint8Array> {
        yield pack.subarray(0, 500);
        throw new Error('the line went dead');
      };
      await expect(repository.objects.receive(broken())).rejects.toThrow('the line went dead');
      expect(names('objects/pack')).toEqual([]);
    });

    test('that is thin, and completes it', async () => {
      const base = gitBytes(['pack-objects', '--stdout', '-q', '--revs'], { cwd: other, input: `${head}~5\n` });
      const thin = gitBytes(['pack-objects', '--stdout', '-q', '--revs', '--thin'], {
        cwd: other,
        input: `${head}\n^${head}~5\n`,
      });
      await expect(receive(thin)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
      await (await receive(base)).publish();
      const had = everyOid();
      for (const unpackLimit of [0, 100]) {
        const store = await openForTest(directory, { unpackLimit });
        const quarantine = await store.objects.receive(stream(thin));
        const arrived = [...quarantine.oids()];
        expect(arrived.filter((oid) => had.includes(oid))).toEqual([]);
        expect(arrived).toContain(head);
        await quarantine.publish();
        expect(everyOid()).toEqual([...had, ...arrived].sort());
        run('update-ref', 'refs/heads/main', head);
        isClean();
      }
    });

    test('twice: the second changes nothing', async () => {
      await (await receive(pack)).publish();
      const before = names('objects/pack');
      await (await repository.objects.receive(stream(pack))).publish();
      expect(names('objects/pack')).toEqual(before);
      isClean();
    });

    test('with an object that differs from ours of the same id: HASH_MISMATCH', async () => {
      // What a hash collision would look like, made by putting our object under the id of theirs.
      const stranger = blob('theirs');
      const oid = oidOf(stranger);
      const { bytes } = await packBytes({
        algorithm,
        objects: [{ oid: oidOf(blob('ours')), ...stranger }],
        objectCount: 1,
      });
      repository = await openForTest(directory);
      const ours = await repository.objects.write(blob('ours'));
      const target = join(directory, 'objects', oid.slice(0, 2));
      git(['hash-object', '-w', '--stdin'], { cwd: directory, input: 'theirs' });
      overwrite(join(target, oid.slice(2)), readFileSync(join(directory, 'objects', ours.slice(0, 2), ours.slice(2))));
      await expect(repository.objects.receive(stream(bytes))).rejects.toMatchObject({ code: 'HASH_MISMATCH' });
      expect(names('objects/pack')).toEqual([]);
    });

    test('and sweeps what a crash left long ago, not what is being received elsewhere', async () => {
      const old = join(directory, 'objects/pack/tmp_pack_old');
      const young = join(directory, 'objects/pack/tmp_pack_young');
      for (const path of [old, young]) writeFileSync(path, 'x');
      utimesSync(old, new Date(0), new Date(0));
      await (await receive(pack)).discard();
      expect(names('objects/pack')).toEqual(['tmp_pack_young']);
    });
  });

  describe('prunes', () => {
    test('loose and packed objects, and keeps what it is told to', async () => {
      const kept = history(20);
      run('repack', '-adq');
      const lost = await repository.objects.write(blob('loose'));
      const packed = await repository.objects.writeMany(blobs(150));
      const reachable = new Set(run('rev-list', '--objects', '--no-object-names', kept).split('\n'));
      const report = await repository.objects.prune((oid) => reachable.has(oid) || oid === packed[7]);
      expect(report).toEqual({ removed: 150, kept: reachable.size + 1 });
      expect(everyOid()).toEqual([...reachable, packed[7]].sort());
      expect(await repository.objects.read(lost)).toBeUndefined();
      expect(await repository.objects.read(packed[8] as Oid)).toBeUndefined();
      await readsAll();
      isClean();
    });

    test('where git keeps a multi-pack-index and a commit-graph', async () => {
      const first = history(3);
      run('repack', '-adq');
      const second = history(3);
      run('repack', '-dq');
      run('multi-pack-index', 'write');
      run('commit-graph', 'write', '--reachable');
      run('update-ref', 'refs/heads/main', first);
      const reachable = new Set(run('rev-list', '--objects', '--no-object-names', first).split('\n'));
      await repository.objects.prune((oid) => reachable.has(oid));
      expect(await repository.objects.read(second)).toBeUndefined();
      expect(run('rev-list', '--count', 'main')).toBe('3');
      isClean();
    });

    test('nothing that is younger than the grace period', async () => {
      const careful = await openForTest(directory, { pruneGraceMs: 3600_000 });
      const young = await careful.objects.write(blob('young'));
      const old = await careful.objects.write(blob('old'));
      utimesSync(join(directory, 'objects', old.slice(0, 2), old.slice(2)), new Date(0), new Date(0));
      expect(await careful.objects.prune(() => false)).toEqual({ removed: 1, kept: 1 });
      expect(everyOid()).toEqual([young]);
    });

    test('no pack that somebody keeps', async () => {
      const oids = await repository.objects.writeMany(blobs(150));
      const pack = names('objects/pack').find((one) => one.endsWith('.pack')) as string;
      writeFileSync(join(directory, 'objects/pack', pack.replace('.pack', '.keep')), '');
      expect(await repository.objects.prune(() => false)).toEqual({ removed: 0, kept: 150 });
      expect(everyOid()).toEqual([...oids].sort());
    });
  });
});
