/**
 * Listen with a {@link GitServer} on Node.
 *
 * @module
 */
export { type ListeningServer, type ListenOptions, listen } from './listen.js';
