import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git } from '../../../test/support/git.js';
import { parseDate } from '../src/date.js';

/** As git reads it, from the identity that it would write. Runs in UTC, as the test does for what says no zone. */
function gitDate(text: string): string | undefined {
  try {
    const identity = git(['var', 'GIT_AUTHOR_IDENT'], { env: { GIT_AUTHOR_DATE: text, TZ: 'UTC' } });
    return identity.slice(identity.indexOf('> ') + 2);
  } catch {
    return undefined;
  }
}

function ourDate(text: string): string | undefined {
  const date = parseDate(text, { localOffset: () => 0 });
  return date && `${date.timestamp} ${date.timezone}`;
}

describe('a date is read as git reads it', () => {
  test.each([
    '1112911993 -0700',
    '1112911993',
    '@1112911993 -0700',
    '@0 +0000',
    '@1 +0000',
    '@12345 -1234',
    '@1112911993',
    '@1112911993 -07:00',
    '0 +0000',
    '99999999 +0000',
    '100000000 +0000',
    '4102444799 +0000',
    '4102444800 +0000',
    'Thu, 07 Apr 2005 22:13:13 +0200',
    'Thu Apr 7 15:13:13 2005 -0700',
    'Thu Apr 7 15:13:13 2005',
    'Thursday, 7 April 2005, 22:13:13 GMT',
    '7 apr 05 22:13:13 cest',
    '2005-04-07T22:13:13',
    '2005-04-07T22:13:13Z',
    '2005-04-07T22:13:13+02:00',
    '2005-04-07T22:13:13+0230',
    '2005-04-07T22:13:13-11',
    '2005-04-07T22:13:13.019 -0330',
    '2005-04-07 22:13:13',
    '2005-04-07 22:13',
    '2005-04-07 22',
    '2005-04-07',
    '20050407T221313',
    '20050407T221313Z',
    '20050407T221313.5+0100',
    '20050407 2213',
    '2005.04.07 22:13:13',
    '2005/04/07 22:13:13 EST',
    '04/07/2005 22:13:13',
    '07.04.2005 22:13:13 +0200',
    '22:13:13 07.04.2005',
    '13/04/2005 22:13:13',
    '04.13.2005 22:13:13',
    '2005-13-04 22:13:13',
    '05-04-07 22:13:13',
    '71-04-07 22:13:13',
    '2005-04-31 10:00:00',
    '2004-02-29 24:00:60',
    '10:13:13 PM 7 Apr 2005',
    '12:13:13 AM 7 Apr 2005',
    '22:13:13 2005-04-07 pm',
    'PM 2005-04-07',
    '1969-12-31 23:59:59 +0000',
    '1970-01-01 00:00:00 +0000',
    '2099-12-31 23:59:59 +0000',
    '2100-01-01 00:00:00 +0000',
    '2005-04-07 22:13:13 +2460',
    '2005-04-07 22:13:13 +24',
    '2005-04-07 22:13:13 +123',
    '2005-04-07 22:13:13 PDT -0300',
    '2005-04-07 22:13:13 BST',
    'May 3 1999 1:2:3 JST',
    'Sep 3 2001 01:02:03',
    'June 32 2001 01:02:03',
    'tomorrow',
    'now',
    '',
    'nonsense 2005-04-07 words 22:13:13 between',
    '25:13:13 2005-04-07',
    '22:13:61 2005-04-07',
    '1-2 3-4 5-6 7:8',
    '99 98 97 96 1:1:1',
    '01 Apr 05 10:10:10',
    '5.4 12:12:12',
    '3/4 12:12:12 2005',
    '2005-04-07 22:13:13\nmore',
  ])('%j', (text) => {
    if (text === '')
      expect(ourDate(text)).toBeUndefined(); // git takes it for no date at all
    else expect(ourDate(text)).toBe(gitDate(text));
  });

  test('whatever is put together of what dates are made of', () => {
    const word = fc.constantFrom(
      ...'2005-04-07 22:13:13 +0200 -0700 Z Apr 7 2005 05 12/11/2009 30.06.98 20050407 221313 T PM am Thu EST 1112911993 10:11 . , 1 99 31 1400 0000'.split(
        ' ',
      ),
    );
    const separator = fc.constantFrom(' ', ' ', '', 'T', ', ', '-');
    const text = fc
      .array(fc.tuple(word, separator), { minLength: 2, maxLength: 5 })
      .map((parts) => parts.flat().join(''));
    fc.assert(
      fc.property(text, (date) => {
        expect(ourDate(date)).toBe(gitDate(date));
      }),
      { numRuns: 150 },
    );
  });
});

test('a date without a zone is in local time', () => {
  const fields: number[][] = [];
  const localOffset = (at: readonly number[]): number => {
    fields.push([...at]);
    return 90;
  };
  expect(parseDate('2005-04-07 22:13:13', { localOffset })).toEqual({
    timestamp: 1112911993 - 5400,
    timezone: '+0130',
  });
  expect(parseDate('1112911993', { localOffset })).toEqual({ timestamp: 1112911993, timezone: '+0130' });
  expect(fields).toEqual([
    [2005, 3, 7, 22, 13, 13],
    [2005, 3, 7, 22, 13, 13],
  ]);
});

test('of the orders of a date the one is taken that is not in the future', () => {
  const context = { now: Date.UTC(2005, 3, 10), localOffset: () => 0 };
  const day = (text: string): string | undefined => {
    const date = parseDate(text, context);
    return date && new Date(date.timestamp * 1000).toISOString().slice(0, 10);
  };
  expect(day('12:00:00 4/7/2005')).toBe('2005-04-07');
  expect(day('12:00:00 10/4/2005')).toBe('2005-04-10');
  expect(day('12:00:00 4/7')).toBeUndefined();
});
