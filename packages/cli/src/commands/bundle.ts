import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isGitError, MalformedError, type Oid } from '@git-kv/objects';
import { type BundleHeader, type BundleRef, type OpenBundle, readBundle } from '@git-kv/protocol';
import { createBundle, type Repository, unbundle, verifyBundle } from '@git-kv/repository';
import { readBundleRevisions } from '../bundle-revisions.js';
import { CommandError, type Console, UsageError } from '../console.js';
import { readLines } from '../input.js';
import { parseOptions } from '../options.js';
import { writeLockedFile } from '../output-file.js';
import type { Command } from '../program.js';
import { findHere, using } from '../repository.js';

/** git-bundle(1). */
export const bundleCommand: Command = {
  usage:
    'bundle create [-q | --quiet] [--version=<version>] <file> <git-rev-list args>\n' +
    'bundle verify [-q | --quiet] <file>\n' +
    'bundle list-heads <file> [<refname>...]\n' +
    'bundle unbundle <file> [<refname>...]',
  async run(args, console) {
    const [verb, ...rest] = args;
    if (verb === 'create') return await create(rest, console);
    if (verb === 'verify') return await verify(rest, console);
    if (verb === 'list-heads') return await listHeads(rest, console);
    if (verb === 'unbundle') return await takeIn(rest, console);
    throw new UsageError(verb === undefined ? 'error: need a subcommand' : `error: unknown subcommand: \`${verb}'`);
  },
};

/** Ends with git's words for an error that is not fatal, and exit code 1. */
class BundleError extends Error {}

async function create(args: readonly string[], console: Console): Promise<number> {
  // Options for revisions look like ours and stand after the file: only what is before it is parsed here.
  const fileAt = args.findIndex((arg, at) => (!arg.startsWith('-') || arg === '-') && args[at - 1] !== '--version');
  const { values } = parseOptions(fileAt < 0 ? args : args.slice(0, fileAt), {
    quiet: { type: 'boolean', short: 'q', default: false },
    // There is no progress meter here: taken, as scripts give it.
    progress: { type: 'boolean', default: false },
    version: { type: 'string' },
  });
  const file = args[fileAt];
  if (file === undefined) throw new UsageError('error: need a <file> argument');
  const repository = await findHere(console);
  if (repository === undefined) throw new CommandError('Need a repository to create a bundle.');
  return await using(Promise.resolve(repository), async () => {
    const revisions = await readBundleRevisions(repository, await withStdin(args.slice(fileAt + 1), console));
    const { maxCount, since, until } = revisions;
    const version = bundleVersion(repository, values.version);
    const warn = async (refs: readonly BundleRef[], boundary: ReadonlySet<Oid>): Promise<void> => {
      // git warns only of what a count or a date left out, and not of what the bundle needs.
      if (maxCount === undefined && since === undefined && until === undefined) return;
      for (const ref of refs) {
        const isCommit = (await repository.objects.stat(ref.oid))?.kind === 'commit';
        if (!isCommit || boundary.has(ref.oid)) continue;
        const given = revisions.refs.find(({ name }) => name === ref.name)?.given ?? ref.name;
        await console.stderr.write(`warning: ref '${given}' is excluded by the rev-list options\n`);
      }
    };
    try {
      const { bytes, header, skippedRefs } = await createBundle(repository, {
        refs: revisions.refs.map(({ name, oid }) => ({ name, oid })),
        excludeOids: revisions.excludeOids,
        ...(maxCount !== undefined && { maxCount }),
        ...(since !== undefined && { since }),
        ...(until !== undefined && { until }),
        ...(version !== undefined && { version }),
        signal: console.signal,
      });
      await warn(skippedRefs, new Set(header.prerequisites.map(({ oid }) => oid)));
      if (file !== '-') await writeLockedFile(console, file, bytes);
      else for await (const chunk of bytes) await console.stdout.write(chunk);
    } catch (error) {
      if (!isGitError(error, 'EMPTY_BUNDLE')) throw error;
      await warn(revisions.refs, new Set());
      throw new CommandError('Refusing to create empty bundle.', { cause: error });
    }
    return 0;
  });
}

/** The arguments, with those on standard input where `--stdin` stands. */
async function withStdin(args: readonly string[], console: Console): Promise<string[]> {
  const all: string[] = [];
  for (const arg of args) {
    if (arg !== '--stdin') all.push(arg);
    else
      for await (const line of readLines(console.stdin)) if (line.length > 0) all.push(new TextDecoder().decode(line));
  }
  return all;
}

function bundleVersion({ algorithm }: Repository, text: string | undefined): 2 | 3 | undefined {
  if (text === undefined) return undefined;
  const version = Number(text);
  if (version !== 2 && version !== 3) throw new CommandError(`unsupported bundle version ${text}`);
  if (version === 2 && algorithm.name !== 'sha1')
    throw new CommandError(`cannot write bundle version 2 with algorithm ${algorithm.name}`);
  return version;
}

