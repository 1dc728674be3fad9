/** Who a Pod's imagePullSecrets say the kubelet is to a registry. k8s: pkg/credentialprovider */
import { trimEndOf } from "../core/trim.ts";
import type { PullCredential } from "../runtime/runtime-port.ts";
import { parseReference } from "../machinery/image-reference.ts";

import { decodeUtf8, fromBase64 } from "../runtime/bytes.ts";
import type { Secret } from "../kinds/secret.ts";
import type { Sync } from "./sync.ts";

interface Entry {
  username?: unknown;
  password?: unknown;
  auth?: unknown;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function parsed(data: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(decodeUtf8(fromBase64(data ?? "") ?? "") || "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // What cannot be read opens nothing.
    return {};
  }
}

/** Servers and what is said to them, by a secret of either docker type. */
function entriesOf(secret: Secret): [server: string, entry: Entry][] {
  const whole =
    secret.type === "kubernetes.io/dockercfg"
      ? parsed(secret.data?.[".dockercfg"])
      : secret.type === "kubernetes.io/dockerconfigjson"
        ? parsed(secret.data?.[".dockerconfigjson"])["auths"]
        : undefined;
  if (typeof whole !== "object" || whole === null) return [];
  return Object.entries(whole).filter(
    (pair): pair is [string, Entry] => typeof pair[1] === "object" && pair[1] !== null,
  );
}

/** `https://index.docker.io/v1/` is `index.docker.io`. */
function serverOf(key: string): { host: string; path: string } {
  const plain = key.replace(/^https?:\/\//, "");
  const slash = plain.indexOf("/");
  const host = slash < 0 ? plain : plain.slice(0, slash);
  const path = slash < 0 ? "" : trimEndOf(plain.slice(slash), "/");
  return { host, path: /^\/v[12]$/.test(path) ? "" : path };
}

/** A star stands for any part of a part of the host's name. k8s: keyring.go URLsMatch */
function hostMatches(pattern: string, host: string): boolean {
  const wanted = pattern.split(".");
  const given = host.split(".");
  return (
    wanted.length === given.length &&
    wanted.every((part, i) => {
      const star = part.indexOf("*");
      const there = given[i] ?? "";
      if (star < 0) return part === there;
      const [before, after] = [part.slice(0, star), part.slice(star + 1)];
      return (
        there.length >= before.length + after.length &&
        there.startsWith(before) &&
        there.endsWith(after)
      );
    })
  );
}

function matches(key: string, domain: string, path: string): boolean {
  const server = serverOf(key);
  const hub = domain === "docker.io" && server.host === "index.docker.io";
  if (!hub && !hostMatches(server.host, domain)) return false;
  return server.path === "" || `/${path}`.startsWith(server.path);
}

function credentialOf(entry: Entry): PullCredential {
  const auth = text(entry.auth);
  if (auth === "") return { username: text(entry.username), password: text(entry.password) };
  const whole = decodeUtf8(fromBase64(auth) ?? "");
  const colon = whole.indexOf(":");
  return colon < 0
    ? { username: "", password: "" }
    : { username: whole.slice(0, colon), password: whole.slice(colon + 1) };
}

/** What a secret says to an image's registry. `secret`: `NAMESPACE/NAME/UID`. */
export type SecretCredential = PullCredential & { secret: string };

export function credentialsIn(secret: Secret, image: string): SecretCredential[] {
  const reference = parseReference(image);
  if ("error" in reference) return [];
  const { namespace, name, uid } = secret.metadata;
  return entriesOf(secret)
    .filter(([server]) => matches(server, reference.domain, reference.path))
    .map(([, entry]) => ({ ...credentialOf(entry), secret: `${namespace}/${name}/${uid}` }));
}

/** What is tried for an image, in the order of the Pod's secrets. */
export function pullCredentials(
  sync: Pick<Sync, "pod" | "client">,
  image: string,
): SecretCredential[] {
  const namespace = sync.pod.metadata.namespace ?? "";
  return (sync.pod.spec.imagePullSecrets ?? []).flatMap((ref) => {
    const secret = sync.client.get("secrets", namespace, ref.name ?? "") as Secret | undefined;
    return secret ? credentialsIn(secret, image) : [];
  });
}
