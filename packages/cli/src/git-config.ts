import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Config, type ConfigEntry, parseConfig } from '@git-kv/repository/file';
import type { FileRepository } from '@git-kv/repository/node-fs';
import type { Console } from './console.js';
import { ioError } from './input.js';

/** The settings that hold for a command: the system's, the user's, the repository's, and those of the environment. */
export class GitConfig {
  readonly #sources: readonly Pick<Config, 'entries'>[];

  /** @param sources the weakest first */
  constructor(sources: readonly Pick<Config, 'entries'>[]) {
    this.#sources = sources;
  }

  /** Every setting, the weakest first. */
  get entries(): readonly ConfigEntry[] {
    return this.#sources.flatMap(({ entries }) => entries);
  }

  /** The last value of `section.name`, outside any subsection; `'true'` for a name without a value. */
  get(section: string, name: string): string | undefined {
    return this.all(section).get(name.toLowerCase());
  }

  /** The last value of `section.subsection.name`; the subsection is spelled as it is. */
  getIn(section: string, subsection: string, name: string): string | undefined {
    let value: string | undefined;
    for (const { entries } of this.#sources) {
      for (const entry of entries) {
        const isIt = entry.section === section && entry.subsection === subsection && entry.name === name.toLowerCase();
        if (isIt) value = entry.value ?? 'true';
      }
    }
    return value;
  }

  /** Everything in a section outside its subsections, by name in lower case; of several values the last. */
  all(section: string): ReadonlyMap<string, string> {
    const values = new Map<string, string>();
    for (const { entries } of this.#sources) {
      for (const entry of entries) {
        if (entry.section === section && entry.subsection === undefined) values.set(entry.name, entry.value ?? 'true');
      }
    }
    return values;
  }
}

/** Read what git reads, without following includes; outside of a repository without one's settings. @see git-config(1), "FILES" */
export async function readGitConfig(console: Console, repository?: FileRepository): Promise<GitConfig> {
  const sources: Pick<Config, 'entries'>[] = [];
  for (const path of [...systemConfigPaths(console.env), ...globalConfigPaths(console.env)])
    sources.push(await readConfigFile(resolve(console.cwd, path)));
  // As it is now: a server keeps its repositories open, and what hides refs has to count at once.
  if (repository !== undefined) sources.push(await repository.config.read());
  sources.push(environmentSettings(console.env));
  return new GitConfig(sources);
}

/** The settings of the whole computer, unless they are switched off. */
export function systemConfigPaths(env: Console['env']): string[] {
  if (/^(?:1|true|yes|on)$/i.test(env.GIT_CONFIG_NOSYSTEM ?? '')) return [];
  return [env.GIT_CONFIG_SYSTEM ?? '/etc/gitconfig'];
}

/** The settings of the user, the weaker file first. */
export function globalConfigPaths(env: Console['env']): string[] {
  if (env.GIT_CONFIG_GLOBAL !== undefined) return [env.GIT_CONFIG_GLOBAL];
  if (env.HOME === undefined) return [];
  return [join(env.XDG_CONFIG_HOME || join(env.HOME, '.config'), 'git', 'config'), join(env.HOME, '.gitconfig')];
}

async function readConfigFile(path: string): Promise<Config> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EACCES') throw ioError(`could not read '${path}'`, error);
    text = '';
  }
  return parseConfig(text);
}

/** `GIT_CONFIG_COUNT` with its keys and values, as `git -c` passes them on. */
export function environmentSettings(env: Console['env']): Pick<Config, 'entries'> {
  const entries = [];
  for (let at = 0; at < Number(env.GIT_CONFIG_COUNT ?? 0); at++) {
    const match = /^([^.]+)\.(?:(.*)\.)?([^.]+)$/s.exec(env[`GIT_CONFIG_KEY_${at}`] ?? '');
    if (match === null) continue;
    const [section, subsection, name] = [match[1] as string, match[2], match[3] as string];
    entries.push({
      section: section.toLowerCase(),
      subsection,
      name: name.toLowerCase(),
      value: env[`GIT_CONFIG_VALUE_${at}`],
    });
  }
  return { entries };
}
