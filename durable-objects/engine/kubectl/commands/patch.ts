/** kubectl patch. k8s: kubectl/pkg/cmd/patch/patch.go */
import { lookup } from "../../core/lookup.ts";
import { goQuote } from "../../machinery/field.ts";
import { jsonEqual } from "../../schema/patch/go-value.ts";
import { parseYaml } from "../../schema/yaml.ts";
import { readFile } from "../asks.ts";
import { dryRunOf, patchObject } from "../changes.ts";
import { jsonPatchType, mergePatchType, strategicPatchType } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { placeOf } from "../config/client-config.ts";
import { apiVersionOf } from "../discovery.ts";
import { Failure, StatusFailure } from "../errors.ts";
import { fileOptions } from "../files.ts";
import { goJson } from "../go/json.ts";
import { jsonProblem } from "../go/json-error.ts";
import { patchLocally } from "../merge/local-patch.ts";
import type { KubeObject } from "../objects.ts";
import { printerOf } from "../printers/index.ts";
import { recording, recordPatch } from "../mutate/record.ts";
import type { Info } from "../result.ts";
import type { Outcome, Work } from "../work.ts";

const types: Record<string, string> = lookup({
  json: jsonPatchType,
  merge: mergePatchType,
  strategic: strategicPatchType,
});

function validate(k: Kubectl, dryRun: string): void {
  const { flags, args } = k;
  const [patch, file, type] = [
    flags.string("patch"),
    flags.string("patch-file"),
    flags.string("type"),
  ];
  if (patch && file) k.fail("cannot specify --patch and --patch-file together");
  if (!patch && !file)
    k.fail("must specify --patch or --patch-file containing the contents of the patch");
  if (flags.bool("local") && args.length > 0) k.fail("cannot specify --local and server resources");
  if (flags.bool("local") && dryRun === "server")
    k.fail("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
  if (type && !types[type.toLowerCase()])
    k.fail(`--type must be one of [json merge strategic], not ${goQuote(type)}`);
}

/** The patch as JSON, and as a value where it can be read. k8s: apimachinery util/yaml ToJSON */
function readPatch(k: Kubectl, text: string): { text: string; value: unknown } {
  try {
    // What looks like JSON is left to whoever reads it.
    if (/^\s*\{/.test(text)) return { text, value: parseJson(text) };
    const { value } = parseYaml(text);
    return { text: goJson(value ?? null), value };
  } catch (error) {
    const why = error instanceof Error ? error.message : jsonProblem(text);
    return k.fail(`unable to parse ${goQuote(k.flags.string("patch"))}: ${why}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function* run(k: Kubectl): Work<Outcome> {
  const { flags } = k;
  const dryRun = yield* dryRunOf(k);
  const local = flags.bool("local");
  const where = placeOf(yield* k.access());
  validate(k, dryRun);
  const contentType = types[flags.string("type").toLowerCase()] ?? strategicPatchType;
  const file = flags.string("patch-file");
  let text = flags.string("patch");
  if (file) {
    try {
      text = yield* readFile(file);
    } catch (error) {
      k.fail(`unable to read patch file: ${(error as Failure).message}`);
    }
  }
  const patch = readPatch(k, text);
  const result = yield* k.build({
    args: k.args,
    files: fileOptions(flags),
    // Without a server nobody knows what lies in a namespace.
    namespace: local ? "" : where.namespace,
    enforceNamespace: where.explicitNamespace,
    subresource: flags.string("subresource"),
    local,
    continueOnError: true,
  });
  let count = 0;
  yield* result.visit(function* (info) {
    count++;
    const object = info.object as KubeObject;
    const patched =
      local || dryRun === "client"
        ? patchLocally(object, patch.value, contentType)
        : yield* send(k, info, contentType, patch.text, dryRun);
    const operation = jsonEqual(object, patched) ? "patched (no change)" : "patched";
    const onServer = !local && dryRun !== "client";
    const shown =
      onServer && recording(k)
        ? yield* send(k, info, mergePatchType, goJson(recordPatch(k)), dryRun)
        : patched;
    k.out((yield* printerOf(k.flags, { operation }))(shown));
  });
  if (count === 0) k.fail("no objects passed to patch");
  return 0;
}

function* send(
  k: Kubectl,
  info: Info,
  contentType: string,
  text: string,
  dryRun: "none" | "client" | "server",
): Work<KubeObject> {
  try {
    return yield* patchObject(yield* k.client(), info, contentType, text, {
      dryRun,
      fieldManager: k.flags.string("field-manager"),
      subresource: k.flags.string("subresource"),
    });
  } catch (error) {
    if (!(error instanceof StatusFailure) || error.status.code !== 415) throw error;
    const version = apiVersionOf(info.type).replace(/^([^/]+)$/, "/$1");
    throw new Failure(
      `${contentType} is not supported by ${version}, Kind=${info.type.kind}: ${error.message}`,
    );
  }
}

export const patch: Command = { path: "patch", run };
