import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { encodeUtf8, FileMode, type Oid, parseCommit } from '@git-kv/objects';
import { createHttpTransport, type FetchFunction, type Transport } from '@git-kv/protocol';
import { editTree, pushFrom, type Repository } from '@git-kv/repository';
import { openRepository } from '@git-kv/repository/node-fs';
import { allowAll, createGitServer } from '@git-kv/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeCommit } from '../../packages/repository/test/support/objects.js';
import { git, gitEnv, initBare, makeDirectory, type ObjectFormat, removeDirectory } from '../support/git.js';
import { type GitHttpBackend, startGitHttpBackend } from '../support/git-http-backend.js';

let root: string;
let backend: GitHttpBackend;
let count = 0;

beforeAll(async () => {
  root = makeDirectory('git-kv-push-size');
  backend = await startGitHttpBackend({ root });
});

afterAll(async () => {
  await backend.close();
  removeDirectory(root);
});

const FILES = 100_000;
const DIRECTORIES = 320;

/** Names of the files, two directories deep with at most 320 entries each, or all in one. */
const SHAPES = {
  '100,000 files two directories deep': Array.from({ length: FILES }, (_, at) => {
    const directory = at % DIRECTORIES;
    return `d${directory}/e${Math.floor(at / DIRECTORIES) % 2}/f${at}`;
  }),
  '5,000 files in one directory': Array.from({ length: 5000 }, (_, at) => `file-${at}`),
} as const;

/** A bare repository with one commit of these files, each with a line of its own. */
function makeRepository(names: readonly string[], format: ObjectFormat): string {
  const directory = initBare(join(root, `${++count}.git`), format);
  const lines = ['commit refs/heads/main', 'committer A <a@b> 1700000000 +0000', 'data 4', 'many'];
  for (const name of names) lines.push(`M 100644 inline ${name}`, `data ${name.length}`, name);
  execFileSync('git', ['fast-import', '--quiet', '--depth=0'], {
    cwd: directory,
    env: { ...gitEnv },
    input: `${lines.join('\n')}\n`,
  });
  return directory;
}

interface Counted {
  readonly transport: Transport;
  /** Bytes of request bodies. */
  readonly sent: () => number;
}

function counted(url: string, fetchFunction: FetchFunction): Counted {
  let bytes = 0;
  const transport = createHttpTransport(url, {
    fetch: async (target, init) => {
      const request = new Request(target, { ...init, duplex: 'half' } as RequestInit);
      if (request.body === null) return await fetchFunction(target, init);
      const body = new Uint8Array(await request.arrayBuffer());
      bytes += body.length;
      return await fetchFunction(target, { ...init, body });
    },
  });
  return { transport, sent: () => bytes };
}

const SERVERS: Record<string, (directory: string) => Promise<Counted>> = {
  'git http-backend': async (directory) => counted(`${backend.url}/${directory.slice(root.length + 1)}`, fetch),
  'our server': async (directory) => {
    const repository = await openRepository(directory);
    const server = createGitServer({ resolve: () => repository, authorize: allowAll });
    return counted('http://server.example/repo.git', (url, init) => server(new Request(url, init)));
  },
};

async function change(repository: Repository, head: Oid, name: string, text: string): Promise<Oid> {
  const commit = await repository.objects.read(head);
  const { treeOid } = parseCommit(commit?.body as Uint8Array);
  const oid = await repository.objects.write({ kind: 'blob', body: encodeUtf8(text) });
  const path = name.split('/');
  const edited = await editTree(repository.objects, treeOid, [{ path, entry: { mode: FileMode.regular, oid } }]);
  if (edited.status !== 'edited') throw new Error(`${name} is in the way`);
  await repository.objects.writeMany(edited.objects);
  return await writeCommit(repository.objects, { treeOid: edited.treeOid, parents: [head], time: 1_700_000_100 });
}

