import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  gitAsync,
  initBare,
  makeDirectory,
  removeDirectory,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import { type GitHttpBackend, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import { basicAuth, closedPort, serveUntilTestEnds } from '../support/remote.js';
import { makeOddRepository } from '../support/repositories.js';
import { run, startBuilt } from '../support/run.js';

let root: string;
let backend: GitHttpBackend;
beforeAll(async () => {
  root = makeDirectory();
  makeOddRepository(join(root, 'sha1.git'), 'sha1');
  makeOddRepository(join(root, 'sha256.git'), 'sha256');
  initBare(join(root, 'empty.git'));
  backend = await startGitHttpBackend({ root });
});
afterAll(async () => {
  await backend.close();
  removeDirectory(root);
});

const refsOf = (cwd: string): string => git(['for-each-ref', '--format=%(refname) %(objectname)'], { cwd });

describe.each(['sha1', 'sha256'] as const)('tsgit clone --bare (%s)', (objectFormat) => {
  const source = (): string => `${backend.url}/${objectFormat}.git`;
  const clone = async (args: readonly string[], env: Record<string, string> = {}): Promise<string> => {
    const cwd = temporaryDirectory();
    const ours = await run('tsgit', ['clone', '--bare', ...args, source(), 'copy.git'], { cwd, env });
    expect(ours).toMatchObject({ code: 0, stdout: '' });
    expect(ours.stderr).toMatch(/^Cloning into bare repository 'copy\.git'\.\.\.\n/);
    const directory = join(cwd, 'copy.git');
    expect(await gitAsync(['fsck', '--strict'], { cwd: directory })).toMatchObject({ code: 0 });
    expect(readdirSync(join(directory, 'objects/pack')).filter((name) => name.startsWith('tmp'))).toEqual([]);
    return directory;
  };

  test('takes all branches, tags and objects', async () => {
    const copy = await clone([]);
    const original = join(root, `${objectFormat}.git`);
    expect(refsOf(copy)).toBe(refsOf(original));
    const reachable = ['rev-list', '--objects', '--all'];
    expect(git(reachable, { cwd: copy })).toBe(git(reachable, { cwd: original }));
    expect(git(['symbolic-ref', 'HEAD'], { cwd: copy })).toBe('refs/heads/main');
    expect(git(['config', 'remote.origin.url'], { cwd: copy })).toBe(source());
    expect(git(['rev-parse', '--show-object-format', '--is-bare-repository'], { cwd: copy })).toBe(
      `${objectFormat}\ntrue`,
    );
    // git goes on from there.
    expect(await gitAsync(['fetch', '--quiet', 'origin', 'main'], { cwd: copy })).toMatchObject({ code: 0 });
  });

  test('--depth 1 takes one commit of one branch', async () => {
    const copy = await clone(['--depth', '1']);
    expect(git(['rev-list', '--count', '--all'], { cwd: copy })).toBe('1');
    expect(git(['rev-parse', '--is-shallow-repository'], { cwd: copy })).toBe('true');
    const theirs = join(temporaryDirectory(), 'theirs.git');
    expect(await gitAsync(['clone', '--quiet', '--bare', '--depth', '1', source(), theirs])).toMatchObject({ code: 0 });
    expect(refsOf(copy)).toBe(refsOf(theirs));
    expect(await gitAsync(['fetch', '--quiet', '--unshallow', 'origin'], { cwd: copy })).toMatchObject({ code: 0 });
  });

  test('--branch names the branch of HEAD', async () => {
    expect(git(['symbolic-ref', 'HEAD'], { cwd: await clone(['--branch', 'topic/one']) })).toBe('refs/heads/topic/one');
    const single = await clone(['-b', 'topic/one', '--single-branch']);
    const theirs = join(temporaryDirectory(), 'theirs.git');
    const args = ['clone', '--quiet', '--bare', '-b', 'topic/one', '--single-branch', source(), theirs];
    expect(await gitAsync(args)).toMatchObject({ code: 0 });
    expect(refsOf(single)).toBe(refsOf(theirs));
  });
});

describe.each(['sha1', 'sha256'] as const)('tsgit clone of a path (%s)', (objectFormat) => {
  /** Everything but how refs are stored, and where. */
  const stateOf = (directory: string): unknown => {
    const ask = (...args: string[]): string => git(args, { cwd: directory });
    const settings = ask('config', '--list', '--local').split('\n').sort();
    const symbolic = ask('for-each-ref', '--format=%(refname) %(objectname) %(symref)');
    const head = readFileSync(join(directory, ask('rev-parse', '--git-dir'), 'HEAD'), 'utf8');
    return { settings, symbolic, head, objects: ask('rev-list', '--objects', '--all') };
  };

  test.each([
    [['--mirror']],
    [['--bare']],
    [['--bare', '--no-tags']],
    [['--bare', '--single-branch']],
    [['--bare', '-b', 'v1']],
    [['--no-checkout']],
    [['-n', '--origin', 'up']],
    [['-n', '-b', 'topic/one']],
    [['-n', '-b', 'v1']],
    [['-n', '--single-branch']],
    [['-n', '--single-branch', '-b', 'topic/one', '--no-tags']],
    [['-n', '--single-branch', '-b', 'light']],
    [['-n', '-c', 'a.b=c', '-c', 'x.y']],
  ])('%j makes what git makes', async (options) => {
    const cwd = temporaryDirectory();
    const source = join(root, `${objectFormat}.git`);
    const [theirs, ours] = [join(cwd, 'a/copy'), join(cwd, 'b/copy')];
    mkdirSync(join(cwd, 'a'));
    mkdirSync(join(cwd, 'b'));
    expect(await gitAsync(['clone', '--quiet', '--no-local', ...options, source, theirs])).toMatchObject({ code: 0 });
    expect(await run('tsgit', ['clone', ...options, source, ours])).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Cloning into /),
    });
    expect(stateOf(ours)).toEqual(stateOf(theirs));
  });

  test.runIf(objectFormat === 'sha1').each([[[]], [['-b', 'HEAD']], [['-b', 'HEAD', '--single-branch']]])(
    'with a branch called HEAD, %j makes what git makes',
    async (options) => {
      const cwd = temporaryDirectory();
      const source = initBare(join(cwd, 'source.git'), objectFormat);
      commitFiles(source, [{ files: { a: '1' } }, { files: { a: '2' } }]);
      git(['update-ref', 'refs/heads/HEAD', 'main~1'], { cwd: source });
      for (const head of ['refs/heads/main', 'refs/heads/HEAD']) {
        git(['symbolic-ref', 'HEAD', head], { cwd: source });
        const [theirs, ours] = [join(cwd, `theirs-${head.slice(11)}`), join(cwd, `ours-${head.slice(11)}`)];
        git(['clone', '-q', '-n', '--no-local', ...options, source, theirs]);
        expect(await run('tsgit', ['clone', '-q', '-n', ...options, source, ours])).toMatchObject({
          code: 0,
          stderr: '',
        });
        expect(stateOf(ours)).toEqual(stateOf(theirs));
      }
    },
  );

  test.runIf(objectFormat === 'sha1')('looks at what it takes where the configuration says so', async () => {
    const cwd = temporaryDirectory();
    const source = initBare(join(cwd, 'source.git'), objectFormat);
    const blob = git(['hash-object', '-w', '--stdin'], { cwd: source, input: 'text' });
    const body = Buffer.concat([Buffer.from('100644 .git\0'), Buffer.from(blob, 'hex')]);
    const tree = git(['hash-object', '-w', '--literally', '--stdin', '-t', 'tree'], { cwd: source, input: body });
    git(['update-ref', 'refs/heads/main', git(['commit-tree', '-m', 'odd', tree], { cwd: source })], { cwd: source });
    const into = initBare(join(cwd, 'into.git'), objectFormat);
    const config = (key: string, value: string): Record<string, string> => ({
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: key,
      GIT_CONFIG_VALUE_0: value,
    });
    for (const key of ['transfer.fsckObjects', 'fetch.fsckObjects']) {
      const env = config(key, 'true');
      for (const [args, there] of [
        [['clone', '--bare', `file://${source}`, 'copy.git'], cwd],
        [['fetch', source, 'main:main'], into],
        [['fetch-pack', source, 'refs/heads/main'], into],
      ] as const) {
        const theirs = await gitAsync([...args], { cwd: there, env });
        expect(theirs).toMatchObject({ code: 128, stderr: expect.stringContaining('hasDotgit') });
        const ours = await run('tsgit', args, { cwd: there, env });
        expect(ours).toMatchObject({ code: 128, stderr: expect.stringContaining('hasDotgit') });
        expect(existsSync(join(cwd, 'copy.git'))).toBe(false);
        expect(git(['for-each-ref'], { cwd: into })).toBe('');
      }
    }
    git(['config', 'transfer.fsckObjects', 'true'], { cwd: into });
    git(['config', 'fetch.fsck.hasDotgit', 'ignore'], { cwd: into });
    expect(await run('tsgit', ['fetch', '-q', source, 'main:main'], { cwd: into })).toMatchObject({ code: 0 });
  });

  test.each([
    [['--bare', '--filter=blob:none']],
    [['-n', '--filter=tree:0']],
    [['-n', '--shallow-exclude=v1']],
    [['--bare', '--shallow-since=2000-01-01', '--no-single-branch']],
  ])('%j takes the part that git takes', async (options) => {
    const cwd = temporaryDirectory();
    const source = join(root, `${objectFormat}.git`);
    git(['config', 'uploadpack.allowFilter', 'true'], { cwd: source });
    const [theirs, ours] = [join(cwd, 'theirs'), join(cwd, 'ours')];
    const cloned = await gitAsync(['clone', '--quiet', ...options, `file://${source}`, theirs]);
    expect(cloned, cloned.stderr).toMatchObject({ code: 0 });
    expect(await run('tsgit', ['clone', '-q', ...options, `file://${source}`, ours])).toMatchObject({
      code: 0,
      stderr: '',
    });
    const partOf = (directory: string): unknown => {
      const ask = (...args: string[]): string => git(args, { cwd: directory });
      return {
        refs: refsOf(directory),
        objects: ask('rev-list', '--objects', '--all', '--missing=print').split('\n').sort(),
        remote: ask('config', '--get-regexp', '^remote').split('\n').sort(),
        isShallow: ask('rev-parse', '--is-shallow-repository'),
      };
    };
    expect(partOf(ours)).toEqual(partOf(theirs));
  });

  test('of a bundle, named after it', async () => {
    const cwd = temporaryDirectory();
    git(['bundle', 'create', '-q', join(cwd, 'all.bundle'), '--all'], { cwd: join(root, `${objectFormat}.git`) });
    expect(await run('tsgit', ['clone', '-q', '-n', 'all.bundle'], { cwd })).toMatchObject({ code: 0, stderr: '' });
    expect(await gitAsync(['clone', '-q', '-n', 'all.bundle', 'theirs'], { cwd })).toMatchObject({ code: 0 });
    expect(refsOf(join(cwd, 'all'))).toBe(refsOf(join(cwd, 'theirs')));
    expect(git(['config', 'remote.origin.url'], { cwd: join(cwd, 'all') })).toBe(join(cwd, 'all.bundle'));
  });
});

