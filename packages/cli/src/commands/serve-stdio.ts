import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { requestedVersion } from '@git-kv/protocol';
import {
  advertiseReceivePack,
  advertiseUploadPack,
  readHiddenRefs,
  serveReceivePack,
  serveUploadPack,
} from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { readGitConfig } from '../git-config.js';
import { parseGitOptions } from '../git-options.js';
import { hookPrograms, PROGRAM_HOOK_TIMEOUT_MS } from '../hook-programs.js';
import { parseCount } from '../options.js';
import { assertTrusted } from '../ownership.js';
import type { Command } from '../program.js';
import { readReceiveSettings } from '../receive-settings.js';
import { openAt, using } from '../repository.js';
import { uploadRules } from '../upload-rules.js';

/** git-upload-pack(1): answer fetches over standard input and output, in the protocol version that GIT_PROTOCOL asks for. */
export const uploadPackCommand: Command = {
  usage: 'upload-pack [--[no-]strict] [--timeout=<n>] [--stateless-rpc] [--advertise-refs] <directory>',
  async run(args, console) {
    const call = readCall(args, ['strict', 'timeout=']);
    return await using(openDirectory(console, call), async (repository) => {
      const version = requestedVersion(console.env.GIT_PROTOCOL);
      const config = await readGitConfig(console, repository);
      const hidden = readHiddenRefs(config, 'uploadpack');
      const common = { version, hidden, rules: uploadRules(config), isStateless: call.isStateless };
      if (call.advertises) await send(console, advertiseUploadPack(repository, common));
      if (!call.answers) return 0;
      const options = { ...common, signal: console.signal };
      await send(console, serveUploadPack(repository, inTime(console.stdin, call.timeoutMs), options));
      return 0;
    });
  },
};

/** git-receive-pack(1): take in a push over standard input and output, and run the hooks of the repository. */
export const receivePackCommand: Command = {
  usage: 'receive-pack [-q] [--stateless-rpc] [--advertise-refs] <directory>',
  async run(args, console) {
    const call = readCall(args, ['quiet|q', 'skip-connectivity-check']);
    return await using(openDirectory(console, call), async (repository) => {
      await assertTrusted(console, repository);
      const { announced, ...options } = await readReceiveSettings(console, repository);
      const version = requestedVersion(console.env.GIT_PROTOCOL);
      if (call.advertises)
        await send(console, advertiseReceivePack(repository, { version, ...announced, hidden: options.hidden }));
      if (!call.answers) return 0;
      const hooks = await hookPrograms(console, repository);
      const request = inTime(console.stdin, call.timeoutMs);
      await send(
        console,
        serveReceivePack(repository, request, {
          signal: console.signal,
          ...options,
          hooks,
          hookTimeoutMs: PROGRAM_HOOK_TIMEOUT_MS,
        }),
      );
      return 0;
    });
  },
};

/** One call of a server: all of a conversation, or a part of it as a request of HTTP. */
interface ServerCall {
  readonly directory: string;
  readonly isStrict: boolean;
  readonly isStateless: boolean;
  readonly advertises: boolean;
  readonly answers: boolean;
  /** Silence of the client after which it is given up; 0 for never. */
  readonly timeoutMs: number;
}

function readCall(args: readonly string[], specs: readonly string[]): ServerCall {
  const options = parseGitOptions(args, [...specs, 'stateless-rpc', 'advertise-refs', 'http-backend-info-refs']);
  const [directory, ...more] = options.positionals;
  if (directory === undefined || more.length > 0) throw new UsageError('error: one directory is needed');
  const isStateless = options.has('stateless-rpc');
  const advertisesOnly = options.has('advertise-refs') || options.has('http-backend-info-refs');
  return {
    directory,
    isStrict: options.has('strict'),
    isStateless,
    advertises: advertisesOnly || !isStateless,
    answers: !advertisesOnly,
    timeoutMs: parseCount('timeout', options.value('timeout') ?? '0') * 1000,
  };
}

/** What a client sends, as long as it does not fall silent. */
async function* inTime(input: AsyncIterable<Uint8Array>, timeoutMs: number): AsyncGenerator<Uint8Array> {
  if (timeoutMs === 0) {
    yield* input;
    return;
  }
  const source = input[Symbol.asyncIterator]();
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new CommandError('the client has been silent for too long')), timeoutMs);
      });
      const step = await Promise.race([source.next(), silence]).finally(() => clearTimeout(timer));
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    if (input instanceof Readable) input.destroy();
  }
}

async function openDirectory(console: Console, { directory, isStrict }: ServerCall): Promise<FileRepository> {
  if (isStrict) return await openStrictly(resolve(console.cwd, directory), directory);
  const candidates = [directory, `${directory}.git`];
  for (const candidate of candidates.slice(0, -1)) {
    try {
      return await openAt(resolve(console.cwd, candidate), candidate);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      // Not a repository: the next spelling is tried, as git does, and the last one's error told.
    }
  }
  try {
    return await openAt(resolve(console.cwd, candidates.at(-1) as string), directory);
  } catch (error) {
    if (error instanceof CommandError)
      throw new CommandError(`'${directory}' does not appear to be a git repository`, { cause: error });
    throw error;
  }
}

/** The path itself must be the repository, or a file that names one: no `.git` in it is looked for. */
async function openStrictly(path: string, shown: string): Promise<FileRepository> {
  const notOne = `'${shown}' does not appear to be a git repository`;
  const repository = await openAt(path, shown).catch((error: unknown) => {
    if (error instanceof CommandError) throw new CommandError(notOne, { cause: error });
    throw error;
  });
  const isGitfile = (await stat(path).catch(() => undefined))?.isFile() === true;
  if (isGitfile || repository.layout.gitDirectory === path) return repository;
  await repository.close();
  throw new CommandError(notOne);
}

async function send(console: Console, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) await console.stdout.write(chunk);
}
