import { expect, test } from 'vitest';
import {
  alreadyPresent,
  dictionaryExpected,
  Key,
  keyNotFound,
  noSpace,
  renameSourcePrefix,
  valueExpected,
} from '../src/index.js';

const key = Key.of('a/"b"');

test.each([
  ['M13 M19', keyNotFound(key), 'KEY_NOT_FOUND', 'Cannot find the key /a/\\"b\\"'],
  ['M14 M19', dictionaryExpected(key), 'DICTIONARY_EXPECTED', 'Expecting a dictionary for the key /a/\\"b\\"'],
  ['M15 M19', valueExpected(key), 'VALUE_EXPECTED', 'Expecting a value for the key /a/\\"b\\"'],
  ['M16 M20', noSpace(key), 'NO_SPACE', 'No space left on device'],
  [
    'M17 M20',
    renameSourcePrefix(key, Key.of('a/"b"/c')),
    'RENAME_SOURCE_PREFIX',
    'Rename: source /a/\\"b\\" is prefix of destination /a/\\"b\\"/c',
  ],
  ['M18 M20', alreadyPresent(key), 'ALREADY_PRESENT', 'Key /a/\\"b\\" is already present'],
])('%s: %o reads as the interface words it', (_row, error, code, message) => {
  expect(error).toMatchObject({ name: 'KvError', code, message, isGitError: true });
  expect(error.key.equals(key)).toBe(true);
});
