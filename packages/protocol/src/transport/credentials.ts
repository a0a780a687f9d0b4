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

/** Credentials that are kept somewhere: told which were good, and which were not. */
export interface CredentialsStore {
  readonly get: CredentialsProvider;
  /** The server took what `get` gave. That it fails changes nothing for the exchange; nor with `reject`. */
  approve?(credentials: Credentials, request: CredentialsRequest): Promise<void>;
  /** The server refused it. */
  reject?(credentials: Credentials, request: CredentialsRequest): Promise<void>;
}

/** One store of what is given, whichever it is. */
export function asCredentialsStore(credentials: CredentialsProvider | CredentialsStore): CredentialsStore {
  return typeof credentials === 'function' ? { get: credentials } : credentials;
}

/**
 * Tell a store what became of what it gave. That it cannot keep or forget them does not undo what the server did: its failures are
 * passed over, as git does.
 */
export async function tellStore(
  store: CredentialsStore,
  verdict: 'approve' | 'reject',
  credentials: Credentials,
  request: CredentialsRequest,
): Promise<void> {
  try {
    await store[verdict]?.(credentials, request);
  } catch {
    // There is nobody to tell.
  }
}

/**
 * Ask each in turn until one answers. Those that were asked are told what became of it, so that one may keep what a later one found;
 * those after the one that answered are not: what stands before a keeper is not for it to keep. `approve` and `reject` take the very
 * object that `get` gave.
 */
export function chainCredentials(...links: readonly (CredentialsProvider | CredentialsStore)[]): CredentialsStore {
  const stores = links.map(asCredentialsStore);
  const asked = new WeakMap<Credentials, readonly CredentialsStore[]>();
  return {
    async get(request) {
      for (const [index, store] of stores.entries()) {
        const found = await store.get(request);
        if (found === undefined) continue;
        asked.set(found, stores.slice(0, index + 1));
        return found;
      }
      return undefined;
    },
    async approve(credentials, request) {
      for (const store of asked.get(credentials) ?? []) await tellStore(store, 'approve', credentials, request);
    },
    async reject(credentials, request) {
      for (const store of asked.get(credentials) ?? []) await tellStore(store, 'reject', credentials, request);
    },
  };
}
