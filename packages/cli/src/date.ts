/** A moment as commits have it. */
export interface ParsedDate {
  /** Seconds since 1970 began in UTC. */
  readonly timestamp: number;
  /** `+hhmm` or `-hhmm`. */
  readonly timezone: string;
}

/** What a date that does not say everything goes by. */
export interface DateContext {
  /** Milliseconds since 1970 (default: the clock). */
  readonly now?: number;
  /** Minutes east of UTC at what the fields say in local time (default: this computer's time zone). */
  readonly localOffset?: (
    fields: readonly [year: number, month: number, day: number, hour: number, minute: number, second: number],
  ) => number;
}

const MONTHS = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
];
const WEEKDAYS = ['SUNDAYS', 'MONDAYS', 'TUESDAYS', 'WEDNESDAYS', 'THURSDAYS', 'FRIDAYS', 'SATURDAYS'];
/** Hours east of UTC, summer time included, in the order in which git looks. */
const ZONES: readonly (readonly [name: string, hours: number])[] = Object.entries({
  IDLW: -12,
  NT: -11,
  CAT: -10,
  HST: -10,
  HDT: -9,
  YST: -9,
  YDT: -8,
  PST: -8,
  PDT: -7,
  MST: -7,
  MDT: -6,
  CST: -6,
  CDT: -5,
  EST: -5,
  EDT: -4,
  AST: -3,
  ADT: -2,
  WAT: -1,
  GMT: 0,
  UTC: 0,
  Z: 0,
  WET: 0,
  BST: 1,
  CET: 1,
  MET: 1,
  MEWT: 1,
  MEST: 2,
  CEST: 2,
  MESZ: 2,
  FWT: 1,
  FST: 2,
  EET: 2,
  EEST: 3,
  WAST: 7,
  WADT: 8,
  CCT: 8,
  JST: 9,
  EAST: 10,
  EADT: 11,
  GST: 10,
  NZT: 12,
  NZST: 12,
  NZDT: 13,
  IDLE: 12,
});
const DAY_MS = 86_400_000;
const CYCLE_SECONDS = 146_097 * 86_400;

/**
 * Read a date as git reads GIT_AUTHOR_DATE: `<unix seconds> <zone>` and `@<unix seconds> <zone>`, RFC 2822, ISO 8601, and what
 * comes near: words it does not know are passed over. `undefined` where day or time is left open, or before 1970 or after 2099.
 * @see git-commit(1), "DATE FORMATS", and git's date.c, parse_date_basic()
 */
export function parseDate(text: string, context: DateContext = {}): ParsedDate | undefined {
  const header = /^@(\d+) ([+-])(\d{2})(\d{2})(?:\n|$)/.exec(text);
  if (header !== null) {
    const offset = Number(header[3]) * 60 + Number(header[4]);
    return { timestamp: Number(header[1]), timezone: zoneText(header[2] === '-' ? -offset : offset) };
  }
  return new DateReader(text, context).read();
}

