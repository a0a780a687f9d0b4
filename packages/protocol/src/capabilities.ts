import { GitError, type HashAlgorithm, hashAlgorithm } from '@git-kv/objects';

/** One thing a peer can do, with a value where it has one: `agent=git/2.39.5`, `ofs-delta`. */
export interface Capability {
  readonly name: string;
  readonly value?: string;
}

/** Capabilities in the order they were announced; a name may come more than once (`symref`). */
export type Capabilities = readonly Capability[];

/** How this library names itself to its peers, as `agent` and as User-Agent. It starts as git's own does: hosts look at that. */
export const AGENT = 'git/git-kv-0.1.0';

/** One `name` or `name=value`. */
export function parseCapability(text: string): Capability {
  const equals = text.indexOf('=');
  return equals < 0 ? { name: text } : { name: text.slice(0, equals), value: text.slice(equals + 1) };
}

/** Protocol v0's list: capabilities between single spaces, after the NUL of the first line. */
export function parseCapabilityList(text: string): Capabilities {
  return text
    .split(' ')
    .filter((part) => part !== '')
    .map(parseCapability);
}

/** `name` or `name=value`, for a line of protocol v2 or a part of v0's list. */
export function serializeCapability(capability: Capability): string {
  return capability.value === undefined ? capability.name : `${capability.name}=${capability.value}`;
}

/** Protocol v0's list, without the NUL before it. */
export function serializeCapabilityList(capabilities: Capabilities): string {
  return capabilities.map(serializeCapability).join(' ');
}

/** Whether `name` is announced, with a value or without. */
export function hasCapability(capabilities: Capabilities, name: string): boolean {
  return capabilities.some((capability) => capability.name === name);
}

/** The value of the first `name`, or `undefined` where it is absent or has none. */
export function capabilityValue(capabilities: Capabilities, name: string): string | undefined {
  return capabilities.find((capability) => capability.name === name)?.value;
}

/** Whether `name` has `feature` among its features: protocol v2's `fetch=shallow wait-for-done`. */
export function hasFeature(capabilities: Capabilities, name: string, feature: string): boolean {
  return capabilityValue(capabilities, name)?.split(' ').includes(feature) ?? false;
}

/** The algorithm that `object-format` names, SHA-1 where nothing is said. @throws {GitError} UNSUPPORTED */
export function negotiatedAlgorithm(capabilities: Capabilities): HashAlgorithm {
  return hashAlgorithm(capabilityValue(capabilities, 'object-format') ?? 'sha1');
}

/** @throws {GitError} UNSUPPORTED where the remote has not announced `name` */
export function assertCapability(capabilities: Capabilities, name: string, what: string): void {
  if (!hasCapability(capabilities, name)) {
    throw new GitError('UNSUPPORTED', `Cannot ${what}: the remote does not announce ${name}`);
  }
}
