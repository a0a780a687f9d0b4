import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  gitAsync,
  initBare,
  makeDirectory,
  removeDirectory,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import { makeOddRepository } from '../support/repositories.js';
import { programPath, run, runBuilt, startBuilt } from '../support/run.js';

const uploadPack = (): string => `--upload-pack='${process.execPath}' '${programPath('tsgit')}' upload-pack`;
const receivePack = (): string => `--receive-pack='${process.execPath}' '${programPath('tsgit')}' receive-pack`;

describe.each(['sha1', 'sha256'] as const)('git over tsgit upload-pack and receive-pack (%s)', (objectFormat) => {
  let root: string;
  let source: string;
  beforeAll(() => {
    root = makeDirectory();
    source = makeOddRepository(join(root, 'odd.git'), objectFormat).directory;
  });
  afterAll(() => removeDirectory(root));

  test('clones everything', async () => {
    const copy = join(temporaryDirectory(), 'copy.git');
    const cloned = await gitAsync(['clone', '--mirror', uploadPack(), `file://${source}`, copy]);
    expect(cloned, cloned.stderr).toMatchObject({ code: 0 });
    const refs = ['for-each-ref', '--format=%(refname) %(objectname)'];
    expect(git(refs, { cwd: copy })).toBe(git(refs, { cwd: source }));
    expect(await gitAsync(['fsck', '--strict'], { cwd: copy })).toMatchObject({ code: 0 });
  });

  test('clones one commit with --depth 1, and then the rest', async () => {
    const copy = join(temporaryDirectory(), 'copy.git');
    const cloned = await gitAsync(['clone', '--bare', '--depth=1', uploadPack(), `file://${source}`, copy]);
    expect(cloned, cloned.stderr).toMatchObject({ code: 0 });
    expect(git(['rev-list', '--count', 'HEAD'], { cwd: copy })).toBe('1');
    const rest = await gitAsync(['fetch', uploadPack(), '--unshallow', 'origin', 'main'], { cwd: copy });
    expect(rest, rest.stderr).toMatchObject({ code: 0 });
    expect(git(['rev-list', '--count', 'HEAD'], { cwd: copy })).toBe('3');
  });

  test('makes a partial clone where the configuration allows it, and a whole one where not', async () => {
    const remote = join(temporaryDirectory(), 'remote.git');
    git(['clone', '-q', '--mirror', `file://${source}`, remote]);
    const copies: string[] = [];
    for (const settings of [
      [],
      ['uploadpack.allowFilter'],
      ['uploadpack.allowFilter', 'uploadpackfilter.blob:none.allow'],
    ]) {
      settings.forEach((name, index) => void git(['config', name, String(index === 0)], { cwd: remote }));
      const copy = join(temporaryDirectory(), 'copy.git');
      const options = ['--bare', '--filter=blob:none', uploadPack()];
      const cloned = await gitAsync(['clone', ...options, `file://${remote}`, copy]);
      if (settings.length === 2) expect(cloned.stderr).toContain("filter 'blob:none' not supported");
      else copies.push(/in-pack: (\d+)/.exec(git(['count-objects', '-v'], { cwd: copy }))?.[1] ?? '');
    }
    const [whole, partial] = copies.map(Number) as [number, number];
    const count = (...args: string[]): number =>
      git(['rev-list', '--objects', '--all', ...args], { cwd: source }).split('\n').length;
    expect([whole, partial]).toEqual([count(), count('--filter=blob:none')]);
  });

  test('fetches what is new, and lists refs', async () => {
    const directory = temporaryDirectory();
    const remote = initBare(join(directory, 'remote.git'), objectFormat);
    commitFiles(remote, [{ files: { a: 'A' } }]);
    const copy = join(directory, 'copy.git');
    expect(await gitAsync(['clone', '--mirror', uploadPack(), `file://${remote}`, copy])).toMatchObject({ code: 0 });
    const head = commitFiles(remote, [{ files: { b: 'B' } }, { files: { a: null } }]);
    expect(await gitAsync(['fetch', '--quiet', uploadPack(), 'origin'], { cwd: copy })).toMatchObject({ code: 0 });
    expect(git(['rev-parse', 'main'], { cwd: copy })).toBe(head);
    const listed = await gitAsync(['ls-remote', uploadPack(), `file://${remote}`]);
    expect(listed).toMatchObject({ code: 0, stdout: `${head}\tHEAD\n${head}\trefs/heads/main\n` });
  });

  test('a changed line of a large file is fetched as a delta against the old one, and pushed so by git', async () => {
    const directory = temporaryDirectory();
    const remote = initBare(join(directory, 'remote.git'), objectFormat);
    const lines = Array.from({ length: 6000 }, (_, at) => `${(at * 2654435761) >>> 0} is line ${at}\n`);
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`many/of/them/${at}`, `file ${at}\n`]));
    commitFiles(remote, [{ files: { ...many, 'a/b/long': lines.join('') } }]);
    const copy = join(directory, 'copy.git');
    expect(await gitAsync(['clone', '--mirror', uploadPack(), `file://${remote}`, copy])).toMatchObject({ code: 0 });
    const head = commitFiles(remote, [{ files: { 'a/b/long': lines.with(3000, 'changed\n').join('') } }]);
    const trace = join(directory, 'fetched.pack');
    const fetched = await gitAsync(['fetch', '--quiet', uploadPack(), 'origin'], {
      cwd: copy,
      env: { GIT_TRACE_PACKFILE: trace },
    });
    expect(fetched, fetched.stderr).toMatchObject({ code: 0 });
    expect(git(['rev-parse', 'main'], { cwd: copy })).toBe(head);
    expect(statSync(trace).size).toBeLessThan(2000);
    expect(await gitAsync(['fsck', '--strict'], { cwd: copy })).toMatchObject({ code: 0 });

    const next = commitFiles(copy, [{ files: { 'a/b/long': lines.with(10, 'changed again\n').join('') } }]);
    expect(await gitAsync(['push', receivePack(), `file://${remote}`, 'main'], { cwd: copy })).toMatchObject({
      code: 0,
    });
    expect(git(['rev-parse', 'main'], { cwd: remote })).toBe(next);
    expect(await gitAsync(['fsck', '--strict'], { cwd: remote })).toMatchObject({ code: 0 });
  });

  test('pushes, deletes, and is refused what the rules forbid', async () => {
    const directory = temporaryDirectory();
    const remote = initBare(join(directory, 'remote.git'), objectFormat);
    git(['config', 'receive.denyNonFastForwards', 'true'], { cwd: remote });
    const local = initBare(join(directory, 'local.git'), objectFormat);
    const head = commitFiles(local, [{ files: { a: 'A' } }, { files: { b: 'B' } }]);
    const push = (...refspecs: string[]) =>
      gitAsync(['push', receivePack(), `file://${remote}`, ...refspecs], { cwd: local });

    const first = await push('main', 'main:refs/heads/topic', 'main~1:refs/tags/t');
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(git(['rev-parse', 'main', 'topic', 't'], { cwd: remote }).split('\n').slice(0, 2)).toEqual([head, head]);
    expect(await push(':topic')).toMatchObject({ code: 0 });
    const forced = await push('+main~1:main');
    expect(forced.code).toBe(1);
    expect(forced.stderr).toMatch(/\[remote rejected\].*non-fast-forward/);
    expect(git(['for-each-ref', '--format=%(refname)'], { cwd: remote })).toBe('refs/heads/main\nrefs/tags/t');
    expect(await gitAsync(['fsck', '--strict'], { cwd: remote })).toMatchObject({ code: 0 });
  });

  test('refuses objects that fsck finds fault with, unless the configuration says otherwise', async () => {
    const directory = temporaryDirectory();
    const remote = initBare(join(directory, 'remote.git'), objectFormat);
    const local = initBare(join(directory, 'local.git'), objectFormat);
    const blob = git(['hash-object', '-w', '--stdin'], { cwd: local, input: 'text' });
    const body = Buffer.concat([Buffer.from('100644 .git\0'), Buffer.from(blob, 'hex')]);
    const tree = git(['hash-object', '-w', '--literally', '--stdin', '-t', 'tree'], { cwd: local, input: body });
    const head = git(['commit-tree', '-m', 'odd', tree], { cwd: local });
    git(['update-ref', 'refs/heads/main', head], { cwd: local });
    const push = () => gitAsync(['push', receivePack(), `file://${remote}`, 'main'], { cwd: local });

    const refused = await push();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(new RegExp(`unpack failed: object ${tree}: hasDotgit: `));
    expect(refused.stderr).toMatch(/\[remote rejected\] +main -> main \(unpacker error\)/);
    git(['config', 'receive.fsck.hasDotgit', 'ignore'], { cwd: remote });
    expect(await push()).toMatchObject({ code: 0 });
    git(['update-ref', '-d', 'refs/heads/main'], { cwd: remote });
    git(['config', '--unset', 'receive.fsck.hasDotgit'], { cwd: remote });
    git(['prune', '--expire=now'], { cwd: remote });
    git(['config', 'transfer.fsckObjects', 'false'], { cwd: remote });
    expect(await push()).toMatchObject({ code: 0 });
  });

  test.each(['0', '1'])('speaks protocol version %s to those who ask for it', async (version) => {
    const config = ['-c', `protocol.version=${version}`];
    const directory = temporaryDirectory();
    const remote = initBare(join(directory, 'remote.git'), objectFormat);
    const base = commitFiles(remote, [{ files: { a: 'A' } }, { files: { b: 'B' } }]);
    const copy = join(directory, 'copy.git');
    const cloned = await gitAsync([...config, 'clone', '--bare', uploadPack(), `file://${remote}`, copy]);
    expect(cloned, cloned.stderr).toMatchObject({ code: 0 });
    // Commits that only the copy has are told first, in several rounds.
    const own = Array.from({ length: 80 }, (_, at) => ({ files: { own: `${at}` }, time: 1_800_000_000 + at }));
    commitFiles(copy, own);
    const head = commitFiles(remote, [{ files: { c: 'C' } }]);
    const fetched = await gitAsync([...config, 'fetch', uploadPack(), 'origin', 'main:theirs'], { cwd: copy });
    expect(fetched, fetched.stderr).toMatchObject({ code: 0 });
    expect(git(['rev-parse', 'theirs', 'theirs~1'], { cwd: copy })).toBe(`${head}\n${base}`);
    const pushed = await gitAsync([...config, 'push', receivePack(), 'origin', `${base}:refs/heads/old`], {
      cwd: copy,
    });
    expect(pushed, pushed.stderr).toMatchObject({ code: 0 });
    expect(git(['rev-parse', 'old'], { cwd: remote })).toBe(base);
    expect(await gitAsync(['fsck', '--strict'], { cwd: copy })).toMatchObject({ code: 0 });
  });
});

