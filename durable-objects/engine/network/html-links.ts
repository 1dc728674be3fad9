/**
 * Links in proxied pages: HTML attributes and Location headers that start at the server's root are led through the proxy.
 * k8s: apimachinery/pkg/util/proxy/transport.go
 */

/** By tag; a Map, since the names come from pages. */
const attributes = new Map(
  Object.entries({
    a: "href",
    applet: "codebase",
    area: "href",
    audio: "src",
    base: "href",
    blockquote: "cite",
    body: "background",
    button: "formaction",
    command: "icon",
    del: "cite",
    embed: "src",
    form: "action",
    frame: "longdesc src",
    head: "profile",
    html: "manifest",
    iframe: "longdesc src",
    img: "longdesc src usemap",
    input: "src usemap formaction",
    ins: "cite",
    link: "href",
    object: "classid codebase data usemap",
    q: "cite",
    script: "src",
    source: "src",
    video: "poster src",
  }),
);

export interface Rewrite {
  /** Put before paths: `/api/v1/namespaces/default/services/web/proxy`. */
  prefix: string;
  /** Hosts that mean the proxied server itself. */
  hosts: readonly string[];
}

/** An address within the proxied server, led through the proxy; others stay. */
export function rewriteUrl(url: string, { prefix, hosts }: Rewrite): string {
  const parts = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)([^]*)/i.exec(url);
  if (!parts) return url;
  const [, scheme, host = "", path = "", rest = ""] = parts;
  if (scheme !== undefined && host === "") return url;
  if (host !== "" && !hosts.includes(host)) return url;
  if (!path.startsWith("/")) return url;
  return (path.startsWith(prefix) ? path : `${prefix}${path}`) + rest;
}

/** Where a text is found from a place on; a search in vain is not repeated, so that all searches together are linear. */
function finder(html: string, wanted: RegExp): (from: number) => number | undefined {
  let vain = false;
  return (from) => {
    if (vain) return undefined;
    wanted.lastIndex = from;
    vain = wanted.exec(html) === null;
    return vain ? undefined : wanted.lastIndex;
  };
}

/** Start tags with a URL in one of their attributes; comments and scripts' text are passed over. */
export function rewriteHtml(html: string, rewrite: Rewrite): string {
  const commentEnd = finder(html, /-->/g);
  const tagEnd = finder(html, />/g);
  const rawEnds = new Map([
    ["script", finder(html, /<\/script\s*>/gi)],
    ["style", finder(html, /<\/style\s*>/gi)],
  ]);
  const tagName = /<([a-z][a-z0-9]*)\b/iy;
  let out = "";
  let told = 0;
  let open = html.indexOf("<");
  while (open >= 0) {
    let next = open + 1;
    const comment = html.startsWith("<!--", open) ? commentEnd(open + 4) : undefined;
    tagName.lastIndex = open;
    const name = tagName.exec(html)?.[1];
    const end = name === undefined ? undefined : tagEnd(open);
    if (comment !== undefined) next = comment;
    else if (name !== undefined && end !== undefined) {
      out += html.slice(told, open) + rewriteTag(html.slice(open, end), name, rewrite);
      told = end;
      next = rawEnds.get(name.toLowerCase())?.(end) ?? end;
    }
    open = html.indexOf("<", next);
  }
  return out + html.slice(told);
}

function rewriteTag(tag: string, name: string, rewrite: Rewrite): string {
  const known = attributes.get(name.toLowerCase())?.split(" ");
  if (!known) return tag;
  return tag.replace(
    /(\s)([a-z][a-z-]*)(\s*=\s*)("[^"]*"|'[^']*'|[^\s>"']+)/gi,
    (whole: string, space: string, attribute: string, equals: string, value: string) => {
      if (!known.includes(attribute.toLowerCase())) return whole;
      const quote = value.startsWith('"') || value.startsWith("'") ? value[0] : "";
      const url = quote ? value.slice(1, -1) : value;
      const link = rewriteUrl(url.replaceAll("&amp;", "&"), rewrite).replaceAll("&", "&amp;");
      return `${space}${attribute}${equals}${quote || '"'}${link}${quote || '"'}`;
    },
  );
}
