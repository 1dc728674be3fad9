/** The overhead of a Pod is that of its RuntimeClass. k8s: plugin/pkg/admission/runtimeclass Validate */
import type { Pod } from "../../kinds/pod/types.ts";
import { checkOverhead } from "../../kinds/pod/runtime-class.ts";
import { refused, type AdmissionRule } from "./define.ts";

/** What it makes of new Pods, kinds/pod/admission.ts says. */
export const runtimeClass: AdmissionRule = {
  name: "RuntimeClass",
  resources: ["pods"],
  validate(admission, object, _old, context) {
    if (admission.operation !== "CREATE" || admission.subresource) return;
    checkOverhead(object as Pod, context.reader, (pod, problem) =>
      refused(admission, pod, problem),
    );
  },
};
