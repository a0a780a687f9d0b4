import type { Oid, RawObject } from '@git-kv/objects';
import { packBytes } from '@git-kv/pack';
import type { Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { beforeEach, describe, expect, test } from 'vitest';
import { isSelfContained } from '../src/self-contained.js';
import { writeCommit } from './support/objects.js';
import { body } from './support/wire.js';

describe('a commit that arrives on top of one whose parents are missing', () => {
  let repository: Repository;
  let cut: Oid;
  let next: Oid;
  let arrived: RawObject;

  beforeEach(async () => {
    repository = createMemoryRepository();
    const files = { a: '1' };
    const source = createMemoryRepository();
    const root = await writeCommit(source.objects, { files });
    cut = await writeCommit(repository.objects, { files, parents: [root] });
    next = await writeCommit(source.objects, { files, parents: [cut] });
    arrived = (await source.objects.read(next)) as RawObject;
  });

  test.each<[what: string, shallow: () => Oid[], haves: () => Oid[], expected: boolean]>([
    ['is not known to be whole', () => [], () => [], false],
    ['is where it is known where history ends', () => [cut], () => [], true],
    ['is where the other side was told of that one', () => [], () => [cut], true],
    ['is not where it was told of another', () => [], () => [next.replace(/^./, 'f')], false],
  ])('%s', async (_what, shallow, haves, expected) => {
    const { algorithm, objects } = repository;
    const { bytes } = await packBytes({ algorithm, objects: [arrived], objectCount: 1 });
    const quarantine = await objects.receive(body(bytes));
    expect(await isSelfContained(quarantine, [next], { shallow: new Set(shallow()), haves: haves() })).toBe(expected);
    await quarantine.discard();
  });
});
