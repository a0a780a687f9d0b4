import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gitAsync, gitBytes, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { mergeLines } from '../../src/merge/line-merge.js';

type Case = readonly [base: string, ours: string, theirs: string];

const merge = ([base, ours, theirs]: Case): ReturnType<typeof mergeLines> => {
  const [o, a, b] = [base, ours, theirs].map((text) => Buffer.from(text, 'latin1')) as [Buffer, Buffer, Buffer];
  return mergeLines({ base: o, ours: a, theirs: b, labels: { ours: 'left', theirs: 'right' }, markerSize: 7 });
};
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** What git makes of many files in one merge. */
async function byGit(cases: readonly Case[]): Promise<string[]> {
  const cwd = initBare(join(temporaryDirectory(), 'lines.git'));
  const input: string[] = [];
  for (const [side, branch] of ['base', 'left', 'right'].entries()) {
    input.push(`commit refs/heads/${branch}\ncommitter a <a> 1700000000 +0000\ndata 0\n`);
    if (side > 0) input.push('from refs/heads/base\n');
    for (const [at, versions] of cases.entries()) {
      const text = versions[side] as string;
      input.push(`M 100644 inline f${at}\ndata ${text.length}\n${text}\n`);
    }
  }
  gitBytes(['fast-import', '--quiet'], { cwd, input: Buffer.from(input.join(''), 'latin1') });
  const merged = await gitAsync(['merge-tree', '--write-tree', '--no-messages', 'left', 'right'], { cwd });
  const tree = merged.stdout.split('\n')[0] as string;
  const bodies = gitBytes(['cat-file', '--batch'], { cwd, input: cases.map((_, at) => `${tree}:f${at}\n`).join('') });
  const texts: string[] = [];
  for (let start = 0; start < bodies.length; ) {
    const lineEnd = bodies.indexOf(0x0a, start);
    const size = Number(latin1(bodies.subarray(start, lineEnd)).split(' ')[2]);
    texts.push(latin1(bodies.subarray(lineEnd + 1, lineEnd + 1 + size)));
    start = lineEnd + 2 + size;
  }
  return texts;
}

const numbered = (count: number, text: (line: number) => string): string =>
  Array.from({ length: count }, (_, line) => `${text(line)}\n`).join('');

