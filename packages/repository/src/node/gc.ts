import { hostname } from 'node:os';
import {
  type CollectGarbageOptions,
  type CollectGarbageReport,
  collectGarbage as collect,
  type FileRepository,
  type GcOwner,
} from '../engines/file/index.js';

/** This process, as git looks for it: by its number and the name of this computer. */
export function nodeGcOwner(): GcOwner {
  return {
    pid: process.pid,
    host: hostname(),
    isRunning(pid): boolean {
      try {
        process.kill(pid, 0);
        return true;
      } catch (error) {
        // It runs, and is somebody else's.
        return (error as NodeJS.ErrnoException).code === 'EPERM';
      }
    },
  };
}

/** `collectGarbage` of `@git-kv/repository/file` as this process: no gc of git, and no other of ours, runs at the same time. */
export async function collectGarbage(
  repository: FileRepository,
  options: CollectGarbageOptions = {},
): Promise<CollectGarbageReport> {
  return await collect(repository, { owner: nodeGcOwner(), ...options });
}
