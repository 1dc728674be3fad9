/** The mock GPUs of a node. dra-example-driver: internal/profiles/gpu/gpu.go EnumerateDevices */
import { fnv32a, hex32 } from "../../core/random.ts";

export interface Profile {
  nodeName: string;
  driver: string;
  count: number;
  partitions: number;
}
type Fields = Record<string, unknown>;

const gib = 1024 ** 3;
const memory = 80 * gib;
const compute = 100;

/** Always the same for a node, like those of a machine. */
function uuidOf(node: string, index: number): string {
  const hex = [0, 1, 2, 3].map((part) => hex32(fnv32a(`${node}/gpu/${index}/${part}`))).join("");
  return `gpu-${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const bytes = (amount: number): string =>
  amount % gib === 0 ? `${amount / gib}Gi` : String(Math.floor(amount));
const amounts = (parts: number): { memory: { value: string }; compute: { value: string } } => ({
  memory: { value: bytes(memory / parts) },
  compute: { value: String(Math.floor(compute / parts)) },
});

function partitionsOf(i: number, attributes: Fields, partitions: number): Fields[] {
  const consumes = (parts: number): Fields[] => [
    { counterSet: `gpu-${i}-counters`, counters: amounts(parts) },
  ];
  const parts = Array.from({ length: partitions }, (_, j) => ({
    name: `gpu-${i}-partition-${j}`,
    attributes: { ...attributes, partition: { int: j }, partitionable: { bool: true } },
    capacity: amounts(partitions),
    consumesCounters: consumes(partitions),
  }));
  const full = {
    name: `gpu-${i}-full`,
    attributes: { ...attributes, partitionable: { bool: true }, full: { bool: true } },
    capacity: amounts(1),
    consumesCounters: consumes(1),
  };
  return [...parts, full];
}

/** Specs of the slices that tell of them. */
export function slicesOf({ nodeName, driver, count, partitions }: Profile): Fields[] {
  const devices: Fields[] = [];
  for (let i = 0; i < count; i++) {
    const attributes = {
      index: { int: i },
      uuid: { string: uuidOf(nodeName, i) },
      model: { string: "LATEST-GPU-MODEL" },
      driverVersion: { version: "1.0.0" },
    };
    if (partitions > 0) devices.push(...partitionsOf(i, attributes, partitions));
    else devices.push({ name: `gpu-${i}`, attributes, capacity: amounts(1) });
  }
  const pool = { name: nodeName, generation: 1, resourceSliceCount: partitions > 0 ? 2 : 1 };
  const common = { driver, nodeName, pool };
  if (partitions === 0) return [{ ...common, devices }];
  const sharedCounters = Array.from({ length: count }, (_, i) => ({
    name: `gpu-${i}-counters`,
    counters: amounts(1),
  }));
  return [
    { ...common, sharedCounters },
    { ...common, devices },
  ];
}
