/**
 * Listen on Node: over HTTP with a `GitServer`, over `git://`, and over ssh by the package `ssh2`.
 *
 * @module
 */
export { type ConnectionLimits, DEFAULT_CONNECTION_LIMITS } from './connection-limits.js';
export { type ListenGitOptions, listenGit } from './git-daemon.js';
export { type ListenOptions, listen } from './listen.js';
export type { ListenAddress, ListeningServer } from './listening.js';
export type { SshLogin } from './ssh-login-rules.js';
export { type ListenSshOptions, listenSsh } from './ssh-server.js';
