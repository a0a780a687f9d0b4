import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { GitKv } from '@git-kv/kv';
import { connect, ofOctets } from '@git-kv/kv/node';
import { type Console, UsageError } from './console.js';
import { terminalCredentials } from './credentials.js';
import { ioError } from './input.js';
import { parseOptions } from './options.js';
import { runProgram } from './program.js';
import { Prompt } from './prompt.js';
import { consoleCertificates } from './remote.js';
import { version } from './version.js';

const USAGE = 'usage: mgit <remote> [<filename>]';
const HELP = `${USAGE}

A prompt on a key-value store in a git repository.

  <remote>     URL[#branch], http or https; the branch is main by default
  <filename>   a state that 'save' wrote: it is read, and nothing is fetched until 'pull'

Credentials come from the URL (https://USER:PASSWORD@HOST/...), from GIT_KV_USERNAME and GIT_KV_PASSWORD, or are asked
for on a terminal. HTTPS_PROXY, NO_PROXY and GIT_SSL_CAINFO are honoured. Type 'help' at the prompt for its commands.
`;

/** The `mgit` program: a prompt on a key-value store in a git repository. */
export async function main(): Promise<never> {
  return await runProgram((console) => mgit(process.argv.slice(2), console));
}

/** The same over a {@link Console}, without ending the process. */
export async function mgit(args: readonly string[], console: Console): Promise<number> {
  const { values, positionals } = parseMgitOptions(args);
  if (values.help || values.version) {
    await console.stdout.write(values.help ? HELP : `mgit version ${version}\n`);
    return 0;
  }
  const [remote, file, ...more] = positionals;
  if (remote === undefined || more.length > 0) throw new UsageError(USAGE);
  const store = await openStore(remote, file, console);
  try {
    await new Prompt(console, store).run();
    return 0;
  } finally {
    await store.disconnect();
  }
}

function parseMgitOptions(args: readonly string[]): {
  values: { help: boolean; version: boolean };
  positionals: string[];
} {
  try {
    return parseOptions(args, {
      help: { type: 'boolean', short: 'h', default: false },
      version: { type: 'boolean', default: false },
    });
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${error.message}\n${USAGE}`);
    throw error;
  }
}

async function openStore(remote: string, file: string | undefined, console: Console): Promise<GitKv> {
  const options = {
    environment: console.env,
    credentials: terminalCredentials(console),
    signal: console.signal,
    ...consoleCertificates(console),
  };
  if (file === undefined) return await connect(remote, options);
  return await ofOctets(readState(resolve(console.cwd, file), file), { ...options, remote });
}

async function* readState(path: string, shown: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } catch (error) {
    throw ioError(`could not open '${shown}' for reading`, error);
  }
}
