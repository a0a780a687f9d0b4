import { createMemoryRepository } from '@git-kv/repository/memory';
import { expect, test } from 'vitest';
import { moveRefs } from '../../src/remote/ref-moves.js';
import { writeCommit } from '../support/objects.js';

test("a ref that already is where it was to go is in nobody's way, and one that went elsewhere is lost", async () => {
  const { objects, refs } = createMemoryRepository();
  const first = await writeCommit(objects, { files: { a: '1' } });
  const second = await writeCommit(objects, { files: { a: '2' }, parents: [first] });
  await refs.update([
    { name: 'refs/x/done', next: { oid: second } },
    { name: 'refs/x/elsewhere', next: { oid: first } },
  ]);
  const updates = [
    { name: 'refs/x/done', expected: null, next: { oid: second } },
    { name: 'refs/x/elsewhere', expected: null, next: { oid: second } },
    { name: 'refs/x/gone', expected: { oid: first }, next: null },
    { name: 'refs/x/new', expected: null, next: { oid: second } },
  ];
  const reflog = { name: 'a', email: 'a@b', message: 'fetch' };
  expect([...(await moveRefs({ ...createMemoryRepository(), refs }, updates, { reflog })).values()]).toEqual([
    'refs/x/elsewhere',
  ]);
  expect(await refs.read('refs/x/new')).toEqual({ oid: second });
  expect(await refs.read('refs/x/elsewhere')).toEqual({ oid: first });
  const atomic = updates.slice(0, 1).map((update) => ({ ...update }));
  expect((await moveRefs({ ...createMemoryRepository(), refs }, atomic, { reflog, isAtomic: true })).size).toBe(1);
});
