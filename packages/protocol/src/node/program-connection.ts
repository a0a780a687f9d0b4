import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { decodeUtf8, NotFoundError, RemoteError, TransportError } from '@git-kv/objects';
import { remoteWords } from '../text.js';
import type { PaceOptions } from '../transport/pace.js';
import type { Connection } from '../transport/transport.js';
import type { Environment } from './proxy.js';
import { StreamConnection } from './stream-connection.js';

/** A program that speaks git's protocol on its standard input and output. */
export interface ProgramCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly cwd?: string | undefined;
  /** Where it leads, for messages. */
  readonly display: string;
  /** Whether `program` only leads to the server (as ssh does), so that it may fail before anything got there. */
  readonly isCarrier?: boolean;
  /** Gives up before the program runs. */
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly pace?: PaceOptions | undefined;
}

/** Bytes of standard error that are kept: the last ones, where a program says what it died of. */
const MAX_WORDS_BYTES = 4096;
/** How long a program may take to end by itself when nobody speaks to it any more, and then after SIGTERM. */
const GRACE_MS = 2000;
/** How long words on standard error are waited for after the program has ended. */
const WORDS_GRACE_MS = 250;

/** What ssh gives up with when it is not the remote program that failed. */
const CARRIER_FAILED = 255;
const NOT_FOUND = 127;

/**
 * Run a program and talk to it. Its standard error is read, bounded, and told where it fails.
 * @throws {TransportError} TRANSPORT_FAILED where it cannot be run
 */
export async function connectProgram(call: ProgramCall): Promise<Connection> {
  const { program, args, environment, cwd, display, signal } = call;
  signal?.throwIfAborted();
  const child = spawn(program, args, {
    env: { ...environment },
    ...(cwd !== undefined && { cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const exit = watch(child);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    // Listened to for good: later on a signal may not reach it.
    child.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'there is no such program' : error.message;
      const message = `Cannot run ${program} for ${display}: ${reason}`;
      reject(new TransportError('TRANSPORT_FAILED', message, { cause: error }));
    });
  });
  return new StreamConnection({
    readable: child.stdout,
    writable: child.stdin,
    display,
    timeoutMs: call.timeoutMs,
    pace: call.pace,
    destroy: () => void child.kill('SIGTERM'),
    ended: async () => {
      const ended = await exit.ended;
      if (ended.code !== 0) throw failureOf(call, ended, (child.stdout as Socket).bytesRead > 0);
    },
    release: async (isFinished) => {
      child.stdin.end();
      child.stdout.destroy();
      if (!isFinished) child.kill('SIGTERM');
      await exit.stop();
    },
  });
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of its standard error, fit for a person. */
  readonly words: string;
}

function watch(child: ChildProcessWithoutNullStreams): { ended: Promise<Ended>; stop: () => Promise<void> } {
  let words: Uint8Array = new Uint8Array(0);
  child.stderr.on('data', (chunk: Uint8Array) => {
    const joined = new Uint8Array(words.length + chunk.length);
    joined.set(words);
    joined.set(chunk, words.length);
    words = joined.slice(-MAX_WORDS_BYTES);
  });
  child.stderr.on('error', () => {});
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (code, signal) => {
      const done = (): void => resolve({ code, signal, words: remoteWords(decodeUtf8(words)) });
      if (child.stderr.readableEnded) done();
      child.stderr.once('end', done);
      // What the program left behind may hold standard error open.
      setTimeout(done, WORDS_GRACE_MS).unref();
    });
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const terminate = setTimeout(() => child.kill('SIGTERM'), GRACE_MS);
    const kill = setTimeout(() => child.kill('SIGKILL'), 2 * GRACE_MS);
    await ended;
    clearTimeout(terminate);
    clearTimeout(kill);
  };
  return { ended, stop };
}

/** What an exit code means, in the words of standard error. */
function failureOf(call: ProgramCall, ended: Ended, hasAnswered: boolean): Error {
  const { program, display } = call;
  const { code, signal, words } = ended;
  const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  const said = words === '' ? '' : `: ${words.replace(/\s*\n\s*/g, '; ')}`;
  const message = `Cannot talk to ${display}: ${program} ${how}${said}`;
  if (!hasAnswered && /does not appear to be a git repository|not a git repository/i.test(words)) {
    return new NotFoundError('REPOSITORY_NOT_FOUND', display, `Cannot find a repository at ${display}${said}`);
  }
  if (call.isCarrier === true && code === CARRIER_FAILED) {
    if (/permission denied|too many authentication failures/i.test(words)) {
      return new TransportError('AUTHENTICATION_FAILED', `Cannot authenticate at ${display}${said}`);
    }
    if (/host key verification failed/i.test(words)) {
      return new TransportError('HOST_KEY_REFUSED', `Cannot trust the host of ${display}${said}`);
    }
    return new TransportError(hasAnswered ? 'TRANSPORT_CLOSED' : 'TRANSPORT_FAILED', message, { retryable: true });
  }
  if (code === NOT_FOUND || signal !== null) {
    return new TransportError(hasAnswered ? 'TRANSPORT_CLOSED' : 'TRANSPORT_FAILED', message);
  }
  return new RemoteError('REMOTE_ERROR', words, message);
}
