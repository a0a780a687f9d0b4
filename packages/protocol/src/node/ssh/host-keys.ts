import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GitError, TransportError } from '@git-kv/objects';
import type { Environment } from '../proxy.js';
import {
  judgeHostKey,
  type KnownHost,
  keyFingerprint,
  keyTypeOf,
  knownKeyTypes,
  parseKnownHosts,
} from './known-hosts.js';

/** A host that no known_hosts file names. */
export interface UnknownHost {
  readonly host: string;
  readonly port: number;
  readonly keyType: string;
  /** `SHA256:...` */
  readonly fingerprint: string;
}

/** Which hosts are trusted. */
export interface HostKeyOptions {
  /** Default: ~/.ssh/known_hosts, known_hosts2, and those of /etc/ssh; missing files are empty. */
  readonly knownHostsFiles?: readonly string[] | undefined;
  /** Whether to trust a host that none of the files names; default: no. Nobody is asked about a key that changed or was revoked. */
  readonly onUnknownHost?: ((host: UnknownHost) => boolean | Promise<boolean>) | undefined;
}

/** Algorithms of host keys, ours first, and the type of key that each is made with. */
const HOST_KEY_ALGORITHMS: readonly (readonly [algorithm: string, keyType: string])[] = [
  ['ssh-ed25519', 'ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp256'],
  ['ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp384'],
  ['ecdsa-sha2-nistp521', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'ssh-rsa'],
  ['rsa-sha2-256', 'ssh-rsa'],
];

/** What is known of hosts, read from files. */
export class HostKeys {
  readonly #entries: readonly KnownHost[];
  readonly #options: HostKeyOptions;

  constructor(entries: readonly KnownHost[], options: HostKeyOptions) {
    this.#entries = entries;
    this.#options = options;
  }

  /** @throws {GitError} IO_FAILED for a file that is there and cannot be read; {MalformedError} */
  static async read(options: HostKeyOptions, environment: Environment): Promise<HostKeys> {
    const entries: KnownHost[] = [];
    for (const file of options.knownHostsFiles ?? defaultFiles(environment)) {
      const text = await readIfThere(file);
      if (text !== undefined) entries.push(...parseKnownHosts(text));
    }
    return new HostKeys(entries, options);
  }

  /** The algorithms to offer, those of keys that the host is known by first: else a server may show another key. */
  algorithms(host: string, port: number): string[] {
    const known = knownKeyTypes(this.#entries, host, port);
    const rank = (keyType: string): number => (known.has(keyType) ? 0 : 1);
    return [...HOST_KEY_ALGORITHMS].sort((a, b) => rank(a[1]) - rank(b[1])).map(([algorithm]) => algorithm);
  }

  /** @throws {TransportError} HOST_KEY_REFUSED unless the key is trusted */
  async check(host: string, port: number, key: Uint8Array): Promise<void> {
    const verdict = judgeHostKey(this.#entries, host, port, key);
    if (verdict === 'known') return;
    const fingerprint = keyFingerprint(key);
    const shown = `${keyTypeOf(key) ?? 'unknown'} ${fingerprint}`;
    if (verdict === 'revoked') throw refused(host, `its key is revoked (${shown})`);
    if (verdict === 'changed') throw refused(host, `it is known by another key than the one it shows (${shown})`);
    const isTrusted = await this.#options.onUnknownHost?.({ host, port, keyType: keyTypeOf(key) ?? '', fingerprint });
    if (isTrusted !== true) throw refused(host, `it is not among the known hosts (${shown})`);
  }
}

function refused(host: string, problem: string): TransportError {
  return new TransportError('HOST_KEY_REFUSED', `Cannot trust the host ${host}: ${problem}`);
}

function defaultFiles(environment: Environment): string[] {
  const home = environment.HOME ?? environment.USERPROFILE;
  const own = home === undefined ? [] : ['known_hosts', 'known_hosts2'].map((name) => join(home, '.ssh', name));
  return [...own, '/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];
}

/** The text of a file, or `undefined` where there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new GitError('IO_FAILED', `Cannot read ${file}: ${message}`, { cause: error });
  }
}
