import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { GitKv } from '@git-kv/kv';
import type { Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { allowAll, createGitServer } from '@git-kv/server';
import { type ListeningServer, listen } from '@git-kv/server/node';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { chromium, type PageFile, resultOfPage } from './support/chromium.js';
import { makeWorker, workerd } from './support/workerd.js';

// The examples as people run them, on the built packages, with a server on loopback in place of a host.
const examples = fileURLToPath(new URL('../examples', import.meta.url));
const made = fileURLToPath(new URL('../node_modules/.cache/git-kv/examples', import.meta.url));

const repositories = new Map<string, Repository>();
let server: ListeningServer;

beforeAll(async () => {
  const resolve = (path: string): Repository | undefined => repositories.get(path);
  server = await listen({ server: createGitServer({ resolve, authorize: allowAll, cors: { origins: '*' } }) });
});
afterAll(() => server.close());

/** A repository on the server, and a store on its branch. */
async function publish(name: string): Promise<{ repository: Repository; store: GitKv; url: string }> {
  const repository = createMemoryRepository();
  repositories.set(name, repository);
  return { repository, store: await GitKv.open(repository), url: `${server.url}/${name}` };
}

/** Start a program that ends with the test, and give what waits for the next output that matches. */
function start(program: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  const child: ChildProcess = spawn(program, args, {
    ...options,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  let output = '';
  let look: () => void = () => {};
  for (const stream of [child.stdout, child.stdio[3] as NodeJS.ReadableStream]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      look();
    });
  }
  const see = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(output);
      if (match !== null) return match;
      await Promise.race([
        new Promise<void>((resolve) => {
          look = resolve;
        }),
        closed.then((code) => Promise.reject(new Error(`${program} ended with ${code}: ${output}`))),
      ]);
    }
  };
  return { see, closed, child };
}

describe('config-service', () => {
  test('serves the configuration, proposes a change, and follows what was merged', async () => {
    const { repository, store, url } = await publish('config.git');
    await store.set('service/config.json', '{ "uploadLimit": 10 }');
    const program = join(examples, 'config-service/main.mjs');
    const { see, closed, child } = start(process.execPath, [program, url, '0'], { env: { POLL_MS: '20' } });
    const [, service] = await see(/listening on (\S+)/);
    expect(await (await fetch(`${service}/config`)).json()).toEqual({
      config: { uploadLimit: 10, banner: '' },
      commit: store.commit?.oid,
    });

    const proposed = await fetch(`${service}/propose?title=Raise%20the%20limit`, {
      method: 'POST',
      body: '{"uploadLimit":20}',
    });
    const { branch } = (await proposed.json()) as { branch: string };
    expect(branch).toBe('proposal/raise-the-limit');
    const proposal = await GitKv.open(repository, { branch });
    expect(await proposal.getJson('service/config.json')).toEqual({ uploadLimit: 20, banner: '' });
    expect(await (await fetch(`${service}/config`)).json()).toMatchObject({ config: { uploadLimit: 10 } });
    const again = await fetch(`${service}/propose?title=Raise%20the%20limit`, { method: 'POST', body: '{}' });
    expect(again.status).toBe(500);

    // A reviewer merges it.
    const merged = await repository.refs.read(`refs/heads/${branch}`);
    await repository.refs.update([{ name: 'refs/heads/main', next: merged ?? null }]);
    await see(/configuration is now \{"uploadLimit":20,"banner":""\}/);

    // What is not JSON changes nothing.
    await store.pull();
    await store.set('service/config.json', '{ "uploadLimit": ');
    await store.set('service/config.json', '{ "uploadLimit": 30 }');
    await see(/configuration is now \{"uploadLimit":30,"banner":""\}/);
    const now = { config: { uploadLimit: 30, banner: '' }, commit: store.commit?.oid };
    expect(await (await fetch(`${service}/config`)).json()).toEqual(now);
    await store.set('service/config.json', '{ "uploadLimit": ');
    expect(await (await fetch(`${service}/config`)).json()).toEqual(now);
    child.kill('SIGTERM');
    expect(await closed).toBe(0);
  });
});

