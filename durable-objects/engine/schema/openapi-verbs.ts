/** The verbs of discovery as OpenAPI operations: one table. */

const listParameters = [
  "allowWatchBookmarks",
  "continue",
  "fieldSelector",
  "labelSelector",
  "limit",
  "resourceVersion",
  "resourceVersionMatch",
  "sendInitialEvents",
  "timeoutSeconds",
  "watch",
];
const deleteParameters = [
  "dryRun",
  "gracePeriodSeconds",
  "ignoreStoreReadErrorWithClusterBreakingPotential",
  "orphanDependents",
  "propagationPolicy",
];
const writeParameters = ["dryRun", "fieldManager", "fieldValidation"];

/** How one verb of discovery becomes an operation. */
export interface Verb {
  method: "get" | "post" | "put" | "patch" | "delete";
  /** On the collection's path, not the item's. */
  collection: boolean;
  action: string;
  /** First word of the operation's id, and its description with the kind's name for %. */
  id: string;
  describe: string;
  parameters: readonly string[];
  body: "object" | "patch" | "deleteOptions" | "none";
  answer: "object" | "list" | "status";
  codes: readonly number[];
}

export const verbs: Record<string, Verb> = {
  list: {
    method: "get",
    collection: true,
    action: "list",
    id: "list",
    describe: "list or watch objects of kind %",
    parameters: listParameters,
    body: "none",
    answer: "list",
    codes: [200],
  },
  create: {
    method: "post",
    collection: true,
    action: "post",
    id: "create",
    describe: "create %",
    parameters: writeParameters,
    body: "object",
    answer: "object",
    codes: [200, 201, 202],
  },
  deletecollection: {
    method: "delete",
    collection: true,
    action: "deletecollection",
    id: "delete",
    describe: "delete collection of %",
    parameters: [...deleteParameters, ...listParameters.filter((p) => !/^(allow|watch)/.test(p))],
    body: "deleteOptions",
    answer: "status",
    codes: [200],
  },
  get: {
    method: "get",
    collection: false,
    action: "get",
    id: "read",
    describe: "read the specified %",
    parameters: [],
    body: "none",
    answer: "object",
    codes: [200],
  },
  update: {
    method: "put",
    collection: false,
    action: "put",
    id: "replace",
    describe: "replace the specified %",
    parameters: writeParameters,
    body: "object",
    answer: "object",
    codes: [200, 201],
  },
  patch: {
    method: "patch",
    collection: false,
    action: "patch",
    id: "patch",
    describe: "partially update the specified %",
    parameters: [...writeParameters, "force"],
    body: "patch",
    answer: "object",
    codes: [200, 201],
  },
  delete: {
    method: "delete",
    collection: false,
    action: "delete",
    id: "delete",
    describe: "delete %",
    parameters: deleteParameters,
    body: "deleteOptions",
    answer: "status",
    codes: [200, 202],
  },
};
