import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gitAsync, temporaryDirectory } from '../../../../test/support/git.js';
import { parseConfig } from '../../src/config/config.js';
import { ConfigDocument } from '../../src/config/document.js';

type Edit = readonly [what: string, git: readonly string[], ours: (document: ConfigDocument) => unknown];

const edits: readonly Edit[] = [
  ['sets a value', ['user.name', 'A U Thor'], (it) => it.set('user.name', 'A U Thor')],
  ['keeps the case of a new name', ['core.autoCRLF', 'input'], (it) => it.set('core.autoCRLF', 'input')],
  ['sets what is there in another case', ['CORE.BARE', 'false'], (it) => it.set('CORE.BARE', 'false')],
  ['sets in a subsection', ['remote.origin.url', 'x'], (it) => it.set('remote.origin.url', 'x')],
  ['sets in a subsection with dots and quotes', ['a.b."c\\.d', 'x'], (it) => it.set('a.b."c\\.d', 'x')],
  ['adds a value', ['--add', 'remote.origin.fetch', '+x:y'], (it) => it.add('remote.origin.fetch', '+x:y')],
  [
    'replaces all values',
    ['--replace-all', 'remote.origin.fetch', 'z'],
    (it) => it.replaceAll('remote.origin.fetch', 'z'),
  ],
  [
    'replaces the values that match',
    ['--replace-all', 'remote.origin.fetch', 'z', 'tags'],
    (it) => it.replaceAll('remote.origin.fetch', 'z', (value) => value.includes('tags')),
  ],
  ['unsets a value', ['--unset', 'core.bare'], (it) => it.unset('core.bare')],
  ['unsets all values', ['--unset-all', 'remote.origin.fetch'], (it) => it.unsetAll('remote.origin.fetch')],
  ['unsets the last of a section', ['--unset', 'alone.x'], (it) => it.unset('alone.x')],
  ['unsets all of a section', ['--unset-all', 'alone.x'], (it) => it.unsetAll('alone.x')],
  ['renames a section', ['--rename-section', 'core', 'kern'], (it) => it.renameSection('core', 'kern')],
  [
    'renames a subsection',
    ['--rename-section', 'remote.origin', 'remote.up "stream"'],
    (it) => it.renameSection('remote.origin', 'remote.up "stream"'),
  ],
  ['removes a section', ['--remove-section', 'remote.origin'], (it) => it.removeSection('remote.origin')],
  ['sets a value with a comment sign', ['user.name', 'a # b'], (it) => it.set('user.name', 'a # b')],
  ['sets a value with spaces around', ['user.name', ' a  b '], (it) => it.set('user.name', ' a  b ')],
  ['sets a value of several lines', ['user.name', 'a\n\t"b\\'], (it) => it.set('user.name', 'a\n\t"b\\')],
  ['sets an empty value', ['user.name', ''], (it) => it.set('user.name', '')],
];

const files: readonly (readonly [what: string, text: string])[] = [
  ['an empty file', ''],
  ['a new repository', '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n'],
  ['comments', '# first\n[core] ; second\n\t; third\n\tbare = true ; fourth\n# fifth\n[user]\n\tname = x\n# last\n'],
  [
    'a remote',
    '[remote "origin"]\n\turl = u\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n\tfetch = +refs/tags/*\n[core]\n',
  ],
  ['a section twice', '[core]\n\tbare = true\n[user]\n\tname = a\n[core]\n\tx = 1\n[alone]\n\tx = 1\n'],
  ['settings on the line of their section', '[core] bare = true\n[alone] x = 1\n[user]name=y\n'],
  ['no line end at the end', '[core]\n\tbare = true\n[alone]\n\tx = 1'],
  ['a header without a line end', '[core]\n[remote "origin"]'],
  ['odd spacing', '\n\n  [core]  \n\n   bare=true   \n\n\n[alone]\n\n\tx = 1\n\n\n[user]\n'],
  ['values that go on', '[core]\n\tbare = tr\\\nue\n[user]\n\tname = "a \\\n  b" # c\n'],
  ['dotted headers', '[remote.origin]\n\turl = u\n[remote.origin]\n\tfetch = f\n'],
  ['sections of no settings', '[alone]\n[alone]\n\tx = 1\n[core]\n[core]\n'],
  ['a comment before a section that empties', '[core]\n\tbare = true\n# mine\n[alone]\n\tx = 1\n[user]\n'],
  ['several values in a section of their own', '[user]\n\tname = x\n[alone]\n\tx = 1\n\tx = 2\n[core]\n\tbare = 1\n'],
];

describe('an edit leaves the bytes that git leaves', () => {
  describe.each(edits)('which %s', (_what, args, edit) => {
    test.each(files)('in %s', async (_file, text) => {
      const path = join(temporaryDirectory(), 'config');
      writeFileSync(path, text);
      const { code } = await gitAsync(['config', '--file', path, ...args]);
      const document = new ConfigDocument(text);
      let outcome: unknown;
      try {
        outcome = edit(document);
      } catch (error) {
        expect(error).toMatchObject({ code: 'CONFIG_MULTIPLE_VALUES' });
        outcome = false;
      }
      expect([outcome !== false, new TextDecoder().decode(document.bytes)]).toEqual([
        code === 0,
        readFileSync(path, 'utf8'),
      ]);
    });
  });
});

