import { join } from 'node:path';
import { GitError } from '@git-kv/objects';
import type { AnyAuthMethod, NextAuthHandler, ParsedKey } from 'ssh2';
import type { Environment } from '../proxy.js';
import { readIfThere } from './host-keys.js';
import type { LoginOptions } from './login-options.js';

const MAX_ATTEMPTS = 3;

/** What of ssh2 reads keys. */
export type ParseKey = (data: string, passphrase?: string) => ParsedKey | Error | readonly (ParsedKey | Error)[];

/** Offers one way to log in after the other, to ssh2's `authHandler`. */
export class Login {
  readonly #username: string;
  readonly #url: string;
  readonly #options: LoginOptions;
  readonly #environment: Environment;
  readonly #parseKey: ParseKey;
  readonly #methods: AsyncGenerator<AnyAuthMethod, void>;
  /** What went wrong while a method was sought: to be told in place of what ssh2 makes of it. */
  failure: unknown;
  /** The methods that the server says may go on. */
  #left: readonly string[] | undefined;

  constructor(username: string, url: string, options: LoginOptions, environment: Environment, parseKey: ParseKey) {
    this.#username = username;
    this.#url = url;
    this.#options = options;
    this.#environment = environment;
    this.#parseKey = parseKey;
    this.#methods = this.#offer();
  }

  /** Tell ssh2 the next method, or that there is none. */
  async next(left: readonly string[] | undefined, next: NextAuthHandler): Promise<void> {
    this.#left = left;
    try {
      const step = await this.#methods.next();
      if (step.done === true) next(false as unknown as AnyAuthMethod);
      else next(step.value);
    } catch (error) {
      this.failure = error;
      next(false as unknown as AnyAuthMethod);
    }
  }

  async *#offer(): AsyncGenerator<AnyAuthMethod, void> {
    const username = this.#username;
    const { agent = this.#environment.SSH_AUTH_SOCK } = this.#options;
    if (agent !== false && agent !== undefined && agent !== '') yield { type: 'agent', username, agent };
    for (const file of this.#options.identityFiles ?? this.#defaultFiles()) {
      if (!this.#mayUse('publickey')) break;
      const key = await this.#readKey(file);
      if (key !== undefined) yield { type: 'publickey', username, key: key as unknown as string };
    }
    for (let attempt = 1; attempt <= MAX_ATTEMPTS && this.#mayUse('password'); attempt++) {
      const password = await this.#options.password?.({ url: this.#url, username, attempt });
      if (password === undefined) return;
      yield { type: 'password', username, password };
    }
  }

  #mayUse(method: string): boolean {
    return this.#left === undefined || this.#left.includes(method);
  }

  #defaultFiles(): string[] {
    const home = this.#environment.HOME ?? this.#environment.USERPROFILE;
    return home === undefined ? [] : ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(home, '.ssh', name));
  }

  async #readKey(file: string): Promise<ParsedKey | undefined> {
    const text = await readIfThere(file);
    if (text === undefined) return undefined;
    let parsed = this.#parse(text);
    for (let attempt = 1; isEncrypted(parsed) && attempt <= MAX_ATTEMPTS; attempt++) {
      const passphrase = await this.#options.passphrase?.({ file, attempt });
      if (passphrase === undefined) return undefined;
      const unlocked = this.#parse(text, passphrase);
      if (!(unlocked instanceof Error)) parsed = unlocked;
    }
    if (isEncrypted(parsed))
      throw new GitError('ENCRYPTED_KEY', `Cannot use the key ${file}: none of its passphrases was right`);
    if (parsed instanceof Error) throw new GitError('UNSUPPORTED', `Cannot use the key ${file}: ${parsed.message}`);
    return parsed;
  }

  #parse(text: string, passphrase?: string): ParsedKey | Error {
    const parsed = this.#parseKey(text, passphrase);
    return Array.isArray(parsed) ? (parsed[0] as ParsedKey | Error) : (parsed as ParsedKey | Error);
  }
}

function isEncrypted(parsed: ParsedKey | Error): boolean {
  return parsed instanceof Error && /encrypted/i.test(parsed.message);
}
