import type { Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { GitServer } from '../git-server.js';
import { isPlainTarget } from '../route.js';
import { type ConnectionLimits, connectionLimits } from './connection-limits.js';
import { type ListenAddress, type ListeningServer, listenOn } from './listening.js';
import { watchSlowClients } from './slow-clients.js';

/** What listens, and where. `initTimeoutMs` is the time for a request's headers to arrive whole. */
export interface ListenOptions extends ListenAddress, ConnectionLimits {
  readonly server: GitServer;
  /** Milliseconds for a request's headers to arrive whole: the same as `initTimeoutMs`, and before it. */
  readonly headersTimeoutMs?: number;
  /** Bytes of the headers of one request (default 16 KiB): more is answered with 431. */
  readonly maxHeaderBytes?: number;
  /** Serve over HTTPS, with this key and certificate chain (PEM). */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** Header lines of one request that are looked at. */
const MAX_HEADERS = 200;

/** Serve on a TCP port over HTTP/1.1. Resolves when connections are accepted; rejects where the address is taken. */
export async function listen(options: ListenOptions): Promise<ListeningServer> {
  const limits = connectionLimits(options);
  const headersTimeout = options.headersTimeoutMs ?? limits.initTimeoutMs;
  const { tls } = options;
  const server = createAdaptorServer({
    ...(tls !== undefined && { createServer: createTlsServer }),
    fetch: (request, { incoming }) => {
      // The adaptor takes absolute URLs, and folds `..` away, before the server sees the request.
      if (!isPlainTarget(incoming.url ?? '')) return new Response('the path is not allowed\n', { status: 400 });
      return options.server(request);
    },
    overrideGlobalObjects: false,
    serverOptions: {
      ...(tls !== undefined && { ...tls, handshakeTimeout: limits.initTimeoutMs }),
      headersTimeout,
      requestTimeout: 0, // a push takes as long as it takes, while bytes come
      connectionsCheckingInterval: Math.max(100, Math.min(headersTimeout / 2, 30_000)),
      maxHeaderSize: options.maxHeaderBytes ?? 16 * 1024,
      noDelay: true,
    },
  }) as Server;
  server.maxHeadersCount = MAX_HEADERS;
  server.maxConnections = limits.maxConnections;
  server.setTimeout(limits.idleTimeoutMs);
  // Those in a handshake of TLS, too, which the server does not count as its own yet.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const stopWatching = watchSlowClients(server, limits);
  return await listenOn(server, tls === undefined ? 'http' : 'https', options, async () => {
    stopWatching();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
    });
  });
}
