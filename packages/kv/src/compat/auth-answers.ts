import { encodeUtf8 } from '@git-kv/objects';
import type { Credentials, CredentialsRequest, CredentialsStore } from '@git-kv/protocol';
import { CompatError } from './errors.js';
import type { GitAuth, RemoteArguments } from './types.js';

const AUTHORIZATION = 'Authorization';

/**
 * What `onAuth` and `onAuthFailure` answered: a name and password, any headers, or both. The transport is given credentials that stand
 * for the answer; the headers of the answer take their place in each request, so that they go where credentials may go and no farther.
 */
export class AuthAnswers implements CredentialsStore {
  readonly #args: RemoteArguments;
  /** The URL as it is shown to the callbacks. */
  readonly #url: string;
  /** All headers that were given and answered; later ones take the place of earlier ones. */
  readonly #headers = new Map<string, readonly [name: string, value: string]>();
  #last: GitAuth;
  #isAnswered = false;

  constructor(args: RemoteArguments, url: string) {
    this.#args = args;
    this.#url = url.replace(/^([a-z]+:\/\/)[^/]*@/i, '$1');
    for (const [name, value] of Object.entries(args.headers ?? {})) this.#setHeader(name, value);
    this.#last = userOf(url);
    this.#take(this.#last);
  }

  get canAsk(): boolean {
    return this.#args.onAuth !== undefined || this.#args.onAuthFailure !== undefined;
  }

  async get({ attempt }: CredentialsRequest): Promise<Credentials | undefined> {
    const ask = attempt === 1 ? this.#args.onAuth : this.#args.onAuthFailure;
    const auth = await ask?.(this.#url, { ...this.#last, headers: Object.fromEntries(this.#headers.values()) });
    if (!auth) return undefined;
    if (auth.cancel === true) throw new CompatError('UserCanceledError', 'Cannot go on: it was cancelled');
    this.#take(auth);
    this.#last = auth;
    this.#isAnswered = true;
    return { token: 'answered' };
  }

  async approve(): Promise<void> {
    await this.#args.onAuthSuccess?.(this.#url, this.#last);
  }

  /** The headers of a request, with those of the answers where the transport would send credentials. */
  apply(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    if (!this.#isAnswered || headers[AUTHORIZATION] === undefined) return headers;
    const others = Object.entries(headers).filter(
      ([name]) => name !== AUTHORIZATION && !this.#headers.has(name.toLowerCase()),
    );
    return Object.fromEntries([...others, ...this.#headers.values()]);
  }

  #take({ username = '', password = '', headers = {} }: GitAuth): void {
    if (username !== '' || password !== '') this.#setHeader(AUTHORIZATION, basic(username, password));
    for (const [name, value] of Object.entries(headers)) this.#setHeader(name, value);
  }

  #setHeader(name: string, value: string): void {
    // Checked here, because a plugin that refuses a header may quote its value, and that is a secret.
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new TypeError('Cannot send a header: its name or its value has characters that none may have');
    }
    this.#headers.set(name.toLowerCase(), [name, value]);
  }
}

/** The name and password in a URL. What cannot be read is told by the transport. */
function userOf(url: string): GitAuth {
  try {
    const { username, password } = new URL(url);
    return {
      ...(username !== '' && { username: decodeURIComponent(username) }),
      ...(password !== '' && { password: decodeURIComponent(password) }),
    };
  } catch {
    return {};
  }
}

function basic(username: string, password: string): string {
  let latin1 = '';
  for (const byte of encodeUtf8(`${username}:${password}`)) latin1 += String.fromCharCode(byte);
  return `Basic ${btoa(latin1)}`;
}
