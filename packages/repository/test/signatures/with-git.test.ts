import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  buildCommit,
  buildIdentity,
  buildTag,
  encodeUtf8,
  formatSshPublicKey,
  parseAllowedSigners,
  parseRevokedKeys,
  parseSshPrivateKey,
} from '@git-kv/objects';
import {
  type Repository,
  readSshPrivateKey,
  signCommit,
  signSsh,
  signTag,
  sshSigner,
  verifyCommit,
  verifySsh,
  verifyTag,
} from '@git-kv/repository';
import { openRepository } from '@git-kv/repository/node-fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, gitAsync, initBare, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import {
  hasSshKeygen,
  makeSshKey,
  readSshKey,
  SSH_KEY_KINDS,
  type SshKeyFiles,
  signWithKeygen,
  verifyWithKeygen,
} from '../../../../test/support/ssh.js';
import { subtleWithoutEd25519 } from '../support/subtle.js';

const PRINCIPAL = 'committer@example.com';

describe.skipIf(!hasSshKeygen).each(['sha1', 'sha256'] as const)(
  'signatures of a repository of %s (ssh-keygen)',
  (format) => {
    let root: string;
    let directory: string;
    let repository: Repository;
    let tree: string;
    const keys = new Map<string, SshKeyFiles>();
    beforeAll(async () => {
      root = makeDirectory();
      directory = initBare(join(root, 'r.git'), format);
      tree = git(['mktree'], { cwd: directory, input: '' });
      for (const [name, , options] of SSH_KEY_KINDS) keys.set(name, makeSshKey(root, name, options));
      repository = await openRepository(directory);
    });
    afterAll(async () => {
      await repository.close();
      removeDirectory(root);
    });

    const keyOf = (name: string): SshKeyFiles => keys.get(name) as SshKeyFiles;
    const config = (signers: string, key: SshKeyFiles): string[] => {
      const file = join(root, 'signers');
      writeFileSync(file, signers);
      const settings = ['gpg.format=ssh', `user.signingKey=${key.path}.pub`, `gpg.ssh.allowedSignersFile=${file}`];
      return settings.flatMap((setting) => ['-c', setting]);
    };
    const who = buildIdentity({ name: 'C O Mitter', email: PRINCIPAL, timestamp: 1700000000 });
    const build = (): Uint8Array =>
      buildCommit({ treeOid: tree, parentOids: [], author: who, committer: who, message: 'Signed by us\n' });

    test.each(SSH_KEY_KINDS)('%s: what git signs is good to us', async (name, keyLabel) => {
      const key = keyOf(name);
      const signers = `${PRINCIPAL} ${key.publicLine}\n`;
      const settings = config(signers, key);
      const commit = git([...settings, 'commit-tree', '-S', '-m', 'Signed by git', tree], { cwd: directory });
      git([...settings, 'tag', '-s', '-f', '-m', 'A tag', `tag-${name}`, commit], { cwd: directory });
      const tag = git(['rev-parse', `tag-${name}`], { cwd: directory });
      const fingerprint = execFileSync('ssh-keygen', ['-l', '-f', key.path], { encoding: 'utf8' }).split(' ')[1];
      const options = { allowedSigners: parseAllowedSigners(signers) };
      const good = { status: 'good', principal: PRINCIPAL, keyLabel, fingerprint };
      expect(await verifyCommit(repository.objects, commit, options)).toMatchObject(good);
      expect(await verifyTag(repository.objects, tag, options)).toMatchObject(good);
      await expect(verifyCommit(repository.objects, tag, options)).rejects.toMatchObject({
        code: 'OBJECT_KIND_MISMATCH',
      });
    });

    test.each(SSH_KEY_KINDS)('%s: what we sign is good to git', async (name, keyLabel) => {
      const files = keyOf(name);
      const sign = sshSigner(await readSshPrivateKey(files.privateText));
      const signers = `${PRINCIPAL} ${files.publicLine}\n`;
      const body = await signCommit(build(), repository.algorithm, sign);
      const commit = await repository.objects.write({ kind: 'commit', body });
      const settings = config(signers, files);
      const judged = await gitAsync([...settings, 'verify-commit', commit], { cwd: directory });
      expect(judged).toMatchObject({
        code: 0,
        stderr: expect.stringContaining(`for ${PRINCIPAL} with ${keyLabel} key`),
      });
      const unsigned = buildTag({ targetOid: commit, targetKind: 'commit', name: 'v', tagger: who, message: 'Ours\n' });
      const tag = await repository.objects.write({ kind: 'tag', body: await signTag(unsigned, sign) });
      expect(await gitAsync([...settings, 'verify-tag', tag], { cwd: directory })).toMatchObject({ code: 0 });
      const allowedSigners = parseAllowedSigners(signers);
      expect(await verifyCommit(repository.objects, commit, { allowedSigners })).toMatchObject({ status: 'good' });
      expect(await verifyTag(repository.objects, tag, { allowedSigners })).toMatchObject({ status: 'good' });
      await expect(signTag((await repository.objects.read(tag))!.body, sign)).rejects.toThrow(RangeError);
    });

    test('a key that is not allowed, another time, another use, a revoked key: each is told apart', async () => {
      const key = keyOf('ed25519');
      const other = keyOf('ecdsa-256');
      const body = await signCommit(build(), repository.algorithm, sshSigner(parseSshPrivateKey(key.privateText)));
      const commit = await repository.objects.write({ kind: 'commit', body });
      const cases: [signers: string, status: string][] = [
        [`${PRINCIPAL} ${key.publicLine}`, 'good'],
        [`${PRINCIPAL} ${other.publicLine}`, 'untrusted'],
        ['', 'untrusted'],
        [`${PRINCIPAL} cert-authority ${key.publicLine}`, 'untrusted'],
        [`${PRINCIPAL} valid-before="20200101" ${key.publicLine}`, 'expired'],
        [`${PRINCIPAL} valid-after="20250101Z" ${key.publicLine}`, 'not-yet-valid'],
        [`${PRINCIPAL} valid-after="20200101Z",valid-before="20250101" ${key.publicLine}`, 'good'],
        [`${PRINCIPAL} namespaces="file" ${key.publicLine}`, 'wrong-namespace'],
        [`${PRINCIPAL} namespaces="file,g?t" ${key.publicLine}`, 'good'],
        [`${PRINCIPAL} namespaces="!git,*" ${key.publicLine}`, 'wrong-namespace'],
        [`old@example.com valid-before="20200101" ${key.publicLine}\nnew@example.com ${key.publicLine}`, 'good'],
      ];
      for (const [signers, status] of cases) {
        const verdict = await verifyCommit(repository.objects, commit, {
          allowedSigners: parseAllowedSigners(signers),
        });
        expect(verdict, signers).toMatchObject({ status });
        const judged = await gitAsync([...config(`${signers}\n`, key), 'verify-commit', commit], { cwd: directory });
        expect(judged.code === 0, signers).toBe(status === 'good');
      }
      const allowedSigners = parseAllowedSigners(`*@example.com,!root@example.com ${key.publicLine}`);
      const verify = (more: object) => verifyCommit(repository.objects, commit, { allowedSigners, ...more });
      expect(await verify({ revokedKeys: parseRevokedKeys(`${key.publicLine} me\n`) })).toMatchObject({
        status: 'revoked',
      });
      expect(await verify({ revokedKeys: parseRevokedKeys(`${other.publicLine}\n`) })).toMatchObject({
        status: 'good',
      });
      expect(await verify({ principal: PRINCIPAL })).toMatchObject({ status: 'good', principal: PRINCIPAL });
      expect(await verify({ principal: 'root@example.com' })).toMatchObject({ status: 'untrusted' });
      const unsigned = await repository.objects.write({ kind: 'commit', body: build() });
      expect(await verifyCommit(repository.objects, unsigned, { allowedSigners })).toMatchObject({
        status: 'unsigned',
      });
      const changed = encodeUtf8(new TextDecoder().decode(body).replace('Signed by us', 'Signed by you'));
      const forged = await repository.objects.write({ kind: 'commit', body: changed });
      expect(await verifyCommit(repository.objects, forged, { allowedSigners })).toMatchObject({ status: 'bad' });
    });
  },
);

