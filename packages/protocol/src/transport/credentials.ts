import { encodeUtf8, GitError } from '@git-kv/objects';

/** A name and password, or a bearer token. */
export type Credentials = { readonly username: string; readonly password: string } | { readonly token: string };

/** Why and where credentials are asked for. */
export interface CredentialsRequest {
  /** The repository's URL, safe to print. */
  readonly url: string;
  /** 1 the first time; after a refusal it is asked again, with the next number. */
  readonly attempt: number;
  /** The name in the URL, where it has one. */
  readonly username?: string;
  readonly signal?: AbortSignal;
}

/** Asked when the server wants credentials. `undefined` gives up. */
export type CredentialsProvider = (request: CredentialsRequest) => Promise<Credentials | undefined>;

/** How often a provider is asked before the last refusal counts. */
export const MAX_CREDENTIAL_ATTEMPTS = 3;

/** The Authorization header. @throws {GitError} AUTHENTICATION_FAILED where they cannot be sent; it does not show them */
export function authorizationHeader(credentials: Credentials): string {
  if ('token' in credentials) {
    if (!/^[\x21-\x7e]+$/.test(credentials.token)) throw unusable('the token is not printable ASCII');
    return `Bearer ${credentials.token}`;
  }
  const { username, password } = credentials;
  if (/[:\x00-\x1f\x7f]/.test(username)) throw unusable('the user name contains a colon or control characters');
  if (/[\x00-\x1f\x7f]/.test(password)) throw unusable('the password contains control characters');
  let latin1 = '';
  for (const byte of encodeUtf8(`${username}:${password}`)) latin1 += String.fromCharCode(byte);
  return `Basic ${btoa(latin1)}`;
}

function unusable(problem: string): GitError {
  return new GitError('AUTHENTICATION_FAILED', `Cannot send the credentials: ${problem}`);
}

/** Credentials that are kept somewhere: told which were good, and which were not. */
export interface CredentialsStore {
  readonly get: CredentialsProvider;
  /** The server took what `get` gave. */
  approve?(credentials: Credentials, request: CredentialsRequest): Promise<void>;
  /** The server refused it. */
  reject?(credentials: Credentials, request: CredentialsRequest): Promise<void>;
}

/** One store of what is given, whichever it is. */
export function asCredentialsStore(credentials: CredentialsProvider | CredentialsStore): CredentialsStore {
  return typeof credentials === 'function' ? { get: credentials } : credentials;
}

/** Ask each in turn until one answers; all are told what became of it, so that one may keep what another found. */
export function chainCredentials(...links: readonly (CredentialsProvider | CredentialsStore)[]): CredentialsStore {
  const stores = links.map(asCredentialsStore);
  return {
    async get(request) {
      for (const store of stores) {
        const found = await store.get(request);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    async approve(credentials, request) {
      for (const store of stores) await store.approve?.(credentials, request);
    },
    async reject(credentials, request) {
      for (const store of stores) await store.reject?.(credentials, request);
    },
  };
}
