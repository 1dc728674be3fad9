/** The registry: which references can be pulled, what they weigh, and containerd's words when they cannot. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { imagesKeptMax } from "../../core/limits.ts";
import { memo } from "../../core/memo.ts";
import { officialRepositories } from "./official-repositories.ts";
import { nodeRegistry, registryImages, registryUser } from "./node-registry.ts";
import type { ImageCatalog } from "../kernel/types.ts";
import { imagesOf, imageWithTag, type Lookup } from "./image-object-lookup.ts";
import type { Image } from "../../kinds/podyard/image.ts";
import type { PullCredential, ResolvedImage } from "../runtime-port.ts";
import { familiar, parseReference, type ImageReference } from "../../machinery/image-reference.ts";

const megabyte = 1_000_000;

/** Hosts that nobody outside a company's network can look up. */
const unresolvable =
  /(^localhost$|^[^.]+$|\.(local|internal|lan|corp|home|invalid|test|example|localdomain|intranet)$|^invalid\.|^example\.(com|org|net)$|\.example\.(com|org|net)$)/;

/** Names of repositories and tags that say themselves that nobody has such an image; others that are unknown stand in. */
const nowhere = /(^|[/._-])((non?t?|does-?no?t)[-_]?exist|no[-_]such([-_]|$))/;

/** Kept, as every Pod asks for its image again. */
export const digestOf = memo(
  imagesKeptMax,
  (text) => `sha256:${bytesToHex(sha256(utf8ToBytes(text)))}`,
);

function failure(name: string, problem: string): { error: string } {
  return {
    error: `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${problem}`,
  };
}

function notFound(name: string): { error: string } {
  return {
    error: `rpc error: code = NotFound desc = ${failure(name, `${name}: not found`).error}`,
  };
}

function hostFailure(reference: ImageReference, name: string): { error: string } | undefined {
  const [host = "", port] = reference.domain.split(":");
  const url = `https://${reference.domain}/v2/${reference.path}/manifests/${reference.digest ?? reference.tag ?? "latest"}`;
  if (host === "localhost" || /^127\./.test(host))
    return failure(
      name,
      `failed to do request: Head "${url}": dial tcp 127.0.0.1:${port ?? 443}: connect: connection refused`,
    );
  if (/^\d+(\.\d+){3}$/.test(host))
    return failure(
      name,
      `failed to do request: Head "${url}": dial tcp ${host}:${port ?? 443}: i/o timeout`,
    );
  if (unresolvable.test(host))
    return failure(
      name,
      `failed to do request: Head "${url}": dial tcp: lookup ${host} on 192.168.0.2:53: no such host`,
    );
  return undefined;
}

const isLocal = ({ domain }: ImageReference): boolean =>
  /^(localhost|127\.[\d.]+):\d+$/.test(domain);

/** What a registry on the node itself answers; undefined: nobody is there. */
function fromNode(
  { reference, name, repository }: Served,
  reader: Lookup | undefined,
  given: readonly PullCredential[],
  node: string | undefined,
): ResolvedImage | { error: string } | undefined {
  const { domain, path, tag = "latest" } = reference;
  const there = nodeRegistry(reader, node, Number(domain.split(":")[1]));
  if (!there) return undefined;
  const { username, password } = registryUser;
  if (there.private && given.length === 0)
    return failure(
      name,
      `pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`,
    );
  if (there.private && !given.some((c) => c.username === username && c.password === password))
    return failure(
      name,
      `unexpected status from HEAD request to http://${domain}/v2/${path}/manifests/${tag}: 401 Unauthorized`,
    );
  if (!registryImages.has(`${path}:${tag}`)) return notFound(name);
  const sizeBytes = 318_000;
  const imageID = `${repository}@${digestOf(`${path}:${tag}`)}`;
  return { reference: name, imageID, sizeBytes, pullMs: pullTime(sizeBytes), known: true };
}

const denied =
  "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed";

/** Half a second and up, by size: an idle node pulls about 60 MB/s compressed. */
const pullTime = (sizeBytes: number): number =>
  Math.round(Math.min(4000, 500 + sizeBytes / 60_000));

/** Of an image an object describes, compressed. */
const describedBytes = 20 * megabyte;

/** What the registry answers for a reference, whatever objects of kind Image there are. */
interface Served {
  reference: ImageReference;
  name: string;
  repository: string;
  answer: ResolvedImage | { error: string };
}

