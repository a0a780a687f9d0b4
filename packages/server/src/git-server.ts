import { type GitError, type GitErrorCode, isGitError, type MalformedError } from '@git-kv/objects';
import { requestedVersion, type Service } from '@git-kv/protocol';
import {
  advertiseReceivePack,
  advertiseUploadPack,
  type PushHooks,
  type ReceiveRules,
  type Repository,
  serveReceivePack,
  serveUploadPack,
  type UploadPackCommand,
  type UploadRules,
} from '@git-kv/repository';
import { type Access, type AccessDecision, type Authorize, readOnly } from './access.js';
import { capBytes, gunzip, readBody, toStream } from './body.js';
import { type CorsOptions, withCors } from './cors.js';
import { checkDecision } from './decision.js';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from './limits.js';
import { parseRoute } from './route.js';

/** What a server tells its owner; nothing secret is in it. */
export type ServerEvent =
  | { readonly kind: 'request'; readonly service: Service; readonly path: string; readonly phase: 'advertise' | 'call' }
  /** A command of protocol version 2, and what the client says of itself. */
  | ({ readonly kind: 'command'; readonly path: string } & UploadPackCommand)
  | { readonly kind: 'refused'; readonly path: string; readonly status: number; readonly reason: string }
  | { readonly kind: 'error'; readonly path: string; readonly error: unknown };

/** Which refs a service of a repository keeps to itself. An error thrown while deciding refuses the request. */
export type HiddenRefs = (
  repository: Repository,
  request: { readonly service: Service; readonly path: string; readonly request: Request },
) => readonly string[] | Promise<readonly string[]>;

/** The hooks of one repository. */
export type HooksOf<Identity = unknown> = (
  repository: Repository,
  request: { readonly path: string; readonly request: Request },
) => PushHooks<Identity> | undefined | Promise<PushHooks<Identity> | undefined>;

/** What a server serves, to whom, and within which bounds. */
export interface GitServerOptions<Identity = unknown> {
  /**
   * The repository at `path` (as in the URL, decoded, no slash at either end), or `undefined`. Look it up; do not join it to a
   * directory. The caller keeps the repository open and closes it.
   */
  readonly resolve: (path: string, request: Request) => Repository | undefined | Promise<Repository | undefined>;
  /** Default: fetches for everybody, pushes for nobody. */
  readonly authorize?: Authorize<Identity>;
  /**
   * Refs that are neither listed nor served nor pushed to, as patterns of git's transfer.hideRefs (such as `refs/internal`); asked
   * for each request where it is a function, as users may see different refs.
   */
  readonly hidden?: readonly string[] | HiddenRefs;
  /** What a fetch may ask for, as git's uploadpack.* settings. */
  readonly upload?: UploadRules | ((repository: Repository) => UploadRules | Promise<UploadRules>);
  /** What a push must not do, as git's receive.* settings. */
  readonly receive?: ReceiveRules | ((repository: Repository) => ReceiveRules | Promise<ReceiveRules>);
  /** What is asked and told when somebody pushes; where there are any, clients may send push options. */
  readonly hooks?: PushHooks<Identity> | HooksOf<Identity>;
  readonly limits?: Partial<ServerLimits>;
  /** Compression level of the packs that clients get, 0 to 9 (default 1: a server's time is dearer than the wire). */
  readonly level?: number;
  readonly onEvent?: (event: ServerEvent) => void;
  /** Let web pages of other origins use the server from a browser. Default: none. */
  readonly cors?: CorsOptions;
}

/** A git server: mount it wherever `Request` and `Response` exist. */
export type GitServer = (request: Request) => Promise<Response>;

/**
 * A smart-HTTP git server over repositories: fetches of protocol v2, v1 and v0, and pushes.
 *
 * It never throws: what goes wrong is an HTTP status before the answer began and an error line of the protocol after.
 */
