import { checkTreeEntryName, encodeUtf8 } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeKeyNames, encodeKeyNames } from '../../src/adapters/key-names.js';

describe('a key is written as', () => {
  test.each([
    ['user-1', ['user-1']],
    ['a.b~c@d+e=f,g_h', ['a.b~c@d+e=f,g_h']],
    ['', ['%']],
    ['%', ['%25']],
    ['a/b:c d', ['a%2Fb%3Ac%20d']],
    ['ü', ['%C3%BC']],
    ['.hidden', ['%2Ehidden']],
    ['ends.', ['ends%2E']],
    ['.', ['%2E']],
    ['..', ['%2E%2E']],
    ['.git', ['%2Egit']],
    ['GIT~1', ['%47IT~1']],
    ['con', ['%63on']],
    ['LPT1.txt', ['%4CPT1.txt']],
    ['console', ['console']],
    ['a'.repeat(200), ['a'.repeat(200)]],
    ['a'.repeat(201), [`${'a'.repeat(200)}%`, 'a']],
    [`${'a'.repeat(200)}.`, [`${'a'.repeat(200)}%`, '%2E']],
    ['/'.repeat(67), [`${'%2F'.repeat(66)}%`, '%2F']],
  ])('%j', (key, names) => {
    expect(encodeKeyNames(encodeUtf8(key))).toEqual(names);
    expect(decodeKeyNames(names)).toEqual(encodeUtf8(key));
  });
});

describe('no key is written as', () => {
  test.each([
    ['half an escape', ['a%2']],
    ['an escape in lower case', ['%2f']],
    ['an escape that is none', ['%zz']],
    ['an escape of a plain letter', ['%62']],
    ['a dot that is plain', ['.a']],
    ['a slash that is plain', ['a/b']],
    ['a character that is not plain', ['ü']],
    ['two names of which the first is short', ['a%', 'b']],
    ['two names of which the first has no mark', ['a'.repeat(200), 'b']],
    ['nothing', []],
    ['a name too long', ['a'.repeat(201)]],
  ])('%s', (_what, names) => {
    expect(decodeKeyNames(names)).toBeUndefined();
  });
});

test('keys of any bytes come back, no two alike, in names that git takes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.uint8Array({ maxLength: 500 }), (key, other) => {
      const names = encodeKeyNames(key);
      expect(decodeKeyNames(names)).toEqual(key);
      for (const name of names) {
        expect(checkTreeEntryName(encodeUtf8(name))).toBeUndefined();
        expect(name.length).toBeLessThan(210);
      }
      if (key.join() !== other.join()) expect(encodeKeyNames(other)).not.toEqual(names);
    }),
  );
});
