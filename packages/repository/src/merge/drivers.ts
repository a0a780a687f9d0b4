import { mergeJson } from './json-merge.js';
import { isBinary, mergeLines } from './line-merge.js';
import type { MergeDriver, MergeInput, MergeResult } from './merge-driver.js';

/** Ours, always. */
export const oursDriver: MergeDriver = ({ ours }) => ({ status: 'merged', body: ours });

/** Theirs, always. */
export const theirsDriver: MergeDriver = ({ theirs }) => ({ status: 'merged', body: theirs });

/** Line by line; changes that overlap are a conflict, drawn with git's markers. What has a NUL in it is not merged. */
export const textDriver: MergeDriver = (input) => {
  if (isBinary(input)) return unmerged(input);
  const { body, conflicts } = mergeLines(input);
  return conflicts === 0 ? { status: 'merged', body } : { status: 'conflict', kind: 'contents', body };
};

/** Line by line; where changes overlap, the lines of both sides stay, ours first. Good for lists and logs. */
export const unionDriver: MergeDriver = (input) => {
  if (isBinary(input)) return unmerged(input);
  return { status: 'merged', body: mergeLines(input, { union: true }).body };
};

/** Ours, as a conflict: for what is not to be merged by a program. */
export const binaryDriver: MergeDriver = (input) => unmerged(input);

/** In a base made of bases, what they were made from stands. */
function unmerged({ base, depth }: MergeInput): MergeResult {
  if (depth > 0) return { status: 'merged', body: base ?? new Uint8Array() };
  return { status: 'conflict', kind: 'binary' };
}

/**
 * JSON by value: members of objects merge one by one, all the way down; a member that both sides changed to different
 * values is a conflict, as is an array. What is no JSON, or would not survive being read and written (a key twice, a
 * number that is not exact), goes line by line.
 */
export const jsonDriver: MergeDriver = (input) => {
  const merged = mergeJson(input);
  if (merged === undefined) return textDriver(input);
  if (merged.conflictPaths.length > 0) {
    const drawn = isBinary(input) ? undefined : mergeLines(input);
    return { status: 'conflict', kind: 'contents', ...(drawn && drawn.conflicts > 0 && { body: drawn.body }) };
  }
  return { status: 'merged', body: merged.body };
};

/** The drivers by name, as git's `merge` attribute names them. */
export const mergeDrivers: Readonly<Record<'ours' | 'theirs' | 'union' | 'text' | 'json' | 'binary', MergeDriver>> = {
  ours: oursDriver,
  theirs: theirsDriver,
  union: unionDriver,
  text: textDriver,
  json: jsonDriver,
  binary: binaryDriver,
};
