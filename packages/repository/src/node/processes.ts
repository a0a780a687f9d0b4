import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { hasEnded, type LockOwner, type Processes } from '../engines/file/journal/owner.js';

/**
 * Processes of this computer. One is dead where it is of this host and its number is free or is another process's by now, which
 * the time of its start tells on Linux. Containers that share a repository must not share a host name.
 */
export const nodeProcesses: Processes = {
  self: { host: hostname(), pid: process.pid, start: startOf(process.pid) ?? '' },
  isAlive(owner: LockOwner): boolean {
    if (hasEnded(owner)) return false;
    if (owner.host !== nodeProcesses.self.host) return true;
    const start = startOf(owner.pid);
    if (start !== undefined && owner.start !== '') return start === owner.start;
    return isRunning(owner.pid);
  },
};

/** Boot and clock ticks since then at which a process started; `undefined` where there is no such process, or no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    // The name of the program, in parentheses, may hold anything; the rest is numbers.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie holds nothing any more.
    if (fields[0] === 'Z' || fields[0] === 'X') return 'ended';
    return `${boot}.${fields[19]}`;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs, as somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
