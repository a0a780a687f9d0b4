import { Key } from '../key.js';
import { WorkingTree } from '../tree/working-tree.js';
import type { VersionedCommit } from './commit.js';
import type { VersionedContext } from './context.js';
import type { Expectations, FailedExpectation } from './options.js';

/** The first of `expect` that does not hold of a branch at `tip`. */
export async function failedExpectation<T>(
  context: VersionedContext<T>,
  tip: VersionedCommit | undefined,
  expect: Expectations = {},
): Promise<FailedExpectation | undefined> {
  for (const [what, actual] of [
    ['commit', tip?.oid ?? null],
    ['tree', tip?.treeOid ?? null],
  ] as const) {
    if (!(what in expect)) continue;
    const expected = expect[what] ?? null;
    if (expected !== actual) return { what, expected, actual };
  }
  const entries = Object.entries(expect.keys ?? {});
  if (entries.length === 0) return undefined;
  const tree = await WorkingTree.open(context.trees, tip?.treeOid ?? context.repository.algorithm.emptyTreeOid);
  for (const [text, version] of entries) {
    const key = Key.of(text);
    const expected = version ?? null;
    const found = await tree.find(key);
    const actual = (found?.directory === undefined ? found?.oid : found.directory.oid) ?? null;
    if (expected !== actual) return { what: 'key', key, expected, actual };
  }
  return undefined;
}
