/** What a setting is called: `remote.origin.url`. */
export interface ConfigKey {
  /** Letters, digits and `-`, in any case. */
  readonly section: string;
  /** Anything but NUL and line feeds, case matters. */
  readonly subsection?: string | undefined;
  /** A letter, then letters, digits and `-`, in any case. */
  readonly name: string;
}

/**
 * Take a dotted name apart: before the first dot the section, after the last the name, a subsection between.
 * @throws {RangeError} where git takes it for no key
 */
export function parseConfigKey(text: string): ConfigKey {
  const match = /^([A-Za-z0-9-]+)(?:\.([^\0\n]*))?\.([A-Za-z][A-Za-z0-9-]*)$/.exec(text);
  if (match === null) throw new RangeError(`Cannot use ${JSON.stringify(text)} as a config key`);
  const [, section, subsection, name] = match;
  return { section: section as string, subsection, name: name as string };
}

/**
 * A section's name, with its subsection after a dot.
 * @throws {RangeError} where git takes it for none
 */
export function parseSectionName(text: string): Pick<ConfigKey, 'section' | 'subsection'> {
  const match = /^([A-Za-z0-9-]+)(?:\.([^\0\n]*))?$/.exec(text);
  if (match === null) throw new RangeError(`Cannot use ${JSON.stringify(text)} as a config section`);
  return { section: match[1] as string, subsection: match[2] };
}
