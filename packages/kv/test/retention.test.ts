import type { Oid, RawObject } from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { GitKv } from '../src/index.js';
import { Retention } from '../src/retention.js';

const blob = (size: number, fill = 0): RawObject => ({ kind: 'blob', body: new Uint8Array(size).fill(fill) });

async function objectCount(repository: Repository): Promise<number> {
  let count = 0;
  for await (const _oid of repository.objects.oids()) count++;
  return count;
}

/** A repository with two commits, the first of which nothing needs. */
async function sample(): Promise<{ repository: Repository; old: Oid; oldTree: Oid; head: Oid }> {
  const repository = createMemoryRepository();
  const store = await GitKv.open(repository);
  await store.set('a', '1');
  const old = store.commit?.oid as Oid;
  const oldTree = Buffer.from((await store.digest('/')) as Uint8Array).toString('hex');
  await store.set('a', '2');
  await repository.shallow.update({ add: [store.commit?.oid as Oid], remove: [] });
  return { repository, old, oldTree, head: store.commit?.oid as Oid };
}

describe('Retention', () => {
  test('K13 drops what fell out of use, when enough was written', async () => {
    const { repository, old, head } = await sample();
    const retention = new Retention(repository, { isEnabled: true });
    await retention.release([head], { oid: head, parentOids: [old] });
    expect(await objectCount(repository)).toBe(6);
    retention.wrote([blob(20_000_000)]);
    await retention.release([head], { oid: head, parentOids: [old] });
    expect(await objectCount(repository)).toBe(3);
    expect(await repository.objects.read(old)).toBeUndefined();
  });

  test('keeps what someone reads, and everything while it is held', async () => {
    const { repository, oldTree, head } = await sample();
    const retention = new Retention(repository, { isEnabled: true });
    retention.wrote([blob(20_000_000)]);
    retention.hold();
    await retention.release([head], undefined);
    expect(await objectCount(repository)).toBe(6);
    retention.unhold();
    await retention.pinned(oldTree, async () => {
      await retention.release([head], undefined);
      expect(await objectCount(repository)).toBe(5);
    });
    retention.wrote([blob(20_000_000)]);
    await retention.release([head], undefined);
    expect(await objectCount(repository)).toBe(3);
  });

  test("leaves a repository of the caller's alone", async () => {
    const { repository, old, head } = await sample();
    const retention = new Retention(repository, { isEnabled: false });
    retention.wrote([blob(20_000_000)]);
    await retention.release([head], { oid: head, parentOids: [old] });
    expect(await objectCount(repository)).toBe(6);
  });
});
