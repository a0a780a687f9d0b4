import { encodeUtf8, GitError, MalformedError, type Oid, TransportError } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import { GitKv, type WatchEvent, type WatchOptions } from '../../src/index.js';
import { InProcessRemote } from '../support/in-process.js';
import { startRemote, text } from '../support/remote.js';
import { writeTree } from '../support/trees.js';

/** Asks often, so that no test waits. */
const FAST = { pollMs: 60, maxPollMs: 80 };

/** A watch that is taken from by hand. */
function watching(store: GitKv, prefix = '', options: WatchOptions = {}): { next(): Promise<WatchEvent | undefined> } {
  const ended = new AbortController();
  onTestFinished(() => ended.abort());
  const events = store.watch(prefix, { ...FAST, signal: ended.signal, ...options });
  let before = Promise.resolve<WatchEvent | undefined>(undefined);
  return {
    next: () => {
      before = before.then(async () => (await events.next()).value ?? undefined);
      return before;
    },
  };
}

const told = (event: WatchEvent | undefined): string[] | undefined =>
  event?.changes?.map(({ kind, key }) => `${kind} ${key}`);

describe.each([
  ['a whole store', {}],
  ['a partial store', { partial: true }],
])('%s', (_kind, options) => {
  test('tells own writes at once, a batch as one event', async () => {
    const remote = await startRemote();
    remote.git('config', 'uploadpack.allowFilter', 'true');
    remote.commit({ a: '1' });
    const store = await remote.connect(options);
    // The remote is asked once, as it begins.
    const watch = watching(store, '', { pollMs: 1e6 });
    const first = watch.next();
    await store.set('b', '2');
    expect(await first).toMatchObject({ kind: 'commit', commit: store.commit?.oid });
    expect(told(await first)).toEqual(['add /b']);
    const second = watch.next();
    await store.changeAndPush(async (batch) => {
      await batch.set('c/d', '3');
      await batch.remove('a');
      await batch.set('b', '4');
    });
    const event = await second;
    expect(told(event)).toEqual(['remove /a', 'change /b', 'add /c/d']);
    const values = await Promise.all(event?.changes?.map(async (change) => text(await change.value())) ?? []);
    expect(values).toEqual([undefined, '4', '3']);
  });

  test.each([true, false])('tells the commits of others one by one, in order (filters: %s)', async (filters) => {
    if (!filters && 'partial' in options) return; // there is no such store
    const remote = await startRemote();
    remote.git('config', 'uploadpack.allowFilter', String(filters));
    const base = remote.commit({ a: '1', 'x/y': '0' });
    const store = await remote.connect(options);
    const made = [remote.commit({ a: '2' }), remote.commit({ 'x/y': '1', z: '1' }), remote.commit({ a: null })];
    const watch = watching(store);
    const events = [await watch.next(), await watch.next(), await watch.next()];
    expect(events.map((event) => event?.commit)).toEqual(made);
    expect(events.map((event) => event?.from)).toEqual([base, ...made.slice(0, 2)]);
    expect(events.map(told)).toEqual([['change /a'], ['change /x/y', 'add /z'], ['remove /a']]);
    expect(text(await events[0]?.changes?.[0]?.value())).toBe('2');
    // The store is where it was.
    expect(store.commit?.oid).toBe(base);
    const next = watch.next();
    await store.pull();
    remote.commit({ later: '1' });
    expect(told(await next)).toEqual(['add /later']);
  });

  test('goes on where another watch ended, and tells only what is below a prefix', async () => {
    const remote = await startRemote();
    remote.git('config', 'uploadpack.allowFilter', 'true');
    const base = remote.commit({ 'app/a': '1', other: '1' });
    remote.commit({ other: '2' });
    const wanted = remote.commit({ 'app/b/c': '1', apple: '1' });
    const removed = remote.commit({ 'app/a': null, 'app/b/c': null, app: 'a value' });
    const store = await remote.connect(options);
    const watch = watching(store, 'app', { from: base });
    const events = [await watch.next(), await watch.next()];
    expect(events.map((event) => event?.commit)).toEqual([wanted, removed]);
    expect(events.map(told)).toEqual([['add /app/b/c'], ['add /app', 'remove /app/a', 'remove /app/b/c']]);
    expect(text(await events[1]?.changes?.[0]?.value())).toBe('a value');
    expect(told(await watching(store, 'app', { from: wanted }).next())).toEqual(told(events[1]));
  });

  test('a rewritten branch, one that is gone, and one that comes again are data', async () => {
    const remote = await startRemote();
    remote.git('config', 'uploadpack.allowFilter', 'true');
    const first = remote.commit({ a: '1' });
    const second = remote.commit({ b: '1' });
    const store = await remote.connect(options);
    const watch = watching(store);
    const rewritten = watch.next();
    remote.git('update-ref', 'refs/heads/main', first);
    const forced = remote.commit({ c: '1' });
    expect(await rewritten).toMatchObject({ kind: 'reset', reason: 'rewritten', from: second, commit: forced });
    expect(told(await rewritten)).toEqual(['remove /b', 'add /c']);
    const gone = watch.next();
    remote.git('update-ref', '-d', 'refs/heads/main');
    expect(await gone).toMatchObject({ kind: 'reset', reason: 'removed', from: forced, commit: undefined });
    expect(told(await gone)).toEqual(['remove /a', 'remove /c']);
    const again = watch.next();
    remote.git('update-ref', 'refs/heads/main', first);
    expect(await again).toMatchObject({ kind: 'commit', from: undefined, commit: first });
    expect(told(await again)).toEqual(['add /a']);
  });
});

