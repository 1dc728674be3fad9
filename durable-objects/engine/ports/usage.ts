/** What Pods use, as kubelets report it to metrics-server. */

export interface ContainerUsage {
  name: string;
  cpuMilli: number;
  memoryBytes: number;
}

export interface PodUsage {
  containers: ContainerUsage[];
  /** End of the window the figures are about, virtual ms. */
  atMs: number;
  windowMs: number;
}
