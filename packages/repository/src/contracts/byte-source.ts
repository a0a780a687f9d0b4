import type { ByteSource } from '@git-kv/pack';
import { failureOf, type TestHarness } from './harness.js';
import { noise } from './samples.js';

/** Gives a source over these bytes. The suite closes it. */
export type OpenByteSource = (bytes: Uint8Array) => Promise<ByteSource>;

const SIZE = 100_000;

/** What every {@link ByteSource} does. */
export function byteSourceContract({ describe, test, expect }: TestHarness, open: OpenByteSource): void {
  const bytes = noise(SIZE);
  const withSource =
    (run: (source: ByteSource) => Promise<void>, content: Uint8Array = bytes) =>
    async (): Promise<void> => {
      const source = await open(content);
      try {
        await run(source);
      } finally {
        await source.close?.();
      }
    };
  const ranges: [offset: number, length: number][] = [
    [0, 1],
    [0, SIZE],
    [0, 0],
    [SIZE, 0],
    [SIZE - 1, 1],
    [1, 4096],
    [4095, 2],
    [65_535, 2],
    [12_345, 54_321],
  ];
  const outside: [offset: number, length: number][] = [
    [0, SIZE + 1],
    [SIZE, 1],
    [SIZE + 1, 0],
    [SIZE - 10, 11],
    [-1, 1],
    [0, -1],
    [2 ** 40, 1],
  ];

  describe('keeps the ByteSource contract', () => {
    test(
      'knows its size',
      withSource(async (source) => {
        expect(source.size).toBe(SIZE);
      }),
    );

    test(
      'reads exactly the range asked for',
      withSource(async (source) => {
        for (const [offset, length] of ranges) {
          const read = await source.read(offset, length);
          expect([offset, length, isSame(read, bytes.subarray(offset, offset + length))]).toEqual([
            offset,
            length,
            true,
          ]);
          if (!source.readSync) continue;
          expect(isSame(source.readSync(offset, length), read)).toBe(true);
        }
      }),
    );

    test(
      'refuses ranges that do not lie within it',
      withSource(async (source) => {
        for (const [offset, length] of outside) {
          expect([offset, length, await failureOf(source.read(offset, length))]).toEqual([
            offset,
            length,
            'RangeError',
          ]);
          if (!source.readSync) continue;
          const sync = Promise.resolve().then(() => source.readSync?.(offset, length));
          expect(await failureOf(sync)).toBe('RangeError');
        }
      }),
    );

    test(
      'reads many ranges at once, and the same range the same again',
      withSource(async (source) => {
        const reads = await Promise.all([...ranges, ...ranges].map(([offset, length]) => source.read(offset, length)));
        for (const [at, [offset, length]] of [...ranges, ...ranges].entries()) {
          expect(isSame(reads[at] as Uint8Array, bytes.subarray(offset, offset + length))).toBe(true);
        }
      }),
    );

    test(
      'may be empty',
      withSource(async (source) => {
        expect([source.size, (await source.read(0, 0)).length]).toEqual([0, 0]);
        expect(await failureOf(source.read(0, 1))).toBe('RangeError');
      }, new Uint8Array(0)),
    );
  });
}

/** Comparing long arrays by a runner's deep equality takes it seconds. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
