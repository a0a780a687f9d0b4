import { decodeUtf8Exact, encodeUtf8, MalformedError } from '@git-kv/objects';
import { encodeDataLine } from '../pkt-line/encode.js';
import type { ProtocolVersion, Service } from './transport.js';

/** What a client of `git://` says first. */
export interface DaemonRequest {
  readonly service: Service;
  /** As the client wrote it: absolute, as a rule. */
  readonly path: string;
  /** The name, and perhaps `:port`, that the client knows the server by. */
  readonly host?: string;
  /** The highest version of the protocol that was asked for; 0 where none was. */
  readonly version: ProtocolVersion;
}

const SERVICES: ReadonlySet<string> = new Set<Service>(['git-upload-pack', 'git-receive-pack']);

/**
 * The line that opens a connection of `git://`.
 *
 *     request = service SP path NUL [ "host=" host NUL ] [ NUL "version=" digit NUL ]
 *
 * @throws {RangeError} where a part contains NUL or a line feed
 * @see gitprotocol-pack(5), "Git Transport"
 */
export function serializeDaemonRequest(request: DaemonRequest): Uint8Array {
  const { service, path, host, version } = request;
  if (/[\0\n]/.test(path + (host ?? '')))
    throw new RangeError('Cannot write a request of git://: a part has NUL or LF in it');
  const hostParameter = host === undefined ? '' : `host=${host}\0`;
  const extra = version === 0 ? '' : `\0version=${version}\0`;
  return encodeDataLine(encodeUtf8(`${service} ${path}\0${hostParameter}${extra}`));
}

/**
 * Parse the payload of the first line. Extra parameters that are not known are passed over, as git does.
 * @throws {MalformedError} for what is no request, or for another service than these
 */
export function parseDaemonRequest(payload: Uint8Array): DaemonRequest {
  const text = decodeUtf8Exact(payload);
  if (text === undefined) fail('it is not UTF-8');
  const [command = '', ...parameters] = text.split('\0');
  const space = command.indexOf(' ');
  const service = command.slice(0, Math.max(space, 0));
  if (!SERVICES.has(service)) fail('the service is not known');
  const path = command.slice(space + 1).replace(/\n$/, '');
  if (path === '') fail('it names no repository');
  // Before the empty parameter stands what old servers read, after it what they overlook.
  const gap = parameters.indexOf('');
  const hosts = (gap < 0 ? parameters : parameters.slice(0, gap)).filter((parameter) => /^host=./i.test(parameter));
  const host = hosts[0]?.slice('host='.length);
  const versions = (gap < 0 ? [] : parameters.slice(gap + 1)).map(
    (parameter) => /^version=([012])$/.exec(parameter)?.[1],
  );
  const version = Math.max(0, ...versions.map((digit) => Number(digit ?? 0))) as ProtocolVersion;
  return { service: service as Service, path, ...(host !== undefined && { host }), version };
}

function fail(problem: string): never {
  throw new MalformedError('git:// request', 0, problem, { origin: 'remote' });
}
