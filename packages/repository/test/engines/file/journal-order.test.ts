import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import { type Fs, openFileRepository } from '../../../src/engines/file/index.js';
import { nodeFs } from '../../../src/node/index.js';

const FIRST = '0000000000000001';
const oid = (number: number): string =>
  String(number % 100)
    .padStart(2, '0')
    .repeat(20);
const creation = (name: string, number: number) => [
  { name: `refs/heads/${name}`, expected: null, next: { oid: oid(number) } },
];

test('the first record keeps its position where another opening commits right behind it', async () => {
  const directory = initBare(join(temporaryDirectory(), 'first.git'));
  const other = await openFileRepository(nodeFs, directory);
  let isFirst = true;
  const fs = new Proxy(nodeFs, {
    get(real, name) {
      const call = Reflect.get(real, name) as (...args: string[]) => Promise<unknown>;
      if (name !== 'link') return call;
      return async (...args: string[]): Promise<unknown> => {
        const result = await call.apply(real, args);
        if (isFirst && args[1]?.endsWith(FIRST)) {
          isFirst = false;
          expect(await other.refs.update(creation('b', 2))).toMatchObject({ status: 'updated' });
        }
        return result;
      };
    },
  }) as Fs;
  const repository = await openFileRepository(fs, directory);
  expect(await repository.refs.update(creation('a', 1))).toEqual({ status: 'updated', transaction: FIRST });
  expect(existsSync(join(directory, 'git-kv/journal', FIRST))).toBe(true);
  await repository.close();
  await other.close();
});

test('records are dropped in order, none left behind, where transactions end at once', async () => {
  const directory = initBare(join(temporaryDirectory(), 'order.git'));
  const repository = await openFileRepository(nodeFs, directory, { transactionHistory: 1, durability: 'none' });
  for (let number = 1; number <= 64; number++) await repository.refs.update(creation(`one${number}`, number));
  for (let round = 0; round < 4; round++) {
    const names = Array.from({ length: 8 }, (_, at) => `round${round}-${at}`);
    await Promise.all(names.map((name, at) => repository.refs.update(creation(name, at + 1))));
  }
  const positions = readdirSync(join(directory, 'git-kv/journal'))
    .filter((name) => /^\d{16}$/.test(name))
    .sort();
  const span = Number(positions.at(-1)) - Number(positions[0]) + 1;
  expect(positions).toHaveLength(span);
  await repository.close();
});
