import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Operation } from './axes.js';
import type { MatrixClient, Remote } from './clients.js';
import { copyRepository, type Fixtures, ONE_OF_MANY } from './fixtures.js';
import { type RepositoryState, readState } from './state.js';

/** Where an operation finds its repositories, and puts what it makes. */
export interface Place {
  readonly fixtures: Fixtures;
  /** The folder that is served. */
  readonly root: string;
  /** Not used before. */
  readonly id: string;
  /** The remote that a directory in `root` is. */
  remote(path: string): Remote;
  /** Nobody needs this repository any more. */
  forget(path: string): Promise<void>;
  /** What git alone comes to is not judged by git. */
  readonly isTrusted: boolean;
}

/** What is judged in the end: repositories of either side, and lists. */
export type Outcome = Readonly<Record<string, RepositoryState | readonly string[]>>;

type Perform = (client: MatrixClient, place: Place) => Promise<Outcome>;

const BRANCH = { branch: 'main' };

/** Every operation: how it goes, and what it is judged by. */
export const PERFORM: Readonly<Record<Operation, Perform>> = {
  clone: (client, place) => cloned(client, place, 'base', {}),
  shallow: (client, place) => cloned(client, place, 'base', { depth: 2, noTags: true }),
  partial: (client, place) => cloned(client, place, 'base', { filter: 'blob:none', noTags: true }),
  'unborn HEAD': (client, place) => cloned(client, place, 'unborn', {}),
  fetch: (client, place) => fetched(client, place, 'nothing', {}),
  'incremental fetch': (client, place) => fetched(client, place, 'older', {}),
  tags: (client, place) => fetched(client, place, 'nothing', { allTags: true }),
  deepen: (client, place) => fetched(client, place, 'cut', { ...BRANCH, deepen: 2 }),
  unshallow: (client, place) => fetched(client, place, 'cut', { ...BRANCH, unshallow: true }),
  '10,000 refs': async (client, place) => {
    const { fixtures } = place;
    const listed = await client.list(place.remote(basename(fixtures.served.many)));
    const held = await fetchedFrom(client, place, fixtures.served.many, 'nothing', { branch: ONE_OF_MANY });
    // One of the refs is HEAD, which names no branch of its own. Clients differ in telling of it.
    return { ...held, listed: listed.filter((line) => !line.endsWith(' HEAD')) };
  },
  push: (client, place) =>
    pushed(client, place, 'base', [
      { name: 'refs/heads/main', source: 'refs/heads/main' },
      { name: 'refs/heads/topic', source: 'refs/heads/topic' },
      { name: 'refs/tags/v2', source: 'refs/tags/v2' },
    ]),
  delete: (client, place) => pushed(client, place, 'base', [{ name: 'refs/heads/side', source: undefined }]),
  'empty repository': async (client, place) => ({
    ...(await cloned(client, place, 'empty', {})),
    ...(await pushed(client, place, 'empty', [{ name: 'refs/heads/main', source: 'refs/heads/main' }])),
  }),
};

async function cloned(
  client: MatrixClient,
  place: Place,
  served: keyof Fixtures['served'],
  wish: Parameters<MatrixClient['clone']>[2],
): Promise<Outcome> {
  return await inFresh(place, 'client', async (directory) => {
    await client.clone(place.remote(basename(place.fixtures.served[served])), directory, wish);
    return { client: await readState(directory, { isPartial: wish.filter !== undefined, isTrusted: place.isTrusted }) };
  });
}

async function fetched(
  client: MatrixClient,
  place: Place,
  held: keyof Fixtures['held'],
  wish: Parameters<MatrixClient['fetch']>[2],
): Promise<Outcome> {
  return await fetchedFrom(client, place, place.fixtures.served.base, held, wish);
}

async function fetchedFrom(
  client: MatrixClient,
  place: Place,
  served: string,
  held: keyof Fixtures['held'],
  wish: Parameters<MatrixClient['fetch']>[2],
): Promise<Outcome> {
  return await inFresh(place, 'client', async (directory) => {
    copyRepository(place.fixtures.held[held], directory);
    await client.fetch(place.remote(basename(served)), directory, wish);
    return { client: await readState(directory, { isTrusted: place.isTrusted }) };
  });
}

/** From the repository with new commits into a copy of one that is served. */
async function pushed(
  client: MatrixClient,
  place: Place,
  served: 'base' | 'empty',
  wishes: Parameters<MatrixClient['push']>[2],
): Promise<Outcome> {
  return await inFresh(place, 'server', async (directory) => {
    copyRepository(place.fixtures.served[served], directory);
    await client.push(place.remote(basename(directory)), place.fixtures.held.newer, wishes);
    return { server: await readState(directory, { isTrusted: place.isTrusted }) };
  });
}

async function inFresh(place: Place, what: string, work: (directory: string) => Promise<Outcome>): Promise<Outcome> {
  const directory = join(place.root, `${what}-${place.id}.git`);
  try {
    return await work(directory);
  } finally {
    await place.forget(basename(directory));
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