function zoneText(offset: number): string {
  const minutes = Math.abs(offset);
  const digits = (value: number): string => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${digits(Math.floor(minutes / 60))}${digits(minutes % 60)}`;
}

/** Takes one word or number after another; each fills the field that it fits best. */
class DateReader {
  readonly #text: string;
  readonly #context: Required<Pick<DateContext, 'now'>> & DateContext;
  #at = 0;
  #year: number | undefined;
  /** 1 to 12. */
  #month: number | undefined;
  #day: number | undefined;
  #hour: number | undefined;
  #minute: number | undefined;
  #second: number | undefined;
  /** Minutes east of UTC. */
  #offset: number | undefined;
  /** The fields came from a number of seconds, so they are in UTC whatever the zone. */
  #isUtc = false;

  constructor(text: string, context: DateContext) {
    this.#text = text.split('\n', 1)[0] as string;
    this.#context = { now: Date.now(), ...context };
  }

  read(): ParsedDate | undefined {
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] as string;
      if (/[A-Za-z]/.test(char)) this.#takeWord();
      else if (/\d/.test(char)) this.#takeNumber();
      else if (/[+-]\d/.test(this.#text.slice(this.#at, this.#at + 2))) this.#takeZone();
      else this.#at++;
    }
    return this.#result();
  }

  #result(): ParsedDate | undefined {
    const [year, month, hour, minute, second] = [this.#year, this.#month, this.#hour, this.#minute, this.#second];
    if (year === undefined || month === undefined) return undefined;
    if (hour === undefined || minute === undefined || second === undefined) return undefined;
    if (year < 1970 || year > 2099) return undefined;
    const fields = [year, month - 1, this.#day ?? -1, hour, minute, second] as const;
    const offset = this.#offset ?? (this.#context.localOffset ?? localOffset)(fields);
    const seconds = Date.UTC(...fields) / 1000;
    const timestamp = this.#isUtc ? seconds : seconds - offset * 60;
    return timestamp < 0 ? undefined : { timestamp, timezone: zoneText(offset) };
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text) ?? undefined;
  }

  #takeWord(): void {
    const word = (this.#match(/[A-Za-z0-9]+/y) as RegExpExecArray)[0].toUpperCase();
    const begins = (name: string): boolean => word.length >= 3 && name.startsWith(word);
    const month = MONTHS.findIndex(begins);
    const zone = ZONES.find(([name]) => begins(name) || name === word);
    if (month >= 0) this.#month = month + 1;
    else if (WEEKDAYS.some(begins)) {
      // A weekday follows from the date: it says nothing.
    } else if (zone !== undefined) this.#offset ??= zone[1] * 60;
    else if (word === 'PM') this.#hour = ((this.#hour ?? -1) % 12) + 12;
    else if (word === 'AM') this.#hour = this.#hour === undefined ? undefined : this.#hour % 12;
    else {
      this.#at += (this.#match(/[A-Za-z]+/y) as RegExpExecArray)[0].length; // digits after it are a number of their own
      return;
    }
    this.#at += word.length;
  }

  #takeZone(): void {
    const [all, sign, digits, minutes] = this.#match(/([+-])(\d+)(?:(?<=[+-]\d\d):(\d*))?/y) as unknown as [
      string,
      string,
      string,
      string | undefined,
    ];
    this.#at += all.length;
    const isWhole = digits.length === 4 || (digits.length === 2 && (minutes === undefined || minutes.length === 2));
    if (!isWhole) return;
    const hour = Number(digits.slice(0, 2));
    const minute = Number(digits.length === 4 ? digits.slice(2) : (minutes ?? '0'));
    if (hour < 24 && minute < 60) this.#offset = (sign === '-' ? -1 : 1) * (hour * 60 + minute);
  }

  #takeNumber(): void {
    const digits = (this.#match(/\d+/y) as RegExpExecArray)[0];
    const value = Number(digits);
    if (value >= 100_000_000 && this.#isBlank() && this.#takeSeconds(value)) {
      this.#at += digits.length;
      return;
    }
    if (this.#takeSeveral()) return;
    this.#at += digits.length;
    if (digits.length === 8) {
      this.#setDate(Math.floor(value / 10_000), Math.floor(value / 100) % 100, value % 100);
    } else if (digits.length === 6) {
      const isTime = this.#setTime(Math.floor(value / 10_000), Math.floor(value / 100) % 100, value % 100);
      if (isTime) this.#at += this.#match(/\.\d+/y)?.[0].length ?? 0;
    } else if (digits.length === 4) {
      if (value <= 1400 && this.#offset === undefined) this.#offset = Math.floor(value / 100) * 60 + (value % 100);
      else if (value > 1900 && value < 2100) this.#year = value;
    } else if (digits.length <= 2) this.#takeShort(digits, value);
  }

  /** One or two digits: a day before all, then a year, then a month. */
  #takeShort(digits: string, value: number): void {
    if (value > 0 && value < 32 && this.#day === undefined) {
      this.#day = value;
      return;
    }
    if (digits.length === 2 && this.#year === undefined) {
      if (value < 10 && this.#day !== undefined) this.#year = 2000 + value;
      else if (value >= 70) this.#year = 1900 + value;
      if (this.#year !== undefined) return;
    }
    if (value > 0 && value < 13) this.#month ??= value;
  }

  #isBlank(): boolean {
    const fields = [this.#year, this.#month, this.#day, this.#hour, this.#minute, this.#second];
    return fields.every((field) => field === undefined);
  }

  #takeSeconds(seconds: number): boolean {
    // Dates repeat every 400 years; a Date does not reach as far as git does, which takes the time of day all the same.
    const cycles = Math.floor(seconds / CYCLE_SECONDS);
    const date = new Date((seconds - cycles * CYCLE_SECONDS) * 1000);
    if (cycles * 400 > 2 ** 31) return false;
    this.#year = date.getUTCFullYear() + cycles * 400;
    this.#month = date.getUTCMonth() + 1;
    this.#day = date.getUTCDate();
    this.#hour = date.getUTCHours();
    this.#minute = date.getUTCMinutes();
    this.#second = date.getUTCSeconds();
    this.#isUtc = true;
    return true;
  }

  /** Two or three numbers with one separator: a time, or a date in one of the orders that people write. */
  #takeSeveral(): boolean {
    const match = this.#match(/(\d+)([:./-])(\d+)(?:\2(\d+))?/y);
    if (match === undefined) return false;
    const separator = match[2] as string;
    const [a, b] = [Number(match[1]), Number(match[3])];
    const c = match[4] === undefined ? undefined : Number(match[4]);
    if (separator === ':') {
      if (!this.#setTime(a, b, c ?? 0)) return false;
      this.#at += match[0].length;
      const isDateKnown = this.#year !== undefined && this.#month !== undefined && this.#day !== undefined;
      if (isDateKnown) this.#at += this.#match(/\.\d+/y)?.[0].length ?? 0;
      return true;
    }
    const isDate =
      (a > 70 && (this.#setDate(a, b, c) || this.#setDate(a, c, b))) ||
      (separator !== '.' && this.#setRecentDate(c, a, b)) || // mm/dd/yyyy
      this.#setRecentDate(c, b, a) || // dd.mm.yyyy
      (separator === '.' && this.#setRecentDate(c, a, b));
    if (isDate) this.#at += match[0].length;
    return isDate;
  }

  #setTime(hour: number, minute: number, second: number): boolean {
    if (hour > 24 || minute > 59 || second > 60) return false;
    this.#hour = hour;
    this.#minute = minute;
    this.#second = second;
    return true;
  }

  /** Takes month and day even where the year does not fit, as git does. */
  #setDate(year: number | undefined, month: number | undefined, day: number | undefined): boolean {
    if (month === undefined || day === undefined || !isDayOfYear(month, day)) return false;
    this.#month = month;
    this.#day = day;
    const full = year === undefined ? undefined : fullYear(year);
    if (full === undefined) return false;
    this.#year = full;
    return true;
  }

  /** The same where more than one order is possible: not with a date that is more than ten days away, and without a year, this one. */
  #setRecentDate(year: number | undefined, month: number | undefined, day: number | undefined): boolean {
    if (month === undefined || day === undefined || !isDayOfYear(month, day)) return false;
    const { now } = this.#context;
    const full = year === undefined ? new Date(now).getUTCFullYear() : fullYear(year);
    if (full === undefined) return false;
    const [hour, minute, second] = [this.#hour, this.#minute, this.#second];
    const isSettled = hour !== undefined && minute !== undefined && second !== undefined;
    if (isSettled && Date.UTC(full, month - 1, day, hour, minute, second) > now + 10 * DAY_MS) return false;
    this.#month = month;
    this.#day = day;
    if (year !== undefined) this.#year = full;
    return true;
  }
}

function isDayOfYear(month: number, day: number): boolean {
  return month > 0 && month < 13 && day > 0 && day < 32;
}

function fullYear(year: number): number | undefined {
  if (year >= 1970 && year < 2100) return year;
  if (year > 70 && year < 100) return 1900 + year;
  return year < 38 ? 2000 + year : undefined;
}

function localOffset(fields: readonly [number, number, number, number, number, number]): number {
  return Math.trunc((Date.UTC(...fields) - new Date(...fields).getTime()) / 60_000);
}
