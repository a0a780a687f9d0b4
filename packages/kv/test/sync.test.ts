import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { SettledPush, UnpushedPolicy } from '../src/index.js';
import { GitKv, Key } from '../src/index.js';
import { bytesOf, type Remote, startRemote, streamOf } from './support/remote.js';

const spelled = (changes: Awaited<ReturnType<GitKv['pull']>>): string[] =>
  changes.map(({ kind, key }) => `${{ add: '+', remove: '-', change: '*' }[kind]} ${key}`);

describe('pull', () => {
  test('K12 lists what was added, removed and changed, leaf keys in order', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1', 'dir/b': '2', 'dir/c': '3', same: 's' });
    const store = await remote.connect();
    remote.commit({ a: 'new', 'dir/b': null, 'dir/d': '4', 'x/y/z': '5' });
    expect(spelled(await store.pull())).toEqual(['* /a', '- /dir/b', '+ /dir/d', '+ /x/y/z']);
    expect(await store.getText('x/y/z')).toBe('5');
    expect(await store.pull()).toEqual([]);
  });

  test('K14 with directories, lists them too, the root included', async () => {
    const remote = await startRemote();
    remote.commit({ foo: 'Hello World!\n' });
    const store = await remote.connect();
    remote.commit({ bar: 'Git rocks!\n' });
    expect(spelled(await store.pull({ directories: true }))).toEqual(['+ /bar', '* /']);
    remote.commit({ 'dir/a': '1', foo: null });
    expect(spelled(await store.pull({ directories: true }))).toEqual(['+ /dir', '+ /dir/a', '* /', '- /foo']);
  });

  test('K12 a value that became a dictionary is a removal and an addition', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    remote.commit({ a: null, 'a/b': '2' });
    expect(spelled(await store.pull())).toEqual(['- /a', '+ /a/b']);
  });

  test('K13 K15 brings the newest commit alone, whatever the dates say', async () => {
    const remote = await startRemote();
    for (let n = 1; n <= 5; n++) remote.commit({ [`k${n}`]: 'x'.repeat(100) }, { time: 1_700_000_000 - n * 1_000_000 });
    const store = await remote.connect();
    const size = async (): Promise<number> => (await bytesOf(store.toOctets({ format: 'pack' })))[11] ?? 0;
    expect(await size()).toBe(1 + 1 + 1); // a commit, a tree, and one value that all keys share
    for (let n = 6; n <= 9; n++) remote.commit({ [`k${n}`]: `${n}` }, { time: 1_000_000_000 - n });
    expect(spelled(await store.pull())).toEqual(['+ /k6', '+ /k7', '+ /k8', '+ /k9']);
    expect(await size()).toBe(1 + 1 + 5);
  });

  test('K18 a remote that was forced elsewhere is taken over, when nothing of ours is lost', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    await store.set('b', '2');
    remote.commit({ other: 'x' }, { branch: 'other' });
    remote.git('update-ref', 'refs/heads/main', 'refs/heads/other');
    expect(spelled(await store.pull())).toEqual(['- /a', '- /b', '+ /other']);
    await store.set('c', '3');
    expect(remote.files()).toEqual({ c: '3', other: 'x' });
  });

  test('a branch that is gone is an error, and the store stays', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    remote.git('update-ref', '-d', 'refs/heads/main');
    await expect(store.pull()).rejects.toMatchObject({ code: 'REMOTE_REF_NOT_FOUND' });
    expect(await store.getText('a')).toBe('1');
  });

  test('a connection that breaks half-way is an error, and the store stays', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    remote.commit({ a: '2' });
    remote.intercept = (request, response) => {
      if (request.method !== 'POST') return false;
      response.writeHead(200, { 'Content-Type': 'application/x-git-upload-pack-result' });
      response.write('0032', () => response.destroy());
      return true;
    };
    const before = store.commit;
    await expect(store.pull()).rejects.toMatchObject({ isGitError: true });
    expect(store.commit).toEqual(before);
    remote.intercept = undefined;
    expect(spelled(await store.pull())).toEqual(['* /a']);
  });

  test('a pack that is corrupt is an error, and the store stays', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    remote.commit({ a: '2' });
    remote.intercept = (_request, response) => {
      const write = response.write.bind(response);
      response.write = ((chunk: Buffer) => {
        const at = chunk.indexOf('PACK');
        if (at >= 0) chunk[at + 14] = (chunk[at + 14] ?? 0) ^ 0xff;
        return write(chunk);
      }) as typeof response.write;
      return false;
    };
    const before = store.commit;
    await expect(store.pull()).rejects.toMatchObject({ isGitError: true });
    expect(store.commit).toEqual(before);
    remote.intercept = undefined;
    expect(spelled(await store.pull())).toEqual(['* /a']);
  });

  test('reads go on while values are written and old ones are dropped', async () => {
    const remote = await startRemote();
    const store = await remote.connect();
    const value = (n: number): Uint8Array => new Uint8Array(6_000_000).fill(n);
    await store.set('big', value(0));
    const saving = store.toOctets({ format: 'pack', level: 0 });
    await saving.next();
    for (let n = 1; n <= 4; n++) {
      const [read] = await Promise.all([store.get('big'), store.set('big', value(n))]);
      expect([n - 1, n]).toContain(read?.[0]);
    }
    let size = 0;
    for await (const chunk of saving) size += chunk.length;
    expect(size).toBeGreaterThan(6_000_000);
    expect((await store.get('big'))?.[5_999_999]).toBe(4);
  });

  test('writes and pulls go on over many commits, and old objects do not pile up', async () => {
    const remote = await startRemote();
    remote.commit(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, `${n}`])));
    const store = await remote.connect();
    for (let n = 0; n < 5; n++) {
      await store.set(`k${n}`, 'mine');
      remote.commit({ [`k${n + 10}`]: 'theirs' });
      expect(spelled(await store.pull())).toEqual([`* /k${n + 10}`]);
    }
    expect(remote.git('fsck', '--strict')).toBe('');
    expect((await bytesOf(store.toOctets({ format: 'pack' })))[11]).toBe(1 + 1 + 42);
  });
});

