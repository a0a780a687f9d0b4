import { describe, expect, test } from 'vitest';
import { mergeJson } from '../../src/merge/json-merge.js';

const merge = (base: string | undefined, ours: string, theirs: string): [string, readonly string[]] | undefined => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const merged = mergeJson({
    base: base === undefined ? undefined : bytes(base),
    ours: bytes(ours),
    theirs: bytes(theirs),
  });
  return merged && [new TextDecoder().decode(merged.body), merged.conflictPaths];
};

describe('JSON merges by value', () => {
  test.each<
    [what: string, base: string | undefined, ours: string, theirs: string, merged: string, conflicts: string[]]
  >([
    ['members of one object', '{"a":1,"b":1}', '{"a":2,"b":1}', '{"a":1,"b":2}', '{"a":2,"b":2}', []],
    ['members that come and go', '{"a":1,"b":1}', '{"b":1,"c":1}', '{"a":1,"d":1}', '{"c":1,"d":1}', []],
    [
      'objects in objects',
      '{"a":{"x":1,"y":1}}',
      '{"a":{"x":2,"y":1}}',
      '{"a":{"x":1,"y":2}}',
      '{"a":{"x":2,"y":2}}',
      [],
    ],
    ['what both added', undefined, '{"a":1}', '{"b":2}', '{"a":1,"b":2}', []],
    ['whatever the order of members', '{"a":1,"b":2}', '{"b":2,"a":1}', '{"a":3,"b":2}', '{"b":2,"a":3}', []],
    ['in the layout of ours', '{"a":1}', '{\n  "a": 2\n}\n', '{"a":1,"b":{}}', '{\n  "a": 2,\n  "b": {}\n}\n', []],
    [
      'with names that objects have of their own',
      '{}',
      '{"__proto__":1}',
      '{"toString":2}',
      '{"__proto__":1,"toString":2}',
      [],
    ],
    ['the same change', '[1]', '[2]', '[2]', '[2]', []],
    ['one change of an array', '{"a":[1]}', '{"a":[1,2]}', '{"a":[1],"b":1}', '{"a":[1,2],"b":1}', []],
    ['but not two', '{"a":[1]}', '{"a":[1,2]}', '{"a":[1,3]}', '{"a":[1,2]}', ['/a']],
    ['nor two values', '{"a/b":{"~":1}}', '{"a/b":{"~":2}}', '{"a/b":{"~":3}}', '{"a/b":{"~":2}}', ['/a~1b/~0']],
    ['nor a change and a removal', '{"a":1}', '{}', '{"a":2}', '{}', ['/a']],
    ['nor an object and a value', '{"a":1}', '{"a":{}}', '{"a":2}', '{"a":{}}', ['/a']],
  ])('%s', (_what, base, ours, theirs, merged, conflicts) => {
    expect(merge(base, ours, theirs)).toEqual([merged, conflicts]);
  });

  test.each([
    ['what is no JSON', '{'],
    ['a key that stands twice', '{"a":1,"a":2}'],
    ['a number that would be rounded', '{"a":12345678901234567890}'],
    ['a number that would be written otherwise', '{"a":1.0}'],
    ['a number past all numbers', '{"a":[1e400]}'],
    ['a zero with a sign', '{"a":-0}'],
    ['nesting too deep to follow', `${'['.repeat(300)}${']'.repeat(300)}`],
    ['no UTF-16 pairs', '\ud800'],
  ])('%s is left to others', (_what, text) => {
    expect(merge('{"b":1}', text, '{"b":2}')).toBeUndefined();
    expect(merge('{"b":1}', '{"b":2}', text)).toBeUndefined();
  });

  test.each([
    ['of letters', 'x'.repeat(20_000_000)],
    ['of escapes', '\\n'.repeat(10_000_000)],
    ['of escaped quotes', '\\"'.repeat(2_000_000)],
  ])('with a string of many megabytes, %s', (_what, text) => {
    expect(merge('{"a":1,"b":1}', `{"a":"${text}","b":1}`, '{"a":1,"b":2}')).toEqual([`{"a":"${text}","b":2}`, []]);
  });

  test('with quotes, backslashes and colons within strings', () => {
    const odd = '{"a\\\\":"\\":","b":"{[\\\\","c":1}';
    expect(merge(odd, odd.replace('1', '2'), odd)).toEqual([odd.replace('1', '2'), []]);
  });
});
