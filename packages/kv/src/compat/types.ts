import type { Repository } from '@git-kv/repository';
import type { Fs, PromisedFs } from '@git-kv/repository/file';
import type { HttpClient } from './http.js';

/**
 * Where a repository is kept: a file system as isomorphic-git takes it (with `promises`, or made of promises itself), one of ours
 * (`nodeFs` of `@git-kv/repository/node-fs`, say, which locks and synchronises as git does), or a repository that is open already.
 */
export type CompatFs = { readonly promises: PromisedFs } | PromisedFs | Fs | Repository;

/** Which repository is meant. */
export interface RepositoryArguments {
  readonly fs: CompatFs;
  /** The folder above `.git`. There is no work tree here: nothing else of it is looked at. */
  readonly dir?: string;
  /** The git directory. Default: `.git` in `dir`. */
  readonly gitdir?: string;
  /** Taken, and not used. */
  readonly cache?: object;
}

/** A person, as isomorphic-git has it. */
export interface CompatIdentity {
  readonly name: string;
  readonly email: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Minutes from the local time to UTC: -60 for `+0100`. */
  readonly timezoneOffset: number;
}

/** What is left out is found elsewhere. */
export type PartialIdentity = Partial<CompatIdentity>;

/** A commit, as isomorphic-git has it. */
export interface CommitObject {
  readonly message: string;
  readonly tree: string;
  readonly parent: string[];
  readonly author: CompatIdentity;
  readonly committer: CompatIdentity;
  readonly gpgsig?: string;
}

/** What `readCommit` and `log` give. */
export interface ReadCommitResult {
  readonly oid: string;
  readonly commit: CommitObject;
  /** What a signature is of. */
  readonly payload: string;
}

/** What `readBlob` gives. */
export interface ReadBlobResult {
  readonly oid: string;
  readonly blob: Uint8Array;
}

/** An entry of a tree, as isomorphic-git has it. */
export interface CompatTreeEntry {
  /** Six octal digits. */
  readonly mode: string;
  readonly path: string;
  readonly oid: string;
  readonly type: 'blob' | 'tree' | 'commit';
}

/** What `readTree` gives. */
export interface ReadTreeResult {
  readonly oid: string;
  readonly tree: CompatTreeEntry[];
}

/** What `onAuth` gives. */
export interface GitAuth {
  readonly username?: string;
  readonly password?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Give up. */
  readonly cancel?: boolean;
}

/** Asked for credentials, or told what became of them. */
export type AuthCallback<R> = (url: string, auth: GitAuth) => R | Promise<R>;

/** How a remote is reached. */
export interface RemoteArguments {
  readonly http: HttpClient;
  readonly onAuth?: AuthCallback<GitAuth | undefined>;
  readonly onAuthFailure?: AuthCallback<GitAuth | undefined>;
  readonly onAuthSuccess?: AuthCallback<void>;
  readonly onProgress?: (progress: {
    readonly phase: string;
    readonly loaded: number;
    readonly total: number;
  }) => void | Promise<void>;
  /** Told what the server says. */
  readonly onMessage?: (message: string) => void | Promise<void>;
  /** A proxy that adds CORS headers: its URL, to which the remote's is appended. */
  readonly corsProxy?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What `fetch` gives. */
export interface FetchResult {
  /** The branch that the remote's HEAD names. */
  readonly defaultBranch: string | null;
  readonly fetchHead: string | null;
  readonly fetchHeadDescription: string | null;
  /** Remote-tracking refs that were removed. */
  readonly pruned?: string[];
}

/** What `push` gives. */
export interface PushResult {
  readonly ok: boolean;
  readonly error: string | null;
  readonly refs: Readonly<Record<string, { readonly ok: boolean; readonly error: string | null }>>;
}
