import { join, relative } from 'node:path';
import type { Connection, ConnectionTransport } from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, gitEnv, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { startGitDaemon } from '../../../../test/support/git-daemon.js';
import { openRepo } from '../../src/files/index.js';
import { GitKv } from '../../src/index.js';
import { connect, ofOctets, openTransport } from '../../src/node/index.js';
import { bytesOf, startRemote, streamOf } from '../support/remote.js';

function bound(connection: Connection): Connection {
  return {
    incoming: connection.incoming,
    send: (bytes) => connection.send(bytes),
    finish: () => connection.finish(),
    close: () => connection.close(),
  };
}

describe('connect on Node', () => {
  test('syncs over connections of its own, and lets go of them', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await connect(remote.url, { environment: {} });
    await store.set('b', '2');
    const saved = await bytesOf(store.toOctets());
    await store.disconnect();
    expect(await store.getText('b')).toBe('2');
    const again = await ofOctets(streamOf(saved), { remote: remote.url, environment: {} });
    expect(await again.pull()).toEqual([]);
    await again.disconnect();
  });

  test.each([
    ['git://', async (root: string) => await startGitDaemon(root, { enableReceivePack: true })],
    ['file://', async (root: string) => ({ url: `file://${root}`, close: async () => {} })],
    ['an absolute path', async (root: string) => ({ url: root, close: async () => {} })],
    ['a relative path', async (root: string) => ({ url: `./${relative('.', root)}`, close: async () => {} })],
  ])('syncs over %s', async (_scheme, serve) => {
    const root = temporaryDirectory();
    const directory = initBare(join(root, 'r.git'));
    commitFiles(directory, [{ files: { a: '1' } }]);
    const { url, close } = await serve(root);
    const store = await connect(`${url}/r.git#main`, { environment: gitEnv });
    expect(await store.getText('a')).toBe('1');
    await store.changeAndPush((batch) => batch.set('b', '2'));
    const saved = await ofOctets(store.toOctets(), { remote: `${url}/r.git#main`, environment: gitEnv });
    expect(await saved.pull()).toEqual([]);
    await saved.disconnect();
    await expect(connect(`${url}/r.git#none`, { environment: gitEnv })).rejects.toMatchObject({
      code: 'REMOTE_REF_NOT_FOUND',
    });
    await expect(connect(`${url}/r.git#a..b`, { environment: gitEnv })).rejects.toMatchObject({
      code: 'INVALID_REF_NAME',
    });
    await store.disconnect();
    await close();
    expect(git(['show', 'main:b'], { cwd: directory })).toBe('2');
  });

  test('lets go of the connection where there is no such branch', async () => {
    const root = temporaryDirectory();
    commitFiles(initBare(join(root, 'r.git')), [{ files: { a: '1' } }]);
    const daemon = await startGitDaemon(root);
    const url = `${daemon.url}/r.git`;
    const inner = openTransport(url, { environment: gitEnv }) as ConnectionTransport;
    let opened = 0;
    const held = new Set<Connection>();
    const transport: ConnectionTransport = {
      url,
      connect: async (call) => {
        const { incoming, ...connection } = bound(await inner.connect(call));
        const counted: Connection = {
          ...connection,
          incoming,
          close: async () => {
            held.delete(counted);
            await connection.close();
          },
        };
        opened++;
        held.add(counted);
        return counted;
      },
    };
    for (const attempt of [
      () => GitKv.connect(`${url}#none`, { transport }),
      () => GitKv.connect(`${url}#none`, { transport, partial: true }),
      () => openRepo(`${url}#none`, { transport }, async () => {}),
      () => openRepo(url, { transport, branch: 'none' }, async () => {}),
    ])
      await expect(attempt()).rejects.toThrow();
    expect(opened).toBeGreaterThanOrEqual(3);
    expect(held.size).toBe(0);
    await daemon.close();
  });

  test('offers the credentials of the environment first, and then asks', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const seen: string[] = [];
    let wanted = 'env:secret';
    remote.intercept = (request, response) => {
      const given = atob(request.headers.authorization?.replace('Basic ', '') ?? '');
      seen.push(given);
      if (given === wanted) return false;
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
      return true;
    };
    const environment = { GIT_KV_USERNAME: 'env', GIT_KV_PASSWORD: 'secret' };
    await (await connect(remote.url, { environment })).disconnect();
    expect(seen.slice(0, 2)).toEqual(['', 'env:secret']);

    wanted = 'asked:1';
    const credentials = async ({ attempt }: { attempt: number }): Promise<{ username: string; password: string }> => ({
      username: 'asked',
      password: String(attempt),
    });
    seen.length = 0;
    await (await connect(remote.url, { environment, credentials })).disconnect();
    expect(seen.slice(0, 3)).toEqual(['', 'env:secret', 'asked:1']);
    await expect(connect(remote.url, { environment })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  });

  test('a wrong state or URL is told before any connection', async () => {
    await expect(connect('nothing')).rejects.toMatchObject({ code: 'INVALID_URL' });
    const options = { remote: 'http://127.0.0.1:9/a.git', environment: {} };
    await expect(ofOctets(streamOf(Uint8Array.of(1)), options)).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });
});