/** A way to the server that breaks at the request after each that brought objects. */
async function breakingWay(): Promise<string> {
  let isBreaking = false;
  const way = createServer(async (request, response) => {
    if (isBreaking) {
      isBreaking = false;
      return void request.socket.destroy();
    }
    const body = await buffer(request);
    isBreaking = body.includes('command=fetch');
    const headers = new Headers(request.headers as Record<string, string>);
    for (const name of ['host', 'connection', 'content-length']) headers.delete(name);
    const { method = 'GET' } = request;
    const answer = await fetch(`${server.url}${request.url}`, { method, headers, ...(method === 'POST' && { body }) });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(new Uint8Array(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => way.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    way.closeAllConnections();
    way.close();
  });
  return `http://127.0.0.1:${(way.address() as AddressInfo).port}`;
}

describe('config-service over a bad network', () => {
  test('keeps the last good configuration, and follows in the end', async () => {
    const { store } = await publish('broken.git');
    await store.set('service/config.json', '{ "uploadLimit": 10 }');
    const program = join(examples, 'config-service/main.mjs');
    const args = [program, `${await breakingWay()}/broken.git`, '0'];
    const { see, closed, child } = start(process.execPath, args, { env: { POLL_MS: '20' } });
    await see(/listening on (\S+)/);
    for (const uploadLimit of [11, 12]) {
      await store.set('service/config.json', JSON.stringify({ uploadLimit }));
      await see(new RegExp(`configuration is now \\{"uploadLimit":${uploadLimit},"banner":""\\}`));
    }
    await see(/configuration was not read: /);
    child.kill('SIGTERM');
    expect(await closed).toBe(0);
  });
});

describe('edge-reader', () => {
  test('answers 400 to what is no text', async () => {
    const { url } = await publish('edge-text.git');
    const { default: worker } = await import(join(examples, 'edge-reader/worker.mjs'));
    const context = { waitUntil: () => {} };
    const get = async (path: string): Promise<number> =>
      (await worker.fetch(new Request(`http://localhost${path}`), { REMOTE: url }, context)).status;
    expect([await get('/%'), await get('/%ff'), await get('/a%2F..%2Fb'), await get('/a')]).toEqual([
      400, 400, 400, 404,
    ]);
  });

  test.skipIf(workerd === undefined)('answers from memory, with ids of contents, and refreshes', async () => {
    const { store, url } = await publish('edge.git');
    await store.set('config/limit', '20');
    const directory = join(made, 'edge-reader');
    mkdirSync(directory, { recursive: true });
    await makeWorker(join(examples, 'edge-reader/worker.mjs'), directory, {
      worker: `bindings = [(name = "REMOTE", text = "${url}"), (name = "REFRESH_MS", text = "0")],`,
      config: 'sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],',
    });
    const { see } = start(workerd as string, ['serve', 'config.capnp', '--control-fd=3'], { cwd: directory });
    const [, port] = await see(/"socket":"http","port":(\d+)/);
    const get = (path: string, headers = {}) => fetch(`http://127.0.0.1:${port}${path}`, { headers });

    const answer = await get('/config/limit');
    expect([answer.status, await answer.text()]).toEqual([200, '20']);
    expect(answer.headers.get('x-commit')).toBe(store.commit?.oid);
    const etag = answer.headers.get('etag') as string;
    expect((await get('/config/limit', { 'if-none-match': etag })).status).toBe(304);
    expect((await get('/config')).status).toBe(404);
    expect((await get('/none')).status).toBe(404);
    expect((await get('/a%2F..%2Fb')).status).toBe(400);
    await store.set('config/limit', '21');
    await vi.waitFor(async () => expect(await (await get('/config/limit')).text()).toBe('21'), { timeout: 10_000 });
    const both = await Promise.all([get('/config/limit'), get('/config/limit')]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe('offline-notes', () => {
  test.skipIf(chromium === undefined)(
    'keeps notes off line, over a reload, and merges them',
    { timeout: 90_000 },
    async () => {
      const { store, url } = await publish('notes.git');
      await store.changeAndPush(async (batch) => {
        await batch.set('notes/shopping', 'milk\napples\nflour\n');
        await batch.set('notes/plan', 'Monday\n');
      });
      const outDir = join(made, 'offline-notes');
      const root = join(examples, 'offline-notes');
      await build({
        root,
        logLevel: 'error',
        build: { outDir, emptyOutDir: true },
        configFile: join(root, 'vite.config.mjs'),
      });

      const drive = readFileSync(fileURLToPath(new URL('support/drive-notes.mjs', import.meta.url)), 'utf8');
      const find = async (path: string): Promise<PageFile | undefined> => {
        if (path === '/drive.mjs')
          return { type: 'text/javascript', body: drive.replace("'REMOTE'", JSON.stringify(url)) };
        if (path === '/somebody-else') {
          await store.pull();
          await store.changeAndPush(async (batch) => {
            await batch.set('notes/shopping', 'eggs\nmilk\napples\nflour\n');
            await batch.set('notes/plan', 'Tuesday\n');
            await batch.set('notes/plan (mine)', 'of an earlier conflict\n');
          });
          return { type: 'text/plain', body: 'done' };
        }
        if (path === '/') {
          // The driver comes before the page's own module, so that it can take the network away.
          const page = readFileSync(join(outDir, 'index.html'), 'utf8');
          return {
            type: 'text/html',
            body: page.replace('<head>', '<head><script type="module" src="/drive.mjs"></script>'),
          };
        }
        if (!path.startsWith('/assets/')) return undefined;
        return { type: 'text/javascript', body: readFileSync(join(outDir, path)) };
      };
      const result = await resultOfPage(find);
      expect(result).not.toMatch(/^failed/);
      expect(JSON.parse(result)).toEqual({
        first: ['plan', 'shopping'],
        offline: 'milk\napples\nflour\nbread\n',
        reloaded: 'milk\napples\nflour\nbread\n',
        status: 'synced; now two notes each: plan',
        merged: 'eggs\nmilk\napples\nflour\nbread\n',
        last: ['idea', 'plan', 'plan (mine 2)', 'plan (mine)', 'shopping'],
      });
      await store.pull();
      expect(await store.getText('notes/shopping')).toBe('eggs\nmilk\napples\nflour\nbread\n');
      expect(await store.getText('notes/plan')).toBe('Tuesday\n');
      expect(await store.getText('notes/plan (mine)')).toBe('of an earlier conflict\n');
      expect(await store.getText('notes/plan (mine 2)')).toBe('Wednesday\n');
      expect(await store.getText('notes/idea')).toBe('Write it down\n');
    },
  );
});
