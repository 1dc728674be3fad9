/** An APIService for each group version that custom resources are served in. k8s: pkg/controlplane/controller/crdregistration */
import type { CustomResourceDefinition } from "kubernetes-types/apiextensions/v1";
import type { Change } from "../../core/object.ts";
import type { Stored } from "../../kinds/stored.ts";
import type { APIService } from "../../kinds/api-service.ts";
import { equal } from "../../core/equal.ts";
import type { Controller } from "../../ports/controller.ts";

const definitions = "customresourcedefinitions.apiextensions.k8s.io";
const services = "apiservices.apiregistration.k8s.io";
type Definition = Stored<CustomResourceDefinition>;

const managed = "kube-aggregator.kubernetes.io/automanaged";

/** `version.group` of what a definition serves, once its names are settled. */
function namesOf(definition: Definition | undefined): string[] {
  const { spec, status } = definition ?? {};
  const established = status?.conditions?.some(
    ({ type, status: is }) => type === "Established" && is === "True",
  );
  if (!established) return [];
  return (spec?.versions ?? []).flatMap(({ name, served }) =>
    served ? [`${name}.${spec?.group}`] : [],
  );
}

function touched({ object, previous }: Change): Iterable<string> {
  return new Set([...namesOf(object as Definition), ...namesOf(previous as Definition)]);
}

export const crdRegistrationController: Controller = {
  name: "crdregistration",
  component: "kube-apiserver-crd-registration-controller",
  wakesOn: {
    [definitions]: touched,
    [services]: ({ op, name, object }) =>
      op === "delete" || (op === "update" && object.metadata.labels?.[managed] === "true")
        ? [name]
        : undefined,
  },
  reconcile(name, client) {
    const wanted = client.list<Definition>(definitions).some((one) => namesOf(one).includes(name));
    const current = client.get<APIService>(services, "", name);
    const own = current?.metadata.labels?.[managed] === "true";
    if (!wanted) {
      if (current && own) client.delete(services, "", name);
      return undefined;
    }
    const dot = name.indexOf(".");
    const spec = {
      group: name.slice(dot + 1),
      version: name.slice(0, dot),
      groupPriorityMinimum: 1000,
      versionPriority: 100,
    };
    if (!current)
      client.create(services, { metadata: { name, labels: { [managed]: "true" } }, spec });
    else if (own && !equal(current.spec, spec)) client.update(services, { ...current, spec });
    return undefined;
  },
};
