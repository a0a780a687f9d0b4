import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { GitKv, type KvOptions } from '../src/index.js';
import { keyMerges } from '../src/merge/index.js';
import { InProcessRemote, valuesOf } from './support/in-process.js';
import { startRemote } from './support/remote.js';

const isSlow = process.env.GIT_KV_SLOW === '1';

/** Every writer makes `count` commits, one after the other, all writers at once. */
async function write(
  stores: readonly GitKv[],
  count: number,
  one: (store: GitKv, who: number, n: number) => Promise<void>,
): Promise<void> {
  await Promise.all(
    stores.map(async (store, who) => {
      for (let n = 0; n < count; n++) await one(store, who, n);
    }),
  );
}

const expected = (writers: number, count: number): Record<string, string> => {
  const values: Record<string, string> = {};
  for (let who = 0; who < writers; who++) for (let n = 0; n < count; n++) values[`w${who}/${n}`] = `${who}.${n}`;
  return values;
};

/** With waits as short as a test can bear. */
const options: KvOptions = {
  retries: 1000,
  backOff: (attempt) => new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(attempt, 10))),
};

describe('Many writers on one branch', () => {
  const [writers, count] = isSlow ? [16, 25] : [8, 5];

  test(`${writers} x ${count} disjoint commits over the protocol: all there, none twice`, {
    timeout: 300_000,
  }, async () => {
    const remote = new InProcessRemote();
    const stores = await Promise.all(Array.from({ length: writers }, () => remote.connect(options)));
    await write(stores, count, (store, who, n) =>
      store.changeAndPush((batch) => batch.set(`w${who}/${n}`, `${who}.${n}`), { message: `w${who}/${n}` }),
    );
    expect(await remote.values()).toEqual(expected(writers, count));
    const log = await remote.log();
    expect(log).toHaveLength(writers * count);
    expect(new Set(log).size).toBe(writers * count);
    for (const store of stores) {
      await store.pull();
      expect(await valuesOf(store)).toEqual(expected(writers, count));
    }
  });

  test('count one counter together, in a repository at hand', { timeout: 300_000 }, async () => {
    const { repository } = new InProcessRemote();
    const stores = await Promise.all(
      Array.from({ length: writers }, () => GitKv.open(repository, { ...options, merge: keyMerges.counter() })),
    );
    const seen: number[] = [];
    await write(stores, count, async (store) => {
      await store.changeAndPush(async (batch) => {
        const value = Number((await batch.getText('n')) ?? 0) + 1;
        await batch.set('n', `${value}`);
      });
      seen.push(Number(await store.getText('n')));
    });
    const store = await GitKv.open(repository);
    expect(await store.getText('n')).toBe(`${writers * count}`);
    // Each commit raised it by one, so that no two writers saw the same after theirs.
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: writers * count }, (_, at) => at + 1));
  });

  test('draw numbers from one counter, none twice, by serializable batches', { timeout: 300_000 }, async () => {
    const remote = new InProcessRemote();
    const stores = await Promise.all(Array.from({ length: 4 }, () => remote.connect(options)));
    const drawn: number[] = [];
    await write(stores, count, async (store) => {
      const mine = await store.changeAndPush(
        async (batch) => {
          const value = Number((await batch.getText('next')) ?? 0);
          await batch.set('next', `${value + 1}`);
          return value;
        },
        { isolation: 'serializable', retries: 1000 },
      );
      drawn.push(mine);
    });
    expect(drawn.sort((a, b) => a - b)).toEqual(Array.from({ length: 4 * count }, (_, at) => at));
  });

  const [gitWriters, gitCount] = isSlow ? [16, 25] : [3, 2];

  test(`${gitWriters} x ${gitCount} through git http-backend: all there, none twice`, {
    timeout: 1_800_000,
  }, async () => {
    const remote = await startRemote();
    // The default pace: what a store does with a real server.
    const stores = await Promise.all(Array.from({ length: gitWriters }, () => remote.connect()));
    const tried: number[] = [];
    const start = performance.now();
    await write(stores, gitCount, async (store, who, n) => {
      const before = performance.now();
      await store.set(`w${who}/${n}`, `${who}.${n}`, { retries: 32 });
      tried.push(performance.now() - before);
    });
    if (isSlow) {
      const seconds = (performance.now() - start) / 1000;
      const slowest = Math.max(...tried) / 1000;
      const requests = remote.backend.requests.length;
      process.stdout.write(
        `${gitWriters} x ${gitCount}: ${seconds.toFixed(1)} s, ${requests} requests, slowest write ${slowest.toFixed(1)} s\n`,
      );
    }
    expect(remote.git('rev-list', '--count', 'main')).toBe(`${gitWriters * gitCount}`);
    expect(remote.git('ls-tree', '-r', '--name-only', 'main').split('\n').sort()).toEqual(
      Object.keys(expected(gitWriters, gitCount)).sort(),
    );
    expect(remote.git('fsck', '--strict', '--no-dangling')).toBe('');
  });
});

