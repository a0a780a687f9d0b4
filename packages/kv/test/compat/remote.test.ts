import fs from 'node:fs';
import { join } from 'node:path';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { nodeFs } from '@git-kv/repository/node-fs';
import git from 'isomorphic-git';
import http from 'isomorphic-git/http/node';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commitFiles, initBare, makeDirectory, removeDirectory, git as run } from '../../../../test/support/git.js';
import { type GitHttpBackend, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import * as compat from '../../src/compat/index.js';

const AUTHOR = { name: 'A', email: 'a@example.com', timestamp: 1_700_001_000, timezoneOffset: 0 };

let root: string;
let backend: GitHttpBackend;
let password: string | undefined;
/** What a request has to have, of headers; and which it had. */
let wantedHeaders: Readonly<Record<string, string>> = {};
let seenHeaders: string[] = [];
let count = 0;
/** The remote of a test, and its URL. */
let remote: string;
let url: string;

let model: string;

beforeAll(async () => {
  root = makeDirectory('git-kv-compat');
  model = initBare(join(root, 'model.git'));
  commitFiles(model, [{ files: { a: '1' } }, { files: { a: '2', 'dir/b': '3' } }, { files: { a: '3' } }]);
  run(['branch', 'topic', 'main~'], { cwd: model });
  run(['tag', '-a', '-m', 'x', 'v1', 'main~2'], { cwd: model });
  run(['config', 'http.receivepack', 'true'], { cwd: model });
  backend = await startGitHttpBackend({
    root,
    intercept: (request, response) => {
      const authorization = password && `Basic ${Buffer.from(`user:${password}`).toString('base64')}`;
      const wanted = { ...wantedHeaders, ...(authorization && { authorization }) };
      seenHeaders.push(`${request.headers.authorization} ${request.headers['x-token']}`);
      if (Object.entries(wanted).every(([name, value]) => request.headers[name] === value)) return false;
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
      return true;
    },
  });
});

afterAll(async () => {
  await backend.close();
  removeDirectory(root);
});

beforeEach(() => {
  password = undefined;
  wantedHeaders = {};
  seenHeaders = [];
  const name = `remote-${++count}.git`;
  remote = join(root, name);
  fs.cpSync(model, remote, { recursive: true });
  url = `${backend.url}/${name}`;
});

const place = (name: string): string => join(root, `${name}-${count}`);

/** Refs, and where symbolic ones lead. */
function refsOf(gitdir: string): string {
  const refs = run(['for-each-ref', '--format=%(refname) %(objectname) %(symref)'], { cwd: gitdir });
  return `${refs}\nHEAD ${fs.readFileSync(join(gitdir, 'HEAD'), 'utf8')}`;
}

async function failure(call: Promise<unknown>): Promise<unknown> {
  const error = (await call.catch((thrown: unknown) => thrown)) as { code?: unknown; data?: { statusCode?: unknown } };
  return [error.code, error.data?.statusCode];
}

describe('clone', () => {
  test.each<[string, Record<string, unknown>]>([
    ['whole', {}],
    ['one branch, cut off', { singleBranch: true, ref: 'topic', depth: 1 }],
    ['without tags, under another name', { noTags: true, remote: 'upstream' }],
  ])('%s leaves the refs that isomorphic-git leaves', async (_name, args) => {
    const theirs = place('theirs');
    const ours = place('ours');
    await git.clone({ fs, http, dir: theirs, gitdir: theirs, url, noCheckout: true, ...args });
    await compat.clone({ fs: nodeFs, http, gitdir: ours, url, ...args });
    expect(refsOf(ours)).toBe(refsOf(theirs));
    expect(run(['fsck'], { cwd: ours })).toBe('');
    for (const name of [`remote.${args.remote ?? 'origin'}.url`, 'core.bare']) {
      expect(run(['config', name], { cwd: ours })).toBe(run(['config', name], { cwd: theirs }));
    }
    expect(fs.existsSync(join(ours, 'shallow'))).toBe(fs.existsSync(join(theirs, 'shallow')));
    const log = await compat.log({ fs: nodeFs, gitdir: ours });
    expect(log.map(({ oid }) => oid)).toEqual((await git.log({ fs, gitdir: theirs })).map(({ oid }) => oid));
  });

  test('into a repository at hand', async () => {
    const repository = createMemoryRepository();
    await compat.clone({ fs: repository, http, url });
    expect(await compat.listFiles({ fs: repository, ref: 'HEAD' })).toEqual(['a', 'dir/b']);
  });

  test('that fails leaves nothing behind, and says why', async () => {
    const ours = place('ours');
    const missing = `${backend.url}/no-such.git`;
    expect(await failure(compat.clone({ fs: nodeFs, http, gitdir: ours, url: missing }))).toEqual(['HttpError', 404]);
    expect(await failure(compat.clone({ fs: nodeFs, http, gitdir: ours, url, ref: 'no-such' }))).toEqual([
      'NotFoundError',
      undefined,
    ]);
    expect(fs.existsSync(ours)).toBe(false);
  });

  test('of what is no URL of http fails alike', async () => {
    const told = ({ code, data, caller }: { code?: unknown; data?: unknown; caller?: unknown }): unknown => ({
      code,
      data,
      caller,
    });
    const gitdir = place('none');
    const scp = 'git@example.com:team/x.git';
    const others = ['ssh://git@example.com/x.git', scp, 'file:///x.git', 'git://example.com/x.git', 'helper::address'];
    for (const of of ['', 'no-url', '/a/path', 'host:path', ...others]) {
      const theirs = await git.clone({ fs, http, dir: gitdir, gitdir, url: of, noCheckout: true }).catch(told);
      expect(theirs).toHaveProperty('code');
      expect(await compat.clone({ fs: nodeFs, http, gitdir, url: of }).catch(told)).toEqual(theirs);
    }
  });

  test('tells the status of an answer and the words beside it', async () => {
    const missing = `${backend.url}/no-such.git`;
    const answer = async (call: Promise<void>): Promise<unknown> =>
      await call.catch(({ code, data }) => [code, data.statusCode, data.statusMessage]);
    const gitdir = place('theirs');
    const asked = async (of: string): Promise<unknown> => {
      const ours = await answer(compat.clone({ fs: nodeFs, http, gitdir: place('ours'), url: of }));
      expect(ours).toEqual(await answer(git.clone({ fs, http, dir: gitdir, gitdir, url: of, noCheckout: true })));
      return ours;
    };
    expect(await asked(missing)).toEqual(['HttpError', 404, 'Not Found']);
    password = 'secret';
    expect(await asked(url)).toEqual(['HttpError', 401, 'Unauthorized']);
  });

  test.each<[string, Readonly<Record<string, string>>, compat.GitAuth]>([
    ['a header of their own', { 'x-token': 'a' }, { headers: { 'X-Token': 'a' } }],
    [
      'a header beside name and password',
      { 'x-token': 'a', authorization: 'Basic dTpw' },
      { username: 'u', password: 'p', headers: { 'X-Token': 'a' } },
    ],
    ['another scheme', { authorization: 'token abc' }, { headers: { Authorization: 'token abc' } }],
    [
      'another scheme before name and password',
      { authorization: 'token abc' },
      { username: 'u', password: 'p', headers: { Authorization: 'token abc' } },
    ],
    ['a bearer', { authorization: 'Bearer x.y' }, { headers: { Authorization: 'Bearer x.y' } }],
  ])('sends what onAuth answers: %s', async (_name, wanted, auth) => {
    wantedHeaders = wanted;
    const onAuth = (): compat.GitAuth => auth;
    await git.clone({ fs, http, dir: root, gitdir: place('theirs'), url, noCheckout: true, onAuth: onAuth as never });
    const theirs = seenHeaders.splice(0);
    await compat.clone({ fs: nodeFs, http, gitdir: place('ours'), url, onAuth });
    // Once to be asked, and from then on with what was answered.
    expect(new Set(seenHeaders)).toEqual(new Set(theirs));
    expect(new Set(seenHeaders).size).toBe(2);
  });

  test('asks onAuthFailure where onAuth answers nothing that helps, and keeps the headers that were answered', async () => {
    password = 'secret';
    wantedHeaders = { 'x-token': 'a' };
    const asking = (): Pick<compat.RemoteArguments, 'onAuth' | 'onAuthFailure'> => ({
      onAuth: () => ({ headers: { 'X-Token': 'a' } }),
      onAuthFailure: () => ({ username: 'user', password: 'secret' }),
    });
    await git.clone({ fs, http, dir: root, gitdir: place('theirs'), url, noCheckout: true, ...(asking() as object) });
    const theirs = seenHeaders.splice(0);
    await compat.clone({ fs: nodeFs, http, gitdir: place('ours'), url, ...asking() });
    expect(new Set(seenHeaders)).toEqual(new Set(theirs));
  });

  test('an answer that no header can be made of is refused, and not shown', async () => {
    password = 'secret';
    const onAuth = (): compat.GitAuth => ({ headers: { Authorization: 'a\nX: secret' } });
    const refused = compat.clone({ fs: nodeFs, http, gitdir: place('ours'), url, onAuth });
    const error = (await refused.catch((thrown: unknown) => thrown)) as Error;
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).not.toContain('secret');
  });

  test('asks for credentials as isomorphic-git does', async () => {
    password = 'secret';
    const seen: { readonly theirs: unknown[]; readonly ours: unknown[] } = { theirs: [], ours: [] };
    const asking = (log: unknown[]): Pick<compat.RemoteArguments, 'onAuth' | 'onAuthFailure' | 'onAuthSuccess'> => ({
      onAuth: (asked) => {
        log.push(['onAuth', asked]);
        return { username: 'user', password: 'wrong' };
      },
      onAuthFailure: (asked, auth) => {
        log.push(['onAuthFailure', asked, auth]);
        return { username: 'user', password: 'secret' };
      },
      onAuthSuccess: (asked, auth) => {
        log.push(['onAuthSuccess', asked, auth]);
      },
    });
    const theirs = asking(seen.theirs) as object;
    await git.clone({ fs, http, dir: root, gitdir: place('theirs'), url, noCheckout: true, ...theirs });
    await compat.clone({ fs: nodeFs, http, gitdir: place('ours'), url, ...asking(seen.ours) });
    const expected = JSON.parse(JSON.stringify(seen.theirs), (key, value) =>
      key === 'Git-Protocol' ? undefined : value,
    );
    expect(seen.ours).toEqual(expected.slice(0, seen.ours.length));
    expect(seen.ours.length).toBeGreaterThan(2);
    const gitdir = place('cancelled');
    const cancelled = compat.clone({ fs: nodeFs, http, gitdir, url, onAuth: () => ({ cancel: true }) });
    expect(await failure(cancelled)).toEqual(['UserCanceledError', undefined]);
    expect(await failure(compat.clone({ fs: nodeFs, http, gitdir, url }))).toEqual(['HttpError', 401]);
  });
});

