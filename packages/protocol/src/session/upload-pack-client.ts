import { type ProtocolLimits, protocolLimits } from '../limits.js';
import { assertBodyEnds } from '../sideband.js';
import { lineText } from '../text.js';
import type { Transport } from '../transport/transport.js';
import { readAfterServiceLine, readV2Capabilities } from '../v2/advertisement.js';
import { type AnswerLines, type Channel, orClose, orLetGo } from './channel.js';
import { openChannel } from './open-channel.js';
import type { ConnectOptions, UploadPackClient } from './upload-pack.js';
import { V2UploadPack } from './v2-upload-pack.js';

/**
 * Ask a server what it can do, for fetching. One request, or one connection. The server's answer decides which protocol version
 * is spoken: an old one knows none but 0, whatever it is asked for.
 * @throws {TypeError} for options that cannot be sent; what the transport throws; {RemoteError} where the server refuses; {MalformedError} for what is no advertisement
 */
export async function connectUploadPack(transport: Transport, options: ConnectOptions = {}): Promise<UploadPackClient> {
  assertSayable(options);
  const limits = protocolLimits(options.limits);
  const channel = await openChannel(transport, 'git-upload-pack', options.version ?? 2);
  return await orClose(channel, async () => {
    const lines = await channel.advertisement(options.signal);
    return await orLetGo(lines, () => openSession(channel, lines, limits, options));
  });
}

async function openSession(
  channel: Channel,
  lines: AnswerLines,
  limits: ProtocolLimits,
  options: ConnectOptions,
): Promise<UploadPackClient> {
  const first = await readAfterServiceLine(lines);
  if (first.kind === 'data' && lineText(first.payload) === 'version 2') {
    const capabilities = await readV2Capabilities(lines, limits);
    await assertBodyEnds(lines);
    channel.version = 2;
    return new V2UploadPack(channel, capabilities, limits, options);
  }
  // Loaded when it is needed: servers that know no version 2 are few.
  const { readV0Advertisement, V0UploadPack } = await import('../later.js');
  const advertisement = await readV0Advertisement(lines, first, limits);
  await assertBodyEnds(lines);
  channel.version = advertisement.version;
  return new V0UploadPack(channel, advertisement, limits, options);
}

/** @throws {TypeError} for what would not be one line, or one word, of a request */
function assertSayable({ sessionId, serverOptions = [] }: ConnectOptions): void {
  if (sessionId !== undefined && !/^[\x21-\x7e]+$/.test(sessionId)) {
    throw new TypeError('Cannot connect: the session id is not printable, or has spaces in it');
  }
  if (serverOptions.some((option) => /[\n\0]/.test(option))) {
    throw new TypeError('Cannot connect: a server option has a line feed or NUL in it');
  }
}
