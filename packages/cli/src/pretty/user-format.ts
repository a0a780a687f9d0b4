import { CommandError } from '../console.js';
import { type Person, splitPerson, splitSubject } from './commit-text.js';
import type { PrettyCommit, PrettyContext } from './context.js';
import { type DateStyle, showDate } from './show-date.js';
import { charactersOf, textWidth, widthOf } from './width.js';

/** What git knows and this does not. */
const UNSUPPORTED = /^(?:G.|\((?:trailers|describe)|w\(|[ac]h|m|S|C\((?:always,))/;

/** How a piece is brought to a width. */
interface Padding {
  readonly columns: number;
  readonly isColumn: boolean;
  readonly side: 'left' | 'right' | 'both' | 'steal';
  readonly cut: 'none' | 'left' | 'middle' | 'right';
}

/**
 * A commit in a format of `%` placeholders; all text has bytes as characters.
 * @throws {CommandError} for a placeholder that git knows and this does not
 * @see git-log(1), "PRETTY FORMATS"
 */
export function formatCommit(format: string, commit: PrettyCommit, context: PrettyContext): string {
  let output = '';
  let padding: Padding | undefined;
  for (let at = 0; at < format.length; ) {
    const percent = format.indexOf('%', at);
    if (percent < 0) return output + format.slice(at);
    output += format.slice(at, percent);
    at = percent + 1;
    if (format[at] === '%') {
      output += '%';
      at++;
      continue;
    }
    const pad = readPadding(format, at);
    if (pad !== undefined) {
      padding = pad.padding;
      at = pad.end;
      continue;
    }
    const magic = '+- '.includes(format[at] ?? '.') ? (format[at] as string) : '';
    const start = at + magic.length;
    const piece = expand(format, start, commit, context);
    if (piece === undefined) {
      output += '%';
      continue;
    }
    at = piece.end;
    if (padding !== undefined) {
      output = padded(output, piece.text, padding);
      padding = undefined;
    } else if (magic === '-' && piece.text === '') output = output.replace(/\n+$/, '');
    else
      output +=
        (magic === '+' && piece.text !== '' ? '\n' : magic === ' ' && piece.text !== '' ? ' ' : '') + piece.text;
  }
  return output;
}

interface Piece {
  readonly text: string;
  readonly end: number;
}

/** The placeholder at `at`, after its percent sign; `undefined` where there is none. */
function expand(format: string, at: number, commit: PrettyCommit, context: PrettyContext): Piece | undefined {
  const rest = format.slice(at, at + 16);
  const piece = (text: string, length: number): Piece => ({ text, end: at + length });
  const hex = /^x([0-9a-fA-F]{2})/.exec(rest)?.[1];
  if (hex !== undefined) return piece(String.fromCharCode(Number.parseInt(hex, 16)), 3);
  if (UNSUPPORTED.test(rest))
    throw new CommandError(`cannot format %${rest.split(/[\s%]/, 1)[0]}: it is not supported`);
  const color = /^C(?:\([^)]*\)|red|green|blue|reset)/.exec(format.slice(at));
  if (color !== null) return piece('', color[0].length);
  const { oid, treeOid, parentOids, text } = commit;
  switch (rest[0]) {
    case 'n':
      return piece('\n', 1);
    case 'H':
      return piece(oid, 1);
    case 'h':
      return piece(context.abbreviate(oid), 1);
    case 'T':
      return piece(treeOid, 1);
    case 't':
      return piece(context.abbreviate(treeOid), 1);
    case 'P':
      return piece(parentOids.join(' '), 1);
    case 'p':
      return piece(parentOids.map((parent) => context.abbreviate(parent)).join(' '), 1);
    case 'd':
      return piece(context.decorations?.show(oid, ' (', ')') ?? '', 1);
    case 'D':
      return piece(context.decorations?.show(oid, '', '') ?? '', 1);
    case 'e':
      return piece(text.encoding ?? '', 1);
    case 'N':
      return piece('', 1); // there are no notes
    case 'g':
      return 'dDsnNeE'.includes(rest[1] ?? '-') ? piece('', 2) : undefined; // no reflog is walked
    case 'a':
    case 'c': {
      const shown = showPerson(rest[1] ?? '', text.line(rest[0] === 'a' ? 'author' : 'committer') ?? '', context);
      return shown === undefined ? undefined : piece(shown, 2);
    }
    case 'B':
      return piece(text.message, 1);
    case 's':
      return piece(splitSubject(text.message).lines.join(' '), 1);
    case 'f':
      return piece(sanitized(text.message), 1);
    case 'b':
      return piece(splitSubject(text.message).body, 1);
  }
  return undefined;
}

const STYLES: Readonly<Record<string, DateStyle['type']>> = {
  D: 'rfc',
  r: 'relative',
  i: 'iso',
  I: 'iso-strict',
  s: 'short',
};

/** `undefined` where the letter means nothing. @see git's pretty.c, format_person_part() */
function showPerson(letter: string, line: string, context: PrettyContext): string | undefined {
  const nothing = 'netdDri'.includes(letter) && letter !== '' ? '' : undefined;
  const raw = splitPerson(line);
  if (raw === undefined) return nothing;
  const person = 'NEL'.includes(letter) && letter !== '' ? context.mapAlways(raw) : raw;
  switch (letter) {
    case 'n':
    case 'N':
      return person.name;
    case 'e':
    case 'E':
      return person.email;
    case 'l':
    case 'L':
      return person.email.split('@', 1)[0];
  }
  if (person.date === undefined) return nothing;
  if (letter === 't') return person.date;
  if (letter === 'd') return showPersonDate(person, context.dateStyle, context.now);
  const type = STYLES[letter];
  return type === undefined ? undefined : showPersonDate(person, { type }, context.now);
}

/** Dates that a C library has no room for are the beginning of time. */
const MAX_SECONDS = 2n ** 63n;

export function showPersonDate(person: Person, style: DateStyle, now: number): string {
  let seconds = BigInt(person.date ?? '0');
  let zone = 0;
  if (seconds >= MAX_SECONDS) seconds = 0n;
  else {
    zone = Number(person.zone ?? '0');
    if (Math.abs(zone) >= 2 ** 31 - 1) zone = 0;
  }
  return showDate({ seconds, zone }, style, now);
}

/** The first line of the subject as part of a file's name. */
function sanitized(message: string): string {
  const start = message.length - message.replace(/^(?:[ \t\v\f\r]*\n)+/, '').length;
  const line = message.slice(start).split('\n', 1)[0] as string;
  let name = '';
  let space = 2;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] as string;
    if (!/[A-Za-z0-9._]/.test(char)) {
      space |= 1;
      continue;
    }
    if (space === 1) name += '-';
    space = 0;
    name += char;
    if (char === '.') while (line[at + 1] === '.') at++;
  }
  return name.replace(/[.-]+$/, '');
}