describe('fetch and push', () => {
  const clones = { theirs: '', ours: '' };

  beforeAll(async () => {
    password = undefined;
    const of = `${backend.url}/model.git`;
    clones.theirs = join(root, 'clone-theirs');
    clones.ours = join(root, 'clone-ours');
    await git.clone({ fs, http, dir: clones.theirs, gitdir: clones.theirs, url: of, noCheckout: true });
    await compat.clone({ fs: nodeFs, http, gitdir: clones.ours, url: of });
  });

  /** A clone by each, of the remote of this test. */
  function twins(): { readonly theirs: string; readonly ours: string } {
    const copies = { theirs: place('theirs'), ours: place('ours') };
    for (const who of ['theirs', 'ours'] as const) {
      fs.cpSync(clones[who], copies[who], { recursive: true });
      const config = join(copies[who], 'config');
      fs.writeFileSync(config, fs.readFileSync(config, 'utf8').replace('model.git', url.split('/').pop() as string));
    }
    return copies;
  }

  test.each<[string, Record<string, unknown>]>([
    ['one branch', { singleBranch: true, ref: 'topic' }],
    ['all branches and tags', { tags: true }],
    ['all branches, which prunes', { prune: true }],
  ])('fetch of %s tells and leaves the same', async (_name, args) => {
    const { theirs, ours } = twins();
    commitFiles(remote, [{ files: { c: '4' } }]);
    commitFiles(remote, [{ files: { c: '5' } }], 'new');
    run(['tag', 'v2', 'main'], { cwd: remote });
    const isPruning = args.prune === true;
    if (isPruning) run(['branch', '-D', 'topic'], { cwd: remote });
    const told = await git.fetch({ fs, http, gitdir: theirs, ...args });
    const { headers: _, packfile: __, ...expected } = told as typeof told & { packfile?: string };
    expect(await compat.fetch({ fs: nodeFs, http, gitdir: ours, ...args })).toEqual(expected);
    expect(refsOf(ours)).toBe(refsOf(theirs));
  });

  test('push moves the branch there, and the one that follows it here', async () => {
    const { ours } = twins();
    const tree = run(['rev-parse', 'main~^{tree}'], { cwd: ours });
    const oid = await compat.commit({ fs: nodeFs, gitdir: ours, message: 'New', author: AUTHOR, tree });
    const said: string[] = [];
    const onMessage = (line: string): void => void said.push(line);
    const pushed = await compat.push({ fs: nodeFs, http, gitdir: ours, ref: 'main', onMessage });
    expect(pushed).toEqual({ ok: true, error: null, refs: { 'refs/heads/main': { ok: true, error: null } } });
    expect(run(['rev-parse', 'main'], { cwd: remote })).toBe(oid);
    expect(run(['rev-parse', 'refs/remotes/origin/main'], { cwd: ours })).toBe(oid);
    expect(run(['fsck', '--strict'], { cwd: remote })).toBe('');
    await compat.push({ fs: nodeFs, http, gitdir: ours, ref: 'main', remoteRef: 'copy' });
    expect(run(['rev-parse', 'copy'], { cwd: remote })).toBe(oid);
    await compat.push({ fs: nodeFs, http, gitdir: ours, ref: 'main', remoteRef: 'copy', delete: true });
    expect(run(['for-each-ref', 'refs/heads/copy'], { cwd: remote })).toBe('');
  });

  test('push refuses alike what would lose commits, unless it is forced', async () => {
    const { theirs, ours } = twins();
    commitFiles(remote, [{ files: { c: '4' } }]);
    expect(await failure(compat.push({ fs: nodeFs, http, gitdir: ours, ref: 'main' }))).toEqual(
      await failure(git.push({ fs, http, gitdir: theirs, ref: 'main' })),
    );
    expect(await failure(compat.push({ fs: nodeFs, http, gitdir: ours, ref: 'main' }))).toEqual([
      'PushRejectedError',
      undefined,
    ]);
    run(['config', 'receive.denyNonFastForwards', 'true'], { cwd: remote });
    const forced = { ref: 'main', force: true };
    const failed = (await compat.push({ fs: nodeFs, http, gitdir: ours, ...forced }).catch((error) => error)) as {
      code: string;
      data: { result: unknown };
    };
    const expected = (await git.push({ fs, http, gitdir: theirs, ...forced }).catch((error) => error)) as typeof failed;
    expect(failed.code).toBe('GitPushError');
    expect(failed.code).toBe(expected.code);
    expect((failed.data.result as compat.PushResult).refs).toEqual((expected.data.result as compat.PushResult).refs);
    run(['config', 'receive.denyNonFastForwards', 'false'], { cwd: remote });
    await compat.push({ fs: nodeFs, http, gitdir: ours, ...forced });
    expect(run(['rev-parse', 'main'], { cwd: remote })).toBe(run(['rev-parse', 'main'], { cwd: ours }));
    const refused = compat.push({ fs: nodeFs, http, gitdir: ours, ref: 'main', onPrePush: () => false });
    expect(await failure(refused)).toEqual(['UserCanceledError', undefined]);
  });

  test('an empty remote', async () => {
    const empty = initBare(place('empty.git'));
    run(['config', 'http.receivepack', 'true'], { cwd: empty });
    const emptyUrl = `${backend.url}/empty.git-${count}`;
    const gitdir = place('of-empty');
    await compat.clone({ fs: nodeFs, http, gitdir, url: emptyUrl });
    expect(await compat.fetch({ fs: nodeFs, http, gitdir })).toMatchObject({ fetchHead: null });
    const oid = await compat.writeBlob({ fs: nodeFs, gitdir, blob: new Uint8Array([1]) });
    const tree = await compat.writeTree({ fs: nodeFs, gitdir, tree: [{ mode: '100644', path: 'a', oid }] });
    await compat.commit({ fs: nodeFs, gitdir, message: 'First', author: AUTHOR, tree });
    await compat.push({ fs: nodeFs, http, gitdir });
    expect(run(['log', '--format=%s', '--all'], { cwd: empty })).toBe('First');
  });
});

