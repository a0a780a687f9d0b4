import {
  buildCommit,
  buildIdentity,
  buildTag,
  encodeUtf8,
  FileMode,
  type Oid,
  sha1,
  TreeBuilder,
} from '@git-kv/objects';
import { connectReceivePack, connectUploadPack, type ProtocolVersion, parseRefspec } from '@git-kv/protocol';
import { cloneInto, fetchRefs, pushFrom, type RefUpdate, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { checkConnectivity } from '@git-kv/repository/walk';
import { ensure } from '../target.js';
import { type Carrier, type Cut, type LineCounts, MiddleLink } from './link.js';
import type { Meddling } from './mutator.js';

/** What a client does, over what, and in which version. */
export interface Session {
  readonly task: Task;
  readonly version: ProtocolVersion;
  readonly carrier: Carrier;
}

export type FetchTask = 'ls-refs' | 'clone' | 'fetch' | 'shallow' | 'deepen' | 'partial';
export type PushTask = 'push' | 'atomic push';
export type Task = FetchTask | PushTask;

export const describeSession = ({ task, version, carrier }: Session): string => `${task} v${version} ${carrier}`;

type RawObjects = Parameters<Repository['objects']['writeMany']>[0] extends Iterable<infer T> ? T[] : never;

/** Refs and objects, to make any number of repositories of. */
class World {
  readonly objects: RawObjects = [];
  readonly refs = new Map<string, Oid>();
  readonly #maker = createMemoryRepository({ algorithm: sha1 });
  #time = 1_700_000_000;

  async commit(ref: string, files: Readonly<Record<string, string>>, from?: Oid): Promise<Oid> {
    const tree = new TreeBuilder(sha1);
    for (const [path, text] of Object.entries(files))
      tree.set(path, FileMode.regular, await this.#write('blob', encodeUtf8(text)));
    const treeOid = await this.#write('tree', tree.build());
    const parent = from ?? this.refs.get(ref);
    const author = buildIdentity({ name: 'A', email: 'a@example.com', timestamp: this.#time++ });
    const parentOids = parent === undefined ? [] : [parent];
    const body = buildCommit({ treeOid, parentOids, author, committer: author, message: `At ${this.#time}\n` });
    const oid = await this.#write('commit', body);
    this.refs.set(ref, oid);
    return oid;
  }

  async tag(name: string, targetOid: Oid): Promise<void> {
    const tagger = buildIdentity({ name: 'T', email: 't@example.com', timestamp: this.#time++ });
    const body = buildTag({ targetOid, targetKind: 'commit', name, tagger, message: `${name}\n` });
    this.refs.set(`refs/tags/${name}`, await this.#write('tag', body));
  }

  async repository(refs: ReadonlyMap<string, Oid> = this.refs): Promise<Repository> {
    const repository = createMemoryRepository({ algorithm: sha1 });
    await repository.objects.writeMany(this.objects);
    const updates: RefUpdate[] = [...refs].map(([name, oid]) => ({ name, next: { oid } }));
    updates.push({ name: 'HEAD', next: { target: 'refs/heads/main' } });
    await repository.refs.update(updates);
    return repository;
  }

  async #write(kind: 'blob' | 'tree' | 'commit' | 'tag', body: Uint8Array): Promise<Oid> {
    this.objects.push({ kind, body });
    return await this.#maker.objects.write({ kind, body });
  }
}

const MAIN = 'refs/heads/main';
const lines = (changed: number): string =>
  Array.from({ length: 40 }, (_, at) => `line ${at}${at === changed ? ' anew' : ''}\n`).join('');

interface Worlds {
  /** What the server has. */
  readonly served: World;
  /** What a client has that cloned early, and has commits of its own. */
  readonly older: World;
  /** The newest commit of {@link served} without its parents. */
  readonly tip: Oid;
  /** What the server has, and new commits. */
  readonly newer: World;
  /** For sessions that change nothing there. */
  readonly server: Repository;
  readonly pusher: Repository;
}

async function grow(world: World, commits: number): Promise<void> {
  for (let at = 0; at < commits; at++)
    await world.commit(MAIN, {
      'list.txt': lines(world.objects.length),
      [`file-${at % 3}`]: `${at}\n`,
      same: 'same\n',
    });
}

async function makeWorlds(): Promise<Worlds> {
  const early = async (): Promise<World> => {
    const world = new World();
    await grow(world, 4);
    return world;
  };
  const older = await early();
  older.refs.set('refs/remotes/origin/main', older.refs.get(MAIN) as Oid);
  for (let at = 0; at < 20; at++)
    await older.commit('refs/heads/own', { own: `${at}\n` }, at === 0 ? older.refs.get(MAIN) : undefined);
  const late = async (): Promise<World> => {
    const world = await early();
    await world.commit('refs/heads/side', { side: 'side\n' }, world.refs.get(MAIN));
    await world.tag('v1', world.refs.get(MAIN) as Oid);
    await grow(world, 3);
    return world;
  };
  const served = await late();
  const newer = await late();
  await grow(newer, 2);
  await newer.commit('refs/heads/topic', { topic: 'topic\n' }, newer.refs.get(MAIN));
  const [server, pusher] = [await served.repository(), await newer.repository()];
  return { served, older, tip: served.refs.get(MAIN) as Oid, newer, server, pusher };
}

let worlds: Promise<Worlds> | undefined;

type Refs = ReadonlyMap<string, string>;

async function refsOf(repository: Repository): Promise<Refs> {
  const refs = new Map<string, string>();
  for await (const { name, value } of repository.refs.list('refs/'))
    refs.set(name, 'oid' in value ? value.oid : `ref: ${value.target}`);
  return refs;
}

const sameRefs = (left: Refs, right: Refs): boolean =>
  left.size === right.size && [...left].every(([name, value]) => right.get(name) === value);

/** Every ref leads to something that is there with all it reaches. */
async function ensureWhole(repository: Repository, whose: string): Promise<void> {
  const roots = [...(await refsOf(repository)).values()].filter((value) => !value.startsWith('ref:'));
  const shallow = await repository.shallow.read();
  const outcome = await checkConnectivity(repository.objects, { roots, haves: [], shallow });
  ensure(outcome.connected, `the ${whose} repository lacks ${outcome.connected ? '' : outcome.missingOid}`);
}

/** What is done to a session, and what is told of it. */
export interface SessionOptions {
  readonly meddlings?: readonly Meddling[];
  /** Lines of each side when nobody meddles: where meddlings are. */
  readonly counts?: LineCounts;
  readonly cut?: Cut;
  /** Told of the bytes of each side. */
  readonly onBytes?: (counts: LineCounts) => void;
}

const linkTo = (server: Repository, { carrier }: Session, options: SessionOptions): MiddleLink =>
  new MiddleLink(server, carrier, options.meddlings ?? [], options.counts ?? { request: 0, answer: 0 }, options.cut);

/** Whether what the client said arrived as he said it. */
const isHeard = ({ meddlings = [], cut }: SessionOptions): boolean =>
  cut?.direction !== 'request' && !meddlings.some(({ direction }) => direction === 'request');

/**
 * Run one session with somebody in the middle, and judge what both repositories are after.
 * @returns how many lines each side said
 * @throws what the client threw, once all else is judged
 */
export async function runSession(session: Session, options: SessionOptions = {}): Promise<LineCounts> {
  worlds ??= makeWorlds();
  const { task } = session;
  return task === 'push' || task === 'atomic push'
    ? await runPush(session, task, await worlds, options)
    : await runFetch(session, task, await worlds, options);
}

async function runFetch(
  session: Session,
  task: FetchTask,
  { served, older, tip, server }: Worlds,
  options: SessionOptions,
): Promise<LineCounts> {
  const { version } = session;
  const client = task === 'fetch' ? await older.repository() : createMemoryRepository({ algorithm: sha1 });
  if (task === 'deepen') await cutAt(client, server, tip);
  const before = await refsOf(client);
  const link = linkTo(server, session, options);
  const connect = (): ReturnType<typeof connectUploadPack> => connectUploadPack(link.transport, { version });
  const refspecs = [parseRefspec('+refs/heads/*:refs/remotes/origin/*', 'fetch')];
  let failure: { readonly error: unknown } | undefined;
  try {
    if (task === 'ls-refs') await list(connect);
    else if (task === 'clone') await cloneInto(client, link.transport, { connect });
    else if (task === 'shallow') await cloneInto(client, link.transport, { connect, depth: 2 });
    else if (task === 'partial') await cloneInto(client, link.transport, { connect, filter: 'blob:none' });
    else if (task === 'deepen') await fetchRefs(client, link.transport, { connect, refspecs, depth: 3 });
    else await fetchRefs(client, link.transport, { connect, refspecs });
  } catch (error) {
    failure = { error };
  }
  await link.settle();
  options.onBytes?.(link.byteCounts);
  ensure(sameRefs(await refsOf(server), served.refs), 'a fetch moved a ref of the server');
  await ensureWhole(client, "client's");
  if (failure === undefined) return link.counts;
  const after = await refsOf(client);
  // Tags that come along are a second transaction.
  ensure(sameRefs(before, after) || task === 'fetch' || task === 'deepen', 'a fetch that failed moved refs');
  throw failure.error;
}

async function list(connect: () => ReturnType<typeof connectUploadPack>): Promise<void> {
  const client = await connect();
  try {
    await client.lsRefs();
  } finally {
    await client.close();
  }
}

/** What a clone of depth one holds. */
async function cutAt(client: Repository, server: Repository, tip: Oid): Promise<void> {
  const link = new MiddleLink(server, 'connection', [], { request: 0, answer: 0 });
  const refspecs = [parseRefspec('+refs/heads/main:refs/remotes/origin/main', 'fetch')];
  await fetchRefs(client, link.transport, { refspecs, depth: 1 });
  ensure((await client.shallow.read()).has(tip), 'the client is not cut');
}

async function runPush(
  session: Session,
  task: PushTask,
  { served, newer, pusher }: Worlds,
  options: SessionOptions,
): Promise<LineCounts> {
  const { version } = session;
  const server = await served.repository();
  const link = linkTo(server, session, options);
  const wished = new Map<string, Oid | null>([
    [MAIN, newer.refs.get(MAIN) as Oid],
    ['refs/heads/topic', newer.refs.get('refs/heads/topic') as Oid],
    ['refs/heads/side', null],
  ]);
  const updates = [...wished].map(([name, next]) => ({ name, next, expected: served.refs.get(name) ?? null }));
  let failure: { readonly error: unknown } | undefined;
  try {
    const client = await connectReceivePack(link.transport, { version });
    await pushFrom(pusher, link.transport, { updates, client, atomic: task === 'atomic push' });
  } catch (error) {
    failure = { error };
  }
  await link.settle();
  options.onBytes?.(link.byteCounts);
  await ensureWhole(server, "server's");
  const after = await refsOf(server);
  const known = new Set([...served.refs.values(), ...newer.refs.values()]);
  for (const [name, value] of after) ensure(known.has(value), `${name} became ${value}`);
  // What the client said was forged in the middle: then the server did what it was told.
  if (isHeard(options)) ensureOldOrNew(served.refs, wished, after, task);
  if (failure === undefined) return link.counts;
  const { code } = failure.error as { code?: unknown };
  if (code !== 'PUSH_OUTCOME_UNKNOWN')
    ensure(sameRefs(after, served.refs) || !isHeard(options), 'a push that failed has moved refs');
  throw failure.error;
}

function ensureOldOrNew(old: Refs, wished: ReadonlyMap<string, Oid | null>, after: Refs, task: PushTask): void {
  let moved = 0;
  for (const name of new Set([...old.keys(), ...wished.keys(), ...after.keys()])) {
    const value = after.get(name);
    const next = wished.has(name) ? (wished.get(name) ?? undefined) : old.get(name);
    if (value === old.get(name) && value !== next) continue;
    ensure(value === next, `${name} is neither old nor new`);
    if (wished.has(name)) moved++;
  }
  ensure(task === 'push' || moved === 0 || moved === wished.size, 'half of an atomic push happened');
}
