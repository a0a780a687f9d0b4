import { userInfo } from 'node:os';
import { NotFoundError, RemoteError, TransportError } from '@git-kv/objects';
import type { Client, ClientChannel } from 'ssh2';
import { remoteWords } from '../../text.js';
import { Deadline } from '../../transport/deadline.js';
import { requestFailure } from '../../transport/failure.js';
import type { PaceOptions } from '../../transport/pace.js';
import type { Connection, ConnectionTransport } from '../../transport/transport.js';
import { DEFAULT_CONNECT_TIMEOUT_MS, DEFAULT_IDLE_TIMEOUT_MS, openSocket } from '../git-transport.js';
import type { Environment } from '../proxy.js';
import { remoteCommand, type SshAddress } from '../ssh-program.js';
import { type ConnectCall, StreamConnection } from '../stream-connection.js';
import { type HostKeyOptions, HostKeys } from './host-keys.js';
import { loadSsh2 } from './load-ssh2.js';
import { Login } from './login.js';
import type { LoginOptions } from './login-options.js';

/** How ssh is spoken by the library ssh2. */
export interface SshLibraryOptions extends HostKeyOptions, LoginOptions {
  /** Where HOME, USER and SSH_AUTH_SOCK are looked up. Default: this process's. */
  readonly environment?: Environment | undefined;
  /** Give up a connection that is not made, the login included, within so long (default 30 s); people are waited for. */
  readonly connectTimeoutMs?: number | undefined;
  /** Give up when nothing moves for so long (default five minutes); 0 for never. */
  readonly timeoutMs?: number | undefined;
  /** Give up a server that is slower than this; by default none is. */
  readonly pace?: PaceOptions | undefined;
  /** Ask the server for a sign of life after so long without one (default 15 s); after three without an answer it is gone. */
  readonly keepAliveMs?: number | undefined;
  /** How long a connection is kept for the next use (default 4 s); 0 closes it at once. */
  readonly keepConnectionMs?: number | undefined;
  /** The program that serves fetches on the other side. */
  readonly uploadPack?: string | undefined;
  readonly receivePack?: string | undefined;
}

const SSH_PORT = 22;
const MAX_WORDS = 4096;
const MAX_MISSED_SIGNS = 3;
const CLOSE_GRACE_MS = 2000;

const load = async (): Promise<typeof import('ssh2')> => (await loadSsh2('connect over ssh')) as typeof import('ssh2');

/** Whether ssh2 can be used. */
export async function hasSshLibrary(): Promise<boolean> {
  return await load().then(
    () => true,
    () => false,
  );
}

/**
 * A transport over ssh in this process, by the package `ssh2`: no program is run. Hosts are checked against known_hosts. The
 * configuration of OpenSSH (~/.ssh/config) is not read.
 */
export function createSshLibraryTransport(address: SshAddress, options: SshLibraryOptions = {}): ConnectionTransport {
  const idle = new IdleClient(options.keepConnectionMs ?? 4000);
  return {
    url: address.display,
    async connect(call) {
      call.signal?.throwIfAborted();
      const client = idle.take() ?? (await openClient(address, options, call.signal));
      try {
        return await openChannel(client, idle, address, call, options);
      } catch (error) {
        client.destroy();
        throw error;
      }
    },
    close: async () => idle.close(),
  };
}

