import { createHash } from 'node:crypto';
import type { AuthContext, ParsedKey } from 'ssh2';
import type { LoginRules } from './ssh-login-rules.js';

type ParseKey = (data: string) => ParsedKey | Error | readonly (ParsedKey | Error)[];

const DEFAULT_MAX_ATTEMPTS = 6;

/** The logins of one connection. */
export class SshLogins {
  readonly #rules: LoginRules;
  readonly #remoteAddress: string;
  readonly #parseKey: ParseKey;
  #failures = 0;
  /** Of the login that was good. */
  username: string | undefined;
  identity: unknown;

  constructor(rules: LoginRules, remoteAddress: string, parseKey: ParseKey) {
    this.#rules = rules;
    this.#remoteAddress = remoteAddress;
    this.#parseKey = parseKey;
  }

  /** Decide about one offer. `false` where there were too many that were bad. */
  async judge(context: AuthContext): Promise<boolean> {
    const identity = await this.#identify(context).catch(() => undefined); // an error is a refusal
    if (identity !== undefined && identity !== false && identity !== null) {
      const isProved = context.method !== 'publickey' || context.signature !== undefined;
      if (isProved) {
        this.username = context.username;
        this.identity = identity;
      }
      context.accept();
      return true;
    }
    // To ask what is on offer is no attempt.
    if (context.method !== 'none') this.#failures++;
    context.reject(['publickey', 'password']);
    return this.#failures < (this.#rules.maxLoginAttempts ?? DEFAULT_MAX_ATTEMPTS);
  }

  async #identify(context: AuthContext): Promise<unknown> {
    const { username } = context;
    const common = { username, remoteAddress: this.#remoteAddress };
    if (context.method === 'password') {
      return await this.#rules.authenticate({ ...common, method: 'password', password: context.password });
    }
    if (context.method !== 'publickey') return undefined;
    const key = new Uint8Array(context.key.data);
    const keyType = typeOf(key);
    if (context.signature !== undefined && !this.#isSigned(context, keyType)) return undefined;
    const fingerprint = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
    return await this.#rules.authenticate({ ...common, method: 'publickey', keyType, key, fingerprint });
  }

  #isSigned(context: AuthContext & { method: 'publickey' }, keyType: string): boolean {
    const parsed = this.#parseKey(`${keyType} ${context.key.data.toString('base64')}`);
    const key = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey | Error;
    if (key instanceof Error || context.signature === undefined || context.blob === undefined) return false;
    const { hashAlgo } = context as { hashAlgo?: string };
    return key.verify(context.blob, context.signature, hashAlgo) === true;
  }
}

/** The type that a public key begins with. */
function typeOf(key: Uint8Array): string {
  const length = key.length < 4 ? 0 : new DataView(key.buffer, key.byteOffset).getUint32(0);
  return new TextDecoder('latin1').decode(key.subarray(4, 4 + Math.min(length, 64)));
}
