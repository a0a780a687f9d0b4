import fs from 'node:fs';
import { join } from 'node:path';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { nodeFs } from '@git-kv/repository/node-fs';
import git from 'isomorphic-git';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  commitFiles,
  initBare,
  makeDirectory,
  removeDirectory,
  git as run,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import * as compat from '../../src/compat/index.js';

const AUTHOR = { name: 'A U Thor', email: 'author@example.com', timestamp: 1_700_000_000, timezoneOffset: -90 };

let model: string;
/** Root trees of `main` and of the commit before. */
let tree: string;
let treeBefore: string;

beforeAll(() => {
  model = initBare(makeDirectory('git-kv-compat'));
  commitFiles(model, [{ files: { a: '1' } }, { files: { b: '2' } }]);
  [tree, treeBefore] = run(['rev-parse', 'main^{tree}', 'main~^{tree}'], { cwd: model }).split('\n') as [
    string,
    string,
  ];
});

afterAll(() => removeDirectory(model));

/** The same repository twice, for isomorphic-git and for ours. */
function twins(): { readonly theirs: string; readonly ours: string } {
  const root = temporaryDirectory('git-kv-compat');
  const [theirs, ours] = [join(root, 'theirs'), join(root, 'ours')];
  for (const copy of [theirs, ours]) fs.cpSync(model, copy, { recursive: true });
  return { theirs, ours };
}

/** What the branches of a repository hold; all of them are files of their own. */
function refsOf(gitdir: string): string {
  const heads = join(gitdir, 'refs/heads');
  return fs
    .readdirSync(heads)
    .map((name) => `${name} ${fs.readFileSync(join(heads, name), 'utf8')}`)
    .join('');
}

function told({ code, caller }: { readonly code?: unknown; readonly caller?: unknown }): string {
  return `${code} of ${caller}`;
}

async function code(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => 'no error',
    ({ code, caller, data }: { code?: unknown; caller?: unknown; data?: unknown }) =>
      `${code} of ${caller} ${JSON.stringify(data)}`,
  );
}

