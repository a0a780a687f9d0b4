import { connect as connectTcp, type Socket } from 'node:net';
import { GitError } from '@git-kv/objects';
import { serializeDaemonRequest } from '../transport/daemon-request.js';
import { Deadline } from '../transport/deadline.js';
import { requestFailure } from '../transport/failure.js';
import type { PaceOptions } from '../transport/pace.js';
import { parseRemoteAddress, type RemoteAddress } from '../transport/remote-address.js';
import type { Connection, ConnectionTransport } from '../transport/transport.js';
import { type ConnectCall, StreamConnection } from './stream-connection.js';

/** How a server is reached over TCP. */
export interface GitTransportOptions {
  /** Give up a connection that is not made within so long (default 30 s); 0 for never. */
  readonly connectTimeoutMs?: number | undefined;
  /** Give up when nothing moves for so long (default five minutes); 0 for never. */
  readonly timeoutMs?: number | undefined;
  /** Give up a server that is slower than this; by default none is. */
  readonly pace?: PaceOptions | undefined;
}

/** How long a connection may take to be made, where no option says so. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 30_000;
/** How long nothing may move, where no option says so. */
export const DEFAULT_IDLE_TIMEOUT_MS = 300_000;

/**
 * A transport over `git://`: TCP to a `git daemon` or what speaks like it. There is no encryption and nobody is asked who they
 * are, on either side.
 * @throws {GitError} INVALID_URL for what is no `git://` URL
 * @see git-daemon(1)
 */
export function createGitTransport(url: string, options: GitTransportOptions = {}): ConnectionTransport {
  const address = parseRemoteAddress(url);
  if (address.kind !== 'git') throw new GitError('INVALID_URL', 'Cannot use the URL: it is no git:// URL');
  return { url: address.display, connect: (call) => connectGit(address, call, options) };
}

async function connectGit(
  address: RemoteAddress & { kind: 'git' },
  call: ConnectCall,
  options: GitTransportOptions,
): Promise<Connection> {
  const { signal, service, version = 0 } = call;
  const { host, port, path, hostParameter, display } = address;
  const request = serializeDaemonRequest({ service, path, host: hostParameter, version });
  const socket = await openSocket(host, port, display, signal, options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS);
  const connection = new StreamConnection({
    readable: socket,
    writable: socket,
    display,
    destroy: () => socket.destroy(),
    timeoutMs: options.timeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
    pace: options.pace,
  });
  try {
    await connection.send(request);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return connection;
}

/** A TCP connection. @throws {TransportError} TRANSPORT_FAILED where it cannot be made; the signal's reason */
export async function openSocket(
  host: string,
  port: number,
  display: string,
  signal: AbortSignal | undefined,
  timeoutMs: number,
): Promise<Socket> {
  signal?.throwIfAborted();
  const deadline = new Deadline(signal, timeoutMs);
  const socket = connectTcp({ host, port, noDelay: true, keepAlive: true });
  const abort = (): void => void socket.destroy(new Error(`no connection within ${timeoutMs} ms`));
  deadline.signal.addEventListener('abort', abort, { once: true });
  deadline.start();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve();
      });
    });
    return socket;
  } catch (error) {
    signal?.throwIfAborted();
    throw requestFailure(error, display, false);
  } finally {
    deadline.signal.removeEventListener('abort', abort);
    deadline.end();
  }
}
