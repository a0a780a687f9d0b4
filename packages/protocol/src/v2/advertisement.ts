import { concatBytes, GitError, MalformedError } from '@git-kv/objects';
import { type Capabilities, type Capability, parseCapability, serializeCapability } from '../capabilities.js';
import { assertWithin, DEFAULT_PROTOCOL_LIMITS, type ProtocolLimits } from '../limits.js';
import { closedEarly } from '../pkt-line/closed.js';
import { encodeText, FLUSH } from '../pkt-line/encode.js';
import type { PktLine } from '../pkt-line/line.js';
import { parseErrorLine } from '../remote-words.js';
import type { LineSource } from '../sideband.js';
import { lineText } from '../text.js';

/**
 * Read what a server says it can do.
 *
 *     advertisement = "version 2" *capability flush
 *     capability    = name ["=" value]                 ; each a line
 *
 * Before it may stand "# service=git-upload-pack" and a flush, as over HTTP.
 * @throws {GitError} UNSUPPORTED for an answer in protocol version 0 or 1; {RemoteError} for an ERR line; {LimitError}
 * @see gitprotocol-v2(5), "Capability Advertisement"
 */
export async function readV2Advertisement(
  lines: LineSource,
  limits: ProtocolLimits = DEFAULT_PROTOCOL_LIMITS,
): Promise<Capabilities> {
  const first = await readAfterServiceLine(lines);
  const version = dataText(first, lines.offset);
  if (version !== 'version 2') throw unsupportedVersion(version, lines.offset);
  return await readV2Capabilities(lines, limits);
}

/** Read on after the line "version 2". Throws as {@link readV2Advertisement}. */
export async function readV2Capabilities(lines: LineSource, limits: ProtocolLimits): Promise<Capabilities> {
  const capabilities: Capability[] = [];
  for (;;) {
    const line = (await lines.read()) ?? closedEarly();
    if (line.kind === 'flush') return capabilities;
    capabilities.push(parseCapability(dataText(line, lines.offset)));
    assertWithin(limits, 'maxCapabilities', capabilities.length);
  }
}

/** The bytes that {@link readV2Advertisement} reads. */
export function serializeV2Advertisement(capabilities: Capabilities): Uint8Array {
  return concatBytes([encodeText('version 2'), ...capabilities.map((c) => encodeText(serializeCapability(c))), FLUSH]);
}

/** The two lines that go before an advertisement over HTTP: "# service=git-upload-pack" and a flush. */
export function serializeServiceLine(service: 'git-upload-pack' | 'git-receive-pack'): Uint8Array {
  return concatBytes([encodeText(`# service=${service}`), FLUSH]);
}

/** The first line that counts: after the "# service=..." and flush of HTTP, where they are there. */
export async function readAfterServiceLine(lines: LineSource): Promise<PktLine> {
  const first = (await lines.read()) ?? closedEarly();
  if (first.kind !== 'data' || !lineText(first.payload).startsWith('# service=')) return first;
  const flush = (await lines.read()) ?? closedEarly();
  if (flush.kind !== 'flush') {
    throw new MalformedError('advertisement', lines.offset, 'no flush after the service line', { origin: 'remote' });
  }
  return (await lines.read()) ?? closedEarly();
}

/** The text of a data line. @throws {MalformedError} for a control line; {RemoteError} for an ERR line */
function dataText(line: PktLine, offset: number): string {
  if (line.kind !== 'data') {
    throw new MalformedError('advertisement', offset, `a ${line.kind} line stands where data must`, {
      origin: 'remote',
    });
  }
  const failure = parseErrorLine(line.payload);
  if (failure !== undefined) throw failure;
  return lineText(line.payload);
}

function unsupportedVersion(text: string, offset: number): GitError {
  const isOlder = text === 'version 1' || /^(?:[0-9a-f]{40}|[0-9a-f]{64}) /.test(text);
  if (!isOlder) {
    const problem = `${JSON.stringify(text.slice(0, 80))} is no protocol version`;
    return new MalformedError('advertisement', offset, problem, { origin: 'remote' });
  }
  return new GitError(
    'UNSUPPORTED',
    'Cannot read the advertisement as one of protocol version 2: the remote speaks version 0 or 1',
  );
}
