import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { GitServer } from '../git-server.js';
import { isPlainTarget } from '../route.js';

/** What listens, and where. */
export interface ListenOptions {
  readonly server: GitServer;
  /** Default 127.0.0.1: reachable from this machine only. */
  readonly host?: string;
  /** Default 0: a free port. */
  readonly port?: number;
  /** Milliseconds for a request's headers to arrive whole (default 30,000). */
  readonly headersTimeoutMs?: number;
  /** Milliseconds without a byte in either direction after which a connection is closed (default 60,000). */
  readonly idleTimeoutMs?: number;
  /** Told of failures of the listening socket itself, such as too many open files; it goes on listening. */
  readonly onError?: (error: Error) => void;
}

/** A server that accepts connections. */
export interface ListeningServer {
  readonly host: string;
  readonly port: number;
  /** `http://HOST:PORT`, without a slash at the end. */
  readonly url: string;
  /** Stop listening, close every connection and wait for that. */
  close(): Promise<void>;
}

/** Serve on a TCP port over HTTP/1.1. Resolves when connections are accepted; rejects where the address is taken. */
export async function listen(options: ListenOptions): Promise<ListeningServer> {
  const host = options.host ?? '127.0.0.1';
  const headersTimeout = options.headersTimeoutMs ?? 30_000;
  const server = createAdaptorServer({
    fetch: (request, { incoming }) => {
      // The adaptor takes absolute URLs, and folds `..` away, before the server sees the request.
      if (!isPlainTarget(incoming.url ?? '')) return new Response('the path is not allowed\n', { status: 400 });
      return options.server(request);
    },
    overrideGlobalObjects: false,
    serverOptions: {
      headersTimeout,
      requestTimeout: 0, // a push takes as long as it takes, while bytes come
      connectionsCheckingInterval: Math.max(100, Math.min(headersTimeout / 2, 30_000)),
    },
  }) as Server;
  server.setTimeout(options.idleTimeoutMs ?? 60_000);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, () => {
      server.off('error', reject);
      server.on('error', (error) => options.onError?.(error)); // without a listener it would end the process
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return {
    host,
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
