import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { temporaryDirectory } from './git.js';

/** A program of this name in the PATH. */
export const onPath = (...names: readonly string[]): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((directory) => names.map((name) => join(directory, name)))
    .find((path) => existsSync(path));

/** The browser of this machine, if it has one. */
export const chromium: string | undefined = onPath('chromium', 'chromium-browser', 'google-chrome');

/** What a page is made of, by path. */
export interface PageFile {
  readonly type: string;
  readonly body: string | Uint8Array;
}

/**
 * Open `/` of a server of `find`'s files in Chromium, and give what the page posts to `/result`. The browser is gone after that.
 */
export async function resultOfPage(
  find: (path: string) => PageFile | undefined | Promise<PageFile | undefined>,
  timeoutMs = 60_000,
): Promise<string> {
  let report: (text: string) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const result = new Promise<string>((resolve, reject) => {
    report = resolve;
    fail = reject;
  });
  const server = createServer(async (request, response) => {
    if (request.method === 'POST' && request.url === '/result') {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      request.once('end', () => {
        response.end();
        report(text);
      });
      return;
    }
    const file = await find(new URL(request.url ?? '/', 'http://page').pathname);
    response.writeHead(file === undefined ? 404 : 200, { 'content-type': file?.type ?? 'text/plain' }).end(file?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const profile = temporaryDirectory('git-kv-chromium');
  const { port } = server.address() as AddressInfo;
  const child = spawn(
    chromium as string,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--user-data-dir=${profile}`,
      '--remote-debugging-port=0', // keeps it open until it is ended
      `http://127.0.0.1:${port}/`,
    ],
    { stdio: 'ignore', detached: true }, // a group of its own, whose processes end together
  );
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.once('error', fail);
  child.once('close', (code) => fail(new Error(`Chromium ended with ${code} before the page had a result`)));
  const timer = setTimeout(() => fail(new Error(`The page had no result after ${timeoutMs} ms`)), timeoutMs);
  try {
    return await result;
  } finally {
    clearTimeout(timer);
    try {
      process.kill(-(child.pid as number), 'SIGKILL');
    } catch {
      child.kill('SIGKILL'); // it is gone already, or never was there
    }
    await closed;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
