import { createServer, type Socket } from 'node:net';
import { requestedVersion } from '@git-kv/protocol';
import { loadSsh2, StreamConnection } from '@git-kv/protocol/node';
import type { AuthContext, ClientInfo, Server, ServerChannel, Session } from 'ssh2';
import { answerConnection, type ConnectionServerOptions, type Peer } from '../connection-server.js';
import { parseGitCommand } from '../git-command.js';
import { type ConnectionLimits, connectionLimits } from './connection-limits.js';
import { type ListenAddress, type ListeningServer, listenOn } from './listening.js';
import { SshLogins } from './ssh-login.js';
import type { SshLogin } from './ssh-login-rules.js';

/** What is served over ssh, to whom, and where. */
export interface ListenSshOptions extends ConnectionServerOptions, ConnectionLimits, ListenAddress {
  /** The server's private keys, as OpenSSH or PEM writes them, without a passphrase. Clients know the server by them. */
  readonly hostKeys: readonly string[];
  /**
   * Decides who may log in: `undefined` refuses, anything else is the `identity` of the {@link Peer}. Asked about each key and each
   * password that a client offers; for a key, before the client has proved that it has it, and again after. An error refuses.
   */
  readonly authenticate: (login: SshLogin) => unknown | Promise<unknown>;
  /** Logins that may fail on one connection (default 6). */
  readonly maxLoginAttempts?: number;
}

const MAX_SESSIONS = 10;
const GOODBYE_MS = 1000;

/**
 * Serve on a TCP port over ssh, by the package `ssh2`. Clients may run `git-upload-pack` and `git-receive-pack` and nothing else:
 * there is no shell, no forwarding, no other program.
 */
