import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Keys are made with OpenSSH, which is not part of git: where it is not at hand, there is nothing to compare with. */
export const hasSshKeygen = ((): boolean => {
  try {
    execFileSync('ssh-keygen', ['-l', '-f', '/dev/null'], { stdio: 'pipe' });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
  return true;
})();

/** Every type that can sign here, and what `ssh-keygen` calls it. */
export const SSH_KEY_KINDS: readonly (readonly [name: string, label: string, options: readonly string[]])[] = [
  ['ed25519', 'ED25519', ['-t', 'ed25519']],
  ['ecdsa-256', 'ECDSA', ['-t', 'ecdsa', '-b', '256']],
  ['ecdsa-384', 'ECDSA', ['-t', 'ecdsa', '-b', '384']],
  ['ecdsa-521', 'ECDSA', ['-t', 'ecdsa', '-b', '521']],
  ['rsa-2048', 'RSA', ['-t', 'rsa', '-b', '2048']],
];

/** A key pair in files: `path` and `path.pub`. */
export interface SshKeyFiles {
  readonly path: string;
  readonly privateText: string;
  /** `type base64`, without the comment. */
  readonly publicLine: string;
}

/** Make a key pair with `ssh-keygen`. */
export function makeSshKey(
  directory: string,
  name: string,
  options: readonly string[] = ['-t', 'ed25519'],
  passphrase = '',
): SshKeyFiles {
  const path = join(directory, name);
  execFileSync('ssh-keygen', ['-q', ...options, '-N', passphrase, '-C', `${name} of a test`, '-f', path]);
  return readSshKey(path);
}

export function readSshKey(path: string): SshKeyFiles {
  const publicLine = readFileSync(`${path}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  return { path, privateText: readFileSync(path, 'utf8'), publicLine };
}

let payloads = 0;

/** What `ssh-keygen -Y sign` makes of these bytes. */
export function signWithKeygen(directory: string, key: SshKeyFiles, payload: Uint8Array, namespace = 'git'): string {
  const file = join(directory, `payload-${payloads++}`);
  writeFileSync(file, payload);
  execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', namespace, '-f', key.path, file], { stdio: 'pipe' });
  return readFileSync(`${file}.sig`, 'utf8');
}

/** Whether `ssh-keygen -Y verify` calls it good for this principal. */
export function verifyWithKeygen(
  directory: string,
  signers: string,
  payload: Uint8Array,
  signature: string | Uint8Array,
  principal = 'committer@example.com',
  namespace = 'git',
): boolean {
  const [signatureFile, signersFile] = [join(directory, 'signature'), join(directory, 'allowed-signers')];
  writeFileSync(signatureFile, signature);
  writeFileSync(signersFile, signers);
  const options = ['-n', namespace, '-I', principal, '-f', signersFile, '-s', signatureFile];
  try {
    execFileSync('ssh-keygen', ['-Y', 'verify', ...options], { input: payload, stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/** An agent that listens at `socketPath` until it is killed. */
export async function startSshAgent(socketPath: string): Promise<ChildProcess> {
  const agent = spawn('ssh-agent', ['-D', '-a', socketPath], { stdio: 'ignore' });
  for (let turn = 0; turn < 500 && !existsSync(socketPath); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return agent;
}

/** Give an agent a key, unlocked where it has a passphrase. */
export function addToSshAgent(socketPath: string, key: SshKeyFiles, passphrase = ''): void {
  const askPass = `${key.path}-ask`;
  writeFileSync(askPass, `#!/bin/sh\necho '${passphrase}'\n`, { mode: 0o700 });
  const env = { ...process.env, SSH_AUTH_SOCK: socketPath, SSH_ASKPASS: askPass, SSH_ASKPASS_REQUIRE: 'force' };
  execFileSync('ssh-add', ['-q', key.path], { env, stdio: 'pipe' });
}
