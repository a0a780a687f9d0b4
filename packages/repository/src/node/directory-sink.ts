import { randomBytes } from 'node:crypto';
import { lstat, mkdir, open, readdir, rename, rm, symlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Oid } from '@git-kv/objects';
import { FileError } from '../engines/file/index.js';
import {
  type MaterializeOptions,
  type MaterializeSummary,
  materialize,
  type TreeSink,
} from '../materialize/materialize.js';

/** How a tree becomes a directory. */
export interface MaterializeDirectoryOptions extends MaterializeOptions {
  /** Write beside what is there already (default: the directory must be empty or absent). Nothing is ever written over. */
  readonly allowNonEmpty?: boolean;
  /** What becomes of symbolic links: links, or files with the target in them (default: links). */
  readonly symlinks?: 'links' | 'files';
}

/**
 * Write a tree to a directory of this computer. It is made beside its place and put there when all is written, so that it
 * is never half there; with `allowNonEmpty`, it is written in place. Files and directories are only ever created, links
 * never followed, so nothing outside of the directory is touched. A submodule is an empty directory. Not synchronised to disk.
 * @throws {FileError} IO_FAILED, NO_SPACE; its `fsCode` is ENOTEMPTY or EEXIST where something is in the way
 * @throws what {@link materialize} throws
 */
export async function materializeDirectory(
  objects: Parameters<typeof materialize>[0],
  treeOid: Oid,
  directory: string,
  options: MaterializeDirectoryOptions = {},
): Promise<MaterializeSummary> {
  const path = resolve(directory);
  if (options.allowNonEmpty) {
    await tried('create', path, async () => await makeDirectory(path));
    return await materialize(objects, treeOid, directorySink(path, options), options);
  }
  await tried('create', path, async () => await assertFree(path));
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  await tried('create', beside, async () => await mkdir(beside));
  try {
    const summary = await materialize(objects, treeOid, directorySink(beside, options), options);
    // Takes the place of an empty directory, and of nothing else.
    await tried('create', path, async () => await rename(beside, path));
    return summary;
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
}

/** A sink that creates files below a directory that is there; see {@link materializeDirectory}. */
function directorySink(directory: string, { symlinks = 'links' }: MaterializeDirectoryOptions): TreeSink {
  // Bytes: not every name is UTF-8.
  const root = Buffer.from(`${directory}/`);
  const at = (pathBytes: Uint8Array): Buffer => Buffer.concat([root, pathBytes]);
  const write = async (path: Buffer, body: AsyncIterable<Uint8Array>, mode: number): Promise<void> => {
    // Fails where anything is there, be it a link that leads to nothing.
    const handle = await open(path, 'wx', mode);
    try {
      for await (const piece of body) {
        for (let written = 0; written < piece.length; ) {
          written += (await handle.write(piece, written, piece.length - written)).bytesWritten;
        }
      }
    } finally {
      await handle.close();
    }
  };
  return {
    async directory({ path, pathBytes }) {
      await tried('create', path, async () => await makeDirectory(at(pathBytes)));
    },
    async file({ path, pathBytes, body, isExecutable }) {
      await tried('write', path, async () => await write(at(pathBytes), body, isExecutable ? 0o777 : 0o666));
    },
    async symlink({ path, pathBytes, target }) {
      await tried('write', path, async () => {
        if (symlinks === 'links') await symlink(Buffer.from(target), at(pathBytes));
        else await write(at(pathBytes), pieces(target), 0o666);
      });
    },
    async gitlink({ path, pathBytes }) {
      await tried('create', path, async () => await makeDirectory(at(pathBytes)));
    },
  };
}

/** Create a directory, or find one there that is no link to one. */
async function makeDirectory(path: string | Buffer): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await lstat(path)).isDirectory()) throw error;
  }
}

/** @throws where there is anything but an empty directory */
async function assertFree(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isDirectory()) throw Object.assign(new Error('it is there already'), { code: 'EEXIST' });
  if ((await readdir(path)).length > 0) throw Object.assign(new Error('it is not empty'), { code: 'ENOTEMPTY' });
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

/** Do something to a path, and say what failed. Errors of the library stay as they are. */
async function tried(verb: string, path: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    throw error instanceof Error && 'code' in error && !('isGitError' in error)
      ? new FileError(verb, path, error)
      : error;
  }
}