async function verify(args: readonly string[], console: Console): Promise<number> {
  const { values, positionals } = parseOptions(args, { quiet: { type: 'boolean', short: 'q', default: false } });
  const [file] = positionals;
  if (file === undefined) throw new UsageError('error: need a <file> argument');
  return await failingSoftly(console, async () => {
    const header = await readHeader(console, file);
    const repository = await findHere(console);
    if (repository === undefined) throw new BundleError('need a repository to verify a bundle');
    return await using(Promise.resolve(repository), async () => {
      if (!(await hasPrerequisites(repository, header, console, values.quiet))) return 1;
      if (!values.quiet) await describe(header, console);
      await console.stderr.write(`${file} is okay\n`);
      return 0;
    });
  });
}

async function describe({ refs, prerequisites, algorithm, filter }: BundleHeader, console: Console): Promise<void> {
  const these = (count: number, does: string): string =>
    count === 1 ? `The bundle ${does} this ref:\n` : `The bundle ${does} these ${count} refs:\n`;
  const lines = [these(refs.length, 'contains'), ...refs.map(({ oid, name }) => `${oid} ${name}\n`)];
  if (prerequisites.length === 0) lines.push('The bundle records a complete history.\n');
  // git has a name for each, and it is always empty: the space before it is part of the output.
  else lines.push(these(prerequisites.length, 'requires'), ...prerequisites.map(({ oid }) => `${oid} \n`));
  lines.push(`The bundle uses this hash algorithm: ${algorithm.name}\n`);
  if (filter !== undefined) lines.push(`The bundle uses this filter: ${filter}\n`);
  await console.stdout.write(lines.join(''));
}

async function listHeads(args: readonly string[], console: Console): Promise<number> {
  const { positionals } = parseOptions(args, {});
  const [file, ...names] = positionals;
  if (file === undefined) throw new UsageError('error: need a <file> argument');
  return await failingSoftly(console, async () => {
    await listRefs((await readHeader(console, file)).refs, names, console);
    return 0;
  });
}

async function takeIn(args: readonly string[], console: Console): Promise<number> {
  const { positionals } = parseOptions(args, { progress: { type: 'boolean', default: false } });
  const [file, ...names] = positionals;
  if (file === undefined) throw new UsageError('error: need a <file> argument');
  return await failingSoftly(console, async () => {
    const bundle = await openBundleFile(console, file);
    try {
      const repository = await findHere(console);
      if (repository === undefined) throw new CommandError('Need a repository to unbundle.');
      return await using(Promise.resolve(repository), async () => {
        if (!(await hasPrerequisites(repository, bundle.header, console, false))) return 1;
        const { refs } = await unbundle(repository, bundle, { signal: console.signal });
        await listRefs(refs, names, console);
        return 0;
      });
    } finally {
      await bundle.pack.return?.();
    }
  });
}

/** Says what is missing, unless `quiet`. */
async function hasPrerequisites(
  repository: Repository,
  header: BundleHeader,
  console: Console,
  quiet: boolean,
): Promise<boolean> {
  const { missing, disconnected } = await verifyBundle(repository, header, { signal: console.signal });
  if (!quiet && missing.length > 0) {
    const lines = ['Repository lacks these prerequisite commits:', ...missing.map(({ oid }) => `${oid} `)];
    await console.stderr.write(lines.map((line) => `error: ${line}\n`).join(''));
  }
  if (!quiet && disconnected.length > 0) {
    await console.stderr.write(
      "error: some prerequisite commits exist in the object store, but are not connected to the repository's history\n",
    );
  }
  return missing.length + disconnected.length === 0;
}

async function listRefs(refs: readonly BundleRef[], names: readonly string[], console: Console): Promise<void> {
  for (const { oid, name } of refs) {
    if (names.length === 0 || names.includes(name)) await console.stdout.write(`${oid} ${name}\n`);
  }
}

async function readHeader(console: Console, file: string): Promise<BundleHeader> {
  const { header, pack } = await openBundleFile(console, file);
  await pack.return?.();
  return header;
}

async function openBundleFile(console: Console, file: string): Promise<OpenBundle> {
  const path = resolve(console.cwd, file);
  // Opened first: a stream would tell only when it is read.
  const handle = await open(path).catch(() => {
    throw new BundleError(`could not open '${file}'`);
  });
  try {
    return await readBundle(createReadStream(path, { fd: handle }));
  } catch (error) {
    await handle.close().catch(() => undefined); // the stream may have closed it
    if (!(error instanceof MalformedError)) throw error;
    if (error.offset === 0)
      throw new BundleError(`'${file}' does not look like a v2 or v3 bundle file`, { cause: error });
    throw new BundleError(error.message, { cause: error });
  }
}

/** git calls these errors, not fatal, and ends with 1. */
async function failingSoftly(console: Console, body: () => Promise<number>): Promise<number> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    await console.stderr.write(`error: ${error.message}\n`);
    return 1;
  }
}
