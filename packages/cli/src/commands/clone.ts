import { appendFile, mkdir, readdir, rm } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { connectUploadPack, type Transport } from '@git-kv/protocol';
import { cloneInto } from '@git-kv/repository';
import { initRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { ioError } from '../input.js';
import { parseCount, parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { RemoteProgress } from '../progress.js';
import { assertRemoteUrl, withoutUserinfo, withRemote } from '../remote.js';

/** git-clone(1), bare. */
export const cloneCommand: Command = {
  usage: 'clone --bare [--depth <n>] [--branch <name>] [--[no-]single-branch] [-q] <url> [<directory>]',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      bare: { type: 'boolean', default: false },
      depth: { type: 'string' },
      branch: { type: 'string', short: 'b' },
      'single-branch': { type: 'boolean' },
      'no-single-branch': { type: 'boolean' },
      quiet: { type: 'boolean', short: 'q', default: false },
    });
    const [url, given, ...more] = positionals;
    if (url === undefined || more.length > 0) throw new UsageError('error: a URL and at most one directory are needed');
    if (!values.bare) throw new CommandError('only bare clones are supported: add --bare');
    const depth = values.depth === undefined ? undefined : parseCount('depth', values.depth, 1);
    assertRemoteUrl(url);
    const shown = given ?? defaultDirectory(url);
    const directory = resolve(console.cwd, shown);
    if (!values.quiet) await console.stderr.write(`Cloning into bare repository '${shown}'...\n`);

    const isNew = await claimDirectory(directory, shown);
    let done = false;
    try {
      await withRemote(url, console, (transport) =>
        clone(transport, directory, console, {
          quiet: values.quiet,
          depth,
          branch: values.branch,
          singleBranch: values['no-single-branch'] ? false : values['single-branch'],
        }),
      );
      done = true;
    } finally {
      if (!done) await removeClone(directory, isNew);
    }
    return 0;
  },
};

interface CloneOptions {
  readonly quiet: boolean;
  readonly depth: number | undefined;
  readonly branch: string | undefined;
  readonly singleBranch: boolean | undefined;
}

async function clone(transport: Transport, directory: string, console: Console, options: CloneOptions): Promise<void> {
  const { signal } = console;
  const client = await connectUploadPack(transport, { signal });
  await client.close();
  const repository = await initRepository(directory, { objectFormat: client.algorithm.name });
  try {
    // As git: what the remote counts is for a person to watch, and not asked for otherwise.
    const progress = options.quiet || !console.stderr.isTTY ? undefined : new RemoteProgress(console);
    const { objectCount } = await cloneInto(repository, transport, {
      signal,
      ...(options.depth === undefined ? {} : { depth: options.depth }),
      ...(options.branch === undefined ? {} : { branch: options.branch }),
      ...(options.singleBranch === undefined ? {} : { singleBranch: options.singleBranch }),
      ...(progress === undefined ? {} : { onRemoteProgress: (line, transient) => progress.say(line, transient) }),
    });
    await progress?.end();
    await appendFile(resolve(directory, 'config'), `[remote "origin"]\n\turl = ${quoteConfig(transport.url)}\n`);
    if (objectCount === 0 && !options.quiet) {
      await console.stderr.write('warning: You appear to have cloned an empty repository.\n');
    }
  } finally {
    await repository.close();
  }
}

/** git's "humanish" part of a URL, with `.git`. */
function defaultDirectory(url: string): string {
  let name = '';
  try {
    name = basename(decodeURIComponent(new URL(url).pathname.replace(/\/+$/, ''))).replace(/\.git$/, '');
  } catch {
    // Not a URL, or not percent-encoded text: there is no name in it.
  }
  if (name === '') throw new CommandError(`cannot guess a directory from '${withoutUserinfo(url)}': name one`);
  return `${name}.git`;
}

/** Make the directory, or take an empty one. True where it was made. */
async function claimDirectory(directory: string, shown: string): Promise<boolean> {
  try {
    const made = await mkdir(directory, { recursive: true });
    if (made !== undefined) return true;
    if ((await readdir(directory)).length === 0) return false;
  } catch (error) {
    throw ioError(`could not create '${shown}'`, error);
  }
  throw new CommandError(`destination path '${shown}' already exists and is not an empty directory.`);
}

/** Take back what a clone that did not end well has written. */
async function removeClone(directory: string, isNew: boolean): Promise<void> {
  if (isNew) {
    await rm(directory, { recursive: true, force: true });
    return;
  }
  for (const name of await readdir(directory)) await rm(resolve(directory, name), { recursive: true, force: true });
}

/** A value for git's config format. */
function quoteConfig(value: string): string {
  return /[\s"#;\\]/.test(value)
    ? `"${value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`
    : value;
}
