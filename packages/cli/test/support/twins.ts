import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'vitest';
import { type Ended, git, gitAsync, temporaryDirectory } from '../../../../test/support/git.js';
import { type RunOptions, run } from './run.js';

/** Where the file engine keeps its journal of refs; git takes no notice of it. */
const JOURNAL = 'git-kv';

/** How much of what the two say has to be alike. */
export interface Likeness extends Omit<RunOptions, 'cwd'> {
  /** Where the command runs, below each of the two. */
  readonly inside?: string;
  /** Without standard error: where git says more, or the system says it. */
  readonly quiet?: boolean;
}

/**
 * Two copies of one folder, for the running test: git works on one and tsgit on the other, and what both say and leave behind
 * has to be the same.
 */
export class Twins {
  readonly theirs: string;
  readonly ours: string;

  /** @param template what both begin as; nothing when it is not given */
  constructor(template?: string) {
    const root = temporaryDirectory();
    // Names of one length, so that what is padded or cut by length stays alike.
    this.theirs = join(root, 'a', 'twin');
    this.ours = join(root, 'b', 'twin');
    for (const directory of [this.theirs, this.ours]) {
      mkdirSync(directory, { recursive: true });
      if (template !== undefined) cpSync(template, directory, { recursive: true });
    }
  }

  /** Do the same to both, by hand. */
  each(change: (directory: string) => void): void {
    for (const directory of [this.theirs, this.ours]) change(directory);
  }

  /** Run one command on both; expects the same output and exit code. Of a usage message only that it is one. */
  async same(args: readonly string[], { inside = '.', quiet = false, ...options }: Likeness = {}): Promise<Ended> {
    const theirs = await gitAsync(args, { ...options, cwd: join(this.theirs, inside) });
    const { code, stdout, stderr } = await run('tsgit', args, { ...options, cwd: join(this.ours, inside) });
    const isSilent = quiet || theirs.code === 129;
    const shown = (ended: Ended, directory: string): Ended => ({
      code: ended.code,
      stdout: theirs.code === 129 ? '' : ended.stdout.replaceAll(directory, 'TWIN'),
      stderr: isSilent ? '' : ended.stderr.replaceAll(directory, 'TWIN'),
    });
    expect(shown({ code, stdout, stderr }, this.ours), `${args.join(' ')}\n${stderr}`).toEqual(
      shown(theirs, this.theirs),
    );
    return theirs;
  }

  /** Expects the same refs, and symbolic ones that lead the same way. */
  expectSameRefs(): void {
    const list = (cwd: string): string => git(['for-each-ref', '--format=%(refname) %(objectname) %(symref)'], { cwd });
    expect(list(this.ours)).toBe(list(this.theirs));
  }

  /** Expects the same files with the same content in both, objects aside; and the same folders, unless git may leave empty ones. */
  expectSameFiles({ folders = true }: { readonly folders?: boolean } = {}): void {
    const list = (directory: string): unknown =>
      Object.fromEntries(Object.entries(filesBelow(directory)).filter(([, text]) => folders || text !== null));
    expect(list(this.ours)).toEqual(list(this.theirs));
  }
}

/** Every file and folder below `root`, by path; a folder is `null`. Objects, and the journal that only ours keeps, are passed over. */
export function filesBelow(root: string): Record<string, string | null> {
  const found: Record<string, string | null> = {};
  const look = (directory: string): void => {
    if (!existsSync(directory)) return;
    for (const name of readdirSync(directory).sort()) {
      if (name === JOURNAL) continue;
      const path = join(directory, name);
      const isDirectory = lstatSync(path).isDirectory();
      found[relative(root, path)] = isDirectory ? null : readFileSync(path, 'utf8');
      if (isDirectory && !/(?:^|\/)objects$/.test(path)) look(path);
    }
  };
  look(root);
  return found;
}
