/**
 * Which headers of a user's server reach whoever asked through the API server's proxy or a preview. Those answers come from
 * the address of the API and of the console: only what describes the content passes, nothing that a browser, a cache or a
 * client would obey for this origin. What nobody has listed does not pass.
 */

const passing = new Set([
  "accept-ranges",
  "allow",
  "content-digest",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-range",
  "content-type",
  "date",
  "etag",
  "last-modified",
  "repr-digest",
  "retry-after",
  "server",
  "vary",
]);

/** An application's own headers pass by their prefix; these of them mean something to browsers or to servers in between. */
const ownPrefix = "x-";
const known =
  /^x-(accel|aspnetmvc|chrome|content|dns|download|forwarded|frame|lighttpd|litespeed|moz|original|permitted|pingback|podyard|proxy|real|reproxy|rewrite|robots|sendfile|sourcemap|source-map|ua|webkit|xss)(-|$)/;

const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** What may stand in a header at all; other values would make the whole answer fail. */
const printable = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The headers that pass, by lower-case names. `location` is the caller's to add, after `redirectWithin`. Of caching, only the request not
 * to be stored passes: what is shown under a key or a token must not stay in a shared cache after it.
 */
export function answerHeaders(given: Record<string, string>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [mixed, value] of Object.entries(given)) {
    const name = mixed.toLowerCase();
    if (!token.test(name) || !printable.test(value)) continue;
    if (passing.has(name) || (name.startsWith(ownPrefix) && !known.test(name))) out[name] = value;
    else if (name === "cache-control" && /(^|[\s,])no-store([\s,]|$)/i.test(value))
      out[name] = "no-store";
  }
  return out;
}

/**
 * A redirect's target, if it stays below `prefix`; undefined: it leads elsewhere.
 *
 * @param base Path at which the client sees the page that redirects; relative targets start there.
 */
export function redirectWithin(target: string, base: string, prefix: string): string | undefined {
  // Browsers take "\" for "/" and pass over control characters and blanks.
  if (target === "" || /[^\x21-\x7e\x80-\xff]|\\/.test(target)) return undefined;
  if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(target)) return undefined;
  const [path = ""] = target.split(/[?#]/, 1);
  const whole =
    path === ""
      ? base
      : path.startsWith("/")
        ? path
        : base.slice(0, base.lastIndexOf("/") + 1) + path;
  const folded = withoutDots(whole);
  return folded === prefix || folded.startsWith(`${prefix}/`) ? target : undefined;
}

/** As browsers fold a path: "." and ".." also where their dots are percent-encoded. */
function withoutDots(path: string): string {
  const out: string[] = [];
  const parts = path.split("/").slice(1);
  for (const [i, part] of parts.entries()) {
    const plain = part.replaceAll(/%2e/gi, ".");
    if (plain === "..") out.pop();
    if (plain !== ".." && plain !== ".") out.push(part);
    else if (i === parts.length - 1) out.push("");
  }
  return `/${out.join("/")}`;
}
