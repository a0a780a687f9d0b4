import { GitError, isGitError } from '@git-kv/objects';
import type { Service } from '@git-kv/protocol';
import {
  advertiseReceivePack,
  advertiseUploadPack,
  type ReceiveRules,
  type Repository,
  serveReceivePack,
  serveUploadPack,
} from '@git-kv/repository';
import { type Access, type AccessDecision, type Authorize, readOnly } from './access.js';
import { capBytes, gunzip, readBody, toStream } from './body.js';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from './limits.js';
import { parseRoute } from './route.js';

/** What a server tells its owner; nothing secret is in it. */
export type ServerEvent =
  | { readonly kind: 'request'; readonly service: Service; readonly path: string; readonly phase: 'advertise' | 'call' }
  | { readonly kind: 'refused'; readonly path: string; readonly status: number; readonly reason: string }
  | { readonly kind: 'error'; readonly path: string; readonly error: unknown };

export interface GitServerOptions {
  /**
   * The repository at `path` (as in the URL, decoded, no slash at either end), or `undefined`. Look it up; do not join it to a
   * directory. The caller keeps the repository open and closes it.
   */
  readonly resolve: (path: string, request: Request) => Repository | undefined | Promise<Repository | undefined>;
  /** Default: fetches for everybody, pushes for nobody. */
  readonly authorize?: Authorize;
  /** What a push must not do, as git's receive.* settings. */
  readonly receive?: ReceiveRules | ((repository: Repository) => ReceiveRules | Promise<ReceiveRules>);
  readonly limits?: Partial<ServerLimits>;
  readonly onEvent?: (event: ServerEvent) => void;
}

/** A git server: mount it wherever `Request` and `Response` exist. */
export type GitServer = (request: Request) => Promise<Response>;

/**
 * A smart-HTTP git server over repositories: protocol v2 `ls-refs` and `fetch`, and receive-pack.
 *
 * It never throws: what goes wrong is an HTTP status before the answer began and an error line of the protocol after.
 */
export function createGitServer(options: GitServerOptions): GitServer {
  const limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
  const authorize = options.authorize ?? readOnly;

  const decide = async (access: Access): Promise<AccessDecision> => {
    try {
      return await authorize(access);
    } catch (error) {
      options.onEvent?.({ kind: 'error', path: access.path, error });
      return { kind: 'deny', reason: 'access could not be decided' };
    }
  };

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
    if (decision.kind === 'deny') return refuse(path, 403, decision.reason);

    const repository = await options.resolve(path, request);
    if (repository === undefined) return refuse(path, 404, 'there is no repository here');
    options.onEvent?.({ kind: 'request', service, path, phase: route.kind });

    if (route.kind === 'advertise') return await advertise(repository, service, request);
    const expected = `application/x-${service}-request`;
    if (request.headers.get('Content-Type') !== expected)
      return refuse(path, 415, `the content type must be ${expected}`);
    const body = decodeBody(request, limits);
    if (body === undefined) return refuse(path, 415, 'the content encoding must be gzip or none');

    const answer =
      service === 'git-upload-pack'
        ? serveUploadPack(repository, capBytes(body, 'uploadPackRequestBytes', limits.uploadPackRequestBytes), {
            signal: request.signal,
          })
        : serveReceivePack(repository, body, {
            signal: request.signal,
            rules: typeof options.receive === 'function' ? await options.receive(repository) : (options.receive ?? {}),
            maxPackBytes: limits.pushBytes,
            authorize: async (changes) => {
              const verdict = await decide({ service, path, request, changes });
              return verdict.kind === 'allow'
                ? undefined
                : verdict.kind === 'deny'
                  ? verdict.reason
                  : 'authentication is required';
            },
          });
    return await respond(path, `application/x-${service}-result`, answer);
  }

  async function advertise(repository: Repository, service: Service, request: Request): Promise<Response> {
    const isVersion2 = /(?:^|:)version=2(?:$|:)/.test(request.headers.get('Git-Protocol') ?? '');
    const lines =
      service === 'git-upload-pack'
        ? advertiseUploadPack(repository, { isVersion2, isHttp: true })
        : advertiseReceivePack(repository, { isHttp: true });
    return await respond('', `application/x-${service}-advertisement`, lines);
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

  return async (request) => {
    try {
      return await handle(request);
    } catch (error) {
      options.onEvent?.({ kind: 'error', path: '', error });
      if (isGitError(error, 'LIMIT_EXCEEDED')) return refuse('', 413, error.message);
      if (isGitError(error, 'MALFORMED')) return refuse('', 400, error.message);
      return refuse('', 500, error instanceof GitError ? error.code : 'the request failed');
    }
  };
}

/** The body with its content encoding taken off, or `undefined` for an encoding that is not known. */
function decodeBody(request: Request, limits: ServerLimits): AsyncIterable<Uint8Array> | undefined {
  const encoding = (request.headers.get('Content-Encoding') ?? 'identity').trim().toLowerCase();
  const body = readBody(request.body);
  if (encoding === 'gzip' || encoding === 'x-gzip') return gunzip(body, limits.gzipRatio);
  return encoding === 'identity' || encoding === '' ? body : undefined;
}
