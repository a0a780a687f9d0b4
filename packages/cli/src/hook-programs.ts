import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, resolve } from 'node:path';
import type { PushCommand } from '@git-kv/protocol';
import type { PushContext, PushHooks, RefUpdate } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import type { Console } from './console.js';
import { readGitConfig } from './git-config.js';

/** A hook may build something: it has a day. */
export const PROGRAM_HOOK_TIMEOUT_MS = 86_400_000;

/** git's words for a hook that refuses. */
const DECLINED = { 'pre-receive': 'pre-receive hook declined', update: 'hook declined' } as const;

/**
 * The programs in a repository's `hooks` (or `core.hooksPath`) as hooks of pushes, run as git runs them: in the git directory, what
 * they print goes to who pushes. Those that run before refs move read what arrived, as git's do.
 * @see githooks(5): pre-receive, update, reference-transaction, post-receive, post-update
 */
export async function hookPrograms(console: Console, repository: FileRepository): Promise<PushHooks> {
  const { gitDirectory } = repository.layout;
  const hooksPath = (await readGitConfig(console, repository)).get('core', 'hookspath');
  const directory = resolve(gitDirectory, hooksPath?.replace(/^~(?=\/)/, homedir()) ?? 'hooks');
  const runner = new ProgramRunner(console, repository, directory);
  const find = async (name: string): Promise<string | undefined> => {
    const path = resolve(directory, name);
    return await access(path, constants.X_OK).then(
      () => path,
      () => undefined,
    );
  };
  const [preReceive, update, transaction, postReceive, postUpdate] = await Promise.all(
    ['pre-receive', 'update', 'reference-transaction', 'post-receive', 'post-update'].map(find),
  );
  return {
    ...(preReceive !== undefined && {
      async preReceive(context) {
        const isFine = await runner.run(preReceive, {
          context,
          input: runner.lines(context.updates),
          hasOptions: true,
          isQuarantined: true,
        });
        return isFine ? undefined : { reject: DECLINED['pre-receive'] };
      },
    }),
    ...(update !== undefined && {
      async update({ name, oldOid, newOid }, context) {
        const args = [name, runner.shown(oldOid), runner.shown(newOid)];
        if (await runner.run(update, { context, args })) return undefined;
        context.say(`error: hook declined to update ${name}\n`);
        return DECLINED.update;
      },
    }),
    ...(transaction !== undefined && {
      async referenceTransaction(phase, updates, context) {
        const input = updates.map((one) => runner.transactionLine(one)).join('');
        return (await runner.run(transaction, { context, args: [phase], input }))
          ? undefined
          : 'ref updates aborted by hook';
      },
    }),
    ...((postReceive !== undefined || postUpdate !== undefined) && {
      async postReceive(context) {
        if (postReceive !== undefined)
          await runner.run(postReceive, { context, input: runner.lines(context.updates), hasOptions: true });
        if (postUpdate !== undefined)
          await runner.run(postUpdate, { context, args: context.updates.map(({ name }) => name) });
      },
    }),
  };
}

interface ProgramCall {
  readonly context: PushContext;
  readonly args?: readonly string[];
  readonly input?: string;
  /** Whether it is told of push options. */
  readonly hasOptions?: boolean;
  /** Whether what it writes goes where the objects of the push are, as git has it for pre-receive. */
  readonly isQuarantined?: boolean;
}

class ProgramRunner {
  readonly #console: Console;
  readonly #repository: FileRepository;
  readonly #directory: string;

  constructor(console: Console, repository: FileRepository, directory: string) {
    this.#console = console;
    this.#repository = repository;
    this.#directory = directory;
  }

  /** An id as hooks are told it: zeros for none. */
  shown(oid: string | null): string {
    return oid ?? this.#repository.algorithm.zeroOid;
  }

  lines(updates: readonly PushCommand[]): string {
    return updates.map(({ name, oldOid, newOid }) => `${this.shown(oldOid)} ${this.shown(newOid)} ${name}\n`).join('');
  }

  transactionLine({ name, expected, next }: RefUpdate): string {
    const oidOf = (value: RefUpdate['expected']): string => this.shown(value && 'oid' in value ? value.oid : null);
    return `${oidOf(expected)} ${oidOf(next)} ${name}\n`;
  }

  /** What leads programs to the objects of the push. Git itself has them in the repository when it runs other hooks than pre-receive. */
  async #whereArrived(context: PushContext, isQuarantined: boolean): Promise<Readonly<Record<string, string>>> {
    const directory = await context.objectDirectory?.();
    if (directory === undefined) return {};
    const path = resolve(directory);
    const further = this.#console.env.GIT_ALTERNATE_OBJECT_DIRECTORIES;
    const alternates = (one: string): string => [quotePath(one), ...(further ? [further] : [])].join(delimiter);
    if (!isQuarantined) return { GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates(path) };
    return {
      GIT_QUARANTINE_PATH: path,
      GIT_OBJECT_DIRECTORY: path,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates(resolve(this.#repository.layout.objectsDirectory)),
    };
  }

  /** Run a hook to its end. @returns whether it ended with 0 */
  async run(
    program: string,
    { context, args = [], input = '', hasOptions = false, isQuarantined = false }: ProgramCall,
  ): Promise<boolean> {
    const pushOptions = hasOptions ? context.pushOptions : [];
    const options = Object.fromEntries(pushOptions.map((option, at) => [`GIT_PUSH_OPTION_${at}`, option]));
    const count = pushOptions.length > 0 ? { GIT_PUSH_OPTION_COUNT: `${pushOptions.length}` } : {};
    const arrived = await this.#whereArrived(context, isQuarantined);
    const child = spawn(program, args, {
      cwd: this.#repository.layout.gitDirectory,
      env: { ...this.#console.env, ...options, ...count, ...arrived, GIT_DIR: '.' },
      stdio: ['pipe', 'pipe', 'pipe'],
      signal: context.signal,
    });
    const ended = new Promise<boolean>((resolve, reject) => {
      // For as long as it lives: an error that nobody hears ends the process, and one may follow another.
      child.on('error', (error) => {
        reject(new Error(`Cannot run the hook ${program.slice(this.#directory.length + 1)}: ${error.message}`));
      });
      child.once('close', (code) => resolve(code === 0));
    });
    // There are none where it could not be started for want of file descriptors.
    const { stdin, stdout, stderr }: Partial<typeof child> = child;
    const decoder = new TextDecoder();
    for (const stream of [stdout, stderr])
      stream?.on('data', (chunk: Uint8Array) => context.say(decoder.decode(chunk, { stream: true })));
    stdin?.on('error', () => {}); // a hook need not read what it is told
    stdin?.end(input);
    return await ended;
  }
}

/** A path as git reads it in a list of several: in quotes where it would be taken apart. */
function quotePath(path: string): string {
  return path.includes(delimiter) || path.startsWith('"') ? `"${path.replace(/["\\]/g, '\\$&')}"` : path;
}
