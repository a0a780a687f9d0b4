import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { initRepository } from '@git-kv/repository/node-fs';
import { rolldown } from 'rolldown';
import { beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/git.js';
import { findViolation } from './checker.js';
import { type RaceResult, startRace } from './race.js';

const PROCESSES = 8;
const WRITERS_EACH = 8;
const IS_SLOW = process.env.GIT_KV_SLOW === '1';
const SEED = Number(process.env.GIT_KV_SEED ?? 1);

/** Time in which all of them begin another round. */
const RACE_MS = IS_SLOW ? 60_000 : 800;

const program = fileURLToPath(new URL('../../../../node_modules/.cache/git-kv/race-child.mjs', import.meta.url));

beforeAll(async () => {
  const build = await rolldown({
    input: fileURLToPath(new URL('race-child.ts', import.meta.url)),
    platform: 'node',
    resolve: { conditionNames: ['@git-kv/source', 'node', 'import'], extensionAlias: { '.js': ['.ts', '.js'] } },
    checks: { circularDependency: false },
  });
  await build.write({ file: program, format: 'esm', codeSplitting: false });
  await build.close();
});

/** A process that waits for `go` when it is ready. */
interface Racer {
  readonly isReady: Promise<void>;
  readonly result: Promise<RaceResult>;
  go(): void;
}

function startProcess(args: readonly (string | number | bigint)[]): Racer {
  const child = spawn(process.execPath, [program, ...args.map(String)], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const isReady = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      resolve();
    });
  });
  const result = new Promise<RaceResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output.slice('ready\n'.length)) as RaceResult);
      else reject(new Error(errors));
    });
  });
  return { isReady, result, go: () => void child.stdin.write('go\n') };
}

// Elsewhere the clocks of processes may have nothing to do with each other.
const onLinux = test.runIf(process.platform === 'linux');

onLinux(
  `${PROCESSES * WRITERS_EACH} writers of ${PROCESSES} processes on one directory have one order`,
  {
    timeout: RACE_MS + 120_000,
  },
  async () => {
    const directory = temporaryDirectory();
    const repository = await initRepository(directory, { durability: 'none' });
    let values = 0;
    const initial = await startRace(repository.refs, () => (++values).toString(16).padStart(40, '0'));
    const origin = process.hrtime.bigint();
    const numbers = Array.from({ length: PROCESSES }, (_, at) => at * WRITERS_EACH);
    const racers = numbers.map((first) => startProcess([directory, first, WRITERS_EACH, origin, RACE_MS, SEED]));
    // One that fails early tells why.
    await Promise.race([
      Promise.all(racers.map(({ isReady }) => isReady)),
      Promise.all(racers.map(({ result }) => result)),
    ]);
    for (const { go } of racers) go();
    const results = await Promise.all(racers.map(({ result }) => result));
    await repository.close();
    const history = results.flatMap((result) => result.history);
    const wins = results.map((result) => result.wins);
    process.stdout.write(
      `${history.length} operations of ${PROCESSES} processes, which won ${wins.join(', ')} times\n`,
    );
    expect(wins.filter((count) => count > 0).length).toBeGreaterThan(1);
    expect(findViolation(initial, history)).toBe(undefined);
  },
);