describe('a watch', () => {
  test('of more commits than it is to tell is a reset, and so is one from a commit that nobody knows', async () => {
    const remote = await startRemote();
    const base = remote.commit({ a: '1' });
    for (const value of ['2', '3', '4']) remote.commit({ a: value });
    const store = await remote.connect();
    const many = await watching(store, '', { from: base, maxCommits: 2 }).next();
    expect(many).toMatchObject({ kind: 'reset', reason: 'too-many-commits', commit: store.commit?.oid });
    expect(told(many)).toEqual(['change /a']);
    const unknown = await watching(store, '', { from: '1'.repeat(40) }).next();
    expect(unknown).toMatchObject({ kind: 'reset', reason: 'rewritten', changes: undefined });
  });

  test('of an empty store tells the first commit', async () => {
    const remote = await startRemote();
    const store = await remote.connect();
    const first = watching(store).next();
    await store.set('a', '1');
    expect(await first).toMatchObject({ kind: 'commit', from: undefined });
    expect(told(await first)).toEqual(['add /a']);
  });

  test('follows the parent that it came from, and what was merged in comes with the merge', async () => {
    const remote = await startRemote();
    const base = remote.commit({ a: '1' });
    const ours = remote.commit({ b: '1' });
    remote.git('branch', 'side', base);
    const theirs = remote.commit({ c: '1' }, { branch: 'side' });
    const tree = remote.git('merge-tree', '--write-tree', 'main', 'side').trim();
    const env = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
    const merge = remote.git(...env, 'commit-tree', tree, '-p', theirs, '-p', ours, '-m', 'merge').trim();
    remote.git('update-ref', 'refs/heads/main', merge);
    const store = await remote.connect();
    const events = await Promise.all([ours, theirs].map((from) => watching(store, '', { from }).next()));
    expect(events.map((event) => [event?.commit, told(event)])).toEqual([
      [merge, ['add /c']],
      [merge, ['add /b']],
    ]);
  });

  test('counts what is new since it began, and not the history that is shared', async () => {
    const repository = createMemoryRepository();
    const store = await GitKv.open(repository);
    const log: Oid[] = [];
    for (let at = 0; at < 12; at++) {
      await store.set('a', String(at));
      log.push(store.commit?.oid as Oid);
    }
    const [before, from] = log.slice(-2) as [Oid, Oid];
    const commit = async (key: string, ...parentOids: Oid[]): Promise<Oid> => {
      const tree = await writeTree(repository, { a: '11', [key]: '1' });
      const parents = parentOids.map((oid) => `parent ${oid}\n`).join('');
      const person = `A <a@example.com> ${Math.floor(Date.now() / 1000)} +0000`;
      const body = encodeUtf8(`tree ${tree}\n${parents}author ${person}\ncommitter ${person}\n\nx\n`);
      return await repository.objects.write({ kind: 'commit', body });
    };
    const merge = await commit('b', await commit('b', before), from);
    const tip = await commit('c', merge);
    await repository.refs.update([{ name: 'refs/heads/main', expected: { oid: from }, next: { oid: tip } }]);
    const watch = watching(store, '', { from, maxCommits: 5 });
    expect([await watch.next(), await watch.next()]).toMatchObject([
      { kind: 'commit', from, commit: merge },
      { kind: 'commit', from: merge, commit: tip },
    ]);
    const few = await watching(store, '', { from, maxCommits: 2 }).next();
    expect(few).toMatchObject({ kind: 'reset', reason: 'too-many-commits' });
  });

  test('of several asks for all of them, one request each time, and not when nobody watches', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    const watches = [watching(store), watching(store, 'a'), watching(store, 'b')];
    const nexts = [watches[0]?.next(), watches[1]?.next()];
    remote.commit({ a: '2' });
    await Promise.all(nexts);
    const before = remote.backend.requests.length;
    const [next] = [watches[0]?.next()];
    let asked = 0;
    const counted = new Promise<void>((resolve) => {
      remote.intercept = () => {
        if (++asked === 3) resolve();
        return false;
      };
    });
    await counted;
    expect(remote.backend.requests.slice(before).every(({ method }) => method === 'POST')).toBe(true);
    await store.disconnect();
    expect(await next).toBeUndefined();
  });

  test('goes on after failures, and says so; what does not mend ends it', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    const errors: unknown[] = [];
    let failures = 0;
    remote.intercept = (_request, response) => {
      if (++failures > 3) return false;
      response.destroy();
      return true;
    };
    const watch = watching(store, '', { onError: (error) => void errors.push(error) });
    const next = watch.next();
    remote.commit({ a: '2' });
    expect(told(await next)).toEqual(['change /a']);
    expect(errors.length).toBeGreaterThan(0);
    remote.intercept = (_request, response) => {
      response.writeHead(403).end();
      return true;
    };
    await expect(watch.next()).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });

  const status = (code: number): Error =>
    new TransportError('HTTP_STATUS', `Cannot use the answer: HTTP status ${code}`, {
      status: code,
      retryable: code !== 400,
    });
  const cut = new MalformedError('pkt-line', 4, 'it is cut short', { origin: 'remote' });
  const mixedUp = new GitError('HASH_MISMATCH', 'Cannot use the pack: its checksum is wrong');
  test.each([
    ['HTTP 503', status(503)],
    ['HTTP 429', status(429)],
    ['an answer that is cut short', cut],
    ['an answer that was mixed up', mixedUp],
  ])('goes on after %s', async (_what, error) => {
    const remote = new InProcessRemote();
    const other = await remote.connect();
    await other.set('a', '1');
    const store = await remote.connect();
    const errors: unknown[] = [];
    const watch = watching(store, '', { pollMs: 1, maxPollMs: 2, onError: (told) => void errors.push(told) });
    for (const value of ['2', '3']) {
      await other.set('a', value);
      const before = errors.length;
      remote.onConnect = () => {
        if (errors.length < before + 5) throw error;
      };
      expect(told(await watch.next())).toEqual(['change /a']);
    }
    expect(errors).toEqual(Array.from({ length: 10 }, () => error));
  });

  test.each([
    ['HTTP 400', status(400), 0],
    ['answers that make no sense, again and again', cut, 7],
  ])('ends with %s', async (_what, error, endured) => {
    const remote = new InProcessRemote();
    await (await remote.connect()).set('a', '1');
    const store = await remote.connect();
    const errors: unknown[] = [];
    remote.onConnect = () => {
      throw error;
    };
    const next = watching(store, '', { pollMs: 1, maxPollMs: 2, onError: (told) => void errors.push(told) }).next();
    await expect(next).rejects.toBe(error);
    expect(errors).toHaveLength(endured);
  });

  test('whose onError throws ends with that, and the others go on', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    const problem = new Error('nobody listens');
    const failing = watching(store, '', {
      onError: () => {
        throw problem;
      },
    });
    const [failed, next] = [failing.next(), watching(store).next()];
    let failures = 0;
    remote.intercept = (_request, response) => {
      if (++failures > 2) return false;
      response.destroy();
      return true;
    };
    await expect(failed).rejects.toBe(problem);
    remote.commit({ a: '2' });
    expect(told(await next)).toEqual(['change /a']);
  });

  test('ends with its signal, and with the loop', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    const controller = new AbortController();
    const ended = watching(store, '', { signal: controller.signal }).next();
    controller.abort();
    expect(await ended).toBeUndefined();
    setImmediate(() => void store.set('b', '1'));
    for await (const event of store.watch('', FAST)) {
      expect(told(event)).toEqual(['add /b']);
      break;
    }
  });
});

test('a store over a repository at hand is watched too', async () => {
  const repository = createMemoryRepository();
  const [store, other] = [await GitKv.open(repository), await GitKv.open(repository)];
  const watch = watching(store, '', { pollMs: 1e6 });
  const first = watch.next();
  await other.set('a', '1');
  expect(told(await first)).toEqual(['add /a']);
  await store.pull();
  const second = watch.next();
  await store.set('a', '2');
  expect(text(await (await second)?.changes?.[0]?.value())).toBe('2');
});
