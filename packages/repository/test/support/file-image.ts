import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { FileHandle, FileKind, Fs } from '../../src/engines/file/index.js';

/** The files of a directory by their paths below it. */
export type FileImage = ReadonlyMap<string, Uint8Array>;

/** Read everything below `directory`. */
export function readImage(directory: string): FileImage {
  const image = new Map<string, Uint8Array>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) image.set(`/${relative(directory, path)}`, new Uint8Array(readFileSync(path)));
  }
  return image;
}

/** The image with one byte of a file changed. */
export function withFlip(image: FileImage, path: string, offset: number, mask: number): FileImage {
  const bytes = (image.get(path) as Uint8Array).slice();
  bytes[offset] = (bytes[offset] as number) ^ mask;
  return new Map(image).set(path, bytes);
}

/** A file system that holds an image and takes no writes. */
export function imageFs(image: FileImage): Fs {
  const directories = new Map<string, Map<string, FileKind>>([['', new Map()]]);
  for (const path of image.keys()) {
    let kind: FileKind = 'file';
    for (let end = path.length; end > 0; ) {
      const slash = path.lastIndexOf('/', end - 1);
      const parent = path.slice(0, slash);
      const entries = directories.get(parent) ?? new Map<string, FileKind>();
      directories.set(parent, entries.set(path.slice(slash + 1, end), kind));
      kind = 'directory';
      end = slash;
    }
  }
  const fail = (code: string, path: string): never => {
    throw Object.assign(new Error(`${code}: ${path}`), { code });
  };
  const fileAt = (path: string): Uint8Array => image.get(path) ?? fail('ENOENT', path);
  const refuse = async (path: string): Promise<never> => fail('EROFS', path);
  return {
    async open(path, access): Promise<FileHandle> {
      if (access !== 'read') return refuse(path);
      const bytes = fileAt(path);
      const readSync = (output: Uint8Array, position: number): number => {
        const read = bytes.subarray(position, position + output.length);
        output.set(read);
        return read.length;
      };
      return {
        read: async (output, position) => readSync(output, position),
        readSync,
        write: () => refuse(path),
        size: async () => bytes.length,
        sync: async () => {},
        close: async () => {},
      };
    },
    readFile: async (path) => fileAt(path).slice(),
    readdir: async (path) =>
      [...(directories.get(path === '/' ? '' : path) ?? fail('ENOENT', path))].map(([name, kind]) => ({ name, kind })),
    stat: async (path) => {
      const bytes = image.get(path);
      if (bytes === undefined && !directories.has(path === '/' ? '' : path)) return fail('ENOENT', path);
      const size = bytes?.length ?? 0;
      return { kind: bytes === undefined ? 'directory' : 'file', size, mtimeMs: 0, version: `${size}` };
    },
    mkdir: refuse,
    rmdir: refuse,
    rename: refuse,
    unlink: refuse,
    touch: refuse,
    syncDirectory: async () => {},
  };
}
