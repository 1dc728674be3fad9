import type { Namespace } from "../../kinds/namespace.ts";
import type { KubeObject } from "../../core/object.ts";
import type { Reader } from "../../ports/controller.ts";
import { forbidden, notFound } from "../../machinery/status.ts";
import { refused, type Admission, type AdmissionRule } from "./define.ts";

const immortal = new Set(["default", "kube-system", "kube-public"]);
const namespaces = { group: "", plural: "namespaces" };

/** Nothing is written outside a namespace that exists, nothing new into one that goes. */
function checkNamespace(admission: Admission, object: KubeObject, reader: Reader): void {
  const { namespace } = admission;
  const home = reader.get<Namespace>("namespaces", "", namespace);
  if (!home) throw notFound(namespaces, namespace);
  if (admission.operation !== "CREATE" || home.status?.phase !== "Terminating") return;
  throw refused(
    admission,
    object,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [
      {
        reason: "NamespaceTerminating",
        message: `namespace ${namespace} is being terminated`,
        field: "metadata.namespace",
      },
    ],
  );
}

/** k8s: apiserver/pkg/admission/plugin/namespace/lifecycle */
export const namespaceLifecycle: AdmissionRule = {
  name: "NamespaceLifecycle",
  resources: "*",
  admit(admission, object, _old, context) {
    if (admission.namespace && admission.resource !== "namespaces") {
      checkNamespace(admission, object, context.reader);
    }
    return object;
  },
  validate(admission, object) {
    if (admission.operation !== "DELETE" || admission.resource !== "namespaces") return;
    const { name } = object.metadata;
    if (immortal.has(name)) throw forbidden(namespaces, name, "this namespace may not be deleted");
  },
};
