/** What a claim's own parameters say of its GPUs. dra-example-driver: api/example.com/resource/gpu/v1alpha1 */

interface GpuConfig {
  apiVersion?: string;
  kind?: string;
  sharing?: {
    strategy?: string;
    timeSlicingConfig?: { interval?: string };
    spacePartitioningConfig?: { partitionCount?: number };
  };
}

const groupVersion = "gpu.resource.example.com/v1alpha1";
const intervals = ["Default", "Short", "Medium", "Long"];

/** Variables that a device brings, by its configuration; or what is wrong with that. */
export function gpuEnv(device: string, given: unknown): string[] | { problem: string } {
  const config = (given ?? {
    apiVersion: groupVersion,
    kind: "GpuConfig",
  }) as GpuConfig;
  if (config.apiVersion !== groupVersion || config.kind !== "GpuConfig")
    return {
      problem: `error decoding config parameters: no kind "${config.kind ?? ""}" is registered for version "${config.apiVersion ?? ""}" in scheme "pkg/runtime/scheme.go:110"`,
    };
  const { strategy, timeSlicingConfig, spacePartitioningConfig } = config.sharing ?? {
    strategy: "TimeSlicing",
  };
  const invalid = (problem: string): { problem: string } => ({
    problem: `error applying config: error validating GPU config: ${problem}`,
  });
  const id = device.slice("gpu-".length).replaceAll("-", "_").toUpperCase();
  const env = [`GPU_DEVICE_${id}=${device}`, `GPU_DEVICE_${id}_SHARING_STRATEGY=${strategy}`];
  if (strategy === "TimeSlicing") {
    const interval = timeSlicingConfig ? (timeSlicingConfig.interval ?? "") : "Default";
    if (!intervals.includes(interval)) return invalid(`unknown time-slice interval: ${interval}`);
    return [...env, `GPU_DEVICE_${id}_TIMESLICE_INTERVAL=${interval}`];
  }
  if (strategy !== "SpacePartitioning")
    return invalid(`unknown GPU sharing strategy: ${strategy ?? ""}`);
  const count = spacePartitioningConfig ? (spacePartitioningConfig.partitionCount ?? 0) : 1;
  if (count < 0) return invalid(`invalid partition count: ${count}`);
  return [...env, `GPU_DEVICE_${id}_PARTITION_COUNT=${count}`];
}