/** Holds one connection that nobody uses, for a while. */
class IdleClient {
  readonly #keepMs: number;
  #client: Client | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  take(): Client | undefined {
    const client = this.#client;
    clearTimeout(this.#timer);
    client?.off('close', this.#forget);
    this.#client = undefined;
    return client;
  }

  give(client: Client): void {
    if (this.#client !== undefined || this.#isClosed || this.#keepMs === 0) {
      client.end();
      return;
    }
    this.#client = client;
    client.once('close', this.#forget);
    this.#timer = setTimeout(() => this.take()?.end(), this.#keepMs);
  }

  close(): void {
    this.#isClosed = true;
    this.take()?.end();
  }

  readonly #forget = (): void => void this.take();
}

async function openClient(
  address: SshAddress,
  options: SshLibraryOptions,
  signal: AbortSignal | undefined,
): Promise<Client> {
  const { environment = process.env, connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = options;
  const ssh2 = await load();
  const { host, port = SSH_PORT, display } = address;
  const username = address.user ?? environment.USER ?? environment.USERNAME ?? userInfo().username;
  const hosts = await HostKeys.read(options, environment);
  const login = new Login(username, display, options, environment, (data, passphrase) =>
    ssh2.utils.parseKey(data, passphrase),
  );
  const sock = await openSocket(host, port, display, signal, connectTimeoutMs);
  const client = new ssh2.Client();
  const deadline = new Deadline(signal, connectTimeoutMs);
  deadline.signal.addEventListener('abort', () => client.destroy(), { once: true });
  let refusal: unknown;
  let accepted: Buffer | undefined;
  try {
    deadline.start();
    await new Promise<void>((resolve, reject) => {
      // Listened to for good: an error that nobody hears ends the process. Those of an agent only end one way to log in.
      client.on('error', (error) => {
        if (error.level !== 'agent') reject(error);
      });
      client.once('close', () => reject(new Error('the server closed the connection')));
      client.once('ready', resolve);
      client.connect({
        sock,
        username,
        readyTimeout: 0,
        keepaliveInterval: options.keepAliveMs ?? 15_000,
        keepaliveCountMax: MAX_MISSED_SIGNS,
        algorithms: { serverHostKey: hosts.algorithms(host, port) as never },
        hostVerifier: (key: Buffer, verify: (isTrusted: boolean) => void) => {
          // Keys are exchanged anew now and then, and the host shows its own again.
          if (accepted?.equals(key)) {
            verify(true);
            return;
          }
          deadline.stop();
          hosts.check(host, port, key).then(
            () => {
              accepted = Buffer.from(key);
              deadline.start();
              verify(true);
            },
            (error: unknown) => {
              refusal = error;
              verify(false);
            },
          );
        },
        authHandler: (left, _partial, next) => {
          deadline.stop();
          void login.next(left ?? undefined, (method) => {
            deadline.start();
            next(method);
          });
        },
      });
    });
    return client;
  } catch (error) {
    client.destroy();
    deadline.throwIfOver();
    throw refusal ?? login.failure ?? connectFailure(error, display);
  } finally {
    deadline.end();
  }
}

function connectFailure(error: unknown, display: string): unknown {
  if ((error as { level?: unknown }).level === 'client-authentication') {
    const message = `Cannot authenticate at ${display}: the server took none of the keys and passwords that were offered`;
    return new TransportError('AUTHENTICATION_FAILED', message, { cause: error });
  }
  return requestFailure(error, display, false);
}

async function openChannel(
  client: Client,
  idle: IdleClient,
  address: SshAddress,
  call: ConnectCall,
  options: SshLibraryOptions,
): Promise<Connection> {
  const { display } = address;
  const command = remoteCommand(call, address.path, options);
  const version = call.version ?? 0;
  const environment = version === 0 ? {} : { env: { GIT_PROTOCOL: `version=${version}` } };
  const deadline = new Deadline(call.signal, options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS);
  deadline.signal.addEventListener('abort', () => client.destroy(), { once: true });
  let channel: ClientChannel;
  let onClose = (): void => {};
  try {
    deadline.start();
    channel = await new Promise<ClientChannel>((resolve, reject) => {
      onClose = () => reject(new Error('the server closed the connection'));
      client.once('close', onClose);
      client.exec(command, environment, (error, opened) => (error ? reject(error) : resolve(opened)));
    });
  } catch (error) {
    deadline.throwIfOver();
    throw requestFailure(error, display, false);
  } finally {
    client.off('close', onClose);
    deadline.end();
  }
  const end = watchChannel(client, channel);
  return new StreamConnection({
    readable: channel,
    writable: channel,
    display,
    timeoutMs: options.timeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
    pace: options.pace,
    destroy: () => client.destroy(),
    ended: async () => {
      await end.closed;
      end.throwIfBad(display);
    },
    release: async (isFinished) => {
      if (!isFinished) {
        client.destroy();
        return;
      }
      channel.close();
      // It counts as closed when nothing is left of it to read.
      channel.removeAllListeners('readable');
      channel.resume();
      const isClosed = await Promise.race([end.closed.then(() => true), after(CLOSE_GRACE_MS)]);
      if (isClosed === true && !end.isClientGone()) idle.give(client);
      else client.destroy();
    },
  });
}

interface ChannelEnd {
  readonly closed: Promise<void>;
  isClientGone(): boolean;
  throwIfBad(display: string): void;
}

function watchChannel(client: Client, channel: ClientChannel): ChannelEnd {
  let words = '';
  let code: number | null | undefined;
  let signal: string | undefined;
  let isClientGone = false;
  channel.stderr.on('data', (chunk: Uint8Array) => {
    words = (words + new TextDecoder().decode(chunk)).slice(-MAX_WORDS);
  });
  channel.on('exit', (exitCode: number | null, exitSignal?: string) => {
    code = exitCode;
    signal = exitSignal;
  });
  const closed = new Promise<void>((resolve) => {
    const onClientGone = (): void => {
      isClientGone = true;
      resolve();
    };
    client.once('close', onClientGone);
    channel.once('close', () => {
      // A connection that is kept must not gather listeners. One that breaks closes its channels first, and then itself.
      setImmediate(() => client.off('close', onClientGone));
      resolve();
    });
  });
  return {
    closed,
    isClientGone: () => isClientGone,
    throwIfBad(display) {
      const said = remoteWords(words).replace(/\s*\n\s*/g, '; ');
      const tail = said === '' ? '' : `: ${said}`;
      // A server need not say how the program ended, but then it has to be there still.
      if (code === 0 || (code === undefined && !isClientGone)) return;
      if (code === undefined) {
        throw new TransportError('TRANSPORT_CLOSED', `Cannot go on with ${display}: the connection broke${tail}`, {
          retryable: true,
        });
      }
      if (/does not appear to be a git repository|not a git repository/i.test(said)) {
        throw new NotFoundError('REPOSITORY_NOT_FOUND', display, `Cannot find a repository at ${display}${tail}`);
      }
      const how = code === null ? `was ended by ${signal ?? 'a signal'}` : `ended with code ${code}`;
      throw new RemoteError('REMOTE_ERROR', said, `Cannot talk to ${display}: its program ${how}${tail}`);
    },
  };
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
