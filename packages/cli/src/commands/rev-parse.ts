import { isGitError, type Oid, parseCommitLinks } from '@git-kv/objects';
import {
  Abbreviations,
  findRefs,
  findRevision,
  globPattern,
  mergeBases,
  type PreferredKind,
  peelTo,
  resolveRef,
  shortenRefName,
} from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { BufferedOutput } from '../buffered-output.js';
import { CommandError, type Console } from '../console.js';
import { parseDate } from '../date.js';
import { findNamed, neitherRevisionNorPath, noSuchPath } from '../find-named.js';
import { assertFile, assertNoRevisionPath, isFile } from '../path-argument.js';
import type { Command } from '../program.js';
import { listRefs } from '../ref-glob.js';
import { openHere, using } from '../repository.js';
import { RepositoryQuestions } from '../repository-questions.js';

/** git-rev-parse(1), without `--parseopt` and `--sq-quote`. */
export const revParseCommand: Command = {
  usage: 'rev-parse [<options>] [<arg>...]',

  async run(args, console) {
    for (const name of ['--parseopt', '--sq-quote']) {
      if (args[0] === name) throw new CommandError(`${name} is not supported`);
    }
    return await using(openHere(console), async (repository) => {
      const output = new BufferedOutput(console.stdout);
      try {
        return await new RevParse(repository, console, output, args).run();
      } finally {
        // What came before an error is printed, as git prints it.
        await output.flush();
      }
    });
  },
};

/** Options of git-rev-list(1) that are passed on as such. */
const REV_OPTIONS =
  /^(?:-\d.*|--(?:all|bisect|dense|branches|header|ignore-missing|no-merges|no-min-parents|no-max-parents|objects|objects-edge|parents|pretty|remotes|sparse|tags|topo-order|date-order|unpacked|(?:branches|max-age|max-count|min-age|min-parents|max-parents|remotes|glob|tags)=.*))$/s;

/** What is printed of the arguments. */
interface Filter {
  revs: boolean;
  others: boolean;
  flags: boolean;
  files: boolean;
}

class RevParse {
  readonly #repository: FileRepository;
  readonly #console: Console;
  readonly #output: BufferedOutput;
  readonly #args: readonly string[];
  readonly #filter: Filter = { revs: true, others: true, flags: true, files: true };
  readonly #hasDashes: boolean;
  readonly #questions: RepositoryQuestions;
  #default: string | undefined;
  #isNegated = false;
  #symbolic: 'as-is' | 'full' | undefined;
  #abbrevRef: 'strict' | 'loose' | undefined;
  /** Digits; 'auto' for as many as the repository asks for. */
  #abbrev: number | 'auto' | undefined;
  #abbreviations: Abbreviations | undefined;
  #isQuoted = false;
  #isVerified = false;
  #isQuiet = false;
  #excluded: RegExp[] = [];

  constructor(repository: FileRepository, console: Console, output: BufferedOutput, args: readonly string[]) {
    this.#repository = repository;
    this.#console = console;
    this.#output = output;
    this.#args = args;
    this.#hasDashes = args.includes('--');
    this.#questions = new RepositoryQuestions(repository, console);
  }