describe('beside isomorphic-git', () => {
  test('writeBlob and writeTree make the same objects', async () => {
    const { theirs, ours } = twins();
    const blob = new TextEncoder().encode('content\n');
    const oid = await compat.writeBlob({ fs: nodeFs, gitdir: ours, blob });
    expect(oid).toBe(await git.writeBlob({ fs, gitdir: theirs, blob }));
    const entries = [
      { mode: '100644', path: 'dir.txt', oid, type: 'blob' as const },
      { mode: '040000', path: 'dir', oid: tree, type: 'tree' as const },
      { mode: '100755', path: 'dir-x', oid, type: 'blob' as const },
    ];
    const made = await compat.writeTree({ fs: nodeFs, gitdir: ours, tree: entries });
    expect(made).toBe(await git.writeTree({ fs, gitdir: theirs, tree: entries }));
    expect(run(['fsck', '--strict', '--no-dangling'], { cwd: ours })).toBe('');
  });

  test('writeTree takes or refuses modes alike, as text and as numbers', async () => {
    const { theirs, ours } = twins();
    const entry = { path: 'a', oid: run(['rev-parse', 'main:a'], { cwd: model }) };
    const numbers = [0o100644, 0o100755, 0o100664, 0o40000, 0o120000, 0o160000, 7];
    for (const mode of [...numbers, '100644', '100664', '100700', '40000', '1', '0100644']) {
      const [one, other] = [
        { ...entry, mode },
        { ...entry, mode },
      ];
      const expected = await git.writeTree({ fs, gitdir: theirs, tree: [one as never] }).catch(told);
      const made = await compat.writeTree({ fs: nodeFs, gitdir: ours, tree: [other] }).catch(told);
      expect([mode, made]).toEqual([mode, expected]);
    }
  });

  test.each<[string, Record<string, unknown>]>([
    ['on HEAD', { message: '\n\nA message\r\n\n\n' }],
    ['with a committer', { message: 'x', committer: { name: 'C', email: 'c@example.com', timezoneOffset: 480 } }],
    ['with parents', { message: 'x', parent: ['main~', 'refs/heads/main'].slice(1) }],
    ['on another branch', { message: 'x', ref: 'refs/heads/other' }],
    ['in place of the last', { amend: true, message: 'Again' }],
    ['in place of the last, as it was said', { amend: true }],
    ['for show', { message: 'x', dryRun: true }],
    ['that moves nothing', { message: 'x', noUpdateBranch: true }],
  ])('a commit %s is the same, and moves the same', async (_name, args) => {
    const { theirs, ours } = twins();
    const asked = { author: AUTHOR, tree: treeBefore, ...args } as compat.CommitArguments & {
      readonly message: string;
    };
    const oid = await compat.commit({ ...asked, fs: nodeFs, gitdir: ours });
    expect(oid).toBe(await git.commit({ ...(asked as object), fs, gitdir: theirs } as never));
    expect(refsOf(ours)).toBe(refsOf(theirs));
  });

  test('what was written is sound', async () => {
    const { ours } = twins();
    await compat.commit({ fs: nodeFs, gitdir: ours, message: 'x', author: AUTHOR, tree: treeBefore });
    expect(run(['fsck', '--strict'], { cwd: ours })).toBe('');
  });

  test('a signed commit is the same', async () => {
    const { theirs, ours } = twins();
    const signed: string[] = [];
    const asked = {
      author: AUTHOR,
      tree,
      message: 'Signed',
      signingKey: 'key',
      onSign: async ({ payload }: { readonly payload: string }) => {
        signed.push(payload);
        return { signature: '-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n' };
      },
    };
    const oid = await compat.commit({ ...asked, fs: nodeFs, gitdir: ours });
    expect(oid).toBe(await git.commit({ ...asked, fs, gitdir: theirs }));
    expect(signed[0]).toBe(signed[1]);
    const read = await compat.readCommit({ fs: nodeFs, gitdir: ours, oid });
    expect(read).toEqual(await git.readCommit({ fs, gitdir: theirs, oid }));
    expect(read.payload).toBe(signed[0]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['without a message', { author: AUTHOR }],
    ['with an empty message', { message: '', author: AUTHOR }],
    ['without a name', { message: 'x' }],
    ['that changes nothing', { message: 'x', author: AUTHOR, disallowEmpty: true }],
    ['in place of none', { amend: true, author: AUTHOR, ref: 'refs/heads/none' }],
    ['in place of none, by its short name', { amend: true, author: AUTHOR, ref: 'none' }],
    ['with a parent that is none', { message: 'x', author: AUTHOR, parent: ['no-such'] }],
    ['signed by nobody', { message: 'x', author: AUTHOR, signingKey: 'key' }],
  ])('a commit %s fails alike', async (_name, args) => {
    const { theirs, ours } = twins();
    const asked = { tree, ...args };
    const expected = await code(git.commit({ ...asked, fs, gitdir: theirs } as never));
    expect(await code(compat.commit({ ...asked, fs: nodeFs, gitdir: ours }))).toBe(expected);
    expect(expected).toMatch(/Error of git.commit/);
    expect(refsOf(ours)).toBe(refsOf(theirs));
  });

  test('an amended commit with an empty message keeps the one it had', async () => {
    const { theirs, ours } = twins();
    const asked = { amend: true, message: '', author: AUTHOR, committer: AUTHOR, tree };
    const oid = await compat.commit({ ...asked, fs: nodeFs, gitdir: ours });
    expect(oid).toBe(await git.commit({ ...asked, fs, gitdir: theirs }));
  });

  test('a name is taken as git takes it: without what would end it', async () => {
    const { ours } = twins();
    const author = { ...AUTHOR, name: 'A <b>\ncommitter C', email: '<a@example.com>\0' };
    const oid = await compat.commit({ fs: nodeFs, gitdir: ours, message: 'x', author, tree });
    const { commit } = await compat.readCommit({ fs: nodeFs, gitdir: ours, oid });
    expect(commit.author).toEqual({ ...AUTHOR, name: 'A bcommitter C', email: 'a@example.com' });
    expect(run(['fsck', '--strict'], { cwd: ours })).toBe('');
  });

  test('a commit needs a tree', async () => {
    const { ours } = twins();
    const made = compat.commit({ fs: nodeFs, gitdir: ours, message: 'x', author: AUTHOR });
    await expect(made).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('the place of a repository has to be named', async () => {
    for (const args of [{}, { fs: nodeFs }, { fs: {} }]) {
      expect(await code(compat.readBlob({ ...args, oid: 'x' } as never))).toMatch(
        /^MissingParameterError of git.readBlob/,
      );
    }
    const gitdir = temporaryDirectory();
    expect(await code(compat.log({ fs: nodeFs, gitdir }))).toMatch(/^NotFoundError of git.log/);
  });

  test('a repository in memory does as well', async () => {
    const repository = createMemoryRepository();
    const place = { fs: repository };
    const oid = await compat.writeBlob({ ...place, blob: new Uint8Array([1]) });
    const root = await compat.writeTree({ ...place, tree: [{ mode: '100644', path: 'a', oid }] });
    const commit = await compat.commit({ ...place, message: 'One', author: AUTHOR, tree: root });
    expect(await compat.resolveRef({ ...place, ref: 'HEAD' })).toBe(commit);
    expect((await compat.log(place)).map((one) => one.commit.message)).toEqual(['One\n']);
  });
});