/** Looks references up, and keeps what it found. */
export class ImageRegistry {
  readonly #images: ImageCatalog;

  constructor(images: ImageCatalog) {
    this.#images = images;
  }

  readonly #served = memo(imagesKeptMax, (image): Served | { invalid: string } => {
    const reference = parseReference(image);
    if ("error" in reference)
      return { invalid: `couldn't parse image name "${image}": ${reference.error}` };
    const name = familiar(reference);
    const repository = `${reference.domain}/${reference.path}`;
    const answer = answerOf(this.#images, reference, name, repository);
    return { reference, name, repository, answer };
  });

  /** `reader`: where objects of kind Image are looked up, which come before everything else; `node`: who asks. */
  resolve(
    image: string,
    reader?: Lookup,
    credentials: readonly PullCredential[] = [],
    node?: string,
  ): ResolvedImage | { error: string } | { invalid: string } {
    const known = this.#served(image);
    if ("invalid" in known) return known;
    const { reference, name, repository, answer } = known;
    const described = imagesOf(reader, repository);
    if (described.length === 0)
      return (isLocal(reference) && fromNode(known, reader, credentials, node)) || answer;
    const wanted = reference.tag ?? "latest";
    const refused = refusal(described, known, credentials);
    if (refused) return refused;
    if (!reference.digest && !imageWithTag(described, wanted)) return notFound(name);
    const own = `${repository}@${reference.digest ?? digestOf(`${repository}:${wanted}`)}`;
    return {
      reference: name,
      imageID: own,
      sizeBytes: describedBytes,
      pullMs: pullTime(describedBytes),
      known: true,
    };
  }
}

/** Why a private repository is not opened, in containerd's words. */
function refusal(
  described: readonly Image[],
  { reference, name }: Served,
  given: readonly PullCredential[],
): { error: string } | undefined {
  const locked = described.filter(({ spec }) => spec?.private || spec?.credentials);
  if (locked.length === 0) return undefined;
  const opens = ({ spec }: Image): boolean =>
    given.some(
      ({ username, password }) =>
        !spec?.credentials ||
        (username === (spec.credentials.username ?? "") &&
          password === (spec.credentials.password ?? "")),
    );
  if (locked.some(opens)) return undefined;
  const { domain, path } = reference;
  if (domain !== "docker.io") {
    const url = `https://${domain}/v2/${path}/manifests/${reference.digest ?? reference.tag ?? "latest"}`;
    return failure(name, `unexpected status from HEAD request to ${url}: 401 Unauthorized`);
  }
  if (given.length === 0) return failure(name, denied);
  const scope = `repository%3A${path.replaceAll("/", "%2F")}%3Apull`;
  return failure(
    name,
    `failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://auth.docker.io/token?scope=${scope}&service=registry.docker.io: 401 Unauthorized`,
  );
}

function answerOf(
  images: ImageCatalog,
  reference: ImageReference,
  name: string,
  repository: string,
): ResolvedImage | { error: string } {
  const host = hostFailure(reference, name);
  if (host) return host;
  const definition = images.repository(repository);
  const tag = reference.tag ?? "latest";
  const imageID = `${repository}@${reference.digest ?? digestOf(`${repository}:${definition?.resolveTag(tag) ?? tag}`)}`;
  if (!definition) {
    if (
      reference.domain === "docker.io" &&
      reference.path.startsWith("library/") &&
      !officialRepositories.has(reference.path.slice(8))
    )
      return failure(name, denied);
    if (nowhere.test(reference.path))
      return reference.domain === "docker.io" ? failure(name, denied) : notFound(name);
    if (!reference.digest && nowhere.test(tag)) return notFound(name);
    const draw = parseInt(digestOf(repository).slice(7, 11), 16);
    const sizeBytes = 20 * megabyte + draw * 1500;
    return { reference: name, imageID, sizeBytes, pullMs: pullTime(sizeBytes), known: false };
  }
  const version = definition.resolveTag(reference.digest && !reference.tag ? "latest" : tag);
  if (version === undefined) {
    if (!reference.digest) return notFound(name);
  }
  const { sizeBytes } = definition.version(version ?? definition.resolveTag("latest") ?? tag, tag);
  return { reference: name, imageID, sizeBytes, pullMs: pullTime(sizeBytes), known: true };
}
