import { describe, expect, test } from 'vitest';
import { UsageError } from '../src/console.js';
import { parseCount, parseOptions, parseOrderedOptions } from '../src/options.js';

describe('parseOptions', () => {
  const options = {
    depth: { type: 'string' },
    quiet: { type: 'boolean', short: 'q', default: false },
  } as const;

  test('takes options and arguments in any order, and nothing for an option after --', () => {
    const { values, positionals } = parseOptions(['a', '-q', '--depth=2', 'b', '--', '-q'], options);
    expect(values).toMatchObject({ quiet: true, depth: '2' });
    expect(positionals).toEqual(['a', 'b', '-q']);
  });

  test.each([
    [['--nope'], "error: unknown option `nope'"],
    [['-x'], "error: unknown switch `x'"],
    [['-qx'], "error: unknown switch `x'"],
    [['--depth'], "error: option `depth' requires a value"],
    [['--depth', '-q'], "error: option `depth' requires a value"],
    [['--quiet=yes'], "error: option `quiet' takes no value"],
  ])('takes %j for a usage error, in the words of git', (args, message) => {
    expect(() => parseOptions(args, options)).toThrow(new UsageError(message));
  });
});

describe('parseCount', () => {
  test.each([
    ['0', 0],
    ['1', 1],
    ['007', 7],
    ['65535', 65535],
    ['9007199254740991', 9007199254740991],
  ])('takes %j', (text, count) => {
    expect(parseCount('n', text)).toBe(count);
  });

  test.each(['', ' 1', '-1', '+1', '1.5', '1e3', '0x10', 'NaN', '9007199254740993'])('refuses %j', (text) => {
    expect(() => parseCount('n', text)).toThrow(UsageError);
  });

  test('refuses less than the minimum', () => {
    expect(() => parseCount('depth', '0', 1)).toThrow(/at least 1/);
  });
});

describe('options in order', () => {
  test.each([
    [['-p', 'a', 'x', '-m', 'b', '-pc'], ['p=a', 'm=b', 'p=c'], ['x']],
    [['-m', '-starts like an option', '-m', '--', '-m', '-'], ['m=-starts like an option', 'm=--', 'm=-'], []],
    [['-m', '', '--', '-m', 'y'], ['m='], ['-m', 'y']],
  ])('of %j are %j and %j', (args, options, positionals) => {
    const parsed = parseOrderedOptions(args, ['p', 'm']);
    expect(parsed.options.map(({ name, value }) => `${name}=${value}`)).toEqual(options);
    expect(parsed.positionals).toEqual(positionals);
  });

  test.each([[['-x']], [['-m']], [['--long']]])('of %j are a usage error', (args) => {
    expect(() => parseOrderedOptions(args, ['p', 'm'])).toThrow(UsageError);
  });
});
