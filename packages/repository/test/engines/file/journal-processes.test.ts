import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, test } from 'vitest';
import { initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import type { RefTransaction } from '../../../src/index.js';
import { openRepository } from '../../../src/node/index.js';

const PROCESSES = 3;
const ROUNDS = 25;

const program = fileURLToPath(new URL('../../../../../node_modules/.cache/git-kv/journal-child.mjs', import.meta.url));

beforeAll(async () => {
  const build = await rolldown({
    input: fileURLToPath(new URL('journal-child.ts', import.meta.url)),
    platform: 'node',
    resolve: { conditionNames: ['@git-kv/source', 'node', 'import'], extensionAlias: { '.js': ['.ts', '.js'] } },
    checks: { circularDependency: false },
  });
  await build.write({ file: program, format: 'esm', codeSplitting: false });
  await build.close();
});

/** Run a writer; `onLine` may end it. @returns what it said it had committed */
function write(directory: string, label: number, onLine: (kill: () => void) => void = () => {}): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, directory, String(label), String(ROUNDS)]);
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      onLine(() => child.kill('SIGKILL'));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve(output.split('\n').slice(0, -1));
      else reject(new Error(errors));
    });
  });
}

describe.each(['sha1', 'sha256'] as const)('ref transactions of several processes (%s)', (format) => {
  test('are told in one order, the same to everybody, from wherever one resumes', async () => {
    const directory = initBare(join(temporaryDirectory(), 'shared.git'), format);
    const watcher = await openRepository(directory);
    const seen: RefTransaction[] = [];
    const watching = (async () => {
      for await (const transaction of watcher.refs.transactions({})) {
        seen.push(transaction);
        if (seen.length === PROCESSES * ROUNDS) return;
      }
    })();
    const labels = Array.from({ length: PROCESSES }, (_, at) => at + 1);
    const written = await Promise.all(labels.map((label) => write(directory, label)));
    await watching;

    expect(seen.map(({ id }) => Number(id))).toEqual(Array.from(seen, (_, at) => at + 1));
    expect(seen.map(({ id }) => id)).toEqual(written.flat().sort());
    for (const ids of written) expect(ids).toEqual([...ids].sort());
    // Each begins where the one before it ended: the order is the one in which they happened.
    const values = new Map<string, unknown>();
    for (const { updates } of seen) {
      for (const { name, expected, next } of updates) {
        expect(expected).toEqual(values.get(name) ?? null);
        values.set(name, next);
      }
    }
    const half = seen[seen.length >> 1] as RefTransaction;
    const later = await openRepository(directory);
    const rest: RefTransaction[] = [];
    for await (const transaction of later.refs.transactions({ since: half.id })) {
      rest.push(transaction);
      if (transaction.id === seen.at(-1)?.id) break;
    }
    expect(rest).toEqual(seen.slice((seen.length >> 1) + 1));
    await later.close();
    await watcher.close();
  });

  test('of which one is killed: its transactions are whole, and nothing of it stays', async () => {
    const directory = initBare(join(temporaryDirectory(), 'killed.git'), format);
    for (let label = 1; label <= 4; label++) {
      let lines = 0;
      const acknowledged = await write(directory, label, (kill) => {
        if (++lines === label * 2) kill();
      });
      const repository = await openRepository(directory);
      expect(repository.recovery).toEqual([]);
      const shared = await repository.refs.read('refs/heads/shared');
      expect(await repository.refs.read(`refs/heads/own/${label}`)).toEqual(shared);
      await repository.close();
      let count = 0;
      for await (const { updates } of repository.refs.transactions({})) {
        if (updates.some(({ name }) => name === `refs/heads/own/${label}`)) count++;
      }
      expect(count).toBeGreaterThanOrEqual(acknowledged.length);
      const left = readdirSync(directory, { recursive: true, encoding: 'utf8' });
      expect(left.filter((path) => /\.(lock|tmp|owner|recovery)$/.test(path))).toEqual([]);
    }
  });
});
