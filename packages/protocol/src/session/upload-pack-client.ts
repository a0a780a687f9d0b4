import { protocolLimits } from '../limits.js';
import { assertBodyEnds } from '../sideband.js';
import type { Transport } from '../transport/transport.js';
import { readV2Advertisement } from '../v2/advertisement.js';
import { orLetGo } from './channel.js';
import { openChannel } from './open-channel.js';
import type { ConnectOptions, UploadPackClient } from './upload-pack.js';
import { V2UploadPack } from './v2-upload-pack.js';

/**
 * Ask a server what it can do, for fetching. One request, or one connection.
 * @throws {GitError} UNSUPPORTED where it does not speak protocol version 2; what the transport throws
 */
export async function connectUploadPack(transport: Transport, options: ConnectOptions = {}): Promise<UploadPackClient> {
  const limits = protocolLimits(options.limits);
  const channel = openChannel(transport, 'git-upload-pack', options.version ?? 2);
  const lines = await channel.advertisement(options.signal);
  const capabilities = await orLetGo(lines, async () => {
    const announced = await readV2Advertisement(lines, limits);
    await assertBodyEnds(lines);
    return announced;
  });
  return new V2UploadPack(channel, capabilities, limits);
}
