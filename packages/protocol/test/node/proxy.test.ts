import { describe, expect, test } from 'vitest';
import { proxyFor } from '../../src/node/proxy.js';

describe('the proxy for a URL', () => {
  const P = 'http://proxy:3128';
  const cases: [url: string, environment: Record<string, string>, proxy: string | undefined][] = [
    ['http://host/', {}, undefined],
    ['http://host/', { http_proxy: P }, P],
    ['http://host/', { HTTP_PROXY: P }, P],
    ['http://host/', { HTTP_PROXY: P, REQUEST_METHOD: 'GET' }, undefined],
    ['http://host/', { http_proxy: P, HTTP_PROXY: 'http://other', REQUEST_METHOD: 'GET' }, P],
    ['https://host/', { HTTPS_PROXY: P, REQUEST_METHOD: 'GET' }, P],
    ['http://host/', { https_proxy: P }, undefined],
    ['https://host/', { http_proxy: P }, undefined],
    ['https://host/', { HTTPS_PROXY: P }, P],
    ['https://host/', { all_proxy: P }, P],
    ['https://host/', { https_proxy: P, HTTPS_PROXY: 'http://other' }, P],
    ['https://host/', { https_proxy: '' }, undefined],
    ['https://host/', { https_proxy: 'proxy:3128' }, P],
    ['https://host/', { https_proxy: 'proxy' }, 'http://proxy:1080/'],
    ['https://host/', { https_proxy: 'http://a:b@proxy/' }, 'http://a:b@proxy:1080/'],
    ['https://host/', { https_proxy: 'http://proxy:80' }, 'http://proxy:80'],
    ['https://host/', { https_proxy: 'https://proxy' }, 'https://proxy'],
    ['https://host/', { https_proxy: P, no_proxy: '*' }, undefined],
    ['https://host/', { https_proxy: P, no_proxy: 'other' }, P],
    ['https://host/', { https_proxy: P, no_proxy: 'other, HOST' }, undefined],
    ['https://a.host/', { https_proxy: P, no_proxy: 'host' }, undefined],
    ['https://a.host/', { https_proxy: P, no_proxy: '.host' }, undefined],
    ['https://a.host/', { https_proxy: P, no_proxy: '*.host' }, undefined],
    ['https://ahost/', { https_proxy: P, NO_PROXY: 'host' }, P],
    ['https://host:444/', { https_proxy: P, no_proxy: 'host:444' }, undefined],
    ['https://host/', { https_proxy: P, no_proxy: 'host:444' }, P],
    ['https://host/', { https_proxy: P, no_proxy: 'host:443' }, undefined],
    ['http://127.0.0.1:80/', { http_proxy: P, no_proxy: '127.0.0.1' }, undefined],
    ['http://[::1]:8080/', { http_proxy: P, no_proxy: '::1' }, undefined],
    ['http://[::1]:8080/', { http_proxy: P, no_proxy: '[::1]:8080' }, undefined],
    ['http://[::1]/', { http_proxy: P, no_proxy: '[::1]:8080' }, P],
  ];
  test.each(cases)('%s with %j is %s', (url, environment, proxy) => {
    expect(proxyFor(new URL(url), environment)).toBe(proxy);
  });

  test.each(['socks5://host', 'ftp://host', 'http://', 'http://a%ff:b@host'])('%s is refused', (proxy) => {
    const run = () => proxyFor(new URL('http://host/'), { http_proxy: proxy });
    expect(run).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });
});