export async function listenSsh(options: ListenSshOptions): Promise<ListeningServer> {
  const ssh2 = (await loadSsh2('serve over ssh')) as typeof import('ssh2');
  const limits = connectionLimits(options);
  /** By address and port: ssh2 tells of a client when it has said its name, which it need not do. */
  const sockets = new Map<string, { readonly socket: Socket; readonly quiet: Quiet }>();
  const answering = new Set<Promise<void>>();

  const tcp = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {}); // a client that goes away is no failure of ours
    if (sockets.size >= limits.maxConnections) {
      options.onEvent?.({ kind: 'refused', path: '', status: 503, reason: 'there are too many connections' });
      socket.destroy();
      return;
    }
    const key = `${socket.remoteAddress}:${socket.remotePort}`;
    // Until somebody has logged in, and later while nothing is asked.
    const quiet = new Quiet(() => socket.destroy());
    quiet.start(limits.initTimeoutMs);
    sockets.set(key, { socket, quiet });
    socket.once('close', () => {
      sockets.delete(key);
      quiet.stop();
    });
    ssh.injectSocket(socket);
  });

  const ssh: Server = new ssh2.Server({ hostKeys: [...options.hostKeys], keepaliveInterval: 0 }, (client, info) => {
    client.on('error', () => {}); // nor is one that speaks something else
    const entry = sockets.get(`${info.ip}:${info.port}`);
    if (entry === undefined) {
      client.end();
      return;
    }
    const { quiet, socket } = entry;
    const logins = new SshLogins(options, info.ip, (data) => ssh2.utils.parseKey(data));
    client.on('authentication', (context: AuthContext) => {
      void logins.judge(context).then(
        (mayGoOn) => {
          if (!mayGoOn) client.end();
        },
        () => client.end(), // the answer cannot be given: the client has gone
      );
    });
    client.once('ready', () => {
      quiet.start(limits.initTimeoutMs);
      /** How to end each session that is open. */
      const open = new Set<() => void>();
      // A session does not hear of it, and its channel tells only those who read to the end.
      client.once('close', () => {
        for (const end of open) end();
      });
      client.on('session', (accept, reject) => {
        if (open.size >= MAX_SESSIONS) {
          reject();
          return;
        }
        quiet.stop();
        const session = accept();
        const controller = new AbortController();
        const unused = setTimeout(() => client.end(), limits.initTimeoutMs);
        const end = (): void => {
          if (!open.delete(end)) return;
          clearTimeout(unused);
          controller.abort(new Error('the connection was closed'));
          if (open.size === 0 && !socket.destroyed) quiet.start(limits.idleTimeoutMs);
        };
        open.add(end);
        session.once('close', end);
        serveSession(session, info, logins, controller.signal, {
          onBegin: () => clearTimeout(unused),
          onAnswered: end, // a client that does not close its side is waited for no longer
        });
      });
    });
  });

  function serveSession(
    session: Session,
    info: ClientInfo,
    logins: SshLogins,
    signal: AbortSignal,
    { onBegin, onAnswered }: { readonly onBegin: () => void; readonly onAnswered: () => void },
  ): void {
    let protocol: string | undefined;
    let hasBegun = false;
    session.on('env', (accept, reject, { key, val }) => {
      if (key === 'GIT_PROTOCOL') protocol = val;
      if (key === 'GIT_PROTOCOL') accept?.();
      else reject?.();
    });
    const begin = (channel: ServerChannel, command: string): void => {
      hasBegun = true;
      onBegin();
      const peer: Peer = {
        transport: 'ssh',
        remoteAddress: info.ip,
        username: logins.username,
        identity: logins.identity,
      };
      const answered = answer(channel, command, protocol, peer, signal)
        .catch((error: unknown) => options.onEvent?.({ kind: 'error', path: '', error }))
        .finally(() => {
          answering.delete(answered);
          onAnswered();
        });
      answering.add(answered);
    };
    session.on('exec', (accept, reject, { command }) => {
      if (hasBegun) reject?.();
      else begin(accept(), command);
    });
    session.on('shell', (accept, reject) => {
      if (hasBegun) reject?.();
      else begin(accept(), '');
    });
    session.on('pty', (accept) => accept?.()); // asked for before a shell, which then says that there is none
  }

  async function answer(
    channel: ServerChannel,
    command: string,
    protocol: string | undefined,
    peer: Peer,
    signal: AbortSignal,
  ): Promise<void> {
    const call = parseGitCommand(command);
    if (call === undefined) {
      await leave(channel, signal, 128, 'this server runs git-upload-pack and git-receive-pack only');
      return;
    }
    const connection = new StreamConnection({
      readable: channel,
      writable: channel,
      display: peer.remoteAddress ?? 'the client',
      destroy: () => channel.close(),
      timeoutMs: limits.idleTimeoutMs,
      pace: { minBytesPerSecond: limits.minBytesPerSecond, windowMs: limits.rateWindowMs },
    });
    const destroy = (): void => void connection.close();
    if (signal.aborted) destroy();
    else signal.addEventListener('abort', destroy, { once: true });
    // The status goes before the end of the channel, so this side says when that is.
    const open = { incoming: connection.incoming, send: (bytes: Uint8Array) => connection.send(bytes) };
    const quietEnd = { finish: async (): Promise<void> => {}, close: async (): Promise<void> => {} };
    const version = requestedVersion(protocol);
    const outcome = await answerConnection(options, { ...call, version, peer, signal }, { ...open, ...quietEnd });
    await connection.incoming[Symbol.asyncIterator]().return?.();
    if (outcome.kind === 'served') await leave(channel, signal, 0);
    else await leave(channel, signal, 128, outcome.kind === 'refused' ? outcome.reason : 'the conversation failed');
    await connection.close();
  }

  return await listenOn(tcp, 'ssh', options, async () => {
    const closed = new Promise<void>((resolve) => void tcp.close(() => resolve()));
    for (const { socket } of sockets.values()) socket.destroy();
    await closed;
    await Promise.all(answering);
  });
}

/** Tell how it went, and end the channel in good order. */
async function leave(channel: ServerChannel, signal: AbortSignal, code: number, words?: string): Promise<void> {
  if (channel.destroyed || !channel.writable || signal.aborted) return;
  if (words !== undefined) channel.stderr.write(`fatal: ${words}\n`);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, GOODBYE_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    channel.once('close', done);
    signal.addEventListener('abort', done, { once: true });
    channel.exit(code);
    channel.end();
    channel.resume();
  });
}

/** Ends a connection on which nothing happens for a time. */
class Quiet {
  readonly #onOver: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onOver: () => void) {
    this.#onOver = onOver;
  }

  start(timeoutMs: number): void {
    this.stop();
    this.#timer = setTimeout(this.#onOver, timeoutMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