describe('a document', () => {
  test('keeps bytes that are no UTF-8, and a byte order mark', () => {
    const bytes = Uint8Array.of(0xef, 0xbb, 0xbf, ...new TextEncoder().encode('[a]\n\tx = '), 0xff, 0x0a);
    const document = new ConfigDocument(bytes);
    document.set('a.y', 'ä');
    expect(document.bytes).toEqual(Uint8Array.of(...bytes, ...new TextEncoder().encode('\ty = ä\n')));
  });

  test('finds a section to rename or remove however its header is spelled, as git reads it (git itself renames by spelling)', () => {
    const document = new ConfigDocument(
      '[Remote.ORIGIN]\n\turl = u\n[remote "origin"]\n\tfetch = f\n[remote "ORIGIN"]\n',
    );
    expect(document.renameSection('remote.origin', 'a.b')).toBe(true);
    expect(new TextDecoder().decode(document.bytes)).toBe(
      '[a "b"]\n\turl = u\n[a "b"]\n\tfetch = f\n[remote "ORIGIN"]\n',
    );
    expect(document.removeSection('A.b')).toBe(true);
    expect(new TextDecoder().decode(document.bytes)).toBe('[remote "ORIGIN"]\n');
    expect(document.removeSection('A.b')).toBe(false);
  });

  test('ends a value that waits for more at the end of the file, before a line comes after it (git goes on with it)', () => {
    const document = new ConfigDocument('[a]\nx = 1\\');
    document.set('a.y', '2');
    expect(document.config.entries.map(({ name, value }) => [name, value])).toEqual([
      ['x', '1'],
      ['y', '2'],
    ]);
  });

  test('is not changed by an edit that is refused', () => {
    const text = '[a]\n\tx = 1\n\tx = 2\n';
    const document = new ConfigDocument(text);
    expect(() => document.set('a.x', '3')).toThrow('Cannot change a.x: it has 2 values');
    expect(() => document.unset('a.x')).toThrow(expect.objectContaining({ code: 'CONFIG_MULTIPLE_VALUES' }));
    expect(() => document.add('a.x', '\0')).toThrow(RangeError);
    expect(new TextDecoder().decode(document.bytes)).toBe(text);
  });

  test.each(['', 'x', '.x', 'a.', 'a.1', 'a b.c', 'a.b\n.c', 'a.b_c', 'ä.b'])('refuses %j as a key', async (key) => {
    expect(() => new ConfigDocument().set(key, '1')).toThrow(RangeError);
    expect((await gitAsync(['config', '--file', join(temporaryDirectory(), 'config'), key, '1'])).code).not.toBe(0);
  });

  test('gives back what was set, whatever the value, and git reads it so', async () => {
    const path = join(temporaryDirectory(), 'config');
    const text = fc.string({ unit: fc.constantFrom(...' \t\n\r"\\#;=[]ab\u{1f600}ä\b\v\f'), maxLength: 12 });
    const values = fc.array(fc.tuple(fc.constantFrom('a.x', 'a.b.x', 'a.B c.y', 'd.x'), text), { maxLength: 6 });
    fc.assert(
      fc.property(values, (settings) => {
        const document = new ConfigDocument();
        for (const [key, value] of settings) document.set(key, value);
        const last = new Map(settings);
        const { config } = document;
        for (const [key, value] of last) {
          const [section = '', name = ''] = [key.slice(0, 1), key.slice(-1)];
          const subsection = key.length > 3 ? key.slice(2, -2) : undefined;
          expect(config.get(section, name, subsection)).toBe(value);
        }
        expect(config.entries).toHaveLength(last.size);
      }),
    );
    const sample = fc.sample(text, { numRuns: 20, seed: 7 });
    const document = new ConfigDocument();
    for (const value of sample) document.add('a.x', value);
    writeFileSync(path, document.bytes);
    expect((await gitAsync(['config', '--file', path, '-z', '--get-all', 'a.x'])).stdout).toBe(
      sample.map((value) => `${value}\0`).join(''),
    );
  });

  test('survives any row of edits, and still reads as what is left', () => {
    const key = fc.constantFrom('a.x', 'a.y', 'a.s.x', 'b.x');
    const edit = fc.oneof(
      fc.tuple(fc.constant('add' as const), key),
      fc.tuple(fc.constant('replaceAll' as const), key),
      fc.tuple(fc.constant('unsetAll' as const), key),
    );
    const lines = fc.array(fc.constantFrom('[a]\n', '[b] ', '[a "s"]\n', 'x = 1\n', '\ty\n', '# c\n', '\n', ' '));
    fc.assert(
      fc.property(lines, fc.array(edit, { maxLength: 8 }), (text, row) => {
        const document = new ConfigDocument(text.join(''));
        for (const [verb, at] of row) {
          const before = document.config.entries;
          if (verb === 'unsetAll') document.unsetAll(at);
          else document[verb](at, 'v');
          const isIt = (entry: (typeof before)[number]): boolean =>
            [entry.section, entry.subsection, entry.name].filter((part) => part !== undefined).join('.') === at;
          const after = document.config.entries;
          expect(after.filter((entry) => !isIt(entry))).toEqual(before.filter((entry) => !isIt(entry)));
          const had = before.filter(isIt).length;
          expect(after.filter(isIt)).toHaveLength(verb === 'unsetAll' ? 0 : verb === 'add' ? had + 1 : 1);
        }
        expect(parseConfig(document.bytes).entries).toEqual(document.config.entries);
      }),
    );
  });
});
