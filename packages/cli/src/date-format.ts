import { CommandError } from './console.js';

/** A moment and the zone it was told in. */
export interface ZonedDate {
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** As git's headers have it: `+0130` is 130. */
  readonly zone: number;
}

/** Prints dates in one of git's formats. */
export type DateFormatter = (date: ZonedDate) => string;

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** The parts of a date in some zone; the same as a Date of UTC would have them. */
interface Fields {
  readonly date: Date;
  readonly zone: number;
  readonly timestamp: number;
  readonly isLocal: boolean;
}

const FORMATS: Readonly<Record<string, (fields: Fields) => string>> = {
  default: (fields) => {
    const { date } = fields;
    const text = `${day(date)} ${month(date)} ${date.getUTCDate()} ${clock(date)} ${date.getUTCFullYear()}`;
    return fields.isLocal ? text : `${text} ${zoneText(fields.zone)}`;
  },
  iso: (fields) => `${isoDay(fields.date)} ${clock(fields.date)} ${zoneText(fields.zone)}`,
  'iso-strict': (fields) => {
    const zone = zoneText(fields.zone);
    return `${isoDay(fields.date)}T${clock(fields.date)}${zone.slice(0, 3)}:${zone.slice(3)}`;
  },
  rfc: ({ date, zone }) =>
    `${day(date)}, ${date.getUTCDate()} ${month(date)} ${date.getUTCFullYear()} ${clock(date)} ${zoneText(zone)}`,
  short: ({ date }) => isoDay(date),
  raw: ({ timestamp, zone }) => `${timestamp} ${zoneText(zone)}`,
  unix: ({ timestamp }) => String(timestamp),
};
const SYNONYMS: Readonly<Record<string, string>> = {
  iso8601: 'iso',
  'iso8601-strict': 'iso-strict',
  rfc2822: 'rfc',
};

/**
 * The formatter that git's `--date=<format>` names; nothing stands for `default`.
 * @throws {CommandError} in git's words for what is no format
 * @see git-log(1), "--date=<format>"
 */
export function dateFormatter(name: string | undefined, now: number = Date.now()): DateFormatter {
  const text = name ?? 'default';
  const strftimeFormat = /^format(-local)?:(.*)$/s.exec(text);
  if (strftimeFormat !== null) {
    const [, local, format = ''] = strftimeFormat;
    return (date) => strftime(fieldsOf(date, local !== undefined), format);
  }
  const isLocal = text === 'local' || text.endsWith('-local');
  const base = text === 'local' ? 'default' : text.replace(/-local$/, '');
  if (base === 'relative') return ({ timestamp }) => relativeDate(timestamp, now);
  const format = FORMATS[SYNONYMS[base] ?? base];
  if (format !== undefined) return (date) => format(fieldsOf(date, isLocal));
  if (base === 'human' || base.startsWith('auto:')) throw new CommandError(`date format ${base} is not supported`);
  throw new CommandError(`unknown date format ${text}`);
}

function fieldsOf({ timestamp, zone }: ZonedDate, isLocal: boolean): Fields {
  let minutes = Math.trunc(zone / 100) * 60 + (zone % 100);
  if (isLocal) minutes = -new Date(timestamp * 1000).getTimezoneOffset();
  const own = isLocal ? Math.trunc(minutes / 60) * 100 + (minutes % 60) : zone;
  return { date: new Date((timestamp + minutes * 60) * 1000), zone: own, timestamp, isLocal };
}

