/** Kustomizations, as their files have them, and objects on their way through one. k8s: kustomize/api/types */
import type { KubeObject } from "../objects.ts";

export interface GeneratorArgs {
  name?: string;
  namespace?: string;
  behavior?: string;
  type?: string;
  literals?: string[];
  files?: string[];
  envs?: string[];
  env?: string;
  options?: {
    disableNameSuffixHash?: boolean;
    immutable?: boolean;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
}

export interface Target {
  group?: string;
  version?: string;
  kind?: string;
  name?: string;
  namespace?: string;
  labelSelector?: string;
  annotationSelector?: string;
}

export interface PatchEntry {
  patch?: string;
  path?: string;
  target?: Target;
}

export interface FieldOptions {
  /** A field is a list of texts between delimiters, of which one is meant. */
  delimiter?: string;
  index?: number;
  /** Fields that are not there are made. */
  create?: boolean;
}

export interface Replacement {
  /** A file that holds it, or several. */
  path?: string;
  source?: Target & { fieldPath?: string; options?: FieldOptions };
  sourceValue?: string;
  targets?: {
    select?: Target;
    reject?: Target[];
    fieldPaths?: string[];
    options?: FieldOptions;
  }[];
}

export interface Transformers {
  namePrefix?: string;
  nameSuffix?: string;
  namespace?: string;
  labels?: {
    pairs?: Record<string, string>;
    includeSelectors?: boolean;
    includeTemplates?: boolean;
  }[];
  commonLabels?: Record<string, string>;
  commonAnnotations?: Record<string, string>;
  images?: {
    name?: string;
    newName?: string;
    newTag?: string;
    digest?: string;
    tagSuffix?: string;
  }[];
  replicas?: { name?: string; count?: number }[];
  replacements?: Replacement[];
}

export interface Kustomization extends Transformers {
  apiVersion?: string;
  kind?: string;
  resources?: string[];
  bases?: string[];
  components?: string[];
  patches?: PatchEntry[];
  patchesStrategicMerge?: string[];
  patchesJson6902?: PatchEntry[];
  configMapGenerator?: GeneratorArgs[];
  secretGenerator?: GeneratorArgs[];
  generatorOptions?: GeneratorArgs["options"];
}

/** An object on its way, with the name it had in its file. */
export interface Resource {
  object: KubeObject;
  origin: { name: string; namespace: string };
  /** Its name gets the hash of its content. */
  hashed?: true;
  behavior?: string;
}

export const resourceOf = (object: KubeObject): Resource => ({
  object,
  origin: {
    name: object.metadata?.name ?? "",
    namespace: object.metadata?.namespace ?? "",
  },
});
