/** kubectl api-resources, api-versions. k8s: kubectl/pkg/cmd/apiresources */
import type { Command, Kubectl } from "../command.ts";
import { apiVersionOf, type ResourceType } from "../discovery.ts";
import { byText, structJson } from "../go/json.ts";
import { TabWriter } from "../printers/tab-writer.ts";
import { noPrinter } from "../printers/index.ts";
import { printKyaml } from "../printers/kyaml.ts";
import { printYaml } from "../printers/yaml.ts";
import type { Outcome, Work } from "../work.ts";

const formats = ["json", "yaml", "kyaml", "name", "wide"];

function checked(k: Kubectl): void {
  const { flags, args } = k;
  if (args.length > 0) k.usage(`unexpected arguments: [${args.join(" ")}]`);
  const output = flags.string("output");
  if (output !== "" && !formats.includes(output)) throw noPrinter(output, formats);
  if (!["", "name", "kind"].includes(flags.string("sort-by")))
    k.fail("--sort-by accepts only name or kind");
}

/** In the order of the flag, then by name. */
function sorted(types: readonly ResourceType[], by: string): ResourceType[] {
  const key = (type: ResourceType): string =>
    by === "name" ? type.plural : by === "kind" ? type.kind : type.group;
  return types.toSorted((a, b) => byText(key(a), key(b)) || byText(a.plural, b.plural));
}

function chosen(k: Kubectl, types: readonly ResourceType[]): ResourceType[] {
  const { flags } = k;
  const verbs = flags.list("verbs");
  const categories = flags.list("categories");
  return types.filter(
    (type) =>
      type.preferred &&
      type.verbs.length > 0 &&
      (!flags.changed("api-group") || type.group === flags.string("api-group")) &&
      (!flags.changed("namespaced") || type.namespaced === flags.bool("namespaced")) &&
      verbs.every((verb) => type.verbs.includes(verb)) &&
      categories.every((category) => type.categories.includes(category)),
  );
}

/** As metav1.APIResource is in JSON. */
const external = (type: ResourceType): Record<string, unknown> => ({
  name: type.plural,
  singularName: type.singular,
  namespaced: type.namespaced,
  ...(type.group ? { group: type.group } : {}),
  version: type.version,
  kind: type.kind,
  verbs: type.verbs,
  ...(type.shortNames.length ? { shortNames: type.shortNames } : {}),
  ...(type.categories.length ? { categories: type.categories } : {}),
});

function* run(k: Kubectl): Work<Outcome> {
  checked(k);
  const mapper = yield* k.mapper();
  const types = sorted(chosen(k, mapper.types), k.flags.string("sort-by"));
  const output = k.flags.string("output");
  const list = {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: "",
    resources: types.length ? types.map(external) : null,
  };
  if (output === "json") k.out(`${structJson(list, "    ")}\n`);
  else if (output === "yaml") k.out(printYaml(list));
  else if (output === "kyaml") k.out(printKyaml(list));
  else if (output === "name") for (const type of types) k.out(`${nameOf(type)}\n`);
  else k.out(table(types, output === "wide", k.flags.bool("no-headers")));
  return 0;
}

const nameOf = ({ plural, group }: ResourceType): string => (group ? `${plural}.${group}` : plural);

function table(types: readonly ResourceType[], wide: boolean, noHeaders: boolean): string {
  const writer = new TabWriter();
  const headers = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"];
  if (!noHeaders)
    writer.write(`${[...headers, ...(wide ? ["VERBS", "CATEGORIES"] : [])].join("\t")}\n`);
  for (const type of types) {
    const cells = [
      type.plural,
      type.shortNames.join(","),
      apiVersionOf(type),
      String(type.namespaced),
      type.kind,
      ...(wide ? [type.verbs.join(","), type.categories.join(",")] : []),
    ];
    writer.write(`${cells.join("\t")}\n`);
  }
  return writer.flush();
}

export const apiResources: Command = { path: "api-resources", run };

export const apiVersions: Command = {
  path: "api-versions",
  *run(k) {
    if (k.args.length > 0) k.usage(`unexpected arguments: [${k.args.join(" ")}]`);
    const { types } = yield* k.mapper();
    const versions = [...new Set(types.map(apiVersionOf))].toSorted(byText);
    k.out(versions.map((version) => `${version}\n`).join(""));
    return 0;
  },
};
