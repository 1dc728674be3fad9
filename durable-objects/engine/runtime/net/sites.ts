/** The world outside: a fixed handful of sites, simulated. Nothing here ever leaves the sandbox. */
import type { HttpRequest, HttpResponse } from "../kernel/state.ts";

export interface Site {
  ip: string;
  names: readonly string[];
  /** Pages by path. */
  pages: Readonly<Record<string, string>>;
  /** Plain HTTP is sent to HTTPS. */
  secure?: true;
  /** Round trip, ms. */
  ms: number;
}

const page = (title: string, body: string): string =>
  `<!doctype html>\n<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n${body}\n</body>\n</html>\n`;

const note = "<p>This page is simulated: a sandbox has no way out to the Internet.</p>";

const sites: readonly Site[] = [
  {
    ip: "23.192.228.80",
    names: ["example.com", "www.example.com"],
    pages: { "/": page("Example Domain", note) },
    ms: 12,
  },
  {
    ip: "23.215.0.132",
    names: ["example.org", "www.example.org", "example.net", "www.example.net"],
    pages: { "/": page("Example Domain", note) },
    ms: 12,
  },
  {
    ip: "188.184.67.127",
    names: ["info.cern.ch"],
    pages: {
      "/": page(
        "http://info.cern.ch",
        `<p>Home of the first website.</p>\n<ul><li><a href="/hypertext/WWW/TheProject.html">Browse the first website</a></li></ul>\n${note}`,
      ),
      "/hypertext/WWW/TheProject.html": page("World Wide Web", note),
    },
    ms: 21,
  },
  {
    ip: "15.197.167.90",
    names: ["kubernetes.io", "www.kubernetes.io"],
    pages: { "/": page("Kubernetes", note), "/index.html": page("Kubernetes", note) },
    secure: true,
    ms: 14,
  },
  { ip: "8.8.8.8", names: ["dns.google"], pages: {}, ms: 9 },
  { ip: "1.1.1.1", names: ["one.one.one.one"], pages: {}, ms: 8 },
];

const byIp = new Map(sites.map((site) => [site.ip, site]));
const byName = new Map(sites.flatMap((site) => site.names.map((name) => [name, site] as const)));

export const siteAt = (ip: string): Site | undefined => byIp.get(ip);
export const siteNamed = (name: string): Site | undefined => byName.get(name);

/** Whether a site takes connections on a port. */
export const siteListens = (site: Site, port: number): boolean =>
  Object.keys(site.pages).length > 0 && (port === 80 || port === 443);

/** What a simulated site of the Internet answers. */
export function siteAnswer(site: Site, request: HttpRequest): HttpResponse {
  const path = request.path.split("?")[0] ?? "/";
  const headers = { "content-type": "text/html; charset=utf-8", server: "podyard" };
  if (site.secure && !request.https) {
    const location = `https://${site.names[0]}${request.path}`;
    return { status: 301, headers: { ...headers, location }, body: "" };
  }
  const body = site.pages[path];
  if (body === undefined) {
    return { status: 404, headers, body: page("404 Not Found", note) };
  }
  return { status: 200, headers, body: request.method === "HEAD" ? "" : body };
}
