import { CommandError } from '../console.js';

/** How a date is shown; `local` in this computer's time zone. */
export interface DateStyle {
  readonly type: 'default' | 'iso' | 'iso-strict' | 'rfc' | 'short' | 'raw' | 'unix' | 'relative';
  readonly isLocal?: boolean;
}

/** When something was done, as commits say it: seconds since 1970, and hours and minutes as one decimal number (-130). */
export interface ShownDate {
  readonly seconds: bigint;
  readonly zone: number;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const NAMES: Readonly<Record<string, DateStyle['type']>> = {
  default: 'default',
  local: 'default',
  normal: 'default',
  iso: 'iso',
  iso8601: 'iso',
  'iso-strict': 'iso-strict',
  'iso8601-strict': 'iso-strict',
  rfc: 'rfc',
  rfc2822: 'rfc',
  short: 'short',
  raw: 'raw',
  unix: 'unix',
  relative: 'relative',
};

/** What `--date=` asks for. @throws {CommandError} for what is not known */
export function parseDateStyle(text: string): DateStyle {
  const [, name = text, local] = /^(.*?)(-local)?$/s.exec(text) ?? [];
  const type = NAMES[name];
  if (type === undefined) throw new CommandError(`unknown date format ${text}`);
  if (local !== undefined && type === 'relative') throw new CommandError('relative-local date format is nonsensical');
  return { type, isLocal: local !== undefined || name === 'local' };
}

/** A date as git shows it. `now` is in seconds. @throws {CommandError} where the time zone leads before 1970 */
export function showDate({ seconds, zone: ownZone }: ShownDate, style: DateStyle, now: number): string {
  if (style.type === 'unix') return `${seconds}`;
  if (style.type === 'relative') return showRelative(seconds, BigInt(now));
  let zone = style.isLocal ? localZone(seconds) : ownZone;
  if (style.type === 'raw') return `${seconds} ${showZone(zone)}`;
  let fields = fieldsOf(seconds, zone);
  if (fields === undefined) {
    fields = fieldsOf(0n, 0) as Fields;
    zone = 0;
  }
  const { year, month, day, weekday } = fields;
  const time = [fields.hour, fields.minute, fields.second].map((part) => two(part)).join(':');
  const date = `${String(year).padStart(4, '0')}-${two(month + 1)}-${two(day)}`;
  switch (style.type) {
    case 'short':
      return date;
    case 'iso':
      return `${date} ${time} ${showZone(zone)}`;
    case 'iso-strict': {
      const hours = Math.trunc(Math.abs(zone) / 100);
      return `${date}T${time}${zone < 0 ? '-' : '+'}${two(hours)}:${two(Math.abs(zone) % 100)}`;
    }
    case 'rfc':
      return `${DAYS[weekday]}, ${day} ${MONTHS[month]} ${year} ${time} ${showZone(zone)}`;
    case 'default': {
      const shownZone = style.isLocal || zone === -1 ? '' : ` ${showZone(zone)}`; // -0001 stands for no zone in git
      return `${DAYS[weekday]} ${MONTHS[month]} ${day} ${time} ${year}${shownZone}`;
    }
  }
}

interface Fields {
  readonly year: number;
  /** From 0. */
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** Years that a C library can tell. */
const MAX_YEAR = 2 ** 31;
/** The calendar repeats after this. */
const CYCLE_DAYS = 146_097;

function fieldsOf(seconds: bigint, zone: number): Fields | undefined {
  const absolute = Math.abs(zone);
  const minutes = (Math.trunc(absolute / 100) * 60 + (absolute % 100)) * Math.sign(zone);
  const local = seconds + BigInt(minutes) * 60n;
  if (local < 0n) throw new CommandError(`Timestamp before Unix epoch: ${seconds} ${String(zone).padStart(4, '0')}`);
  const days = Number(local / 86_400n);
  const rest = Number(local % 86_400n);
  const cycles = Math.floor(days / CYCLE_DAYS);
  const date = new Date((days - cycles * CYCLE_DAYS) * 86_400_000);
  const year = date.getUTCFullYear() + cycles * 400;
  if (year >= MAX_YEAR) return undefined;
  return {
    year,
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    weekday: (days + 4) % 7,
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
  };
}

function localZone(seconds: bigint): number {
  const offset = -new Date(Number(seconds) * 1000).getTimezoneOffset();
  return Number.isNaN(offset)
    ? 0
    : (Math.trunc(Math.abs(offset) / 60) * 100 + (Math.abs(offset) % 60)) * Math.sign(offset);
}

function showZone(zone: number): string {
  return `${zone < 0 ? '-' : '+'}${String(Math.abs(zone)).padStart(4, '0')}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function showRelative(seconds: bigint, now: bigint): string {
  if (now < seconds) return 'in the future';
  let difference = Number(now - seconds);
  const ago = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  if (difference < 90) return ago(difference, 'second');
  difference = Math.floor((difference + 30) / 60);
  if (difference < 90) return ago(difference, 'minute');
  difference = Math.floor((difference + 30) / 60);
  if (difference < 36) return ago(difference, 'hour');
  difference = Math.floor((difference + 12) / 24);
  if (difference < 14) return ago(difference, 'day');
  if (difference < 70) return ago(Math.floor((difference + 3) / 7), 'week');
  if (difference < 365) return ago(Math.floor((difference + 15) / 30), 'month');
  if (difference < 1825) {
    const months = Math.floor((difference * 12 * 2 + 365) / (365 * 2));
    const years = Math.floor(months / 12);
    if (months % 12 === 0) return ago(years, 'year');
    return `${years} year${years === 1 ? '' : 's'}, ${ago(months % 12, 'month')}`;
  }
  return ago(Math.floor((difference + 183) / 365), 'year');
}
