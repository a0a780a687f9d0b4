import { isGitError } from '@git-kv/objects';
import type { RefStore, RefUpdate, RefValue } from '@git-kv/repository';
import type { Operation } from './checker.js';

/** The refs that all writers share. */
export const REFS: readonly string[] = Array.from({ length: 5 }, (_, at) => `refs/heads/shared-${at}`);

/** Who races, and by which clock. */
export interface Race {
  /** Numbers of the writers; no other process has the same. */
  readonly writers: readonly number[];
  readonly storeOf: (writer: number) => RefStore;
  /** Never goes back, and is the same for all who race. Two calls may give the same: they count as at the same time then. */
  readonly clock: () => number;
  /** Object ids that nobody else gives out. */
  readonly fresh: () => string;
  readonly isOver: (round: number) => boolean;
  readonly seed: number;
}

/** What writers did, in any order. */
export interface RaceResult {
  readonly history: readonly Operation[];
  /** Transactions that moved refs. */
  readonly wins: number;
}

/** Give the refs their first values. */
export async function startRace(refs: RefStore, fresh: () => string): Promise<Record<string, string>> {
  const initial: Record<string, string> = Object.fromEntries(REFS.map((ref) => [ref, fresh()]));
  await refs.update(REFS.map((name) => ({ name, expected: null, next: { oid: initial[name] as string } })));
  return initial;
}

/** Writers that move one to three refs each from what they saw, look again at what they lost to, and take snapshots, all at once. */
export async function race({ writers, storeOf, clock, fresh, isOver, seed }: Race): Promise<RaceResult> {
  let wins = 0;
  const history: Operation[] = [];
  const writer = async (number: number): Promise<void> => {
    const refs = storeOf(number);
    let state = (seed * 7919 + number * 104_729) >>> 0;
    const draw = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state >>> 8) % below;
    };
    for (let round = 0; !isOver(round); round++) {
      const first = draw(REFS.length);
      const names = Array.from({ length: 1 + draw(3) }, (_, at) => REFS[(first + at) % REFS.length] as string);
      const start = clock();
      const seen =
        names.length === 1 ? new Map([[names[0], await refs.read(names[0] as string)]]) : await refs.snapshot(names);
      const saw = Object.fromEntries(names.map((name) => [name, oidOf(seen.get(name))]));
      history.push({ start, end: clock(), saw, wrote: {} });
      // Some refs are only verified.
      const moved = names.filter((_, at) => at === 0 || draw(3) > 0);
      const wrote = Object.fromEntries(moved.map((name) => [name, fresh()]));
      const updates = names.map((name): RefUpdate => {
        const expected = { oid: saw[name] as string };
        return { name, expected, next: wrote[name] === undefined ? expected : { oid: wrote[name] } };
      });
      const began = clock();
      try {
        const outcome = await refs.update(updates);
        if (outcome.status === 'updated') {
          wins++;
          history.push({ start: began, end: clock(), saw, wrote });
        } else if (outcome.status === 'conflict') {
          // A lost race tells what stands there: that is a read.
          history.push({ start: began, end: clock(), saw: { [outcome.name]: oidOf(outcome.actual) }, wrote: {} });
        }
      } catch (error) {
        // Nothing moved: so many want the lock that some wait in vain.
        if (!isGitError(error, 'REF_LOCKED')) throw error;
      }
    }
  };
  await Promise.all(writers.map(writer));
  return { history, wins };
}

function oidOf(value: RefValue | null | undefined): string {
  return value && 'oid' in value ? value.oid : 'none';
}
