"""Types keys.json into the machine's bash on a terminal of its own; prints screens.json: what it printed after each keystroke.
python3 record.py < keys.json > screens.json"""
import fcntl, json, os, pty, select, shutil, signal, struct, sys, termios, time

folder = "/tmp/readline"
job = json.load(sys.stdin)


def size(terminal, cols):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, cols, 0, 0))


def output(terminal, quiet=0.12):
    data = b""
    while select.select([terminal], [], [], quiet)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        data += part
    return data.decode()


def record(row):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name in job["files"]:
        path = os.path.join(folder, name)
        if name.endswith("/"):
            os.makedirs(path)
        else:
            open(path, "w").close()
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        environment = {"TERM": "xterm", "PATH": "/usr/bin:/bin", "HOME": folder, "LANG": "C.UTF-8", "HISTFILE": "", "LC_ALL": "C.UTF-8"}
        os.execve("/bin/bash", ["bash", "--norc", "--noprofile"], environment)
    size(terminal, row.get("cols", 80))
    output(terminal, 0.4)
    os.write(terminal, (job["begin"] + "\r").encode())
    output(terminal, 0.2)
    os.write(terminal, b"\x0c")
    printed = [output(terminal)]
    for keys in row["keys"]:
        if isinstance(keys, int):
            size(terminal, keys)
            os.kill(pid, signal.SIGWINCH)
        else:
            os.write(terminal, keys.encode())
        printed.append(output(terminal))
    os.close(terminal)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return printed


print(json.dumps({row["name"]: record(row) for row in job["rows"]}, indent=1, ensure_ascii=True))
shutil.rmtree(folder, ignore_errors=True)
