import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatSshPublicKey, isGitError, parseSshPublicKeyLine, type SshPrivateKey } from '@git-kv/objects';
import { type PayloadSigner, readSshPrivateKey, sshSigner } from '@git-kv/repository';
import { CommandError, type Console } from './console.js';
import type { GitConfig } from './git-config.js';

/** A path as git's settings have it: `~/` is the home directory, what is relative begins at the current one. */
export function settingPath(console: Pick<Console, 'cwd' | 'env'>, path: string): string {
  return resolve(console.cwd, path.startsWith('~/') ? resolve(console.env.HOME ?? '', path.slice(2)) : path);
}

/** @throws {CommandError} where `gpg.format` is not one of git's, or one that is not supported here */
export function assertSshFormat(config: GitConfig): void {
  const format = config.get('gpg', 'format') ?? 'openpgp';
  if (format === 'ssh') return;
  if (format !== 'openpgp' && format !== 'x509') throw new CommandError(`invalid value for 'gpg.format': '${format}'`);
  throw new CommandError(`cannot sign with gpg.format ${format}: only ssh is supported`);
}

/**
 * What signs with the key in `given`, a file, or else in `user.signingKey`: a private key, or a public one with the private
 * one beside it. Why there is none, where git goes on to say so with `error: ` and exit code 1.
 * @throws {CommandError} where the settings ask for what is not supported
 */
export async function openSigner(console: Console, config: GitConfig, given: string): Promise<PayloadSigner | string> {
  assertSshFormat(config);
  const setting = given !== '' ? given : config.get('user', 'signingKey');
  if (setting === undefined) {
    if (config.getIn('gpg', 'ssh', 'defaultKeyCommand') !== undefined) {
      throw new CommandError('gpg.ssh.defaultKeyCommand is not supported: set user.signingKey to a key file');
    }
    throw new CommandError('either user.signingkey or gpg.ssh.defaultKeyCommand needs to be configured');
  }
  if (setting === '') return 'user.signingKey needs to be set for ssh signing';
  if (/^(?:key::|ssh-)/.test(setting))
    return 'keys of an ssh-agent are not supported: set user.signingKey to a key file';
  const path = settingPath(console, setting);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return `Couldn't load public key ${setting}: No such file or directory?`;
  try {
    return sshSigner(text.includes('PRIVATE KEY') ? await readSshPrivateKey(text) : await privateKeyBeside(path, text));
  } catch (error) {
    if (!isGitError(error)) throw error;
    return `Couldn't load key ${setting}: ${error.message}`;
  }
}

/** The private key whose public half a `.pub` file has: git asks an agent for it, or reads the file without `.pub`. */
async function privateKeyBeside(path: string, publicText: string): Promise<SshPrivateKey> {
  const wanted = formatSshPublicKey(parseSshPublicKeyLine(publicText).key);
  const text = path.endsWith('.pub') ? await readFile(path.slice(0, -'.pub'.length), 'utf8').catch(() => '') : '';
  const key = await readSshPrivateKey(text);
  if (formatSshPublicKey(key.publicKey) !== wanted)
    throw new CommandError(`the private key beside '${path}' is another`);
  return key;
}
