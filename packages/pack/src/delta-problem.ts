import { DeltaStatus } from '@git-kv/kernels';
import { MalformedError } from '@git-kv/objects';

const PROBLEMS: Readonly<Record<number, string>> = {
  [DeltaStatus.inputEnds]: 'it ends inside an instruction',
  [DeltaStatus.baseSizeDiffers]: 'it is made for a base of another size',
  [DeltaStatus.resultSizeDiffers]: 'its result size differs',
  [DeltaStatus.reservedOpcode]: 'it uses the reserved opcode 0',
  [DeltaStatus.copyOutsideBase]: 'it copies past the end of its base',
  [DeltaStatus.resultOverrun]: 'its instructions overrun the result size',
  [DeltaStatus.resultShort]: 'its instructions end before the result size',
};

/** What to throw for a delta, in the entry at `packOffset`, that could not be applied. */
export function deltaProblem(status: DeltaStatus, packOffset: number): MalformedError {
  return new MalformedError('delta', packOffset, PROBLEMS[status] ?? 'it cannot be applied');
}
