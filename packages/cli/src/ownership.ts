import { lstat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from './console.js';
import { readGitConfig } from './git-config.js';

/**
 * Whether the settings and hooks of a repository may run programs: what it lies in is the user's own, or safe.directory lists it outside
 * of it. Elsewhere somebody else may have put it in the way.
 * @param paths those that are there of: the `.git`, what holds it, where it leads
 * @param shown the path that safe.directory would list
 */
export async function isTrusted(console: Console, paths: readonly string[], shown: string): Promise<boolean> {
  const uid = userId(console);
  if (uid === undefined) return true;
  const owners = await Promise.all(paths.map(async (path) => (await lstat(path).catch(() => undefined))?.uid));
  if (owners.every((owner) => owner === undefined || owner === uid || owner === process.geteuid?.())) return true;
  const listed = new Set<string>();
  for (const { section, subsection, name, value = '' } of (await readGitConfig(console)).entries) {
    if (section !== 'safe' || subsection !== undefined || name !== 'directory') continue;
    if (value === '') listed.clear();
    else listed.add(value.startsWith('~/') ? resolve(console.env.HOME ?? homedir(), value.slice(2)) : value);
  }
  return listed.has('*') || listed.has(shown);
}

/** Refuse a repository whose hooks are to be run. @throws {CommandError} in git's words */
export async function assertTrusted(console: Console, { layout }: FileRepository): Promise<void> {
  const path = resolve(layout.gitDirectory);
  if (!(await isTrusted(console, [path], path))) throw dubiousOwnership(path);
}

/** Who works here: behind `sudo` that is whoever called it, too. `undefined` where the platform knows no owners. */
function userId({ env }: Console): number | undefined {
  const own = process.geteuid?.();
  return own === 0 && /^\d+$/.test(env.SUDO_UID ?? '') ? Number(env.SUDO_UID) : own;
}

/** The error for a repository that is not trusted, in git's words. */
export function dubiousOwnership(shown: string): CommandError {
  const word = /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replace(/['!]/g, (mark) => `'\\${mark}'`)}'`;
  return new CommandError(
    `detected dubious ownership in repository at '${shown}'\nTo add an exception for this directory, call:\n\n` +
      `\tgit config --global --add safe.directory ${word}`,
  );
}
