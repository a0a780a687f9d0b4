// The servers of the matrix: one process or listener of each kind, for all repositories in one folder.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FileRepository, openRepository } from '@git-kv/repository/node-fs';
import { allowAll, createGitServer } from '@git-kv/server';
import { listen, listenGit, listenSsh } from '@git-kv/server/node';
import { startGitDaemon } from '../../support/git-daemon.js';
import { startGitHttpBackend } from '../../support/git-http-backend.js';
import { makeSshKey } from '../../support/ssh.js';
import { startSshd } from '../../support/sshd.js';
import type { ServerName } from './axes.js';

/** How ssh gets in: for the program, and for the library. */
export interface SshAccess {
  readonly command: string;
  readonly knownHosts: string;
  readonly identityFile: string;
}

/** A server that runs. */
export interface RunningServer {
  /** The URL of a repository by its path in the folder. */
  url(path: string): string;
  readonly ssh?: SshAccess;
  /** The command that serves, to which `upload-pack` or `receive-pack` is added; for what is started by the client. */
  readonly program?: string;
  /** Forget a repository that will go. */
  forget(path: string): Promise<void>;
  close(): Promise<void>;
}

const nothing = async (): Promise<void> => {};

/** Start a server for the repositories in `root`. `scratch` is for its keys. @param tsgit the built program, for stdio */
export async function startServer(
  name: ServerName,
  root: string,
  scratch: string,
  tsgit: string,
): Promise<RunningServer> {
  switch (name) {
    case 'git-http-backend': {
      const server = await startGitHttpBackend({ root });
      return { url: (path) => `${server.url}/${path}`, forget: nothing, close: server.close };
    }
    case 'git-daemon': {
      const server = await startGitDaemon(root, { enableReceivePack: true });
      return { url: (path) => `${server.url}/${path}`, forget: nothing, close: server.close };
    }
    case 'sshd': {
      const server = await startSshd(scratch);
      return {
        url: (path) => `ssh://${server.user}@127.0.0.1:${server.port}${join(root, path)}`,
        ssh: { command: server.command, knownHosts: server.knownHosts, identityFile: server.userKey.path },
        forget: nothing,
        close: server.close,
      };
    }
    case 'our-stdio':
      return { url: (path) => join(root, path), program: tsgit, forget: nothing, close: nothing };
    default:
      return await startOurs(name, root, scratch);
  }
}

async function startOurs(
  name: 'our-http' | 'our-git' | 'our-ssh',
  root: string,
  scratch: string,
): Promise<RunningServer> {
  const opened = new Map<string, Promise<FileRepository>>();
  const resolve = (path: string): Promise<FileRepository> => {
    if (!/^[\w-]+\.git$/.test(path)) throw new Error(`there is no ${path}`);
    const known = opened.get(path) ?? openRepository(join(root, path), { durability: 'none' });
    opened.set(path, known);
    return known;
  };
  const forget = async (path: string): Promise<void> => {
    const known = opened.get(path);
    opened.delete(path);
    await (await known)?.close();
  };
  const options = { resolve, authorize: allowAll };
  const ending = (close: () => Promise<void>) => async (): Promise<void> => {
    await close();
    for (const path of [...opened.keys()]) await forget(path);
  };
  if (name === 'our-ssh') {
    const hostKey = makeSshKey(scratch, 'our-host');
    const userKey = makeSshKey(scratch, 'our-user');
    const server = await listenSsh({ ...options, hostKeys: [hostKey.privateText], authenticate: () => 'tester' });
    const { host } = new URL(server.url);
    const knownHosts = join(scratch, 'our_known_hosts');
    writeFileSync(knownHosts, `[127.0.0.1]:${host.split(':')[1]} ${hostKey.publicLine}\n`);
    const words = `-F none -o UserKnownHostsFile=${knownHosts} -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes -o BatchMode=yes`;
    return {
      url: (path) => `ssh://tester@${host}/${path}`,
      ssh: { command: `ssh ${words} -i ${userKey.path}`, knownHosts, identityFile: userKey.path },
      forget,
      close: ending(() => server.close()),
    };
  }
  const server =
    name === 'our-http'
      ? await listen({ server: createGitServer({ ...options, level: 1 }) })
      : await listenGit({ ...options });
  return { url: (path) => `${server.url}/${path}`, forget, close: ending(() => server.close()) };
}
