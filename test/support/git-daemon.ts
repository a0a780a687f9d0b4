import { gitEnv } from './git-process.js';
import { type Inetd, startInetd } from './inetd.js';

/** git's own server of `git://` for the repositories below `root`. */
export interface GitDaemon extends Inetd {
  /** `git://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
}

/** Start `git daemon`, a process for each connection. */
export async function startGitDaemon(
  root: string,
  options: { readonly enableReceivePack?: boolean } = {},
): Promise<GitDaemon> {
  const services = options.enableReceivePack === true ? ['--enable=receive-pack'] : [];
  const args = ['daemon', '--inetd', '--export-all', '--informative-errors', `--base-path=${root}`, ...services, root];
  const inetd = await startInetd('git', args, gitEnv);
  return { ...inetd, url: `git://127.0.0.1:${inetd.port}` };
}
