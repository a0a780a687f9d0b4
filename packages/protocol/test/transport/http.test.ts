import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createNetServer, type Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { sha1 } from '@git-kv/objects';
import {
  type Credentials,
  type CredentialsRequest,
  connectReceivePack,
  connectUploadPack,
  createHttpTransport,
  type HttpTransportOptions,
  type RequestTransport,
  serializeReceivePackAdvertisement,
  serializeV2Advertisement,
} from '@git-kv/protocol';
import { createNodeFetch } from '@git-kv/protocol/node';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { bytesOf, chunked, collect } from '../support.js';

const ADVERTISEMENT = serializeV2Advertisement([{ name: 'ls-refs' }, { name: 'fetch', value: 'shallow' }]);
const ADVERTISED = { 'content-type': 'application/x-git-upload-pack-advertisement' };

const answer = (body: Uint8Array | string, status = 200, headers: Record<string, string> = ADVERTISED): Response =>
  new Response(body as Uint8Array<ArrayBuffer>, { status, headers });

type Handler = (request: Request) => Response | Promise<Response>;

/** A transport to a handler in this process: any function from Request to Response will do. */
function inProcess(url: string, handler: Handler, options: HttpTransportOptions = {}) {
  const requests: Request[] = [];
  const transport = createHttpTransport(url, {
    ...options,
    fetch: async (target, init) => {
      const request = new Request(target, init);
      requests.push(request.clone());
      return await handler(request);
    },
  });
  return { transport, requests };
}

const basic = (user: string): string => `Basic ${btoa(user)}`;

