import { createRepositoryTransport, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { openRepository } from '@git-kv/repository/node-fs';
import { describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { type FileRepo, open, openRepo, type RepoOptions } from '../../src/files/index.js';
import { GitKv, Key } from '../../src/index.js';
import { keyMerges } from '../../src/merge/index.js';
import { InProcessRemote } from '../support/in-process.js';
import { startRemote } from '../support/remote.js';

const URL = 'https://example.com/notes.git';

/** A client of a remote in this process. */
function through(repository: Repository, options: RepoOptions = {}): RepoOptions {
  return { ...options, transport: createRepositoryTransport(repository) };
}

async function put(repository: Repository, files: Record<string, string>, options: RepoOptions = {}): Promise<void> {
  await openRepo(URL, through(repository, options), async (repo) => {
    for (const [path, text] of Object.entries(files)) await repo.open(path, 'w', (file) => file.write(text));
  });
}

async function filesOf(repository: Repository, branch = 'main'): Promise<Record<string, string>> {
  const store = await GitKv.open(repository, { branch });
  const files: Record<string, string> = {};
  const visit = async (key: Key): Promise<void> => {
    for (const entry of (await store.list(key)) ?? []) {
      if (entry.kind === 'value') files[entry.key.toString().slice(1)] = (await store.getText(entry.key)) as string;
      else await visit(entry.key);
    }
  };
  await visit(Key.root);
  return files;
}

describe('what a repository of files tells', () => {
  test('G4 without a source it is a temporary one', async () => {
    const repo = await openRepo();
    expect(repo.isEmpty).toBe(true);
    expect(repo.branch).toBe('main');
    expect(await repo.listFiles()).toEqual([]);
    expect(await repo.log()).toEqual([]);
    await repo.open('a', 'w', (file) => file.write('1'));
    const oid = await repo.sync();
    expect(repo.commitOid).toBe(oid);
    expect(await repo.message()).toBe('GitKV');
    await repo.close();
    await expect(repo.open('a')).rejects.toThrow(/closed/);
  });

  test('G5 several files are one commit, with the message that is set', async () => {
    const repository = createMemoryRepository();
    await openRepo(URL, through(repository), async (repo) => {
      await repo.open('a', 'w', (file) => file.write('1'));
      await repo.open('dir/b', 'w', (file) => file.write('2'));
      expect(await repo.readText('dir/b')).toBe('2');
      repo.commitMessage = 'Two files';
    });
    await openRepo(URL, through(repository, { commitMessage: 'Take a away' }), async (repo) => {
      expect(await repo.log()).toHaveLength(1);
      expect(await repo.message()).toBe('Two files');
      await repo.remove('a');
      await repo.remove('not there');
    });
    expect(await filesOf(repository)).toEqual({ 'dir/b': '2' });
  });

  test('G10 the log takes a filter, a limit, a path and a start', async () => {
    const repo = await openRepo(undefined, { clock: clock() });
    for (const name of ['a', 'b', 'a', 'dir/c']) {
      await repo.open(name, 'a', (file) => file.write('x'));
      await repo.commit(`Write ${name}`);
    }
    const log = async (options: Parameters<typeof repo.log>[0]): Promise<string[]> =>
      await Promise.all((await repo.log(options)).map((oid) => repo.message(oid)));
    expect(await log({})).toEqual(['Write dir/c', 'Write a', 'Write b', 'Write a']);
    expect(await log({ path: 'a' })).toEqual(['Write a', 'Write a']);
    expect(await log({ path: 'dir' })).toEqual(['Write dir/c']);
    expect(await log({ limit: 2 })).toEqual(['Write dir/c', 'Write a']);
    expect(await log({ from: 'HEAD~2' })).toEqual(['Write b', 'Write a']);
    expect(await log({ filter: async (oid) => (await repo.message(oid)).endsWith('a'), limit: 1 })).toEqual([
      'Write a',
    ]);
    await expect(repo.log({ from: 'no-such' })).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });

  test('G11 G12 G13 a past commit shows its files and message', async () => {
    const repo = await openRepo(undefined, { clock: clock() });
    await repo.open('dir/a', 'w', (file) => file.write('old'));
    await repo.open('top', 'w', (file) => file.write('t'));
    const first = (await repo.commit('First')) as string;
    await repo.open('dir/a', 'w', (file) => file.write('new'));
    await repo.open('dir/b', 'w', (file) => file.write('b'));
    await repo.remove('top');
    await repo.commit('Second');
    expect(new TextDecoder().decode(await repo.show('dir/a', first))).toBe('old');
    expect(new TextDecoder().decode(await repo.show('dir/a', 'HEAD'))).toBe('new');
    expect(await repo.message(first)).toBe('First');
    expect(await repo.listFiles({ commit: first })).toEqual(['dir', 'top']);
    expect(await repo.listFiles({ commit: 'HEAD^', directory: 'dir' })).toEqual(['a']);
    expect(await repo.listFiles({ directory: 'dir' })).toEqual(['a', 'b']);
    const names: string[] = [];
    for await (const name of repo) names.push(name);
    expect(names).toEqual(['dir']);
    expect(await repo.exists('dir')).toBe('directory');
    expect(await repo.exists('dir/a')).toBe('file');
    expect(await repo.exists('top')).toBeUndefined();
    await expect(repo.listFiles({ directory: 'top' })).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    await expect(repo.show('dir', first)).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
  });

  test('a mode that git gave a file stays', async () => {
    const directory = initBare(temporaryDirectory());
    const script = git(['hash-object', '-w', '--stdin'], { cwd: directory, input: 'echo' });
    const tree = git(['mktree'], { cwd: directory, input: `100755 blob ${script}\trun.sh\n` });
    const commit = git(['commit-tree', tree, '-m', 'x'], { cwd: directory });
    git(['update-ref', 'refs/heads/main', commit], { cwd: directory });
    const repository = await openRepository(directory);
    await open(repository, 'run.sh', 'a', (file) => file.write(' hello'));
    await repository.close();
    expect(git(['ls-tree', 'main', 'run.sh'], { cwd: directory })).toMatch(/^100755/);
    expect(git(['fsck', '--strict'], { cwd: directory })).toBe('');
  });
});

describe('sharing with others', () => {
  test('G1 the commit of one file is pushed, and names it', async () => {
    const repository = createMemoryRepository();
    await open(URL, 'dir/notes.txt', 'w', through(repository), (file) => file.write('hello'));
    await openRepo(URL, through(repository), async (repo) => expect(await repo.message()).toBe('GitKV: dir/notes.txt'));
    const message = 'Mine';
    await open(URL, 'a', 'w', through(repository, { commitMessage: message }), (file) => file.write('1'));
    await openRepo(URL, through(repository), async (repo) => expect(await repo.message()).toBe(message));
  });

  test('G6 an empty remote needs no first commit, and the branch is what its HEAD names', async () => {
    const repository = createMemoryRepository();
    await repository.refs.update([{ name: 'HEAD', next: { target: 'refs/heads/trunk' } }]);
    await openRepo(URL, through(repository), async (repo) => {
      expect(repo.isEmpty).toBe(true);
      expect(repo.branch).toBe('trunk');
      await repo.open('a', 'w', (file) => file.write('1'));
    });
    expect(await filesOf(repository, 'trunk')).toEqual({ a: '1' });
    await openRepo(URL, through(repository), async (repo) => expect(await repo.log()).toHaveLength(1));
  });

  test('G6 G14 a pull finds what others put into a remote that was empty', async () => {
    const remote = new InProcessRemote();
    const transport = remote.transport;
    await using repo = await openRepo('test://in-process/store.git', { transport });
    const other = await remote.connect();
    for (const value of ['1', '2']) {
      await other.set('a', value);
      await repo.pull();
      expect(await repo.readText('a')).toBe(value);
    }
    await repo.open('b', 'w', (file) => file.write('3'));
    await repo.sync();
    expect(await remote.values()).toEqual({ a: '2', b: '3' });
  });

  test('G6 two writers who begin an empty remote both arrive', async () => {
    const repository = createMemoryRepository();
    await openRepo(URL, through(repository), async (repo) => {
      await put(repository, { b: '2' });
      await repo.open('a', 'w', (file) => file.write('1'));
    });
    expect(await filesOf(repository)).toEqual({ a: '1', b: '2' });
  });

  test('G7 the branch is that of the URL, or the option, or what HEAD names', async () => {
    const repository = createMemoryRepository();
    await repository.refs.update([{ name: 'HEAD', next: { target: 'refs/heads/master' } }]);
    await put(repository, { a: 'master' });
    await expect(openRepo(`${URL}#draft`, through(repository))).rejects.toMatchObject({ code: 'REMOTE_REF_NOT_FOUND' });
    const head = await openRepo(URL, through(repository));
    await repository.refs.update([{ name: 'refs/heads/draft', next: { oid: head.commitOid as string } }]);
    await open(`${URL}#draft`, 'a', 'w', through(repository), (file) => file.write('draft'));
    await open(URL, 'b', 'w', through(repository, { branch: 'draft' }), (file) => file.write('draft'));
    expect(await filesOf(repository, 'master')).toEqual({ a: 'master' });
    expect(await filesOf(repository, 'draft')).toEqual({ a: 'draft', b: 'draft' });
  });

  test('G8 G9 others who change other files are merged with', async () => {
    const repository = createMemoryRepository();
    await put(repository, { a: '1', b: '1' });
    await openRepo(URL, through(repository), async (repo) => {
      await repo.open('a', 'w', (file) => file.write('2'));
      await put(repository, { b: '2' });
      await put(repository, { c: '3' });
    });
    expect(await filesOf(repository)).toEqual({ a: '2', b: '2', c: '3' });
    await openRepo(URL, through(repository), async (repo) => {
      expect(await repo.message()).toBe(`Merge branch 'main' of in-process:\n`);
      expect(await repo.log()).toHaveLength(5);
    });
  });

  test('G9 the same file raises, with the three sides, and nothing is pushed', async () => {
    const repository = createMemoryRepository();
    await put(repository, { a: 'base', gone: 'base', other: 'base' });
    const failing = openRepo(URL, through(repository), async (repo) => {
      await repo.open('a', 'w', (file) => file.write('ours'));
      await repo.remove('gone');
      await put(repository, { a: 'theirs', gone: 'theirs', other: 'theirs' });
    });
    await expect(failing).rejects.toMatchObject({
      code: 'MERGE_CONFLICT',
      conflicts: [
        { key: Key.of('a'), base: utf8('base'), ours: utf8('ours'), theirs: utf8('theirs') },
        { key: Key.of('gone'), base: utf8('base'), ours: undefined, theirs: utf8('theirs') },
      ],
    });
    expect(await filesOf(repository)).toEqual({ a: 'theirs', gone: 'theirs', other: 'theirs' });
  });

  test('G9 or goes to a merge function', async () => {
    const repository = createMemoryRepository();
    await put(repository, { list: 'one\ntwo\nthree\n', n: '10' });
    const merge = [
      { prefix: 'n', merge: keyMerges.counter() },
      { prefix: '*', merge: keyMerges.text() },
    ];
    await openRepo(URL, through(repository, { merge }), async (repo) => {
      await repo.open('list', 'w', (file) => file.write('ONE\ntwo\nthree\n'));
      await repo.open('n', 'w', (file) => file.write('11'));
      await put(repository, { list: 'one\ntwo\nTHREE\n', n: '15' });
    });
    expect(await filesOf(repository)).toEqual({ list: 'ONE\ntwo\nTHREE\n', n: '16' });
  });

  test('G8 tries as often as it is told', async () => {
    const repository = createMemoryRepository();
    await put(repository, { a: '1' });
    let round = 0;
    // Somebody else is faster, each time.
    const busy = createRepositoryTransport(repository);
    const transport: typeof busy = {
      ...busy,
      connect: async (call) => {
        if (call.service === 'git-receive-pack') await put(repository, { other: String(round++) });
        return await busy.connect(call);
      },
    };
    const failing = openRepo(URL, { transport, retries: 2 }, (repo) => repo.open('a', 'w', (file) => file.write('2')));
    await expect(failing).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    expect(round).toBe(3);
    expect(await filesOf(repository)).toEqual({ a: '1', other: '2' });
  });

  test('G8 many writers at once all arrive', async () => {
    const repository = createMemoryRepository();
    const writers = Array.from({ length: 8 }, (_, n) =>
      open(URL, `file-${n}`, 'w', through(repository), (file) => file.write(String(n))),
    );
    await Promise.all(writers);
    expect(Object.keys(await filesOf(repository))).toHaveLength(8);
  });

  test('a conflict can be given up', async () => {
    const repository = createMemoryRepository();
    await put(repository, { a: 'base' });
    const repo = await openRepo(URL, through(repository));
    await repo.open('a', 'w', (file) => file.write('ours'));
    await put(repository, { a: 'theirs', b: 'new' });
    await expect(repo.pull()).rejects.toMatchObject({ code: 'STORE_MODIFIED' });
    await expect(repo.sync()).rejects.toMatchObject({ code: 'MERGE_CONFLICT' });
    await repo.discard();
    expect(repo.conflicts).toEqual([]);
    expect(await repo.readText('a')).toBe('ours');
    await repo.reset();
    expect(await repo.readText('a')).toBe('theirs');
    expect(await repo.readText('b')).toBe('new');
    await repo.close();
  });

  test('a commit that nobody pushed waits, and a pull merges it', async () => {
    const repository = createMemoryRepository();
    await put(repository, { a: '1' });
    const repo = await openRepo(URL, through(repository));
    await repo.pull();
    await put(repository, { b: '2' });
    await repo.pull();
    expect(await repo.readText('b')).toBe('2');
    await repo.open('c', 'w', (file) => file.write('3'));
    await repo.commit();
    await put(repository, { d: '4' });
    await repo.pull();
    expect(await repo.listFiles()).toEqual(['a', 'b', 'c', 'd']);
    expect(await filesOf(repository)).toEqual({ a: '1', b: '2', d: '4' });
    await repo.close();
    expect(await filesOf(repository)).toEqual({ a: '1', b: '2', c: '3', d: '4' });
  });

  test('G17 a branch that is checked out at the remote is refused, and what to set is said', async () => {
    const repository = { ...createMemoryRepository(), checkedOutBranches: async () => new Set(['refs/heads/main']) };
    const failing = open(URL, 'a', 'w', through(repository), (file) => file.write('1'));
    await expect(failing).rejects.toMatchObject({ code: 'BRANCH_CHECKED_OUT' });
    await expect(failing).rejects.toThrow('receive.denyCurrentBranch');
    const local = open(repository, 'a', 'w', (file) => file.write('1'));
    await expect(local).rejects.toMatchObject({ code: 'BRANCH_CHECKED_OUT' });
  });

  test('G1 G10 with a server of git', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1', 'dir/b': '2' });
    remote.commit({ a: '11' });
    remote.git('symbolic-ref', 'HEAD', 'refs/heads/main');
    await openRepo(remote.url, async (repo) => {
      await repo.open('a', 'a', (file) => file.write('1'));
      expect(await repo.log({ path: 'a' })).toHaveLength(2);
      expect(new TextDecoder().decode(await repo.show('a', 'HEAD~1'))).toBe('1');
    });
    expect(remote.files()).toEqual({ a: '111', 'dir/b': '2' });
    expect(remote.git('log', '--format=%s', 'main')).toBe('GitKV\ncommit 1\ncommit 1');
    expect(remote.git('fsck', '--strict')).toBe('');
  });
});

describe('what is not waited for', () => {
  test.each<[string, (repo: FileRepo) => Promise<unknown>]>([
    ['a file that is being written', (repo) => repo.open('l', 'w', (file) => file.write('x'))],
    ['a file that is being opened to write', (repo) => repo.open('l', 'w')],
    ['a file that is being removed', (repo) => repo.remove('l')],
  ])('%s when the function ends is told, and nothing is pushed', async (_what, begin) => {
    const repository = createMemoryRepository();
    await put(repository, { l: 'before' });
    const running = openRepo(repository, (repo) => {
      begin(repo).catch(() => {});
    });
    await expect(running).rejects.toThrow(/^Cannot commit: l is .* wait for/);
    expect(await filesOf(repository)).toEqual({ l: 'before' });
  });

  test('changes come after a commit that goes on, and are not lost', async () => {
    const repository = createMemoryRepository();
    const repo = await openRepo(repository);
    await repo.open('a', 'w', (file) => file.write('1'));
    await repo.open('old', 'w', (file) => file.write('1'));
    const committing = repo.commit();
    const writing = repo.open('b', 'w', (file) => file.write('2'));
    await Promise.all([committing, writing, repo.remove('old')]);
    expect(repo.hasChanges).toBe(true);
    await repo.close();
    expect(await filesOf(repository)).toEqual({ a: '1', b: '2' });
  });

  test('a repository that is being closed takes no more, and a second close waits for the first', async () => {
    const repository = createMemoryRepository();
    const repo = await openRepo(repository);
    await repo.open('a', 'w', (file) => file.write('1'));
    const closing = repo.close();
    await expect(repo.open('b', 'w')).rejects.toThrow(/being closed/);
    await expect(repo.remove('a')).rejects.toThrow(/being closed/);
    await repo.close();
    expect(await filesOf(repository)).toEqual({ a: '1' });
    await closing;
  });

  test('a file whose repository discards its changes says so when it is closed', async () => {
    const repo = await openRepo();
    const file = await repo.open('a', 'w');
    const opening = repo.open('b', 'w');
    opening.catch(() => {});
    await repo.discard();
    await expect(opening).rejects.toThrow(/discarded in the meantime/);
    await expect(file.close()).rejects.toThrow(/discarded in the meantime/);
    await repo.open('a', 'w', (again) => again.write('1'));
    await repo.close();
  });
});

describe('files of a store', () => {
  test('are its values, and a block is one of its commits', async () => {
    const repository = createMemoryRepository();
    const store = await GitKv.open(repository);
    await store.set('a', '1');
    await openRepo(store, async (repo) => {
      await repo.open('a', 'a', (file) => file.write('2'));
      await repo.open('dir/b', 'w', (file) => file.write('3'));
      expect(await repo.listFiles()).toEqual(['a', 'dir']);
      expect(await repo.exists('dir')).toBe('directory');
      await repo.remove('dir');
      expect(await repo.listFiles()).toEqual(['a']);
      await repo.open('c/d', 'w', (file) => file.write('4'));
      await expect(repo.open('c', 'w')).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
      await expect(repo.open('a/x', 'w')).rejects.toMatchObject({ code: 'DICTIONARY_EXPECTED' });
      expect(await store.getText('a')).toBe('1');
      repo.commitMessage = 'From files';
    });
    expect(await store.getText('a')).toBe('12');
    expect(await filesOf(repository)).toEqual({ a: '12', 'c/d': '4' });
    await openRepo(repository, async (repo) => expect(await repo.message()).toBe('From files'));
  });

  test('a value that was changed in the meantime is a conflict, or merged', async () => {
    const store = await GitKv.open(createMemoryRepository());
    await store.set('n', '1');
    const file = await open(store, 'n', 'w');
    await file.write('2');
    await store.set('n', '5');
    await expect(file.close()).rejects.toMatchObject({ code: 'MERGE_CONFLICT', conflicts: [{ theirs: utf8('5') }] });
    expect(await store.getText('n')).toBe('5');
    await open(store, 'n', 'r+', { merge: keyMerges.counter() }, async (again) => {
      await again.write('6');
      await store.set('n', '10');
    });
    expect(await store.getText('n')).toBe('11');
  });

  test('a change is based on what was read, whenever the file is then opened to write', async () => {
    const store = await GitKv.open(createMemoryRepository());
    await store.set('n', 'base');
    const repos = await Promise.all(['1', '2', '3'].map(() => openRepo(store)));
    const [first, ...others] = repos.map(async (repo, index) => {
      const before = await repo.readText('n');
      if (index > 0) await first;
      await repo.open('n', 'w', (file) => file.write(`${before} ${index + 1}`));
      await repo.close();
    });
    await first;
    for (const other of others) await expect(other).rejects.toMatchObject({ code: 'MERGE_CONFLICT' });
    expect(await store.getText('n')).toBe('base 1');
  });

  test('a file that was opened to write and given up leaves nothing to merge from', async () => {
    const store = await GitKv.open(createMemoryRepository());
    await store.set('n', '1');
    const repo = await openRepo(store, { merge: keyMerges.counter() });
    await (await repo.open('n', 'r+')).discard();
    await store.set('n', '10');
    await repo.pull();
    expect(await repo.readText('n')).toBe('10');
    await repo.open('n', 'w', (file) => file.write('11'));
    await repo.close();
    expect(await store.getText('n')).toBe('11');
  });

  test('are what the store held, until a commit or a pull takes what is new', async () => {
    const store = await GitKv.open(createMemoryRepository());
    const repo = await openRepo(store);
    await store.set('a', '1');
    expect(await repo.exists('a')).toBeUndefined();
    await repo.pull();
    expect(await repo.readText('a')).toBe('1');
    await store.set('a', '2');
    const reading = repo.readText('a');
    await repo.open('b', 'w', (file) => file.write('3'));
    await repo.commit();
    expect([await reading, await repo.readText('a')]).toEqual(['1', '2']);
    await repo.close();
  });

  test('list in the order of git, as those of a repository, and take no link for a file that is not there', async () => {
    const store = await GitKv.open(createMemoryRepository());
    await store.changeAndPush(async (batch) => {
      for (const key of ['a/x', 'a.b', 'a0', '\u{1f642}', '\ufffd']) await batch.set(key, key);
      await batch.set('link', 'a.b', { permissions: 'link' });
    });
    await openRepo(store, async (repo) => {
      await repo.open('a-', 'w', (file) => file.write('1'));
      await repo.open('b/c', 'w', (file) => file.write('1'));
      expect(await repo.listFiles()).toEqual(['a-', 'a.b', 'a', 'a0', 'b', '\ufffd', '\u{1f642}']);
      for (const mode of ['r', 'w', 'a', 'x'] as const) {
        await expect(repo.open('link', mode)).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
      }
      await repo.remove('link');
      await repo.discard();
    });
    expect(await store.getWithPermissions('link')).toMatchObject({ permissions: 'link' });
  });

  test('has no history to show', async () => {
    const store = await GitKv.open(createMemoryRepository());
    const repo = await openRepo(store);
    expect(() => repo.log()).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });
});

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A second a call. */
function clock(): () => number {
  let time = 1_700_000_000_000;
  return () => (time += 1000);
}
