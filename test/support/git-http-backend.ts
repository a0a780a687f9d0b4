import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gitEnv } from './git.js';

export interface GitHttpBackendOptions {
  /** Directory whose repositories are served, each at its relative path. */
  readonly root: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Serve pushes too (as an authenticated user would have). Default true. */
  readonly enableReceivePack?: boolean;
  /**
   * Looks at a request before git does; answers it itself by returning true. For 401, redirects, broken connections.
   */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface GitHttpBackend {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Every request, in order of arrival. */
  readonly requests: SeenRequest[];
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 30_000;

/** git's own smart-HTTP server: the `git http-backend` program behind a small CGI bridge on a free loopback port. */
export async function startGitHttpBackend(options: GitHttpBackendOptions): Promise<GitHttpBackend> {
  const requests: SeenRequest[] = [];
  const children = new Set<ChildProcessWithoutNullStreams>();

  const server = createServer((request, response) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: { ...request.headers } });
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (options.intercept && (await options.intercept(request, response))) return;
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const child = spawn('git', ['http-backend'], {
      env: {
        ...gitEnv,
        GIT_PROJECT_ROOT: options.root,
        GIT_HTTP_EXPORT_ALL: '1',
        REQUEST_METHOD: request.method ?? 'GET',
        PATH_INFO: decodeURIComponent(url.pathname),
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        REMOTE_ADDR: '127.0.0.1',
        ...(options.enableReceivePack === false ? {} : { REMOTE_USER: 'tester' }),
        ...(request.headers['content-length'] ? { CONTENT_LENGTH: request.headers['content-length'] } : {}),
        ...(request.headers['content-encoding'] ? { HTTP_CONTENT_ENCODING: request.headers['content-encoding'] } : {}),
        ...(request.headers['git-protocol'] ? { GIT_PROTOCOL: String(request.headers['git-protocol']) } : {}),
        ...options.env,
      },
    });
    children.add(child);
    const deadline = setTimeout(() => child.kill('SIGKILL'), REQUEST_TIMEOUT_MS);
    child.on('close', () => {
      clearTimeout(deadline);
      children.delete(child);
    });
    child.on('error', (error) => response.destroy(error));
    child.stdin.on('error', () => {}); // git may answer without reading the whole body
    child.stderr.resume();
    request.pipe(child.stdin);
    response.on('close', () => child.kill());

    let head: Buffer | undefined = Buffer.alloc(0);
    child.stdout.on('data', (chunk: Buffer) => {
      if (head === undefined) {
        if (!response.write(chunk)) child.stdout.pause();
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const body = head.subarray(end + 4);
      writeHead(response, head.subarray(0, end).toString('latin1'));
      head = undefined;
      if (body.length > 0) response.write(body);
    });
    response.on('drain', () => child.stdout.resume());
    child.stdout.on('end', () => {
      if (head !== undefined && !response.headersSent) response.writeHead(500);
      response.end();
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    close: () =>
      new Promise((resolve) => {
        for (const child of children) child.kill('SIGKILL');
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function writeHead(response: ServerResponse, head: string): void {
  let status = 200;
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.writeHead(status);
}
