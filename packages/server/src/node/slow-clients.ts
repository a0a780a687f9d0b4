import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionLimits } from './connection-limits.js';

interface Watched {
  request: IncomingMessage;
  response: ServerResponse;
  /** Bytes that had moved when the window began, and how long the client was waited for in it. */
  bytes: number;
  waitedMs: number;
}

/** How many looks a window has. */
const LOOKS = 8;

/**
 * Let go of HTTP clients that are slower than `minBytesPerSecond` while the server waits for them: for the rest of a request, or
 * to take what was answered. One timer looks at all of them.
 * @returns stops looking
 */
export function watchSlowClients(
  server: Server,
  limits: Required<Pick<ConnectionLimits, 'minBytesPerSecond' | 'rateWindowMs'>>,
): () => void {
  const { minBytesPerSecond, rateWindowMs } = limits;
  if (minBytesPerSecond <= 0 || rateWindowMs <= 0) return () => {};
  const watched = new Map<Socket, Watched>();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    if (!watched.has(socket)) socket.once('close', () => watched.delete(socket));
    watched.set(socket, { request, response, bytes: movedBytes(socket), waitedMs: 0 });
  });
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const passed = now - last;
    last = now;
    for (const [socket, state] of watched) {
      if (!isWaitedFor(socket, state)) continue;
      state.waitedMs += passed;
      if (state.waitedMs < rateWindowMs) continue;
      const bytes = movedBytes(socket);
      if (bytes - state.bytes < (minBytesPerSecond * state.waitedMs) / 1000) socket.destroy();
      state.bytes = bytes;
      state.waitedMs = 0;
    }
  }, rateWindowMs / LOOKS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Whether it is the client's turn: all that came of its request is taken, or it does not take what is sent. */
function isWaitedFor(socket: Socket, { request, response }: Watched): boolean {
  if (response.closed) return false;
  if (!request.complete && request.readableLength === 0) return true;
  return socket.writableLength > 0;
}

function movedBytes(socket: Socket): number {
  return socket.bytesRead + socket.bytesWritten - socket.writableLength;
}
