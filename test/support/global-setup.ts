// Run once, before any worker starts: what the workers and the programs they start find in their environment.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const WANTED_BYTES = 4 * 1024 ** 3;

/** Names the folder of this run to the setups of the other projects, each of which loads this module for itself. */
const OURS = 'GIT_KV_TEST_DIRECTORY';

/**
 * Put all temporary files into one folder, in memory where the system has room there and no TMPDIR was asked for: what the
 * tests keep for a moment need not reach a disk. The folder goes when the run ends, with what a killed test left in it.
 */
export default function setup(): (() => void) | undefined {
  // One inside of another would have paths that are too long for a socket.
  if (process.env[OURS] !== undefined && process.env.TMPDIR === process.env[OURS]) return undefined;
  // Node reads these at every start, which makes it three times as long; the tests bring the authorities that they trust.
  delete process.env.NODE_EXTRA_CA_CERTS;
  const directory = (process.env.TMPDIR === undefined ? inMemory() : undefined) ?? inside(tmpdir());
  process.env.TMPDIR = directory;
  process.env[OURS] = directory;
  return () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** Named by the process, so that a later run finds what one that was killed has left. */
const inside = (parent: string): string => mkdtempSync(join(parent, `git-kv-${process.pid}-`));

/** Folders of runs that are over stay in memory for ever else. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^git-kv-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // another user's
  }
}

/** Nothing where there is no such file system, where it or the memory is too small, or where no program may be started from it. */
function inMemory(): string | undefined {
  let directory: string | undefined;
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    sweep(MEMORY);
    if (Math.min(bavail * bsize, freemem()) < WANTED_BYTES) return undefined;
    directory = inside(MEMORY);
    const program = join(directory, 'program');
    writeFileSync(program, '#!/bin/sh\n');
    chmodSync(program, 0o755);
    execFileSync(program);
    rmSync(program);
    return directory;
  } catch {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    return undefined;
  }
}
