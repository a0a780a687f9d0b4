import { parseDate } from './date.js';

const UNIT_MS: Readonly<Record<string, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/** A moment before which things expire, in milliseconds since 1970. `null`: nothing does. `Infinity`: everything does. */
export type Expiry = number | null;

/**
 * Read a date as git's options for expiry take it: `never`, `now`, `2.weeks.ago`, or anything that {@link parseDate} knows.
 * `undefined` where it says no moment.
 */
export function parseExpiry(text: string, now: number = Date.now()): Expiry | undefined {
  if (text === 'never' || text === 'false') return null;
  if (text === 'now' || text === 'all') return Number.POSITIVE_INFINITY;
  if (text === 'yesterday') return now - 86_400_000;
  const seconds = /^@?(\d{9,})$/.exec(text)?.[1];
  if (seconds !== undefined) return Number(seconds) * 1000;
  const [, count, unit] = /^(\d+)[. ]([a-z]+?)s?[. ]ago$/.exec(text) ?? [];
  if (unit === undefined) {
    // A day alone means that day at the present time of day.
    const [, time] = /^\S+ \S+ \S+ \S+ (\S+)/.exec(new Date(now).toString()) ?? [];
    const date = parseDate(text, { now }) ?? parseDate(`${text} ${time}`, { now });
    return date && date.timestamp * 1000;
  }
  if (unit === 'month' || unit === 'year') {
    const date = new Date(now);
    date.setUTCMonth(date.getUTCMonth() - Number(count) * (unit === 'year' ? 12 : 1));
    return date.getTime();
  }
  const unitMs = UNIT_MS[unit];
  return unitMs === undefined ? undefined : now - Number(count) * unitMs;
}
