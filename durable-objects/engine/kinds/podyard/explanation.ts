/**
 * A review: why an object is as it is, with what that rests on and what would change it. It is asked, answered and never
 * stored (api/read/explanations.ts); the answers are explanations/.
 */
import type { KubeObject } from "../../core/object.ts";
import type { Kind } from "../define.ts";
import { kindOf, listOf, objectOf, scalar, type OwnField } from "../../schema/own-types.ts";

export interface EvidenceObject {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
}

/** One thing that the sentence rests on. */
export interface Evidence {
  text: string;
  /** Where it can be looked up. */
  object?: EvidenceObject;
  /** Path in that object: `spec.containers[0].image`. */
  field?: string;
  /** Reason of an Event about that object. */
  event?: string;
  /** A line of its log. */
  line?: string;
}

export interface Mend {
  text: string;
  /** As it is typed in a shell. */
  command: string;
}

export interface ExplanationStatus {
  sentence: string;
  evidence: Evidence[];
  mend: Mend[];
  /** The component whose decision it is: `kube-scheduler`. */
  decidedBy: string;
}

export interface Explanation extends KubeObject {
  spec?: {
    kind?: string;
    resource?: string;
    group?: string;
    name?: string;
    /** Asks about a request instead of an object: whether somebody may, and by which rule. */
    verb?: string;
    /** Whose request; absent: the asker's. */
    user?: string;
    groups?: string[];
    /** Asks about an object that somebody means to store: whether the server takes it, and what it refuses. */
    manifest?: Record<string, unknown>;
  };
  status?: ExplanationStatus;
}

const text = (description: string): OwnField => ({
  type: scalar("string"),
  omitEmpty: true,
  description,
});

const object = objectOf("podyard.dev/v1.ExplanationObject", {
  apiVersion: text("Its API version."),
  kind: text("Its kind."),
  namespace: text("Its namespace."),
  name: text("Its name."),
});

const evidence = objectOf("podyard.dev/v1.ExplanationEvidence", {
  text: text("What was found."),
  object: { type: object, omitEmpty: true, description: "Where it was found." },
  field: text("Path of the field in the object."),
  event: text("Reason of an Event about the object."),
  line: text("A line of the object's log."),
});

const mend = objectOf("podyard.dev/v1.ExplanationMend", {
  text: text("What it would do."),
  command: text("The command."),
});

const spec = objectOf("podyard.dev/v1.ExplanationSpec", {
  kind: text("Kind of the object. Either this or resource."),
  resource: text("Resource of the object, in the plural. Either this or kind."),
  group: text("API group. Empty: the core group, or the only group that has the kind."),
  name: text("Name of the object."),
  verb: text("Asks about a request with this verb instead: whether it is allowed, and by what."),
  user: text("Whose request. Empty: that of who asks. Needs leave to make SubjectAccessReviews."),
  groups: {
    type: listOf(scalar("string")),
    omitEmpty: true,
    description: "Groups of that user.",
  },
  manifest: {
    type: scalar("any"),
    description:
      "Asks about storing this object instead: whether it is taken, and what of it is refused. It is not stored.",
  },
});

const status = objectOf("podyard.dev/v1.ExplanationStatus", {
  sentence: text("The answer."),
  evidence: { type: listOf(evidence), description: "What it rests on." },
  mend: { type: listOf(mend), description: "What would change it." },
  decidedBy: text("The component whose decision it is."),
});

const schema = kindOf(
  "podyard.dev/v1.Explanation",
  {
    spec: { type: spec, present: true, description: "What is to be explained." },
    status: { type: status, present: true, description: "The explanation." },
  },
  "Explanation says why an object is as it is: a sentence, what it rests on, and what would mend it. It is answered and not stored.",
);

export const Explanation: Kind<Explanation> = {
  resource: "explanations.podyard.dev",
  apiVersion: "podyard.dev/v1",
  kind: "Explanation",
  schema,
  namespaced: true,
  hasGeneration: false,
  servedVerbs: ["create"],
  discovery: {
    singular: "explanation",
    shortNames: [],
    categories: ["podyard"],
    status: false,
  },
};
