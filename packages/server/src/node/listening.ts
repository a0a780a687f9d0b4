import type { AddressInfo, Server } from 'node:net';

/** A server that accepts connections. */
export interface ListeningServer {
  readonly host: string;
  readonly port: number;
  /** `SCHEME://HOST:PORT`, without a slash at the end. */
  readonly url: string;
  /** Stop listening, close every connection and wait for that. */
  close(): Promise<void>;
}

/** Where to listen. */
export interface ListenAddress {
  /** Default 127.0.0.1: reachable from this machine only. */
  readonly host?: string;
  /** Default 0: a free port. */
  readonly port?: number;
  /** Told of failures of the listening socket itself, such as too many open files; it goes on listening. */
  readonly onError?: (error: Error) => void;
}

/** Listen. Resolves when connections are accepted; rejects where the address is taken. */
export async function listenOn(
  server: Server,
  scheme: string,
  address: ListenAddress,
  close: () => Promise<void>,
): Promise<ListeningServer> {
  const { host = '127.0.0.1', onError } = address;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port ?? 0, host, () => {
      server.off('error', reject);
      server.on('error', (error: Error) => onError?.(error)); // without a listener it would end the process
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return { host, port, url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`, close };
}