describe('tsgit clone --bare', () => {
  test('of an empty repository makes one, with a warning', async () => {
    const cwd = temporaryDirectory();
    const ours = await run('tsgit', ['clone', '--bare', `${backend.url}/empty.git`], { cwd });
    expect(ours).toMatchObject({
      code: 0,
      stderr: "Cloning into bare repository 'empty.git'...\nwarning: You appear to have cloned an empty repository.\n",
    });
    expect(await gitAsync(['fsck'], { cwd: join(cwd, 'empty.git') })).toMatchObject({ code: 0 });
    expect(git(['symbolic-ref', 'HEAD'], { cwd: join(cwd, 'empty.git') })).toBe('refs/heads/main');
  });

  test.each([
    ['sha1.git', 'sha1.git'],
    ['sha1.git/', 'sha1.git'],
    ['sha1', 'sha1.git'],
  ])('names the directory after the URL: %s', async (path, name) => {
    const { url } = await serveUntilTestEnds(root, (request) => {
      request.url = request.url?.replace(/^\/sha1\//, '/sha1.git/').replace('//', '/') ?? '';
      return false;
    });
    const cwd = temporaryDirectory();
    expect(await run('tsgit', ['clone', '--bare', '-q', `${url}/${path}`], { cwd })).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(readdirSync(cwd)).toEqual([name]);
  });

  test('takes an empty directory that is there, and refuses one that is not empty', async () => {
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, 'there'));
    const args = ['clone', '--bare', '-q', `${backend.url}/sha1.git`, 'there'];
    expect(await run('tsgit', args, { cwd })).toMatchObject({ code: 0, stderr: '' });
    const before = readdirSync(join(cwd, 'there')).sort();
    expect(await run('tsgit', args, { cwd })).toMatchObject({
      code: 128,
      stderr: "fatal: destination path 'there' already exists and is not an empty directory.\n",
    });
    expect(readdirSync(join(cwd, 'there')).sort()).toEqual(before);
    writeFileSync(join(cwd, 'file'), 'x');
    expect((await run('tsgit', [...args.slice(0, -1), 'file'], { cwd })).code).toBe(128);
    expect(readFileSync(join(cwd, 'file'), 'utf8')).toBe('x');
  });

  test('keeps the name and password of a URL out of what it prints and writes', async () => {
    const { url } = await serveUntilTestEnds(root, basicAuth('ann', 'geheim'));
    const cwd = temporaryDirectory();
    const withBoth = `${url.replace('//', '//ann:geheim@')}/sha1.git`;
    const ours = await run('tsgit', ['clone', '--bare', withBoth], { cwd });
    expect(ours).toMatchObject({ code: 0, stdout: '' });
    expect(ours.stderr).not.toContain('geheim');
    expect(git(['config', 'remote.origin.url'], { cwd: join(cwd, 'sha1.git') })).not.toContain('geheim');
    const env = { GIT_KV_USERNAME: 'ann', GIT_KV_PASSWORD: 'geheim' };
    expect(await run('tsgit', ['clone', '--bare', '-q', `${url}/sha1.git`, 'env'], { cwd, env })).toMatchObject({
      code: 0,
    });
  });

  test.each([
    ['without --bare', ['URL'], 128],
    ['without a URL', ['--bare'], 129],
    ['with too many arguments', ['--bare', 'URL', 'a', 'b'], 129],
    ['with a depth of nothing', ['--bare', '--depth', '0', 'URL'], 128],
    ['with a depth of words', ['--bare', '--depth', 'deep', 'URL'], 128],
    ['of a branch that is not there', ['--bare', '--branch', 'nope', 'URL'], 128],
    ['of something that is no URL', ['--bare', 'nonsense'], 128],
    ['of a path', ['--bare', '/no/such/path'], 128],
    ['over another scheme', ['--bare', 'ssh://user:secret@example.com/r.git'], 128],
    ['of a URL with a bad port', ['--bare', 'http://user:secret@127.0.0.1:99999/r.git'], 128],
    ['of a URL that is cut', ['--bare', 'http://user:secret@', 'there'], 128],
    ['of a URL without a name', ['--bare', 'http://user:secret@127.0.0.1:1/'], 128],
  ])('refuses to run %s, and leaves nothing behind', async (_, args, code) => {
    const cwd = temporaryDirectory();
    const filled = args.map((arg) => (arg === 'URL' ? `${backend.url}/sha1.git` : arg));
    const ours = await run('tsgit', ['clone', ...filled], { cwd });
    expect(ours).toMatchObject({ code, stdout: '' });
    expect(ours.stderr).toMatch(code === 129 ? /^fatal: .*\nusage: / : /(?:^|\n)fatal: [^\n]*\n$/);
    expect(ours.stderr).not.toContain('secret');
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('leaves nothing behind where the remote fails', async () => {
    const { url } = await serveUntilTestEnds(root, (request, response) => {
      if (request.url?.startsWith('/private.git')) response.writeHead(401, { 'WWW-Authenticate': 'Basic' }).end();
      else if (request.url?.startsWith('/cut.git')) {
        request.url = request.url.replace('/cut.git', '/sha1.git');
        cutAfter(response, 3000);
        return false;
      } else return false;
      return true;
    });
    const cwd = temporaryDirectory();
    for (const remote of [
      'http://no-such-host.invalid/r.git',
      `http://127.0.0.1:${await closedPort()}/r.git`,
      `${url}/nothing.git`,
      `${url}/private.git`,
      `${url}/cut.git`,
    ]) {
      mkdirSync(join(cwd, 'empty'), { recursive: true });
      for (const directory of ['new/deep.git', 'empty']) {
        const ours = await run('tsgit', ['clone', '--bare', '-q', remote, directory], { cwd });
        expect(ours, remote).toMatchObject({ code: 128, stdout: '' });
        expect(ours.stderr, remote).toMatch(/^fatal: [^\n]*\[[A-Z_]+\]\n$/);
        expect(existsSync(join(cwd, 'new/deep.git')), remote).toBe(false);
        expect(readdirSync(join(cwd, 'empty')), remote).toEqual([]);
      }
    }
  });

  test('takes its directory away when it is interrupted', async () => {
    let reached: () => void = () => {};
    const isReached = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const { url } = await serveUntilTestEnds(root, (request) => {
      if (request.method !== 'POST') return false;
      reached(); // and the answer never comes
      return true;
    });
    const cwd = temporaryDirectory();
    const started = startBuilt('tsgit', ['clone', '--bare', `${url}/sha1.git`, 'copy'], { cwd });
    await isReached;
    started.child.kill('SIGINT');
    expect(await started.ended).toMatchObject({
      code: 130,
      stdout: '',
      stderr: "Cloning into bare repository 'copy'...\n",
    });
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('a pack that is damaged on the way is refused', async () => {
    const source = initBare(join(temporaryDirectory(), 'r.git'));
    commitFiles(source, [{ files: { a: 'A'.repeat(5000) } }]);
    const { url } = await serveUntilTestEnds(join(source, '..'), (request, response) => {
      if (request.method === 'POST') damage(response);
      return false;
    });
    const cwd = temporaryDirectory();
    const ours = await run('tsgit', ['clone', '--bare', '-q', `${url}/r.git`], { cwd });
    expect(ours).toMatchObject({ code: 128, stdout: '' });
    expect(ours.stderr).toMatch(/^fatal: [^\n]*\[[A-Z_]+\]\n$/);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

/** Break the connection after so many bytes of answers with a pack in them. */
function cutAfter(response: import('node:http').ServerResponse, bytes: number): void {
  const write = response.write.bind(response) as (chunk: Uint8Array) => boolean;
  let left = bytes;
  response.write = ((chunk: Uint8Array): boolean => {
    left -= chunk.length;
    if (left >= 0) return write(chunk);
    write(chunk.subarray(0, chunk.length + left));
    setImmediate(() => response.destroy());
    return true;
  }) as typeof response.write;
}

/** Change one byte inside of a pack. */
function damage(response: import('node:http').ServerResponse): void {
  const write = response.write.bind(response) as (chunk: Uint8Array) => boolean;
  response.write = ((chunk: Buffer): boolean => {
    const at = chunk.indexOf('PACK');
    if (at < 0 || chunk.length < at + 40) return write(chunk);
    const copy = Buffer.from(chunk);
    copy.writeUInt8(copy.readUInt8(at + 30) ^ 0x55, at + 30);
    return write(copy);
  }) as typeof response.write;
}

describe('tsgit clone of a server whose HEAD names a branch that it does not list', () => {
  test.each(['0', '2'])('leaves what git leaves, with protocol version %s', async (version) => {
    const cwd = temporaryDirectory();
    const source = initBare(join(cwd, 'r.git'));
    commitFiles(source, [{ files: { foo: 'x' } }]);
    git(['branch', 'other'], { cwd: source });
    git(['symbolic-ref', 'HEAD', 'refs/heads/gone'], { cwd: source });
    const { url } = await serveUntilTestEnds(cwd);
    const env = { GIT_CONFIG_COUNT: '2', GIT_CONFIG_KEY_0: 'protocol.version', GIT_CONFIG_VALUE_0: version };
    Object.assign(env, { GIT_CONFIG_KEY_1: 'init.defaultBranch', GIT_CONFIG_VALUE_1: 'first' });
    for (const options of [
      ['--bare'],
      ['--mirror'],
      ['--no-checkout'],
      ['--bare', '--single-branch'],
      ['--mirror', '--single-branch'],
      ['--no-checkout', '--depth=1'],
      ['--no-checkout', '--branch=other'],
    ]) {
      const left = async (name: string, task: (args: string[]) => Promise<{ code: number | null; stderr: string }>) => {
        const directory = join(cwd, name);
        const { code, stderr } = await task(['clone', ...options, `${url}/r.git`, directory]);
        const ask = (...args: string[]): string[] => git(args, { cwd: directory }).split('\n').sort();
        const own = {
          head: ask('symbolic-ref', 'HEAD'),
          refs: ask('for-each-ref', '--format=%(refname) %(objectname) %(symref)'),
          settings: ask('config', '--local', '--get-regexp', '^(remote|branch)'),
        };
        rmSync(directory, { recursive: true });
        return { code, stderr: stderr.replaceAll(directory, ''), ...own };
      };
      const theirs = await left('theirs', (args) => gitAsync(args, { cwd, env }));
      const ours = await left('ours', (args) => run('tsgit', args, { cwd, env }));
      expect(ours, options.join(' ')).toEqual(theirs);
    }
  });
});
