/** Numbers of devices, and what tells them in a file's record. */
export type DeviceNumbers = readonly [major: number, minor: number];

/** Devices that images and machines have. k8s: Linux Documentation/admin-guide/devices.txt */
const knownNumbers: Record<string, DeviceNumbers> = {
  null: [1, 3],
  zero: [1, 5],
  full: [1, 7],
  random: [1, 8],
  urandom: [1, 9],
  tty: [5, 0],
};

export function deviceName(type: "c" | "b", numbers: DeviceNumbers): string {
  const text = numbers.join(":");
  const known = Object.keys(knownNumbers).find((name) => knownNumbers[name]?.join(":") === text);
  return (type === "c" ? known : undefined) ?? text;
}

export function deviceNumbers(device: string): DeviceNumbers {
  const [major, minor] = device.split(":").map(Number);
  return knownNumbers[device] ?? [major || 0, minor || 0];
}
