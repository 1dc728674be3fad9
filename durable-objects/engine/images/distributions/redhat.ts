/** File tables of Red Hat's family: fedora, centos, rocky, amazonlinux. */
import { lookup } from "../../core/lookup.ts";
import { debianFiles, debianReleases, type FileTable } from "../../runtime/image/base-files.ts";

export interface RedhatRelease {
  id: string;
  name: string;
  version: string;
  pretty: string;
  /** /etc/redhat-release, or the line that stands for it. */
  release: string;
  url: string;
  /** Its package manager. */
  tool: "dnf" | "yum";
}

export const redhatReleases: Record<string, RedhatRelease> = lookup({
  fedora: {
    id: "fedora",
    name: "Fedora Linux",
    version: "43",
    pretty: "Fedora Linux 43 (Container Image)",
    release: "Fedora release 43 (Forty Three)",
    url: "https://fedoraproject.org/",
    tool: "dnf",
  },
  rocky: {
    id: "rocky",
    name: "Rocky Linux",
    version: "9.6",
    pretty: "Rocky Linux 9.6 (Blue Onyx)",
    release: "Rocky Linux release 9.6 (Blue Onyx)",
    url: "https://rockylinux.org/",
    tool: "dnf",
  },
  centos: {
    id: "centos",
    name: "CentOS Linux",
    version: "7",
    pretty: "CentOS Linux 7 (Core)",
    release: "CentOS Linux release 7.9.2009 (Core)",
    url: "https://www.centos.org/",
    tool: "yum",
  },
  amazon: {
    id: "amzn",
    name: "Amazon Linux",
    version: "2023",
    pretty: "Amazon Linux 2023",
    release: "Amazon Linux release 2023 (Amazon Linux)",
    url: "https://aws.amazon.com/linux/amazon-linux-2023/",
    tool: "dnf",
  },
});

const notHere =
  /^\/(etc\/(debian|apt|bash)|var\/lib\/(apt|dpkg)|var\/cache\/apt|usr\/bin\/(apt|dpkg|dash))/;

/** GNU's tools as Debian has them, with bash for /bin/sh too. */
export function redhatFiles(release: RedhatRelease): FileTable {
  const { id, name, version, pretty, url } = release;
  const common = Object.entries(debianFiles(debianReleases.bookworm!)).filter(
    ([path]) => !notHere.test(path),
  );
  return {
    ...Object.fromEntries(common),
    "/usr/bin/sh": { link: "bash" },
    "/usr/bin/curl": { program: "curl" },
    "/usr/bin/yum": { program: release.tool },
    ...(release.tool === "dnf" ? { "/usr/bin/dnf": { program: "dnf" } } : {}),
    "/etc/os-release": `NAME="${name}"\nVERSION="${version}"\nID="${id}"\nVERSION_ID="${version}"\nPRETTY_NAME="${pretty}"\nHOME_URL="${url}"\n`,
    "/etc/redhat-release": `${release.release}\n`,
    "/etc/system-release": `${release.release}\n`,
    "/etc/bashrc": "[ -n \"$PS1\" ] && PS1='[\\u@\\h \\W]\\$ '\n",
    "/root/.bashrc": ". /etc/bashrc\n",
  };
}
