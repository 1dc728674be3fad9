/** Key of a process in its Pod's record (PodRecord.processes): its pid namespace and its pid there, of five digits at most. */
export const processKey = (ns: number, pid: number): number => ns * 100_000 + pid;

/** Root folder of a process that has entered its node's mounts; no path leads there. */
export const nodeRoot = "/proc/node/root";
