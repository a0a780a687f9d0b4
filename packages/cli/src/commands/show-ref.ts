import { checkRefName, type Oid } from '@git-kv/objects';
import { Abbreviations, peelTag, resolveRef } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { BufferedOutput } from '../buffered-output.js';
import { CommandError, type Console, UsageError } from '../console.js';
import { type GivenOption, type GivenOptions, parseGitOptions } from '../git-options.js';
import { readLines } from '../input.js';
import type { Command } from '../program.js';
import { hasObject, readOid } from '../ref-reading.js';
import { openHere, using } from '../repository.js';

/** git-show-ref(1). */
export const showRefCommand: Command = {
  usage:
    'show-ref [-q | --quiet] [--verify] [--head] [-d | --dereference]\n' +
    ' [-s | --hash[=<n>]] [--abbrev[=<n>]] [--tags] [--heads] [--] [<pattern>...]\n' +
    'show-ref --exclude-existing[=<pattern>]',
  async run(args, console) {
    const options = parseGitOptions(args, [
      'tags',
      'heads',
      'verify',
      'head',
      'dereference|d',
      'hash|s?',
      'abbrev?',
      'quiet|q',
      'exclude-existing?',
    ]);
    return await using(openHere(console), async (repository) => {
      const excluded = options.last('exclude-existing');
      if (excluded !== undefined) return await excludeExisting(repository, console, excluded.value);
      const listing = await Listing.open(repository, console, options);
      const isDone = options.has('verify')
        ? await verify(repository, listing, options)
        : await showAll(repository, console, listing, options);
      await listing.end();
      return isDone ? 0 : 1;
    });
  },
};

async function verify(repository: FileRepository, listing: Listing, options: GivenOptions): Promise<boolean> {
  if (options.positionals.length === 0) throw new CommandError('--verify requires a reference');
  for (const name of options.positionals) {
    const isFull = name.startsWith('refs/') || name === 'HEAD';
    const oid = isFull ? await readOid(repository, name) : undefined;
    if (oid !== undefined) await listing.show(name, oid);
    else if (options.has('quiet')) return false;
    else {
      await listing.end();
      throw new CommandError(`'${name}' - not a valid ref`);
    }
  }
  return true;
}

async function showAll(
  repository: FileRepository,
  console: Console,
  listing: Listing,
  options: GivenOptions,
): Promise<boolean> {
  let isFound = false;
  if (options.has('head')) {
    const oid = await readOid(repository, 'HEAD');
    if (oid !== undefined) {
      await listing.show('HEAD', oid);
      isFound = true;
    }
  }
  const kinds = ['heads', 'tags'].filter((kind) => options.has(kind));
  for (const prefix of kinds.length === 0 ? ['refs/'] : kinds.map((kind) => `refs/${kind}/`)) {
    for await (const { name, value, peeledOid } of repository.refs.list(prefix)) {
      console.signal.throwIfAborted();
      if (!matches(name, options.positionals)) continue;
      const oid = 'oid' in value ? value.oid : (await resolveRef(repository.refs, name))?.oid;
      if (oid === undefined) continue;
      await listing.show(name, oid, peeledOid);
      isFound = true;
    }
  }
  return isFound;
}

/** Whether a pattern is the end of the name, from a slash on. */
function matches(name: string, patterns: readonly string[]): boolean {
  return patterns.length === 0 || patterns.some((pattern) => name === pattern || name.endsWith(`/${pattern}`));
}

/** Refs as lines, with ids as long as asked for. */
class Listing {
  readonly #repository: FileRepository;
  readonly #output: BufferedOutput;
  readonly #abbreviations: Abbreviations | undefined;
  readonly #options: { readonly quiet: boolean; readonly onlyIds: boolean; readonly dereference: boolean };

  private constructor(
    repository: FileRepository,
    console: Console,
    abbreviations: Abbreviations | undefined,
    options: GivenOptions,
  ) {
    this.#repository = repository;
    this.#output = new BufferedOutput(console.stdout);
    this.#abbreviations = abbreviations;
    this.#options = {
      quiet: options.has('quiet'),
      onlyIds: options.has('hash'),
      dereference: options.has('dereference'),
    };
  }

  static async open(repository: FileRepository, console: Console, options: GivenOptions): Promise<Listing> {
    const length = lengthOf(options, repository.algorithm.hexLength);
    const asked = length === 0 ? undefined : { ...(length !== 'default' && { length }) };
    const abbreviations = asked && (await Abbreviations.open(repository.objects, asked));
    return new Listing(repository, console, abbreviations, options);
  }

  async show(name: string, oid: Oid, knownPeeledOid?: Oid): Promise<void> {
    if (!(await hasObject(this.#repository, oid))) {
      await this.end();
      throw new CommandError(`git show-ref: bad ref ${name} (${oid})`);
    }
    if (this.#options.quiet) return;
    await this.#line(oid, name);
    if (!this.#options.dereference) return;
    const peeledOid = knownPeeledOid ?? (await peelTag(this.#repository.objects, oid));
    if (peeledOid !== undefined) await this.#line(peeledOid, `${name}^{}`, true);
  }

  async end(): Promise<void> {
    await this.#output.flush();
  }

  async #line(oid: Oid, name: string, isPeeled = false): Promise<void> {
    const hex = this.#abbreviations === undefined ? oid : await this.#abbreviations.shorten(oid);
    await this.#output.write(this.#options.onlyIds && !isPeeled ? `${hex}\n` : `${hex} ${name}\n`);
  }
}

/** Digits of an id: `--hash` and `--abbrev` say it alike, and the last word counts. 0: all of them. */
function lengthOf(options: GivenOptions, hexLength: number): number | 'default' {
  let length: number | 'default' = 0;
  for (const option of options.options) {
    if (option.name === 'abbrev' && option.value === undefined) length = option.negated ? 0 : 'default';
    else if ((option.name === 'hash' || option.name === 'abbrev') && option.value !== undefined)
      length = digitsOf(option, hexLength);
  }
  return length;
}

function digitsOf({ name, value = '' }: GivenOption, hexLength: number): number {
  if (!/^\d+$/.test(value)) throw new UsageError(`error: option \`${name}' expects a numerical value`);
  return value === '0' ? 0 : Math.min(Math.max(Number(value), 4), hexLength);
}

/** Of the refs on standard input, those that are not here. */
async function excludeExisting(
  repository: FileRepository,
  console: Console,
  pattern: string | undefined,
): Promise<number> {
  const existing = new Set<string>();
  for await (const { name } of repository.refs.list('refs/')) existing.add(name);
  for await (const bytes of readLines(console.stdin)) {
    const line = new TextDecoder().decode(bytes).replace(/\^\{\}$/, '');
    const name = /\S*$/.exec(line)?.[0] ?? '';
    if (pattern !== undefined && !name.startsWith(pattern)) continue;
    if (!name.includes('/') || !checkRefName(name)) await console.stderr.write(`warning: ref '${name}' ignored\n`);
    else if (!existing.has(name)) await console.stdout.write(`${line}\n`);
  }
  return 0;
}
