import { dirname, relative } from 'node:path';
import { isOid, type Oid } from '@git-kv/objects';
import { type FsckArea, type FsckFinding, findRevision, fsck } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import type { Console } from '../console.js';
import { readFsckConfig } from '../fsck-config.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';

/** git's exit code is the sum of these. */
const EXIT_BITS: Readonly<Record<FsckArea, number>> = {
  objects: 1,
  reachable: 2,
  packs: 4,
  refs: 8,
  commitGraph: 16,
  multiPackIndex: 32,
};

const PROGRESS_INTERVAL_MS = 200;

/** git-fsck(1). */
export const fsckCommand: Command = {
  usage:
    'fsck [--tags] [--root] [--unreachable] [--no-reflogs] [--[no-]full] [--strict]\n' +
    'fsck [--[no-]dangling] [--connectivity-only] [--[no-]progress] [<object>...]',
  async run(args, console) {
    const flag = { type: 'boolean', default: false } as const;
    const { values, positionals } = parseOptions(args, {
      tags: flag,
      root: flag,
      unreachable: flag,
      dangling: flag,
      'no-dangling': flag,
      reflogs: flag,
      'no-reflogs': flag,
      full: flag,
      'no-full': flag,
      strict: flag,
      'connectivity-only': flag,
      progress: flag,
      'no-progress': flag,
    });
    const showProgress = values.progress || (console.stderr.isTTY && !values['no-progress']);
    return await using(openHere(console), async (repository) => {
      const output = new FsckOutput(console, repository);
      const objects: Oid[] = [];
      for (const argument of positionals) {
        const oid = await findArgument(repository, argument);
        if (oid !== undefined) objects.push(oid);
        else await output.tellArgument(argument);
      }
      const findings = fsck(repository, {
        ...(await readFsckConfig(console, repository)),
        strict: values.strict,
        // With arguments that are all wrong, git looks at no refs either.
        ...(positionals.length > 0 && { objects: objects.length > 0 ? objects : [repository.algorithm.zeroOid] }),
        reflogs: !values['no-reflogs'],
        full: !values['no-full'],
        connectivityOnly: values['connectivity-only'],
        dangling: !values['no-dangling'],
        unreachable: values.unreachable,
        roots: values.root,
        tags: values.tags,
        signal: console.signal,
        ...(showProgress && { onProgress: output.progress }),
      });
      for await (const finding of findings) {
        if (finding.type === 'argument' && finding.oid === repository.algorithm.zeroOid) continue;
        await output.tell(finding);
      }
      await output.end();
      return output.exitCode;
    });
  },
};

async function findArgument(repository: FileRepository, argument: string): Promise<Oid | undefined> {
  if (isOid(argument) && argument.length === repository.algorithm.hexLength) return argument;
  return await findRevision(repository, argument);
}

/** Findings in the words of git: what is for scripts on standard output, what is for people on standard error. */
class FsckOutput {
  exitCode = 0;
  readonly #console: Console;
  readonly #repository: FileRepository;
  #progressAt = 0;
  #progress: Promise<void> = Promise.resolve();

  constructor(console: Console, repository: FileRepository) {
    this.#console = console;
    this.#repository = repository;
  }

  readonly progress = ({ phase, loaded, total }: { phase: string; loaded: number; total?: number }): void => {
    const now = Date.now();
    if (now - this.#progressAt < PROGRESS_INTERVAL_MS) return;
    this.#progressAt = now;
    const of = total === undefined ? '' : `/${total}`;
    this.#progress = this.#progress.then(() => this.#console.stderr.write(`Checking ${phase}: ${loaded}${of}\r`));
  };

  async tellArgument(argument: string): Promise<void> {
    this.exitCode |= EXIT_BITS.objects;
    await this.#console.stderr.write(`error: invalid parameter: expected sha1, got '${argument}'\n`);
  }

  async tell(finding: FsckFinding): Promise<void> {
    if (finding.severity === 'error') for (const area of finding.areas) this.exitCode |= EXIT_BITS[area];
    const line = this.#lineFor(finding);
    if (line !== undefined) await this.#console.stdout.write(`${line}\n`);
    else await this.#console.stderr.write(`${this.#complaint(finding)}\n`);
  }

  async end(): Promise<void> {
    await this.#progress;
    if (this.#progressAt > 0) await this.#console.stderr.write('\n');
  }

  #lineFor({ type, oid, from, name, ...finding }: FsckFinding): string | undefined {
    const kind = finding.kind ?? 'unknown';
    switch (type) {
      case 'brokenLink': {
        const origin = `broken link from ${(from?.kind ?? 'unknown').padStart(7)} ${from?.oid}`;
        return `${origin}\n              to ${kind.padStart(7)} ${oid}`;
      }
      case 'missing':
      case 'dangling':
      case 'unreachable':
        return `${type} ${kind} ${oid}`;
      case 'root':
        return `root ${oid}`;
      case 'tagged':
        return `tagged ${kind} ${oid} (${name}) in ${from?.oid}`;
      default:
        return undefined;
    }
  }

  #complaint(finding: FsckFinding): string {
    const { type, severity, id, oid, actualOid, name, message } = finding;
    const kind = finding.kind ?? 'unknown';
    const path = finding.path === undefined ? '' : this.#shown(finding.path);
    switch (type) {
      case 'check':
        return `${severity === 'error' ? 'error' : 'warning'} in ${kind} ${oid}: ${id}: ${message}`;
      case 'brokenLinks':
      case 'wrongKind':
        return `error in ${kind} ${oid}: ${message}`;
      case 'corrupt':
        if (finding.areas.includes('packs')) return `error: packed ${oid} from ${path} is corrupt: ${message}`;
        return `error: ${oid}: object corrupt or missing: ${path}`;
      case 'misplaced':
        return `error: ${actualOid}: hash-path mismatch, found at: ${path}`;
      case 'unparsed':
        return `error: ${oid}: object could not be parsed`;
      case 'stray':
        return `bad sha1 file: ${path}`;
      case 'ref':
        return `error: ${name}: invalid sha1 pointer ${oid}`;
      case 'notCommit':
        return `error: ${name}: not a commit`;
      case 'log':
        return `error: ${name}: invalid reflog entry ${oid}`;
      case 'unbornHead':
      case 'noRefs':
        return `notice: ${message}`;
      case 'argument':
        return `error: ${oid}: ${message}`;
      default:
        return `${severity === 'warn' ? 'warning' : 'error'}: ${path === '' ? '' : `${path}: `}${message}`;
    }
  }

  /** A path as git shows it: from where git stands. */
  #shown(path: string): string {
    const { gitDirectory, isBare } = this.#repository.layout;
    const shown = relative(isBare ? gitDirectory : dirname(gitDirectory), path);
    return isBare ? `./${shown}` : shown;
  }
}