describe.skipIf(!hasSshKeygen)('private keys (ssh-keygen)', () => {
  let root: string;
  beforeAll(() => {
    root = makeDirectory();
  });
  afterAll(() => removeDirectory(root));

  test.each(SSH_KEY_KINDS)(
    '%s: sign for ssh-keygen, in both formats and with both digests',
    async (name, _label, kind) => {
      const files = makeSshKey(root, name, kind);
      // ssh-keygen writes Ed25519 in its own format only.
      const pkcs8 = name === 'ed25519' ? [] : [makeSshKey(root, `${name}-pkcs8`, [...kind, '-m', 'PKCS8'])];
      for (const { privateText, publicLine } of [files, readSshKey(files.path), ...pkcs8]) {
        const key = await readSshPrivateKey(privateText);
        for (const hashName of ['sha256', 'sha512'] as const) {
          const payload = encodeUtf8(`payload of ${name}`);
          const armored = await signSsh(payload, key, { namespace: 'file', hashName });
          expect(verifyWithKeygen(root, `me@x ${publicLine}\n`, payload, armored, 'me@x', 'file')).toBe(true);
          const theirs = signWithKeygen(root, files, payload, 'file');
          const allowedSigners = parseAllowedSigners(`me@x ${files.publicLine}\n`);
          expect(await verifySsh(payload, theirs, { allowedSigners, namespace: 'file' })).toMatchObject({
            status: 'good',
          });
        }
      }
    },
  );

  test('Ed25519 in PKCS#8, as OpenSSL writes it', async () => {
    const { privateKey } = (await crypto.subtle.generateKey({ name: 'Ed25519' }, true, [
      'sign',
      'verify',
    ])) as CryptoKeyPair;
    const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey));
    const pem = `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
    const key = await readSshPrivateKey(pem);
    const payload = encodeUtf8('payload');
    const signers = `me@x ${formatSshPublicKey(key.publicKey)}\n`;
    expect(verifyWithKeygen(root, signers, payload, await signSsh(payload, key), 'me@x')).toBe(true);
  });

  test('of Ed25519 make the same signature where WebCrypto lacks it', async () => {
    const subtle = subtleWithoutEd25519();
    const key = await readSshPrivateKey(makeSshKey(root, 'plain').privateText);
    const payload = encodeUtf8('payload');
    expect(await signSsh(payload, key, { subtle })).toBe(await signSsh(payload, key));
    const ecdsa = await readSshPrivateKey(makeSshKey(root, 'plain-ecdsa', ['-t', 'ecdsa']).privateText);
    const allowedSigners = parseAllowedSigners(`me@x ${formatSshPublicKey(ecdsa.publicKey)}`);
    const armored = await signSsh(payload, ecdsa, { subtle });
    expect(await verifySsh(payload, armored, { allowedSigners, subtle })).toMatchObject({ status: 'good' });
  });

  test('sign no tag in which git would not find the signature', async () => {
    const key = await readSshPrivateKey(makeSshKey(root, 'tags').privateText);
    await expect(signTag(encodeUtf8('object x\n\nno line feed'), sshSigner(key))).rejects.toThrow(RangeError);
  });

  test('with a passphrase are refused, and so are other formats', async () => {
    const locked = makeSshKey(root, 'locked', ['-t', 'ed25519'], 'a passphrase');
    await expect(readSshPrivateKey(locked.privateText)).rejects.toMatchObject({ code: 'ENCRYPTED_KEY' });
    const lockedPem = makeSshKey(root, 'locked-pem', ['-t', 'rsa', '-m', 'PKCS8'], 'a passphrase');
    await expect(readSshPrivateKey(lockedPem.privateText)).rejects.toMatchObject({ code: 'ENCRYPTED_KEY' });
    const pkcs1 = makeSshKey(root, 'pkcs1', ['-t', 'rsa', '-m', 'PEM']);
    await expect(readSshPrivateKey(pkcs1.privateText)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(readSshPrivateKey(pkcs1.publicLine)).rejects.toMatchObject({ code: 'MALFORMED' });
  });

  test('show nothing secret where they are printed', async () => {
    const files = makeSshKey(root, 'secret');
    const key = await readSshPrivateKey(files.privateText);
    const secret = key.toJsonWebKey().d as string;
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(`${inspect(key, { depth: 9, showHidden: true })}${JSON.stringify(key)}${key}`).not.toContain(secret);
    const base64 = files.privateText.split('\n').slice(1, -2);
    for (let cut = 0; cut < files.privateText.length; cut += 7) {
      const error: unknown = await readSshPrivateKey(files.privateText.slice(0, cut)).catch((e: unknown) => e);
      for (const line of base64) expect(inspect(error)).not.toContain(line);
    }
    expect(readFileSync(files.path, 'utf8')).toContain(base64[0]);
  });
});