describe('tsgit receive-pack and upload-pack heed the configuration', () => {
  let remote: string;
  let local: string;
  const push = (...args: string[]) => gitAsync(['push', receivePack(), `file://${remote}`, ...args], { cwd: local });
  const set = (name: string, value: string): string => git(['config', '--add', name, value], { cwd: remote });

  beforeEach(() => {
    const directory = temporaryDirectory();
    remote = join(directory, 'remote');
    git(['init', '-q', '-b', 'main', remote]);
    local = initBare(join(directory, 'local.git'));
    commitFiles(local, [{ files: { a: 'A' } }, { files: { b: 'x'.repeat(5000) } }]);
  });

  test('on branches that are checked out (receive.denyCurrentBranch)', async () => {
    const refused = await push('main');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('refusing to update checked out branch: refs/heads/main');
    expect(refused.stderr).toContain('(branch is currently checked out)');
    expect(await push('main:topic')).toMatchObject({ code: 0 });
    git(['worktree', 'add', '-q', join(remote, '..', 'linked'), 'topic'], { cwd: remote });
    expect((await push('+main~1:topic')).stderr).toContain('(branch is currently checked out)');
    set('receive.denyCurrentBranch', 'ignore');
    expect(await push('main')).toMatchObject({ code: 0 });
  });

  test('on refs that are hidden (transfer.hideRefs, receive.hideRefs, uploadpack.hideRefs)', async () => {
    expect(await push('main:refs/heads/x', 'main:refs/in/a', 'main:refs/in/b')).toMatchObject({ code: 0 });
    set('transfer.hideRefs', 'refs/in');
    set('receive.hideRefs', '!refs/in/a');
    set('uploadpack.hideRefs', 'refs/heads/x');
    expect(await push('main~1:refs/in/c')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('deny updating a hidden ref'),
    });
    expect(await push('+main~1:refs/in/a')).toMatchObject({ code: 0 });
    const listed = await gitAsync(['ls-remote', uploadPack(), `file://${remote}`]);
    expect(listed).toMatchObject({ code: 0, stdout: '' });
  });

  test('on sizes, options and atomic pushes', async () => {
    expect((await push('-o', 'x', 'main:topic')).stderr).toContain('push options');
    set('receive.advertisePushOptions', 'true');
    set('receive.advertiseAtomic', 'false');
    expect((await push('--atomic', 'main:topic')).stderr).toContain('atomic');
    expect(await push('-o', 'x', 'main~1:refs/heads/topic')).toMatchObject({ code: 0 });
    set('receive.maxInputSize', '20');
    const large = await push('main:topic');
    expect(large.code).toBe(1);
    expect(large.stderr).toContain('at most 20 is allowed');
  });
});

