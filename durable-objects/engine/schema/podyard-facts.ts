/** Field facts of Clock and Image (group podyard.dev), in the form of facts.json; a newer kind brings its type in its file (own-types.ts). */
import type { TypeFacts } from "./type-shapes.ts";

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
      stepsDone: { n: 4, type: "int64" },
      nextDue: { n: 5, type: "*metav1.Time" },
      advancingTo: { n: 6, type: "*metav1.Time" },
    },
  },
  "podyard/v1.Image": {
    fields: {
      ...typeMeta,
      metadata: { n: 1, type: "metav1.ObjectMeta" },
      spec: { n: 2, type: "ImageSpec" },
    },
  },
  "podyard/v1.ImageSpec": {
    fields: {
      repository: { n: 1, type: "string", required: true },
      tags: { n: 2, type: "[]string" },
      startSeconds: { n: 3, type: "*float64" },
      ports: { n: 4, type: "[]ImagePort" },
      routes: { n: 5, type: "[]ImageRoute" },
      logs: { n: 6, type: "[]ImageLog" },
      crashAfterSeconds: { n: 7, type: "*float64" },
      exitCode: { n: 8, type: "*int32" },
      memory: { n: 9, type: "[]ImageMemory" },
      cpu: { n: 10, type: "*resource.Quantity" },
      ignoreTerm: { n: 11, type: "bool" },
      private: { n: 12, type: "bool" },
      credentials: { n: 13, type: "*ImageCredentials" },
    },
  },
  "podyard/v1.ImageCredentials": {
    fields: {
      username: { n: 1, type: "string", required: true },
      password: { n: 2, type: "string", required: true },
    },
  },
  "podyard/v1.ImagePort": {
    fields: {
      port: { n: 1, type: "int32", required: true },
      protocol: { n: 2, type: "string" },
      tls: { n: 3, type: "bool" },
    },
  },
  "podyard/v1.ImageRoute": {
    fields: {
      path: { n: 1, type: "string", required: true },
      method: { n: 2, type: "string" },
      status: { n: 3, type: "int32" },
      body: { n: 4, type: "string" },
      headers: { n: 5, type: "map[string]string" },
      delaySeconds: { n: 6, type: "*float64" },
      cpu: { n: 7, type: "*resource.Quantity" },
    },
  },
  "podyard/v1.ImageLog": {
    fields: {
      text: { n: 1, type: "string", required: true },
      stream: { n: 2, type: "string" },
      afterSeconds: { n: 3, type: "*float64" },
      everySeconds: { n: 4, type: "*float64" },
    },
  },
  "podyard/v1.ImageMemory": {
    fields: {
      afterSeconds: { n: 1, type: "*float64" },
      quantity: { n: 2, type: "*resource.Quantity", required: true },
    },
  },
  "podyard/v1.ImageList": {
    fields: {
      ...typeMeta,
      metadata: { n: 1, type: "metav1.ListMeta" },
      items: { n: 2, type: "[]Image", always: true, required: true },
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
