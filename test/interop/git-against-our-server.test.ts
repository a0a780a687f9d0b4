import { join } from 'node:path';
import { hashAlgorithm } from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository, openRepository } from '@git-kv/repository/node-fs';
import { readOnly } from '@git-kv/server';
import { describe, expect, test } from 'vitest';
import { commitFiles, type Ended, git, gitAsync, initBare, type ObjectFormat } from '../support/git.js';
import { useServed } from '../support/served.js';

const served = useServed('git-kv-server');
const { serve } = served;

const ENGINES: readonly (readonly [string, (format: ObjectFormat) => Promise<Repository>])[] = [
  ['memory', async (format) => createMemoryRepository({ algorithm: hashAlgorithm(format) })],
  ['files', async (format) => await initRepository(join(served.root, 'repo.git'), { objectFormat: format })],
];
const MATRIX = ENGINES.flatMap(([engine, open]) =>
  (['sha1', 'sha256'] as const).map((format) => ({ engine, format, open: () => open(format) })),
);

/** Run git and fail with its words where it fails. */
async function ok(args: readonly string[], cwd?: string): Promise<Ended> {
  const ended = await gitAsync(args, cwd === undefined ? {} : { cwd });
  expect(ended, `git ${args.join(' ')}`).toMatchObject({ code: 0 });
  return ended;
}

/** A work tree with one commit on main and a tag, whose `origin` is `url`. */
async function workTree(format: ObjectFormat, url: string, name = 'work'): Promise<string> {
  const work = join(served.root, name);
  await ok(['init', '-q', '-b', 'main', `--object-format=${format}`, work]);
  await ok(['remote', 'add', 'origin', url], work);
  await commit(work, 'a.txt', 'A\n');
  return work;
}

