"""Types keys.json into the machine's vim on a terminal of its own; prints what it printed after each of the keys, by row.
record.ts runs it."""
import fcntl, json, multiprocessing, os, pty, select, shutil, struct, sys, termios

job = json.load(sys.stdin)
base = "/tmp/vi-golden"
standard = "set nocp bs=indent,eol,start ruler ttimeout ttimeoutlen=20\n"
defaults = "set showcmd display=truncate scrolloff=5 incsearch nrformats=bin,hex\n"


def output(terminal, quiet=0.15):
    data = b""
    while select.select([terminal], [], [], quiet)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        data += part
    return data.decode(errors="replace")


def record(row, folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with open(folder + "/file", "w", newline="") as file:
        file.write(row.get("text", job["text"]))
    if "second" in row:
        with open(folder + "/" + row["args"][-1], "w") as file:
            file.write(row["second"])
    with open(folder + "/rc", "w") as file:
        file.write(standard + row.get("vimrc", defaults))
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", job["rows"], job["cols"], 0, 0))
        os.chdir(folder)
        environment = {"TERM": "xterm", "PATH": "/usr/bin:/bin", "HOME": folder, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "SHELL": "/bin/sh"}
        os.execve("/usr/bin/vim", ["vim", "-u", "rc", "-n", "-i", "NONE", *row.get("args", ["file"])], environment)
    printed = [output(terminal, 0.6)]
    for keys in row["keys"]:
        try:
            os.write(terminal, keys.encode())
        except OSError:
            break
        printed.append(output(terminal, row.get("slow", 0.3 if "!" in keys or keys == "\r" else 0.15)))
    os.close(terminal)
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        pass
    os.waitpid(pid, 0)
    shutil.rmtree(folder, ignore_errors=True)
    return printed


def work(at):
    return record(job["rowsOf"][at], base + str(at))


with multiprocessing.Pool(6) as pool:
    names = [row["name"] for row in job["rowsOf"]]
    print(json.dumps(dict(zip(names, pool.map(work, range(len(names)), 1)))))
