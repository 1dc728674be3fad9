/** There is one default PriorityClass at most. k8s: plugin/pkg/admission/priority validatePriorityClass */
import type { PriorityClass } from "../../kinds/priority-class.ts";
import { refused, type AdmissionRule } from "./define.ts";

export const priority: AdmissionRule = {
  name: "Priority",
  resources: ["priorityclasses.scheduling.k8s.io"],
  validate(admission, object, _old, context) {
    if (admission.operation === "DELETE" || admission.subresource) return;
    if (!(object as PriorityClass).globalDefault) return;
    const [chosen] = context.reader
      .list<PriorityClass>("priorityclasses.scheduling.k8s.io")
      .filter((c) => c.globalDefault)
      .sort((a, b) => (a.value ?? 0) - (b.value ?? 0));
    const { name = "" } = chosen?.metadata ?? {};
    if (!chosen || (admission.operation === "UPDATE" && name === object.metadata.name)) return;
    throw refused(
      admission,
      object,
      `PriorityClass ${name} is already marked as default. Only one default can exist`,
    );
  },
};
