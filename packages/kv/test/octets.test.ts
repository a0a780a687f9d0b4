import { Buffer } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, gitBytes, initBare, temporaryDirectory } from '../../../test/support/git.js';
import { GitKv } from '../src/index.js';
import { InProcessRemote } from './support/in-process.js';
import { bytesOf, startRemote, streamOf } from './support/remote.js';

const NOWHERE = 'http://127.0.0.1:9/none.git';
const EMPTY_PACK = '5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e';

async function sample(): Promise<GitKv> {
  const store = await GitKv.open(createMemoryRepository(), { clock: () => 1_700_000_000_000 });
  await store.changeAndPush(async (batch) => {
    await batch.set('foo', 'Hello World!\n');
    await batch.set('dir/bar', 'Git rocks!\n');
  });
  return store;
}

describe('toOctets', () => {
  test('K8 an empty store is the fixed pack of 32 bytes', async () => {
    const store = await GitKv.open(createMemoryRepository());
    const pack = await bytesOf(store.toOctets({ format: 'pack' }));
    expect(Buffer.from(pack).toString('hex')).toBe(EMPTY_PACK);
    const again = await GitKv.ofOctets(streamOf(pack), { remote: NOWHERE });
    expect(again.commit).toBeUndefined();
  });

  test.each(['bundle', 'pack'] as const)(
    'K7 saving a %s twice gives equal bytes, and levels differ in size only',
    async (format) => {
      const store = await sample();
      await store.set('long', 'x'.repeat(1000));
      const [one, two, stored] = await Promise.all(
        [{}, {}, { level: 0 }].map((rest) => bytesOf(store.toOctets({ format, ...rest }))),
      );
      expect(one).toEqual(two);
      expect(stored?.length).toBeGreaterThan(one?.length ?? Infinity);
      for (const level of [-1, 10, 1.5]) await expect(bytesOf(store.toOctets({ level }))).rejects.toThrow(RangeError);
    },
  );

  test('K9 K10 the pack has no deltas and its last commit is the head; git takes it', async () => {
    const remote = await startRemote();
    remote.commit({ foo: 'Hello World!\n' });
    const store = await remote.connect();
    await store.set('dir/bar', 'Git rocks!\n');
    const pack = await bytesOf(store.toOctets({ format: 'pack' }));
    const directory = initBare(join(temporaryDirectory(), 'check.git'));
    const file = join(directory, 'objects/pack/pack-saved.pack');
    writeFileSync(file, pack);
    git(['index-pack', file], { cwd: directory });
    const entries = git(['verify-pack', '-v', file], { cwd: directory })
      .split('\n')
      .filter((line) => /^[0-9a-f]{40} /.test(line));
    expect(entries.every((line) => line.split(/ +/).length === 5)).toBe(true); // a delta has depth and base besides
    const commits = entries.filter((line) => line.includes(' commit '));
    expect(commits.map((line) => line.slice(0, 40))).toEqual([store.commit?.oid]);
    expect(entries).toHaveLength(1 + 2 + 2);
  });

  test('K11 the bundle of a whole history is one that git verifies and clones', async () => {
    const store = await sample();
    await store.set('foo', 'again');
    const root = temporaryDirectory();
    const file = join(root, 'saved.bundle');
    writeFileSync(file, await bytesOf(store.toOctets()));
    git(['init', '-q', 'empty'], { cwd: root });
    git(['bundle', 'verify', '-q', file], { cwd: join(root, 'empty') });
    expect(git(['bundle', 'list-heads', file], { cwd: root })).toBe(
      `${store.commit?.oid} HEAD\n${store.commit?.oid} refs/heads/main`,
    );
    git(['clone', '-q', '--bare', file, 'clone'], { cwd: root });
    expect(git(['cat-file', 'blob', 'main:foo'], { cwd: join(root, 'clone') })).toBe('again');
    expect(git(['rev-list', '--count', 'main'], { cwd: join(root, 'clone') })).toBe('2');
  });

  test('K11 the bundle of a shallow store names the history it leaves out: git reads it where that is', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const parent = remote.commit({ a: '2' });
    const store = await remote.connect();
    await store.set('b', '3');
    const saved = await bytesOf(store.toOctets());
    const header = Buffer.from(saved).toString('latin1').split('\n\n')[0];
    const oid = store.commit?.oid;
    expect(header).toBe(
      `# v3 git bundle\n@object-format=sha1\n-${parent} shallow\n${oid} HEAD\n${oid} refs/heads/main\n${oid} refs/git-kv/pushed`,
    );
    const file = join(temporaryDirectory(), 'saved.bundle');
    writeFileSync(file, saved);
    expect(remote.git('bundle', 'verify', file)).toContain('refs/heads/main');
    expect(() => git(['bundle', 'verify', file], { cwd: initBare(join(temporaryDirectory(), 'x.git')) })).toThrow(
      'lacks these prerequisite',
    );
  });
});

