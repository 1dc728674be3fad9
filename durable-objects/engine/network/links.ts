/**
 * Links in proxied pages: HTML attributes and Location headers that start at the server's root are led through the proxy.
 * k8s: apimachinery/pkg/util/proxy/transport.go
 */

const attributes: Record<string, string> = {
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
};

export interface Rewrite {
  /** Put before paths: `/api/v1/namespaces/default/services/web/proxy`. */
  prefix: string;
  /** Hosts that mean the proxied server itself. */
  hosts: readonly string[];
}

export function rewriteUrl(url: string, { prefix, hosts }: Rewrite): string {
  const parts = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/i.exec(url);
  if (!parts) return url;
  const [, scheme, host = "", path = "", rest = ""] = parts;
  if (scheme !== undefined && host === "") return url;
  if (host !== "" && !hosts.includes(host)) return url;
  if (!path.startsWith("/")) return url;
  return (path.startsWith(prefix) ? path : `${prefix}${path}`) + rest;
}

/** Start tags with a URL in one of their attributes; comments and scripts' text are passed over. */
export function rewriteHtml(html: string, rewrite: Rewrite): string {
  return html.replace(
    /<!--[\s\S]*?-->|(<(script|style)\b[^>]*>)([\s\S]*?<\/\2\s*>)|<([a-z][a-z0-9]*)\b[^>]*>/gi,
    (
      whole: string,
      head: string | undefined,
      raw: string | undefined,
      text: string | undefined,
      name: string | undefined,
    ) => {
      if (head && raw) return rewriteTag(head, raw, rewrite) + (text ?? "");
      return name ? rewriteTag(whole, name, rewrite) : whole;
    },
  );
}

function rewriteTag(tag: string, name: string, rewrite: Rewrite): string {
  const known = attributes[name.toLowerCase()]?.split(" ");
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
