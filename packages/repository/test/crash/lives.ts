import { Random } from '../../../../test/fuzz/lib/random.js';

/** Lives of processes on one disk, in order. Those that follow a crash count on from {@link FOLLOWING}. */
export const BASE = 0;
export const CRASHING = 1;
export const FOLLOWING = 2;

let random: Random | undefined;

/** The process that makes calls from here on is another one: its random names are of its own, and the same in every run. */
export function beginLife(life: number): void {
  random = new Random(0, life);
}

/** Run `act` with random bytes that the present life draws, so that a crash can be made again to the last byte. */
export async function withLives<T>(act: () => Promise<T>): Promise<T> {
  const original = crypto.getRandomValues;
  const draw = (array: Uint8Array): Uint8Array => {
    for (let at = 0; at < array.length; at++) array[at] = random?.below(256) ?? 0;
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
