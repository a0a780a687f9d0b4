import { Key } from '../key.js';
import type { VersionedCommit } from './commit.js';
import type { VersionedContext } from './context.js';
import type { Expectations, FailedExpectation } from './options.js';
import { VersionedSnapshot } from './snapshot.js';

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
    const expected = expect[what];
    if (expected !== undefined && expected !== actual) return { what, expected, actual };
  }
  const snapshot = new VersionedSnapshot(context, tip);
  for (const [text, expected] of Object.entries(expect.keys ?? {})) {
    const key = Key.of(text);
    const actual = (await snapshot.version(key)) ?? null;
    if (expected !== actual) return { what: 'key', key, expected, actual };
  }
  return undefined;
}
