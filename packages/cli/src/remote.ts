import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isGitError } from '@git-kv/objects';
import {
  connectUploadPack,
  type ProtocolVersion,
  parseRemoteAddress,
  readBundle,
  type Transport,
  type UploadPackClient,
} from '@git-kv/protocol';
import { createLocalProgramTransport, createTransport } from '@git-kv/protocol/node';
import { connectBundle, type PushHooks, type Repository, readHiddenRefs } from '@git-kv/repository';
import { createPathTransport, type FileRepository } from '@git-kv/repository/node-fs';
import { assertTransportAllowed } from './allowed-protocols.js';
import { CommandError, type Console } from './console.js';
import { remoteCredentials } from './credentials.js';
import { type OwnSettings, readGitConfig } from './git-config.js';
import { hookPrograms, PROGRAM_HOOK_TIMEOUT_MS } from './hook-programs.js';
import { type HttpSettings, httpSettings } from './http-settings.js';
import { assertTrusted } from './ownership.js';
import { readReceiveSettings } from './receive-settings.js';
import { consoleThere } from './remote-environment.js';
import { readConfigHere } from './repository.js';
import { toleratingFilters } from './unfiltered.js';
import { uploadRules } from './upload-rules.js';

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
  /** Words for the server. */
  readonly serverOptions?: readonly string[];
  /** The settings of the repository that is being made, in the place of those of one around. */
  readonly own?: OwnSettings | undefined;
}

/** Connects for a fetch into `repository`; the caller closes what comes of it. */
export type ConnectRemote = (repository: Repository | undefined) => Promise<UploadPackClient>;

/** Run `body` with a transport to `url`, as the environment and the configuration say, that is closed after. */
export async function withRemote<T>(
  url: string,
  console: Console,
  body: (transport: Transport, connect: ConnectRemote) => Promise<T>,
  { serverOptions = [], ...programs }: RemotePrograms = {},
): Promise<T> {
  const transport = await openConfiguredRemote(url, console, programs);
  const { signal } = console;
  const bundle = await findBundle(url, console);
  const connect: ConnectRemote = async (repository) =>
    bundle === undefined
      ? toleratingFilters(
          await connectUploadPack(transport, {
            version: await configuredVersion(console, programs.own ?? repository),
            signal,
            serverOptions,
          }),
          console,
        )
      : connectBundle(repository, () => readBundle(createReadStream(bundle)));
  try {
    return await body(transport, connect);
  } finally {
    await transport.close?.();
  }
}

/**
 * A transport to `url` as the environment and the configuration say; the caller closes it.
 * @throws {CommandError} for what no transport is there for, or none may be used for
 */
export async function openConfiguredRemote(
  url: string,
  console: Console,
  programs: Omit<RemotePrograms, 'serverOptions'> = {},
): Promise<Transport> {
  assertRemoteUrl(url);
  const config = await readConfigHere(console, programs.own);
  assertTransportAllowed(url, config, console.env);
  const { env, ...http } = httpSettings(url, config, console.env);
  const command = env.GIT_SSH_COMMAND || config.get('core', 'sshcommand');
  const variant = env.GIT_SSH_VARIANT ?? config.get('ssh', 'variant');
  const environment = {
    ...env,
    // GIT_SSH_COMMAND comes before the configuration, and GIT_SSH after.
    ...(command && { GIT_SSH_COMMAND: command }),
    ...(variant !== undefined && { GIT_SSH_VARIANT: variant }),
  };
  return openRemote(url, { ...console, env: environment }, programs, http);
}

/** What protocol.version says: 2 where nothing does. */
export async function configuredVersion(
  console: Console,
  repository: Repository | OwnSettings | undefined,
): Promise<ProtocolVersion> {
  const files = repository !== undefined && 'config' in repository ? repository : undefined;
  const text = (await readGitConfig(console, files)).get('protocol', 'version') ?? '2';
  const version = ([0, 1, 2] as const).find((known) => String(known) === text);
  if (version === undefined) throw new CommandError(`unknown value for config 'protocol.version': ${text}`);
  return version;
}

/** The path of the bundle that `url` is; `undefined` where it is none. */
async function findBundle(url: string, console: Console): Promise<string | undefined> {
  const address = parseRemoteAddress(url);
  if (address.kind !== 'path') return undefined;
  const path = resolve(console.cwd, address.path);
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? path : undefined;
}

/** Paths are those of the console's directory. */
function openRemote(
  url: string,
  console: Console,
  programs: Omit<RemotePrograms, 'serverOptions'>,
  { http, pace }: Pick<HttpSettings, 'http' | 'pace'>,
): Transport {
  const { own, ...named } = programs;
  const there = consoleThere(console);
  const isNamed = programs.uploadPack !== undefined || programs.receivePack !== undefined;
  return createTransport(url, {
    ...named,
    environment: console.env,
    credentials: remoteCredentials(console, own),
    http,
    pace,
    // The program reads ~/.ssh/config, which people rely on.
    sshBy: 'program',
    local: (path) =>
      isNamed
        ? createLocalProgramTransport(resolve(console.cwd, path), { ...named, environment: there.env })
        : createPathTransport(resolve(console.cwd, path), {
            serve: async (repository, service) => {
              const { announced, ...receivePack } = await readReceiveSettings(there, repository);
              const config = await readGitConfig(there, repository);
              const uploadPack = { hidden: readHiddenRefs(config, 'uploadpack'), rules: uploadRules(config) };
              // As by the program that git would run there, which runs the hooks of that repository.
              const hooks = service === 'git-receive-pack' ? await trustedHooks(there, repository) : undefined;
              const own = { ...(hooks && { hooks }), hookTimeoutMs: PROGRAM_HOOK_TIMEOUT_MS };
              return { uploadPack, receivePack: { ...receivePack, ...announced, ...own } };
            },
          }),
  });
}

async function trustedHooks(console: Console, repository: FileRepository): Promise<PushHooks> {
  await assertTrusted(console, repository);
  return await hookPrograms(console, repository);
}
