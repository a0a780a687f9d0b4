import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import type { FileRepository } from '../../../src/node/index.js';
import { collect } from '../../support/objects.js';
import { openForTest } from './open.js';

const A = 'refs/heads/a';
const digits = { sha1: 40, sha256: 64 };

describe.each(['sha1', 'sha256'] as const)('the journal of a repository in files (%s)', (format) => {
  const value = (digit: string): { oid: string } => ({ oid: digit.repeat(digits[format]) });
  const fresh = (): string => initBare(join(temporaryDirectory(), 'repository.git'), format);
  const records = (directory: string): string[] =>
    readdirSync(join(directory, 'git-kv/journal')).filter((name) => /^\d{16}$/.test(name));

  test('keeps as many transactions as it was told, and says so when one comes too late', async () => {
    const directory = fresh();
    const writer = await openForTest(directory, { durability: 'none', transactionHistory: 2 });
    const ids: string[] = [];
    for (const digit of ['1', '2', '3', '4']) {
      const outcome = await writer.refs.update([{ name: A, next: value(digit) }]);
      if (outcome.status === 'updated') ids.push(outcome.transaction);
    }
    const reader = await openForTest(directory);
    const after = async (since?: string): Promise<unknown> => {
      for await (const { updates } of reader.refs.transactions(since === undefined ? {} : { since })) {
        return updates[0]?.next;
      }
      return undefined;
    };
    expect(await after()).toEqual(value('3'));
    expect(await after(ids[1])).toEqual(value('3'));
    expect(await after(ids[2])).toEqual(value('4'));
    for (const since of [ids[0], '9'.repeat(16), 'x']) {
      await expect(after(since)).rejects.toMatchObject({ code: 'TRANSACTION_NOT_FOUND' });
    }
  });

  test('goes on after a restart: order, attachments and fencing terms', async () => {
    const directory = fresh();
    const first = await openForTest(directory);
    const attachment = Uint8Array.of(1, 2, 3);
    const outcome = await first.refs.update([{ name: A, next: value('1') }], { fence: { term: 7 }, attachment });
    await first.close();
    const second = await openForTest(directory);
    expect(await second.refs.update([{ name: A, next: value('2') }], { fence: { term: 6 } })).toEqual({
      status: 'fenced',
      term: 7,
    });
    expect((await second.refs.update([{ name: A, next: value('2') }])).status).toBe('updated');
    expect((await second.refs.update([{ name: A, next: value('3') }], { fence: { term: 7 } })).status).toBe('updated');
    await second.close();
    const told = await collect(second.refs.transactions({}));
    expect(told.map(({ updates }) => updates[0]?.next)).toEqual([value('1'), value('2'), value('3')]);
    expect(told[0]).toMatchObject({ id: outcome.status === 'updated' && outcome.transaction, attachment });
  });

  test('gives a process that others have overtaken by more than is kept a place behind them, and their term', async () => {
    const directory = fresh();
    const options = { durability: 'none', transactionHistory: 1 } as const;
    const idle = await openForTest(directory, options);
    const move = async (repository: FileRepository, digit: string, term?: number): Promise<string> => {
      const fence = term === undefined ? {} : { fence: { term } };
      const outcome = await repository.refs.update([{ name: A, next: value(digit) }], fence);
      return outcome.status === 'updated' ? outcome.transaction : outcome.status;
    };
    expect(Number(await move(idle, '1'))).toBe(1);
    const busy = await openForTest(directory, options);
    for (let at = 0; at < 100; at++) await move(busy, String(2 + (at % 8)), 7);
    expect(records(directory).length).toBeLessThan(70);
    expect(await move(idle, 'a', 6)).toBe('fenced');
    expect(Number(await move(idle, 'b'))).toBe(102);
    expect(Number(await move(busy, 'c'))).toBe(103);
    const since = '100'.padStart(16, '0');
    await idle.close();
    const told = collect(idle.refs.transactions({ since }));
    await expect(told).rejects.toMatchObject({ code: 'TRANSACTION_NOT_FOUND' });
    expect((await collect(idle.refs.transactions({}))).at(-1)?.updates[0]?.next).toEqual(value('c'));
  });

  test('goes on dropping what is old though an old record is damaged', async () => {
    const directory = fresh();
    const options = { durability: 'none', transactionHistory: 1 } as const;
    const damage = (position: number): void =>
      writeFileSync(join(directory, 'git-kv/journal', String(position).padStart(16, '0')), 'x');
    for (let round = 0; round < 3; round++) {
      const writer = await openForTest(directory, options);
      for (let at = 0; at < 60; at++) await writer.refs.update([{ name: A, next: value(String(1 + (at % 9))) }]);
      await writer.close();
      damage(round * 60 + 5);
    }
    expect(records(directory).length).toBeLessThan(70);
  });

  test('is no matter for git, and leaves nothing but records', async () => {
    const directory = fresh();
    const repository = await openForTest(directory, { durability: 'none' });
    const oid = await repository.objects.write({ kind: 'blob', body: new Uint8Array() });
    await repository.refs.update([{ name: 'refs/tags/empty', next: { oid } }]);
    await repository.close();
    expect(readdirSync(join(directory, 'git-kv/journal'))).toEqual(['0000000000000001']);
    git(['gc', '-q'], { cwd: directory });
    git(['fsck', '--strict', '--full'], { cwd: directory });
    expect(git(['for-each-ref', '--format=%(refname)'], { cwd: directory })).toBe('refs/tags/empty');
  });

  test('with a flipped byte names the file, and gives out nothing of it', async () => {
    const directory = fresh();
    const writer = await openForTest(directory, { durability: 'none' });
    for (const digit of ['1', '2']) await writer.refs.update([{ name: A, next: value(digit) }]);
    await writer.close();
    const path = join(directory, 'git-kv/journal/0000000000000002');
    const bytes = readFileSync(path);
    bytes[70] = (bytes[70] as number) ^ 1;
    writeFileSync(path, bytes);
    const reader = await openForTest(directory);
    const malformed = { code: 'MALFORMED', format: 'journal record', message: expect.stringContaining(path) };
    await expect(reader.refs.update([{ name: A, next: value('3') }])).rejects.toMatchObject(malformed);
    await reader.close();
    await expect(collect(reader.refs.transactions({}))).rejects.toMatchObject(malformed);
    expect(await reader.refs.read(A)).toEqual(value('2'));
  });
});
