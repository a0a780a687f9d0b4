// One whole process, from start to exit: how long it took and how much memory it held.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { gitEnvironment } from './git.mjs';

/**
 * @typedef {object} Command
 * @property {string} program
 * @property {readonly string[]} args
 * @property {string} [cwd]
 * @property {Record<string, string>} [env]
 * @property {string} [stdin]  a file; nothing by default
 * @property {string} [stdout]  a file; by default what the process prints is its report or, for git, thrown away
 * @property {(output: AsyncIterable<Uint8Array>) => Promise<unknown>} [consume]  reads standard output instead
 * @property {boolean} [reports]  prints a line of `report.mjs`
 *
 * @typedef {object} Outcome
 * @property {number} wallMs
 * @property {number | undefined} cpuMs  user and system time of the process and of the children it waited for; undefined where
 *   nobody can tell
 * @property {number | undefined} peakBytes  of the process and its children together; undefined where nobody can tell
 * @property {unknown} consumed
 * @property {{ answer: Record<string, string | number>, measures?: Record<string, number>, peakBytes: number } | undefined} report
 */

const POLL_MS = 2;

/** Milliseconds of one unit in which Linux counts processor time. */
const CLOCK_TICK_MS = 10;

/** A process was stopped because it took too long. */
export class TimeoutError extends Error {}

/**
 * Processor time of all children of this process that have ended. Commands run one at a time, so what is added by the end of one
 * is its own; the git server lives on and is not in it.
 *
 * @returns {number | undefined}
 */
function childCpuMs() {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    // The name of the program stands in parentheses and may hold anything: fields are counted from after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[13]) + Number(fields[14])) * CLOCK_TICK_MS;
  } catch {
    return undefined;
  }
}

/**
 * Run a command to its end.
 *
 * Memory: a parent in Node cannot ask for the resource usage of a child, so on Linux the high-water mark of the
 * process and of its children is read from /proc every 2 ms (less often in long runs; a mark never falls, so only
 * growth in the last moments could be missed) and Node children also report their own at the end.
 *
 * @param {Command} command
 * @param {{ timeoutMs: number }} options
 * @returns {Promise<Outcome>}
 * @throws {Error} when it cannot start, fails or takes too long
 */
export async function measure(command, { timeoutMs }) {
  const stdin = command.stdin === undefined ? 'ignore' : openSync(command.stdin, 'r');
  const stdout =
    command.stdout !== undefined
      ? openSync(command.stdout, 'w')
      : command.consume || command.reports
        ? 'pipe'
        : 'ignore';
  const cpuBefore = childCpuMs();
  const started = performance.now();
  const child = spawn(command.program, command.args, {
    cwd: command.cwd,
    env: { ...gitEnvironment, ...command.env },
    stdio: [stdin, stdout, 'pipe'],
  });
  try {
    const memory = watchMemory(child.pid);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    /** @type {Promise<{ code: number | null, signal: string | null, wallMs: number }>} */
    const exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve({ code, signal, wallMs: performance.now() - started }));
    });
    const errors = child.stderr ? readText(child.stderr) : Promise.resolve('');
    /** @type {Promise<unknown>} */
    let output = Promise.resolve(undefined);
    if (child.stdout) output = command.consume ? command.consume(child.stdout) : readText(child.stdout);
    // A failing reader must not hide the reason why the process failed.
    const consumed = output.then(
      (value) => ({ value }),
      (error) => ({ error, value: undefined }),
    );
    const exit = await exited.finally(() => {
      clearTimeout(timer);
      memory.stop();
    });
    const cpuAfter = childCpuMs();
    if (exit.code !== 0) {
      if (exit.wallMs >= timeoutMs) throw new TimeoutError(`stopped after ${Math.round(timeoutMs / 1000)} s`);
      throw new Error(`${exit.signal ?? `exit code ${exit.code}`}: ${lastLines(await errors)}`);
    }
    const result = await consumed;
    if ('error' in result) throw result.error;
    const report = command.reports ? parseReport(/** @type {string} */ (result.value)) : undefined;
    const peaks = [memory.peakBytes(), report?.peakBytes].filter((value) => value !== undefined);
    return {
      wallMs: exit.wallMs,
      cpuMs: cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore,
      peakBytes: peaks.length > 0 ? Math.max(...peaks) : undefined,
      consumed: result.value,
      report,
    };
  } finally {
    if (typeof stdin === 'number') closeSync(stdin);
    if (typeof stdout === 'number') closeSync(stdout);
  }
}

/**
 * @param {AsyncIterable<Uint8Array>} stream
 * @returns {Promise<string>}
 */
async function readText(stream) {
  /** @type {Uint8Array[]} */
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** @param {string} text */
function lastLines(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  // Node prints the error in the middle, between the source line and the stack.
  const named = lines.find((line) => /^\w*Error\b|^fatal:|^error:/.test(line));
  return (named ?? lines.at(-1) ?? 'no message').slice(0, 200);
}

/**
 * @param {string} text
 * @returns {Outcome['report']}
 */
function parseReport(text) {
  const line = text.trimEnd().split('\n').at(-1);
  if (!line) throw new Error('the process reported nothing');
  return JSON.parse(line);
}

/**
 * Watch the memory of a process and of its children.
 *
 * @param {number | undefined} pid
 */
function watchMemory(pid) {
  const started = performance.now();
  let peak = 0;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const poll = () => {
    const now = pid === undefined ? undefined : highWaterMarks(pid);
    if (now === undefined) return;
    peak = Math.max(peak, now);
    timer = setTimeout(poll, Math.max(POLL_MS, (performance.now() - started) / 50));
  };
  if (process.platform === 'linux') timer = setTimeout(poll, 1);
  return {
    stop: () => clearTimeout(timer),
    peakBytes: () => (peak > 0 ? peak : undefined),
  };
}

/**
 * The high-water marks of a living process and its descendants, added up: the marks of processes that live at the
 * same time, so at most a little more than they ever held together.
 *
 * @param {number} pid
 * @returns {number | undefined}  undefined when it is gone
 */
function highWaterMarks(pid) {
  let total;
  try {
    const mark = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    if (mark === undefined) return undefined;
    total = Number(mark) * 1024;
    for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ')) {
      if (child !== '') total += highWaterMarks(Number(child)) ?? 0;
    }
  } catch {
    // It ended while we looked, or the kernel keeps no list of children.
  }
  return total;
}
