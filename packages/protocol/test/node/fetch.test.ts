import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { type AddressInfo, connect as connectSocket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import { connectUploadPack, createHttpTransport } from '@git-kv/protocol';
import { createNodeFetch, createTransport } from '@git-kv/protocol/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CERTIFICATE, KEY } from '../../../../test/support/tls.js';

async function listen(server: Server | TlsServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A proxy that tunnels, and remembers where to. */
function proxy(seen: string[]): Server {
  const server = createServer((_request, response) => void response.writeHead(405).end());
  server.on('connect', (request, client) => {
    seen.push(request.url ?? '');
    const [host, port] = (request.url ?? '').split(':');
    const upstream = connectSocket(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
    client.on('close', () => upstream.destroy());
  });
  return server;
}

describe('createNodeFetch', () => {
  test('tunnels to https:// through the proxy of its environment, and past it where no_proxy says so', async () => {
    const server = createTlsServer({ key: KEY, cert: CERTIFICATE }, (_request, response) => void response.end('here'));
    const target = (await listen(server)).replace('http:', 'https:');
    const seen: string[] = [];
    const environment = { https_proxy: await listen(proxy(seen)) };
    for (const [no_proxy, tunnels] of [
      ['', 1],
      ['127.0.0.1', 0],
    ] as const) {
      seen.length = 0;
      const fetch = createNodeFetch({ environment: { ...environment, no_proxy }, ca: CERTIFICATE });
      expect(await (await fetch(target, {})).text()).toBe('here');
      expect(seen).toHaveLength(tunnels);
      await fetch.close();
    }
  });

  test.each(['http', 'https'])('asks the %s:// proxy itself for what is http://, as curl does', async (scheme) => {
    const seen: unknown[] = [];
    const listener: RequestListener = (request, response) => {
      const { host, authorization, 'proxy-authorization': own } = request.headers;
      const chunks: Uint8Array[] = [];
      request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
      request.on('end', () => {
        seen.push([request.method, request.url, host, authorization, own, Buffer.concat(chunks).toString()]);
        response.end('there');
      });
    };
    const server =
      scheme === 'http' ? createServer(listener) : createTlsServer({ key: KEY, cert: CERTIFICATE }, listener);
    const at = (await listen(server)).replace('http://', `${scheme}://ann:ge%3Aheim@`);
    const fetch = createNodeFetch({ environment: { http_proxy: at }, ca: CERTIFICATE });
    onTestFinished(() => fetch.close());
    const url = 'http://host.invalid:81/a/r.git/info/refs?service=x';
    expect(await (await fetch(url, { headers: { Authorization: 'Bearer x' } })).text()).toBe('there');
    const body = new TextEncoder().encode('what');
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(body);
        controller.close();
      },
    });
    expect(await (await fetch('http://[::1]/', { method: 'POST', body })).text()).toBe('there');
    expect(await (await fetch('http://host.invalid/#x', { method: 'POST', body: stream })).text()).toBe('there');
    const forProxy = `Basic ${btoa('ann:ge:heim')}`;
    expect(seen).toEqual([
      ['GET', url, 'host.invalid:81', 'Bearer x', forProxy, ''],
      ['POST', 'http://[::1]/', '[::1]', undefined, forProxy, 'what'],
      ['POST', 'http://host.invalid/', 'host.invalid', undefined, forProxy, 'what'],
    ]);
  });

  test('says nothing of the password of a proxy that refuses, or that is not there', async () => {
    const refusing = await listen(createServer((_request, response) => void response.writeHead(407).end()));
    for (const [at, code] of [
      [refusing, 'HTTP_STATUS'],
      ['http://127.0.0.1:1', 'TRANSPORT_FAILED'],
    ] as const) {
      const fetch = createNodeFetch({ environment: { http_proxy: at.replace('//', '//ann:geheim@') } });
      onTestFinished(() => fetch.close());
      const asked = connectUploadPack(createHttpTransport('http://host.invalid/r', { fetch }));
      const error: unknown = await asked.catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code });
      expect(inspect(error, { depth: 10 })).not.toMatch(/geheim|YW5uOmdlaGVpbQ/);
    }
  });

  test('gives up a proxy that closes the connection', async () => {
    let connections = 0;
    const closing = createServer((request) => void request.destroy());
    closing.on('connection', () => connections++);
    closing.on('connect', (_request, client) => client.destroy());
    const at = await listen(closing);
    for (const [url, error] of [
      ['http://host.invalid/', { code: 'ECONNRESET' }],
      ['https://host.invalid/', { cause: { code: 'EHOSTUNREACH' } }],
    ] as const) {
      connections = 0;
      const fetch = createNodeFetch({ environment: { all_proxy: at } });
      await expect(fetch(url, {})).rejects.toMatchObject(error);
      expect(connections).toBe(1);
      await fetch.close();
    }
  });

  test('takes nothing from the process: without an environment there is no proxy', async () => {
    const target = await listen(createServer((_request, response) => void response.end('here')));
    process.env.http_proxy = 'http://127.0.0.1:1';
    onTestFinished(() => void delete process.env.http_proxy);
    const fetch = createNodeFetch();
    onTestFinished(() => fetch.close());
    expect(await (await fetch(target, {})).text()).toBe('here');
  });

  test('says in one line what is wrong where TLS is spoken to a server without', async () => {
    const url = (await listen(createServer())).replace('http:', 'https:');
    const fetch = createNodeFetch();
    onTestFinished(() => fetch.close());
    const transport = createHttpTransport(url, { fetch, retry: { maxAttempts: 1 } });
    await expect(connectUploadPack(transport)).rejects.toMatchObject({
      message: `Cannot reach ${url}/info/refs: TLS: wrong version number (EPROTO)`,
    });
  });

  test('can leave no connection open', async () => {
    const ports = new Set<number | undefined>();
    const target = await listen(
      createServer((request, response) => {
        ports.add(request.socket.remotePort);
        response.end('here');
      }),
    );
    const fetch = createNodeFetch({ keepAliveMs: 0 });
    onTestFinished(() => fetch.close());
    for (let round = 0; round < 3; round++) await (await fetch(target, {})).text();
    expect(ports.size).toBe(3);
  });

  test('trusts the certificate authorities it is given, and else only those of Node', async () => {
    const server = createTlsServer({ key: KEY, cert: CERTIFICATE }, (_request, response) => void response.end('here'));
    const url = (await listen(server)).replace('http:', 'https:');
    for (const options of [{ ca: CERTIFICATE }, { extraCa: [CERTIFICATE] }]) {
      const fetch = createNodeFetch(options);
      expect(await (await fetch(url, {})).text()).toBe('here');
      await fetch.close();
    }
    const fetch = createNodeFetch();
    onTestFinished(() => fetch.close());
    await expect(connectUploadPack(createHttpTransport(url, { fetch }))).rejects.toMatchObject({
      code: 'TRANSPORT_FAILED',
      retryable: false,
      message: expect.stringContaining('SELF_SIGNED'),
    });
  });

  test('shows a certificate of its own to the server that it is for, through a tunnel too', async () => {
    const demanding = { key: KEY, cert: CERTIFICATE, requestCert: true, ca: CERTIFICATE };
    const server = createTlsServer(demanding, (_request, response) => void response.end('here'));
    const url = (await listen(server)).replace('http:', 'https:');
    const seen: string[] = [];
    const https_proxy = await listen(proxy(seen));
    const client = { cert: CERTIFICATE, key: KEY };
    for (const environment of [{}, { https_proxy }]) {
      for (const [shown, isIn] of [
        [client, true],
        [{ cert: `${CERTIFICATE}\n${KEY}` }, true],
        [{ ...client, origin: url }, true],
        [{ ...client, origin: 'https://elsewhere.invalid' }, false],
        [undefined, false],
      ] as const) {
        const fetch = createNodeFetch({ environment, ca: CERTIFICATE, client: shown });
        const answer = fetch(url, {}).then((response) => response.text());
        await (isIn ? expect(answer).resolves.toBe('here') : expect(answer).rejects.toThrow());
        await fetch.close();
      }
    }
    expect(seen).toHaveLength(5);
  });

  test('of a transport shows its certificate to the server of its URL, and not to where that one leads', async () => {
    const seen: [server: string, hasCertificate: boolean][] = [];
    const tls = { key: KEY, cert: CERTIFICATE, requestCert: true, rejectUnauthorized: false };
    const asking = (name: string, answer: RequestListener): TlsServer =>
      createTlsServer(tls, (request, response) => {
        seen.push([name, Object.keys((request.socket as TLSSocket).getPeerCertificate()).length > 0]);
        answer(request, response);
      });
    const elsewhere = await listen(asking('elsewhere', (_request, response) => void response.writeHead(404).end()));
    const first = await listen(
      asking('first', ({ url = '' }, response) => {
        response.writeHead(301, { Location: `${elsewhere.replace('http:', 'https:')}${url}` }).end();
      }),
    );
    const client = { cert: CERTIFICATE, key: KEY };
    const transport = createTransport(`${first.replace('http:', 'https:')}/r.git`, {
      environment: {},
      http: { ca: CERTIFICATE, client },
    });
    onTestFinished(() => transport.close?.());
    await expect(connectUploadPack(transport)).rejects.toThrow('Cannot find a repository');
    expect(seen).toEqual([
      ['first', true],
      ['elsewhere', false],
    ]);
  });

  test('trusts servers that nobody vouches for where it is told to, and proxies not even then', async () => {
    const server = createTlsServer({ key: KEY, cert: CERTIFICATE }, (_request, response) => void response.end('here'));
    const url = (await listen(server)).replace('http:', 'https:');
    const fetch = createNodeFetch({ verify: false });
    expect(await (await fetch(url, {})).text()).toBe('here');
    await fetch.close();
    const behind = createNodeFetch({ verify: false, environment: { http_proxy: url } });
    onTestFinished(() => behind.close());
    await expect(behind('http://host.invalid/', {})).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });
});
