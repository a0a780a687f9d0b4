import { Random } from '../../../../test/fuzz/lib/random.js';
import {
  type FileRepository,
  type FileRepositoryOptions,
  type Fs,
  openFileRepository,
} from '../../src/engines/file/index.js';

/** Lives of processes on one disk, in order. Those that follow a crash count on from {@link FOLLOWING}. */
export const BASE = 0;
export const CRASHING = 1;
export const FOLLOWING = 2;

let random: Random | undefined;

/** Where the repository of every scenario lies on its disk. */
export const DIRECTORY = '/repository.git';

/**
 * From here on another process makes the calls: its random names are of its own, and the same in every run. All others are dead.
 */
export function beginLife(life: number): Pick<FileRepositoryOptions, 'processes'> {
  random = new Random(0, life);
  // Some processes have no number 0.
  const pid = life + 1;
  return {
    processes: { self: { host: 'simulated', pid, start: '' }, isAlive: (owner) => owner.pid === pid },
  };
}

/** Open the repository on a disk as another process. */
export function openAnew(fs: Fs, options: FileRepositoryOptions, life: number): Promise<FileRepository> {
  return openFileRepository(fs, DIRECTORY, { ...options, ...beginLife(life) });
}

/** Run `act` with random bytes that the present life draws, so that a crash can be made again to the last byte. */
export async function withLives<T>(act: () => Promise<T>): Promise<T> {
  const original = crypto.getRandomValues;
  const draw = <T extends ArrayBufferView>(array: T): T => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let at = 0; at < bytes.length; at++) bytes[at] = random?.below(256) ?? 0;
    return array;
  };
  beginLife(BASE);
  Object.defineProperty(crypto, 'getRandomValues', { value: draw, configurable: true, writable: true });
  try {
    return await act();
  } finally {
    Object.defineProperty(crypto, 'getRandomValues', { value: original, configurable: true, writable: true });
  }
}
