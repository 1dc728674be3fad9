/** k8s: test/images/agnhost/crd-conversion-webhook/converter */

type Custom = Record<string, unknown> & { apiVersion?: string };

interface Review {
  kind?: string;
  apiVersion?: string;
  request?: { uid?: string; desiredAPIVersion?: string; objects?: Custom[] };
}

const group = "stable.example.com";

/** The object as the other version has it, or why not. */
function converted(object: Custom, wanted: string): Custom | string {
  const { apiVersion: from = "" } = object;
  if (from === wanted)
    return `conversion from a version to itself should not call the webhook: ${wanted}`;
  const versions = [`${group}/v1`, `${group}/v2`];
  if (!versions.includes(from)) return `unexpected conversion version ${JSON.stringify(from)}`;
  if (!versions.includes(wanted)) return `unexpected conversion version ${JSON.stringify(wanted)}`;
  const made: Custom = { ...object, apiVersion: wanted };
  if (from === versions[0]) {
    const { hostPort } = object;
    if (hostPort === undefined) return made;
    const parts = String(hostPort).split(":");
    if (parts.length !== 2) return `invalid hostPort value \`${String(hostPort)}\``;
    delete made["hostPort"];
    [made["host"], made["port"]] = parts;
    return made;
  }
  const { host, port } = object;
  if (host === undefined && port === undefined) return made;
  made["hostPort"] = `${String(host ?? "")}:${String(port ?? "")}`;
  delete made["host"];
  delete made["port"];
  return made;
}

/** The review with its response, or why it is none. */
export function convertedReview({ kind, apiVersion, request = {} }: Review): object | string {
  const known = /^apiextensions\.k8s\.io\/v1(beta1)?$/.test(apiVersion ?? "");
  if (kind !== "ConversionReview" || !known)
    return `Unsupported group version kind: ${apiVersion}, Kind=${kind}`;
  const { uid = "", desiredAPIVersion = "", objects = [] } = request;
  const convertedObjects: Custom[] = [];
  const respond = (rest: object): object => ({ kind, apiVersion, response: { uid, ...rest } });
  for (const object of objects) {
    const made = converted(object, desiredAPIVersion);
    if (typeof made === "string")
      return respond({
        convertedObjects: null,
        result: { metadata: {}, status: "Failure", message: made },
      });
    convertedObjects.push(made);
  }
  return respond({ convertedObjects, result: { metadata: {}, status: "Success" } });
}