function relativeDate(timestamp: number, now: number): string {
  const seconds = Math.floor(now / 1000) - timestamp;
  if (seconds < 0) return 'in the future';
  if (seconds < 90) return `${plural(seconds, 'second')} ago`;
  const minutes = Math.floor((seconds + 30) / 60);
  if (minutes < 90) return `${plural(minutes, 'minute')} ago`;
  const hours = Math.floor((minutes + 30) / 60);
  if (hours < 36) return `${plural(hours, 'hour')} ago`;
  const days = Math.floor((hours + 12) / 24);
  if (days < 14) return `${plural(days, 'day')} ago`;
  if (days < 70) return `${plural(Math.floor((days + 3) / 7), 'week')} ago`;
  if (days < 365) return `${plural(Math.floor((days + 15) / 30), 'month')} ago`;
  if (days >= 1825) return `${plural(Math.floor((days + 183) / 365), 'year')} ago`;
  const months = Math.floor((days * 12 * 2 + 365) / (365 * 2));
  const years = plural(Math.floor(months / 12), 'year');
  return months % 12 === 0 ? `${years} ago` : `${years}, ${plural(months % 12, 'month')} ago`;
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

function strftime(fields: Fields, format: string): string {
  return format.replace(/%([\s\S])/g, (all, letter: string) => DIRECTIVES[letter]?.(fields) ?? all);
}

const DIRECTIVES: Readonly<Record<string, (fields: Fields) => string>> = {
  '%': () => '%',
  n: () => '\n',
  t: () => '\t',
  a: ({ date }) => day(date),
  A: ({ date }) => DAYS[date.getUTCDay()] as string,
  b: ({ date }) => month(date),
  h: ({ date }) => month(date),
  B: ({ date }) => MONTHS[date.getUTCMonth()] as string,
  c: ({ date }) =>
    `${day(date)} ${month(date)} ${padded(date.getUTCDate(), ' ')} ${clock(date)} ${date.getUTCFullYear()}`,
  C: ({ date }) => padded(Math.floor(date.getUTCFullYear() / 100)),
  d: ({ date }) => padded(date.getUTCDate()),
  D: ({ date }) =>
    `${padded(date.getUTCMonth() + 1)}/${padded(date.getUTCDate())}/${padded(date.getUTCFullYear() % 100)}`,
  x: ({ date }) =>
    `${padded(date.getUTCMonth() + 1)}/${padded(date.getUTCDate())}/${padded(date.getUTCFullYear() % 100)}`,
  e: ({ date }) => padded(date.getUTCDate(), ' '),
  F: ({ date }) => isoDay(date),
  g: ({ date }) => padded(isoWeek(date).year % 100),
  G: ({ date }) => String(isoWeek(date).year),
  H: ({ date }) => padded(date.getUTCHours()),
  I: ({ date }) => padded(date.getUTCHours() % 12 || 12),
  j: ({ date }) => String(dayOfYear(date) + 1).padStart(3, '0'),
  k: ({ date }) => padded(date.getUTCHours(), ' '),
  l: ({ date }) => padded(date.getUTCHours() % 12 || 12, ' '),
  m: ({ date }) => padded(date.getUTCMonth() + 1),
  M: ({ date }) => padded(date.getUTCMinutes()),
  p: ({ date }) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  P: ({ date }) => (date.getUTCHours() < 12 ? 'am' : 'pm'),
  r: ({ date }) =>
    `${padded(date.getUTCHours() % 12 || 12)}:${clock(date).slice(3)} ${date.getUTCHours() < 12 ? 'AM' : 'PM'}`,
  R: ({ date }) => clock(date).slice(0, 5),
  s: ({ timestamp }) => String(timestamp),
  S: ({ date }) => padded(date.getUTCSeconds()),
  T: ({ date }) => clock(date),
  X: ({ date }) => clock(date),
  u: ({ date }) => String(date.getUTCDay() || 7),
  U: ({ date }) => padded(Math.floor((dayOfYear(date) + 7 - date.getUTCDay()) / 7)),
  V: ({ date }) => padded(isoWeek(date).week),
  w: ({ date }) => String(date.getUTCDay()),
  W: ({ date }) => padded(Math.floor((dayOfYear(date) + 7 - ((date.getUTCDay() + 6) % 7)) / 7)),
  y: ({ date }) => padded(date.getUTCFullYear() % 100),
  Y: ({ date }) => String(date.getUTCFullYear()),
  z: ({ zone }) => zoneText(zone),
  Z: ({ timestamp, isLocal }) => (isLocal ? zoneName(timestamp) : ''),
};

const DAY_MS = 86_400_000;

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS);
}

/** The week that the Thursday of this one is in counts. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * DAY_MS);
  return { year: thursday.getUTCFullYear(), week: Math.floor(dayOfYear(thursday) / 7) + 1 };
}

function zoneName(timestamp: number): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(timestamp * 1000);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
}

function zoneText(zone: number): string {
  return `${zone < 0 ? '-' : '+'}${String(Math.abs(zone)).padStart(4, '0')}`;
}

function day(date: Date): string {
  return (DAYS[date.getUTCDay()] as string).slice(0, 3);
}

function month(date: Date): string {
  return (MONTHS[date.getUTCMonth()] as string).slice(0, 3);
}

function padded(value: number, filler = '0'): string {
  return String(value).padStart(2, filler);
}

function isoDay(date: Date): string {
  return `${String(date.getUTCFullYear()).padStart(4, '0')}-${padded(date.getUTCMonth() + 1)}-${padded(date.getUTCDate())}`;
}

function clock(date: Date): string {
  return `${padded(date.getUTCHours())}:${padded(date.getUTCMinutes())}:${padded(date.getUTCSeconds())}`;
}
