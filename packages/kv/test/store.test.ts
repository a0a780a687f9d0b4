import { describe, expect, test } from 'vitest';
import { git } from '../../../test/support/git.js';
import { GitKv, Key } from '../src/index.js';
import { startRemote, text } from './support/remote.js';

describe('GitKv.connect', () => {
  test('K1 an empty remote makes an empty store, and the first write makes the branch', async () => {
    const remote = await startRemote();
    const store = await remote.connect();
    expect(store.commit).toBeUndefined();
    await store.set('/greeting', 'Hello World!');
    expect(remote.files()).toEqual({ greeting: 'Hello World!' });
    expect(store.commit).toEqual({ state: 'clean', oid: remote.git('rev-parse', 'main') });
    expect(remote.git('fsck', '--strict')).toBe('');
  });

  test.each(['sha1', 'sha256'] as const)('K1 K5 reads what is there, in %s', async (objectFormat) => {
    const remote = await startRemote({ objectFormat });
    const oid = remote.commit({ foo: 'Hello World!', 'dir/sub/bar': 'Git rocks!' });
    const store = await remote.connect();
    expect(store.commit).toEqual({ state: 'clean', oid });
    expect(await store.getText('foo')).toBe('Hello World!');
    expect(await store.getText('/dir/sub/bar')).toBe('Git rocks!');
    await store.set('dir/new', 'x');
    expect(remote.files()).toEqual({ 'dir/new': 'x', 'dir/sub/bar': 'Git rocks!', foo: 'Hello World!' });
    expect(remote.git('fsck', '--strict')).toBe('');
  });

  test('K2 K4 takes the branch from the URL', async () => {
    const remote = await startRemote();
    remote.commit({ a: 'main' });
    remote.commit({ a: 'dev' }, { branch: 'feature/dev' });
    const store = await remote.connect({ branch: 'feature/dev' });
    expect(await store.getText('a')).toBe('dev');
    expect([store.branch, store.refName]).toEqual(['feature/dev', 'refs/heads/feature/dev']);
    await store.set('a', 'new');
    expect(remote.files('feature/dev')).toEqual({ a: 'new' });
    expect(remote.files('main')).toEqual({ a: 'main' });
  });

  test('K16 a branch that a remote with others lacks is REMOTE_REF_NOT_FOUND', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    await expect(remote.connect({ branch: 'missing' })).rejects.toMatchObject({
      code: 'REMOTE_REF_NOT_FOUND',
      subject: 'refs/heads/missing',
      message: expect.stringContaining('does not exist'),
    });
  });

  test('K3 K17 sends name and password of the URL as Basic, and speaks version 2 over stateless HTTP', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const wanted = `Basic ${btoa('me:s:e cret')}`;
    remote.intercept = (request, response) => {
      if (request.headers.authorization === wanted) return false;
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
      return true;
    };
    const url = remote.url.replace('//', '//me:s%3Ae%20cret@');
    const store = await GitKv.connect(url);
    await store.set('a', '2');
    expect(remote.files()).toEqual({ a: '2' });
    expect(remote.backend.requests.every(({ url }) => !url.includes('cret'))).toBe(true);
    expect(remote.backend.requests[0]?.headers['git-protocol']).toBe('version=2');

    const asked: number[] = [];
    const credentials = async ({ attempt }: { attempt: number }): Promise<{ username: string; password: string }> => {
      asked.push(attempt);
      return { username: 'me', password: attempt === 1 ? 'wrong' : 's:e cret' };
    };
    expect(await (await remote.connect({ credentials })).getText('a')).toBe('2');
    expect(asked).toEqual([1, 2]);
    await expect(remote.connect()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  });

  test('a server that is not there, or has no such repository, is a typed error', async () => {
    const remote = await startRemote();
    await expect(GitKv.connect(`${remote.backend.url}/absent.git`)).rejects.toMatchObject({
      code: 'REPOSITORY_NOT_FOUND',
    });
    await remote.backend.close();
    await expect(remote.connect()).rejects.toMatchObject({ code: 'TRANSPORT_FAILED' });
  });

  test('M21 K6 after disconnect, what was pulled stays readable', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    await store.disconnect();
    await store.disconnect();
    expect(await store.getText('a')).toBe('1');
  });
});