  async run(): Promise<number> {
    const args = this.#args;
    let phase: 'any' | 'files' | 'after dashes' = 'any';
    let areOptionsOver = false;
    let single: { readonly oid: Oid; readonly name: string; readonly isNegated: boolean } | undefined;
    let count = 0;
    for (let at = 0; at < args.length; at++) {
      const arg = args[at] as string;
      if (phase !== 'any') {
        if ((await this.#showFile(arg)) && phase === 'files') assertFile(this.#console, arg, noSuchPath);
      } else if (arg === '--') {
        phase = 'after dashes';
        if (this.#filter.flags || this.#filter.revs) await this.#showFile(arg);
      } else if (!areOptionsOver && arg.startsWith('-')) {
        if (arg === '--end-of-options') {
          areOptionsOver = true;
          if (this.#filter.flags || this.#filter.revs) await this.#showFile(arg);
        } else if (await this.#option(arg, args[at + 1])) at++;
      } else if (!(await this.#range(arg)) && !(await this.#parents(arg))) {
        const isNegated = arg.startsWith('^');
        const name = isNegated ? arg.slice(1) : arg;
        const oid = await this.#find(name);
        if (oid !== undefined) {
          count++;
          single = { oid, name, isNegated };
          if (!this.#isVerified) await this.#showRev(isNegated, oid, name);
          continue;
        }
        if (this.#isVerified) return await this.#noSingle();
        if (this.#hasDashes) throw new CommandError(`bad revision '${arg}'`);
        phase = 'files';
        if (await this.#showFile(arg)) await this.#assertNamesFile(arg);
      }
    }
    if (!this.#isVerified) await this.#showDefault();
    else if (count === 1 && single) await this.#showRev(single.isNegated, single.oid, single.name);
    else if (count > 0 || !(await this.#showDefault())) return await this.#noSingle();
    return 0;
  }

  async #noSingle(): Promise<number> {
    if (this.#isQuiet) return 1;
    throw new CommandError('Needed a single revision');
  }

  /** @returns whether the next argument was its value */
  async #option(arg: string, next: string | undefined): Promise<boolean> {
    const filter = this.#filter;
    const [, name, value] = /^(--[^=]*)=(.*)$/s.exec(arg) ?? [undefined, arg, undefined];
    const needed = (what: string | undefined = next): string => {
      if (what === undefined) throw new CommandError(`${name} requires an argument`);
      return what;
    };
    switch (name) {
      case '--default':
        this.#default = needed();
        return true;
      case '-n':
        needed();
        if (filter.flags && filter.revs) for (const text of [arg, needed()]) await this.#show(text);
        return true;
      case '--git-path':
        await this.#line(await this.#questions.gitPath(needed()));
        return true;
      case '--path-format':
        if (value !== 'absolute' && value !== 'relative') {
          throw new CommandError(
            value === undefined ? '--path-format requires an argument' : `unknown argument to --path-format: ${value}`,
          );
        }
        this.#questions.pathFormat = value;
        return false;
      case '--short':
        Object.assign(filter, { flags: false, others: false });
        this.#isVerified = true;
        // git takes the bounds of SHA-1 here, whatever the repository has.
        this.#abbrev = value === undefined ? 'auto' : Math.min(Math.max(Number.parseInt(value, 10) || 0, 4), 40);
        return false;
      case '--abbrev-ref':
        if (value !== undefined && value !== 'strict' && value !== 'loose') {
          throw new CommandError(`unknown mode for --abbrev-ref: ${value}`);
        }
        this.#abbrevRef = value ?? 'strict';
        return false;
      case '--show-object-format':
        if (!['storage', 'input', 'output'].includes(value ?? 'storage')) {
          throw new CommandError(`unknown mode for --show-object-format: ${value}`);
        }
        await this.#line(this.#repository.algorithm.name);
        return false;
      case '--all':
      case '--branches':
      case '--tags':
      case '--remotes':
      case '--glob':
        if (name === '--glob' ? value === undefined : name === '--all' && value !== undefined) break;
        await this.#showRefs(name === '--all' || name === '--glob' ? 'refs/' : PREFIXES[name], value);
        return false;
      case '--exclude':
        if (value === undefined) break;
        this.#excluded.push(globPattern(value));
        return false;
      case '--disambiguate':
        if (value === undefined) break;
        await this.#disambiguate(value);
        return false;
      case '--since':
      case '--after':
      case '--until':
      case '--before':
        if (value === undefined) break;
        await this.#showDate(name === '--since' || name === '--after' ? '--max-age=' : '--min-age=', value);
        return false;
    }
    if (await this.#flag(arg)) return false;
    const answer = await this.#questions.answer(arg);
    if (answer !== undefined) {
      for (const line of answer) await this.#line(line);
      return false;
    }
    if (arg.startsWith('-n')) {
      if (filter.flags && filter.revs) await this.#show(arg);
      return false;
    }
    const isRev = REV_OPTIONS.test(arg);
    if (filter.flags && (isRev ? filter.revs : filter.others)) {
      await this.#show(arg);
      if (this.#isVerified) await this.#noSingle();
    }
    return false;
  }

  /** Options that change how the rest is read. */
  async #flag(arg: string): Promise<boolean> {
    const filter = this.#filter;
    if (arg === '--verify') {
      Object.assign(filter, { flags: false, others: false });
      this.#isVerified = true;
    } else if (arg === '--quiet' || arg === '-q') this.#isQuiet = true;
    else if (arg === '--revs-only') filter.others = false;
    else if (arg === '--no-revs') filter.revs = false;
    else if (arg === '--flags') filter.files = false;
    else if (arg === '--no-flags') filter.flags = false;
    else if (arg === '--sq') this.#isQuoted = true;
    else if (arg === '--not') this.#isNegated = !this.#isNegated;
    else if (arg === '--symbolic') this.#symbolic = 'as-is';
    else if (arg === '--symbolic-full-name') this.#symbolic = 'full';
    else return false;
    return true;
  }

  async #showRefs(prefix: string | undefined, pattern: string | undefined): Promise<void> {
    const below = prefix ?? 'refs/';
    for (const { name: full, oid } of await listRefs(this.#repository, below, pattern)) {
      const name = full.slice(prefix === 'refs/' ? 0 : below.length);
      if (!this.#excluded.some((glob) => glob.test(name))) await this.#showRev(false, oid, name);
    }
    this.#excluded = [];
  }

  async #disambiguate(prefix: string): Promise<void> {
    if (!/^[0-9a-f]{4,}$/i.test(prefix)) return;
    const { objects } = this.#repository;
    for (const oid of await objects.findByPrefix(prefix.toLowerCase(), Number.MAX_SAFE_INTEGER)) {
      await this.#showRev(false, oid, undefined);
    }
  }

  async #showDate(flag: string, text: string): Promise<void> {
    if (!this.#filter.flags || !this.#filter.revs) return;
    const date = parseDate(text);
    if (date === undefined) throw new CommandError(`cannot read the date '${text}': only absolute ones are known`);
    await this.#show(`${flag}${date.timestamp}`);
  }

  /** `A..B` and `A...B`: first the end, as git prints them. */
  async #range(arg: string): Promise<boolean> {
    const dots = arg.indexOf('..');
    if (dots < 0) return false;
    const isSymmetric = arg[dots + 2] === '.';
    const start = arg.slice(0, dots) || 'HEAD';
    const end = arg.slice(dots + (isSymmetric ? 3 : 2)) || 'HEAD';
    if (arg === '..') return false;
    const startOid = await this.#find(start, 'commit-ish');
    const endOid = startOid && (await this.#find(end, 'commit-ish'));
    if (startOid === undefined || endOid === undefined) return false;
    await this.#showRev(false, endOid, end);
    await this.#showRev(!isSymmetric, startOid, start);
    if (!isSymmetric) return true;
    const first = await peelTo(this.#repository, startOid, 'commit');
    const second = await peelTo(this.#repository, endOid, 'commit');
    if (first === undefined || second === undefined) return false;
    const shallow = await this.#repository.shallow.read();
    for (const oid of await mergeBases(this.#repository.objects, first, [second], { shallow })) {
      await this.#showRev(true, oid, undefined);
    }
    return true;
  }

  /** `REV^!`, `REV^@` and `REV^-N`. */
  async #parents(arg: string): Promise<boolean> {
    const [suffix, sign, number] = /\^(?:([!@])|-(\d*))$/.exec(arg) ?? [];
    if (suffix === undefined || number === '0') return false;
    const name = arg.slice(0, -suffix.length);
    const oid = await this.#find(name, 'commit-ish');
    const commitOid = oid && (await peelTo(this.#repository, oid, 'commit'));
    if (oid === undefined || commitOid === undefined) return false;
    const { objects, shallow } = this.#repository;
    const body = (await objects.read(commitOid))?.body;
    const parentOids = (await shallow.read()).has(commitOid) || !body ? [] : parseCommitLinks(body).parentOids;
    const only = number === undefined ? undefined : Number(number || 1);
    if (only !== undefined && only > parentOids.length) return false;
    if (sign !== '@') await this.#showRev(false, oid, name);
    for (const [index, parentOid] of parentOids.entries()) {
      if (only !== undefined && only !== index + 1) continue;
      await this.#showRev(sign !== '@', parentOid, this.#symbolic && `${name}^${index + 1}`);
    }
    return true;
  }

  async #find(name: string, prefer?: PreferredKind): Promise<Oid | undefined> {
    try {
      return await findRevision(this.#repository, name, prefer && { prefer });
    } catch (error) {
      if (isGitError(error, 'AMBIGUOUS_REVISION') && !this.#isQuiet) {
        const { abbreviation } = error as unknown as { abbreviation: string };
        await this.#console.stderr.write(`error: short object ID ${abbreviation} is ambiguous\n`);
        return undefined;
      }
      if (isGitError(error, 'UNSUPPORTED') && /@\{/.test(name) && !this.#isQuiet) throw error;
      return await findNamed(this.#repository, name);
    }
  }

  async #showDefault(): Promise<boolean> {
    const name = this.#default;
    this.#default = undefined;
    const oid = name && (await this.#find(name));
    if (name === undefined || !oid) return false;
    await this.#showRev(false, oid, name);
    return true;
  }

  async #showRev(isExcluded: boolean, oid: Oid, name: string | undefined): Promise<void> {
    if (!this.#filter.revs) return;
    this.#default = undefined;
    const sign = isExcluded === this.#isNegated ? '' : '^';
    if ((this.#symbolic || this.#abbrevRef) && name !== undefined) {
      if (this.#symbolic === 'full' || this.#abbrevRef) await this.#showRefName(sign, name);
      else await this.#show(sign + name);
    } else await this.#show(sign + (await this.#shortened(oid)));
  }

  async #showRefName(sign: string, name: string): Promise<void> {
    const { refs } = this.#repository;
    const [match, other] = await findRefs(refs, name === '@' ? 'HEAD' : name);
    if (match === undefined) return;
    if (other !== undefined) {
      await this.#console.stderr.write(`error: refname '${name}' is ambiguous\n`);
      return;
    }
    const full = (await resolveRef(refs, match.name))?.name ?? match.name;
    await this.#show(sign + (this.#abbrevRef ? await shortenRefName(refs, full, this.#abbrevRef === 'strict') : full));
  }

  async #shortened(oid: Oid): Promise<string> {
    if (this.#abbrev === undefined) return oid;
    this.#abbreviations ??= await Abbreviations.open(
      this.#repository.objects,
      this.#abbrev === 'auto' ? {} : { length: this.#abbrev },
    );
    return await this.#abbreviations.shorten(oid);
  }

  async #showFile(arg: string): Promise<boolean> {
    await this.#showDefault();
    if (!this.#filter.files || !this.#filter.others) return false;
    await this.#show(arg);
    return true;
  }

  /** What is no revision is to be a file. */
  async #assertNamesFile(arg: string): Promise<void> {
    if (isFile(this.#console, arg)) return;
    await assertNoRevisionPath(this.#repository, arg, (name) => this.#find(name, 'tree-ish'));
    assertFile(this.#console, arg, neitherRevisionNorPath);
  }

  async #show(text: string): Promise<void> {
    if (!this.#isQuoted) await this.#line(text);
    else await this.#output.write(`'${text.replaceAll("'", "'\\''")}' `);
  }

  async #line(text: string): Promise<void> {
    await this.#output.write(`${text}\n`);
  }
}

const PREFIXES: Readonly<Record<string, string>> = {
  '--branches': 'refs/heads/',
  '--tags': 'refs/tags/',
  '--remotes': 'refs/remotes/',
};
