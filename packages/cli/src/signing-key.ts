import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatSshPublicKey, GitError, isGitError, parseSshPublicKeyLine } from '@git-kv/objects';
import { type PayloadSigner, readSshPrivateKey, sshSigner } from '@git-kv/repository';
import { SshAgent } from '@git-kv/repository/node-fs';
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
 * one beside it or in the ssh-agent; in place of a file, the public key itself. Why there is none, where git goes on to say so with `error: ` and exit code 1.
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
  const [, literal] = /^(?:key::([\s\S]*)|ssh-[\s\S]*)$/.exec(setting) ?? [];
  const isLiteral = literal !== undefined || setting.startsWith('ssh-');
  try {
    if (isLiteral) return await agentSigner(console, literal ?? setting);
    const path = settingPath(console, setting);
    const text = await readKeyFile(path);
    if (text === undefined) return `Couldn't load public key ${setting}: No such file or directory?`;
    if (!text.includes('PRIVATE KEY')) return (await signerBeside(path, text)) ?? (await agentSigner(console, text));
    return await privateSigner(console, path, text);
  } catch (error) {
    if (!isGitError(error)) throw error;
    return `Couldn't sign with key ${isLiteral ? 'of user.signingKey' : setting}: ${error.message}`;
  }
}

/** What signs with this private key; with the agent where the file has a passphrase and its public half lies beside it. */
async function privateSigner(console: Console, path: string, text: string): Promise<PayloadSigner> {
  try {
    return sshSigner(await readSshPrivateKey(text));
  } catch (error) {
    const isForAgent = isGitError(error, 'ENCRYPTED_KEY') || isGitError(error, 'UNSUPPORTED');
    const publicText = isForAgent ? await readKeyFile(`${path}.pub`) : undefined;
    if (publicText === undefined) throw error;
    return await agentSigner(console, publicText).catch(() => {
      throw error;
    });
  }
}

async function readKeyFile(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined);
}

/** What signs with the private key beside a `.pub` file; `undefined` where it is not there or has a passphrase. */
async function signerBeside(path: string, publicText: string): Promise<PayloadSigner | undefined> {
  const wanted = formatSshPublicKey(parseSshPublicKeyLine(publicText).key);
  const text = path.endsWith('.pub') ? await readKeyFile(path.slice(0, -'.pub'.length)) : undefined;
  if (text === undefined) return undefined;
  try {
    const key = await readSshPrivateKey(text);
    return formatSshPublicKey(key.publicKey) === wanted ? sshSigner(key) : undefined;
  } catch (error) {
    if (isGitError(error, 'ENCRYPTED_KEY') || isGitError(error, 'UNSUPPORTED')) return undefined;
    throw error;
  }
}

/** What has the ssh-agent sign with the key of this line. */
async function agentSigner(console: Console, publicText: string): Promise<PayloadSigner> {
  const { key } = parseSshPublicKeyLine(publicText);
  const agent = new SshAgent({ socketPath: console.env.SSH_AUTH_SOCK ?? '', signal: console.signal });
  const held = await agent.list();
  if (held.some((identity) => formatSshPublicKey(identity.key) === formatSshPublicKey(key))) {
    return sshSigner(agent.signer(key));
  }
  throw new GitError('ACCESS_DENIED', 'the ssh-agent does not hold its private key');
}
