import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isGitError } from '@git-kv/objects';
import { parseRemoteAddress, type Transport } from '@git-kv/protocol';
import { createLocalProgramTransport, createTransport } from '@git-kv/protocol/node';
import { createPathTransport } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from './console.js';
import { remoteCredentials } from './credentials.js';
import { ioError } from './input.js';
import { readReceiveSettings } from './receive-settings.js';

/** The certificate authorities that GIT_SSL_CAINFO names, in place of Node's own. */
export function consoleCertificates(console: Console): { ca?: string } {
  const file = console.env.GIT_SSL_CAINFO;
  if (file === undefined || file === '') return {};
  try {
    return { ca: readFileSync(file, 'utf8') };
  } catch (error) {
    throw ioError(`could not read GIT_SSL_CAINFO '${file}'`, error);
  }
}

/** Refuse what no transport is there for. @throws {CommandError} without the user name and password that `url` may hold */
export function assertRemoteUrl(url: string): void {
  try {
    parseRemoteAddress(url);
  } catch (error) {
    if (!isGitError(error)) throw error;
    throw new CommandError(`cannot reach '${withoutUserinfo(url)}': ${error.message.replace(/^Cannot [^:]*: /, '')}`);
  }
}

/** A URL that may be no URL, safe to print: what stands before the last `@` may be a password, whatever it looks like. */
export function withoutUserinfo(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1');
}

/** What is run on the other side, where a program is: a path, or a command line. */
export interface RemotePrograms {
  readonly uploadPack?: string | undefined;
  readonly receivePack?: string | undefined;
}

/** Run `body` with a transport to `url`, as the environment and the configuration say, that is closed after. */
export async function withRemote<T>(
  url: string,
  console: Console,
  body: (transport: Transport) => Promise<T>,
  programs: RemotePrograms = {},
): Promise<T> {
  assertRemoteUrl(url);
  const transport = openRemote(url, console, programs);
  try {
    return await body(transport);
  } finally {
    await transport.close?.();
  }
}

/** A transport to `url`: the caller closes it. Paths are those of the console's directory. */
export function openRemote(url: string, console: Console, programs: RemotePrograms = {}): Transport {
  const isNamed = programs.uploadPack !== undefined || programs.receivePack !== undefined;
  return createTransport(url, {
    ...programs,
    environment: console.env,
    credentials: remoteCredentials(console),
    http: consoleCertificates(console),
    // The program reads ~/.ssh/config, which people rely on.
    sshBy: 'program',
    local: (path) =>
      isNamed
        ? createLocalProgramTransport(resolve(console.cwd, path), { ...programs, environment: console.env })
        : createPathTransport(resolve(console.cwd, path), {
            serve: async (repository) => {
              const { announced, ...receivePack } = await readReceiveSettings(console, repository);
              return { receivePack: { ...receivePack, ...announced } };
            },
          }),
  });
}
