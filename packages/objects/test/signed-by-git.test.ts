import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildCommit,
  buildIdentity,
  buildTag,
  concatBytes,
  findHeader,
  parseCommit,
  parseTag,
  serializeCommit,
  serializeTag,
  signCommitBody,
  splitSignedCommit,
  splitSignedTag,
} from '@git-kv/objects';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, gitAsync, gitBytes, initBare, makeDirectory, removeDirectory } from '../../../test/support/git.js';
import { ALGORITHMS, writeWithGit } from './support.js';

/** Keys are made with OpenSSH, which is not part of git: where it is not at hand, there is nothing to sign with. */
const hasKeygen = ((): boolean => {
  try {
    execFileSync('ssh-keygen', ['-l', '-f', '/dev/null'], { stdio: 'pipe' });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
  return true;
})();

describe.skipIf(!hasKeygen).each(ALGORITHMS)('what git signs with an ssh key (%s)', (name, algorithm) => {
  let root: string;
  let cwd: string;
  let key: string;
  let tree: string;
  beforeAll(() => {
    root = makeDirectory();
    key = join(root, 'key');
    cwd = initBare(join(root, 'r.git'), name);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', key]);
    writeFileSync(join(root, 'signers'), `committer@example.com ${readFileSync(`${key}.pub`, 'utf8')}`);
    git(['config', 'gpg.format', 'ssh'], { cwd });
    git(['config', 'user.signingKey', `${key}.pub`], { cwd });
    git(['config', 'gpg.ssh.allowedSignersFile', join(root, 'signers')], { cwd });
    tree = git(['mktree'], { cwd, input: '' });
  });
  afterAll(() => removeDirectory(root));

  const bodyOf = (kind: string, oid: string) => new Uint8Array(gitBytes(['cat-file', kind, oid], { cwd }));

  /** What `ssh-keygen` makes of these bytes, as git has it make. */
  const sign = (payload: Uint8Array): string => {
    const file = join(root, `payload-${Math.random().toString(36).slice(2)}`);
    writeFileSync(file, payload);
    execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'git', '-f', key, file], { stdio: 'pipe' });
    return readFileSync(`${file}.sig`, 'utf8');
  };

  const isGood = (payload: Uint8Array, signature: Uint8Array): boolean => {
    const file = join(root, 'signature');
    writeFileSync(file, signature);
    const options = ['-n', 'git', '-I', 'committer@example.com', '-f', join(root, 'signers'), '-s', file];
    try {
      execFileSync('ssh-keygen', ['-Y', 'verify', ...options], { input: payload, stdio: 'pipe' });
      return true;
    } catch {
      return false;
    }
  };

  test('a commit is split into what the key signed and its signature, and put together again', () => {
    for (const encoding of [undefined, 'ISO-8859-1']) {
      const config = encoding === undefined ? [] : ['-c', `i18n.commitEncoding=${encoding}`];
      const message = Buffer.from('Gr\u00fc\u00dfe\n', encoding === undefined ? 'utf8' : 'latin1');
      const oid = git([...config, 'commit-tree', '-S', tree], { cwd, input: message });
      const body = bodyOf('commit', oid);
      const signed = splitSignedCommit(body, algorithm);
      if (signed === undefined) throw new Error('there is no signature');
      expect(signed.isPlain).toBe(true);
      expect(isGood(signed.payload, signed.signature)).toBe(true);
      expect(isGood(body, signed.signature)).toBe(false);
      expect(signCommitBody(signed.payload, algorithm, signed.signature)).toEqual(body);
      expect(serializeCommit(parseCommit(body))).toEqual(body);
      expect(parseCommit(body).encoding).toBe(encoding);
    }
  });

  test('a tag is split into what the key signed and its signature', () => {
    const commit = git(['commit-tree', '-m', 'm', tree], { cwd });
    git(['tag', '-s', '-m', 'A tag', 'signed', commit], { cwd });
    const body = bodyOf('tag', git(['rev-parse', 'signed'], { cwd }));
    const signed = splitSignedTag(body);
    if (signed === undefined) throw new Error('there is no signature');
    expect(isGood(signed.payload, signed.signature)).toBe(true);
    expect(concatBytes([signed.payload, signed.signature])).toEqual(body);
    expect(serializeTag(parseTag(body))).toEqual(body);
  });

  test('a commit and a tag that we build and sign are good to git', async () => {
    const who = buildIdentity({ name: 'C O Mitter', email: 'committer@example.com', timestamp: 1700000000 });
    const payload = buildCommit({
      treeOid: tree,
      parentOids: [],
      author: who,
      committer: who,
      message: 'Signed by us\n',
      extraHeaders: [{ name: 'x-other', value: 'over\nlines' }],
    });
    const commit = writeWithGit(cwd, 'commit', signCommitBody(payload, algorithm, sign(payload)));
    expect(await gitAsync(['verify-commit', commit], { cwd })).toMatchObject({ code: 0 });
    const unsigned = buildTag({
      targetOid: commit,
      targetKind: 'commit',
      name: 'ours',
      tagger: who,
      message: 'Ours\n',
    });
    const tag = writeWithGit(cwd, 'tag', concatBytes([unsigned, new TextEncoder().encode(sign(unsigned))]));
    expect(await gitAsync(['verify-tag', tag], { cwd })).toMatchObject({ code: 0 });
    const other = writeWithGit(cwd, 'commit', signCommitBody(payload, algorithm, sign(unsigned)));
    expect((await gitAsync(['verify-commit', other], { cwd })).code).not.toBe(0);
  });

  test('a merge of a signed tag has the whole tag in a header', () => {
    const work = join(root, 'work');
    mkdirSync(work);
    git(['clone', '-q', cwd, work], { cwd: root });
    const settings = [
      ['gpg.format', 'ssh'],
      ['user.signingKey', `${key}.pub`],
    ];
    for (const [setting, value] of settings) git(['config', setting as string, value as string], { cwd: work });
    git(['commit', '-q', '--allow-empty', '-m', 'base'], { cwd: work });
    git(['checkout', '-q', '-b', 'side'], { cwd: work });
    git(['commit', '-q', '--allow-empty', '-m', 'side'], { cwd: work });
    git(['tag', '-s', '-m', 'A tag\n\nof two paragraphs', 'v1'], { cwd: work });
    git(['checkout', '-q', '-'], { cwd: work });
    git(['merge', '-q', '-S', '--no-ff', '--no-edit', 'v1'], { cwd: work });
    const body = new Uint8Array(gitBytes(['cat-file', 'commit', 'HEAD'], { cwd: work }));
    const commit = parseCommit(body);
    expect(commit.headers.map((header) => header.name)).toEqual([
      'tree',
      'parent',
      'parent',
      'author',
      'committer',
      'mergetag',
      name === 'sha1' ? 'gpgsig' : 'gpgsig-sha256',
    ]);
    expect(serializeCommit(commit)).toEqual(body);
    const mergetag = findHeader(commit, 'mergetag');
    const tag = new Uint8Array(gitBytes(['cat-file', 'tag', 'v1'], { cwd: work }));
    expect(concatBytes([mergetag?.value ?? new Uint8Array(0), Uint8Array.of(0x0a)])).toEqual(tag);
    expect(parseTag(tag)).toMatchObject({ name: 'v1', targetOid: commit.parentOids[1] });
    // The same commit, built from its parts.
    const built = buildCommit({
      treeOid: commit.treeOid,
      parentOids: commit.parentOids,
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      extraHeaders: [{ name: 'mergetag', value: mergetag?.value ?? '' }],
    });
    const signed = splitSignedCommit(body, algorithm);
    expect(built).toEqual(signed?.payload);
    expect(signCommitBody(built, algorithm, signed?.signature ?? '')).toEqual(body);
  });

  test('is not signed twice, nor without an end of its headers', () => {
    const who = buildIdentity({ name: 'A', email: 'a@b', timestamp: 1 });
    const body = buildCommit({ treeOid: tree, parentOids: [], author: who, committer: who, message: 'm\n' });
    const signed = signCommitBody(body, algorithm, 'x');
    expect(() => signCommitBody(signed, algorithm, 'x')).toThrow(RangeError);
    expect(() => signCommitBody(body.subarray(0, body.indexOf(0x0a) + 1), algorithm, 'x')).toThrow(RangeError);
  });
});
