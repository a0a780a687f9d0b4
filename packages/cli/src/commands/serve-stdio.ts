import { resolve } from 'node:path';
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
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { readReceiveSettings } from '../receive-settings.js';
import { openAt, using } from '../repository.js';
import { uploadRules } from '../upload-rules.js';

/** git-upload-pack(1): answer fetches over standard input and output, in the protocol version that GIT_PROTOCOL asks for. */
export const uploadPackCommand: Command = {
  usage: 'upload-pack [--strict] <directory>',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      strict: { type: 'boolean', default: false },
      timeout: { type: 'string' },
    });
    return await using(openDirectory(console, positionals, values.strict), async (repository) => {
      const version = requestedVersion(console.env.GIT_PROTOCOL);
      const config = await readGitConfig(console, repository);
      const options = { version, hidden: readHiddenRefs(config, 'uploadpack'), rules: uploadRules(config) };
      await send(console, advertiseUploadPack(repository, options));
      await send(console, serveUploadPack(repository, console.stdin, { signal: console.signal, ...options }));
      return 0;
    });
  },
};

/** git-receive-pack(1): take in a push over standard input and output. */
export const receivePackCommand: Command = {
  usage: 'receive-pack <directory>',
  async run(args, console) {
    const { positionals } = parseOptions(args, {});
    return await using(openDirectory(console, positionals, false), async (repository) => {
      const { announced, ...options } = await readReceiveSettings(console, repository);
      const version = requestedVersion(console.env.GIT_PROTOCOL);
      await send(console, advertiseReceivePack(repository, { version, ...announced, hidden: options.hidden }));
      await send(console, serveReceivePack(repository, console.stdin, { signal: console.signal, ...options }));
      return 0;
    });
  },
};

async function openDirectory(
  console: Console,
  positionals: readonly string[],
  isStrict: boolean,
): Promise<FileRepository> {
  const [directory, ...more] = positionals;
  if (directory === undefined || more.length > 0) throw new UsageError('error: one directory is needed');
  const candidates = isStrict ? [directory] : [directory, `${directory}.git`];
  for (const candidate of candidates.slice(0, -1)) {
    try {
      return await openAt(resolve(console.cwd, candidate), candidate);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      // Not a repository: the next spelling is tried, as git does, and the last one's error told.
    }
  }
  return await openAt(resolve(console.cwd, candidates.at(-1) as string), directory);
}

async function send(console: Console, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) await console.stdout.write(chunk);
}
