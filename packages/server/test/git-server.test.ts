import { gzipSync } from 'node:zlib';
import { encodeUtf8, GitError, hashAlgorithm, type Oid } from '@git-kv/objects';
import {
  connectReceivePack,
  createHttpTransport,
  type HttpTransportOptions,
  serializePushRequestHead,
  serializeV2Command,
  type Transport,
} from '@git-kv/protocol';
import { cloneInto, pushFrom, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import {
  type Access,
  type AccessDecision,
  allowAll,
  createGitServer,
  type GitServer,
  type GitServerOptions,
  type ServerEvent,
  type ServerLimits,
} from '@git-kv/server';
import { beforeEach, describe, expect, test } from 'vitest';
import { collect, writeCommit } from '../../repository/test/support/objects.js';

const HOST = 'http://server.example';
const LS_REFS = v2('ls-refs', []);

let repository: Repository;
let head: Oid;
let events: ServerEvent[];

beforeEach(async () => {
  repository = createMemoryRepository();
  head = await writeCommit(repository.objects, { files: { a: 'A', 'd/b': 'B' } });
  await repository.refs.update([{ name: 'refs/heads/main', next: { oid: head } }]);
  events = [];
});

const serverWith = (options: Partial<GitServerOptions> = {}): GitServer =>
  createGitServer({
    resolve: (path) => (path === 'team/notes.git' ? repository : undefined),
    onEvent: (event) => void events.push(event),
    ...options,
  });

const advertise = (service = 'git-upload-pack', init: RequestInit = {}): Request =>
  new Request(`${HOST}/team/notes.git/info/refs?service=${service}`, init);

const post = (body: BodyInit | null, headers: Record<string, string> = {}, service = 'git-upload-pack'): Request =>
  new Request(`${HOST}/team/notes.git/${service}`, {
    method: 'POST',
    headers: { 'Content-Type': `application/x-${service}-request`, 'Git-Protocol': 'version=2', ...headers },
    body,
    ...{ duplex: 'half' }, // for bodies that are streams
  });

/** The transport of a client in this process. */
function clientOf(server: GitServer, options: HttpTransportOptions = {}): Transport {
  return createHttpTransport(`${HOST}/team/notes.git`, {
    fetch: (url, init) => server(new Request(url, init)),
    ...options,
  });
}

describe('a request is answered', () => {
  test('with the advertisement of either service', async () => {
    const server = serverWith({ authorize: allowAll });
    const upload = await server(advertise('git-upload-pack', { headers: { 'Git-Protocol': 'version=2' } }));
    expect(upload.status).toBe(200);
    expect(upload.headers.get('Content-Type')).toBe('application/x-git-upload-pack-advertisement');
    expect(upload.headers.get('Cache-Control')).toContain('no-cache');
    expect(await upload.text()).toMatch(/^001e# service=git-upload-pack\n0000000eversion 2\n/);
    const receive = await server(advertise('git-receive-pack'));
    expect(receive.headers.get('Content-Type')).toBe('application/x-git-receive-pack-advertisement');
    expect(await receive.text()).toContain(`${head} refs/heads/main\0`);
    expect(events).toEqual([
      { kind: 'request', service: 'git-upload-pack', path: 'team/notes.git', phase: 'advertise' },
      { kind: 'request', service: 'git-receive-pack', path: 'team/notes.git', phase: 'advertise' },
    ]);
  });

  test.each([
    ['version=2', /version 2/],
    ['version=2:agent=x', /version 2/],
    ['agent=x:version=2', /version 2/],
    ['version=1:version=2', /version 2/],
    ['version=1', /0000000eversion 1\n[0-9a-f]{44} HEAD\0multi_ack /],
    ['version=20', /# service=git-upload-pack\n0000[0-9a-f]{44} HEAD\0multi_ack /],
    ['', /# service=git-upload-pack\n0000[0-9a-f]{44} HEAD\0multi_ack /],
  ])('for Git-Protocol %j as it asks', async (value, words) => {
    const response = await serverWith()(advertise('git-upload-pack', { headers: { 'Git-Protocol': value } }));
    expect(await response.text()).toMatch(words);
  });

  test.each(['gzip', 'x-gzip', 'GZIP'])('with a body in %s', async (encoding) => {
    const response = await serverWith()(post(gzipSync(LS_REFS), { 'Content-Encoding': encoding }));
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(`${head} refs/heads/main`);
  });

  test('without a body to HEAD, and lets go of what a GET would have read', async () => {
    let open = 0;
    const refs = new Proxy(repository.refs, {
      get: (target, key): unknown => {
        const value: unknown = Reflect.get(target, key);
        if (key !== 'list') return typeof value === 'function' ? value.bind(target) : value;
        return async function* (prefix: string) {
          open++;
          try {
            yield* target.list(prefix);
          } finally {
            open--;
          }
        };
      },
    });
    const server = serverWith({ authorize: allowAll, resolve: () => ({ ...copyOf(repository), refs }) });
    const response = await server(advertise('git-receive-pack', { method: 'HEAD' }));
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toBe('application/x-git-receive-pack-advertisement');
    expect(response.body).toBeNull();
    expect(open).toBe(0);
  });
});

describe('a request is refused', () => {
  test.each<[what: string, request: () => Request, status: number]>([
    ['for a repository that is not there', () => new Request(`${HOST}/x.git/info/refs?service=git-upload-pack`), 404],
    ['for the dumb protocol', () => new Request(`${HOST}/team/notes.git/info/refs`), 403],
    ['for a service that is none', () => advertise('git-shell'), 403],
    ['for another method', () => advertise('git-upload-pack', { method: 'DELETE' }), 405],
    ['for another content type', () => post(LS_REFS, { 'Content-Type': 'text/plain' }), 415],
    [
      'for the content type of an answer',
      () => post(LS_REFS, { 'Content-Type': 'application/x-git-upload-pack-result' }),
      415,
    ],
    ['for an unknown encoding', () => post(LS_REFS, { 'Content-Encoding': 'br' }), 415],
    ['for a body that is no gzip', () => post(LS_REFS, { 'Content-Encoding': 'gzip' }), 400],
    ['for a body that is no pkt-line', () => post('GET me'), 400],
    ['for a body that ends too early', () => post(LS_REFS.slice(0, 9)), 400],
    ['for an object id that is none', () => post(v2('fetch', ['want x', 'done'])), 400],
    ['for more ref prefixes than allowed', () => post(v2('ls-refs', manyPrefixes())), 413],
  ])('%s', async (_what, request, status) => {
    const response = await serverWith()(request());
    expect(response.status).toBe(status);
    expect(response.headers.get('Content-Type')).toBe('text/plain; charset=utf-8');
    expect(events.at(-1)).toMatchObject({ kind: 'refused', status });
    expect(events.filter(({ kind }) => kind === 'error')).toEqual([]);
  });

  test('where it is larger than allowed, after gunzip', async () => {
    const server = serverWith({ limits: { uploadPackRequestBytes: 5000 } });
    const large = v2(
      'fetch',
      Array.from({ length: 200 }, () => `want ${head}`),
    );
    expect((await server(post(large))).status).toBe(413);
    expect((await server(post(gzipSync(large), { 'Content-Encoding': 'gzip' }))).status).toBe(413);
  });

  test('where it is a stream of gzip that comes to nothing and does not end', async () => {
    const blocks = new Uint8Array(5 * 2 ** 15);
    for (let at = 0; at < blocks.length; at += 5) blocks.set([0, 0, 0, 0xff, 0xff], at);
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(gzipSync('').subarray(0, 10)),
      pull(controller) {
        sent += blocks.length;
        if (sent > 2 ** 26) controller.error(new Error('it was read on and on'));
        else controller.enqueue(blocks);
      },
    });
    const server = serverWith({ limits: { uploadPackRequestBytes: 5000 } });
    expect((await server(post(endless, { 'Content-Encoding': 'gzip' }))).status).toBe(413);
    expect(sent).toBeLessThan(2 ** 25);
  });

  test('for a strange command, of which its owner is told without what steers a terminal', async () => {
    const capabilities = [
      { name: 'agent', value: 'git/\u009b31m' },
      { name: 'session-id', value: 'a\rb' },
      { name: 'server-option', value: '\x1b]0;owned\x07' },
      { name: 'object-format', value: repository.algorithm.name },
    ];
    const body = new Uint8Array(serializeV2Command({ command: '\x1b[2Jls', capabilities, args: [] }));
    const response = await serverWith()(post(body));
    expect(await response.text()).toContain('ERR ');
    const told = { command: '[2Jls', agent: 'git/31m', sessionId: 'ab', serverOptions: [']0;owned'] };
    expect(events).toContainEqual(expect.objectContaining({ kind: 'command', ...told }));
  });

  test('where it grows too much in gunzip', async () => {
    const bomb = gzipSync(new Uint8Array(4 * 2 ** 20).fill(0x31));
    const response = await serverWith()(post(bomb, { 'Content-Encoding': 'gzip' }));
    expect([400, 413]).toContain(response.status);
    const hidden = gzipSync(
      v2(
        'fetch',
        Array.from({ length: 9000 }, () => `want ${head}`),
      ),
    );
    expect((await serverWith()(post(hidden, { 'Content-Encoding': 'gzip' }))).status).toBe(413);
  });

  test.each([
    ['a repository that cannot be found out about', { resolve: () => Promise.reject(new Error('db: secret')) }],
    ['a broken repository', { resolve: () => brokenRepository(new GitError('IO_FAILED', 'Cannot read /srv/x: EIO')) }],
    ['broken rules', { receive: () => Promise.reject(new Error('secret')) }],
  ])('with 500 and no details for %s', async (_what, options) => {
    const server = serverWith({ authorize: allowAll, ...options });
    const response = await server(post('0000', {}, 'git-receive-pack'));
    const answer = 'receive' in options ? response : await server(advertise('git-receive-pack'));
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toMatch(/secret|srv/);
    expect(events.some((event) => event.kind === 'error' && event.path === 'team/notes.git')).toBe(true);
  });

  test('a broken ref of the server is not the client\u2019s mistake', async () => {
    const broken = brokenRepository(Object.assign(new GitError('MALFORMED', 'Cannot decode ref'), { origin: 'local' }));
    const response = await serverWith({ authorize: allowAll, resolve: () => broken })(advertise('git-receive-pack'));
    expect(response.status).toBe(500);
  });
});

describe('access', () => {
  const decisions: readonly (readonly [string, AccessDecision | (() => never), number])[] = [
    ['is given', { kind: 'allow' }, 200],
    ['is denied', { kind: 'deny', reason: 'not today' }, 403],
    ['is denied without a reason', { kind: 'deny' } as unknown as AccessDecision, 403],
    ['needs credentials', { kind: 'authenticate', realm: 'the "best" place\r\nX: y' }, 401],
    [
      'cannot be decided',
      () => {
        throw new Error('secret');
      },
      403,
    ],
    ['is answered with nonsense', { kind: 'perhaps' } as unknown as AccessDecision, 403],
    ['is answered with nothing', undefined as unknown as AccessDecision, 403],
  ];

  test.each(decisions)('%s', async (_what, decision, status) => {
    let resolved = 0;
    const server = serverWith({
      authorize: () => (typeof decision === 'function' ? decision() : decision),
      resolve: () => {
        resolved++;
        return repository;
      },
    });
    const response = await server(advertise());
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain('secret');
    // Whoever is refused does not learn which repositories there are.
    expect(resolved).toBe(status === 200 ? 1 : 0);
  });

  test('asks for credentials in a header that nothing can be put into', async () => {
    const server = serverWith({ authorize: () => ({ kind: 'authenticate', realm: 'the "best"\r\nX-Evil: 1 place' }) });
    const response = await server(advertise());
    expect(response.headers.get('WWW-Authenticate')).toBe('Basic realm="the bestX-Evil: 1 place"');
    expect(response.headers.get('X-Evil')).toBeNull();
  });

  test('is asked about with the path and the service', async () => {
    const asked: Access[] = [];
    const server = serverWith({
      authorize: (access) => {
        asked.push(access);
        return { kind: 'allow' };
      },
    });
    await server(advertise('git-receive-pack'));
    expect(asked).toMatchObject([{ service: 'git-receive-pack', path: 'team/notes.git' }]);
    expect(asked[0]).not.toHaveProperty('changes');
  });

  test('is not asked about, nor is anything looked up, for a path that is refused', async () => {
    const never = (): never => {
      throw new Error('asked');
    };
    const server = serverWith({ authorize: never, resolve: never });
    for (const path of ['/a%2fb', '/a%5cb', '//a', '/a%00', '/a%0ab']) {
      expect((await server(new Request(`${HOST}${path}/info/refs?service=git-upload-pack`))).status).toBe(400);
    }
  });

  test('is for fetches only by default', async () => {
    const server = serverWith();
    expect((await server(advertise('git-upload-pack'))).status).toBe(200);
    expect((await server(advertise('git-receive-pack'))).status).toBe(403);
    expect((await server(post('0000', {}, 'git-receive-pack'))).status).toBe(403);
    const pushed = pushFrom(await clientRepository(), clientOf(server), {
      updates: [{ name: 'refs/heads/x', next: head }],
    });
    await expect(pushed).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });

  test.each<[what: string, verdict: () => AccessDecision, reason: string]>([
    ['denied', () => ({ kind: 'deny', reason: 'main is frozen' }), 'main is frozen'],
    ['denied without a reason', () => ({ kind: 'deny' }) as unknown as AccessDecision, 'access is denied'],
    ['denied with a number', () => ({ kind: 'deny', reason: 7 }) as unknown as AccessDecision, '7'],
    ['answered with nonsense', () => ({ kind: 'perhaps' }) as unknown as AccessDecision, 'access could not be decided'],
    [
      'not decided',
      () => {
        throw new Error('secret');
      },
      'access could not be decided',
    ],
    ['to be authenticated', () => ({ kind: 'authenticate', realm: 'x' }), 'authentication is required'],
  ])('to the refs of a push may be %s, and the report says so for each', async (_what, verdict, reason) => {
    const asked: Access[] = [];
    const server = serverWith({
      authorize: (access) => {
        asked.push(access);
        return access.changes === undefined ? { kind: 'allow' } : verdict();
      },
    });
    const client = await clientRepository();
    const next = await writeCommit(client.objects, { files: { a: 'B' }, parents: [head] });
    const updates = ['main', 'side'].map((name) => ({ name: `refs/heads/${name}`, next }));
    expect(await pushFrom(client, clientOf(server), { updates })).toEqual(
      updates.map(({ name }) => ({ name, status: 'rejected', reason })),
    );
    expect(asked.at(-1)?.changes).toEqual([
      { name: 'refs/heads/main', oldOid: head, newOid: next },
      { name: 'refs/heads/side', oldOid: null, newOid: next },
    ]);
    expect(await repository.objects.read(next)).toBeUndefined();
  });
});

test('a body that somebody else reads too does not hold the server up', async () => {
  const request = post('0000', {}, 'git-receive-pack');
  expect((await serverWith({ authorize: allowAll })(request.clone() as Request)).status).toBe(200);
});

describe('a client in the same process', () => {
  test.each(['sha1', 'sha256'] as const)('clones, pushes and fetches in %s', async (format) => {
    repository = createMemoryRepository({ algorithm: hashAlgorithm(format) });
    const server = serverWith({ authorize: allowAll });
    const client = createMemoryRepository({ algorithm: hashAlgorithm(format) });
    const oid = await writeCommit(client.objects, { files: { a: '1' } });
    const updates = [{ name: 'refs/heads/main', next: oid, expected: null }];
    expect(await pushFrom(client, clientOf(server), { updates })).toMatchObject([{ status: 'updated' }]);
    const copy = createMemoryRepository({ algorithm: hashAlgorithm(format) });
    await cloneInto(copy, clientOf(server), { depth: 1 });
    expect(await copy.refs.read('refs/heads/main')).toEqual({ oid });
  });

  test('streams a push of more than a mebibyte', async () => {
    const client = await clientRepository();
    const bytes = new Uint8Array(3 * 2 ** 20);
    for (let at = 0; at < bytes.length; at++) bytes[at] = (Math.imul(at, 2_654_435_761) >>> 13) & 0xff;
    const large = await client.objects.write({ kind: 'blob', body: bytes });
    const server = serverWith({ authorize: allowAll });
    const seen: (string | null)[] = [];
    const watched: GitServer = (request) => {
      if (request.method === 'POST') seen.push(request.headers.get('Content-Length'));
      return server(request);
    };
    const updates = [{ name: 'refs/tags/large', next: large }];
    expect(await pushFrom(client, clientOf(watched), { updates, level: 0 })).toMatchObject([{ status: 'updated' }]);
    expect(seen).toHaveLength(2); // asked first, then streamed
    expect(await repository.objects.stat(large)).toEqual({ kind: 'blob', size: bytes.length });
  });

  test('hears that its pack is too large', async () => {
    const client = await clientRepository();
    const next = await writeCommit(client.objects, { files: { b: 'b'.repeat(4000) }, parents: [head] });
    const server = serverWith({ authorize: allowAll, limits: { pushBytes: 100 } });
    const [result] = await pushFrom(client, clientOf(server), { updates: [{ name: 'refs/heads/main', next }] });
    expect(result).toMatchObject({ status: 'rejected' });
    expect(await repository.refs.read('refs/heads/main')).toEqual({ oid: head });
  });

  test('hears that its pack inflates to too much, from the bytes on that the server says', async () => {
    const client = await clientRepository();
    const next = await writeCommit(client.objects, { files: { zeros: '0'.repeat(200_000) }, parents: [head] });
    const push = async (limits: Partial<ServerLimits>): Promise<unknown> => {
      const updates = [{ name: 'refs/heads/main', next }];
      const server = serverWith({ authorize: allowAll, limits });
      return await pushFrom(client, clientOf(server), { updates });
    };
    for (const [limits, name] of [
      [{ pushFreeInflatedBytes: 100_000 }, 'expansionRatio'],
      [{ pushInflatedBytes: 100_000 }, 'inflatedBytes'],
      [{ pushObjectBytes: 100_000 }, 'objectBytes'],
    ] as const) {
      expect(await push(limits)).toMatchObject([
        { status: 'rejected', unpackReason: expect.stringContaining(`Cannot accept ${name} of`) },
      ]);
    }
    expect(await repository.refs.read('refs/heads/main')).toEqual({ oid: head });
    expect(await push({})).toMatchObject([{ status: 'updated' }]);
  });

  test('is asked for credentials, and lets them through', async () => {
    const server = serverWith({
      authorize: ({ request }) =>
        request.headers.get('Authorization') === `Basic ${btoa('u:p')}`
          ? { kind: 'allow' }
          : { kind: 'authenticate', realm: 'notes' },
    });
    await expect(connectReceivePack(clientOf(server))).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    const credentials = async (): Promise<{ username: string; password: string }> => ({ username: 'u', password: 'p' });
    expect((await connectReceivePack(clientOf(server, { credentials }))).refs).toHaveLength(1);
  });

  test('follows the rules of the repository, given as such or found out', async () => {
    const rules = { denyDeletes: true };
    const seen: Repository[] = [];
    const findOut = async (of: Repository): Promise<typeof rules> => {
      seen.push(of);
      return rules;
    };
    for (const receive of [rules, findOut]) {
      const server = serverWith({ authorize: allowAll, receive });
      await repository.refs.update([{ name: 'refs/heads/side', next: { oid: head } }]);
      const updates = [{ name: 'refs/heads/side', next: null }];
      expect(await pushFrom(await clientRepository(), clientOf(server), { updates })).toMatchObject([
        { status: 'rejected', reason: 'deletion prohibited' },
      ]);
    }
    expect(seen).toEqual([repository]);
  });
});

describe('an answer', () => {
  test('is compressed as told, little by default', async () => {
    const text = Array.from({ length: 3000 }, (_, index) => `line ${(index * 7919) % 3001}`).join('\n');
    const oid = await repository.objects.write({ kind: 'blob', body: encodeUtf8(text) });
    const sizes: number[] = [];
    for (const options of [{ level: 9 }, {}, { level: 0 }]) {
      const response = await serverWith(options)(post(v2('fetch', [`want ${oid}`, 'done'])));
      sizes.push((await response.arrayBuffer()).byteLength);
    }
    expect([...sizes].sort((a, b) => a - b)).toEqual(sizes);
  });

  test('that nobody reads on lets go of the repository', async () => {
    const { served, isReleased } = watchReads(repository);
    const response = await serverWith({ resolve: () => served })(post(v2('fetch', [`want ${head}`, 'done'])));
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await reader.cancel();
    expect(isReleased()).toBe(true);
  });

  test('that was never begun to be read lets go of it, too', async () => {
    const { served, isReleased } = watchReads(repository);
    const response = await serverWith({ resolve: () => served })(post(v2('fetch', [`want ${head}`, 'done'])));
    await response.body?.cancel();
    expect(isReleased()).toBe(true);
  });

  test('whose request is aborted ends with that', async () => {
    const controller = new AbortController();
    const request = new Request(post(v2('fetch', [`want ${head}`, 'done'])), { signal: controller.signal });
    const response = await serverWith()(request);
    const read = async (): Promise<void> => {
      for await (const _ of response.body as ReadableStream<Uint8Array>) controller.abort();
    };
    await expect(read()).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('that breaks in the middle of a pack says so, and the owner hears why', async () => {
    const failure = new TypeError('a mistake');
    const objects = new Proxy(repository.objects, {
      get: (target, key): unknown => {
        // Only packing reads blobs.
        if (key === 'readSync') {
          return (oid: Oid) => {
            const object = target.readSync?.(oid);
            if (object?.kind === 'blob') throw failure;
            return object;
          };
        }
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const server = serverWith({ resolve: () => ({ ...copyOf(repository), objects }) });
    const response = await server(post(v2('fetch', [`want ${head}`, 'done'])));
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/\u0003upload-pack: internal error\n$/);
    expect(events.at(-1)).toEqual({ kind: 'error', path: 'team/notes.git', error: failure });
  });
});

function v2(command: string, args: readonly string[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(serializeV2Command({ command, capabilities: [], args }));
}

function manyPrefixes(): string[] {
  return Array.from({ length: 65_537 }, (_, index) => `ref-prefix r${index}`);
}

function copyOf({ algorithm, objects, refs, shallow }: Repository): Repository {
  return {
    algorithm,
    objects,
    refs,
    shallow,
    transact: (change) => repository.transact(change),
    close: async () => {},
  };
}

function brokenRepository(error: Error): Repository {
  const refs = new Proxy(repository.refs, {
    get: () => () => {
      throw error;
    },
  });
  return { ...copyOf(repository), refs };
}

/** What the server has, in a repository of a client. */
async function clientRepository(): Promise<Repository> {
  const client = createMemoryRepository();
  for await (const [, object] of repository.objects.readMany(await collect(repository.objects.oids()))) {
    if (object !== undefined) await client.objects.write(object);
  }
  return client;
}

/** A repository that tells whether every batch that was begun to be read was also ended. */
function watchReads(inner: Repository): { served: Repository; isReleased: () => boolean } {
  let open = 0;
  const objects = new Proxy(inner.objects, {
    get: (target, key): unknown => {
      const value: unknown = Reflect.get(target, key);
      if (key !== 'readMany') return typeof value === 'function' ? value.bind(target) : value;
      return async function* (oids: Iterable<Oid>) {
        open++;
        try {
          yield* target.readMany(oids);
        } finally {
          open--;
        }
      };
    },
  });
  return { served: { ...copyOf(inner), objects }, isReleased: () => open === 0 };
}

test('a request head alone changes nothing', async () => {
  const server = serverWith({ authorize: allowAll });
  const head1 = serializePushRequestHead(
    {
      commands: [{ name: 'refs/heads/x', oldOid: null, newOid: head }],
      capabilities: [],
      pushOptions: [],
      shallowOids: [],
    },
    repository.algorithm,
  );
  const response = await server(post(new Uint8Array(head1), {}, 'git-receive-pack'));
  expect(response.status).toBe(200);
  expect(await repository.refs.read('refs/heads/x')).toBeUndefined();
  expect(encodeUtf8(await response.text())).toHaveLength(0);
});
