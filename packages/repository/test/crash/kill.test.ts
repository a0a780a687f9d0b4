import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { beforeAll, expect, test } from 'vitest';
import { Random } from '../../../../test/fuzz/lib/random.js';
import { git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { openRepository } from '../../src/node/index.js';

const SLOW = process.env.GIT_KV_SLOW !== undefined;
const KILLS = SLOW ? 300 : 10;
const MAX_MS = SLOW ? 600_000 : 10_000;
const SEED = Number(process.env.GIT_KV_SEED ?? 1);

const program = fileURLToPath(new URL('../../../../node_modules/.cache/git-kv/kill-child.mjs', import.meta.url));

beforeAll(async () => {
  const build = await rolldown({
    input: fileURLToPath(new URL('kill-child.ts', import.meta.url)),
    platform: 'node',
    resolve: { conditionNames: ['@git-kv/source', 'node', 'import'], extensionAlias: { '.js': ['.ts', '.js'] } },
    checks: { circularDependency: false },
  });
  await build.write({ file: program, format: 'esm', codeSplitting: false });
  await build.close();
});

/** Let a writer work for some time after it began, and kill it. @returns the lines it wrote whole */
function killWriter(directory: string, life: number, afterMs: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, directory, String(life)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    let timer: NodeJS.Timeout | undefined;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.once('error', reject);
    child.once('close', (_code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL')
        resolve(
          output
            .slice(0, output.lastIndexOf('\n') + 1)
            .split('\n')
            .slice(1, -1),
        );
      else reject(new Error(`The writer of life ${life} ended by itself: ${errors}`));
    });
  });
}

test(`a writer that is killed ${KILLS} times loses nothing that it acknowledged`, {
  timeout: MAX_MS + 60_000,
}, async () => {
  const directory = initBare(join(temporaryDirectory(), 'killed.git'));
  const random = new Random(SEED, 0);
  const startedAt = Date.now();
  const latest = new Map<string, string>();
  let kills = 0;
  let acknowledgements = 0;
  let slowestOpenMs = 0;
  for (; kills < KILLS && Date.now() - startedAt < MAX_MS; kills++) {
    // A writer that died young tells of its start, the next one of what it found.
    const lines = await killWriter(directory, kills, random.oneIn(4) ? random.below(5) : random.below(300));
    const acknowledged = new Map<string, string[]>();
    for (const line of lines) {
      const [name = '', oid = ''] = line.split(' ');
      acknowledged.set(name, [...(acknowledged.get(name) ?? []), oid]);
    }
    acknowledgements += lines.length;
    const openedAt = performance.now();
    const repository = await openRepository(directory);
    slowestOpenMs = Math.max(slowestOpenMs, performance.now() - openedAt);
    for (const [name, oids] of acknowledged) latest.set(name, oids.at(-1) as string);
    for (const [name, oid] of latest) {
      const value = await repository.refs.read(name);
      const now = value && 'oid' in value ? value.oid : '';
      // What was under way when the signal came may be there too: one commit more, on top of what was acknowledged.
      const known = now === oid ? oid : git(['rev-parse', `${now}^`], { cwd: directory });
      expect([kills, name, known]).toEqual([kills, name, oid]);
      latest.set(name, now);
    }
    const both = ['refs/heads/left', 'refs/heads/right', 'refs/tags/both'];
    const values = await Promise.all(both.map((name) => repository.refs.read(name)));
    expect(new Set(values.map((value) => JSON.stringify(value))).size).toBe(1);
    await repository.close();
    const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    expect([kills, paths.filter((path) => path.endsWith('.lock'))]).toEqual([kills, []]);
    if (kills % 10 === 9) git(['fsck', '--full', '--strict'], { cwd: directory });
  }
  expect(git(['fsck', '--full', '--strict', '--no-dangling'], { cwd: directory })).toBe('');
  expect(kills).toBeGreaterThan(0);
  expect(acknowledgements).toBeGreaterThan(0);
  expect(slowestOpenMs).toBeLessThan(2000);
  process.stdout.write(
    `${kills} kills, ${acknowledgements} acknowledgements, opened in at most ${slowestOpenMs.toFixed(1)} ms\n`,
  );
});
