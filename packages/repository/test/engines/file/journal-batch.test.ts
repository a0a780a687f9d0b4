import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../../../test/fuzz/lib/random.js';
import { initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import {
  type FileRepository,
  type FileRepositoryOptions,
  initFileRepository,
  openFileRepository,
} from '../../../src/engines/file/index.js';
import { losePower } from '../../support/disk-image.js';
import { collect } from '../../support/objects.js';
import { PowerLossFs } from '../../support/power-loss-fs.js';
import { drawLoss, lossVariants } from '../../support/power-loss-states.js';
import { FaultyFs } from './faulty-fs.js';

const A = 'refs/heads/a';
const B = 'refs/heads/b';
const LATER = 1_000_000;
const dead = { self: { host: 'here', pid: 1, start: '' }, isAlive: () => false };
const oid = (number: number): string => String(number).padStart(2, '0').repeat(20);

/** Both refs one step on. */
const step = async (repository: FileRepository, number: number): Promise<void> => {
  const expected = number === 1 ? null : { oid: oid(number - 1) };
  const next = { oid: oid(number) };
  const outcome = await repository.refs.update([
    { name: A, expected, next },
    { name: B, expected, next },
  ]);
  expect(outcome.status).toBe('updated');
};
const valuesOf = async (repository: FileRepository): Promise<unknown[]> => {
  const values = await repository.refs.snapshot([A, B]);
  return [A, B].map((name) => (values.get(name) as { oid: string } | undefined)?.oid);
};

describe('ref transactions with durability batch', () => {
  const open = (fs = new FaultyFs(), options: FileRepositoryOptions = {}) => {
    const directory = initBare(join(temporaryDirectory(), 'batch.git'));
    const opened = openFileRepository(fs.fs, directory, { durability: 'batch', syncDelayMs: LATER, ...options });
    return { directory, opened };
  };

  test('synchronise nothing each, are seen at once by this store, and by all after sync()', async () => {
    const fs = new FaultyFs();
    const { directory, opened } = open(fs);
    const repository = await opened;
    await step(repository, 1);
    const before = fs.count('handle.sync') + fs.count('syncDirectory');
    for (let number = 2; number <= 9; number++) await step(repository, number);
    expect(fs.count('handle.sync') + fs.count('syncDirectory')).toBe(before);
    expect(await valuesOf(repository)).toEqual([oid(9), oid(9)]);
    expect((await collect(repository.refs.list('refs/'))).map(({ name }) => name)).toEqual([A, B]);
    expect(existsSync(join(directory, A))).toBe(false);
    await repository.sync();
    for (const name of [A, B]) expect(readFileSync(join(directory, name), 'utf8')).toBe(`${oid(9)}\n`);
    expect(existsSync(join(directory, `${A}.lock`))).toBe(false);
    await repository.close();
  });

  test('are made durable by themselves after the delay', async () => {
    const { directory, opened } = open(new FaultyFs(), { syncDelayMs: 1 });
    const repository = await opened;
    await step(repository, 1);
    await expect.poll(() => existsSync(join(directory, A))).toBe(true);
    await repository.close();
  });

  test('that are prepared together create no two refs in each other’s way', async () => {
    const { directory, opened } = open(new FaultyFs(), { lockTimeoutMs: 30 });
    const repository = await opened;
    const prepared = [];
    for (const name of [A, `${A}/b`]) {
      const one = await repository.refs.prepare([{ name, expected: null, next: { oid: oid(1) } }]);
      if (one.status !== 'prepared') throw new Error(one.status);
      prepared.push(one);
    }
    const outcomes = await Promise.all(prepared.map((one) => one.commit()));
    expect(outcomes).toMatchObject([{ status: 'updated' }, { status: 'conflict', name: A }]);
    await repository.sync();
    expect(readFileSync(join(directory, A), 'utf8')).toBe(`${oid(1)}\n`);
    await repository.close();
  });

  test('create, move and delete refs before their files exist, and a name may change its shape', async () => {
    const { directory, opened } = open();
    const repository = await opened;
    await step(repository, 1);
    const deleted = await repository.refs.update([{ name: A, expected: { oid: oid(1) }, next: null }]);
    expect(deleted.status).toBe('updated');
    expect((await collect(repository.refs.list('refs/'))).map(({ name }) => name)).toEqual([B]);
    const deep = await repository.refs.update([{ name: `${A}/b`, expected: null, next: { oid: oid(2) } }]);
    expect(deep.status).toBe('updated');
    expect(await repository.refs.update([{ name: A, expected: null, next: { oid: oid(2) } }])).toEqual({
      status: 'conflict',
      name: `${A}/b`,
      actual: { oid: oid(2) },
    });
    await repository.close();
    for (const name of [`${A}/b`, B]) expect(existsSync(join(directory, name))).toBe(true);
  });

  test('that are acknowledged outlive the process', async () => {
    const { directory, opened } = open();
    const died = await opened;
    for (let number = 1; number <= 5; number++) await step(died, number);
    const repository = await openFileRepository(new FaultyFs().fs, directory, { processes: dead });
    expect(await valuesOf(repository)).toEqual([oid(5), oid(5)]);
    expect(repository.recovery).toEqual([]);
    await repository.close();
    const ids = (await collect(repository.refs.transactions({}))).map(({ id }) => Number(id));
    expect(ids).toEqual([1, 2, 3, 4, 5]);
  });

  test('are lost whole by a power loss, from the end, and none that was synchronised', async () => {
    const fs = new PowerLossFs(undefined, { record: true });
    await initFileRepository(fs, '/batch.git');
    const options = { durability: 'batch', syncDelayMs: LATER, processes: dead } as const;
    const began = fs.history.length;
    const repository = await openFileRepository(fs, '/batch.git', options);
    const acknowledged: { readonly at: number; readonly synced: number; readonly done: number }[] = [];
    let synced = 0;
    for (let number = 1; number <= 6; number++) {
      await step(repository, number);
      if (number % 3 === 0) {
        await repository.sync();
        synced = number;
      }
      acknowledged.push({ at: fs.history.length, synced, done: number });
    }
    await repository.close();
    const random = new Random(1, 0);
    for (let at = began; at < fs.history.length; at++) {
      const image = fs.history[at] as (typeof fs.history)[number];
      const durable = acknowledged.filter((one) => one.at <= at + 1).at(-1)?.synced ?? 0;
      const losses = [...lossVariants(image).map(({ loss }) => loss), drawLoss(random), drawLoss(random)];
      for (const loss of losses) {
        const disk = new PowerLossFs(losePower(image, loss));
        const found = await openFileRepository(disk, '/batch.git', options);
        const [a, b] = await valuesOf(found);
        expect([at, b]).toEqual([at, a]);
        const number = a === undefined ? 0 : Number(String(a).slice(0, 2));
        expect([at, number >= durable]).toEqual([at, true]);
        await step(found, number + 1);
        await found.close();
      }
    }
  });
});
