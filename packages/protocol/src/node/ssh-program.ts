import { basename } from 'node:path';
import { GitError } from '@git-kv/objects';
import type { PaceOptions } from '../transport/pace.js';
import type { RemoteAddress } from '../transport/remote-address.js';
import type { Connection, ConnectionTransport } from '../transport/transport.js';
import { DEFAULT_IDLE_TIMEOUT_MS } from './git-transport.js';
import { connectProgram } from './program-connection.js';
import type { Environment } from './proxy.js';
import type { ConnectCall } from './stream-connection.js';

/** How programs are run for a remote. */
export interface ProgramOptions {
  /** What programs see, and where GIT_SSH_COMMAND, GIT_SSH and GIT_SSH_VARIANT are looked up. Default: this process's. */
  readonly environment?: Environment | undefined;
  /** Give up when nothing moves for so long (default five minutes); 0 for never. */
  readonly timeoutMs?: number | undefined;
  /** Give up a server that is slower than this; by default none is. */
  readonly pace?: PaceOptions | undefined;
  /** The program that serves fetches, as git's --upload-pack: a command for a shell on the other side. */
  readonly uploadPack?: string | undefined;
  /** The program that serves pushes, as git's --receive-pack. */
  readonly receivePack?: string | undefined;
}

/** An address that ssh leads to. */
export type SshAddress = RemoteAddress & { readonly kind: 'ssh' };

/** What is to run on the other side: the service's program with the quoted path. */
export function remoteCommand(call: Pick<ConnectCall, 'service'>, path: string, options: ProgramOptions): string {
  const program = call.service === 'git-upload-pack' ? options.uploadPack : options.receivePack;
  return `${program ?? call.service} ${quoteForShell(path)}`;
}

/** Text as one word of a POSIX shell, as git quotes it. */
export function quoteForShell(text: string): string {
  return `'${text.replace(/['!]/g, (mark) => `'\\${mark}'`)}'`;
}

/**
 * A transport through a program that speaks ssh: `ssh`, or what GIT_SSH_COMMAND or GIT_SSH name. It finds keys, hosts and its own
 * configuration by itself, and asks at the terminal where it needs to.
 * @see git(1), "GIT_SSH"
 */
export function createSshProgramTransport(address: SshAddress, options: ProgramOptions = {}): ConnectionTransport {
  return { url: address.display, connect: (call) => connectSsh(address, call, options) };
}

async function connectSsh(address: SshAddress, call: ConnectCall, options: ProgramOptions): Promise<Connection> {
  const { environment = process.env } = options;
  const { program, args, variant } = sshProgram(environment);
  const version = call.version ?? 0;
  const destination = address.user === undefined ? address.host : `${address.user}@${address.host}`;
  return await connectProgram({
    program,
    args: [
      ...args,
      ...sshOptions(variant, version, address.port),
      destination,
      remoteCommand(call, address.path, options),
    ],
    environment: version === 0 ? environment : { ...environment, GIT_PROTOCOL: `version=${version}` },
    display: address.display,
    isCarrier: true,
    signal: call.signal,
    timeoutMs: options.timeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
    pace: options.pace,
  });
}

type SshVariant = 'ssh' | 'plink' | 'putty' | 'tortoiseplink' | 'simple';

/** The program, and which family of options it takes. A command of GIT_SSH_COMMAND is a shell's to read. */
export function sshProgram(environment: Environment): {
  program: string;
  args: readonly string[];
  variant: SshVariant;
} {
  const command = environment.GIT_SSH_COMMAND;
  if (command !== undefined && command !== '') {
    const word = /^\s*(?:'([^']*)'|"([^"]*)"|(\S+))/.exec(command);
    const variant = sshVariant(environment, word?.[1] ?? word?.[2] ?? word?.[3] ?? '');
    return { program: 'sh', args: ['-c', `${command} "$@"`, command], variant };
  }
  const program = environment.GIT_SSH || 'ssh';
  return { program, args: [], variant: sshVariant(environment, program) };
}

function sshVariant(environment: Environment, program: string): SshVariant {
  const named = environment.GIT_SSH_VARIANT?.toLowerCase();
  const name =
    named === undefined || named === 'auto'
      ? basename(program)
          .toLowerCase()
          .replace(/\.exe$/, '')
      : named;
  if (name === 'plink' || name === 'putty' || name === 'tortoiseplink' || name === 'simple') return name;
  // git asks a program of another name what it understands (ssh -G); taking it for OpenSSH serves wrappers of that.
  return 'ssh';
}

function sshOptions(variant: SshVariant, version: number, port: number | undefined): string[] {
  if (variant === 'simple') {
    if (port === undefined) return [];
    throw new GitError('UNSUPPORTED', "Cannot connect over ssh: programs of the variant 'simple' take no port");
  }
  const options = variant === 'tortoiseplink' ? ['-batch'] : [];
  if (variant === 'ssh' && version > 0) options.push('-o', 'SendEnv=GIT_PROTOCOL');
  if (port !== undefined) options.push(variant === 'ssh' ? '-p' : '-P', String(port));
  return options;
}

/**
 * A transport to a repository on this machine through git's own programs, `git-upload-pack` and `git-receive-pack` (or those that
 * the options name), which run its hooks.
 */
export function createLocalProgramTransport(path: string, options: ProgramOptions = {}): ConnectionTransport {
  return {
    url: path,
    async connect(call) {
      const { environment = process.env } = options;
      if (path.startsWith('-') || path.includes('\0')) {
        throw new GitError('INVALID_URL', 'Cannot use the path: it begins with - or contains NUL');
      }
      const version = call.version ?? 0;
      const program = call.service === 'git-upload-pack' ? options.uploadPack : options.receivePack;
      return await connectProgram({
        // As git: a command of the caller's is a shell's to read, and may be more than one word.
        ...(program === undefined
          ? { program: 'git', args: [call.service.slice('git-'.length), path] }
          : { program: 'sh', args: ['-c', `${program} "$@"`, program, path] }),
        environment: withoutRepository(environment, version),
        display: path,
        signal: call.signal,
        timeoutMs: options.timeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
        pace: options.pace,
      });
    },
  };
}

/** Variables that say which repository git works in; the other side has its own. */
const REPOSITORY_VARIABLES: ReadonlySet<string> = new Set([
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_CONFIG',
  'GIT_CONFIG_COUNT',
  'GIT_CONFIG_PARAMETERS',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
]);

function withoutRepository(environment: Environment, version: number): Environment {
  const kept = Object.entries(environment).filter(
    // The settings that GIT_CONFIG_COUNT counts may hold secrets, and without it are none.
    ([name]) =>
      !REPOSITORY_VARIABLES.has(name) && name !== 'GIT_PROTOCOL' && !/^GIT_CONFIG_(?:KEY|VALUE)_\d+$/.test(name),
  );
  return Object.fromEntries(version === 0 ? kept : [...kept, ['GIT_PROTOCOL', `version=${version}`]]);
}
