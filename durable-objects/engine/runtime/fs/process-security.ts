/** The lines of /proc/PID/status about what a process may do. */
import { defaultCapacity } from "../../core/machine-facts.ts";
import type { Kernel } from "../kernel/types.ts";
import type { Process } from "../kernel/state.ts";

/** In the order of their bits. */
const capabilityNames =
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE".split(
    " ",
  );

/** Lines of /proc/PID/status about groups, capabilities, seccomp and CPUs. */
export function processSecurity(kernel: Kernel, process: Process): string {
  const record = kernel.pod.containers[process.container];
  const container = record && kernel.container(process.container);
  const who = container?.credentials(process);
  let mask = 0n;
  for (const [bit, name] of capabilityNames.entries())
    if (!container || container.capable(name)) mask |= 1n << BigInt(bit);
  const text = (bits: bigint): string => bits.toString(16).padStart(16, "0");
  const held = text(!who || who.uid === 0 ? mask : 0n);
  const filtered = record?.spec.seccomp === true;
  const last = defaultCapacity.cpus - 1;
  return (
    `Groups:\t${(who?.groups ?? []).join(" ")}\n` +
    `CapInh:\t${text(0n)}\nCapPrm:\t${held}\nCapEff:\t${held}\nCapBnd:\t${text(mask)}\nCapAmb:\t${text(0n)}\n` +
    `NoNewPrivs:\t${record?.spec.noNewPrivileges ? 1 : 0}\n` +
    `Seccomp:\t${filtered ? 2 : 0}\nSeccomp_filters:\t${filtered ? 1 : 0}\n` +
    `Cpus_allowed:\t${((1 << defaultCapacity.cpus) - 1).toString(16)}\nCpus_allowed_list:\t0-${last}\n`
  );
}
