import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, deflateSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { git, gitBytes, temporaryDirectory } from '../../../../test/support/git.js';
import { startGitDaemon } from '../../../../test/support/git-daemon.js';
import { type RunOptions, runBuilt } from '../support/run.js';

/** A folder with the repository `simple` in it, behind `git daemon`. */
async function daemonFixture(
  options: { readonly isBare?: boolean } = {},
): Promise<{ cwd: string; repository: string; url: string }> {
  const cwd = temporaryDirectory();
  const repository = join(cwd, 'simple');
  const kind = options.isBare === true ? ['--bare'] : [];
  git(['init', '--quiet', '--initial-branch=main', ...kind, repository]);
  const daemon = await startGitDaemon(cwd, { enableReceivePack: options.isBare === true });
  onTestFinished(() => daemon.close());
  return { cwd, repository, url: `${daemon.url}/simple` };
}

/** The program with a script as its input. */
async function script(
  args: readonly string[],
  options: RunOptions & { readonly lines: readonly string[] },
): Promise<string> {
  const { cwd, lines } = options;
  const input = lines.map((line) => `${line}\n`).join('');
  const ended = await runBuilt('mgit', args, { ...(cwd !== undefined && { cwd }), input });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  return ended.stdout;
}

const foo = '00000000: 4865 6c6c 6f20 576f 726c 6421 0a         Hello World!.\n';

describe('the recorded scripts of the original, against git daemon (K44)', () => {
  test('simple: read, save, read from the file, pull', async () => {
    const { cwd, repository, url } = await daemonFixture();
    commit(repository, 'foo', 'Hello World!\n');

    expect(await script([url], { cwd, lines: ['get /foo', 'save db.pack', 'quit'] })).toBe(foo);
    const saved = readFileSync(join(cwd, 'db.pack'));
    expect(saved.subarray(-20).toString('hex')).toBe('56a1d2cc3989103e2fcf44cf67e8fcea19fd1a09');
    expect(await script([url, 'db.pack'], { cwd, lines: ['get /foo', 'quit'] })).toBe(foo);

    commit(repository, 'bar', 'Git rocks!\n');
    expect(await script([url, 'db.pack'], { cwd, lines: ['pull', 'get /bar', 'get /foo', 'quit'] })).toBe(
      `+ /bar\n* /\n00000000: 4769 7420 726f 636b 7321 0a              Git rocks!.\n${foo}`,
    );
  });

  // The original writes the value first and the commit last, and its deflate has fixed codes only. Ours picks the shorter ones, and
  // puts the commits first. What is in the packs is the same, so each program reads the other's.
  test('simple: the pack that the original is recorded to write, byte for byte, is read too', async () => {
    const { cwd, repository, url } = await daemonFixture();
    commit(repository, 'foo', 'Hello World!\n');
    const original = originalPack(repository, ['main:foo', 'main^{tree}', 'main']);
    expect(original.subarray(-20).toString('hex')).toBe('e4b234372e7e3d7e850839123d8711cd99427147');

    writeFileSync(join(cwd, 'original.pack'), original);
    const lines = ['get /foo', 'save ours.pack', 'quit'];
    expect(await script([url, 'original.pack'], { cwd, lines })).toBe(foo);
    expect(await script([url], { cwd, lines: ['save db.pack'] })).toBe('');
    expect(readFileSync(join(cwd, 'ours.pack')).equals(readFileSync(join(cwd, 'db.pack')))).toBe(true);
  });

  test('fold: several changes, one commit', async () => {
    const { cwd, repository, url } = await daemonFixture({ isBare: true });
    const lines = ['fold', 'set /bar "Git rocks!"', 'set /foo "Hello World!"', 'exists /bar', 'quit', 'quit'];
    expect(await script([`${url}#main`], { cwd, lines })).toBe('/bar exists as a value\n');
    expect(await script([`${url}#main`], { cwd, lines: ['list /', 'get /bar', 'get /foo', 'quit'] })).toBe(
      '- /bar\n- /foo\n' +
        '00000000: 4769 7420 726f 636b 7321                 Git rocks!\n' +
        '00000000: 4865 6c6c 6f20 576f 726c 6421            Hello World!\n',
    );
    expect(git(['log', 'main', '--pretty=oneline'], { cwd: repository }).split('\n')).toHaveLength(1);
  });

  test('fold2: a batch reads its own writes', async () => {
    const { cwd, repository, url } = await daemonFixture({ isBare: true });
    const lines = ['fold', 'set /bar "Git rocks!"', 'list /', 'get /bar', 'quit', 'quit'];
    expect(await script([`${url}#main`], { cwd, lines })).toBe(
      '- /bar\n00000000: 4769 7420 726f 636b 7321                 Git rocks!\n',
    );
    expect(git(['log', 'main', '--pretty=oneline'], { cwd: repository }).split('\n')).toHaveLength(1);
  });
});

/** As the script commits: at one time, by one person, into a repository with a work tree. */
function commit(repository: string, name: string, content: string): void {
  const date = '2016-08-21 17:18:43 +0200';
  const [person, email] = ['Romain Calascibetta', 'romain@mirage.io'];
  writeFileSync(join(repository, name), content);
  git(['add', name], { cwd: repository });
  const env = {
    GIT_AUTHOR_NAME: person,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: person,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
  };
  git(['commit', '--quiet', '-m', '.'], { cwd: repository, env });
}

/** A pack of small objects as the original's library writes it. */
function originalPack(repository: string, names: readonly string[]): Buffer {
  const parts = [Buffer.from('PACK\0\0\0\x02\0\0\0'), Buffer.from([names.length])];
  for (const name of names) {
    const kind = git(['cat-file', '-t', name], { cwd: repository });
    const body = gitBytes(['cat-file', kind, git(['rev-parse', name], { cwd: repository })], { cwd: repository });
    const code = ['commit', 'tree', 'blob'].indexOf(kind) + 1;
    const more = body.length >= 16;
    parts.push(
      Buffer.from([(more ? 0x80 : 0) | (code << 4) | (body.length & 15), ...(more ? [body.length >> 4] : [])]),
    );
    const deflated = deflateSync(body, { level: 1, strategy: constants.Z_FIXED });
    deflated[1] = 0x5e; // it calls itself level 4
    parts.push(deflated);
  }
  const pack = Buffer.concat(parts);
  return Buffer.concat([pack, createHash('sha1').update(pack).digest()]);
}
