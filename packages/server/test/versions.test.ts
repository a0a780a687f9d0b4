import { type Oid, sha1, sha256 } from '@git-kv/objects';
import {
  connectReceivePack,
  connectUploadPack,
  createHttpTransport,
  hasFeature,
  type ProtocolVersion,
  type Transport,
  type UploadPackClient,
} from '@git-kv/protocol';
import { cloneInto, createRepositoryTransport, fetchInto, type Repository, resolveRef } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { allowAll, createGitServer } from '@git-kv/server';
import { describe, expect, test } from 'vitest';
import { writeCommit } from '../../repository/test/support/objects.js';

const MAIN = 'refs/heads/main';

const CARRIERS = {
  connections: (repository: Repository): Transport => createRepositoryTransport(repository),
  requests: (repository: Repository): Transport => {
    const server = createGitServer({ resolve: () => repository, authorize: allowAll });
    return createHttpTransport('http://host/r.git', { fetch: (url, init) => server(new Request(url, init)) });
  },
};

const cases = [sha1, sha256].flatMap((algorithm) =>
  (['connections', 'requests'] as const).flatMap((carrier) =>
    ([0, 1, 2] as const).map((version: ProtocolVersion) => ({ algorithm, carrier, version, name: algorithm.name })),
  ),
);

/** A line of commits in `repository`, the last one first, on main. */
async function grow(repository: Repository, count: number, time: number, parents: readonly Oid[] = []): Promise<Oid[]> {
  const oids: Oid[] = [];
  for (let at = 0; at < count; at++) {
    const [last] = oids;
    const files = { text: `${time} ${at}` };
    const link = last === undefined ? parents : [last];
    oids.unshift(await writeCommit(repository.objects, { files, parents: link, time: time + at }));
  }
  await repository.refs.update([{ name: MAIN, next: { oid: oids[0] as Oid } }]);
  return oids;
}

describe.each(cases)('our client and our server in version $version over $carrier, $name:', (one) => {
  const { algorithm, version } = one;
  const open = (): Repository => createMemoryRepository({ algorithm });
  const connect = (to: Transport): Promise<UploadPackClient> => connectUploadPack(to, { version });
  const tip = async (repository: Repository): Promise<Oid | undefined> =>
    (await resolveRef(repository.refs, MAIN))?.oid;
  const hasCommit = async (repository: Repository, oid: Oid): Promise<boolean> =>
    (await repository.objects.stat(oid)) !== undefined;

  test('a clone, and what is new after many commits of one’s own', async () => {
    const remote = open();
    const [base = ''] = await grow(remote, 3, 1_700_000_000);
    const transport = CARRIERS[one.carrier](remote);
    const copy = open();
    expect(await cloneInto(copy, transport, { connect })).toMatchObject({ head: MAIN, objectCount: 9 });
    expect(await tip(copy)).toBe(base);
    const own = await grow(copy, 600, 1_800_000_000, [base]);
    const [head = ''] = await grow(remote, 1, 1_700_001_000, [base]);
    const client = await connect(transport);
    expect(client.version).toBe(version);
    const haves = [...own, base];
    expect(await fetchInto(copy, client, { wants: [head], haves })).toMatchObject({ objectCount: 3 });
    expect(await fetchInto(copy, client, { wants: [head], haves, depth: 1 })).toMatchObject({ shallowOids: [head] });
    await client.close();
  });

  test('a shallow clone that is deepened, and a clone of it', async () => {
    const remote = open();
    const oids = await grow(remote, 5, 1_700_000_000);
    const transport = CARRIERS[one.carrier](remote);
    const copy = open();
    await cloneInto(copy, transport, { connect, depth: 2 });
    expect([...(await copy.shallow.read())]).toEqual([oids[1]]);
    const client = await connect(transport);
    await fetchInto(copy, client, { wants: [oids[0] as Oid], haves: [oids[0] as Oid], depth: 3 });
    await client.close();
    expect([...(await copy.shallow.read())]).toEqual([oids[2]]);
    const second = open();
    await cloneInto(second, CARRIERS[one.carrier](copy), { connect });
    expect([...(await second.shallow.read())]).toEqual([oids[2]]);
    expect(await Promise.all(oids.map((oid) => hasCommit(second, oid)))).toEqual([true, true, true, false, false]);
  });

  test('refs, and a refusal', async () => {
    const remote = open();
    const [head = ''] = await grow(remote, 1, 1_700_000_000);
    const client = await connect(CARRIERS[one.carrier](remote));
    expect(await client.lsRefs({ prefixes: ['HEAD', MAIN] })).toEqual([
      { name: 'HEAD', oid: head, target: MAIN },
      { name: MAIN, oid: head },
    ]);
    const stranger = 'e'.repeat(algorithm.hexLength);
    await expect(client.fetch({ wants: [stranger] })).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
      remoteMessage: expect.stringContaining(`not our ref ${stranger}`),
    });
    await client.close();
    const pusher = await connectReceivePack(CARRIERS[one.carrier](remote), { version });
    const commands = [{ name: 'refs/heads/other', oldOid: null, newOid: head }];
    const pack = (await (await connect(CARRIERS[one.carrier](remote))).fetch({ wants: [head] })).pack;
    expect(await pusher.push({ commands, pack })).toMatchObject({ unpack: 'ok', results: [{ ok: true }] });
    await pusher.close();
  });
});

describe.each([sha1, sha256])('what only protocol v2 has, between our client and our server, $name:', (algorithm) => {
  test.each(['connections', 'requests'] as const)('sizes of objects, over %s', async (carrier) => {
    const remote = createMemoryRepository({ algorithm });
    const oid = await remote.objects.write({ kind: 'blob', body: new Uint8Array(1234) });
    const [head = ''] = await grow(remote, 1, 1_700_000_000);
    const stranger = 'e'.repeat(algorithm.hexLength);
    const client = await connectUploadPack(CARRIERS[carrier](remote), { limits: { maxObjectLines: 2 } });
    expect(await client.objectInfo([oid, stranger, head])).toEqual([
      { oid, size: 1234 },
      { oid: stranger, size: undefined },
      { oid: head, size: (await remote.objects.stat(head))?.size },
    ]);
    expect(await client.objectInfo([])).toEqual([]);
    await client.close();
    const old = await connectUploadPack(CARRIERS[carrier](remote), { version: 0 });
    await expect(old.objectInfo([oid])).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(old.findCommon({ haves: [head] })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await old.close();
  });

  test('what is common, and answers in a sideband', async () => {
    const remote = createMemoryRepository({ algorithm });
    const [head = '', base = ''] = await grow(remote, 2, 1_700_000_000);
    const strangers = Array.from({ length: 300 }, (_, at) => at.toString(16).padStart(algorithm.hexLength, 'e'));
    const uploadPack = { rules: { allowSidebandAll: true } };
    const client = await connectUploadPack(createRepositoryTransport(remote, { uploadPack }));
    expect(hasFeature(client.capabilities, 'fetch', 'sideband-all')).toBe(true);
    expect(await client.findCommon({ haves: [...strangers, base, ...strangers] })).toEqual([base]);
    expect(await client.findCommon({ haves: [...strangers, head], negotiator: 'skipping' })).toEqual([head]);
    const copy = createMemoryRepository({ algorithm });
    expect(await fetchInto(copy, client, { wants: [head], depth: 1 })).toMatchObject({ objectCount: 3 });
    await client.close();
  });
});
