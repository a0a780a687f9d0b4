import { type GitErrorCode, isGitError } from '@git-kv/objects';
import type { RefOutcome } from '../ref-store.js';

/** What the suites need of a test runner: vitest, jest and others fit as they are. */
export interface TestHarness {
  describe(title: string, define: () => void): unknown;
  test(title: string, run: () => Promise<void>): unknown;
  expect(actual: unknown): {
    toBe(expected: unknown): void;
    /** Deep equality, by which an absent property and an undefined one may be the same. */
    toEqual(expected: unknown): void;
  };
}

/** How `work` failed: the code of a GitError, the name of another error, or 'no error'. */
export async function failureOf(work: Promise<unknown>): Promise<GitErrorCode | string> {
  try {
    await work;
  } catch (error) {
    if (isGitError(error)) return error.code;
    return error instanceof Error ? error.name : String(error);
  }
  return 'no error';
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** An outcome without the transaction's id, which every engine makes as it likes. */
export function summary(outcome: RefOutcome): unknown {
  return outcome.status === 'updated' ? 'updated' : outcome;
}