describe('Reading', () => {
  async function sample(): Promise<GitKv> {
    const remote = await startRemote();
    const store = await remote.connect({ clock: () => 1_600_000_000_000 });
    await store.changeAndPush(async (batch) => {
      await batch.set('value', 'text');
      await batch.set('dir/json', '{"a":[1]}');
      await batch.set('dir/sub/bytes', Uint8Array.of(0, 255, 10));
    });
    return store;
  }

  test('M22 exists tells values from dictionaries', async () => {
    const store = await sample();
    const kinds = await Promise.all(
      ['/', 'value', 'dir', 'dir/sub/bytes', 'none', 'value/below'].map((key) => store.exists(key)),
    );
    expect(kinds).toEqual(['dictionary', 'value', 'dictionary', 'value', undefined, undefined]);
  });

  test("M23 get gives bytes that are the caller's own; absence is undefined", async () => {
    const store = await sample();
    const bytes = await store.get('dir/sub/bytes');
    expect(bytes).toEqual(Uint8Array.of(0, 255, 10));
    bytes?.fill(7);
    expect(await store.get(Key.of('dir/sub/bytes'))).toEqual(Uint8Array.of(0, 255, 10));
    for (const key of ['none', 'dir/none/deeper', 'value/below']) expect(await store.get(key)).toBeUndefined();
  });

  test('M14 M15 the wrong kind is a typed error with its key', async () => {
    const store = await sample();
    const wrong = { code: 'VALUE_EXPECTED', name: 'KvError', message: 'Expecting a value for the key /dir' };
    await expect(store.get('dir')).rejects.toMatchObject(wrong);
    await expect(store.size('dir')).rejects.toMatchObject(wrong);
    await expect(store.get('/')).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
    await expect(store.list('value')).rejects.toMatchObject({ code: 'DICTIONARY_EXPECTED', key: Key.of('value') });
    await expect(store.get('..')).rejects.toMatchObject({ code: 'INVALID_KEY' });
  });

  test('getText and getJson read values as what they are meant to be', async () => {
    const store = await sample();
    expect(await store.getText('value')).toBe('text');
    expect(await store.getJson('dir/json')).toEqual({ a: [1] });
    expect(await store.getJson('none')).toBeUndefined();
    await expect(store.getText('dir/sub/bytes')).rejects.toMatchObject({ code: 'MALFORMED' });
    await expect(store.getJson('value')).rejects.toMatchObject({ code: 'MALFORMED' });
  });

  test('M25 list gives whole keys; no dictionary, no list', async () => {
    const store = await sample();
    const listed = async (key?: string): Promise<string[] | undefined> =>
      (await store.list(key))?.map(({ key, kind }) => `${kind} ${key}`);
    expect(await listed()).toEqual(['dictionary /dir', 'value /value']);
    expect(await listed('dir')).toEqual(['value /dir/json', 'dictionary /dir/sub']);
    expect(await listed('none')).toBeUndefined();
  });

  test('M26 K32 lastModified is the committer date, for every key that is there', async () => {
    const store = await sample();
    for (const key of ['/', 'value', 'dir']) expect(await store.lastModified(key)).toBe(1_600_000_000);
    expect(await store.lastModified('none')).toBeUndefined();
  });

  test("K32 the committer date counts, not the author's, and no zone is subtracted", async () => {
    const remote = await startRemote();
    const env = { GIT_AUTHOR_DATE: '1500000000 +0200', GIT_COMMITTER_DATE: '1600000000 +0200' };
    const treeOid = git(['mktree'], { cwd: remote.directory });
    const oid = git(['commit-tree', '-m', 'x', treeOid], { cwd: remote.directory, env });
    remote.git('update-ref', 'refs/heads/main', oid);
    expect(await (await remote.connect()).lastModified('/')).toBe(1_600_000_000);
  });

  test('M27 K30 digest is the raw object id, of values and dictionaries', async () => {
    const remote = await startRemote();
    remote.commit({ 'dir/a': '1' });
    const store = await remote.connect();
    const hex = async (key: string): Promise<string> => Buffer.from((await store.digest(key)) ?? []).toString('hex');
    expect(await hex('dir/a')).toBe(remote.git('rev-parse', 'main:dir/a'));
    expect(await hex('dir')).toBe(remote.git('rev-parse', 'main:dir'));
    expect(await hex('/')).toBe(remote.git('rev-parse', 'main^{tree}'));
    expect(await store.digest('none')).toBeUndefined();
  });

  test('M28 K31 size counts bytes', async () => {
    const store = await sample();
    expect([await store.size('value'), await store.size('dir/sub/bytes'), await store.size('none')]).toEqual([
      4,
      3,
      undefined,
    ]);
  });

  test('K27 links and submodules are not there, and cannot be read', async () => {
    const remote = await startRemote();
    const commit = remote.commit({ real: '1' });
    const blob = remote.git('rev-parse', 'main:real');
    const tree = git(['mktree'], {
      cwd: remote.directory,
      input: `120000 blob ${blob}\tlink\n100644 blob ${blob}\treal\n160000 commit ${commit}\tsubmodule\n100755 blob ${blob}\ttool\n`,
    });
    remote.git('update-ref', 'refs/heads/main', git(['commit-tree', '-m', 'x', tree], { cwd: remote.directory }));
    const store = await remote.connect();
    expect((await store.list())?.map(({ key }) => String(key))).toEqual(['/real', '/tool']);
    for (const key of ['link', 'submodule']) {
      expect(await store.exists(key)).toBeUndefined();
      await expect(store.get(key)).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
      await expect(store.digest(key)).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
      expect(await store.get(`${key}/below`)).toBeUndefined();
      await expect(store.set(`${key}/below`, 'x')).rejects.toMatchObject({ code: 'DICTIONARY_EXPECTED' });
    }
    await store.set('real', '2');
    expect(remote.git('ls-tree', 'main', 'link')).toContain('120000');
    expect(remote.git('fsck', '--strict', '--no-dangling')).toBe('');
  });

  test('a tree with names that no key may have is listed without them', async () => {
    const remote = await startRemote();
    remote.commit({ real: '1' });
    const entry = (name: string): Buffer =>
      Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from(remote.git('rev-parse', 'main:real'), 'hex')]);
    const names = ['.git', 'fine', 'x'.repeat(5000)];
    const input = Buffer.concat(names.map(entry));
    const tree = git(['hash-object', '-w', '-t', 'tree', '--literally', '--stdin'], { cwd: remote.directory, input });
    remote.git('update-ref', 'refs/heads/main', git(['commit-tree', '-m', 'x', tree], { cwd: remote.directory }));
    const store = await remote.connect();
    expect((await store.list())?.map(({ key }) => String(key))).toEqual(['/fine']);
  });

  test('names that are no keys are left out, and left alone by writes', async () => {
    const remote = await startRemote();
    remote.commit({ real: '1' });
    const blob = remote.git('rev-parse', 'main:real');
    const input = Buffer.concat([Buffer.from(`100644 blob ${blob}\t`), Buffer.of(0xff, 0xfe), Buffer.from('\n')]);
    const tree = git(['mktree'], { cwd: remote.directory, input });
    remote.git('update-ref', 'refs/heads/main', git(['commit-tree', '-m', 'x', tree], { cwd: remote.directory }));
    const store = await remote.connect();
    expect(await store.list()).toEqual([]);
    await store.set('new', '2');
    expect(remote.git('ls-tree', '--name-only', 'main')).toBe('new\n"\\377\\376"');
  });
});

