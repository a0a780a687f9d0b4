import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isGitError } from '@git-kv/objects';
import { ioError } from '../input.js';
import { type PromptCommand, silent } from './command.js';

/** `save`: the state of the store in a file, as a pack. */
export const saveCommand: PromptCommand = {
  synopsis: 'FILE',
  summary: 'write the store to a file that mgit starts from again',
  takes: ['file'],
  async run({ console, store, line, signal }) {
    const name = line.words[1] as string;
    try {
      await writeWhole(resolve(console.cwd, name), store.toOctets({ format: 'pack', signal }));
    } catch (error) {
      signal.throwIfAborted();
      throw isGitError(error) ? error : ioError(`could not write '${name}'`, error);
    }
    return silent({ file: name });
  },
};

/** Under a temporary name first: what stood in the file stays until the new content is whole. Links are followed. */
async function writeWhole(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const existing = await stat(target).catch(() => undefined);
  // A pipe or a device is written to; nothing may take its place.
  const isSpecial = existing !== undefined && !existing.isFile() && !existing.isDirectory();
  const temporary = isSpecial ? undefined : `${target}.tmp-${process.pid}`;
  try {
    const file = await open(temporary ?? target, temporary === undefined ? 'w' : 'wx');
    try {
      for await (const chunk of content) await file.writeFile(chunk);
      if (temporary !== undefined) await file.sync();
    } finally {
      await file.close();
    }
    if (temporary !== undefined) await rename(temporary, target);
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { force: true });
    throw error;
  }
}
