/** Files of /proc that say the same in every container: what the machine's kernel was built with and given. */
import { lookup } from "../../core/lookup.ts";
import { defaultCapacity, kernelRelease } from "../../core/machine-facts.ts";

/** Linux: Documentation/admin-guide/devices.txt */
const devices = `Character devices:
  1 mem
  4 /dev/vc/0
  4 tty
  4 ttyS
  5 /dev/tty
  5 /dev/console
  5 /dev/ptmx
  7 vcs
 10 misc
 13 input
 29 fb
128 ptm
136 pts
180 usb
226 drm

Block devices:
  7 loop
  8 sd
  9 md
 65 sd
254 virtblk
259 blkext
`;

/** Linux: kernel/cgroup/cgroup-v1.c proc_cgroupstats_show, of a machine with cgroup v2 alone */
const controllers =
  "cpuset cpu cpuacct blkio memory devices freezer net_cls perf_event net_prio hugetlb pids rdma misc".split(
    " ",
  );

const modules = [
  ["overlay", 217_088, 24],
  ["br_netfilter", 36_864, 0],
  ["bridge", 385_024, 1],
  ["nf_conntrack", 200_704, 5],
  ["xt_MASQUERADE", 16_384, 2],
  ["ip_vs", 221_184, 0],
  ["veth", 45_056, 0],
] as const;

const cpuLine = (name: string): string => `${name} 4021 12 2210 918231 402 0 61 0 0 0\n`;

const texts: Record<string, string> = lookup({
  cgroups: `#subsys_name\thierarchy\tnum_cgroups\tenabled\n${controllers.map((name) => `${name}\t0\t74\t1\n`).join("")}`,
  cmdline: `BOOT_IMAGE=/boot/vmlinuz-${kernelRelease} root=/dev/vda1 ro console=ttyS0\n`,
  consoles: "ttyS0                -W- (EC p a)    4:64\n",
  devices,
  diskstats:
    " 254       0 vda 10231 2203 912331 4211 20311 10221 1822311 9211 0 8211 13422 0 0 0 0 0 0\n",
  misc: "235 autofs\n183 hw_random\n227 mcelog\n231 snapshot\n200 tun\n229 fuse\n236 device-mapper\n237 loop-control\n",
  modules: modules
    .map(([name, size, users]) => `${name} ${size} ${users} - Live 0x0000000000000000\n`)
    .join(""),
  partitions:
    "major minor  #blocks  name\n\n 254        0   41943040 vda\n 254        1   41810927 vda1\n",
  stat: `${cpuLine("cpu ")}${Array.from({ length: defaultCapacity.cpus }, (_, i) => cpuLine(`cpu${i}`)).join("")}intr 1023311 0\nctxt 2011221\nprocesses 4021\nprocs_running 1\nprocs_blocked 0\n`,
  swaps: "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n",
  vmstat:
    "nr_free_pages 1502211\nnr_dirty 21\npgpgin 502211\npgpgout 902211\npswpin 0\npswpout 0\npgfault 8022110\npgmajfault 2011\noom_kill 0\n",
});

export const machineFileNames = Object.keys(texts);

/** A file of /proc by its name; undefined: it is none of these. */
export const machineFile = (name: string): string | undefined => texts[name];
