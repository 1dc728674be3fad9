/**
 * A kustomization's fields by their names, which are found in any case, as encoding/json finds them; a name of no field is refused.
 * k8s: sigs.k8s.io/kustomize/api/types/kustomization.go Unmarshal
 */
/** What a struct has: a field's own struct (of lists: that of each element), or null for everything that is kept as it is. */
interface Shape {
  readonly [field: string]: Shape | null;
}

const plain = (names: string): Shape =>
  Object.fromEntries(names.split(" ").map((name) => [name, null]));

const id = plain("group version kind name namespace");
const selector: Shape = { ...id, ...plain("annotationSelector labelSelector") };
const fieldOptions = plain("delimiter index encoding create");
const generatorOptions = plain("labels annotations disableNameSuffixHash immutable");
const configMap: Shape = {
  ...plain("namespace name behavior literals files envs env"),
  options: generatorOptions,
};
const patch: Shape = {
  ...plain("path patch"),
  target: selector,
  options: plain("allowNameChange allowKindChange"),
};
const image = plain("name newName tagSuffix newTag digest");
const replacement: Shape = {
  ...plain("path sourceValue"),
  source: { ...id, fieldPath: null, options: fieldOptions },
  targets: { fieldPaths: null, select: selector, reject: selector, options: fieldOptions },
};

const kustomization: Shape = {
  ...plain(
    "apiVersion kind openapi namePrefix nameSuffix namespace commonLabels commonAnnotations",
  ),
  ...plain("patchesStrategicMerge resources components crds bases configurations generators"),
  ...plain("transformers validators buildMetadata"),
  metadata: plain("name namespace labels annotations"),
  labels: {
    ...plain("pairs includeSelectors includeTemplates"),
    fields: plain("group version kind path create"),
  },
  patchesJson6902: patch,
  patches: patch,
  images: image,
  imageTags: image,
  replacements: replacement,
  replicas: plain("name count"),
  vars: {
    name: null,
    objref: { ...id, apiVersion: null },
    fieldref: plain("fieldPath"),
  },
  sortOptions: { order: null, legacySortOptions: plain("orderFirst orderLast") },
  configMapGenerator: configMap,
  secretGenerator: { ...configMap, type: null },
  helmGlobals: plain("chartHome configHome"),
  helmCharts: plain(
    "name version repo releaseName namespace additionalValuesFiles valuesFile valuesInline valuesMerge includeCRDs skipHooks apiVersions kubeVersion nameTemplate skipTests debug devel",
  ),
  helmChartInflationGenerator: plain(
    "chartName chartVersion chartRepoUrl chartHome chartRepoName helmBin helmHome values valuesLocal valuesMerge releaseName releaseNamespace extraArgs",
  ),
  generatorOptions,
};

/** The value with each field under its own name, and the first name that is no field's. */
export function fieldsOf(value: unknown): { value: unknown; strange: string | undefined } {
  let strange: string | undefined;
  const read = (given: unknown, shape: Shape): unknown => {
    if (Array.isArray(given)) return given.map((item) => read(item, shape));
    if (typeof given !== "object" || given === null) return given;
    const from = given as Record<string, unknown>;
    const out: Record<string, unknown> = {};
    // The YAML becomes JSON first, whose keys are sorted.
    for (const key of Object.keys(from).sort()) {
      const field = Object.hasOwn(shape, key) ? key : folded(shape, key);
      if (field === undefined) {
        strange ??= key;
        continue;
      }
      const own = shape[field] ?? null;
      out[field] = own ? read(from[key], own) : from[key];
    }
    return out;
  };
  return { value: read(value, kustomization), strange };
}

const folded = (shape: Shape, key: string): string | undefined => {
  const small = key.toLowerCase();
  return Object.keys(shape).find((field) => field.toLowerCase() === small);
};