test.each([false, true])('K7 a store is saved while it is written to and pulled (partial: %s)', async (partial) => {
  const remote = new InProcessRemote();
  const other = await remote.connect();
  for (const value of ['1', '2', '3']) await other.set('old', value);
  const store = await remote.connect({ partial });
  for (let round = 0; round < 2; round++) {
    const [saved] = await Promise.all([bytesOf(store.toOctets()), store.set('new', `${round}`)]);
    await other.set('theirs', `${round}`);
    const [again] = await Promise.all([bytesOf(store.toOctets()), store.pull()]);
    for (const octets of [saved, again]) {
      const loaded = await GitKv.ofOctets(octets, { remote: NOWHERE });
      expect(await loaded.getText('old')).toBe('3');
    }
  }
});

describe('ofOctets', () => {
  test.each(['bundle', 'pack'] as const)(
    'K10 reads a %s without the network, and pulls from where it was',
    async (format) => {
      const remote = await startRemote();
      remote.commit({ foo: '1' });
      const saved = await bytesOf((await remote.connect()).toOctets({ format }));
      const requests = remote.backend.requests.length;
      const store = await GitKv.ofOctets(streamOf(saved, 7), { remote: remote.url });
      expect(await store.getText('foo')).toBe('1');
      expect(remote.backend.requests.length).toBe(requests);
      remote.commit({ bar: '2' });
      expect((await store.pull()).map(({ kind, key }) => `${kind} ${key}`)).toEqual(['add /bar']);
      await store.set('baz', '3');
      expect(remote.files()).toEqual({ bar: '2', baz: '3', foo: '1' });
    },
  );

  test('reads what sha256 saved', async () => {
    const remote = await startRemote({ objectFormat: 'sha256' });
    remote.commit({ foo: '1' });
    const live = await remote.connect();
    for (const format of ['bundle', 'pack'] as const) {
      const saved = streamOf(await bytesOf(live.toOctets({ format })));
      const store = await GitKv.ofOctets(saved, { remote: remote.url, objectFormat: 'sha256' });
      expect(await store.pull()).toEqual([]);
      expect(await store.getText('foo')).toBe('1');
    }
  });

  test('K11 takes the branch from the state where the URL names none', async () => {
    const remote = await startRemote();
    remote.commit({ foo: '1' }, { branch: 'dev' });
    const saved = await bytesOf((await remote.connect({ branch: 'dev' })).toOctets());
    expect((await GitKv.ofOctets(streamOf(saved), { remote: remote.url })).branch).toBe('dev');
    await expect(GitKv.ofOctets(streamOf(saved), { remote: `${remote.url}#main` })).rejects.toMatchObject({
      code: 'INVALID_STATE',
    });
  });

  test('K7 K18 commits that were never pushed are saved, and pushed with the next write', async () => {
    const local = await sample();
    await local.set('foo', '2');
    const saved = await bytesOf(local.toOctets());
    const remote = await startRemote();
    const store = await GitKv.ofOctets(streamOf(saved), { remote: remote.url });
    expect(await store.pull()).toEqual([]);
    await store.push();
    expect(remote.git('rev-list', '--count', 'main')).toBe('2');
    expect(remote.files()).toEqual({ 'dir/bar': 'Git rocks!', foo: '2' });
    expect((await bytesOf(store.toOctets())).length).toBeLessThan(saved.length);
  });

  test('K18 a remote without them is not taken over', async () => {
    const saved = await bytesOf((await sample()).toOctets());
    const remote = await startRemote();
    remote.commit({ other: 'x' });
    const store = await GitKv.ofOctets(streamOf(saved), { remote: remote.url });
    await expect(store.pull()).rejects.toMatchObject({ code: 'UNPUSHED_COMMIT' });
    expect(await store.getText('foo')).toBe('Hello World!\n');
    await store.pull({ onUnpushed: 'theirs' });
    expect((await store.list())?.map(({ key }) => String(key))).toEqual(['/other']);
  });

  test('reads a bundle and a pack with deltas that git wrote', async () => {
    const remote = await startRemote();
    for (let n = 0; n < 3; n++) remote.commit({ foo: `${'line\n'.repeat(500)}${n}`, [`k${n}`]: 'v' });
    remote.git('repack', '-adq');
    const file = join(temporaryDirectory(), 'made.bundle');
    remote.git('bundle', 'create', '-q', file, 'main');
    const bundle = readFileSync(file);
    const pack = gitBytes(['pack-objects', '--stdout', '--all', '-q'], { cwd: remote.directory });
    for (const bytes of [bundle, pack]) {
      const store = await GitKv.ofOctets(streamOf(bytes), { remote: remote.url });
      expect(store.commit?.oid).toBe(remote.git('rev-parse', 'main'));
      expect(await store.pull()).toEqual([]);
    }
  });

  test('any cut of the input gives the same store', async () => {
    const saved = await bytesOf((await sample()).toOctets());
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: saved.length }), async (size) => {
        const store = await GitKv.ofOctets(streamOf(saved, size), { remote: NOWHERE });
        expect(await store.getText('dir/bar')).toBe('Git rocks!\n');
      }),
      { numRuns: 30 },
    );
  });

  test('takes the bytes whole too', async () => {
    const saved = await bytesOf((await sample()).toOctets());
    const store = await GitKv.ofOctets(saved, { remote: NOWHERE });
    expect(await store.getText('dir/bar')).toBe('Git rocks!\n');
  });

  test.each(['bundle', 'pack'] as const)(
    'a %s that is cut short anywhere is INVALID_STATE, with its cause',
    async (format) => {
      const saved = await bytesOf((await sample()).toOctets({ format }));
      for (let end = 0; end < saved.length; end += end < 40 ? 1 : 7) {
        await expect(GitKv.ofOctets(streamOf(saved.subarray(0, end)), { remote: NOWHERE })).rejects.toMatchObject({
          code: 'INVALID_STATE',
          cause: expect.anything(),
        });
      }
    },
  );

  test('a byte that is wrong anywhere is INVALID_STATE', async () => {
    const saved = await bytesOf((await sample()).toOctets({ format: 'pack' }));
    await fc.assert(
      fc.asyncProperty(fc.nat(saved.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const broken = saved.slice();
        broken[at] = (broken[at] ?? 0) ^ flip;
        await expect(GitKv.ofOctets(streamOf(broken), { remote: NOWHERE })).rejects.toMatchObject({
          code: 'INVALID_STATE',
        });
      }),
      { numRuns: 50 },
    );
  });

  test('bytes after the end are INVALID_STATE', async () => {
    const saved = await bytesOf((await sample()).toOctets());
    const more = Buffer.concat([saved, Buffer.of(0)]);
    await expect(GitKv.ofOctets(streamOf(more), { remote: NOWHERE })).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });

  test('K10 of several commits that could be the head of a pack, the last one is', async () => {
    const remote = await startRemote();
    const one = remote.commit({ a: '1' }, { branch: 'one' });
    const two = remote.commit({ a: '2' }, { branch: 'two' });
    for (const order of [
      [one, two],
      [two, one],
    ]) {
      const trees = order.flatMap((oid) => [
        remote.git('rev-parse', `${oid}^{tree}`),
        remote.git('rev-parse', `${oid}:a`),
      ]);
      const input = [...order, ...trees].join('\n');
      const pack = gitBytes(['pack-objects', '--stdout', '-q', '--window=0'], { cwd: remote.directory, input });
      const last = git(['-c', 'core.abbrev=40', 'rev-parse', order[1] ?? ''], { cwd: remote.directory });
      expect((await GitKv.ofOctets(streamOf(pack), { remote: NOWHERE })).commit?.oid).toBe(last);
    }
  });

  const oid = 'a'.repeat(40);
  const headers: [problem: string, header: string][] = [
    ['another version', '# v4 git bundle\n\n'],
    ['no signature', '\n'],
    ['a capability that is not known', '# v3 git bundle\n@filter=blob:none\n\n'],
    ['a capability in version 2', '# v2 git bundle\n@object-format=sha1\n\n'],
    ['an object id that is none', `# v3 git bundle\nxyz refs/heads/main\n\n`],
    ['a ref name that is none', `# v3 git bundle\n${oid} refs/heads/a..b\n\n`],
    ['a ref for two objects', `# v3 git bundle\n${oid} refs/heads/a\n${oid.replaceAll('a', 'b')} refs/heads/a\n\n`],
    ['a head that is missing', `# v3 git bundle\n${oid} refs/heads/main\n\n`],
    ['two branches, neither asked for', `# v3 git bundle\n${oid} refs/heads/a\n${oid} refs/heads/b\n\n`],
    ['a line without end', `# v3 git bundle\n${'x'.repeat(1_100_000)}`],
  ];
  test.each(headers)('a bundle with %s is INVALID_STATE', async (_problem, header) => {
    const bytes = Buffer.concat([Buffer.from(header), Buffer.from(EMPTY_PACK, 'hex')]);
    await expect(GitKv.ofOctets(streamOf(bytes), { remote: NOWHERE })).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });

  test('what the input throws passes through', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('PACK');
      throw new Error('the disk is on fire');
    }
    await expect(GitKv.ofOctets(broken(), { remote: NOWHERE })).rejects.toThrow('the disk is on fire');
  });
});
