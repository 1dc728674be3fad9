import { expect, test } from "vitest";
import {
  answerHeaders,
  redirectWithin,
} from "../../../durable-objects/engine/network/answer-headers.ts";

/** What users' servers may say to browsers and caches through the proxy and the preview. */

test.each([
  ["Set-Cookie", "a=b"],
  ["Set-Cookie2", "a=b"],
  ["Clear-Site-Data", '"*"'],
  ["Strict-Transport-Security", "max-age=1"],
  ["Location", "https://elsewhere.test/"],
  ["Content-Location", "/x"],
  ["Refresh", "0; url=https://elsewhere.test/"],
  ["Cache-Control", "public, max-age=31536000, immutable"],
  ["CDN-Cache-Control", "public"],
  ["Surrogate-Control", "max-age=1"],
  ["Expires", "Thu, 01 Jan 2099 00:00:00 GMT"],
  ["Age", "1"],
  ["Pragma", "x"],
  ["Set-Login", "logged-in"],
  ["Sec-Session-Registration", "(ES256)"],
  ["Sec-Session-Challenge", '"x"'],
  ["Use-As-Dictionary", 'match="/*"'],
  ["Available-Dictionary", "x"],
  ["No-Vary-Search", "params"],
  ["Public-Key-Pins", "x"],
  ["Speculation-Rules", '"/x"'],
  ["Supports-Loading-Mode", "credentialed-prerender"],
  ["Activate-Storage-Access", "load"],
  ["Service-Worker-Allowed", "/"],
  ["Service-Worker-Navigation-Preload", "true"],
  ["WWW-Authenticate", "Basic"],
  ["Proxy-Authenticate", "Basic"],
  ["Authentication-Info", "x"],
  ["Content-Security-Policy", "default-src *"],
  ["Content-Security-Policy-Report-Only", "default-src *"],
  ["Access-Control-Allow-Origin", "*"],
  ["Cross-Origin-Opener-Policy", "unsafe-none"],
  ["Cross-Origin-Resource-Policy", "cross-origin"],
  ["Permissions-Policy", "x"],
  ["Origin-Agent-Cluster", "?1"],
  ["Origin-Trial", "x"],
  ["Reporting-Endpoints", "x"],
  ["Report-To", "x"],
  ["NEL", "x"],
  ["Accept-CH", "x"],
  ["Critical-CH", "x"],
  ["Alt-Svc", "h3=x"],
  ["Link", "</x>; rel=preload"],
  ["SourceMap", "/x"],
  ["Warning", '299 - "x"'],
  ["Upgrade", "h2c"],
  ["Connection", "close"],
  ["Transfer-Encoding", "chunked"],
  ["Content-Length", "1"],
  ["X-Frame-Options", "ALLOWALL"],
  ["X-Content-Type-Options", "x"],
  ["X-XSS-Protection", "0"],
  ["X-DNS-Prefetch-Control", "on"],
  ["X-Permitted-Cross-Domain-Policies", "all"],
  ["X-Accel-Redirect", "/x"],
  ["X-Accel-Buffering", "no"],
  ["X-Sendfile", "/etc/passwd"],
  ["X-SourceMap", "/x"],
  ["X-Robots-Tag", "all"],
  ["X-UA-Compatible", "x"],
  ["X-WebKit-CSP", "x"],
  ["X-Content-Security-Policy", "x"],
  ["Podyard-Stream", "x"],
  ["Something-New-In-2030", "x"],
  ["bad name", "x"],
  ["x-bad", "a\r\nset-cookie: b"],
  ["x-wide", "\u0100"],
])("%s does not pass", (name, value) => {
  expect(answerHeaders({ [name]: value })).toEqual({});
});

test("what describes the content passes, and what an application calls its own", () => {
  const given = {
    "accept-ranges": "bytes",
    allow: "GET",
    "content-disposition": "attachment",
    "content-encoding": "gzip",
    "content-language": "en",
    "content-range": "bytes 0-1/2",
    "content-type": "text/html; charset=utf-8",
    date: "x",
    etag: '"1"',
    "last-modified": "x",
    "retry-after": "1",
    server: "nginx/1.27",
    vary: "Accept",
    "x-app-version": "2",
    "x-powered-by": "Express",
    "x-request-id": "1",
    "x-ratelimit-limit": "5",
  };
  expect(answerHeaders(given)).toEqual(given);
  expect(answerHeaders({ ETag: "W/1" })).toEqual({ etag: "W/1" });
  expect(answerHeaders({ "Cache-Control": "max-age=0, No-Store" })).toEqual({
    "cache-control": "no-store",
  });
});

const prefix = "/sandboxes/a/k/b/api/v1/namespaces/n/pods/p/proxy";

test.each([
  [`${prefix}/there?x=1#y`],
  [prefix],
  ["there"],
  ["./there"],
  ["../up"],
  ["?page=2"],
  ["#top"],
  [`${prefix}/a/../b`],
])("a redirect to %s stays within the proxied server", (target) => {
  expect(redirectWithin(target, `${prefix}/some/where`, prefix)).toBe(target);
});

test.each([
  ["https://elsewhere.test/"],
  ["HTTPS://elsewhere.test/"],
  ["//elsewhere.test/"],
  ["/\\elsewhere.test/"],
  ["\\\\elsewhere.test/"],
  ["/\t/elsewhere.test/"],
  [" //elsewhere.test/"],
  ["javascript:alert(1)"],
  ["data:text/html,x"],
  ["/"],
  ["/#/aaaaaaaaaaaaaaaaaaaaaaaaaa/podyard_x"],
  ["/sandboxes/other"],
  [`${prefix}x/`],
  [`${prefix}/../../other/proxy/`],
  [`${prefix}/%2e%2e/%2E./other`],
  [`${prefix}/..`],
  ["../../.."],
  ["../../../../../../../../../../../"],
  [""],
])("a redirect to %s does not", (target) => {
  expect(redirectWithin(target, `${prefix}/some/where`, prefix)).toBeUndefined();
});
