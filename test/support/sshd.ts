import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { gitEnv } from './git-process.js';
import { type Inetd, startInetd } from './inetd.js';
import { makeSshKey, type SshKeyFiles } from './ssh.js';

/** OpenSSH's server refuses to be started by a relative path. */
const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/local/bin/sshd', '/opt/homebrew/sbin/sshd'].find(
  existsSync,
);

/** Why OpenSSH's server cannot be used here, or `undefined`. */
export const sshdProblem: string | undefined = ((): string | undefined => {
  if (SSHD === undefined) return 'sshd is not installed';
  try {
    execFileSync('ssh-keygen', ['-l', '-f', '/dev/null'], { stdio: 'pipe' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'ssh-keygen is not installed';
  }
  if (process.getuid?.() !== 0) return undefined;
  try {
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 }); // where a server that root starts shuts its children in
    return undefined;
  } catch {
    return '/run/sshd cannot be made';
  }
})();

/** OpenSSH's server, which lets in one key of the user who runs the tests. */
export interface Sshd extends Inetd {
  readonly user: string;
  readonly hostKey: SshKeyFiles;
  readonly userKey: SshKeyFiles;
  /** A known_hosts file that names the server. */
  readonly knownHosts: string;
  /** What an ssh program needs to come in, as GIT_SSH_COMMAND. */
  readonly command: string;
}

/** Start sshd with its keys in `directory`, a process for each connection. */
export async function startSshd(directory: string, lines: readonly string[] = []): Promise<Sshd> {
  const hostKey = makeSshKey(directory, 'host');
  const userKey = makeSshKey(directory, 'user');
  const authorized = join(directory, 'authorized_keys');
  writeFileSync(authorized, readFileSync(`${userKey.path}.pub`), { mode: 0o600 });
  const config = join(directory, 'sshd_config');
  const settings = [
    ...lines,
    `HostKey ${hostKey.path}`,
    `AuthorizedKeysFile ${authorized}`,
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'AcceptEnv GIT_PROTOCOL',
    'PrintMotd no',
  ];
  writeFileSync(config, `${settings.join('\n')}\n`);
  const inetd = await startInetd(SSHD as string, ['-i', '-e', '-f', config], gitEnv);
  const knownHosts = join(directory, 'known_hosts');
  writeFileSync(knownHosts, `[127.0.0.1]:${inetd.port} ${hostKey.publicLine}\n`);
  const options = `-F none -o UserKnownHostsFile=${knownHosts} -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes -o BatchMode=yes`;
  return {
    ...inetd,
    user: userInfo().username,
    hostKey,
    userKey,
    knownHosts,
    command: `ssh ${options} -i ${userKey.path}`,
  };
}