export function createGitServer<Identity = unknown>(options: GitServerOptions<Identity>): GitServer {
  const limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
  const authorize = options.authorize ?? readOnly;

  const decide = async (access: Access): Promise<AccessDecision<Identity>> => {
    try {
      return checkDecision(await authorize(access));
    } catch (error) {
      options.onEvent?.({ kind: 'error', path: access.path, error });
      return { kind: 'deny', reason: 'access could not be decided' };
    }
  };

  const uploadRules = async (repository: Repository): Promise<UploadRules> =>
    typeof options.upload === 'function' ? await options.upload(repository) : (options.upload ?? {});

  const refuse = (path: string, status: number, reason: string, headers?: Record<string, string>): Response => {
    options.onEvent?.({ kind: 'refused', path, status, reason });
    return new Response(`${reason}\n`, {
      status,
      headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-cache', ...headers },
    });
  };

  async function handle(request: Request): Promise<Response> {
    const route = parseRoute(request.method, request.url);
    if (route.kind === 'refused') return refuse('', route.status, route.reason);
    const { path, service } = route;

    const decision = await decide({ service, path, request });
    if (decision.kind === 'authenticate') {
      const realm = decision.realm.replace(/[^\x20-\x7e]|["\\]/g, '');
      return refuse(path, 401, 'authentication is required', { 'WWW-Authenticate': `Basic realm="${realm}"` });
    }
    if (decision.kind !== 'allow') return refuse(path, 403, decision.reason);

    const repository = await options.resolve(path, request);
    if (repository === undefined) return refuse(path, 404, 'there is no repository here');
    options.onEvent?.({ kind: 'request', service, path, phase: route.kind });

    const hidden =
      typeof options.hidden === 'function'
        ? await options.hidden(repository, { service, path, request })
        : (options.hidden ?? []);
    if (route.kind === 'advertise') return await advertise(repository, path, service, request, hidden);
    const expected = `application/x-${service}-request`;
    if (request.headers.get('Content-Type') !== expected)
      return refuse(path, 415, `the content type must be ${expected}`);
    const body = decodeBody(request, limits, service);
    if (body === undefined) return refuse(path, 415, 'the content encoding must be gzip or none');

    const { signal } = request;
    let { identity } = decision;
    const onFailure = (error: unknown): void => options.onEvent?.({ kind: 'error', path, error });
    const answer =
      service === 'git-upload-pack'
        ? serveUploadPack(repository, capBytes(body, 'uploadPackRequestBytes', limits.uploadPackRequestBytes), {
            version: requestedVersion(request.headers.get('Git-Protocol')),
            isStateless: true,
            limits: { maxRequestBytes: limits.uploadPackRequestBytes },
            signal,
            onFailure,
            hidden,
            rules: await uploadRules(repository),
            onCommand: (command) => options.onEvent?.({ kind: 'command', path, ...command }),
            ...(options.level === undefined ? {} : { level: options.level }),
          })
        : serveReceivePack(repository, body, {
            signal,
            onFailure,
            hidden,
            rules: await rulesFor(repository),
            hooks: (await hooksFor(repository, path, request)) ?? {},
            hookTimeoutMs: limits.hookMs,
            maxPackBytes: limits.pushBytes,
            maxInflatedBytes: limits.pushInflatedBytes,
            freeInflatedBytes: limits.pushFreeInflatedBytes,
            maxObjectBytes: limits.pushObjectBytes,
            authorize: async (changes) => {
              const verdict = await decide({ service, path, request, changes });
              if (verdict.kind === 'deny') return verdict.reason;
              if (verdict.kind !== 'allow') return 'authentication is required';
              identity = verdict.identity ?? identity;
              return { identity };
            },
          });
    return await respond(path, `application/x-${service}-result`, answer);
  }

  const rulesFor = async (repository: Repository): Promise<ReceiveRules> =>
    (typeof options.receive === 'function' ? await options.receive(repository) : options.receive) ?? {};

  const hooksFor = async (repository: Repository, path: string, request: Request): Promise<PushHooks | undefined> =>
    typeof options.hooks === 'function' ? await options.hooks(repository, { path, request }) : options.hooks;

  async function advertise(
    repository: Repository,
    path: string,
    service: Service,
    request: Request,
    hidden: readonly string[],
  ): Promise<Response> {
    const version = requestedVersion(request.headers.get('Git-Protocol'));
    const lines =
      service === 'git-upload-pack'
        ? advertiseUploadPack(repository, { version, isHttp: true, hidden, rules: await uploadRules(repository) })
        : advertiseReceivePack(repository, {
            version,
            isHttp: true,
            hidden,
            pushOptions: (await hooksFor(repository, path, request)) !== undefined,
          });
    const response = await respond(path, `application/x-${service}-advertisement`, lines);
    if (request.method !== 'HEAD') return response;
    await response.body?.cancel();
    return new Response(null, response);
  }

  /** The answer begins when its first bytes are there, so that what fails before them can still be a status. */
  async function respond(path: string, contentType: string, chunks: AsyncIterable<Uint8Array>): Promise<Response> {
    const iterator = chunks[Symbol.asyncIterator]();
    const first = await iterator.next();
    const rest = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (let step = first; !step.done; step = await iterator.next()) yield step.value;
      } catch (error) {
        options.onEvent?.({ kind: 'error', path, error });
        throw error;
      } finally {
        await iterator.return?.();
      }
    };
    return new Response(toStream(rest()), {
      status: 200,
      headers: { 'Content-Type': contentType, 'Cache-Control': 'no-cache, max-age=0, must-revalidate' },
    });
  }

  const server: GitServer = async (request) => {
    try {
      return await handle(request);
    } catch (error) {
      const path = pathOf(request);
      if (isGitError(error, 'LIMIT_EXCEEDED')) return refuse(path, 413, error.message);
      if (isClientsMistake(error)) return refuse(path, 400, error.message);
      options.onEvent?.({ kind: 'error', path, error });
      return refuse(path, 500, isGitError(error) ? error.code : 'the request failed');
    }
  };
  return options.cors === undefined ? server : withCors(server, options.cors);
}

/** Whether the request is what is wrong: bytes that are no message, or a message that no server takes. */
function isClientsMistake(error: unknown): error is GitError {
  if (isGitError(error, 'MALFORMED')) return (error as MalformedError).origin === 'remote';
  // A body that ends too early reads like a connection that closed.
  return ['INVALID_REF_NAME', 'UNSUPPORTED', 'TRANSPORT_CLOSED'].some((code) =>
    isGitError(error, code as GitErrorCode),
  );
}

/** For events: what failed may be that very path. */
function pathOf(request: Request): string {
  const route = parseRoute(request.method, request.url);
  return route.kind === 'refused' ? '' : route.path;
}

/** What gzip, and the commands of a push, may add to a body. */
const GZIP_SLACK_BYTES = 16 * 2 ** 20;

/** The body with its content encoding taken off, or `undefined` for an encoding that is not known. */
function decodeBody(request: Request, limits: ServerLimits, service: Service): AsyncIterable<Uint8Array> | undefined {
  const encoding = (request.headers.get('Content-Encoding') ?? 'identity').trim().toLowerCase();
  const body = readBody(request.body);
  if (encoding === 'gzip' || encoding === 'x-gzip') {
    // A stream of empty blocks comes to nothing, and need not end.
    const limit = service === 'git-upload-pack' ? 'uploadPackRequestBytes' : 'pushBytes';
    return gunzip(capBytes(body, limit, limits[limit] + GZIP_SLACK_BYTES), limits.gzipRatio);
  }
  return encoding === 'identity' || encoding === '' ? body : undefined;
}
