/** Packages that images of distributions have from the start, by release; of each some that people look for. */

/** Name, what it is in one line. */
export const debianPackages: Record<string, string> = {
  apt: "commandline package manager",
  "base-files": "Debian base system miscellaneous files",
  bash: "GNU Bourne Again SHell",
  coreutils: "GNU core utilities",
  dash: "POSIX-compliant shell",
  dpkg: "Debian package management system",
  findutils: "utilities for finding files--find, xargs",
  grep: "GNU grep, egrep and fgrep",
  gzip: "GNU compression utilities",
  hostname: "utility to set/show the host name or domain name",
  libc6: "GNU C Library: Shared libraries",
  "perl-base": "minimal Perl system",
  sed: "GNU stream editor for filtering/transforming text",
  tar: "GNU version of the tar archiving utility",
  "util-linux": "miscellaneous system utilities",
};

/** Versions in the order of debianPackages, by code name. */
export const debianVersions: Record<string, string> = {
  buster:
    "1.8.2.3 10.3+deb10u13 5.0-4 8.30-3 0.5.10.2-5 1.19.8 4.6.0+git+20190209-2 3.3-1 1.9-3+deb10u1 3.21 2.28-10+deb10u4 5.28.1-6+deb10u1 4.7-1 1.30+dfsg-6+deb10u1 2.33.1-0.1+deb10u1",
  bullseye:
    "2.2.4 11.1+deb11u11 5.1-2+deb11u1 8.32-4+b1 0.5.11+git20200708+dd9ef66-5 1.20.13 4.8.0-1 3.6-1+deb11u1 1.10-4+deb11u1 3.23 2.31-13+deb11u11 5.32.1-4+deb11u4 4.7-1 1.34+dfsg-1+deb11u1 2.36.1-8+deb11u2",
  bookworm:
    "2.6.1 12.4+deb12u12 5.2.15-2+b8 9.1-1 0.5.12-2 1.21.22 4.9.0-4 3.8-5 1.12-1 3.23+nmu1 2.36-9+deb12u13 5.36.0-7+deb12u3 4.9-1 1.34+dfsg-1.2+deb12u1 2.38.1-5+deb12u3",
  trixie:
    "3.0.3 13.8+deb13u2 5.2.37-2+b5 9.7-3 0.5.12-12 1.22.21 4.10.0-3 3.11-4 1.13-1 3.25 2.41-12 5.40.1-6 4.9-2 1.35+dfsg-3.1 2.41-5",
  focal:
    "2.0.10 11ubuntu5.8 5.0-6ubuntu1.2 8.30-3ubuntu2 0.5.10.2-6 1.19.7ubuntu3.2 4.7.0-1ubuntu1 3.4-1 1.10-0ubuntu4.1 3.23 2.31-0ubuntu9.17 5.30.0-9ubuntu0.5 4.7-1 1.30+dfsg-7ubuntu0.20.04.4 2.34-0.1ubuntu9.6",
  jammy:
    "2.4.14 12ubuntu4.7 5.1-6ubuntu1.1 8.32-4.1ubuntu1.2 0.5.11+git20210903+really0.5.11-0ubuntu2 1.21.1ubuntu2.3 4.8.0-1ubuntu3 3.7-1build1 1.10-4ubuntu4.1 3.23ubuntu2 2.35-0ubuntu3.10 5.34.0-3ubuntu1.4 4.8-1ubuntu2 1.34+dfsg-1ubuntu0.1.22.04.2 2.37.2-4ubuntu3.4",
  noble:
    "2.8.3 13ubuntu10.3 5.2.21-2ubuntu4 9.4-3ubuntu6.1 0.5.12-6ubuntu5 1.22.6ubuntu6.5 4.9.0-5build1 3.11-4build1 1.12-1ubuntu3.1 3.23+nmu2ubuntu2 2.39-0ubuntu8.6 5.38.2-3.2ubuntu0.2 4.9-2build1 1.35+dfsg-3build1 2.39.3-9ubuntu6.3",
};

/** Packages of other tools that some images have: path of the tool, package, what it is. */
export const debianExtras: Record<string, [packageName: string, about: string]> = {
  "/usr/bin/curl": ["curl", "command line tool for transferring data with URL syntax"],
  "/usr/bin/wget": ["wget", "retrieves files from the web"],
  "/usr/bin/ps": ["procps", "/proc file system utilities"],
  "/usr/bin/ip": ["iproute2", "networking and traffic control tools"],
  "/usr/bin/ping": ["iputils-ping", "Tools to test the reachability of network hosts"],
  "/usr/bin/dig": ["dnsutils", "Transitional package for bind9-dnsutils"],
};

/** Of alpine's images: name and version. */
export const alpinePackages =
  "alpine-baselayout-3.7.0-r0 alpine-baselayout-data-3.7.0-r0 alpine-keys-2.5-r0 alpine-release-3.22.2-r0 apk-tools-2.14.9-r2 busybox-1.37.0-r19 busybox-binsh-1.37.0-r19 ca-certificates-bundle-20250911-r0 libapk2-2.14.9-r2 libcrypto3-3.5.4-r0 libssl3-3.5.4-r0 musl-1.2.5-r10 musl-utils-1.2.5-r10 scanelf-1.3.8-r1 ssl_client-1.37.0-r19 zlib-1.3.1-r2".split(
    " ",
  );
