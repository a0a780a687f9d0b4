import type { Connection, ProtocolVersion, PushCommand, Service } from '@git-kv/protocol';
import {
  type ConversationOptions,
  type PushHooks,
  type ReceiveRules,
  type Repository,
  serveConversation,
  type UploadRules,
} from '@git-kv/repository';
import { type AccessDecision, readOnly } from './access.js';
import { checkDecision } from './decision.js';
import type { ServerEvent } from './git-server.js';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from './limits.js';
import { repositoryPath } from './repository-path.js';

/** Who is at the other end of a connection. */
export interface Peer {
  readonly transport: 'git' | 'ssh' | 'stdio';
  readonly remoteAddress?: string | undefined;
  /** The name that a client of `git://` knows the server by; it may say anything. */
  readonly host?: string | undefined;
  /** The name of the login over ssh. */
  readonly username?: string | undefined;
  /** What `authenticate` found out. */
  readonly identity?: unknown;
}

/** What somebody asks to do over a connection. */
export interface ConnectionAccess {
  readonly service: Service;
  /** Without a slash at either end. */
  readonly path: string;
  readonly peer: Peer;
  /** The ref changes of a push; absent while only the path is known: a push is asked about twice. */
  readonly changes?: readonly PushCommand[];
}

/** What is served over connections, to whom, and within which bounds. */
export interface ConnectionServerOptions<Identity = unknown> {
  /** The repository at `path`, or `undefined`. Look it up; do not join it to a directory. The caller keeps it open and closes it. */
  readonly resolve: (path: string, peer: Peer) => Repository | undefined | Promise<Repository | undefined>;
  /**
   * Default: fetches for everybody, pushes for nobody. `authenticate` refuses, as nobody can be asked. An error thrown while deciding
   * is a refusal.
   */
  readonly authorize?: (access: ConnectionAccess) => AccessDecision<Identity> | Promise<AccessDecision<Identity>>;
  /** Refs that are neither listed nor served nor pushed to, as patterns of git's transfer.hideRefs. */
  readonly hidden?: readonly string[] | ForConnection<readonly string[]>;
  /** What a fetch may ask for, as git's uploadpack.* settings. */
  readonly upload?: UploadRules | ((repository: Repository) => UploadRules | Promise<UploadRules>);
  /** What a push must not do, as git's receive.* settings. */
  readonly receive?: ReceiveRules | ((repository: Repository) => ReceiveRules | Promise<ReceiveRules>);
  /** What is asked and told when somebody pushes; where there are any, clients may send push options. */
  readonly hooks?: PushHooks<Identity> | ForConnection<PushHooks<Identity> | undefined>;
  readonly limits?: Partial<ServerLimits>;
  /** Compression level of the packs that clients get, 0 to 9 (default 1). */
  readonly level?: number;
  readonly onEvent?: (event: ServerEvent) => void;
}

/** A setting that depends on the repository, and on who asks for what. An error refuses. */
export type ForConnection<T> = (
  repository: Repository,
  call: { readonly service: Service; readonly path: string; readonly peer: Peer },
) => T | Promise<T>;

/** What a client of a connection asked for, before it is known whether it may. */
export interface ConnectionCall {
  readonly service: Service;
  /** As the client wrote it. */
  readonly path: string;
  readonly version: ProtocolVersion;
  readonly peer: Peer;
  readonly signal?: AbortSignal | undefined;
}

/** What became of a call: it was answered, well or not, or it was refused before the repository was opened. */
export type ConnectionOutcome =
  | { readonly kind: 'served' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Serve one repository over a connection, until the client has no more to ask. It does not close the connection.
 * @throws what the connection throws, and what is wrong with the client's bytes
 */
export async function serveConnection(
  repository: Repository,
  service: Service,
  connection: Connection,
  options: ConversationOptions = {},
): Promise<void> {
  const answers = serveConversation(repository, service, connection.incoming, options);
  for await (const chunk of answers) await connection.send(chunk);
  await connection.finish();
}

/** Decide about a call, find its repository, and serve it. Never throws; a refusal is the caller's to tell the client. */
export async function answerConnection<Identity = unknown>(
  options: ConnectionServerOptions<Identity>,
  call: ConnectionCall,
  connection: Connection,
): Promise<ConnectionOutcome> {
  const { service, version, peer, signal } = call;
  const path = repositoryPath(call.path);
  const refuse = (reason: string, status = 403): ConnectionOutcome => {
    options.onEvent?.({ kind: 'refused', path: path ?? '', status, reason });
    return { kind: 'refused', reason };
  };
  if (path === undefined) return refuse('the path is not allowed', 400);
  const fail = (error: unknown): void => options.onEvent?.({ kind: 'error', path, error });

  const decide = async (
    changes?: readonly PushCommand[],
  ): Promise<string | { readonly identity: Identity | undefined }> => {
    try {
      const access = { service, path, peer, ...(changes !== undefined && { changes }) };
      const decision = checkDecision(await (options.authorize ?? readOnly)(access));
      if (decision.kind === 'allow') return { identity: decision.identity };
      return decision.kind === 'deny' ? decision.reason : 'authentication is required';
    } catch (error) {
      fail(error);
      return 'access could not be decided';
    }
  };

  try {
    const verdict = await decide();
    if (typeof verdict === 'string') return refuse(verdict);
    const repository = await options.resolve(path, peer);
    if (repository === undefined) return refuse('there is no repository here', 404);
    options.onEvent?.({ kind: 'request', service, path, phase: 'call' });
    const limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
    const settle = async <T>(setting: T | ForConnection<T>): Promise<T> =>
      typeof setting === 'function'
        ? await (setting as ForConnection<T>)(repository, { service, path, peer })
        : setting;
    const common = { onFailure: fail, hidden: await settle(options.hidden ?? []) };
    const hooks = await settle<PushHooks<Identity> | undefined>(options.hooks);
    await serveConnection(repository, service, connection, {
      version,
      signal,
      uploadPack: {
        ...common,
        limits: { maxRequestBytes: limits.uploadPackRequestBytes },
        rules: (typeof options.upload === 'function' ? await options.upload(repository) : options.upload) ?? {},
        ...(options.level !== undefined && { level: options.level }),
      },
      receivePack: {
        ...common,
        rules: (typeof options.receive === 'function' ? await options.receive(repository) : options.receive) ?? {},
        ...(hooks !== undefined && { hooks: hooks as PushHooks }),
        hookTimeoutMs: limits.hookMs,
        maxPackBytes: limits.pushBytes,
        maxInflatedBytes: limits.pushInflatedBytes,
        freeInflatedBytes: limits.pushFreeInflatedBytes,
        maxObjectBytes: limits.pushObjectBytes,
        // The second decision may know more of who it is, or less, than the first.
        authorize: async (changes) => {
          const again = await decide(changes);
          return typeof again === 'string' ? again : { identity: again.identity ?? verdict.identity ?? peer.identity };
        },
      },
    });
    return { kind: 'served' };
  } catch (error) {
    fail(error);
    return { kind: 'failed', error };
  }
}