describe('Writing', () => {
  test('K19 M30 each write is one commit and one push, by Git KV, in UTC', async () => {
    const remote = await startRemote();
    const store = await remote.connect({ clock: () => 1_600_000_000_500 });
    await store.set('a', '1');
    await store.set('b', Uint8Array.of(1, 2));
    await store.remove('a');
    expect(
      remote.git('log', '--format=%an <%ae> %ad|%cn <%ce> %cd|%B', '--date=raw', 'main').replaceAll('\n', ''),
    ).toBe(
      'Git KV <git-noreply@robur.coop> 1600000000 +0000|Git KV <git-noreply@robur.coop> 1600000000 +0000|Committed by git-kv'.repeat(
        3,
      ),
    );
    expect(remote.backend.requests.filter(({ url }) => url.endsWith('/git-receive-pack'))).toHaveLength(3);
    expect(remote.git('fsck', '--strict')).toBe('');
  });

  test('a value that is there already makes no commit', async () => {
    const remote = await startRemote();
    const store = await remote.connect();
    await store.set('a', '1');
    const before = store.commit;
    await store.set('a', '1');
    expect(store.commit).toEqual(before);
  });

  test('the bytes given are copied', async () => {
    const remote = await startRemote();
    const store = await remote.connect();
    const bytes = Uint8Array.of(1);
    const done = store.changeAndPush(async (batch) => {
      await batch.set('a', bytes);
      bytes[0] = 2;
    });
    await done;
    expect(await store.get('a')).toEqual(Uint8Array.of(1));
  });

  test('M32 remove takes a value or a whole dictionary', async () => {
    const remote = await startRemote();
    remote.commit({ 'dir/a': '1', 'dir/sub/b': '2', c: '3' });
    const store = await remote.connect();
    await store.remove('dir');
    expect(remote.files()).toEqual({ c: '3' });
    expect(await store.exists('dir')).toBeUndefined();
  });

  test('K36 the root, a value as a parent, and a dictionary as a value are typed errors', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1', 'dir/b': '2' });
    const store = await remote.connect();
    const before = store.commit;
    await expect(store.set('/', 'x')).rejects.toMatchObject({ code: 'VALUE_EXPECTED', key: Key.root });
    await expect(store.remove('/')).rejects.toMatchObject({ code: 'INVALID_KEY', key: Key.root });
    await expect(store.set('a/b/c', 'x')).rejects.toMatchObject({ code: 'DICTIONARY_EXPECTED', key: Key.of('a') });
    await expect(store.set('dir', 'x')).rejects.toMatchObject({ code: 'VALUE_EXPECTED', key: Key.of('dir') });
    expect(store.commit).toEqual(before);
    expect(remote.files()).toEqual({ a: '1', 'dir/b': '2' });
  });

  test('K37 removing what is missing makes no commit, at the top and below', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    for (const key of ['none', 'none/below', 'a/below']) await store.remove(key);
    expect(remote.git('rev-list', '--count', 'main')).toBe('1');
  });

  test('K38 a dictionary goes with its last value, up to the root, which becomes the empty tree', async () => {
    const remote = await startRemote();
    remote.commit({ 'a/b/c': '1' });
    const store = await remote.connect();
    await store.remove('a/b/c');
    expect(remote.git('rev-parse', 'main^{tree}')).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
    expect(await store.list()).toEqual([]);
    await store.set('again', '2');
    expect(remote.files()).toEqual({ again: '2' });
    expect(remote.git('fsck', '--strict')).toBe('');
  });

  test('a value over the limit is refused', async () => {
    const remote = await startRemote();
    const store = await remote.connect({ limits: { valueBytes: 4 } });
    await expect(store.set('a', '12345')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'valueBytes' });
    await store.set('a', '1234');
  });

  test('writes at once run one after another', async () => {
    const remote = await startRemote();
    const store = await remote.connect();
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => store.set(key, key)));
    expect(remote.files()).toEqual({ a: 'a', b: 'b', c: 'c', d: 'd' });
    expect(remote.git('rev-list', '--count', 'main')).toBe('4');
  });

  test('a writer that was overtaken is refused, and stays as it was until it pulls', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const [one, other] = [await remote.connect(), await remote.connect()];
    await one.set('a', 'one');
    const before = other.commit;
    await expect(other.set('a', 'other')).rejects.toMatchObject({ code: 'MERGE_CONFLICT' });
    expect(other.commit).toEqual(before);
    expect(text(await other.get('a'))).toBe('1');
    expect(await other.pull()).toEqual([{ kind: 'change', key: Key.of('a') }]);
    await other.set('a', 'other');
    expect(remote.files()).toEqual({ a: 'other' });
  });

  test('an abort stops a write before it is sent', async () => {
    const remote = await startRemote();
    const store = await remote.connect();
    await expect(store.set('a', '1', { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    expect(store.commit).toBeUndefined();
  });
});

describe('a snapshot', () => {
  test('T never changes under the reader, and keeps what it needs in a store that drops the rest', async () => {
    const remote = await startRemote();
    remote.commit({ a: 'old', b: 'gone soon' });
    const store = await remote.connect();
    const snapshot = store.snapshot();
    const before = store.commit;
    await store.changeAndPush(async (batch) => {
      await batch.remove('b');
      await batch.set('a', 'new');
      // Enough to make the store drop what nobody needs.
      for (let at = 0; at < 1100; at++) await batch.set(`many/${at}`, `${at}`);
    });
    expect([await snapshot.getText('a'), await snapshot.getText('b')]).toEqual(['old', 'gone soon']);
    expect(await store.getText('a')).toBe('new');
    expect(snapshot.commit).toEqual(before);
    snapshot.close();
    snapshot.close();
    await expect(snapshot.get('a')).rejects.toThrow(TypeError);
  });
});
