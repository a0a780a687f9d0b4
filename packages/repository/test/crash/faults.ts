import { isGitError } from '@git-kv/objects';
import type { FileRepository } from '../../src/engines/file/index.js';
import type { DiskImage } from '../support/disk-image.js';
import { type FsCall, type FsFault, PowerLossFs } from '../support/power-loss-fs.js';
import { type Expected, locksOn, must, stepsShown } from './check.js';
import { CRASHING, openAnew } from './lives.js';
import { RefusedError, type Scenario } from './scenarios.js';

/** Kinds of failure that every call meets once. */
export const FAULTS: Readonly<Record<string, FsFault>> = {
  EIO: { code: 'EIO' },
  ENOSPC: { code: 'ENOSPC' },
  short: { code: 'ENOSPC', written: 7 },
};

/** Whether a call can fail in this way: what only reads needs no room, and only a write is short. */
export function canFail(call: FsCall, fault: FsFault): boolean {
  if (fault.written !== undefined) return call.name === 'handle.write';
  return fault.code !== 'ENOSPC' || ['open', 'handle.write', 'handle.sync', 'mkdir', 'rename'].includes(call.name);
}

/** What a failing call left, while its process went on. */
interface AfterFault {
  readonly image: DiskImage;
  readonly expected: Expected;
}

/**
 * Run the scenario while call `number` fails, and hold what the caller then sees against what was promised: a typed error or
 * success, no lock left, refs as they were unless the commit point was passed, and a repository that goes on.
 * @param commitPoints for each step the change of the disk that a crash no longer undoes
 */
export async function runWithFault(
  scenario: Scenario,
  number: number,
  fault: FsFault,
  commitPoints: readonly number[],
): Promise<AfterFault> {
  let failed: FsCall | undefined;
  const fs = new PowerLossFs(scenario.base, {
    record: true,
    fault: (call) => {
      if (call.number !== number) return undefined;
      failed = call;
      return fault;
    },
  });
  let repository: FileRepository;
  try {
    repository = await openAnew(fs, scenario.options, CRASHING);
  } catch (error) {
    mustBeTyped(error, fault);
    return { image: fs.image, expected: { acknowledged: 0, begun: 0 } };
  }
  let acknowledged = 0;
  let error: unknown;
  for (const step of scenario.steps) {
    try {
      await step.run(repository);
      acknowledged++;
    } catch (thrown) {
      error = thrown;
      break;
    }
  }
  const image = fs.image;
  const call = failed as FsCall | undefined;
  if (call === undefined || error === undefined) {
    // It may be one of the closing.
    await repository.close();
    must(failed !== undefined, 'the call that is to fail was never made');
    return { image, expected: { acknowledged, begun: acknowledged } };
  }
  mustBeTyped(error, fault, call);
  const isBefore = call.changes < (commitPoints[acknowledged] as number);
  const expected = { acknowledged, begun: isBefore ? acknowledged : acknowledged + 1 };
  // The call that fails may be the one that was to remove a lock.
  // After a failed sync nothing more is decided until the repository is opened anew.
  if (call.name !== 'unlink' && call.name !== 'syncDirectory')
    must(locksOn(image).length === 0, `locks are left: ${locksOn(image).join(', ')}`);
  const steps = await stepsShown(scenario, repository, expected);
  if (steps !== undefined) await retry(scenario, repository, steps, call);
  await repository.close();
  return { image, expected };
}

/** The caller tries again, in the same process. After a failed sync the store refuses; else it must go on. */
async function retry(scenario: Scenario, repository: FileRepository, steps: number, call: FsCall): Promise<void> {
  try {
    for (const step of scenario.steps.slice(steps)) await step.run(repository);
  } catch (error) {
    if (error instanceof RefusedError || !isGitError(error)) throw error;
    const isSync = call.name === 'handle.sync' || call.name === 'syncDirectory';
    const isLocked = call.name === 'unlink' && error.code === 'REF_LOCKED';
    must(isSync || isLocked, `after ${call.name} of ${call.path} failed, trying again fails: ${error.message}`);
    return;
  }
  const expected = { acknowledged: scenario.steps.length, begun: scenario.steps.length };
  await stepsShown(scenario, repository, expected);
}

function mustBeTyped(error: unknown, { code }: FsFault, call?: FsCall): void {
  // A lock that could not be removed is met by the next step.
  if (call?.name === 'unlink' && isGitError(error, 'REF_LOCKED')) return;
  const wanted = code === 'ENOSPC' ? 'NO_SPACE' : 'IO_FAILED';
  const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
  must(isGitError(error, wanted), `a call that fails with ${code} throws no ${wanted}: ${shown}`);
}
