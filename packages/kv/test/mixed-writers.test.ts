import { join } from 'node:path';
import { initRepository, openRepository } from '@git-kv/repository/node-fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { git, gitAsync, type ObjectFormat, temporaryDirectory } from '../../../test/support/git.js';
import { GitKv, type KvOptions } from '../src/index.js';
import { keyMerges } from '../src/merge/index.js';

const COUNT = 3;

/** With waits as short as a test can bear. */
const options: KvOptions = {
  retries: 1000,
  merge: [{ prefix: 'counter', merge: keyMerges.counter() }],
  backOff: (attempt) => new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(attempt, 10))),
};

/** What git says, without blocking the writers. */
async function ask(directory: string, args: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await gitAsync(args, { cwd: directory, input });
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** git makes a commit of a file on top of what a branch holds, which nothing points to yet but `refs/made/git`. */
async function commitTop(directory: string, path: string): Promise<void> {
  const who = 'committer C O Mitter <committer@example.com> 1700000000 +0000';
  const message = `data ${path.length}\n${path}\n`;
  const commit = `commit refs/made/git\n${who}\n${message}from refs/heads/main^0\nM 100644 inline ${path}\n${message}\n`;
  await ask(directory, ['fast-import', '--quiet', '--force'], commit);
}

/** One try of git to add a commit of a file to the branch, and whether it was fast enough. */
type Try = (path: string, meanwhile: () => void) => Promise<boolean>;

async function updateRefs(directory: string): Promise<Try> {
  return async (path, meanwhile) => {
    await commitTop(directory, path);
    meanwhile();
    const args = ['update-ref', 'refs/heads/main', 'refs/made/git', 'refs/made/git^'];
    return (await gitAsync(args, { cwd: directory })).code === 0;
  };
}

async function pushes(directory: string): Promise<Try> {
  const clone = join(temporaryDirectory('git-kv-clone'), 'clone.git');
  await ask(directory, ['clone', '--quiet', '--bare', '.', clone]);
  return async (path, meanwhile) => {
    await ask(clone, ['fetch', '--quiet', 'origin', '+refs/heads/main:refs/heads/main']);
    await commitTop(clone, path);
    meanwhile();
    return (await gitAsync(['push', '--quiet', 'origin', 'refs/made/git:refs/heads/main'], { cwd: clone })).code === 0;
  };
}

const gits: [string, ObjectFormat, (directory: string) => Promise<Try>][] = [
  ['update-ref', 'sha1', updateRefs],
  ['update-ref', 'sha256', updateRefs],
  ['push', 'sha1', pushes],
  ['push', 'sha256', pushes],
];

describe('A repository in files takes commits of stores and of git at once, all there and none twice', () => {
  test.each(gits)('by git %s, in %s', async (_name, objectFormat, start) => {
    const directory = temporaryDirectory('git-kv-mixed');
    const repository = await initRepository(directory, { objectFormat, durability: 'none' });
    onTestFinished(() => repository.close());
    const other = await openRepository(directory);
    onTestFinished(() => other.close());
    const stores = [await GitKv.open(repository, options)];
    await stores[0]?.set('counter', '0');
    stores.push(await GitKv.open(repository, options), await GitKv.open(other, options));
    const written: string[] = [];
    const write = async (store: GitKv, who: number, round: number): Promise<void> => {
      const name = `store-${who}-${round}`;
      written.push(name);
      await store.changeAndPush(
        async (batch) => {
          await batch.set(name, 'x');
          await batch.set('counter', String(Number(await batch.getText('counter')) + 1));
        },
        { message: name },
      );
    };
    const attempt = await start(directory);
    for (let round = 0; round < COUNT; round++) {
      let writes: Promise<unknown> = Promise.resolve();
      const isFirst = await attempt(`git-${round}`, () => {
        writes = Promise.all(stores.map((store, who) => write(store, who, round)));
      });
      await writes;
      if (!isFirst) expect(await attempt(`git-${round}`, () => {})).toBe(true);
    }
    const here = (...args: string[]): string[] => git(args, { cwd: directory }).split('\n');
    const all = [...written, ...Array.from({ length: COUNT }, (_, n) => `git-${n}`)].sort();
    const names = here('ls-tree', '--name-only', 'main').filter((name) => name !== 'counter');
    expect(names.sort()).toEqual(all);
    const subjects = here('log', '--format=%s', 'main');
    expect(subjects).toHaveLength(all.length + 1);
    expect(subjects.filter((subject) => /^(git|store)-/.test(subject)).sort()).toEqual(all);
    expect(here('cat-file', 'blob', 'main:counter')).toEqual([String(written.length)]);
    expect(here('rev-list', '--merges', 'main')).toEqual(['']);
    expect(here('fsck', '--strict', '--no-dangling')).toEqual(['']);
    for (const store of stores) {
      await store.pull();
      expect(store.commit?.oid).toBe(here('rev-parse', 'main')[0]);
    }
  });
});
