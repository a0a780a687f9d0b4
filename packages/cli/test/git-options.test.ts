import { describe, expect, test } from 'vitest';
import { UsageError } from '../src/console.js';
import { parseGitOptions } from '../src/git-options.js';

const SPECS = ['quiet|q', 'no-deref', 'sort=', 'message|m=', 'hash|s?', 'merged~', 'no-merged~', '|z', 'abbrev?'];

describe('git options', () => {
  test.each<[args: string[], options: [name: string, value: string | undefined, negated: boolean][], rest: string[]]>([
    [[], [], []],
    [['a', '-q', 'b'], [['quiet', undefined, false]], ['a', 'b']],
    [
      ['--quiet', '--no-quiet'],
      [
        ['quiet', undefined, false],
        ['quiet', undefined, true],
      ],
      [],
    ],
    [['--no-deref'], [['no-deref', undefined, false]], []],
    [['--deref'], [['no-deref', undefined, true]], []],
    [
      ['--sort=a', '--sort', 'b'],
      [
        ['sort', 'a', false],
        ['sort', 'b', false],
      ],
      [],
    ],
    [['--sort='], [['sort', '', false]], []],
    [['--sort', '--quiet'], [['sort', '--quiet', false]], []],
    [
      ['-qmtext'],
      [
        ['quiet', undefined, false],
        ['message', 'text', false],
      ],
      [],
    ],
    [
      ['-qm', 'text'],
      [
        ['quiet', undefined, false],
        ['message', 'text', false],
      ],
      [],
    ],
    [['-s', '7'], [['hash', undefined, false]], ['7']],
    [
      ['-s7', '--hash', '--hash=8'],
      [
        ['hash', '7', false],
        ['hash', undefined, false],
        ['hash', '8', false],
      ],
      [],
    ],
    [['-z'], [['z', undefined, false]], []],
    [['--merged', 'main'], [['merged', 'main', false]], []],
    [['--merged'], [['merged', 'HEAD', false]], []],
    [['--no-merged'], [['no-merged', 'HEAD', false]], []],
    [
      ['--qui', '--ab=4'],
      [
        ['quiet', undefined, false],
        ['abbrev', '4', false],
      ],
      [],
    ],
    [['--', '-q'], [], ['-q']],
    [['-q', '--end-of-options', '--sort'], [['quiet', undefined, false]], ['--sort']],
    [['-'], [], ['-']],
  ])('%j are read as git reads them', (args, options, rest) => {
    const given = parseGitOptions(args, SPECS);
    expect(given.options.map(({ name, value, negated }) => [name, value, negated])).toEqual(options);
    expect(given.positionals).toEqual(rest);
  });

  test.each([
    [['--nonsense'], "unknown option `nonsense'"],
    [['-x'], "unknown switch `x'"],
    [['-qx'], "unknown switch `x'"],
    [['--quiet=1'], "option `quiet' takes no value"],
    [['--no-sort=1'], "option `no-sort' takes no value"],
    [['--sort'], "option `sort' requires a value"],
    [['-m'], "switch `m' requires a value"],
    [['--m'], 'ambiguous option: m (could be --message or --merged)'],
  ])('%j are refused in the words of git', (args, complaint) => {
    expect(() => parseGitOptions(args, SPECS)).toThrow(new UsageError(`error: ${complaint}`));
  });

  test('nothing is an option behind the first argument, where that is asked for', () => {
    const given = parseGitOptions(['-q', 'key', '-q', '--'], SPECS, { stopEarly: true });
    expect([given.options.length, given.positionals]).toEqual([1, ['key', '-q', '--']]);
  });

  test('the last word counts, and values are gathered since the option was taken back', () => {
    const given = parseGitOptions(['-q', '--sort=a', '--no-sort', '--sort=b', '--sort=c', '--no-quiet'], SPECS);
    expect([given.has('quiet'), given.value('sort'), given.values('sort')]).toEqual([false, 'c', ['b', 'c']]);
  });
});
