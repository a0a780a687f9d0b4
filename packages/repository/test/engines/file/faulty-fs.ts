import type { FileHandle, Fs } from '../../../src/engines/file/index.js';
import { nodeFs } from '../../../src/node/index.js';

/** What to do at a call: fail it with a code, fail this and all later ones (the process is dead), or let it be. */
export type Fault = { readonly code: string } | 'stop' | undefined;

/** The file system of Node with every call numbered from 1, and faults where a test wants them. */
export class FaultyFs {
  /** Name of each call so far, such as `rename` or `handle.sync`. */
  readonly calls: string[] = [];
  readonly fs: Fs;
  #stopped = false;

  /** @param faultAt asked at each call; `number` counts from 1 */
  constructor(faultAt: (name: string, number: number) => Fault = () => undefined) {
    const before = (name: string): void => {
      if (this.#stopped) throw Object.assign(new Error(`stopped before ${name}`), { code: 'EIO' });
      this.calls.push(name);
      const fault = faultAt(name, this.calls.length);
      if (fault === 'stop') this.#stopped = true;
      if (fault) throw Object.assign(new Error(`fault at ${name}`), { code: fault === 'stop' ? 'EIO' : fault.code });
    };
    const guard = <A extends unknown[], R>(name: string, call: (...args: A) => Promise<R>) => {
      return async (...args: A): Promise<R> => {
        before(name);
        return call(...args);
      };
    };
    const wrap = (handle: FileHandle): FileHandle => ({
      read: guard('handle.read', handle.read),
      ...(handle.readSync && {
        readSync: (output, position) => {
          before('handle.readSync');
          return (handle.readSync as NonNullable<FileHandle['readSync']>)(output, position);
        },
      }),
      write: guard('handle.write', handle.write),
      size: guard('handle.size', handle.size),
      sync: guard('handle.sync', handle.sync),
      // A dead process has no open files: closing always works, or the test would leak them.
      close: handle.close,
    });
    this.fs = {
      open: guard('open', async (path, access, options) => wrap(await nodeFs.open(path, access, options))),
      readFile: guard('readFile', nodeFs.readFile),
      readdir: guard('readdir', nodeFs.readdir),
      stat: guard('stat', nodeFs.stat),
      mkdir: guard('mkdir', nodeFs.mkdir),
      rmdir: guard('rmdir', nodeFs.rmdir),
      rename: guard('rename', nodeFs.rename),
      link: guard('link', nodeFs.link as NonNullable<Fs['link']>),
      unlink: guard('unlink', nodeFs.unlink),
      touch: guard('touch', nodeFs.touch),
      syncDirectory: guard('syncDirectory', nodeFs.syncDirectory),
    };
  }

  count(name: string): number {
    return this.calls.filter((call) => call === name).length;
  }
}
