import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../test/support/git.js';
import { quotePath, unquotePath } from '../src/quote.js';

describe('quotePath', () => {
  test.each([
    ['plain', 'plain'],
    ['with space', 'with space'],
    ["it's", "it's"],
    ['a"b', '"a\\"b"'],
    ['a\\b', '"a\\\\b"'],
    ['\x07\b\t\n\v\f\r', '"\\a\\b\\t\\n\\v\\f\\r"'],
    ['\x01\x1f\x7f', '"\\001\\037\\177"'],
    ['ä', '"\\303\\244"'],
    ['', ''],
  ])('shows %j as %s', (path, shown) => {
    expect(quotePath(new TextEncoder().encode(path))).toBe(shown);
  });

  test('agrees with git on every byte a name can have', () => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'));
    const blob = git(['hash-object', '-w', '--stdin'], { cwd });
    const names = Array.from({ length: 255 }, (_, index) => index + 1).filter((byte) => byte !== 0x2f);
    const input = Buffer.concat(
      names.map((byte) => Buffer.concat([Buffer.from(`100644 blob ${blob}\tx`), Buffer.from([byte, 0])])),
    );
    const tree = git(['mktree', '-z'], { cwd, input });
    const shown = names.map((byte) => quotePath(Uint8Array.of(0x78, byte)));
    expect(git(['ls-tree', '--name-only', tree], { cwd }).split('\n')).toEqual(shown);
  });

  test('is bare or one C string', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (path) => {
        expect(quotePath(path)).toMatch(/^(?:[ !#-[\]-~]*|"(?:[ !#-[\]-~]|\\[abtnvfr"\\]|\\[0-7]{3})*")$/);
      }),
    );
  });
});

describe('unquotePath', () => {
  test('undoes what quotePath did', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (path) => {
        const quoted = quotePath(path);
        if (quoted.startsWith('"')) expect(unquotePath(new TextEncoder().encode(quoted))).toEqual(path);
      }),
    );
  });

  test.each(['"', '"a', '"a\\', '"\\q"', '"\\40"', '"\\400"', '"\\08"'])('does not know %s', (quoted) => {
    expect(unquotePath(new TextEncoder().encode(quoted))).toBeUndefined();
  });
});