describe('plugins', () => {
  test('our fetch serves isomorphic-git', async () => {
    const gitdir = place('theirs');
    await git.clone({ fs, http: compat.httpOf(), dir: root, gitdir, url, noCheckout: true });
    expect(await git.listFiles({ fs, gitdir, ref: 'HEAD' })).toEqual(['a', 'dir/b']);
    const oid = await git.commit({ fs, gitdir, message: 'By theirs', author: AUTHOR, ref: 'refs/heads/main' });
    await git.push({ fs, http: compat.httpOf(), gitdir, ref: 'main' });
    expect(run(['rev-parse', 'main'], { cwd: remote })).toBe(oid);
  });

  test('a store takes their plugin, by fetch', async () => {
    const { GitKv } = await import('../../src/index.js');
    const store = await GitKv.connect(url, { fetch: compat.fetchOf(http) });
    await store.set('from', 'a store');
    expect(run(['show', 'main:from'], { cwd: remote })).toBe('a store');
  });

  test('a plugin that follows redirects by itself is asked again where that led', async () => {
    const asked: string[] = [];
    const moved: compat.HttpClient = {
      request: async (request) => {
        asked.push(request.url);
        const led = request.url.replace('old.git', url.split('/').pop() as string);
        const answer = await http.request({ ...request, url: led });
        return { ...answer, url: led };
      },
    };
    const repository = createMemoryRepository();
    await compat.clone({ fs: repository, http: moved, url: `${backend.url}/old.git` });
    expect(await compat.listFiles({ fs: repository, ref: 'main' })).toContain('a');
    expect(asked.filter((one) => one.includes('old.git'))).toHaveLength(1);
  });
});