async function commit(work: string, path: string, text: string): Promise<string> {
  const blob = git(['hash-object', '-w', '--stdin'], { cwd: work, input: text });
  await ok(['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`], work);
  await ok(['commit', '-q', '-m', `Write ${path}`], work);
  return (await ok(['rev-parse', 'HEAD'], work)).stdout.trim();
}

describe.each(MATRIX)('git in old protocol versions, over $engine in $format,', ({ format, open }) => {
  test.each(['0', '1'])('clones, cuts, deepens and fetches what is new in version %s', async (version) => {
    const { url } = await serve(await open());
    const remote = `${url}/repo.git`;
    const config = ['-c', `protocol.version=${version}`];
    const work = await workTree(format, remote);
    for (const name of ['b', 'c', 'd']) await commit(work, `${name}.txt`, `${name}\n`);
    await ok(['tag', '-a', '-m', 'one', 'v1'], work);
    await ok([...config, 'push', '-q', 'origin', 'main', 'v1'], work);

    const refs = (from: string): Promise<Ended> => ok([...config, 'ls-remote', remote], from);
    const v2 = await ok(['-c', 'protocol.version=2', 'ls-remote', remote], work);
    expect((await refs(work)).stdout).toBe(v2.stdout);

    const whole = join(served.root, 'whole.git');
    await ok([...config, 'clone', '-q', '--mirror', remote, whole]);
    await ok(['fsck', '--strict'], whole);
    const cut = join(served.root, 'cut');
    await ok([...config, 'clone', '-q', '--depth=1', remote, cut]);
    const count = async (): Promise<string> => (await ok(['rev-list', '--count', 'origin/main'], cut)).stdout.trim();
    expect(await count()).toBe('1');
    await ok([...config, 'fetch', '-q', '--depth=2'], cut);
    expect(await count()).toBe('2');
    await ok([...config, 'fetch', '-q', '--unshallow'], cut);
    expect(await count()).toBe('4');

    // Own commits that the server does not know take several rounds to tell.
    for (let at = 0; at < 40; at++) await ok(['commit', '-q', '--allow-empty', '-m', `own ${at}`], cut);
    const head = await commit(work, 'e.txt', 'e\n');
    await ok([...config, 'push', '-q', 'origin', 'main'], work);
    await ok([...config, 'fetch', '-q'], cut);
    expect((await ok(['rev-parse', 'origin/main'], cut)).stdout.trim()).toBe(head);
    await ok(['fsck', '--strict'], cut);
  });
});

describe.each(MATRIX)('git against our server over $engine in $format', ({ format, open }) => {
  test('clones an empty repository, pushes into it, clones it again', async () => {
    const { url } = await serve(await open());
    const empty = await ok(['clone', '-q', `${url}/repo.git`, join(served.root, 'empty')]);
    expect(empty.stderr).toContain('empty repository');
    const work = await workTree(format, `${url}/repo.git`);
    await ok(['tag', '-a', '-m', 'First', 'v1'], work);
    await ok(['push', '-q', 'origin', 'main', 'v1'], work);

    const clone = join(served.root, 'clone');
    await ok(['clone', '-q', `${url}/repo.git`, clone]);
    await ok(['fsck', '--strict', '--full'], clone);
    expect(git(['rev-parse', 'HEAD', 'v1^{}'], { cwd: clone })).toBe(git(['rev-parse', 'main', 'main'], { cwd: work }));
    expect(git(['rev-parse', '--show-object-format'], { cwd: clone })).toBe(format);
  });

  test('fetches what is new, and only that', async () => {
    const { url } = await serve(await open());
    const work = await workTree(format, `${url}/repo.git`);
    await ok(['push', '-q', 'origin', 'main'], work);
    const clone = join(served.root, 'clone');
    await ok(['clone', '-q', `${url}/repo.git`, clone]);
    const head = await commit(work, 'b.txt', 'B\n');
    await ok(['push', '-q', 'origin', 'main'], work);
    const fetched = await ok(['fetch', '--progress'], clone);
    expect(fetched.stderr).toContain('Enumerating objects: 3, done.');
    expect(git(['rev-parse', 'origin/main'], { cwd: clone })).toBe(head);
    await ok(['fsck', '--strict', '--full'], clone);
  });

  test('clones with a depth, deepens, and gets the rest', async () => {
    const { url } = await serve(await open());
    const work = await workTree(format, `${url}/repo.git`);
    for (const name of ['b', 'c', 'd', 'e']) await commit(work, name, name);
    await ok(['push', '-q', 'origin', 'main'], work);
    const clone = join(served.root, 'shallow');
    await ok(['clone', '-q', '--depth=1', `${url}/repo.git`, clone]);
    const count = (): string => git(['rev-list', '--count', 'HEAD'], { cwd: clone });
    expect(count()).toBe('1');
    await ok(['fetch', '-q', '--depth=3'], clone);
    expect(count()).toBe('3');
    await commit(work, 'f', 'f');
    await ok(['push', '-q', 'origin', 'main'], work);
    await ok(['pull', '-q', '--ff-only'], clone);
    expect(count()).toBe('4');
    await ok(['fetch', '-q', '--unshallow'], clone);
    expect(count()).toBe('6');
    await ok(['fsck', '--strict', '--full'], clone);
  });

  test('pushes many refs, deletes one, and is told of each', async () => {
    const { url } = await serve(await open());
    const work = await workTree(format, `${url}/repo.git`);
    await ok(['push', '-q', 'origin', 'main', 'main:refs/heads/one', 'main:refs/heads/two', 'main:refs/notes/x'], work);
    const deleted = await ok(['push', '--porcelain', 'origin', ':refs/heads/one'], work);
    expect(deleted.stdout).toContain('-\t:refs/heads/one\t[deleted]');
    const { stdout } = await ok(['ls-remote', 'origin'], work);
    expect(stdout.split('\n').map((line) => line.split('\t')[1])).toEqual([
      'HEAD',
      'refs/heads/main',
      'refs/heads/two',
      'refs/notes/x',
      undefined,
    ]);
  });
});

describe('our server refuses', () => {
  test('a push whose old value is not the ref\u2019s any more, and says so', async () => {
    const repository = await initRepository(join(served.root, 'repo.git'));
    const { url } = await serve(repository);
    const work = await workTree('sha1', `${url}/repo.git`);
    await ok(['push', '-q', 'origin', 'main'], work);
    await commit(work, 'b', 'b');
    await ok(['push', '-q', 'origin', 'main'], work);
    const other = await workTree('sha1', `${url}/repo.git`, 'other');
    await commit(other, 'c', 'c');
    const ended = await gitAsync(
      ['push', '--force-with-lease=main:' + git(['rev-parse', 'main~1'], { cwd: work }), 'origin', 'main'],
      { cwd: other },
    );
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toContain('rejected');
  });

  test('every ref of an atomic push where one is refused, and only that one without atomic', async () => {
    const repository = await initRepository(join(served.root, 'repo.git'));
    const { url } = await serve(repository, { receive: { denyNonFastForwards: true } });
    const work = await workTree('sha1', `${url}/repo.git`);
    const first = git(['rev-parse', 'HEAD'], { cwd: work });
    await commit(work, 'b', 'b');
    await ok(['push', '-q', 'origin', 'main'], work);

    const refspecs = [`+${first}:refs/heads/main`, `${first}:refs/heads/side`];
    const atomic = await gitAsync(['push', '--atomic', 'origin', ...refspecs], { cwd: work });
    expect(atomic.code).not.toBe(0);
    expect(atomic.stderr).toMatch(/main \(non-fast-forward\)/);
    expect(atomic.stderr).toMatch(/side \(atomic push failure\)/);
    expect(await repository.refs.read('refs/heads/side')).toBeUndefined();

    const each = await gitAsync(['push', 'origin', ...refspecs], { cwd: work });
    expect(each.code).not.toBe(0);
    expect(each.stderr).toMatch(/main \(non-fast-forward\)/);
    expect(await repository.refs.read('refs/heads/side')).toEqual({ oid: first });
    expect(await repository.refs.read('refs/heads/main')).not.toEqual({ oid: first });
  });

  test('deletions where they are denied, and that of the current branch in any case', async () => {
    const repository = await initRepository(join(served.root, 'repo.git'));
    let denyDeletes = false;
    const { url } = await serve(repository, { receive: () => ({ denyDeletes }) });
    const work = await workTree('sha1', `${url}/repo.git`);
    await ok(['push', '-q', 'origin', 'main', 'main:side'], work);
    const current = await gitAsync(['push', 'origin', ':main'], { cwd: work });
    expect(current.stderr).toContain('deletion of the current branch prohibited');
    denyDeletes = true;
    const side = await gitAsync(['push', 'origin', ':side'], { cwd: work });
    expect(side.stderr).toContain('deletion prohibited');
    denyDeletes = false;
    await ok(['push', '-q', 'origin', ':side'], work);
  });

  test('pushes altogether by default, with a reason', async () => {
    const repository = await initRepository(join(served.root, 'repo.git'));
    const server = await serve(repository, { authorize: readOnly });
    const work = await workTree('sha1', `${server.url}/repo.git`);
    const ended = await gitAsync(['push', 'origin', 'main'], { cwd: work });
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toContain('403');
  });

  test('a push with an object missing, and keeps nothing of it', async () => {
    const repository = await initRepository(join(served.root, 'repo.git'));
    const { url } = await serve(repository);
    const work = await workTree('sha1', `${url}/repo.git`);
    const tree = git(['rev-parse', 'HEAD^{tree}'], { cwd: work });
    const blob = git(['rev-parse', 'HEAD:a.txt'], { cwd: work });
    const head = git(['rev-parse', 'HEAD'], { cwd: work });
    const pack = git(['pack-objects', '-q', join(served.root, 'partial')], { cwd: work, input: `${head}\n${tree}\n` });
    const { readFileSync } = await import('node:fs');
    const packBytes = readFileSync(join(served.root, `partial-${pack}.pack`));
    const command = `${'0'.repeat(40)} ${head} refs/heads/main\0report-status`;
    const line = `${(command.length + 4).toString(16).padStart(4, '0')}${command}`;
    const response = await fetch(`${url}/repo.git/git-receive-pack`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-git-receive-pack-request' },
      body: Buffer.concat([Buffer.from(`${line}0000`), packBytes]),
    });
    expect(await response.text()).toContain(`ng refs/heads/main missing necessary objects (${blob})`);
    expect(await repository.objects.read(head)).toBeUndefined();
    expect(git(['count-objects', '-v'], { cwd: join(served.root, 'repo.git') })).toMatch(
      /^count: 0\n.*\nin-pack: 0\n/s,
    );
  });

  test('a corrupt pack, and keeps nothing of it', async () => {
    const repository = await initRepository(join(served.root, 'repo.git'));
    const { url } = await serve(repository);
    const command = `${'0'.repeat(40)} ${'1'.repeat(40)} refs/heads/main\0report-status`;
    const line = `${(command.length + 4).toString(16).padStart(4, '0')}${command}`;
    const response = await fetch(`${url}/repo.git/git-receive-pack`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-git-receive-pack-request' },
      body: `${line}0000PACK\0\0\0\u0002\0\0\0\u0001garbage`,
    });
    const report = await response.text();
    expect(report).toContain('unpack Cannot decode');
    expect(report).toContain('ng refs/heads/main unpacker error');
    expect(git(['count-objects', '-v'], { cwd: join(served.root, 'repo.git') })).toMatch(/garbage: 0/);
  });

  test.each([
    ['a repository that is not there', '/other.git/info/refs?service=git-upload-pack', 404],
    ['the dumb protocol', '/repo.git/info/refs', 403],
    ['an unknown service', '/repo.git/info/refs?service=git-shell', 403],
  ])('%s', async (_what, path, status) => {
    const { url } = await serve(createMemoryRepository({ algorithm: hashAlgorithm('sha1') }));
    expect((await fetch(url + path)).status).toBe(status);
  });

  test.each([
    ['a request that is no pkt-line', 'zzzz', 400],
    ['an unknown command', '0014command=explode\n0000', 200],
  ])('%s', async (_what, body, status) => {
    const { url } = await serve(createMemoryRepository({ algorithm: hashAlgorithm('sha1') }));
    const response = await fetch(`${url}/repo.git/git-upload-pack`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-git-upload-pack-request', 'Git-Protocol': 'version=2' },
      body,
    });
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(/ERR upload-pack|Cannot decode/);
  });
});

test('git sees what our server wrote, and our server what git writes, in the same directory', async () => {
  const directory = initBare(join(served.root, 'repo.git'));
  const first = commitFiles(directory, [{ files: { a: 'A' } }]);
  const { url } = await serve(await openRepository(directory));
  const clone = join(served.root, 'clone');
  await ok(['clone', '-q', `${url}/repo.git`, clone]);
  const pushed = await commit(clone, 'b', 'B');
  await ok(['push', '-q', 'origin', 'main'], clone);
  expect(git(['rev-parse', 'main'], { cwd: directory })).toBe(pushed);
  await ok(['gc', '-q', '--prune=now'], directory);
  const third = commitFiles(directory, [{ files: { c: 'C' } }]);
  await ok(['fetch', '-q'], clone);
  expect(git(['rev-parse', 'origin/main', 'origin/main~2'], { cwd: clone })).toBe(`${third}\n${first}`);
  await ok(['fsck', '--strict', '--full'], directory);
});
