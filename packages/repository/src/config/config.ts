import { type ConfigSection, encodeUtf8, MalformedError, scanConfig } from '@git-kv/objects';

/**
 * One `name = value` line. Section and name are in lower case, as git compares them; a subsection is kept as it stands.
 * Before the first section, the section is empty.
 */
export interface ConfigEntry {
  readonly section: string;
  readonly subsection: string | undefined;
  readonly name: string;
  /** `undefined` for a name without `=`, which git reads as true. */
  readonly value: string | undefined;
}

/** The settings of one config file. */
export class Config {
  readonly entries: readonly ConfigEntry[];

  constructor(entries: readonly ConfigEntry[]) {
    this.entries = entries;
  }

  /** The last value of `section.name`, or of `section.subsection.name`; `'true'` for a name without a value. */
  get(section: string, name: string, subsection?: string): string | undefined {
    const entry = this.entries.findLast((one) => isEntryOf(one, section, name, subsection));
    return entry && (entry.value ?? 'true');
  }

  /** All its values, in the order of the file. */
  getAll(section: string, name: string, subsection?: string): string[] {
    return this.entries.filter((one) => isEntryOf(one, section, name, subsection)).map(({ value }) => value ?? 'true');
  }

  /** The value as a boolean as git spells them, or `undefined` where it is absent or no boolean. */
  getBoolean(section: string, name: string, subsection?: string): boolean | undefined {
    const value = this.get(section, name, subsection)?.toLowerCase();
    if (value === undefined) return undefined;
    if (['true', 'yes', 'on'].includes(value)) return true;
    if (['false', 'no', 'off', ''].includes(value)) return false;
    return /^[+-]?[0-9]+$/.test(value) ? Number(value) !== 0 : undefined;
  }

  /** The value as an integer, with `k`, `m` or `g` for powers of 1024; `undefined` where it is absent or no such integer. */
  getInteger(section: string, name: string, subsection?: string): number | undefined {
    const match = /^\s*([+-]?[0-9]+)([kmg]?)$/i.exec(this.get(section, name, subsection) ?? '');
    if (match === null) return undefined;
    const value = Number(match[1]) * 1024 ** ['', 'k', 'm', 'g'].indexOf((match[2] as string).toLowerCase());
    return Number.isSafeInteger(value) ? value : undefined;
  }

  /** The subsections of a section that have settings, each once, in the order of the file. */
  subsections(section: string): string[] {
    const found = new Set<string>();
    for (const entry of this.entries) {
      if (entry.section === section.toLowerCase() && entry.subsection !== undefined) found.add(entry.subsection);
    }
    return [...found];
  }
}

function isEntryOf(entry: ConfigEntry, section: string, name: string, subsection: string | undefined): boolean {
  return (
    entry.subsection === subsection && entry.section === section.toLowerCase() && entry.name === name.toLowerCase()
  );
}

/**
 * Parse git's config syntax. Includes are not followed: what a file says must not make another be read.
 * @param source UTF-8, or its characters
 * @throws {MalformedError} where git would refuse the file; the offset counts bytes
 * @see git-config(1), "Syntax"
 */
export function parseConfig(source: string | Uint8Array): Config {
  const entries: ConfigEntry[] = [];
  let at: ConfigSection | undefined;
  scanConfigFile(typeof source === 'string' ? encodeUtf8(source) : source, {
    section(section) {
      at = section;
    },
    setting({ key, value }) {
      entries.push({
        section: at?.name ?? '',
        subsection: at?.subsection === undefined ? undefined : textOf(at.subsection),
        name: key,
        value: value === undefined ? undefined : textOf(value),
      });
    },
  });
  return new Config(entries);
}

const BYTE_ORDER_MARK_BYTES = 3;

/** {@link scanConfig} from after a byte order mark, with offsets of the file, that throws where the file is no config. */
export function scanConfigFile(
  bytes: Uint8Array,
  visitor: Required<Pick<Visitor, 'section' | 'setting'>> & Visitor,
): void {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? BYTE_ORDER_MARK_BYTES : 0;
  const problem = scanConfig(bytes.subarray(start), {
    section: (section, at) => visitor.section(section, start + at),
    setting: (setting, at) => visitor.setting(setting, start + at),
    comment: (at) => visitor.comment?.(start + at),
    space: (at) => visitor.space?.(start + at),
  });
  if (problem === undefined) return;
  const line = bytes.subarray(0, start + problem).reduce((count, byte) => (byte === 0x0a ? count + 1 : count), 1);
  throw new MalformedError('config', start + problem, `line ${line} is neither a section nor a setting`);
}

type Visitor = Parameters<typeof scanConfig>[1];

/** The text of bytes that stand as one character each. */
function textOf(bytes: string): string {
  if (!/[\x80-\xff]/.test(bytes)) return bytes;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
}
