import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from './git-process.js';

/**
 * A maker of folders that are alike: `fill` makes the first one of each kind in this process, and what is asked for is copied
 * from it, where making it anew takes git dozens of runs. The first ones go with the folder of all temporary files.
 */
export function templateOf<Kind extends string>(
  fill: (directory: string, kind: Kind) => void,
): (directory: string, kind: Kind) => string {
  const filled = new Map<Kind, string>();
  return (directory, kind) => {
    let template = filled.get(kind);
    if (template === undefined) {
      template = join(makeDirectory('git-kv-template'), kind);
      fill(template, kind);
      filled.set(kind, template);
    }
    cpSync(template, directory, { recursive: true, preserveTimestamps: true });
    return directory;
  };
}
