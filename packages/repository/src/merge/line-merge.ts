import { concatBytes, encodeUtf8 } from '@git-kv/objects';
import { LineDiff, type LineHunk } from './lines/line-diff.js';
import { bytesOfLines, isEnded, LineReader, type TextLines } from './lines/text-lines.js';
import type { MergeInput } from './merge-driver.js';

/** A file merged line by line. */
export interface MergedLines {
  readonly body: Uint8Array;
  /** Places where the changes of both sides overlap. */
  readonly conflicts: number;
}

/** git looks for a NUL so far into a file to tell that it is no text. */
const BINARY_PROBE_BYTES = 8000;
/** Conflicts with so few lines between them are easier to read as one. */
const NEAR_LINES = 3;
const CR = 0x0d;

/** Whether one of the versions is no text for git. */
export function isBinary({ base, ours, theirs }: Pick<MergeInput, 'base' | 'ours' | 'theirs'>): boolean {
  return [base, ours, theirs].some((bytes) => bytes?.subarray(0, BINARY_PROBE_BYTES).includes(0));
}

/**
 * Merge line by line. Where both sides changed the same lines, what they made alike is taken out of the conflict; the rest is
 * drawn with git's markers, or, with `union`, kept from both.
 */
export function mergeLines(
  { base, ours, theirs, labels, markerSize }: Pick<MergeInput, 'base' | 'ours' | 'theirs' | 'labels' | 'markerSize'>,
  { union = false }: { readonly union?: boolean } = {},
): MergedLines {
  const reader = new LineReader();
  const old = reader.read(base ?? new Uint8Array());
  const texts: Texts = { base: old, ours: reader.read(ours, old), theirs: reader.read(theirs, old) };
  const diff = new LineDiff(reader.idCount);
  const ourHunks = diff.hunks(texts.base.ids, texts.ours.ids);
  const theirHunks = diff.hunks(texts.base.ids, texts.theirs.ids);
  const changes = combine(ourHunks, theirHunks, texts);
  const refined = joinNear(changes.flatMap((change) => refine(change, texts, diff)));
  const out: Uint8Array[] = [];
  let conflicts = 0;
  let at = 0;
  for (const change of refined) {
    const { take, ours: mine, theirs: other } = change;
    out.push(bytesOfLines(texts.ours, at, mine.start - at));
    at = mine.start + mine.count;
    const lineEnd = lineEndAt(change, texts);
    if (take === 'ours') append(out, texts.ours, mine);
    else if (take === 'theirs') append(out, texts.theirs, other);
    else if (union) {
      append(out, texts.ours, mine, lineEnd);
      append(out, texts.theirs, other);
    } else {
      conflicts++;
      out.push(encodeUtf8(`${'<'.repeat(markerSize)} ${labels.ours}${lineEnd}`));
      append(out, texts.ours, mine, lineEnd);
      out.push(encodeUtf8(`${'='.repeat(markerSize)}${lineEnd}`));
      append(out, texts.theirs, other, lineEnd);
      out.push(encodeUtf8(`${'>'.repeat(markerSize)} ${labels.theirs}${lineEnd}`));
    }
  }
  out.push(bytesOfLines(texts.ours, at, texts.ours.ids.length - at));
  return { body: concatBytes(out), conflicts };
}

interface Texts {
  readonly base: TextLines;
  readonly ours: TextLines;
  readonly theirs: TextLines;
}

interface Lines {
  readonly start: number;
  readonly count: number;
}

/** A place where the result differs from the base, with the lines that each side has there. */
interface Change {
  readonly take: 'ours' | 'theirs' | 'conflict';
  readonly ours: Lines;
  readonly theirs: Lines;
}