const isPush = (request: IncomingMessage): boolean =>
  request.method === 'POST' && (request.url ?? '').endsWith('/git-receive-pack');

/** Let git do the push, and then drop the connection instead of its answer. */
function dropAnswers(_request: IncomingMessage, response: ServerResponse): boolean {
  response.writeHead = () => response;
  response.write = () => true;
  response.end = () => response.destroy();
  return false;
}

describe('A push whose answer is lost', () => {
  test('K25 after the remote took it: the remote is asked, and it is a success', async () => {
    const remote = await startRemote();
    const store = await remote.connect();
    remote.intercept = (request, response) => (isPush(request) ? dropAnswers(request, response) : false);
    await store.set('a', '1');
    expect(remote.files()).toEqual({ a: '1' });
    expect(await store.getText('a')).toBe('1');
    expect(store.pendingCommit).toBeUndefined();
  });

  test('K25 before the remote took it: old values prove nothing, and the next pull rolls the store back', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    const before = store.commit;
    remote.intercept = (request, response) => {
      if (isPush(request)) request.resume().on('end', () => response.destroy());
      return isPush(request);
    };
    await expect(store.set('a', '2')).rejects.toMatchObject({ code: 'PUSH_OUTCOME_UNKNOWN' });
    expect(store.commit).toEqual(before);
    expect(store.pendingCommit).toMatch(/^[0-9a-f]{40}$/);
    expect(await store.getText('a')).toBe('1');
    remote.intercept = undefined;
    await expect(store.set('a', '3')).rejects.toMatchObject({ code: 'UNPUSHED_COMMIT' });
    const settled: SettledPush[] = [];
    expect(await store.pull({ onSettled: (one) => void settled.push(one) })).toEqual([]);
    expect(settled).toMatchObject([{ status: 'rolled-back' }]);
    expect(store.pendingCommit).toBeUndefined();
    await store.set('a', '3');
    expect(remote.files()).toEqual({ a: '3' });
  });

  test('a listener that throws when it is told takes no pull down', async () => {
    const { remote, store } = await inDoubt(true);
    remote.commit({ b: '1' });
    const problem = new Error('nobody listens');
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    try {
      const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
      const onSettled = (): never => {
        throw problem;
      };
      expect(spelled(await store.pull({ onSettled }))).toEqual(['* /a', '+ /b']);
      expect(await thrown).toBe(problem);
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
    expect(store.pendingCommit).toBeUndefined();
  });

  /** A store whose last push has no known outcome. */
  async function inDoubt(arrives: boolean): Promise<{ remote: Remote; store: GitKv; oid: string }> {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    let isGone = false;
    remote.intercept = (request, response) => {
      if (isGone) {
        response.destroy();
        return true;
      }
      if (!isPush(request)) return false;
      isGone = true;
      if (arrives) return dropAnswers(request, response);
      request.resume().on('end', () => response.destroy());
      return true;
    };
    await expect(store.set('a', '2')).rejects.toMatchObject({ code: 'PUSH_OUTCOME_UNKNOWN' });
    remote.intercept = undefined;
    return { remote, store, oid: store.pendingCommit ?? '' };
  }

  test.each([true, false])(
    'and the remote cannot be asked: the commit is pending, and nothing moves (it arrived: %s)',
    async (arrives) => {
      const { remote, store, oid } = await inDoubt(arrives);
      expect(oid).toMatch(/^[0-9a-f]{40}$/);
      expect(await store.getText('a')).toBe('1');
      expect(store.commit?.oid).not.toBe(oid);
      await expect(store.set('b', 'x')).rejects.toMatchObject({ code: 'UNPUSHED_COMMIT' });
      await expect(store.changeAndPush((batch) => batch.set('b', 'x'))).rejects.toMatchObject({
        code: 'UNPUSHED_COMMIT',
      });
      const settled: SettledPush[] = [];
      expect(spelled(await store.pull({ onSettled: (one) => void settled.push(one) }))).toEqual(
        arrives ? ['* /a'] : [],
      );
      expect(settled).toEqual([{ oid, status: arrives ? 'pushed' : 'rolled-back' }]);
      expect(store.pendingCommit).toBeUndefined();
      expect(await store.getText('a')).toBe(arrives ? '2' : '1');
      await store.set('b', 'x');
      expect(remote.files()).toEqual({ a: arrives ? '2' : '1', b: 'x' });
    },
  );

  test.each<UnpushedPolicy>(['reject', 'theirs'])(
    'and others built on it: the next pull finds it in their history, by %s',
    async (onUnpushed) => {
      const { remote, store, oid } = await inDoubt(true);
      remote.commit({ b: '3' });
      remote.commit({ c: '4' });
      const settled: SettledPush[] = [];
      const changes = await store.pull({ onUnpushed, onSettled: (one) => void settled.push(one) });
      expect(spelled(changes)).toEqual(['* /a', '+ /b', '+ /c']);
      expect(settled).toEqual([{ oid, status: 'pushed' }]);
      await store.set('d', '5');
      expect(remote.files()).toEqual({ a: '2', b: '3', c: '4', d: '5' });
    },
  );

  test('K18 and others went another way: UNPUSHED_COMMIT, nothing lost, until the policy says so', async () => {
    const { remote, store, oid } = await inDoubt(false);
    remote.commit({ b: '3' });
    await expect(store.pull()).rejects.toMatchObject({ code: 'UNPUSHED_COMMIT' });
    await expect(store.pull()).rejects.toMatchObject({ code: 'UNPUSHED_COMMIT' });
    expect(store.pendingCommit).toBe(oid);
    expect(await store.getText('a')).toBe('1');
    const settled: SettledPush[] = [];
    const changes = await store.pull({ onUnpushed: 'theirs', onSettled: (one) => void settled.push(one) });
    expect(changes).toEqual([{ kind: 'add', key: Key.of('b') }]);
    expect(settled).toEqual([{ oid, status: 'abandoned' }]);
    await store.set('c', '4');
    expect(remote.files()).toEqual({ a: '1', b: '3', c: '4' });
  });

  test('is kept pending in the saved state', async () => {
    const { remote, store, oid } = await inDoubt(true);
    const saved = await bytesOf(store.toOctets());
    const again = await GitKv.ofOctets(streamOf(saved), { remote: remote.url });
    expect(again.pendingCommit).toBe(oid);
    expect(await again.getText('a')).toBe('1');
    expect(spelled(await again.pull())).toEqual(['* /a']);
  });
});

describe('A push that is refused', () => {
  test('K25 by a hook: PUSH_REJECTED with its reason, and the store as it was', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    const before = { commit: store.commit, digest: await store.digest('/') };
    remote.git('config', 'receive.denyNonFastForwards', 'true');
    const { chmodSync, writeFileSync } = await import('node:fs');
    const hook = `${remote.directory}/hooks/update`;
    writeFileSync(hook, '#!/bin/sh\nexit 1\n');
    chmodSync(hook, 0o755);
    await expect(store.set('a', '2')).rejects.toMatchObject({
      code: 'PUSH_REJECTED',
      message: expect.stringContaining('hook declined'),
    });
    await expect(store.changeAndPush((batch) => batch.remove('a'))).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    expect({ commit: store.commit, digest: await store.digest('/') }).toEqual(before);
    expect(remote.files()).toEqual({ a: '1' });
  });

  test('a server that refuses pushes at all is ACCESS_DENIED', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    remote.git('config', 'http.receivepack', 'false');
    await expect(store.set('a', '2')).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    expect(await store.getText('a')).toBe('1');
  });
});
