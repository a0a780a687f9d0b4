import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isGitError } from '@git-kv/objects';
import type { ConfigDocument } from '@git-kv/repository/file';
import { openConfigFile } from '@git-kv/repository/node-fs';
import { canonicalKey, INVALID_PATTERN_EXIT_CODE, valueTest } from './config-names.js';
import type { ConfigSource } from './config-sources.js';
import { type ConfigType, normalizeTyped } from './config-values.js';
import { CommandError, type Console } from './console.js';

/** A change of one config file. */
export interface ConfigEdit {
  readonly action: string;
  readonly type: ConfigType | undefined;
  readonly args: readonly string[];
  /** The value pattern is the value itself. */
  readonly isFixed: boolean;
}

const INVALID_FILE_EXIT_CODE = 3;
/** Nothing to take away, or more than one to change. */
const NOTHING_SET_EXIT_CODE = 5;
/** What is left of -1. */
const FAILED_EXIT_CODE = 255;

/** Change a file as `git config` does. @returns git's exit code */
export async function editConfig(
  console: Console,
  source: ConfigSource & { readonly path: string },
  edit: ConfigEdit,
): Promise<number> {
  const change = edit.action.endsWith('-section')
    ? await sectionChange(console, edit)
    : await settingChange(console, edit);
  if (typeof change === 'number') return change;
  try {
    await stat(dirname(source.path));
  } catch {
    await console.stderr.write(`error: could not lock config file ${source.name}: No such file or directory\n`);
    return FAILED_EXIT_CODE;
  }
  let outcome: Outcome = { code: 0 };
  try {
    const file = await openConfigFile(source.path);
    await file.update((document) => {
      outcome = change(document);
      if (outcome.code !== 0) throw new Unchanged();
    });
  } catch (error) {
    if (isGitError(error, 'MALFORMED')) {
      await console.stderr.write(`error: invalid config file ${source.name}\n`);
      return INVALID_FILE_EXIT_CODE;
    }
    if (isGitError(error, 'REF_LOCKED')) {
      await console.stderr.write(`error: could not lock config file ${source.name}: File exists\n`);
      return FAILED_EXIT_CODE;
    }
    if (!(error instanceof Unchanged)) throw error;
  }
  for (const line of outcome.said ?? []) await console.stderr.write(`${line}\n`);
  if (outcome.fatal !== undefined) throw new CommandError(outcome.fatal);
  return outcome.code;
}

/** Thrown out of an edit to leave the file alone. */
class Unchanged extends Error {}

interface Outcome {
  /** 0: the file is written. */
  readonly code: number;
  readonly said?: readonly string[];
  readonly fatal?: string;
}
type Change = (document: ConfigDocument) => Outcome;

async function sectionChange(console: Console, { action, args }: ConfigEdit): Promise<Change | number> {
  const [from = '', to = ''] = args;
  if (action === 'rename-section' && !/^[A-Za-z0-9-]+(?:\.|$)/.test(to)) {
    await console.stderr.write(`error: invalid section name: ${to}\n`);
    return FAILED_EXIT_CODE;
  }
  return (document) => {
    const isFound =
      /^[A-Za-z0-9-]+(?:\.[^\0\n]*)?$/.test(from) &&
      (action === 'rename-section' ? document.renameSection(from, to) : document.removeSection(from));
    return isFound ? { code: 0 } : { code: 128, fatal: `no such section: ${from}` };
  };
}

async function settingChange(console: Console, { action, type, args, isFixed }: ConfigEdit): Promise<Change | number> {
  const [name = ''] = args;
  const isRemoval = action.startsWith('unset');
  const value = isRemoval ? undefined : normalizeTyped(name, args[1] as string, type);
  const key = await canonicalKey(console, name);
  if (typeof key === 'number') return key;
  if (action === 'add') return (document) => done(() => document.add(name, value as string));
  const pattern = args[isRemoval ? 1 : 2];
  const matches = await valueTest(console, pattern, isFixed);
  if (matches === undefined) return INVALID_PATTERN_EXIT_CODE;
  return (document) => {
    const count = valuesOf(document, key).filter(matches).length;
    if (count === 0 && value === undefined) return { code: NOTHING_SET_EXIT_CODE };
    if (count > 1 && action !== 'unset-all' && action !== 'replace-all') return tooMany(key, name, action);
    if (value === undefined) return done(() => document.unsetAll(name, matches));
    return done(() => (count === 0 ? document.add(name, value) : document.replaceAll(name, value, matches)));
  };
}

function done(change: () => unknown): Outcome {
  change();
  return { code: 0 };
}

function tooMany(key: string, name: string, action: string): Outcome {
  const said = [`warning: ${key} has multiple values`];
  if (action === 'set')
    said.push(
      'error: cannot overwrite multiple values with a single value\n' +
        `       Use a regexp, --add or --replace-all to change ${name}.`,
    );
  return { code: NOTHING_SET_EXIT_CODE, said };
}

function valuesOf(document: ConfigDocument, key: string): string[] {
  const first = key.indexOf('.');
  const last = key.lastIndexOf('.');
  const subsection = first === last ? undefined : key.slice(first + 1, last);
  return document.config.getAll(key.slice(0, first), key.slice(last + 1), subsection);
}
