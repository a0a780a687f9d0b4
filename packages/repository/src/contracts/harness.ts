import { type GitErrorCode, type HashAlgorithm, isGitError, type Oid } from '@git-kv/objects';
import type { ObjectStore } from '../object-store.js';
import type { RefOutcome, RefStore } from '../ref-store.js';

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

/** What a ref store may have or not. */
export interface RefStoreFeatures {
  /** `transactions` lists what was committed, and `attachment` comes back with it. */
  readonly transactions?: boolean;
  /** `fence` is honoured. */
  readonly fences?: boolean;
  /** `prepare` holds refs until it is told what becomes of them. */
  readonly prepare?: boolean;
}

/** Runs a test on a fresh object store that is closed after. */
export type WithStore = (run: (store: ObjectStore, algorithm: HashAlgorithm) => Promise<void>) => () => Promise<void>;

/** Runs a test on a fresh ref store that is closed after; `value` makes distinct oids of digits. */
export type WithRefs = (
  run: (refs: RefStore, value: (digit: string) => { oid: Oid }) => Promise<void>,
) => () => Promise<void>;

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

/** All items, in order. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** An outcome without the transaction's id, which every engine makes as it likes. */
export function summary(outcome: RefOutcome): unknown {
  return outcome.status === 'updated' ? 'updated' : outcome;
}
