/** kubectl explain. k8s: kubectl/pkg/cmd/explain/explain.go, kubectl/pkg/explain */
import type { ApiClient } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { fullNameOf, splitVersion, type Mapper, type ResourceType } from "../discovery.ts";
import { Exit, Failure } from "../errors.ts";
import { ExplainFailure, Plaintext, type Asked } from "../explain/plaintext.ts";
import type { Document } from "../explain/schema.ts";
import { printOpenApiV2, type DocumentV2 } from "../explain/openapi-v2.ts";
import { parseJsonPath } from "../printers/jsonpath-parser.ts";
import { section, type Outcome, type Work } from "../work.ts";
import { suggestResources } from "./get.ts";

/** Fields of a path. k8s: kubectl/pkg/explain jsonPathParse */
function fieldsOf(path: string, which = "first node"): string[] {
  const nodes = parseJsonPath(`{.${path.replace(/\.$/, "")}}`);
  const [list] = nodes;
  if (nodes.length !== 1 || list?.type !== "list")
    throw new Failure("must pass in 1 jsonpath string");
  return list.nodes.map((node, i) => {
    if (node.type === "field") return node.name;
    throw new Failure(
      i === 0
        ? "invalid jsonpath syntax, first node must be field node"
        : `invalid jsonpath syntax, ${which} must be field node${which === "all nodes" ? "s" : ""}`,
    );
  });
}

/** A resource; without the prefix that most failures have. */
export function resourceOf(mapper: Mapper, word: string): ResourceType {
  try {
    return mapper.need(word);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Exit(1, error.message);
  }
}

/** The resource that is meant, its kind, and the path of fields below it. */
function askedOf(
  mapper: Mapper,
  word: string,
  withGroup: boolean,
): Omit<Asked, "recursive"> & { kind: string } {
  const [name = "", ...fields] = fieldsOf(word, withGroup ? "first node" : "all nodes");
  const first = resourceOf(mapper, name);
  const all = mapper.types.filter(
    (type) => type.plural === first.plural && type.preferred && type.verbs.length > 0,
  );
  const prefixed = withGroup
    ? [first, ...all].find((type) => word.startsWith(fullNameOf(type)))
    : undefined;
  const type = prefixed ?? first;
  const rest = prefixed ? word.slice(fullNameOf(type).length) : "";
  return {
    group: type.group,
    version: type.version,
    resource: type.plural,
    kind: type.kind,
    fields: prefixed ? (rest.length > 1 ? fieldsOf(`x${rest}`).slice(1) : []) : fields,
  };
}

interface Served {
  paths?: Record<string, { serverRelativeURL?: string }>;
}

/** What is printed, and the failure after it. */
interface Explained {
  text: string;
  failed?: string;
}

function* explain(client: ApiClient, asked: Asked, format: string): Work<Explained> {
  const { group, version } = asked;
  const served = yield* client.json<Served>({ path: "/openapi/v3" });
  const path = group ? `apis/${group}/${version}` : `api/${version}`;
  const url = served.paths?.[path]?.serverRelativeURL;
  if (url === undefined)
    throw new Failure(
      `couldn't find resource for "${group}/${version}, Resource=${asked.resource}"`,
    );
  const document = yield* client.json<Document>({ path: url });
  if (format !== "plaintext") throw new Failure(`unrecognized format: ${format}`);
  try {
    return { text: new Plaintext(document).print(asked) };
  } catch (error) {
    if (!(error instanceof ExplainFailure)) throw error;
    return { text: error.printed, failed: error.message };
  }
}

function* run(k: Kubectl): Work<Outcome> {
  const { flags, args } = k;
  if (args.length === 0)
    k.fail(`You must specify the type of resource to explain. ${suggestResources}\n`);
  if (args.length > 1) k.fail("We accept only this format: explain RESOURCE\n");
  const [word = ""] = args;
  const apiVersion = flags.string("api-version");
  const mapper = yield* k.mapper();
  const client = yield* k.client();
  const { kind, ...found } = askedOf(mapper, word, apiVersion === "");
  const format = flags.string("output");
  if (apiVersion.split("/").length > 2) k.fail(`unexpected GroupVersion string: ${apiVersion}`);
  const [group, version] = apiVersion ? splitVersion(apiVersion) : [found.group, found.version];
  const asked: Asked = { ...found, group, version, recursive: flags.bool("recursive") };
  const explained = yield* section<Explained>(function* () {
    if (format !== "plaintext-openapiv2") return yield* explain(client, asked, format);
    const document = yield* client.json<DocumentV2>({ path: "/openapi/v2" });
    return { text: printOpenApiV2(document, { group, version, kind }, asked) };
  });
  k.out(explained.text);
  if (explained.failed !== undefined) k.fail(explained.failed);
  return 0;
}

export const explainCommand: Command = { path: "explain", run };
