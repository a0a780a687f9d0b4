import { buildCommit, buildIdentity, decodeUtf8, encodeUtf8, FileMode, type Oid, TreeBuilder } from '@git-kv/objects';
import { connectUploadPack, createHttpTransport, type Transport } from '@git-kv/protocol';
import { backFill, cloneInto, materialize, openRemote, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { createGitServer } from '@git-kv/server';
import { beforeAll, beforeEach, expect, test } from 'vitest';

// 100,000 files in 313 directories of 320, and 36 directories of 6.
const DIRECTORIES = 313;
const FILES = 320;
const name = (at: number): string => `name-${String(at).padStart(4, '0')}`;
const textOf = (directory: number, file: number): string => `the text of file ${directory * FILES + file}\n`;

let many: Repository;
let few: Repository;
const wire = { requests: 0, sent: 0, received: 0 };

async function fill(repository: Repository, directories: number, files: number): Promise<void> {
  const { objects } = repository;
  const root = new TreeBuilder(repository.algorithm);
  for (let directory = 0; directory < directories; directory++) {
    const bodies = Array.from({ length: files }, (_, file) => encodeUtf8(textOf(directory, file)));
    const oids = await objects.writeMany(bodies.map((body) => ({ kind: 'blob', body })));
    const tree = new TreeBuilder(repository.algorithm);
    for (const [file, oid] of oids.entries()) tree.set(name(file), FileMode.regular, oid);
    root.set(name(directory), FileMode.tree, await objects.write({ kind: 'tree', body: tree.build() }));
  }
  const treeOid = await objects.write({ kind: 'tree', body: root.build() });
  const author = buildIdentity({ name: 'A', email: 'a@example.com', timestamp: 1_700_000_000 });
  const body = buildCommit({ treeOid, parentOids: [], author, committer: author, message: 'Many\n' });
  const oid: Oid = await objects.write({ kind: 'commit', body });
  await repository.refs.update([{ name: 'refs/heads/main', next: { oid } }]);
}

beforeAll(async () => {
  many = createMemoryRepository();
  few = createMemoryRepository();
  await fill(many, DIRECTORIES, FILES);
  await fill(few, 6, 6);
});

beforeEach(() => void Object.assign(wire, { requests: 0, sent: 0, received: 0 }));

/** A client of our server in this process, which counts what goes each way, headers among it. */
function transportTo(repository: Repository): Transport {
  const server = createGitServer({ resolve: () => repository });
  const sizeOf = (headers: Headers): number => [...headers].flat().join('').length;
  return createHttpTransport('http://server.example/many.git', {
    fetch: async (url, init) => {
      const request = new Request(url, init);
      wire.requests++;
      wire.sent += url.length + sizeOf(request.headers) + (await request.clone().arrayBuffer()).byteLength;
      const response = await server(request);
      wire.received += sizeOf(response.headers);
      const counted = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          wire.received += chunk.length;
          controller.enqueue(chunk);
        },
      });
      return new Response(response.body?.pipeThrough(counted) ?? null, response);
    },
  });
}

test.each(['assume', 'ask'] as const)(
  'three of 100,000 files take at most 5 requests and 200 kB (%s)',
  async (handshake) => {
    const remote = await openRemote(transportTo(many), { handshake });
    const places: [number, number][] = [
      [0, 319],
      [150, 0],
      [312, 100],
    ];
    const texts = await remote.read(places.map(([directory, file]) => [name(directory), name(file)]));
    expect(texts.map((text) => text && decodeUtf8(text))).toEqual(places.map((place) => textOf(...place)));
    expect(wire.requests).toBe(handshake === 'ask' ? 5 : 4);
    expect(wire.sent + wire.received).toBeLessThan(60_000);
  },
);

test('a directory of 100,000 files is listed without them', async () => {
  const remote = await openRemote(transportTo(many));
  expect(await remote.list(name(200))).toHaveLength(FILES);
  expect(wire.requests).toBe(3);
  expect(wire.sent + wire.received).toBeLessThan(40_000);
});

test.each(['blob:none', 'tree:0'])('a partial clone (%s) is made files of, in a request a level', async (filter) => {
  const clone = createMemoryRepository();
  const transport = transportTo(few);
  await cloneInto(clone, transport, { filter });
  wire.requests = 0;
  const whole = backFill(clone, ({ signal }) => connectUploadPack(transport, { signal }));
  const remote = await openRemote(transport);
  const treeOid = await remote.treeOid();
  wire.requests = 0;
  const summary = await materialize(whole.objects, treeOid, { file: () => {}, symlink: () => {} });
  expect(summary).toMatchObject({ directories: 6, files: 36 });
  // The connection, two levels of trees where they were left out, and the files.
  expect(wire.requests).toBe(filter === 'tree:0' ? 4 : 2);
});
