// GET /config answers with what counts now; POST /propose?title=... with JSON puts a change up for review.
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { followConfig } from './config.mjs';

const [remote, port = '8080'] = process.argv.slice(2);
const service = await followConfig(remote, {
  pollMs: Number(process.env.POLL_MS ?? 5000),
  onChange: (config) => console.log('configuration is now', JSON.stringify(config)),
  onError: (error) => console.log('configuration was not read:', error.message),
});

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://service');
  const answer = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  try {
    if (request.method === 'GET' && url.pathname === '/config') {
      answer(200, { config: service.config, commit: service.commit });
    } else if (request.method === 'POST' && url.pathname === '/propose') {
      const branch = await service.propose(url.searchParams.get('title') ?? 'A change', await json(request));
      answer(201, { branch });
    } else {
      answer(404, { error: 'not found' });
    }
  } catch (error) {
    answer(500, { error: error.message });
  }
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));

process.once('SIGTERM', async () => {
  server.closeAllConnections();
  server.close();
  await service.close();
});
