import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isGitError, sha1, sha256 } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import { parseRefFile, serializeRefFile } from '../../../src/engines/file/ref-files.js';
import type { RefValue } from '../../../src/index.js';

const NAME = 'refs/heads/main';

describe.each([sha1, sha256])('the file of a ref, in $name', (algorithm) => {
  const oid = 'a1'.repeat(algorithm.hexLength / 2);
  const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
  const parse = (text: string) => parseRefFile(NAME, bytesOf(text), algorithm);

  test('is read and written as git writes it', () => {
    const directory = initBare(join(temporaryDirectory(), 'r.git'), algorithm.name);
    const head = commitFiles(directory, [{ files: { a: '1' } }]);
    git(['symbolic-ref', 'refs/heads/other', NAME], { cwd: directory });
    const written: [file: string, value: object][] = [
      ['HEAD', { target: NAME }],
      [NAME, { oid: head }],
      ['refs/heads/other', { target: NAME }],
    ];
    for (const [file, value] of written) {
      const bytes = new Uint8Array(readFileSync(join(directory, file)));
      expect(parseRefFile(file, bytes, algorithm)).toEqual(value);
      expect(serializeRefFile(value as never)).toEqual(bytes);
    }
  });

  test.each([
    ['without a line feed', oid, { oid }],
    ['with more after white space', `${oid} and a note\n`, { oid }],
    ['in capitals', `${oid.toUpperCase()}\n`, { oid }],
    ['symbolic, without a space', `ref:${NAME}\n`, { target: NAME }],
    ['symbolic, with white space around', `ref: \t ${NAME} \n\n`, { target: NAME }],
  ] as [string, string, RefValue][])('is read as git reads it: %s', (_what, text, value) => {
    const directory = initBare(join(temporaryDirectory(), 'r.git'), algorithm.name);
    writeFileSync(join(directory, 'refs/heads/read'), text);
    const asked = 'target' in value ? ['symbolic-ref', 'refs/heads/read'] : ['rev-parse', 'refs/heads/read'];
    expect(git(asked, { cwd: directory })).toBe('target' in value ? value.target : value.oid);
    expect(parse(text)).toEqual(value);
  });

  test('survives', () => {
    const names = fc.constantFrom('HEAD', 'refs/heads/ä/b', 'refs/tags/v1');
    const oids = fc.stringMatching(new RegExp(`^[0-9a-f]{${algorithm.hexLength}}$`));
    const values = fc.oneof(
      names.map((target) => ({ target })),
      oids.map((value) => ({ oid: value })),
    );
    fc.assert(
      fc.property(
        values,
        (value) => void expect(parseRefFile(NAME, serializeRefFile(value), algorithm)).toEqual(value),
      ),
    );
  });

  test('that is cut anywhere is an error, and no other object', () => {
    for (let end = 0; end < algorithm.hexLength; end++) {
      expect(() => parse(oid.slice(0, end)), `cut at ${end}`).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    }
  });

  test.each([
    ['nothing, as a power loss leaves it', ''],
    ['zero bytes, as a power loss leaves them', '\0'.repeat(41)],
    ['junk after the object id', `${oid}b\n`],
    ['an object id of another algorithm', 'a'.repeat(algorithm.hexLength === 40 ? 64 : 40)],
    ['a symbolic ref to nothing', 'ref: \n'],
    ['a symbolic ref out of the repository', 'ref: ../../etc/passwd\n'],
    ['a symbolic ref to another file of it', 'ref: config\n'],
    ['a symbolic ref of two lines', `ref: ${NAME}\nrefs/heads/x\n`],
    ['a symbolic ref with a NUL', `ref: ${NAME}\0\n`],
  ])('that holds %s is an error', (_what, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'MALFORMED', format: 'ref' }));
  });

  test('of any bytes is a value or a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, isSymbolic) => {
        const file = isSymbolic ? Uint8Array.from([...bytesOf('ref: refs/'), ...bytes]) : bytes;
        try {
          parseRefFile(NAME, file, algorithm);
        } catch (error) {
          if (!isGitError(error, 'MALFORMED')) throw error;
        }
      }),
    );
  });
});