describe('A write that others were faster than', () => {
  const sent = (requests: readonly { readonly method: string; readonly url: string }[]): string[] =>
    requests.map(({ method, url }) => `${method} ${url.replace(/^.*git-/, '')}`);

  test('is made again in three requests: where the branch is, what is new there, and the push', async () => {
    const remote = await startRemote();
    const [one, other] = [await remote.connect(), await remote.connect()];
    await one.set('a', '1');
    const before = remote.backend.requests.length;
    await other.set('b', '2');
    expect(sent(remote.backend.requests.slice(before))).toEqual([
      'GET receive-pack',
      'GET receive-pack',
      'POST upload-pack',
      'POST receive-pack',
    ]);
    expect(remote.files()).toEqual({ a: '1', b: '2' });
    await one.set('c', '3');
    expect(remote.files()).toEqual({ a: '1', b: '2', c: '3' });
  });

  test('connects anew where what was learned of the server before is true no more', async () => {
    const remote = await startRemote();
    const [one, other] = [await remote.connect(), await remote.connect()];
    await one.set('a', '1');
    let refusals = 0;
    remote.intercept = ({ method, url }, response) => {
      if (method !== 'POST' || !url?.endsWith('upload-pack') || ++refusals > 1) return false;
      response.writeHead(404).end();
      return true;
    };
    await other.set('b', '2');
    expect(refusals).toBe(3); // one more, to be told where the branch is
    expect(remote.files()).toEqual({ a: '1', b: '2' });
  });

  test('asks once where what comes is wrong, whoever sends it', async () => {
    const remote = await startRemote();
    const [one, other] = [await remote.connect(), await remote.connect()];
    await one.set('a', '1');
    let asked = 0;
    let answer = (response: ServerResponse): unknown => response.writeHead(403).end();
    remote.intercept = ({ method, url }, response) => {
      if (method !== 'POST' || !url?.endsWith('upload-pack')) return false;
      asked++;
      answer(response);
      return true;
    };
    await expect(other.set('b', '2')).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    answer = (response) => answerFetch(response, 'zzzz');
    await expect(other.set('b', '2')).rejects.toMatchObject({ code: 'MALFORMED' });
    expect(asked).toBe(2);
  });

  test('waits for those who hand out objects to hear of what they wrote, a few times', async () => {
    const remote = await startRemote();
    let waits = 0;
    const one = await remote.connect();
    await one.set('a', '1');
    let known = `${one.commit?.oid} refs/heads/main\n`;
    const other = await remote.connect({ backOff: async () => void waits++ });
    await one.set('c', '3');
    let asked = 0;
    let lag = 2;
    remote.intercept = ({ method, url }, response) => {
      if (method !== 'POST' || !url?.endsWith('upload-pack') || asked >= 2 * lag) return false;
      const line = asked++ % 2 === 0 ? `ERR upload-pack: not our ref ${one.commit?.oid}` : known;
      answerFetch(response, `${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`);
      return true;
    };
    await other.set('b', '2');
    expect([asked, waits]).toEqual([4, 3]);
    expect(remote.files()).toEqual({ a: '1', b: '2', c: '3' });
    known = `${other.commit?.oid} refs/heads/main\n`;
    await one.set('c', '4');
    [asked, lag] = [0, 100];
    await expect(other.set('b', '3')).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    expect(asked).toBe(10);
  });
});

function answerFetch(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' }).end(body);
}