/** The changes of both sides as one list. Changes that touch each other are one; what both made alike is none. */
function combine(ourHunks: readonly LineHunk[], theirHunks: readonly LineHunk[], texts: Texts): Change[] {
  const changes: Change[] = [];
  /** How many lines each side has more than the base, up to here. */
  let ourShift = 0;
  let theirShift = 0;
  let ourAt = 0;
  let theirAt = 0;
  for (;;) {
    const mine = ourHunks[ourAt];
    const other = theirHunks[theirAt];
    if (mine === undefined && other === undefined) return changes;
    if (mine && (other === undefined || mine.oldStart + mine.oldCount < other.oldStart)) {
      const theirs = { start: mine.oldStart + theirShift, count: mine.oldCount };
      add(changes, { take: 'ours', ours: { start: mine.newStart, count: mine.newCount }, theirs });
      ourShift += mine.newCount - mine.oldCount;
      ourAt++;
      continue;
    }
    if (other && (mine === undefined || other.oldStart + other.oldCount < mine.oldStart)) {
      const ours = { start: other.oldStart + ourShift, count: other.oldCount };
      add(changes, { take: 'theirs', ours, theirs: { start: other.newStart, count: other.newCount } });
      theirShift += other.newCount - other.oldCount;
      theirAt++;
      continue;
    }
    const [a, b] = [mine as LineHunk, other as LineHunk];
    const ourEnd = a.oldStart + a.oldCount;
    const theirEnd = b.oldStart + b.oldCount;
    if (!isSameHunk(a, b, texts)) {
      // Each side as far as the other one's change goes.
      const start = Math.min(a.oldStart, b.oldStart);
      const end = Math.max(ourEnd, theirEnd);
      const ourStart = a.newStart - (a.oldStart - start);
      const theirStart = b.newStart - (b.oldStart - start);
      add(changes, {
        take: 'conflict',
        ours: { start: ourStart, count: a.newStart + a.newCount + (end - ourEnd) - ourStart },
        theirs: { start: theirStart, count: b.newStart + b.newCount + (end - theirEnd) - theirStart },
      });
    }
    if (ourEnd <= theirEnd) {
      ourShift += a.newCount - a.oldCount;
      ourAt++;
    }
    if (theirEnd <= ourEnd) {
      theirShift += b.newCount - b.oldCount;
      theirAt++;
    }
  }
}

function add(changes: Change[], change: Change): void {
  const last = changes.at(-1);
  const touches =
    last !== undefined &&
    (change.ours.start <= last.ours.start + last.ours.count ||
      change.theirs.start <= last.theirs.start + last.theirs.count);
  if (!touches) changes.push(change);
  else changes[changes.length - 1] = join(last, change, last.take === change.take ? change.take : 'conflict');
}

function join(first: Change, last: Change, take: Change['take']): Change {
  const span = (a: Lines, b: Lines): Lines => ({ start: a.start, count: b.start + b.count - a.start });
  return { take, ours: span(first.ours, last.ours), theirs: span(first.theirs, last.theirs) };
}

function isSameHunk(a: LineHunk, b: LineHunk, { ours, theirs }: Texts): boolean {
  if (a.oldStart !== b.oldStart || a.oldCount !== b.oldCount || a.newCount !== b.newCount) return false;
  for (let line = 0; line < a.newCount; line++) {
    if (ours.ids[a.newStart + line] !== theirs.ids[b.newStart + line]) return false;
  }
  return true;
}

/** A conflict without the lines that both sides made alike; none where they made all alike. */
function refine(change: Change, { ours, theirs }: Texts, diff: LineDiff): Change[] {
  const { take, ours: mine, theirs: other } = change;
  if (take !== 'conflict' || mine.count === 0 || other.count === 0) return [change];
  const [a, b] = [
    ours.ids.subarray(mine.start, mine.start + mine.count),
    theirs.ids.subarray(other.start, other.start + other.count),
  ];
  return diff.hunks(a, b).map(({ oldStart, oldCount, newStart, newCount }) => ({
    take: 'conflict',
    ours: { start: mine.start + oldStart, count: oldCount },
    theirs: { start: other.start + newStart, count: newCount },
  }));
}

function joinNear(changes: readonly Change[]): Change[] {
  const joined: Change[] = [];
  for (const change of changes) {
    const last = joined.at(-1);
    const isNear =
      last?.take === 'conflict' &&
      change.take === 'conflict' &&
      change.ours.start - last.ours.start - last.ours.count <= NEAR_LINES;
    if (isNear) joined[joined.length - 1] = join(last, change, 'conflict');
    else joined.push(change);
  }
  return joined;
}

/** Put lines to the result; a last one without an end gets `lineEnd` where that is given. */
function append(out: Uint8Array[], text: TextLines, { start, count }: Lines, lineEnd?: string): void {
  out.push(bytesOfLines(text, start, count));
  if (lineEnd !== undefined && count > 0 && !isEnded(text, start + count - 1)) out.push(encodeUtf8(lineEnd));
}

/** What markers end with: as the lines before them do on both sides and, if these do not tell, in the base. */
function lineEndAt({ ours, theirs }: Change, texts: Texts): string {
  let usesCr = endsInCr(texts.ours, Math.max(0, ours.start - 1));
  if (usesCr !== false) usesCr = endsInCr(texts.theirs, Math.max(0, theirs.start - 1));
  if (usesCr !== false) usesCr = endsInCr(texts.base, 0);
  return usesCr === true ? '\r\n' : '\n';
}

/** Whether a line ends in CR LF, or, where it has no end, the one before it. `undefined`: nothing tells. */
function endsInCr(text: TextLines, line: number): boolean | undefined {
  if (text.ids.length === 0) return undefined;
  if (!isEnded(text, line)) {
    if (line === 0) return undefined;
    line--;
  }
  const end = text.starts[line + 1] as number;
  return end - (text.starts[line] as number) > 1 && text.bytes[end - 2] === CR;
}