describe('a transport over HTTP', () => {
  test('asks for info/refs as git does', async () => {
    const { transport, requests } = inProcess('http://host/a/b.git/', () => answer(ADVERTISEMENT));
    await connectUploadPack(transport);
    expect(requests[0]?.url).toBe('http://host/a/b.git/info/refs?service=git-upload-pack');
    expect(requests[0]?.headers.get('user-agent')).toMatch(/^git\//);
    expect(requests[0]?.headers.get('git-protocol')).toBe('version=2');
    expect(requests[0]?.headers.get('authorization')).toBeNull();
  });

  test('asks receive-pack for version 0', async () => {
    const advertisement = serializeReceivePackAdvertisement({ capabilities: [], algorithm: sha1, refs: [] });
    const { transport, requests } = inProcess('http://host/r', () =>
      answer(advertisement, 200, { 'content-type': 'application/x-git-receive-pack-advertisement' }),
    );
    expect((await connectReceivePack(transport)).refs).toEqual([]);
    expect(requests[0]?.headers.get('git-protocol')).toBeNull();
  });

  test('keeps a query of the URL, and does not print it', async () => {
    const { transport, requests } = inProcess('http://host/r?key=s3cret', () => answer(ADVERTISEMENT));
    await connectUploadPack(transport);
    expect(requests[0]?.url).toBe('http://host/r?key=s3cret/info/refs&service=git-upload-pack');
    expect(transport.url).not.toContain('s3cret');
  });

  test('sends the headers it is given', async () => {
    const { transport, requests } = inProcess('http://host/r', () => answer(ADVERTISEMENT), {
      headers: { 'X-Extra': '1' },
      userAgent: 'git/other',
    });
    await connectUploadPack(transport);
    expect(requests[0]?.headers.get('x-extra')).toBe('1');
    expect(requests[0]?.headers.get('user-agent')).toBe('git/other');
  });
});

describe('a URL', () => {
  const refused: [problem: string, url: string][] = [
    ['a line feed', 'http://host/a\nb'],
    ['a carriage return', 'http://host/a\rb'],
    ['a NUL', 'http://host/\0'],
    ['a space', 'http://host/a b'],
    ['an encoded line feed', 'http://host/a%0ab'],
    ['an encoded carriage return in its credentials', 'http://us%0Der:pw@host/'],
    ['an encoded NUL', 'http://host/%00'],
    ['another scheme', 'ssh://host/r'],
    ['no scheme', 'host/r'],
    ['a fragment', 'http://host/r#main'],
    ['broken credentials', 'http://%ff:s3cret@host/r'],
    ['nothing', ''],
  ];
  test.each(refused)('with %s is refused, and not shown', (_problem, url) => {
    const run = () => createHttpTransport(url);
    expect(run).toThrow(expect.objectContaining({ code: 'INVALID_URL' }));
    expect(run).not.toThrow(/host|s3cret/);
  });

  test('with credentials has them moved to the header, and nowhere else', async () => {
    const { transport, requests } = inProcess('http://us%40er:p%3Ass@host/r', () => answer(ADVERTISEMENT));
    expect(transport.url).toBe('http://host/r');
    await connectUploadPack(transport);
    expect(requests[0]?.url).toBe('http://host/r/info/refs?service=git-upload-pack');
    expect(requests[0]?.headers.get('authorization')).toBe(basic('us@er:p:ss'));
  });

  test('with a name alone sends it without a password, where nobody can be asked', async () => {
    const { transport, requests } = inProcess('http://token@host/r', () => answer(ADVERTISEMENT));
    await connectUploadPack(transport);
    expect(requests[0]?.headers.get('authorization')).toBe(basic('token:'));
  });

  test.each([
    ['a line feed', { Authorization: 's3cret\r\nX-More: 1' }],
    ['NUL', { Authorization: 's3cret\0' }],
    ['text that is not Latin-1', { Authorization: 's3cret\u0100' }],
    ['a name that is none', { 's3cret name': 'x' }],
  ])('takes no header with %s, and does not show it', (_what, headers) => {
    const create = (): unknown => createHttpTransport('http://host/r', { headers });
    expect(create).toThrow(TypeError);
    expect(create).toThrow(expect.objectContaining({ message: expect.not.stringContaining('s3cret') }));
  });

  test('never shows its credentials in an error', async () => {
    const failures: Handler[] = [
      () => answer('no', 401),
      () => answer('no', 403),
      () => answer('no', 404),
      () => answer('no', 500),
      () => answer('<html>', 200, { 'content-type': 'text/html' }),
      () => answer('', 302, { location: 'http://us:s3cret@host/other/info/refs?service=git-upload-pack' }),
      () => Promise.reject(new TypeError('fetch failed: http://user:s3cret@host/r')),
      () => Promise.reject(new TypeError('fetch failed: http://user:p@s3cret@host/r')),
    ];
    for (const failure of failures) {
      const { transport } = inProcess('http://user:s3cret@host/r', failure);
      const error: unknown = await connectUploadPack(transport).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(Error);
      expect(String(error)).not.toContain('s3cret');
      expect(String(error)).not.toContain(btoa('user:s3cret'));
    }
  });
});

describe('an answer', () => {
  const text = { 'content-type': 'text/plain; charset=utf-8' };
  const cases: [problem: string, response: () => Response, expected: object][] = [
    ['401', () => answer('', 401), { code: 'AUTHENTICATION_FAILED', status: 401, retryable: false }],
    ['403', () => answer('not you', 403, text), { code: 'ACCESS_DENIED', message: expect.stringContaining('not you') }],
    ['404', () => answer('Not Found', 404, text), { code: 'REPOSITORY_NOT_FOUND', name: 'NotFoundError' }],
    ['410', () => answer('', 410), { code: 'HTTP_STATUS', status: 410, retryable: false }],
    ['429', () => answer('', 429), { code: 'HTTP_STATUS', status: 429, retryable: true }],
    ['500', () => answer('', 500), { code: 'HTTP_STATUS', status: 500, retryable: true }],
    ['204', () => new Response(null, { status: 204 }), { code: 'HTTP_STATUS', status: 204 }],
    ['a web page', () => answer('<html>', 200, { 'content-type': 'text/html' }), { code: 'UNSUPPORTED' }],
    [
      'a dumb server',
      () => answer('aa\trefs/heads/main\n', 200, text),
      { code: 'UNSUPPORTED', message: expect.stringContaining('dumb') },
    ],
    ['no content type', () => answer(ADVERTISEMENT, 200, {}), { code: 'UNSUPPORTED' }],
    ['a broken ref', () => answer(bytesOf('000erefs/heads0000')), { code: 'MALFORMED' }],
    ['an ERR line', () => answer(bytesOf('0010ERR sorry...0000')), { code: 'REMOTE_ERROR', remoteMessage: 'sorry...' }],
    ['nothing', () => answer(''), { code: 'TRANSPORT_CLOSED' }],
    ['half an advertisement', () => answer(ADVERTISEMENT.subarray(0, 20)), { code: 'TRANSPORT_CLOSED' }],
    ['more than an advertisement', () => answer(bytesOf('000eversion 2\n00000000')), { code: 'MALFORMED' }],
  ];
  test.each(cases)('of %s is a typed error', async (_problem, response, expected) => {
    const { transport } = inProcess('http://host/r', response, { retry: { maxAttempts: 1 } });
    await expect(connectUploadPack(transport)).rejects.toMatchObject(expected);
  });

  test('that fails is read no further than 4 KiB, and shown without control characters', async () => {
    let pulled = 0;
    const endless = (): Response =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            pulled++;
            controller.enqueue(bytesOf('\u001b[31m' + 'x'.repeat(1019)));
          },
        }),
        { status: 500, headers: text },
      );
    const { transport } = inProcess('http://host/r', endless, { retry: { maxAttempts: 1 } });
    const error = (await connectUploadPack(transport).catch((reason: unknown) => reason)) as Error;
    expect(error.message.length).toBeLessThan(5000);
    expect(error.message).not.toContain('\u001b');
    expect(pulled).toBeLessThan(10);
  });

  test('of a strange type has it shown in short, without control characters', async () => {
    const { transport } = inProcess('http://host/r', () =>
      answer('', 200, { 'content-type': `\u009b31m${'x'.repeat(9999)}` }),
    );
    const error = (await connectUploadPack(transport).catch((reason: unknown) => reason)) as Error;
    expect(error.message).toMatch(
      /^Cannot use git-upload-pack at http:\/\/host\/r\/info\/refs: its answer is 31mx{1,80}, not/,
    );
  });
});

