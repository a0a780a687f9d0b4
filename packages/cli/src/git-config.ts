import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Config, type ConfigEntry, parseConfig } from '@git-kv/repository/file';
import { CommandError, type Console } from './console.js';
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

/** Settings of a repository that may not be there yet, as they are now. */
export interface OwnSettings {
  readonly config: { read(): Promise<Pick<Config, 'entries'>> };
}

/** Read what git reads, without following includes; outside of a repository without one's settings. @see git-config(1), "FILES" */
export async function readGitConfig(console: Console, repository?: OwnSettings): Promise<GitConfig> {
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

/** One setting by its name, or `undefined` where that is none. */
export function configEntry(key: string, value: string | undefined): ConfigEntry | undefined {
  const [, section, subsection, name] = /^([^.]+)\.(?:(.*)\.)?([^.]+)$/s.exec(key) ?? [];
  if (section === undefined || name === undefined) return undefined;
  return { section: section.toLowerCase(), subsection, name: name.toLowerCase(), value };
}

/** `GIT_CONFIG_COUNT` with its keys and values, as `-c` passes them on. */
export function environmentSettings(env: Console['env']): Pick<Config, 'entries'> {
  const entries: ConfigEntry[] = [];
  for (let at = 0; at < Number(env.GIT_CONFIG_COUNT ?? 0); at++) {
    const entry = configEntry(env[`GIT_CONFIG_KEY_${at}`] ?? '', env[`GIT_CONFIG_VALUE_${at}`]);
    if (entry !== undefined) entries.push(entry);
  }
  return { entries };
}

/**
 * The environment with one more setting, which comes before those that are there.
 * @throws {CommandError} for a name that is none, which is said on standard error, as by git
 */
export async function withSetting({ stderr }: Console, env: Console['env'], text: string): Promise<Console['env']> {
  const equals = text.indexOf('=');
  const key = equals < 0 ? text : text.slice(0, equals);
  if (!/^[^.]+\.(?:.*\.)?[^.]+$/s.test(key)) {
    const problem = key === '' ? 'empty config key' : `key does not contain a section or a name: ${key}`;
    await stderr.write(`error: ${problem}\n`);
    throw new CommandError('unable to parse command-line config');
  }
  const count = Number(env.GIT_CONFIG_COUNT ?? 0);
  return {
    ...env,
    GIT_CONFIG_COUNT: `${count + 1}`,
    [`GIT_CONFIG_KEY_${count}`]: key,
    [`GIT_CONFIG_VALUE_${count}`]: equals < 0 ? 'true' : text.slice(equals + 1),
  };
}