describe('tsgit upload-pack and receive-pack', () => {
  test('serve one request of HTTP at a time with --stateless-rpc', async () => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'));
    const head = commitFiles(cwd, [{ files: { a: 'A' } }]);
    const ask = async (command: string, args: readonly string[], version: string, input = '') => {
      const ended = await run('tsgit', [command, ...args, '.'], {
        cwd,
        input,
        env: { GIT_PROTOCOL: `version=${version}` },
      });
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      return ended.stdout;
    };
    const about = ['--stateless-rpc', '--http-backend-info-refs'];
    expect(await ask('upload-pack', about, '2')).toMatch(/^000eversion 2\n.*0000$/s);
    expect(await ask('upload-pack', about, '0')).toContain(`${head} HEAD\0`);
    expect(await ask('receive-pack', ['--advertise-refs'], '1')).toMatch(/^000eversion 1\n.*0000$/s);
    const request = '0014command=ls-refs\n00010000';
    expect(await ask('upload-pack', ['--stateless-rpc'], '2', request)).toBe(
      `0032${head} HEAD\n003d${head} refs/heads/main\n0000`,
    );
    const silent = await run('tsgit', ['upload-pack', '--timeout=none', '.'], { cwd });
    expect(silent.code).toBe(129);
  });

  test('give up a client that is silent for too long', async () => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'));
    const started = startBuilt('tsgit', ['upload-pack', '--timeout=1', '.'], {
      cwd,
      env: { GIT_PROTOCOL: 'version=2' },
    });
    expect(await started.ended).toMatchObject({ code: 128, stderr: expect.stringContaining('silent') });
  });

  test('receive-pack runs the hooks of the repository as git does', async () => {
    const directory = temporaryDirectory();
    const local = initBare(join(directory, 'local.git'));
    commitFiles(local, [{ files: { a: 'A' } }]);
    const pushed = async (receive: string[], name: string): Promise<unknown> => {
      const remote = initBare(join(directory, name));
      git(['config', 'receive.advertisePushOptions', 'true'], { cwd: remote });
      mkdirSync(join(remote, 'hooks'), { recursive: true });
      for (const hook of ['pre-receive', 'update', 'post-receive', 'post-update', 'reference-transaction']) {
        const tell = `echo "${hook} $* $GIT_PUSH_OPTION_COUNT $GIT_PUSH_OPTION_0" >> "$PWD/log"`;
        const read = hook === 'update' || hook === 'post-update' ? '' : 'cat >> "$PWD/log"\n';
        const end = hook === 'update' ? 'test "$1" != refs/heads/no' : 'true';
        const only = hook === 'reference-transaction' ? 'exit 0' : '';
        writeFileSync(join(remote, 'hooks', hook), `#!/bin/sh\n${only}\n${tell}\n${read}${end}\n`, { mode: 0o755 });
      }
      const refspecs = ['main', 'main:no', 'main:refs/tags/t'];
      const args = ['push', ...receive, '-o', 'word', `file://${remote}`, ...refspecs];
      const { code, stderr } = await gitAsync(args, { cwd: local });
      const log = readFileSync(join(remote, 'log'), 'utf8');
      return { code, stderr: stderr.replaceAll(remote, 'REMOTE'), log };
    };
    expect(await pushed([receivePack()], 'ours.git')).toEqual(await pushed([], 'theirs.git'));
  });

  test('the hooks that run before refs move read what arrived, as with git', async () => {
    const directory = temporaryDirectory();
    const local = initBare(join(directory, 'local.git'));
    commitFiles(local, [{ files: { a: 'A' } }, { files: { b: 'B' } }]);
    const pushed = async (receive: string[] | undefined, name: string): Promise<unknown> => {
      const remote = initBare(join(directory, name));
      mkdirSync(join(remote, 'hooks'), { recursive: true });
      const look = 'echo "$0 $(git rev-list --count $new) $(git show $new:b)" >> "$PWD/log"';
      const lines = `while read old new ref; do ${look}; done`;
      for (const [hook, body] of [
        ['pre-receive', `${lines}\ncase "$GIT_QUARANTINE_PATH" in */objects/*) ;; *) exit 1;; esac`],
        ['update', `new=$3\n${look}\ntest "$1" != refs/heads/no`],
        ['reference-transaction', `test "$1" = prepared || exit 0\n${lines.replace('do ', 'do test $ref = HEAD || ')}`],
      ] as const)
        writeFileSync(join(remote, 'hooks', hook), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
      const push = async (...refspecs: string[]): Promise<{ code: number | null }> =>
        receive === undefined
          ? await run('tsgit', ['push', remote, ...refspecs], { cwd: local })
          : await gitAsync(['push', ...receive, `file://${remote}`, ...refspecs], { cwd: local });
      const codes = [(await push('main')).code, (await push('main:no')).code];
      expect(readdirSync(join(remote, 'objects')).filter((entry) => entry.startsWith('tmp'))).toEqual([]);
      git(['fsck', '--strict'], { cwd: remote });
      const log = readFileSync(join(remote, 'log'), 'utf8').replaceAll(remote, '.');
      return { codes, log: log.replaceAll('./hooks/', 'hooks/') };
    };
    const theirs = await pushed([], 'theirs.git');
    expect(await pushed([receivePack()], 'ours.git')).toEqual(theirs);
    expect(await pushed(undefined, 'path.git')).toEqual(theirs);
    expect(theirs).toMatchObject({ codes: [0, 1], log: expect.stringContaining('hooks/update 2 B\n') });
  });

  test('what pre-receive writes arrives with the push, or goes with it, as with git', async () => {
    const directory = temporaryDirectory();
    const local = initBare(join(directory, 'local.git'));
    commitFiles(local, [{ files: { a: 'A' } }, { files: { b: 'B' } }]);
    const pushed = async (receive: string[] | undefined, name: string): Promise<unknown> => {
      const remote = initBare(join(directory, name));
      mkdirSync(join(remote, 'hooks'), { recursive: true });
      const lines = [
        'while read old new ref; do',
        '  echo "loose $ref" | git hash-object -w --stdin > /dev/null',
        '  pack=$(echo "packed $ref" | git hash-object -w --stdin)',
        '  echo $pack | git pack-objects -q "$GIT_OBJECT_DIRECTORY/pack/pack" > /dev/null',
        '  git prune-packed -q',
        '  test $ref != refs/heads/no || exit 1',
        'done',
      ];
      writeFileSync(join(remote, 'hooks/pre-receive'), `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 });
      const push = async (refspec: string): Promise<{ code: number | null }> =>
        receive === undefined
          ? await run('tsgit', ['push', remote, refspec], { cwd: local })
          : await gitAsync(['push', ...receive, `file://${remote}`, refspec], { cwd: local });
      const codes = [(await push('main~:refs/heads/main')).code, (await push('main:refs/heads/no')).code];
      git(['fsck', '--strict'], { cwd: remote });
      const all = git(['cat-file', '--batch-check', '--batch-all-objects'], { cwd: remote });
      const packs = readdirSync(join(remote, 'objects/pack')).filter((entry) => /\.(?:pack|idx)$/.test(entry));
      const left = readdirSync(join(remote, 'objects')).filter((entry) => entry.startsWith('tmp'));
      return { codes, all, packs, left };
    };
    const theirs = await pushed([], 'theirs.git');
    expect(theirs).toMatchObject({ codes: [0, 1], left: [] });
    expect(await pushed([receivePack()], 'ours.git')).toEqual(theirs);
    expect(await pushed(undefined, 'path.git')).toEqual(theirs);
    expect((theirs as { packs: unknown[] }).packs).toHaveLength(2);
  });

  test('pre-receive refuses what it reads, and nothing is left of it', async () => {
    const directory = temporaryDirectory();
    const local = initBare(join(directory, 'local.git'));
    const files = Object.fromEntries(Array.from({ length: 120 }, (_, at) => [`f${at}`, `${at}`]));
    const head = commitFiles(local, [{ files: { ...files, secret: 'geheim' } }]);
    const remote = initBare(join(directory, 'a:b.git'));
    mkdirSync(join(remote, 'hooks'), { recursive: true });
    const body = 'while read old new ref; do ! git cat-file -e "$new:secret" || exit 1; done';
    writeFileSync(join(remote, 'hooks/pre-receive'), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    const refused = await run('tsgit', ['push', `./${relative(local, remote)}`, 'main'], { cwd: local });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('(pre-receive hook declined)') });
    expect(git(['cat-file', '--batch-check', '--batch-all-objects'], { cwd: remote })).toBe('');
    expect(readdirSync(join(remote, 'objects')).sort()).toEqual(['info', 'pack']);
    commitFiles(local, [{ files }], 'clean');
    const pushed = await run('tsgit', ['push', `./${relative(local, remote)}`, 'clean'], { cwd: local });
    expect(pushed, pushed.stderr).toMatchObject({ code: 0 });
    expect(head).not.toBe(git(['rev-parse', 'clean'], { cwd: remote }));
    expect(readdirSync(join(remote, 'objects')).sort()).toEqual(['info', 'pack']);
  });

  test.each(['upload-pack', 'receive-pack'])(
    '%s finds DIR, DIR.git and DIR/.git, and refuses others',
    async (command) => {
      const cwd = temporaryDirectory();
      initBare(join(cwd, 'bare.git'));
      git(['init', '--quiet', join(cwd, 'work')]);
      mkdirSync(join(cwd, 'plain'));
      const env = { GIT_PROTOCOL: 'version=2' };
      for (const directory of ['bare.git', 'bare', 'work']) {
        expect(await run('tsgit', [command, directory], { cwd, env, input: '0000' }), directory).toMatchObject({
          code: 0,
        });
      }
      for (const directory of ['plain', 'nothing', 'bare.git/objects']) {
        expect(await run('tsgit', [command, directory], { cwd, env })).toMatchObject({
          code: 128,
          stdout: '',
          stderr: `fatal: '${directory}' does not appear to be a git repository\n`,
        });
      }
    },
  );

  test('upload-pack --strict takes no other spelling', async () => {
    const cwd = temporaryDirectory();
    initBare(join(cwd, 'bare.git'));
    expect(await run('tsgit', ['upload-pack', '--strict', 'bare'], { cwd })).toMatchObject({ code: 128, stdout: '' });
  });

  test('a client that goes away after the greeting is no error to talk about', async () => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'));
    const env = { GIT_PROTOCOL: 'version=2' };
    const ended = await runBuilt('tsgit', ['upload-pack', '.'], { cwd, env, input: '' });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^000eversion 2\n/);
  });

  test.each([
    ['upload-pack', '00zz'],
    ['upload-pack', '0014command=nonsense\n0000'],
    ['upload-pack', '0014command=ls-refs'],
    ['receive-pack', '00zz'],
    ['receive-pack', '0020this is no command of a push'],
  ])('%s ends with an error for %j', async (command, input) => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'));
    const ours = await run('tsgit', [command, '.'], { cwd, env: { GIT_PROTOCOL: 'version=2' }, input });
    expect(ours.code === 128 || ours.stdout.includes('ERR '), JSON.stringify(ours)).toBe(true);
    expect(ours.stderr).toMatch(/^(?:fatal: [^\n]*\n)?$/);
  });
});
