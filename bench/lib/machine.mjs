// Where and with what a result was measured. Nothing here names the computer or its user.
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { benchDirectory } from './paths.mjs';

/**
 * @typedef {object} Machine
 * @property {string} cpu
 * @property {number} cores
 * @property {number} memoryBytes
 * @property {string} system  kernel and architecture
 * @property {number[]} loadAverage  before the first case: above 0 somebody else was working too
 */

/** @returns {Machine} */
export function describeMachine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryBytes: os.totalmem(),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    loadAverage: os.loadavg().map((load) => Math.round(load * 100) / 100),
  };
}

/**
 * The commit that was measured.
 *
 * @returns {string | undefined}  with "-dirty" where tracked files were changed; nothing outside a checkout
 */
export function describeProject() {
  try {
    const args = ['describe', '--always', '--abbrev=12', '--dirty', '--exclude=*'];
    return execFileSync('git', args, {
      cwd: benchDirectory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
