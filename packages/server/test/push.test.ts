import type { Oid } from '@git-kv/objects';
import { connectReceivePack, connectUploadPack, createHttpTransport, type Transport } from '@git-kv/protocol';
import { createGitTransport } from '@git-kv/protocol/node';
import { type PushResultStatus, pushFrom, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { allowAll, createGitServer, type GitServerOptions, type ServerEvent } from '@git-kv/server';
import { listenGit } from '@git-kv/server/node';
import { beforeEach, describe, expect, test } from 'vitest';
import { writeCommit } from '../../repository/test/support/objects.js';

const HOST = 'http://server.example';

let repository: Repository;
let client: Repository;
let first: Oid;
let second: Oid;
let events: ServerEvent[];

beforeEach(async () => {
  repository = createMemoryRepository();
  client = createMemoryRepository();
  for (const { objects } of [repository, client]) first = await writeCommit(objects, { files: { a: 'A', 'd/b': 'B' } });
  second = await writeCommit(client.objects, { files: { a: 'A', 'd/b': 'C' }, parents: [first] });
  await repository.refs.update(
    ['refs/heads/main', 'refs/internal/x', 'refs/internal/public'].map((name) => ({ name, next: { oid: first } })),
  );
  events = [];
});

function transportTo<Identity>(options: Partial<GitServerOptions<Identity>> = {}, token = 'none'): Transport {
  const server = createGitServer<Identity>({
    resolve: () => repository,
    authorize: allowAll,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  return createHttpTransport(`${HOST}/repo.git`, {
    fetch: (url, init) =>
      server(new Request(url, { ...init, headers: { ...(init.headers as Record<string, string>), 'X-Token': token } })),
  });
}

const push = (transport: Transport, name: string, next: Oid | null = second): Promise<PushResultStatus[]> =>
  pushFrom(client, transport, { updates: [{ name, next }] });

describe('hidden refs', () => {
  const hidden = ['refs/internal', '!refs/internal/public'];

  test('are in neither advertisement', async () => {
    const transport = transportTo({ hidden });
    const shown = ['refs/heads/main', 'refs/internal/public'];
    const upload = await connectUploadPack(transport);
    expect((await upload.lsRefs({})).map(({ name }) => name)).toEqual(['HEAD', ...shown]);
    expect(await upload.lsRefs({ prefixes: ['refs/internal/x'] })).toEqual([]);
    const receive = await connectReceivePack(transport);
    expect(receive.refs.map(({ name }) => name)).toEqual(shown);
  });

  test.each([
    ['moved', 'refs/internal/x', 'deny updating a hidden ref'],
    ['made', 'refs/internal/new/one', 'deny updating a hidden ref'],
  ])('cannot be %s by a push', async (_what, name, reason) => {
    expect(await push(transportTo({ hidden }), name)).toEqual([{ name, status: 'rejected', reason }]);
    expect(await repository.refs.read('refs/internal/new/one')).toBeUndefined();
  });

  test('cannot be deleted by who knows what they hold', async () => {
    const receive = await connectReceivePack(transportTo({ hidden }));
    const name = 'refs/internal/x';
    const report = await receive.push({ commands: [{ name, oldOid: first, newOid: null }] });
    expect(report.results).toEqual([{ name, ok: false, reason: 'deny deleting a hidden ref' }]);
    expect(await repository.refs.read(name)).toEqual({ oid: first });
  });

  test('may be other ones for other users and services', async () => {
    const asked: unknown[] = [];
    const hiddenFor: GitServerOptions['hidden'] = (served, { service, path, request }) => {
      asked.push([served === repository, service, path]);
      return request.headers.get('X-Token') === 'boss' ? [] : hidden;
    };
    expect(await push(transportTo({ hidden: hiddenFor }, 'boss'), 'refs/internal/x')).toMatchObject([
      { status: 'updated' },
    ]);
    expect(await push(transportTo({ hidden: hiddenFor }), 'refs/internal/x', first)).toMatchObject([
      { status: 'rejected' },
    ]);
    expect(asked[0]).toEqual([true, 'git-receive-pack', 'repo.git']);
  });

  test('that cannot be told make the request fail', async () => {
    const hiddenFor = (): never => {
      throw new Error('no database');
    };
    const listed = connectUploadPack(transportTo({ hidden: hiddenFor }));
    await expect(listed).rejects.toMatchObject({ status: 500 });
    expect(events.at(-1)).toMatchObject({ kind: 'refused', status: 500 });
  });
});

describe('hooks', () => {
  test('know who pushes, by what authorize says of the whole request', async () => {
    const seen: (string | undefined)[] = [];
    const transport = transportTo<{ readonly user: string }>(
      {
        authorize: ({ request, changes }) => {
          const user = `${request.headers.get('X-Token')}${changes === undefined ? '' : '!'}`;
          return { kind: 'allow', identity: { user } };
        },
        hooks: { preReceive: ({ identity }) => void seen.push(identity?.user) },
      },
      'eve',
    );
    expect(await push(transport, 'refs/heads/main')).toMatchObject([{ status: 'updated' }]);
    expect(seen).toEqual(['eve!']);
  });

  test('let the client send options, which are not announced without hooks', async () => {
    const seen: unknown[] = [];
    const options = { updates: [{ name: 'refs/heads/x', next: first }], pushOptions: ['a=1', 'b'] };
    await expect(pushFrom(client, transportTo(), options)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    const hooks = { preReceive: ({ pushOptions }: { pushOptions: readonly string[] }) => void seen.push(pushOptions) };
    await pushFrom(client, transportTo({ hooks }), options);
    expect(seen).toEqual([['a=1', 'b']]);
  });

  test('refuse by a code that the client reads (H23)', async () => {
    const transport = transportTo({
      hooks: () => ({ update: () => ({ code: 'tree-moved', exit: 2, message: 'again' }) }),
    });
    expect(await push(transport, 'refs/heads/main')).toEqual([
      {
        name: 'refs/heads/main',
        status: 'rejected',
        reason: 'kv:tree-moved exit=2: again',
        refusal: { code: 'tree-moved', exit: 2, message: 'again' },
      },
    ]);
  });

  test('say more than the report to the client, which hears what else has moved', async () => {
    const said: string[] = [];
    const transport = transportTo({
      hooks: {
        preReceive: ({ say }) => {
          say('looking');
          return { add: [{ name: 'refs/ledger/main', next: { oid: first } }] };
        },
        postReceive: ({ say }) => say('done'),
      },
    });
    const results = await pushFrom(client, transport, {
      updates: [{ name: 'refs/heads/main', next: second }],
      onRemoteProgress: (line) => void said.push(line),
    });
    expect(results).toEqual([
      {
        name: 'refs/heads/main',
        status: 'updated',
        refs: [
          { name: 'refs/heads/main', oldOid: first, newOid: second },
          { name: 'refs/ledger/main', oldOid: null, newOid: first },
        ],
      },
    ]);
    expect(said).toEqual(['looking', 'done']);
  });

  test('that fail are an event, and a refusal in general words', async () => {
    const transport = transportTo({ hooks: { preReceive: () => Promise.reject(new Error('secret')) } });
    expect(await push(transport, 'refs/heads/main')).toMatchObject([{ reason: 'pre-receive hook failed' }]);
    expect(events.at(-1)).toMatchObject({ kind: 'error', path: 'repo.git', error: { message: 'secret' } });
  });

  test('that take too long are cut off', async () => {
    const hooks = { preReceive: (): Promise<void> => new Promise(() => {}) };
    const transport = transportTo({ hooks, limits: { hookMs: 10 } });
    expect(await push(transport, 'refs/heads/main')).toMatchObject([{ reason: 'pre-receive hook failed' }]);
  });
});

test('a server over connections has hidden refs, and hooks that know who pushes', async () => {
  const seen: unknown[] = [];
  const { url, close } = await listenGit({
    resolve: () => repository,
    authorize: ({ peer }) => ({ kind: 'allow', identity: `from ${peer.transport}` }),
    hidden: ['refs/internal'],
    hooks: () => ({
      preReceive: ({ identity, pushOptions, say }) => {
        seen.push(identity, pushOptions);
        say('welcome');
      },
    }),
  });
  try {
    const transport = createGitTransport(`${url}/r.git`);
    const said: string[] = [];
    const results = await pushFrom(client, transport, {
      updates: ['refs/heads/main', 'refs/internal/x'].map((name) => ({ name, next: second })),
      pushOptions: ['a'],
      onRemoteProgress: (line) => void said.push(line),
    });
    expect(results).toMatchObject([{ status: 'updated' }, { reason: 'deny updating a hidden ref' }]);
    expect(seen).toEqual(['from git', ['a']]);
    expect(said).toEqual(['welcome']);
    expect((await (await connectUploadPack(transport)).lsRefs({})).map(({ name }) => name)).toEqual([
      'HEAD',
      'refs/heads/main',
    ]);
  } finally {
    await close();
  }
});
