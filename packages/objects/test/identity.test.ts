import { buildIdentity, encodeUtf8, parseIdentity, serializeIdentity } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../test/support/git.js';
import { writeAllWithGit, writeWithGit } from './support.js';

const parse = (line: string) => parseIdentity(encodeUtf8(line));
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const LINES = [
  'A U Thor <author@example.com> 1112911993 -0700',
  ' <> 0 +0000',
  '<a@b> 1 +0000',
  'A<a@b>1 +0000',
  'A  \t<a@b> 1 +0000',
  ' A <a@b> 1 +0000',
  'A < a@b > 1 +0000',
  'A <a@b>  12   +0130',
  'A <a@b> 12',
  'A <a@b>',
  'A <a@b> soon',
  'A <a@b> 12 0130',
  'A <a@b> 1312735823 +051800',
  'A <a@b> 12 --700',
  'A <b <B <b@c>> 1282910542 +0200',
  'A <a@b> > 12 +0000',
  'A <a@b>> 12 +0000',
  'Gr\u00fc\u00df <\u00e9@b> 12 +0000',
  'A > B <a@b> 12 +0000',
];

describe('parseIdentity', () => {
  test('reads odd lines as git log does', () => {
    const directory = initBare(temporaryDirectory());
    const tree = writeWithGit(directory, 'tree', new Uint8Array(0));
    const bodies = LINES.map((line, index) => {
      return encodeUtf8(`tree ${tree}\nauthor ${line}\ncommitter C <c@d> 1 +0000\n\n${index}`);
    });
    const commits = writeAllWithGit(directory, 'commit', bodies);
    const args = ['log', '--no-walk=unsorted', '--stdin', '--format=%an|%ae|%at'];
    const judged = git(args, { cwd: directory, input: commits.join('\n') }).split('\n');
    const ours = LINES.map((line) => {
      const { name, email, timestamp } = parse(line);
      return `${name}|${email}|${timestamp}`;
    });
    // git has no date at all where the timezone is missing or odd; we keep the seconds.
    const withoutDate = (text: string) => text.slice(0, text.lastIndexOf('|') + 1);
    expect(ours.map(withoutDate)).toEqual(judged.map(withoutDate));
    judged.forEach((text, index) => {
      if (!text.endsWith('|')) expect(ours[index]).toBe(text);
    });
  });

  const cases: [line: string, fields: object][] = [
    ['A <a@b> 12 -0130', { name: 'A', email: 'a@b', timestamp: 12, timezone: '-0130' }],
    ['A <a@b> -5263834140 +0009', { timestamp: -5263834140, timezone: '+0009' }],
    ['A <a@b> 12 --700', { timestamp: 12, timezone: '--700' }],
    ['A <a@b> 12', { timestamp: 12, timezone: '+0000' }],
    ['A <a@b>', { timestamp: 0, timezone: '+0000' }],
    ['A <a@b> -0 +0000', { timestamp: 0 }],
    ['A <a@b> 99999999999999999999 +0000', { timestamp: 0 }],
    ['A <a@b', { name: 'A', email: 'a@b', timestamp: 0 }],
    ['nobody', { name: 'nobody', email: '', timestamp: 0, timezone: '+0000' }],
    ['', { name: '', email: '' }],
  ];
  test.each(cases)('%j', (line, fields) => expect(parse(line)).toMatchObject(fields));

  test('reads the encoding that a commit names', () => {
    const line = Uint8Array.from(Buffer.from('\u00e9 <a@b> 1 +0000', 'latin1'));
    expect(parseIdentity(line, 'ISO-8859-1').name).toBe('\u00e9');
    expect(parseIdentity(line).name).toBe('\ufffd');
  });

  test('fails for no bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (line) => {
        const identity = parseIdentity(line);
        expect(Number.isSafeInteger(identity.timestamp)).toBe(true);
        expect(identity.raw).toBe(line);
      }),
    );
  });
});

describe('serializeIdentity', () => {
  test.each(LINES)('writes %j as it was read', (line) => expect(textOf(serializeIdentity(parse(line)))).toBe(line));

  test('writes bytes that are not UTF-8 as they were', () => {
    const line = Uint8Array.from(Buffer.from('\u00e9 <a@b> 1 +0000', 'latin1'));
    expect(serializeIdentity(parseIdentity(line))).toEqual(line);
  });

  test('writes the fields once they differ from what was read', () => {
    const identity = { ...parse('A  <a@b> 12 +0130'), timestamp: 13 };
    expect(textOf(serializeIdentity(identity))).toBe('A <a@b> 13 +0130');
  });

  test('writes what it reads back', () => {
    const word = fc.string({ unit: 'grapheme' }).filter((text) => !/[\0\n<>]/.test(text));
    fc.assert(
      fc.property(
        word,
        word,
        fc.nat(),
        fc.constantFrom('+0000', '-0930', '+1400'),
        (name, email, timestamp, timezone) => {
          const identity = buildIdentity({ name, email, timestamp, timezone });
          expect(parseIdentity(serializeIdentity(identity))).toMatchObject(identity);
        },
      ),
    );
  });
});

describe('buildIdentity', () => {
  const good = { name: 'A U Thor', email: 'author@example.com', timestamp: 1 };
  test('fills in the timezone and trims', () => {
    expect(buildIdentity({ ...good, name: ' A ' })).toEqual({ ...good, name: 'A', timezone: '+0000' });
  });

  test.each([
    ['a newline in the name', { name: 'A\ncommitter B' }],
    ['a NUL in the name', { name: 'A\0' }],
    ['< in the name', { name: 'A <' }],
    ['> in the email', { email: 'a>b' }],
    ['a newline in the email', { email: 'a\nb' }],
    ['a date before 1970', { timestamp: -1 }],
    ['half a second', { timestamp: 1.5 }],
    ['no date', { timestamp: Number.NaN }],
    ['a timezone of three digits', { timezone: '+100' }],
    ['a timezone without sign', { timezone: '0100' }],
    ['a timezone and more', { timezone: '+0100\nx y' }],
  ])('refuses %s', (_what, fields) => {
    expect(() => buildIdentity({ ...good, ...fields })).toThrow(RangeError);
    expect(() => serializeIdentity({ ...good, timezone: '+0000', ...fields })).toThrow(RangeError);
  });
});
