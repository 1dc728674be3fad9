/** Field facts of Podyard's own kinds (group podyard.dev), in the form of facts.json. */
import type { TypeFacts } from "./types.ts";

const typeMeta = { "(inline metav1.TypeMeta)": { type: "metav1.TypeMeta" } };

export const podyardTypes: Record<string, TypeFacts> = {
  "podyard/v1.Clock": {
    fields: {
      ...typeMeta,
      metadata: { n: 1, type: "metav1.ObjectMeta" },
      spec: { n: 2, type: "ClockSpec" },
      status: { n: 3, type: "ClockStatus" },
    },
  },
  "podyard/v1.ClockSpec": {
    fields: {
      paused: { n: 1, type: "bool" },
      speed: { n: 2, type: "*float64" },
      advanceTo: { n: 3, type: "*metav1.Time" },
      steps: { n: 4, type: "int64" },
    },
  },
  "podyard/v1.ClockStatus": {
    fields: {
      now: { n: 1, type: "*metav1.Time" },
      offsetSeconds: { n: 2, type: "int64" },
      frozen: { n: 3, type: "bool" },
      stepsDone: { n: 4, type: "int64" },
      nextDue: { n: 5, type: "*metav1.Time" },
    },
  },
  "podyard/v1.ClockList": {
    fields: {
      ...typeMeta,
      metadata: { n: 1, type: "metav1.ListMeta" },
      items: { n: 2, type: "[]Clock", always: true, required: true },
    },
  },
};