describe.each(Object.keys(SHAPES) as (keyof typeof SHAPES)[])('a change of one byte among %s', (shape) => {
  const names = SHAPES[shape];
  let original: string;
  let local: Repository;
  let head: Oid;
  let next: Oid;
  const name = names[names.length >> 1] as string;

  beforeAll(async () => {
    original = makeRepository(names, names.length > 10_000 ? 'sha1' : 'sha256');
    const copy = join(root, `${++count}.git`);
    cpSync(original, copy, { recursive: true });
    local = await openRepository(copy, { durability: 'none' });
    head = git(['rev-parse', 'main'], { cwd: original });
    next = await change(local, head, name, `${name.slice(0, -1)}!`);
  });
  afterAll(async () => await local.close());

  test.each(Object.keys(SERVERS))('is pushed to %s in less than 2 kB', async (which) => {
    const directory = join(root, `${++count}.git`);
    cpSync(original, directory, { recursive: true });
    const { transport, sent } = await (SERVERS[which] as (typeof SERVERS)[string])(directory);
    const pushed = await pushFrom(local, transport, { updates: [{ name: 'refs/heads/main', next, expected: head }] });
    expect(pushed).toMatchObject([{ status: 'updated' }]);
    expect(git(['cat-file', 'blob', `main:${name}`], { cwd: directory })).toBe(`${name.slice(0, -1)}!`);
    expect(sent()).toBeLessThan(2000);
  });
});

describe('what the remote has is not sent again', () => {
  const noise = Array.from({ length: 3000 }, (_, at) => `${(at * 2654435761) >>> 0}.${(at * 40503) % 9973}\n`).join('');
  let local: Repository;
  /** The large file, and what came after it. */
  let first: Oid;
  let second: Oid;

  beforeAll(async () => {
    local = await openRepository(initBare(join(root, `${++count}.git`)), { durability: 'none' });
    first = await writeCommit(local.objects, { files: { 'd/large': noise, a: '1' } });
    const files = { 'd/large': [...noise].reverse().join(''), a: '1' };
    second = await writeCommit(local.objects, { files, parents: [first], time: 1_700_000_100 });
  });
  afterAll(async () => await local.close());

  const push = (transport: Transport, name: string, next: Oid): ReturnType<typeof pushFrom> =>
    pushFrom(local, transport, { updates: [{ name: `refs/heads/${name}`, next }] });

  describe.each(Object.keys(SERVERS))('to %s', (which) => {
    const open = async (): Promise<Counted & { readonly directory: string }> => {
      const directory = initBare(join(root, `${++count}.git`));
      return { ...(await (SERVERS[which] as (typeof SERVERS)[string])(directory)), directory };
    };

    test('where another ref reaches it', async () => {
      const { transport, sent, directory } = await open();
      await push(transport, 'other', second);
      const before = sent();
      const next = await writeCommit(local.objects, { files: { 'd/large': noise, b: '2' }, parents: [first] });
      expect(await push(transport, 'main', next)).toMatchObject([{ status: 'updated' }]);
      expect(sent() - before).toBeLessThan(1000);
      git(['fsck', '--strict'], { cwd: directory });
    });

    test('where it was there before, and comes again', async () => {
      const { transport, sent, directory } = await open();
      await push(transport, 'main', second);
      const before = sent();
      const reverted = await writeCommit(local.objects, {
        files: { 'd/large': noise, a: '1' },
        parents: [second],
        time: 1_700_000_200,
      });
      expect(await push(transport, 'main', reverted)).toMatchObject([{ status: 'updated' }]);
      expect(sent() - before).toBeLessThan(600);
      git(['fsck', '--strict'], { cwd: directory });
    });

    test('and a byte of a large file is a delta', async () => {
      const { transport, sent } = await open();
      await push(transport, 'main', first);
      const before = sent();
      const next = await writeCommit(local.objects, { files: { 'd/large': `${noise}!`, a: '1' }, parents: [first] });
      expect(await push(transport, 'main', next)).toMatchObject([{ status: 'updated' }]);
      expect(sent() - before).toBeLessThan(800);
    });
  });

  test('where git borrows it, and says so by .have lines', async () => {
    const upstream = initBare(join(root, `${++count}.git`));
    const { transport: toUpstream } = counted(`${backend.url}/${upstream.slice(root.length + 1)}`, fetch);
    await push(toUpstream, 'main', second);
    const directory = join(root, `${++count}.git`);
    git(['clone', '-q', '--bare', '--shared', upstream, directory]);
    git(['update-ref', '-d', 'refs/heads/main'], { cwd: directory });
    const { transport, sent } = counted(`${backend.url}/${directory.slice(root.length + 1)}`, fetch);
    const next = await writeCommit(local.objects, { files: { 'd/large': noise, b: '2' }, parents: [second] });
    expect(await push(transport, 'new', next)).toMatchObject([{ status: 'updated' }]);
    expect(sent()).toBeLessThan(1000);
  });
});
