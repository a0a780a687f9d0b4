import { compareBytes, decodeLatin1, encodeUtf8, equalBytes } from '@git-kv/objects';
import { type MergeDriver, mergeDrivers } from '@git-kv/repository';
import { type KeyMerge, type KeyMergeOutcome, type KeySides, mergingEqual } from './merge.js';

/** A counter of more digits is taken for something else. */
const MAX_COUNTER_LENGTH = 1000;
const COUNTER = /^(-?[0-9]+)\n?$/;
/** git's length of the marks of a conflict; no merge here shows them. */
const MARKER_SIZE = 7;

/**
 * Ways to merge a key. Each is a function of the three sides; `symmetric` below says that it makes the same of them where ours
 * and theirs change places, so that two stores that merge each other's work come to the same.
 */
export const keyMerges: {
  /** The change that is brought in, always. */
  readonly ours: KeyMerge;
  /** What the others have, always. */
  readonly theirs: KeyMerge;
  /**
   * The side that changed the key later ({@link KeyMerge.byTime}), symmetric where the times are known; of the same second the greater bytes, a value
   * before a removal, and a link before a file of the same bytes. Without times, as when a write is re-applied: ours, which comes last.
   */
  readonly lastWriterWins: () => KeyMerge;
  /**
   * Decimal integers: the sum of what both sides added, also where that was the same ({@link KeyMerge.mergesEqual}). Absent is 0,
   * and what both removed stays so. Symmetric.
   */
  readonly counter: () => KeyMerge;
  /**
   * Lines in any order: what both have, and what either added. What one side removed is gone. The result is sorted by bytes and
   * ends in a line feed. Symmetric.
   */
  readonly set: () => KeyMerge;
  /** Line by line, as git does; changes that overlap are a conflict. */
  readonly text: () => KeyMerge;
  /**
   * JSON by value, member by member, all the way down; arrays are values. A member that both sides changed apart is a conflict.
   * Written as ours is. What is no JSON goes line by line.
   */
  readonly json: () => KeyMerge;
} = {
  ours: ({ ours }) => merged(ours),
  theirs: ({ theirs }) => merged(theirs),
  lastWriterWins: () => Object.assign((sides: KeySides) => lastWriterWins(sides), { byTime: true }),
  counter: () => mergingEqual(mergeCounters),
  set: () => mergeSets,
  text: () => byDriver(mergeDrivers.text, 'both sides changed the same lines'),
  json: () => byDriver(mergeDrivers.json, 'both sides changed the same member'),
};

function merged(value: Uint8Array | undefined): KeyMergeOutcome {
  return { status: 'merged', value };
}

function lastWriterWins({ ours, theirs, times, modes }: KeySides): KeyMergeOutcome {
  if (times === undefined || times.ours > times.theirs) return merged(ours);
  if (times.ours < times.theirs || ours === undefined) return merged(theirs);
  if (theirs === undefined) return merged(ours);
  const order = compareBytes(theirs, ours) || (modes?.theirs ?? 0) - (modes?.ours ?? 0);
  return merged(order > 0 ? theirs : ours);
}

function mergeCounters({ base, ours, theirs }: KeySides): KeyMergeOutcome {
  const [was, mine, other] = [base, ours, theirs].map(parseCounter);
  if (was === undefined || mine === undefined || other === undefined) {
    // Both agree on what is no counter, as they may on any value.
    if (ours !== undefined && theirs !== undefined && equalBytes(ours, theirs)) return merged(ours);
    return { status: 'conflict', reason: 'a counter is no decimal integer' };
  }
  const isLine = [base, ours, theirs].some((value) => value?.at(-1) === LF);
  return merged(encodeUtf8(`${mine + other - was}${isLine ? '\n' : ''}`));
}

function parseCounter(value: Uint8Array | undefined): bigint | undefined {
  if (value === undefined) return 0n;
  if (value.length > MAX_COUNTER_LENGTH) return undefined;
  const digits = COUNTER.exec(decodeLatin1(value))?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}

const LF = 0x0a;

function mergeSets({ base, ours, theirs }: KeySides): KeyMergeOutcome {
  const [was, mine, other] = [linesOf(base), linesOf(ours), linesOf(theirs)];
  const kept = [...mine].filter((line) => other.has(line) || !was.has(line));
  const added = [...other].filter((line) => !mine.has(line) && !was.has(line));
  const lines = [...kept, ...added].sort();
  if (lines.length === 0 && (ours === undefined || theirs === undefined)) return merged(undefined);
  return merged(encodeLatin1(lines.map((line) => `${line}\n`).join('')));
}

/** One character a byte, which sorts as bytes do, and is exact for what is no UTF-8. */
function linesOf(value: Uint8Array | undefined): Set<string> {
  const lines = new Set(value === undefined ? [] : decodeLatin1(value).split('\n'));
  lines.delete('');
  return lines;
}

function encodeLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

function byDriver(driver: MergeDriver, overlap: string): KeyMerge {
  return async ({ key, base, ours, theirs }) => {
    if (ours === undefined || theirs === undefined) return { status: 'conflict' };
    if (equalBytes(ours, theirs)) return merged(ours);
    const labels = { ours: 'ours', theirs: 'theirs' };
    const path = key.toString().slice(1);
    const result = await driver({ path, base, ours, theirs, labels, markerSize: MARKER_SIZE, depth: 0 });
    if (result.status === 'merged') return merged(result.body);
    return { status: 'conflict', reason: result.kind === 'binary' ? 'a value is no text' : overlap };
  };
}
