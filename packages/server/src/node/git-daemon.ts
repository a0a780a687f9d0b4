import { createServer, type Socket } from 'node:net';
import { type DaemonRequest, PktLineBuffer, parseDaemonRequest, serializeErrorLine } from '@git-kv/protocol';
import { StreamConnection } from '@git-kv/protocol/node';
import { answerConnection, type ConnectionServerOptions } from '../connection-server.js';
import { type ConnectionLimits, connectionLimits } from './connection-limits.js';
import { type ListenAddress, type ListeningServer, listenOn } from './listening.js';

/** What is served over `git://`, and where. */
export interface ListenGitOptions extends ConnectionServerOptions, ConnectionLimits, ListenAddress {}

/**
 * Serve on a TCP port over `git://`, as `git daemon` does: without encryption, and without knowing who asks. What is exported is
 * what `resolve` finds; pushes are refused unless `authorize` allows them.
 * @see git-daemon(1)
 */
export async function listenGit(options: ListenGitOptions): Promise<ListeningServer> {
  const limits = connectionLimits(options);
  const sockets = new Set<Socket>();
  const answering = new Set<Promise<void>>();
  // A client that has said all may still listen: its half of the connection ends before ours.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => {}); // a client that goes away is no failure of ours
    if (sockets.size >= limits.maxConnections) {
      options.onEvent?.({ kind: 'refused', path: '', status: 503, reason: 'there are too many connections' });
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const answered = answer(socket).finally(() => {
      answering.delete(answered);
    });
    answering.add(answered);
  });

  async function answer(socket: Socket): Promise<void> {
    const controller = new AbortController();
    socket.once('close', () => controller.abort(new Error('the connection was closed')));
    const connection = new StreamConnection({
      readable: socket,
      writable: socket,
      display: socket.remoteAddress ?? 'the client',
      destroy: () => socket.destroy(),
      timeoutMs: limits.idleTimeoutMs,
      pace: { minBytesPerSecond: limits.minBytesPerSecond, windowMs: limits.rateWindowMs },
    });
    const source = connection.incoming[Symbol.asyncIterator]();
    try {
      const first = await inTime(
        limits.initTimeoutMs,
        () => socket.destroy(),
        () => readRequest(source),
      );
      if (first === undefined) return;
      const { service, path, host, version } = first.request;
      const peer = { transport: 'git' as const, remoteAddress: socket.remoteAddress, host };
      const open = {
        incoming: withFirst(first.rest, source),
        send: (bytes: Uint8Array) => connection.send(bytes),
        finish: () => connection.finish(),
        close: () => connection.close(),
      };
      const outcome = await answerConnection(
        options,
        { service, path, version, peer, signal: controller.signal },
        open,
      );
      if (outcome.kind === 'refused') {
        await connection.send(serializeErrorLine(outcome.reason));
        await connection.finish();
      }
      await source.return?.();
      if (outcome.kind !== 'failed') await goodbye(socket, limits.idleTimeoutMs);
    } catch (error) {
      options.onEvent?.({ kind: 'error', path: '', error });
    } finally {
      await connection.close();
    }
  }

  return await listenOn(server, 'git', options, async () => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
    await Promise.all(answering);
  });
}

/** The first line, and the bytes that came with it; `undefined` for a client that says something else. */
async function readRequest(
  source: AsyncIterator<Uint8Array>,
): Promise<{ readonly request: DaemonRequest; readonly rest: Uint8Array } | undefined> {
  const buffer = new PktLineBuffer();
  for (;;) {
    const step = await source.next();
    if (step.done === true) return undefined;
    buffer.append(step.value);
    const line = buffer.next();
    if (line === undefined) continue;
    return line.kind === 'data' ? { request: parseDaemonRequest(line.payload), rest: buffer.takeRest() } : undefined;
  }
}

/** `first` and then the rest. Not a generator: `return` must be heard while `next` waits. */
function withFirst(first: Uint8Array, source: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  let held: Uint8Array | undefined = first.length > 0 ? first : undefined;
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      const value = held;
      held = undefined;
      return value === undefined ? await source.next() : { done: false, value };
    },
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** Run `body`; where it takes too long, make it fail by `giveUp`. */
async function inTime<T>(timeoutMs: number, giveUp: () => void, body: () => Promise<T>): Promise<T> {
  const timer = setTimeout(giveUp, timeoutMs);
  try {
    return await body();
  } finally {
    clearTimeout(timer);
  }
}

/** Bytes that the client has not read are lost where a socket is closed while it still sends: let it close first. */
async function goodbye(socket: Socket, timeoutMs: number): Promise<void> {
  if (socket.destroyed || socket.readableEnded) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, Math.min(timeoutMs, 1000));
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    socket.once('close', done);
    socket.once('end', done);
    socket.resume();
  });
}