describe('credentials', () => {
  const guarded =
    (accepted: string): Handler =>
    (request) =>
      request.headers.get('authorization') === accepted ? answer(ADVERTISEMENT) : answer('', 401);

  function asking(credentials: readonly (Credentials | undefined)[]) {
    const asked: CredentialsRequest[] = [];
    const provider = async (request: CredentialsRequest): Promise<Credentials | undefined> => {
      asked.push(request);
      return credentials[asked.length - 1];
    };
    return { asked, provider };
  }

  test('are asked for after a 401, and again after a refusal', async () => {
    const { asked, provider } = asking([
      { username: 'u', password: 'old' },
      { username: 'u', password: 'new' },
    ]);
    const { transport, requests } = inProcess('http://u@host/r', guarded(basic('u:new')), { credentials: provider });
    await connectUploadPack(transport);
    expect(asked).toEqual([
      { url: 'http://host/r', attempt: 1, username: 'u' },
      { url: 'http://host/r', attempt: 2, username: 'u' },
    ]);
    expect(requests.map((request) => request.headers.get('authorization'))).toEqual([
      null,
      basic('u:old'),
      basic('u:new'),
    ]);
    await connectUploadPack(transport);
    expect(requests).toHaveLength(4);
  });

  test('are asked for three times at most', async () => {
    const { asked, provider } = asking(Array(9).fill({ token: 'wrong' }));
    const { transport } = inProcess('http://host/r', guarded('Bearer right'), { credentials: provider });
    await expect(connectUploadPack(transport)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED', status: 401 });
    expect(asked.map((request) => request.attempt)).toEqual([1, 2, 3]);
  });

  test('may be a bearer token', async () => {
    const { provider } = asking([{ token: 'abc.def' }]);
    const { transport } = inProcess('http://host/r', guarded('Bearer abc.def'), { credentials: provider });
    expect((await connectUploadPack(transport)).algorithm.name).toBe('sha1');
  });

  test('that are not given end it', async () => {
    const { provider } = asking([undefined]);
    const { transport, requests } = inProcess('http://host/r', guarded('x'), { credentials: provider });
    await expect(connectUploadPack(transport)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect(requests).toHaveLength(1);
  });

  const unusable: Credentials[] = [
    { token: 'a\r\nX-Evil: 1' },
    { token: '' },
    { username: 'a:b', password: 'c' },
    { username: 'a', password: 'b\nc' },
  ];
  test.each(unusable)('that cannot stand in a header are refused: %j', async (credentials) => {
    const { provider } = asking([credentials]);
    const { transport } = inProcess('http://host/r', guarded('x'), { credentials: provider });
    await expect(connectUploadPack(transport)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  });

  test('are asked for by a later request too, and its body is sent again', async () => {
    const { provider } = asking([{ token: 't' }]);
    const bodies: string[] = [];
    const handler: Handler = async (request) => {
      if (request.method === 'GET') return answer(ADVERTISEMENT);
      bodies.push(await request.text());
      if (request.headers.get('authorization') !== 'Bearer t') return answer('', 401);
      return answer(bytesOf('0000'), 200, { 'content-type': 'application/x-git-upload-pack-result' });
    };
    const { transport } = inProcess('http://host/r', handler, { credentials: provider });
    expect(await (await connectUploadPack(transport)).lsRefs()).toEqual([]);
    expect(bodies).toHaveLength(2);
    expect(bodies[0]).toBe(bodies[1]);
    expect(bodies[0]).toContain('command=ls-refs');
  });
});

describe('a redirect', () => {
  const to = (location: string): Response => answer('', 302, { location });
  const tail = '/info/refs?service=git-upload-pack';

  test('within the origin is followed with credentials, and later requests go where it led', async () => {
    const handler: Handler = (request) => {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith('/old')) return to(`/new${tail}`);
      if (request.method === 'GET') return answer(ADVERTISEMENT);
      return answer(bytesOf('0000'), 200, { 'content-type': 'application/x-git-upload-pack-result' });
    };
    const { transport, requests } = inProcess('http://u:p@host/old', handler);
    const remote = await connectUploadPack(transport);
    await remote.lsRefs();
    expect(requests.map((request) => new URL(request.url).pathname)).toEqual([
      '/old/info/refs',
      '/new/info/refs',
      '/new/git-upload-pack',
    ]);
    expect(requests.every((request) => request.headers.get('authorization') === basic('u:p'))).toBe(true);
  });

  test('to another origin goes without credentials and headers, also later, and nobody is asked there', async () => {
    const credentials = vi.fn(async () => ({ token: 'secret' }));
    const handler: Handler = (request) => {
      if (new URL(request.url).host === 'host') return to(`http://other/r${tail}`);
      return request.method === 'GET' ? answer(ADVERTISEMENT) : answer('', 401);
    };
    const options = { credentials, headers: { Cookie2: 'secret' } };
    const { transport, requests } = inProcess('http://u:p@host/r', handler, options);
    const remote = await connectUploadPack(transport);
    await expect(remote.lsRefs()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect(requests.map((request) => new URL(request.url).host)).toEqual(['host', 'other', 'other']);
    expect(requests.map((request) => request.headers.get('authorization'))).toEqual([basic('u:p'), null, null]);
    expect(requests.map((request) => request.headers.get('cookie2'))).toEqual(['secret', null, null]);
    expect(credentials).not.toHaveBeenCalled();
  });

  const refused: [problem: string, location: string | undefined][] = [
    ['away from https', `http://host/r${tail}`],
    ['to what is no repository', 'https://host/login'],
    ['to another service', 'https://host/r/info/refs?service=git-receive-pack'],
    ['to a file', `file:///etc${tail}`],
    ['with credentials in it', `https://us:er@host/r${tail}`],
    ['to itself for ever', `https://host/r${tail}`],
    ['with a line feed', `https://host/%0a${tail}`],
    ['with the service in a fragment', `https://host/login#${tail}`],
    ['with a fragment', `https://host/r${tail}#${tail}`],
    ['with the service in a query', `https://host/login?next=${tail}`],
    ['with more than the service in the query', `https://host/r/info/refs?next=${tail}`],
    ['to nowhere', undefined],
  ];
  test.each(refused)('%s is refused', async (_problem, location) => {
    const { transport, requests } = inProcess('https://host/r', () =>
      answer('', 301, location === undefined ? {} : { location }),
    );
    await expect(connectUploadPack(transport)).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
    expect(requests).toHaveLength(location === `https://host/r${tail}` ? 11 : 1);
  });

  test('of a URL with a query of its own is followed to another', async () => {
    const handler: Handler = (request) =>
      request.url.startsWith('http://host/old')
        ? to('/new?a=b/info/refs&service=git-upload-pack')
        : answer(ADVERTISEMENT);
    const { transport, requests } = inProcess('http://host/old?a=b', handler);
    await connectUploadPack(transport);
    expect(requests).toHaveLength(2);
  });

  test('of a later request is refused', async () => {
    const handler: Handler = (request) =>
      request.method === 'GET' ? answer(ADVERTISEMENT) : to('http://host/x/git-upload-pack');
    const { transport } = inProcess('http://host/r', handler);
    const remote = await connectUploadPack(transport);
    await expect(remote.lsRefs()).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
  });
});

describe('over sockets', () => {
  async function listen(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
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

  async function listenRaw(onConnection: (socket: Socket) => void): Promise<string> {
    const sockets = new Set<Socket>();
    const server = createNetServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      onConnection(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(
      () =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          for (const socket of sockets) socket.destroy();
        }),
    );
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  function connectTo(url: string, options: HttpTransportOptions = {}): RequestTransport {
    const fetch = createNodeFetch();
    onTestFinished(() => fetch.close());
    return createHttpTransport(`${url}/r`, { fetch, ...options });
  }

  test('a refused port is a transport error that says why', async () => {
    const url = await new Promise<string>((resolve) => {
      const server = createNetServer();
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => resolve(`http://127.0.0.1:${port}`));
      });
    });
    await expect(connectUploadPack(connectTo(url))).rejects.toMatchObject({
      code: 'TRANSPORT_FAILED',
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('a server that is too slow is given up', async () => {
    const url = await listen((_request, response) => {
      response.writeHead(200, ADVERTISED);
      const drip = setInterval(() => response.write('0'), 10);
      response.once('close', () => clearInterval(drip));
    });
    const pace = { minBytesPerSecond: 10_000, windowMs: 100 };
    const call = { service: 'git-upload-pack', phase: 'advertise' } as const;
    await expect(connectTo(url, { pace }).exchange(call).then(collect)).rejects.toMatchObject({
      code: 'TRANSPORT_CLOSED',
      message: expect.stringContaining('too slow'),
    });
  });

  test('an unknown host is a transport error', async () => {
    await expect(connectUploadPack(connectTo('http://no-such-host.invalid'))).rejects.toMatchObject({
      code: 'TRANSPORT_FAILED',
    });
  });

  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n`;
  const halves: [place: string, text: string, code: string][] = [
    ['before an answer', '', 'TRANSPORT_CLOSED'],
    ['within the header', 'HTTP/1.1 200 O', 'TRANSPORT_CLOSED'],
    ['within a body of known length', `${head}Content-Length: 500\r\n\r\n000eversion 2\n`, 'TRANSPORT_CLOSED'],
    ['within a chunk', `${head}Transfer-Encoding: chunked\r\n\r\n40\r\n000eversion 2\n`, 'TRANSPORT_CLOSED'],
    ['between chunks', `${head}Transfer-Encoding: chunked\r\n\r\ne\r\n000eversion 2\n\r\n`, 'TRANSPORT_CLOSED'],
    ['at the end of a body of unknown length', `${head}\r\n000eversion 2\n`, 'TRANSPORT_CLOSED'],
  ];
  test.each(halves)('a connection that closes %s is a typed error', async (_place, text, code) => {
    const url = await listenRaw((socket) => {
      socket.once('data', () => socket.end(text));
    });
    await expect(connectUploadPack(connectTo(url))).rejects.toMatchObject({ code });
  });

  test.each(['before the header', 'within the body'])('silence %s ends at the time-out', async (place) => {
    const url = await listenRaw((socket) => {
      socket.once('data', () => {
        if (place === 'within the body') socket.write(`${head}Content-Length: 500\r\n\r\n000eversion 2\n`);
      });
    });
    await expect(connectUploadPack(connectTo(url, { timeoutMs: 100 }))).rejects.toMatchObject({
      code: 'TRANSPORT_CLOSED',
      retryable: true,
      message: expect.stringContaining('100 ms'),
    });
  });

  test('the caller can give up, with a reason of its own', async () => {
    const url = await listenRaw(() => {});
    const controller = new AbortController();
    const connecting = connectUploadPack(connectTo(url), { signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(connecting).rejects.toBe(reason);
    await expect(connectUploadPack(connectTo(url), { signal: controller.signal })).rejects.toBe(reason);
  });

  test('connections are used again', async () => {
    const ports = new Set<number | undefined>();
    const url = await listen((request, response) => {
      ports.add(request.socket.remotePort);
      response.writeHead(200, ADVERTISED).end(ADVERTISEMENT);
    });
    const transport = connectTo(url);
    for (let round = 0; round < 6; round++) await connectUploadPack(transport);
    expect(ports.size).toBeLessThan(4);
  });

  test('a large request of a fetch is compressed, as git does', async () => {
    const seen: unknown[] = [];
    const url = await listen(async (request, response) => {
      const sent = await collect(request);
      const encoding = request.headers['content-encoding'];
      seen.push([encoding, (encoding === 'gzip' ? gunzipSync(sent) : sent).length, sent.length < 10_000]);
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' }).end('0000');
    });
    const transport = connectTo(url);
    for (const size of [65_536, 65_537]) {
      const call = { service: 'git-upload-pack', phase: 'call', body: new Uint8Array(size) } as const;
      await collect(await transport.exchange(call));
    }
    expect(seen).toEqual([
      [undefined, 65_536, false],
      ['gzip', 65_537, true],
    ]);
  });

  test('a body over the post buffer is streamed as it is made', async () => {
    const lengths: (string | undefined)[] = [];
    let received = 0;
    const url = await listen((request, response) => {
      lengths.push(request.headers['content-length']);
      request.on('data', (chunk: Uint8Array) => (received += chunk.length));
      request.on('end', () => {
        response.writeHead(200, { 'content-type': 'application/x-git-receive-pack-result' }).end('0000');
      });
    });
    const transport = connectTo(url, { postBufferBytes: 1000 });
    const call = { service: 'git-receive-pack', phase: 'call' } as const;
    await collect(await transport.exchange({ ...call, body: chunked(new Uint8Array(1000), 10) }));
    expect(lengths).toEqual(['1000']);
    received = 0;
    await collect(await transport.exchange({ ...call, body: chunked(new Uint8Array(100_000), 999) }));
    expect(lengths).toEqual(['1000', '4', undefined]);
    expect(received).toBe(100_004);
  });
});
