import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import { type GitHttpBackend, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';

/** git's own HTTP server over `root`, until the test ends. */
export async function serveUntilTestEnds(
  root: string,
  intercept?: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>,
): Promise<GitHttpBackend> {
  const backend = await startGitHttpBackend({ root, ...(intercept === undefined ? {} : { intercept }) });
  onTestFinished(() => backend.close());
  return backend;
}

/** An interceptor that lets nobody in without this name and password. */
export function basicAuth(
  username: string,
  password: string,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return (request, response) => {
    if (request.headers.authorization === expected) return false;
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="test"' }).end('no');
    return true;
  };
}

/** A port of this computer on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('BUG: a TCP server has a port');
  return address.port;
}
