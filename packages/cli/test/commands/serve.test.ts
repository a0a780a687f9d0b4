import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { commitFiles, git, gitAsync, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { hasSshKeygen, makeSshKey } from '../../../../test/support/ssh.js';
import { CERTIFICATE, KEY } from '../../../../test/support/tls.js';
import { run, type Started, startBuilt } from '../support/run.js';

async function serve(root: string, ...args: string[]): Promise<{ url: string; started: Started; greeting: string }> {
  const started = startBuilt('tsgit', ['serve', root, ...args]);
  const greeting = await started.stdoutMatching(/Serving .* on (http:\/\/\S+)\/\n/);
  const url = /on (http:\/\/\S+)\/\n/.exec(greeting)?.[1];
  if (url === undefined) throw new Error(`no URL in ${greeting}`);
  return { url, started, greeting };
}

function repositories(): { root: string; head: string } {
  const root = temporaryDirectory();
  const head = commitFiles(initBare(join(root, 'one.git')), [{ files: { a: 'A' } }]);
  mkdirSync(join(root, 'group'));
  commitFiles(initBare(join(root, 'group/two.git'), 'sha256'), [{ files: { b: 'B' } }]);
  return { root, head };
}

describe('tsgit serve', () => {
  test('serves every repository under the folder for fetches, and refuses pushes', async () => {
    const { root, head } = repositories();
    const { url, started } = await serve(root, '--port', '0');
    const all = await started.stdoutMatching(/one\.git\n/);
    expect(all).toMatch(/^Serving 2 repositories for fetches on /);
    expect(all).toContain(`  ${url}/group/two.git\n  ${url}/one.git\n`);

    const copy = join(root, 'copy');
    expect(await gitAsync(['clone', '--quiet', `${url}/one.git`, copy])).toMatchObject({ code: 0 });
    expect(git(['rev-parse', 'HEAD'], { cwd: copy })).toBe(head);
    expect(await gitAsync(['clone', '--quiet', `${url}/one`, join(root, 'short')])).toMatchObject({ code: 0 });
    expect(await gitAsync(['ls-remote', `${url}/group/two.git`])).toMatchObject({ code: 0 });
    const pushed = await gitAsync(['push', 'origin', 'HEAD:refs/heads/new'], { cwd: copy });
    expect(pushed.code).not.toBe(0);
    expect(pushed.stderr).toMatch(/403|denied|refused|not (?:allowed|enabled)/i);
    expect(git(['for-each-ref', '--format=%(refname)'], { cwd: join(root, 'one.git') })).toBe('refs/heads/main');

    started.child.kill('SIGINT');
    expect(await started.ended).toMatchObject({ code: 0, stderr: '' });
    await expect(fetch(`${url}/one.git/info/refs`)).rejects.toThrow();
  });

  test('takes pushes with --enable-receive-pack, by the rules of each repository', async () => {
    const { root, head } = repositories();
    git(['config', 'receive.denyDeletes', 'true'], { cwd: join(root, 'one.git') });
    const { url, greeting } = await serve(root, '--enable-receive-pack');
    expect(greeting).toContain('for fetches and pushes');
    const copy = join(root, 'copy');
    expect(await gitAsync(['clone', '--quiet', `${url}/one.git`, copy])).toMatchObject({ code: 0 });
    const pushed = await gitAsync(['push', 'origin', 'HEAD:refs/heads/new'], { cwd: copy });
    expect(pushed, pushed.stderr).toMatchObject({ code: 0 });
    expect(git(['rev-parse', 'refs/heads/new'], { cwd: join(root, 'one.git') })).toBe(head);
    const deleted = await gitAsync(['push', 'origin', ':refs/heads/new'], { cwd: copy });
    expect(deleted).toMatchObject({ code: 1, stderr: expect.stringContaining('remote rejected') });
    git(['config', 'receive.maxInputSize', '20'], { cwd: join(root, 'one.git') });
    commitFiles(copy, [{ files: { b: 'B' } }], 'large');
    const large = await gitAsync(['push', 'origin', 'large'], { cwd: copy });
    expect(large).toMatchObject({ code: 1, stderr: expect.stringContaining('at most 20 is allowed') });
  });

  test('lets in who is in the file of accounts, each with the rights it says', async () => {
    const { root } = repositories();
    const file = join(temporaryDirectory(), 'accounts');
    const digest = (password: string): string => createHash('sha256').update(password).digest('hex');
    writeFileSync(file, `# who may come in\nann:rw:${digest('one')}\nbob:r:${digest('two')}\n`);
    const { url } = await serve(root, '--enable-receive-pack', '--auth-file', file);
    const as = (who: string): string => `${url.replace('//', `//${who}@`)}/one.git`;
    expect((await gitAsync(['ls-remote', `${url}/one.git`])).code).toBe(128);
    expect((await gitAsync(['ls-remote', as('ann:two')])).code).toBe(128);
    expect((await gitAsync(['ls-remote', as('carl:one')])).code).toBe(128);
    expect(await gitAsync(['ls-remote', as('bob:two')])).toMatchObject({ code: 0 });
    const copy = join(root, 'copy');
    expect(await gitAsync(['clone', '--quiet', as('ann:one'), copy])).toMatchObject({ code: 0 });
    expect((await gitAsync(['push', as('bob:two'), 'HEAD:refs/heads/x'], { cwd: copy })).stderr).toContain('403');
    expect(await gitAsync(['push', as('ann:one'), 'HEAD:refs/heads/x'], { cwd: copy })).toMatchObject({ code: 0 });
    writeFileSync(file, 'ann:rw:secret\n');
    const refused = await run('tsgit', ['serve', root, '--auth-file', file], { cwd: root });
    expect(refused).toMatchObject({ code: 128, stderr: expect.stringContaining('line 1 of') });
    expect(refused.stderr).not.toContain('secret');
  });

  test('takes salted digests of passwords, which --hash-password makes', async () => {
    const { root } = repositories();
    const made = await run('tsgit', ['serve', '--hash-password'], { input: 'one\n' });
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toMatch(/^\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}\n$/);
    const file = join(temporaryDirectory(), 'accounts');
    const bob = createHash('sha256').update('two').digest('hex');
    writeFileSync(file, `ann:rw:${made.stdout}bob:r:${bob}\n`);
    const { url } = await serve(root, '--enable-receive-pack', '--auth-file', file);
    const as = (who: string): string => `${url.replace('//', `//${who}@`)}/one.git`;
    for (const [who, code] of [
      ['ann:one', 0],
      ['ann:two', 128],
      ['bob:two', 0],
      ['bob:one', 128],
      ['carl:one', 128],
      ['ann:one', 0],
    ] as const)
      expect((await gitAsync(['ls-remote', as(who)])).code, who).toBe(code);
    expect(await run('tsgit', ['serve', '--hash-password'], { input: '\n' })).toMatchObject({ code: 128, stdout: '' });
    expect(await run('tsgit', ['serve', '--hash-password', root])).toMatchObject({ code: 129, stdout: '' });
  });

  test('serves over TLS with --tls, the key in the same file or in another', async () => {
    const { root, head } = repositories();
    const keys = temporaryDirectory();
    const [both, certificate, key] = ['both', 'certificate', 'key'].map((name) => join(keys, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(both, `${CERTIFICATE}\n${KEY}\n`);
    writeFileSync(certificate, `${CERTIFICATE}\n`);
    writeFileSync(key, `${KEY}\n`);
    for (const args of [
      ['--tls', both],
      ['--tls', certificate, '--tls-key', key],
    ]) {
      const started = startBuilt('tsgit', ['serve', root, ...args]);
      const greeting = await started.stdoutMatching(/Serving .* on (https:\/\/\S+)\/\n/);
      const url = /on (https:\/\/\S+)\/\n/.exec(greeting)?.[1] as string;
      const env = { GIT_SSL_CAINFO: certificate };
      const theirs = await gitAsync(['ls-remote', `${url}/one.git`, 'HEAD'], { env });
      expect(theirs, theirs.stderr).toMatchObject({ code: 0, stdout: `${head}\tHEAD\n` });
      const ours = await run('tsgit', ['ls-remote', `${url}/one.git`, 'HEAD'], { env });
      expect(ours, ours.stderr).toMatchObject({ code: 0, stdout: theirs.stdout });
      // Who does not know the certificate does not come in.
      expect((await run('tsgit', ['ls-remote', `${url}/one.git`])).code).toBe(128);
      started.child.kill('SIGINT');
      expect((await started.ended).code).toBe(0);
    }
    expect((await run('tsgit', ['serve', root, '--tls', key])).code).toBe(128);
  });

  test('serves over git:// and ssh besides', async () => {
    const { root, head } = repositories();
    const keys = temporaryDirectory();
    const [host, ann] = hasSshKeygen ? [makeSshKey(keys, 'host'), makeSshKey(keys, 'ann')] : [];
    const ssh: string[] = [];
    if (host !== undefined && ann !== undefined) {
      writeFileSync(join(keys, 'authorized_keys'), `# one\n${ann.publicLine} ann@example.com\n`);
      ssh.push('--ssh-port', '0', '--ssh-host-key', host.path, '--authorized-keys', join(keys, 'authorized_keys'));
    }
    const { started } = await serve(root, '--enable-receive-pack', '--git-port', '0', ...ssh);
    const said = await started.stdoutMatching(ssh.length > 0 ? /ssh:\/\/\S+\// : /git:\/\/\S+\//);
    const gitUrl = /(git:\/\/\S+)\//.exec(said)?.[1];
    const copy = join(root, 'copy');
    expect(await gitAsync(['clone', '--quiet', `${gitUrl}/one.git`, copy])).toMatchObject({ code: 0 });
    expect(await gitAsync(['push', `${gitUrl}/one.git`, 'HEAD:refs/heads/x'], { cwd: copy })).toMatchObject({
      code: 0,
    });
    expect(git(['rev-parse', 'x'], { cwd: join(root, 'one.git') })).toBe(head);
    if (ann === undefined) return;
    const sshUrl = /(ssh:\/\/\S+)\//.exec(said)?.[1];
    const env = {
      GIT_SSH_COMMAND: `ssh -F /dev/null -i '${ann.path}' -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null`,
    };
    expect(await gitAsync(['ls-remote', `${sshUrl}/one.git`, 'HEAD'], { env })).toMatchObject({
      code: 0,
      stdout: `${head}\tHEAD\n`,
    });
  });

  test.each([
    'from="10.0.0.0/8" ',
    'expiry-time="20200101",no-pty ',
    'command="echo a key" ',
    'restrict ',
    'cert-authority ',
    'what ',
  ])('refuses a key that may log in under conditions: %s', async (options) => {
    const keys = temporaryDirectory();
    const file = join(keys, 'authorized_keys');
    writeFileSync(file, `# one\n\nssh-ed25519 AAAA me\n${options}ssh-ed25519 AAAA me\n`);
    const ssh = ['--ssh-port', '0', '--ssh-host-key', file, '--authorized-keys', file];
    const signal = AbortSignal.timeout(5000);
    expect(await run('tsgit', ['serve', keys, ...ssh], { cwd: keys, signal })).toMatchObject({
      code: 128,
      stdout: '',
      stderr: expect.stringContaining('line 4 of'),
    });
  });

  test('runs the hooks of repositories where it is asked to', async () => {
    const { root } = repositories();
    const hook = join(root, 'one.git/hooks/update');
    mkdirSync(join(root, 'one.git/hooks'), { recursive: true });
    writeFileSync(hook, '#!/bin/sh\necho "asked for $1"\ntest "$1" != refs/heads/no\n', { mode: 0o755 });
    const copy = join(root, 'copy');
    for (const [options, isAsked] of [
      [['--enable-hooks'], true],
      [[], false],
    ] as const) {
      const { url, started } = await serve(root, '--enable-receive-pack', ...options);
      if (isAsked) await gitAsync(['clone', '--quiet', `${url}/one.git`, copy]);
      const pushed = await gitAsync(['push', `${url}/one.git`, 'HEAD:refs/heads/no'], { cwd: copy });
      expect(pushed.code, pushed.stderr).toBe(isAsked ? 1 : 0);
      expect(pushed.stderr.includes('remote: asked for refs/heads/no')).toBe(isAsked);
      started.child.kill('SIGINT');
    }
  });

  test.each([
    [['--tls-key', 'x']],
    [['--ssh-port', '0']],
    [['--git-port', '0', '--auth-file', 'x']],
    [['--git-port', '65536']],
  ])('refuses %j', async (args) => {
    const { root } = repositories();
    expect(await run('tsgit', ['serve', root, ...args], { signal: AbortSignal.timeout(5000) })).toMatchObject({
      code: 129,
    });
  });

  test('finds a repository that was made after it began, and leads nobody outside of its folder', async () => {
    const { root } = repositories();
    const outside = temporaryDirectory();
    initBare(join(outside, 'secret.git'));
    symlinkSync(join(outside, 'secret.git'), join(root, 'linked.git'));
    const { url } = await serve(root);
    const name = outside.slice(1);
    for (const path of [
      'nothing.git',
      'linked.git',
      `../${name}/secret.git`,
      `..%2f${name}/secret.git`,
      `%2e%2e/${name}/secret.git`,
      `one.git/../../${name}/secret.git`,
      `/${outside}/secret.git`,
      'one.git/objects',
      '',
    ]) {
      const answer = await fetch(`${url}/${path}/info/refs?service=git-upload-pack`);
      await answer.arrayBuffer();
      expect(answer.status, path).toBeGreaterThanOrEqual(400);
      expect(answer.status, path).toBeLessThan(500);
    }
    initBare(join(root, 'later.git'));
    await expect
      .poll(async () => (await gitAsync(['ls-remote', `${url}/later.git`])).code, { timeout: 10_000, interval: 300 })
      .toBe(0);
  });

  test('ends quietly on SIGTERM with a request under way', async () => {
    const { root } = repositories();
    const { url, started } = await serve(root);
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    // A request whose body never ends.
    const endless = fetch(`${url}/one.git/git-upload-pack`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-git-upload-pack-request', 'Git-Protocol': 'version=2' },
      body: new ReadableStream({
        start: (stream) => stream.enqueue(new TextEncoder().encode('0014command=ls-refs\n')),
      }),
      duplex: 'half',
      signal: controller.signal,
    } as RequestInit).then(
      (answer) => answer.text(),
      () => 'closed',
    );
    expect((await fetch(`${url}/one.git/info/refs?service=git-upload-pack`)).status).toBe(200);
    started.child.kill('SIGTERM');
    expect((await started.ended).code).toBe(0);
    await endless;
  });

  test('says that its port is in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    expect(await run('tsgit', ['serve', temporaryDirectory(), '--port', String(port)])).toMatchObject({
      code: 128,
      stdout: '',
      stderr: `fatal: cannot listen on 127.0.0.1:${port}: the address is in use\n`,
    });
  });

  test('refuses what it cannot serve', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'file'), '');
    expect(await run('tsgit', ['serve', 'nothing'], { cwd })).toMatchObject({
      code: 128,
      stderr: "fatal: cannot serve 'nothing': No such file or directory\n",
    });
    expect(await run('tsgit', ['serve', 'file'], { cwd })).toMatchObject({
      code: 128,
      stderr: "fatal: cannot serve 'file': Not a directory\n",
    });
    initBare(join(cwd, 'r.git'));
    expect(await run('tsgit', ['serve', 'r.git'], { cwd })).toMatchObject({
      code: 128,
      stdout: '',
      stderr: "fatal: cannot serve 'r.git': it is a repository itself: serve the folder that holds it\n",
    });
    expect(await run('tsgit', ['serve', '.', '--host', 'no-such-host.invalid'], { cwd })).toMatchObject({
      code: 128,
      stderr: expect.stringMatching(/^fatal: cannot listen on no-such-host\.invalid:0: [^\n]*\n$/),
    });
    for (const args of [[], ['a', 'b'], ['.', '--port', '65536'], ['.', '--port', 'http']]) {
      expect((await run('tsgit', ['serve', ...args], { cwd })).code).toBe(129);
    }
  });
});
