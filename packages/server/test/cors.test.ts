import { createMemoryRepository } from '@git-kv/repository/memory';
import { type CorsOptions, createGitServer } from '@git-kv/server';
import { describe, expect, test } from 'vitest';

const repository = createMemoryRepository();
const serve = (cors: CorsOptions) =>
  createGitServer({ resolve: (path) => (path === 'r' ? repository : undefined), cors });
const URL_OF_REFS = 'http://host/r/info/refs?service=git-upload-pack';
const ask = (origin: string | undefined, init: RequestInit = {}): Request =>
  new Request(URL_OF_REFS, {
    ...init,
    headers: { ...(origin === undefined ? {} : { Origin: origin }), ...init.headers },
  });
const preflight = (origin: string): Request =>
  ask(origin, { method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'GET' } });

describe('a server with CORS', () => {
  const named: CorsOptions = { origins: ['https://page'], credentials: true };

  test('lets the pages that are named read its answers', async () => {
    const answer = await serve(named)(ask('https://page'));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://page');
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
    expect(answer.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
    expect(answer.headers.get('vary')).toContain('Origin');
  });

  test('lets no other page read them, and says that the origin matters', async () => {
    for (const origin of ['https://other', 'https://page.other', 'null', undefined]) {
      const answer = await serve(named)(ask(origin));
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answer.headers.get('vary')).toContain('Origin');
    }
  });

  test('answers preflight requests, without asking the server', async () => {
    const answer = await serve(named)(preflight('https://page'));
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-methods')).toContain('POST');
    expect(answer.headers.get('access-control-allow-headers')).toMatch(/Git-Protocol/);
    expect(Number(answer.headers.get('access-control-max-age'))).toBeGreaterThan(0);
    // What our own client sends: without Pragma, no page of another origin would come through.
    const headers = answer.headers.get('Access-Control-Allow-Headers')?.split(', ');
    expect(headers).toEqual(expect.arrayContaining(['Accept', 'Content-Type', 'Git-Protocol', 'Pragma']));
    const refused = await serve(named)(preflight('https://other'));
    expect(refused.headers.get('access-control-allow-methods')).toBeNull();
  });

  test('lets all pages in where it is told to', async () => {
    const answer = await serve({ origins: '*' })(ask('https://page'));
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('vary')).toBeNull();
  });

  test('asks a function', async () => {
    const server = serve({ origins: (origin) => origin.endsWith('.example.com') });
    expect((await server(ask('https://a.example.com'))).headers.get('access-control-allow-origin')).toBe(
      'https://a.example.com',
    );
    expect((await server(ask('https://example.org'))).headers.get('access-control-allow-origin')).toBeNull();
  });

  test('marks refusals, too, so that a page can read why', async () => {
    const answer = await serve(named)(
      new Request('http://host/absent/info/refs?service=git-upload-pack', { headers: { Origin: 'https://page' } }),
    );
    expect(answer.status).toBe(404);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://page');
  });

  test('takes no credentials from everywhere', () => {
    expect(() => serve({ origins: '*', credentials: true })).toThrow(TypeError);
  });

  test('without CORS says nothing of origins', async () => {
    const server = createGitServer({ resolve: () => repository });
    expect((await server(ask('https://page'))).headers.get('access-control-allow-origin')).toBeNull();
    expect((await server(preflight('https://page'))).status).toBe(405);
  });
});
