// A git server for the clone cases: `git http-backend` behind a small CGI bridge, on the loopback interface only.
// Runs as a process of its own (`node http-backend.mjs DIRECTORY`), prints its port, ends when standard input closes.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, dirname, join } from 'node:path';
import { gitEnvironment } from './git.mjs';

const root = process.argv[2];
if (root === undefined) throw new Error('usage: node http-backend.mjs DIRECTORY');

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const header = (/** @type {string} */ name) => String(request.headers[name] ?? '');
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...gitEnvironment,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: header('git-protocol'),
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: header('content-type'),
      CONTENT_LENGTH: header('content-length'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      REMOTE_ADDR: '127.0.0.1',
      SERVER_PROTOCOL: 'HTTP/1.1',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // A backend that answers without reading the whole request closes the pipe: no failure of ours.
  backend.stdin.on('error', () => {});
  request.pipe(backend.stdin);
  if (url.pathname.endsWith('/git-receive-pack')) countBody(request, url.pathname);
  response.on('close', () => backend.kill());
  backend.once('error', () => response.writeHead(500).end());

  let head = Buffer.alloc(0);
  const readHead = (/** @type {Buffer} */ chunk) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    backend.stdout.off('data', readHead);
    let status = 200;
    for (const line of head.toString('latin1', 0, end).split('\r\n')) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon);
      const value = line.slice(colon + 1).trim();
      if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.writeHead(status);
    response.write(head.subarray(end + 4));
    backend.stdout.pipe(response);
  };
  backend.stdout.on('data', readHead);
  backend.once('close', () => {
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});

/**
 * Write down in the repository how many bytes a push was.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {string} path
 */
function countBody(request, path) {
  let bytes = 0;
  request.on('data', (chunk) => {
    bytes += chunk.length;
  });
  request.once('end', () => {
    const name = basename(dirname(decodeURIComponent(path)));
    writeFileSync(join(/** @type {string} */ (root), name, 'received-bytes'), String(bytes));
  });
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`);
});
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
