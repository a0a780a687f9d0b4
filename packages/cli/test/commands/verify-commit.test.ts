import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { git, gitAsync, initBare, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import {
  addToSshAgent,
  hasSshKeygen,
  makeSshKey,
  SSH_KEY_KINDS,
  type SshKeyFiles,
  signWithKeygen,
  startSshAgent,
} from '../../../../test/support/ssh.js';
import { run } from '../support/run.js';

describe.skipIf(!hasSshKeygen).each(['sha1', 'sha256'] as const)('signatures in tsgit (%s, ssh-keygen)', (format) => {
  let root: string;
  let cwd: string;
  let tree: string;
  let key: SshKeyFiles;
  let other: SshKeyFiles;
  let signers: string;
  beforeAll(() => {
    root = makeDirectory();
    cwd = initBare(join(root, 'r.git'), format);
    tree = git(['mktree'], { cwd, input: '' });
    key = makeSshKey(root, 'key');
    other = makeSshKey(root, 'other');
    signers = join(root, 'signers');
    git(['config', 'gpg.format', 'ssh'], { cwd });
    git(['config', 'user.signingKey', `${key.path}.pub`], { cwd });
    git(['config', 'gpg.ssh.allowedSignersFile', signers], { cwd });
  });
  afterAll(() => removeDirectory(root));

  /** Both, with the same settings, and the same answers. */
  const same = async (args: readonly string[], settings: Readonly<Record<string, string>> = {}, env = {}) => {
    const config = Object.entries(settings).flatMap(([name, value], at) => [
      [`GIT_CONFIG_KEY_${at}`, name],
      [`GIT_CONFIG_VALUE_${at}`, value],
    ]);
    const options = {
      cwd,
      env: { GIT_CONFIG_COUNT: String(config.length / 2), ...Object.fromEntries(config), ...env },
    };
    const theirs = await gitAsync(args, options);
    const { code, stdout, stderr } = await run('tsgit', args, options);
    expect({ code, stdout, stderr }, `${args} ${JSON.stringify(settings)}`).toEqual(theirs);
    return theirs;
  };

  test.each(SSH_KEY_KINDS)(
    '%s: tsgit signs and git verifies, git signs and tsgit verifies',
    async (name, _label, kind) => {
      const files = makeSshKey(root, `kind-${name}`, kind);
      writeFileSync(signers, `committer@example.com ${files.publicLine}\n`);
      for (const keyFile of [files.path, `${files.path}.pub`]) {
        const ours = await run('tsgit', ['commit-tree', `-S${keyFile}`, '-m', 'm', tree], { cwd });
        expect(ours).toMatchObject({ code: 0, stderr: '' });
        expect((await same(['verify-commit', ours.stdout.trim()])).code).toBe(0);
        const theirs = git(['commit-tree', `-S${keyFile}`, '-m', 'm', tree], { cwd });
        // What does not choose numbers by chance makes the same commit.
        if (!name.startsWith('ecdsa')) expect(ours.stdout.trim()).toBe(theirs);
        expect((await same(['verify-commit', '-v', theirs])).code).toBe(0);
      }
    },
  );

  test('commit-tree signs where it is told to, and only there', async () => {
    writeFileSync(signers, `committer@example.com ${key.publicLine}\n`);
    const cases: (readonly string[])[] = [
      ['-S', '-m', 'm', tree],
      ['-m', 'm', '--gpg-sign', tree],
      ['-m', 'm', `--gpg-sign=${other.path}`, tree],
      ['-m', 'm', '-S', '--no-gpg-sign', tree],
      ['-m', '-S', tree],
      ['-m', 'm', tree],
    ];
    const oids = new Set<string>();
    for (const args of cases) oids.add((await same(['commit-tree', ...args])).stdout);
    expect(oids.size).toBe(4);
    const home = { 'user.signingKey': '~/key.pub' };
    expect((await same(['commit-tree', '-S', '-m', 'm', tree], home, { HOME: root })).code).toBe(0);
    const latin1 = { 'i18n.commitEncoding': 'ISO-8859-1' };
    expect((await same(['commit-tree', '-S', '-m', 'm', tree], latin1)).code).toBe(0);
  });

  test('commit-tree signs with the ssh-agent what it has no key file for', async () => {
    const socket = join(root, 'agent');
    const agent = await startSshAgent(socket);
    onTestFinished(() => void agent.kill());
    const held = makeSshKey(root, 'held', ['-t', 'ed25519'], 'a passphrase');
    addToSshAgent(socket, held, 'a passphrase');
    writeFileSync(signers, `committer@example.com ${held.publicLine}\n`);
    const env = { SSH_AUTH_SOCK: socket };
    for (const signingKey of [`key::${held.publicLine}`, held.publicLine, held.path, `${held.path}.pub`]) {
      const made = await same(['commit-tree', '-S', '-m', 'm', tree], { 'user.signingKey': signingKey }, env);
      expect((await same(['verify-commit', made.stdout.trim()])).code).toBe(0);
    }
    rmSync(held.path);
    const settings = { 'user.signingKey': `${held.path}.pub` };
    expect((await same(['commit-tree', '-S', '-m', 'm', tree], settings, env)).code).toBe(0);
    const absent = {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'user.signingKey',
      GIT_CONFIG_VALUE_0: `key::${other.publicLine}`,
    };
    const refused = await run('tsgit', ['commit-tree', '-S', '-m', 'm', tree], { cwd, env: { ...env, ...absent } });
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('does not hold') });
  });

  test('commit-tree refuses what it cannot sign with, without a commit', async () => {
    const refused = async (settings: Record<string, string>, code: number, problem: RegExp, args = ['-S']) => {
      const config = Object.entries(settings).flatMap(([name, value], at) => [
        [`GIT_CONFIG_KEY_${at}`, name],
        [`GIT_CONFIG_VALUE_${at}`, value],
      ]);
      const env = { GIT_CONFIG_COUNT: String(config.length / 2), ...Object.fromEntries(config), SSH_AUTH_SOCK: '' };
      const answer = await run('tsgit', ['commit-tree', ...args, '-m', 'm', tree], { cwd, env });
      expect(answer).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(problem) });
      for (const line of key.privateText.split('\n').slice(1, -2)) expect(answer.stderr).not.toContain(line);
      expect((await gitAsync(['commit-tree', ...args, '-m', 'm', tree], { cwd, env })).code).toBe(code);
    };
    await refused(
      { 'user.signingKey': '/nonexistent' },
      1,
      /^error: Couldn't load public key \/nonexistent: No such file/,
    );
    await refused({ 'user.signingKey': '' }, 1, /^error: user.signingKey needs to be set for ssh signing\n$/);
    await refused(
      { 'user.signingKey': `key::${key.publicLine}` },
      1,
      /^error: Couldn't sign with key of user.signingKey: Cannot ask ssh-agent/,
    );
    await refused({ 'user.signingKey': signers }, 1, /^error: Couldn't sign with key/);
    const locked = makeSshKey(root, 'locked', ['-t', 'ed25519'], 'a passphrase');
    await refused({ 'user.signingKey': locked.path }, 1, /ENCRYPTED|passphrase/);
    git(['config', '--unset', 'user.signingKey'], { cwd });
    await refused({}, 128, /^fatal: either user.signingkey or gpg.ssh.defaultKeyCommand needs to be configured\n$/);
    git(['config', 'user.signingKey', `${key.path}.pub`], { cwd });
    const answer = await run('tsgit', ['-C', cwd, 'commit-tree', '-S', tree], {
      env: { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'gpg.format', GIT_CONFIG_VALUE_0: 'openpgp' },
    });
    expect(answer).toMatchObject({ code: 128, stderr: expect.stringContaining('only ssh is supported') });
  });

  test('verify-commit says what git says, whoever may sign', async () => {
    const commit = git(['commit-tree', '-S', '-m', 'm', tree], { cwd });
    const unsigned = git(['commit-tree', '-m', 'm', tree], { cwd });
    git(['update-ref', 'refs/heads/main', commit], { cwd });
    const text = git(['cat-file', 'commit', commit], { cwd });
    const forged = git(['hash-object', '-t', 'commit', '-w', '--stdin'], { cwd, input: `${text}, and more\n` });
    const payload = git(['cat-file', 'commit', unsigned], { cwd });
    const header = format === 'sha1' ? 'gpgsig' : 'gpgsig-sha256';
    const elsewhere = signWithKeygen(root, key, new TextEncoder().encode(`${payload}\n`), 'file');
    const input = `${payload}\n`.replace('\n\n', `\n${header} ${elsewhere.trimEnd().replaceAll('\n', '\n ')}\n\n`);
    const wrongNamespace = git(['hash-object', '-t', 'commit', '-w', '--stdin'], { cwd, input });
    const files: [text: string, code: number][] = [
      [`committer@example.com ${key.publicLine}\n`, 0],
      [`a@x,b@x ${key.publicLine}\n`, 0],
      [`"a b@x" ${key.publicLine}\n`, 0],
      [`!a@x,*@x ${key.publicLine}\n`, 0],
      [`# comment\nz@x ${other.publicLine}\na@x ${key.publicLine}\n`, 0],
      ['', 1],
      [`a@x ${other.publicLine}\n`, 1],
      [`a@x cert-authority ${key.publicLine}\n`, 1],
      [`a@x valid-before="20200101" ${key.publicLine}\n`, 1],
      [`a@x valid-after="20300101Z" ${key.publicLine}\n`, 1],
      [`a@x valid-before="20200101" ${key.publicLine}\na@x valid-after="203001011530" ${key.publicLine}\n`, 1],
      [`a@x valid-before="20200101" ${key.publicLine}\nb@x ${key.publicLine}\n`, 0],
      [`a@x valid-before="20200101" ${key.publicLine}\na@x ${key.publicLine}\n`, 0],
      [`a@x namespaces="file" ${key.publicLine}\n`, 1],
      [`a@x namespaces="file" ${key.publicLine}\nb@x ${key.publicLine}\n`, 1],
      [`a@x namespaces="file" ${key.publicLine}\na@x ${key.publicLine}\n`, 0],
      [`a@x bogus ${key.publicLine}\n`, 1],
      [`junk\nb@x ${key.publicLine}\nmore junk\n`, 0],
    ];
    for (const [file, code] of files) {
      writeFileSync(signers, file);
      expect((await same(['verify-commit', commit])).code, file).toBe(code);
      expect((await same(['verify-commit', 'main', '--raw'])).code, file).toBe(code);
      await same(['verify-commit', forged]);
      await same(['verify-commit', wrongNamespace]);
    }
    rmSync(signers);
    expect((await same(['verify-commit', commit])).code).toBe(1);
    writeFileSync(signers, `a@x ${key.publicLine}\n`);
    expect((await same(['verify-commit', commit, forged, commit])).code).toBe(1);
    expect((await same(['verify-commit', '-v', commit], {}, { TZ: 'America/New_York' })).code).toBe(0);
    for (const args of [[unsigned], ['-v', unsigned], ['nonsense'], [tree], ['main^{tree}']]) {
      expect((await same(['verify-commit', ...args])).code).toBe(1);
    }
    expect((await run('tsgit', ['verify-commit'], { cwd })).code).toBe(129);
    expect((await same(['verify-commit', commit], { 'gpg.minTrustLevel': 'fully' })).code).toBe(0);
    expect((await same(['verify-commit', commit], { 'gpg.minTrustLevel': 'ultimate' })).code).toBe(1);
    git(['config', '--unset', 'gpg.ssh.allowedSignersFile'], { cwd });
    expect((await same(['verify-commit', '-v', commit])).code).toBe(1);
    git(['config', 'gpg.ssh.allowedSignersFile', signers], { cwd });
  });

  test('a revoked key is good no more', async () => {
    const commit = git(['commit-tree', '-S', '-m', 'm', tree], { cwd });
    writeFileSync(signers, `a@x ${key.publicLine}\n`);
    const revoked = join(root, 'revoked');
    const settings = { 'gpg.ssh.revocationFile': revoked };
    const check = async (text: string): Promise<number> => {
      writeFileSync(revoked, text);
      return (await same(['verify-commit', commit], settings)).code;
    };
    expect(await check(`${other.publicLine}\n`)).toBe(0);
    expect(await check(`# old\n${other.publicLine}\n${key.publicLine} me\n`)).toBe(1);
    rmSync(revoked);
    expect((await same(['verify-commit', commit], settings)).code).toBe(0);
    writeFileSync(revoked, 'junk\n');
    const config = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'gpg.ssh.revocationFile', GIT_CONFIG_VALUE_0: revoked };
    expect((await gitAsync(['verify-commit', commit], { cwd, env: config })).code).toBe(1);
    expect(await run('tsgit', ['verify-commit', commit], { cwd, env: config })).toMatchObject({ code: 1 });
  });

  test('verify-tag says what git says', async () => {
    writeFileSync(signers, `a@x ${key.publicLine}\n`);
    const commit = git(['commit-tree', '-m', 'm', tree], { cwd });
    git(['tag', '-s', '-m', 'signed', 'signed', commit], { cwd });
    git(['tag', '-a', '-m', 'unsigned', 'unsigned', commit], { cwd });
    git(['tag', 'light', commit], { cwd });
    expect((await same(['verify-tag', 'signed'])).code).toBe(0);
    expect((await same(['verify-tag', '-v', 'signed', 'signed'])).code).toBe(0);
    for (const name of ['unsigned', 'light', 'nonsense']) {
      expect((await same(['verify-tag', '-v', name])).code).toBe(1);
      expect((await same(['verify-tag', 'signed', name])).code).toBe(1);
    }
    expect((await same(['verify-commit', 'signed'])).code).toBe(1);
    writeFileSync(signers, `a@x ${other.publicLine}\n`);
    expect((await same(['verify-tag', 'signed'])).code).toBe(1);
  });

  test('--strict refuses what git calls good under a second name', async () => {
    writeFileSync(signers, `a@x ${key.publicLine}\n`);
    const commit = git(['commit-tree', '-S', '-m', 'm', tree], { cwd });
    const input = git(['cat-file', 'commit', commit], { cwd }).replace('\n\n', '\ngpgsig-x more\n\n');
    const twin = git(['hash-object', '-t', 'commit', '-w', '--stdin'], { cwd, input: `${input}\n` });
    expect((await same(['verify-commit', twin])).code).toBe(0);
    expect(await run('tsgit', ['verify-commit', '--strict', commit], { cwd })).toMatchObject({ code: 0 });
    const refused = await run('tsgit', ['verify-commit', '--strict', twin], { cwd });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /^error: [0-9a-f]+: signature-not-last at byte \d+, signature-like-header at byte \d+\n$/,
    );
  });

  test('a signature of OpenPGP is not supported, and says so', async () => {
    const body = git(['cat-file', 'commit', git(['commit-tree', '-m', 'm', tree], { cwd })], { cwd });
    const header = format === 'sha1' ? 'gpgsig' : 'gpgsig-sha256';
    const pgp = '-----BEGIN PGP SIGNATURE-----\n \n abc=\n -----END PGP SIGNATURE-----';
    const input = `${body.replace('\n\n', `\n${header} ${pgp}\n\n`)}\n`;
    const commit = git(['hash-object', '-t', 'commit', '-w', '--stdin'], { cwd, input });
    expect(await run('tsgit', ['verify-commit', commit], { cwd })).toMatchObject({ code: 128, stdout: '' });
  });
});
