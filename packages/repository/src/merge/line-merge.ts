import { decodeLatin1, encodeUtf8 } from '@git-kv/objects';
import { diff3MergeRegions, diffComm } from 'node-diff3';
import type { MergeInput } from './merge-driver.js';

/** A file merged line by line. */
export interface MergedLines {
  readonly body: Uint8Array;
  /** Places where the changes of both sides overlap. */
  readonly conflicts: number;
}

/** git looks for a NUL so far into a file to tell that it is no text. */
const BINARY_PROBE_BYTES = 8000;
/** Pairs of equal lines, one of each side, that a comparison may have to look at. */
const MAX_LINE_PAIRS = 4_000_000;
const MARKER_SIZE = 7;
const NEAR_LINES = 3;

/** Whether one of the versions is no text for git. */
export function isBinary({ base, ours, theirs }: Pick<MergeInput, 'base' | 'ours' | 'theirs'>): boolean {
  return [base, ours, theirs].some((bytes) => bytes?.subarray(0, BINARY_PROBE_BYTES).includes(0));
}

/**
 * Merge line by line. Where both sides changed the same lines, what they made alike is taken out of the conflict; the rest is
 * drawn with git's markers, or, with `union`, kept from both.
 * @returns `undefined` where a file repeats its lines so often that the comparison would not end in good time
 */
export function mergeLines(
  { base, ours, theirs, labels }: MergeInput,
  { union = false }: { readonly union?: boolean } = {},
): MergedLines | undefined {
  const a = linesOf(ours);
  const o = linesOf(base ?? new Uint8Array());
  const b = linesOf(theirs);
  if (isTooAlike(o, a) || isTooAlike(o, b) || isTooAlike(a, b)) return undefined;
  const pieces = joinNear(diff3MergeRegions(a, o, b).flatMap(piecesOf));
  const out: string[] = [];
  let conflicts = 0;
  for (const piece of pieces) {
    if (piece.kind !== 'conflict') append(out, piece.lines);
    else if (union) {
      append(out, piece.ours.map(endLine));
      append(out, piece.theirs);
    } else {
      conflicts++;
      out.push(`${'<'.repeat(MARKER_SIZE)} ${utf8(labels.ours)}\n`);
      append(out, piece.ours.map(endLine));
      out.push(`${'='.repeat(MARKER_SIZE)}\n`);
      append(out, piece.theirs.map(endLine));
      out.push(`${'>'.repeat(MARKER_SIZE)} ${utf8(labels.theirs)}\n`);
    }
  }
  return { body: bytesOf(out), conflicts };
}

/** A stretch of the result: lines that all have, lines of which one side was chosen, or lines that need a choice. */
type Piece =
  | { readonly kind: 'common' | 'chosen'; readonly lines: readonly string[] }
  | { readonly kind: 'conflict'; readonly ours: readonly string[]; readonly theirs: readonly string[] };

function piecesOf(region: ReturnType<typeof diff3MergeRegions<string>>[number]): Piece[] {
  if (region.stable) {
    return [{ kind: region.buffer === 'o' ? 'common' : 'chosen', lines: region.bufferContent }];
  }
  const { aContent, oContent, bContent } = region;
  if (isSame(aContent, bContent) || isSame(oContent, bContent)) return [{ kind: 'chosen', lines: aContent }];
  if (isSame(oContent, aContent)) return [{ kind: 'chosen', lines: bContent }];
  // What both sides made alike is no conflict.
  return diffComm(aContent, bContent).map(
    (part): Piece =>
      part.common === undefined
        ? { kind: 'conflict', ours: part.buffer1, theirs: part.buffer2 }
        : { kind: 'common', lines: part.common },
  );
}

/** As git does: conflicts with few lines between them, or none that say much, are easier to read as one. */
function joinNear(pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const between = joined.at(-1);
    const before = joined.at(-2);
    if (piece.kind === 'conflict' && between?.kind === 'conflict') {
      joined.splice(-1, 1, joinConflicts(between, [], piece));
    } else if (
      piece.kind === 'conflict' &&
      between?.kind === 'common' &&
      before?.kind === 'conflict' &&
      (between.lines.length <= NEAR_LINES || !between.lines.some((line) => /[A-Za-z0-9]/.test(line)))
    ) {
      joined.splice(-2, 2, joinConflicts(before, between.lines, piece));
    } else joined.push(piece);
  }
  return joined;
}

type Conflict = Extract<Piece, { kind: 'conflict' }>;

function joinConflicts(a: Conflict, between: readonly string[], b: Conflict): Conflict {
  return {
    kind: 'conflict',
    ours: [...a.ours, ...between, ...b.ours],
    theirs: [...a.theirs, ...between, ...b.theirs],
  };
}

function append(out: string[], lines: readonly string[]): void {
  for (const line of lines) out.push(line);
}

/** Lines with their ends, one character a byte: no byte is lost, whatever the encoding. */
function linesOf(bytes: Uint8Array): string[] {
  return decodeLatin1(bytes).match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function bytesOf(lines: readonly string[]): Uint8Array {
  const size = lines.reduce((sum, line) => sum + line.length, 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const line of lines) for (let index = 0; index < line.length; index++) bytes[at++] = line.charCodeAt(index);
  return bytes;
}

function utf8(text: string): string {
  return decodeLatin1(encodeUtf8(text));
}

function endLine(line: string): string {
  return line.endsWith('\n') ? line : `${line}\n`;
}

function isTooAlike(a: readonly string[], b: readonly string[]): boolean {
  const counts = new Map<string, number>();
  for (const line of a) counts.set(line, (counts.get(line) ?? 0) + 1);
  let pairs = 0;
  for (const line of b) {
    pairs += counts.get(line) ?? 0;
    if (pairs > MAX_LINE_PAIRS) return true;
  }
  return false;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, at) => line === b[at]);
}
