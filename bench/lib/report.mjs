// What a measured Node script says about itself, on its last line of standard output.
import { readFileSync } from 'node:fs';

/**
 * The most memory this process has held, in bytes.
 *
 * On Linux VmHWM, which begins anew at exec; `maxRSS` would also count what the parent held when it forked.
 *
 * @returns {number}
 */
export function peakMemory() {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}

/** Whether this run is the one that proves the answer and whose time does not count. */
export const verifying = process.env.BENCH_VERIFY === '1';

/**
 * Hand the answer to the runner.
 *
 * @param {Record<string, string | number>} answer  checked against every other contender's
 * @param {Record<string, number>} [measures]  nanoseconds, for cases that time themselves
 */
export function report(answer, measures) {
  process.stdout.write(`${JSON.stringify({ answer, measures, peakBytes: peakMemory() })}\n`);
}
