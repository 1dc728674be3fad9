/** The Kubernetes release that is simulated, as its binaries tell it. k8s: apimachinery/pkg/version/types.go Info */
export const release = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.1",
  gitCommit: "0000000000000000000000000000000000000000",
  gitTreeState: "clean",
  buildDate: "2026-05-13T00:00:00Z",
  goVersion: "go1.26.2",
  compiler: "gc",
  platform: "linux/amd64",
};
