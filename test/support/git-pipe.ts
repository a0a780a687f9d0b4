// A transport to git's own server programs over pipes, as ssh and git:// would carry it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { TransportError } from '@git-kv/objects';
import type { ConnectCall, Connection, ConnectionTransport } from '@git-kv/protocol';
import { gitEnv } from './git-process.js';

/** A transport, and what became of the programs that it started. */
export interface PipeTransport extends ConnectionTransport {
  /** Exit codes, in the order in which the programs were started; `undefined` while one runs. */
  readonly exitCodes: readonly (number | undefined)[];
}

/** `git upload-pack` and `git receive-pack` in `directory`, or another program that takes the same words. */
export function gitPipe(
  directory: string,
  options: {
    readonly program?: readonly [string, ...string[]];
    readonly env?: Readonly<Record<string, string>>;
    readonly config?: readonly string[];
  } = {},
): PipeTransport {
  const exitCodes: (number | undefined)[] = [];
  const [command, ...words] = options.program ?? ['git', ...(options.config ?? []).flatMap((each) => ['-c', each])];
  const connect = async ({ service, version = 0 }: ConnectCall): Promise<Connection> => {
    const child = spawn(command, [...words, service.slice('git-'.length), directory], {
      env: { ...gitEnv, ...(version === 0 ? {} : { GIT_PROTOCOL: `version=${version}` }), ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const index = exitCodes.push(undefined) - 1;
    child.on('close', (code) => {
      exitCodes[index] = code ?? -1;
    });
    return connectionTo(child);
  };
  return { url: `pipe:${directory}`, connect, exitCodes };
}

function connectionTo(child: ChildProcess): Connection {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('BUG: there are no pipes');
  let words = '';
  let closed = false;
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  stderr.on('data', (chunk: Buffer) => {
    words += chunk.toString();
  });
  stdin.on('error', () => {}); // told to whoever sends
  const gone = (): TransportError =>
    new TransportError('TRANSPORT_CLOSED', `Cannot go on: the program ended: ${words}`);
  async function* incoming(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of stdout as NodeJS.ReadableStream) yield chunk as Buffer;
    } catch (error) {
      if (!closed) throw error;
    }
    const code = await ended;
    if (code !== 0 && !closed) throw gone();
  }
  return {
    incoming: incoming(),
    send: (bytes) =>
      new Promise((resolve, reject) => stdin.write(bytes, (error) => (error ? reject(gone()) : resolve()))),
    finish: async () => void stdin.end(),
    close: async () => {
      if (closed) return;
      closed = true;
      stdin.destroy();
      stdout.destroy();
      if (child.exitCode === null) child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    },
  };
}
