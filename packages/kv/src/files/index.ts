/**
 * Files of a git repository, opened, read and written as with the `open` of C and Python: a block of code is a commit, which is pushed
 * when the block ends, and given up where it throws.
 *
 * Over http and https; `@git-kv/kv/node` has the same with ssh, `git://` and paths of this machine.
 *
 * ```ts
 * import { open, openRepo } from '@git-kv/kv/files';
 *
 * const url = 'https://example.com/notes.git';
 * await open(url, 'today.txt', 'a', (file) => file.write('one more line\n')); // one commit, pushed
 * await openRepo(url, async (repo) => {
 *   const text = await repo.readText('today.txt');
 *   await repo.open('copy.txt', 'w', (file) => file.write(text));
 *   await repo.remove('today.txt');
 *   repo.commitMessage = 'Keep the copy';
 * }); // one commit for both
 * ```
 *
 * @module
 */
export type { AsyncCodec } from '../codecs/codec.js';
export { type FileOptions, GitFile, type LineOptions } from './file.js';
export type { LogOptions } from './history.js';
export type { ContentOf, OpenMode } from './mode.js';
export { type FileSource, type OpenFileOptions, open, openRepo, type RepoOptions, type UseRepo } from './open.js';
export { FileRepo, type UseFile } from './repo.js';