describe('lines merge as git merges them', () => {
  const text = (...lines: string[]): string => lines.map((line) => `${line}\n`).join('');

  test.each<[what: string, versions: Case]>([
    [
      'named as what objects have of their own',
      [
        text('constructor', '__proto__', 'a', 'b', 'c', 'd') + 'toString',
        text('constructor', '__proto__', 'x', 'b', 'c', 'd') + 'toString',
        text('constructor', '__proto__', 'a', 'b', 'c', 'd') + 'valueOf',
      ],
    ],
    ['added twice, named so', ['', text('__proto__', 'constructor'), `${text('__proto__')}toString`]],
    ['with CR LF', ['a\r\nb\r\nc\r\n', 'a\r\nx\r\nc\r\n', 'a\r\ny\r\nc\r\n']],
    ['with CR LF and no end', ['a\r\nb\r\nc', 'a\r\nb\r\nx', 'a\r\nb\r\ny']],
    ['with CR LF on one side', ['a\nb\nc\n', 'a\r\nx\r\nc\r\n', 'a\ny\nc\n']],
    ['added with CR LF', ['', 'a\r\n', 'b\r\n']],
    [
      'with four lines between conflicts that say nothing',
      [text('1', '', '', '', '', '2'), text('x', '', '', '', '', 'x'), text('y', '', '', '', '', 'y')],
    ],
    [
      'that repeat',
      [
        text('{', 'a', '}', '', '{', 'b', '}'),
        text('{', 'a', '}', '', '{', 'n', '}', '', '{', 'b', '}'),
        text('{', 'a', '}', '', '{', 'c', '}'),
      ],
    ],
    ['of which one side removed all', [text('a', 'b'), '', text('a', 'c')]],
    ['of which both removed some', [text('a', 'b', 'c'), text('a', 'c'), text('a')]],
  ])('%s', async (_what, versions) => {
    expect([latin1(merge(versions).body)]).toEqual(await byGit([versions]));
  });

  test('whatever changed', async () => {
    const line = fc.oneof(
      fc.constantFrom('a', 'b', '}', ''),
      fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', '{', '}', ''),
      fc.nat(30).map((value) => `line ${value}`),
    );
    const edit = fc.record({ at: fc.nat(60), removed: fc.nat(3), added: fc.array(line, { maxLength: 3 }) });
    const edits = fc.array(edit, { minLength: 1, maxLength: 5 });
    const versions = fc
      .record({
        base: fc.array(line, { maxLength: 60 }),
        ours: edits,
        theirs: edits,
        end: fc.constantFrom('', '\n'),
        cr: fc.constantFrom('', '', '', '\r'),
      })
      .map(({ base, ours, theirs, end, cr }): Case => {
        const apply = (changes: typeof ours): string[] => {
          const lines = [...base];
          for (const { at, removed, added } of changes) lines.splice(at % (lines.length + 1), removed, ...added);
          return lines;
        };
        const whole = (lines: string[]): string => lines.join(`${cr}\n`) + (lines.length > 0 && end ? `${cr}\n` : '');
        return [whole(base), whole(apply(ours)), whole(apply(theirs))];
      })
      .filter(([base, ours, theirs]) => base !== ours && base !== theirs && ours !== theirs);
    await fc.assert(
      fc.asyncProperty(fc.array(versions, { minLength: 100, maxLength: 100 }), async (cases) => {
        expect(cases.map((versions) => latin1(merge(versions).body))).toEqual(await byGit(cases));
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });
});

describe('100,000 lines merge in good time', () => {
  const count = 100_000;
  const base = numbered(count, (line) => `line ${line} of the file`);

  test.each<[what: string, versions: Case, conflicts: number]>([
    [
      'changed in few places',
      [
        base,
        numbered(count, (line) => `line ${line}${line % 20_000 === 7 ? ' of ours' : ' of the file'}`),
        numbered(count, (line) => `line ${line}${line % 20_000 === 99 ? ' of theirs' : ' of the file'}`),
      ],
      0,
    ],
    [
      'changed in every other line',
      [
        base,
        numbered(count, (line) => `line ${line}${line % 4 === 0 ? ' of ours' : ' of the file'}`),
        numbered(count, (line) => `line ${line}${line % 4 === 2 ? ' of theirs' : ' of the file'}`),
      ],
      0,
    ],
    [
      'with 10,000 conflicts',
      [
        base,
        numbered(count, (line) => `line ${line}${line % 10 === 0 ? ' of ours' : ' of the file'}`),
        numbered(count, (line) => `line ${line}${line % 10 === 0 ? ' of theirs' : ' of the file'}`),
      ],
      10_000,
    ],
    [
      'moved',
      [base, base.slice(base.length / 2) + base.slice(0, base.length / 2), base.replace('line 5 ', 'line five ')],
      0,
    ],
  ])('%s', (_what, versions, conflicts) => {
    const before = process.cpuUsage();
    expect(merge(versions).conflicts).toBe(conflicts);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(10);
  });

  test.each([
    ['two lines all over', (line: number, salt: number) => ((line * 7919 + salt) % 13 < 5 ? 'a' : 'b')],
    ['every other line empty', (line: number, salt: number) => (line % 2 ? '' : `${salt} ${line}`)],
    ['runs of sixty', (line: number, salt: number) => `${Math.floor(line / 60) % (100 + salt)}`],
    ['backwards', (line: number, salt: number) => `${salt === 1 ? count - line : line}`],
    ['shuffled', (line: number, salt: number) => `${(line * (salt * 2 + 7919)) % count}`],
    ['the same line, more of it', (_line: number, _salt: number) => 'a'],
  ])('with %s', (_what, line) => {
    const versions = [0, 1, 2].map((salt) => numbered(count + salt, (at) => line(at, salt))) as unknown as Case;
    const before = process.cpuUsage();
    expect(merge(versions).body.length).toBeGreaterThan(0);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(10);
  });
});
