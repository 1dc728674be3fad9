/** What Pods use, as metrics-server is told by the kubelets. */

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
