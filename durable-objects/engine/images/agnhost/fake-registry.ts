/** agnhost's fake-registry-server: manifests of its few images, by tag and digest. k8s: test/images/agnhost/fakeregistryserver */
import { toBase64 } from "../../runtime/bytes.ts";
import { registryImages, registryUser } from "../../runtime/image/node-registry.ts";
import { digestOf } from "../../runtime/image/registry.ts";
import type { HttpAnswer } from "../../runtime/kernel/calls.ts";
import type { HttpRequest } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import {
  answer,
  flagOf,
  goListen,
  goLog,
  goNotFound,
  hasFlag,
  targetOf,
} from "../serving/small-server.ts";

const basic = `Basic ${toBase64(`${registryUser.username}:${registryUser.password}`)}`;
const mediaType = "application/vnd.oci.image.manifest.v1+json";

/** The manifest of an image: what it is made of, by digest. */
function manifestOf(image: string): string {
  const part = (type: string, size: number): object => ({
    mediaType: `application/vnd.oci.image.${type}`,
    digest: digestOf(`${image}#${type}`),
    size,
  });
  const config = part("config.v1+json", 1_100);
  return JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config,
    layers: [part("layer.v1.tar+gzip", 318_000)],
  });
}

export const fakeRegistry = {
  start(sys: Sys): number | void {
    const port = Number(flagOf(sys, "port") ?? 5000);
    goLog(sys, `HTTP server starting to listen on :${port}`);
    return goListen(sys, port) ? undefined : 1;
  },
  http(sys: Sys, _state: unknown, request: HttpRequest): HttpAnswer["response"] {
    const { path } = targetOf(request);
    if (!path.startsWith("/v2/")) return goNotFound();
    if (hasFlag(sys, "private") && request.headers["authorization"] !== basic)
      return answer("Unauthorized\n", undefined, 401, {
        "www-authenticate": 'Basic realm="Restricted"',
      });
    const headers = { "docker-distribution-api-version": "registry/2.0" };
    if (path === "/v2/") return answer("", undefined, 200, headers);
    const [name = "", kind, wanted = ""] = path.slice("/v2/".length).split("/");
    if (kind !== "manifests") return goNotFound();
    const tagged = registryImages.get(`${name}:${wanted}`);
    if (tagged !== undefined)
      return answer("", undefined, 307, {
        ...headers,
        location: `/v2/${name}/manifests/${digestOf(manifestOf(tagged))}`,
      });
    for (const [reference, image] of registryImages) {
      const text = manifestOf(image);
      if (!reference.startsWith(`${name}:`) || digestOf(text) !== wanted) continue;
      goLog(sys, `Serving manifest: /var/registry/${name}/manifests/${wanted}`);
      return answer(text, mediaType, 200, headers);
    }
    return goNotFound();
  },
};