function readPadding(format: string, at: number): { readonly padding: Padding; readonly end: number } | undefined {
  const match = /^(<|><|>>|>)(\|?)\((-?\d+)(?:,(trunc|ltrunc|mtrunc))?\)/.exec(format.slice(at, at + 40));
  if (match === null) return undefined;
  const columns = Number(match[3]);
  if (columns <= 0 || columns > 16 * 1024) return undefined;
  const sides = { '<': 'right', '>': 'left', '><': 'both', '>>': 'steal' } as const;
  const cuts = { trunc: 'right', ltrunc: 'left', mtrunc: 'middle' } as const;
  const padding: Padding = {
    columns,
    isColumn: match[2] === '|',
    side: sides[match[1] as keyof typeof sides],
    cut: match[4] === undefined ? 'none' : cuts[match[4] as keyof typeof cuts],
  };
  return { padding, end: at + match[0].length };
}

/** @see git's pretty.c, format_and_pad_commit() */
function padded(before: string, piece: string, { columns, isColumn, side, cut }: Padding): string {
  let output = before;
  let room = columns;
  if (isColumn) room -= textWidth(before.slice(Math.max(0, before.lastIndexOf('\n'))));
  const width = textWidth(piece);
  if (side === 'steal') {
    while (width > room && output.length > 1 && output.endsWith(' ')) {
      output = output.slice(0, -1);
      room++;
    }
  }
  if (width > room) return output + shortened(piece, width, room, cut);
  const left =
    side === 'left' || side === 'steal' ? room - width : side === 'both' ? Math.floor((room - width) / 2) : 0;
  return output + ' '.repeat(left) + piece + ' '.repeat(room - width - left);
}

/** Two dots in the place of what does not fit. */
function shortened(piece: string, width: number, room: number, cut: Padding['cut']): string {
  if (cut === 'none') return piece;
  const removed = width - (room - 2);
  const start = cut === 'left' ? 0 : cut === 'middle' ? Math.floor(room / 2) - 1 : room - 2;
  const characters = charactersOf(piece);
  if (characters === undefined) return piece; // what is no UTF-8 is not cut
  let column = 0;
  let result = '';
  let hasDots = false;
  for (const char of characters) {
    const columns = Math.max(0, widthOf(char));
    const isRemoved = columns > 0 && column >= start && column < start + removed;
    if (!isRemoved) result += char;
    else if (!hasDots) {
      result += '..';
      hasDots = true;
    }
    column += columns;
  }
  return Buffer.from(result).toString('latin1');
}
