import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { ByteSource } from '../byte-source.js';
import { type ResolveTask, resolveShare } from '../indexer/resolve-share.js';

const { path, task } = workerData as { readonly path: string; readonly task: ResolveTask };
const file = openSync(path, 'r');
try {
  await resolveShare(task, fileSource(file));
} finally {
  closeSync(file);
}

function fileSource(descriptor: number): ByteSource {
  const readIntoSync = (offset: number, output: Uint8Array): void => {
    for (let done = 0; done < output.length; ) {
      const count = readSync(descriptor, output, done, output.length - done, offset + done);
      if (count === 0) throw new Error(`Cannot read ${path}: it became shorter`);
      done += count;
    }
  };
  const read = (offset: number, length: number): Uint8Array => {
    const output = new Uint8Array(length);
    readIntoSync(offset, output);
    return output;
  };
  return {
    size: fstatSync(descriptor).size,
    read: async (offset, length) => read(offset, length),
    readSync: read,
    readIntoSync,
  };
}
