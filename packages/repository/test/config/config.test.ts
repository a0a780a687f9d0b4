import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../test/support/git.js';
import { type ConfigEntry, parseConfig } from '../../src/config/config.js';

describe('parseConfig reads as git does', () => {
  test.each([
    ['a plain value', '[core]\n\tbare = true\n'],
    ['names in any case', '[CoRe]\nBaRe=Yes\n'],
    ['a setting on the line of its section', '[core] bare = 1\n'],
    ['no value at all', '[core]\nbare\n'],
    ['an empty value', '[core]\nbare =\n'],
    ['the last of several', '[core]\nbare=false\n[other]\nbare=no\n[core]\nbare=on\n'],
    ['inner spaces, and none at the end', '[core]\nx =  a  b \t \n'],
    ['quotes and comment signs', '[core]\nx = "a ; b" # c\n'],
    ['a quoted run amid a value', '[core]\nx = a" b "c\n'],
    ['escapes', '[core]\nx = \\"a\\tb\\\\ \\n"\n"\n'.replace('\\n"\n"', '\\n')],
    ['a value that goes on', '[core]\nx = a \\\n  b\n'],
    ['a subsection', '[branch "Ma\\"i\\\\n"]\nremote = origin\n[core]\nx=1\n'],
    ['an old subsection', '[branch.MAIN]\nremote = origin\n'],
    ['CRLF', '[core]\r\nx = a\r\nbare = true\r\n'],
    ['comments alone', '# one\n ; two\n[core]\n\t# three\nx = 1\n'],
    ['a file that ends in the middle of a line', '[core]\nx = 1'],
    ['a byte order mark', '\ufeff[core]\nx = 1\n'],
  ])('%s', (_case, text) => {
    const path = join(temporaryDirectory(), 'config');
    writeFileSync(path, text);
    const listed = git(['config', '--file', path, '--list', '-z'])
      .split('\0')
      .filter((line) => line !== '');
    const ours = parseConfig(text).entries.map(({ section, subsection, name, value }) => {
      const key = [section, subsection, name].filter((part) => part !== undefined).join('.');
      return value === undefined ? key : `${key}\n${value}`;
    });
    expect(ours).toEqual(listed);
  });

  test.each([
    ['a name without value before a comment', '[core]\nbare # yes\n'],
    ['a section that does not end', '[core\nbare = true\n'],
    ['a broken section name', '[co re]\n'],
    ['an unknown escape', '[core]\nx = \\q\n'],
    ['a quoted value that does not end', '[core]\nx = "a\nb"\n'],
    ['a name with a sign', '[core]\na_b = 1\n'],
    ['a line of junk', '[core]\n=x\n'],
  ])('and refuses %s', (_case, text) => {
    const path = join(temporaryDirectory(), 'config');
    writeFileSync(path, text);
    expect(() => git(['config', '--file', path, '--list'])).toThrow();
    expect(() => parseConfig(text)).toThrow(expect.objectContaining({ code: 'MALFORMED', format: 'config' }));
  });

  test.each([
    ['yes', true],
    ['On', true],
    ['1', true],
    ['-1', true],
    ['off', false],
    ['0', false],
    ['', false],
    ['perhaps', undefined],
  ])('%j as the boolean %j', (value, meaning) => {
    expect(parseConfig(`[core]\nx = ${value}\n`).getBoolean('core', 'X')).toBe(meaning);
  });

  test('whatever the text is, or where it is cut: settings or a typed error, and no setting of another name', () => {
    const text = '[core]\n\tbare = true # yes\n[branch "a\\"b"] remote = "x ; y" \\\n  z\n[receive]\ndenyDeletes\n';
    const names = parseConfig(text).entries.map(({ name }) => name);
    expect(names).toEqual(['bare', 'remote', 'denydeletes']);
    for (let end = 0; end < text.length; end++) {
      const found = entriesOf(text.slice(0, end)).map(({ name }) => name);
      // A name is complete or the beginning of one.
      for (const [at, name] of found.entries()) expect(names[at]?.startsWith(name), `cut at ${end}`).toBe(true);
    }
    const pieces = fc.constantFrom(
      '[',
      ']',
      '"',
      '\\',
      '\n',
      '\r',
      ' ',
      '=',
      '#',
      ';',
      '.',
      '\0',
      'core',
      'x',
      '1',
      'ä',
    );
    fc.assert(fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => void entriesOf(parts.join(''))));
  });
});

function entriesOf(text: string): readonly ConfigEntry[] {
  try {
    return parseConfig(text).entries;
  } catch (error) {
    expect(error).toMatchObject({ code: 'MALFORMED', format: 'config' });
    return [];
  }
}
