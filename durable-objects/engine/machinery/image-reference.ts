/** Image references: parsing and normalising. k8s: vendor/github.com/distribution/reference */
import { imagesKeptMax } from "../core/limits.ts";
import { memo } from "../core/memo.ts";

export interface ImageReference {
  /** `docker.io`. */
  domain: string;
  /** `library/nginx`. */
  path: string;
  tag?: string;
  /** `sha256:...`. */
  digest?: string;
}

const domainPattern =
  /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?$/;
const partPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/** A reference in its parts, or the parser's complaint. */
export const parseReference = memo(imagesKeptMax, parsed);

function parsed(image: string): Readonly<ImageReference> | { error: string } {
  const bad = { error: "invalid reference format" };
  if (image === "") return bad;
  if (/^[a-f0-9]{64}$/.test(image))
    return {
      error: `invalid repository name (${image}), cannot specify 64-byte hexadecimal strings`,
    };
  let rest = image;
  const at = rest.indexOf("@");
  const digest = at < 0 ? undefined : rest.slice(at + 1);
  if (at >= 0) rest = rest.slice(0, at);
  if (digest !== undefined && !digestPattern.test(digest)) return bad;
  const colon = rest.lastIndexOf(":");
  let tag: string | undefined;
  if (colon > rest.lastIndexOf("/")) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
    if (!tagPattern.test(tag)) return bad;
  }
  const slash = rest.indexOf("/");
  const first = slash < 0 ? "" : rest.slice(0, slash);
  const named = /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  const domain = named ? first : "docker.io";
  let path = named ? rest.slice(slash + 1) : rest;
  const normal = domain === "index.docker.io" ? "docker.io" : domain;
  if (normal === "docker.io" && !path.includes("/")) path = `library/${path}`;
  if (path !== path.toLowerCase())
    return { error: `invalid reference format: repository name (${path}) must be lowercase` };
  if (!domainPattern.test(domain) || !path.split("/").every((part) => partPattern.test(part)))
    return bad;
  return {
    domain: normal,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** `docker.io/library/nginx:latest`. With a digest the tag is left out, as the runtime does. */
export function familiar(reference: ImageReference): string {
  const name = `${reference.domain}/${reference.path}`;
  if (reference.digest) return `${name}@${reference.digest}`;
  return `${name}:${reference.tag ?? "latest"}`;
}
