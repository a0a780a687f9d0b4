import { type ChildProcess, spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';

/** A program that is started for each connection, as inetd does. */
export interface Inetd {
  readonly port: number;
  /** What the programs wrote on their standard error. */
  readonly words: () => string;
  close(): Promise<void>;
}

/**
 * Listen on a free port of the loopback address, and give each connection to a program as its standard input and output. Servers
 * that take a port of their own cannot be asked for a free one.
 */
export async function startInetd(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Inetd> {
  const children = new Set<ChildProcess>();
  let words = '';
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket: Socket) => {
    const child = spawn(program, args, { env: { ...env }, stdio: [socket, socket, 'pipe'] });
    children.add(child);
    child.stderr?.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-65536);
    });
    child.once('error', () => socket.destroy());
    child.once('spawn', () => socket.destroy()); // the program has it now
    child.once('close', () => children.delete(child));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    words: () => words,
    close: async () => {
      for (const child of children) child.kill('SIGKILL');
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
