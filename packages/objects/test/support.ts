import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HashAlgorithm, isGitError, sha1, sha256 } from '@git-kv/objects';
import { expect } from 'vitest';
import { gitBytes } from '../../../test/support/git.js';

/** Every table runs with both. */
export const ALGORITHMS: readonly [name: 'sha1' | 'sha256', algorithm: HashAlgorithm][] = [
  ['sha1', sha1],
  ['sha256', sha256],
];

/** Files of `objects/<kind>` in the corpora; none where there are no corpora at hand. */
export function corpusObjects(kind: string): [name: string, body: Uint8Array][] {
  const corpora = process.env.GIT_KV_CORPORA;
  if (corpora === undefined) return [];
  const folder = join(corpora, 'objects', kind);
  return readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]);
}

/** What `expect(a).toEqual(b)` says of bytes, many times quicker. */
export function expectSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) !== 0) expect(actual).toEqual(expected);
}

/** Run `decode`; what it throws must be one of our errors, which is returned. Anything else is a failure of the test. */
export function typedErrorOf(decode: () => unknown): { code: string; offset?: number } | undefined {
  try {
    decode();
    return undefined;
  } catch (error) {
    if (isGitError(error)) return error as { code: string; offset?: number };
    throw error;
  }
}

/** Cut `bytes` at every length: each prefix is read, or refused with MALFORMED at an offset within it. */
export function expectEveryCutIsTyped(bytes: Uint8Array, decode: (cut: Uint8Array) => unknown): void {
  for (let size = 0; size < bytes.length; size++) {
    const error = typedErrorOf(() => decode(bytes.slice(0, size)));
    if (error === undefined) continue;
    if (error.code !== 'MALFORMED' || (error.offset ?? -1) < 0 || (error.offset ?? 0) > size) {
      throw new Error(`cut at ${size}: ${error.code} at ${error.offset}`);
    }
  }
}

/** Write an object of any content with git, as it is. */
export function writeWithGit(directory: string, kind: string, body: Uint8Array): string {
  const args = ['hash-object', '-w', '--literally', '-t', kind, '--stdin'];
  return new TextDecoder().decode(gitBytes(args, { cwd: directory, input: body })).trim();
}

/** The same for many at once, which is quicker than a process for each. */
export function writeAllWithGit(directory: string, kind: string, bodies: readonly Uint8Array[]): string[] {
  const files = bodies.map((body, index) => {
    writeFileSync(join(directory, `body-${index}`), body);
    return `body-${index}`;
  });
  const args = ['hash-object', '-w', '--literally', '--no-filters', '-t', kind, ...files];
  return new TextDecoder()
    .decode(gitBytes(args, { cwd: directory }))
    .trim()
    .split('\n');
}

/** The body of an object as git has it. */
export function readWithGit(directory: string, kind: string, oid: string): Uint8Array {
  return new Uint8Array(gitBytes(['cat-file', kind, oid], { cwd: directory }));
}
