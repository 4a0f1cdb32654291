# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of Debian machines for vm: a root file system (ext4), a kernel and a small initramfs that
mounts the one with the modules of the other; made of Debian's packages by this machine's own apt
(its sources, its proxy, its signatures) as if nothing were installed, and kept between runs.

Packages are unpacked, not configured: no script of theirs runs, so that an image takes seconds.
finish() does what such scripts would have done and these machines need. The guest's first process
is ours (guest/init).

An image is what its recipe (images/NAME) says, a word and its values a line:

    kernel PACKAGE            Debian's kernel, also a package that only names the newest
    packages PACKAGE...       beside BASE; with all that they depend on, and nothing recommended
    hypervisor FILE           a multiboot kernel of the root, e.g. boot/xen-4.17-amd64.gz, started
                              first, with `boot` words of its own
    boot WORD...              for the command line of what is started first
    start FILE                script beside the recipe, which the guest runs before it is ready
    memory MIB, cpus COUNT, cpu MODEL
    machine TYPE              of QEMU, with its options
    devices WORD...           more words for QEMU: devices that come before all others

Its directory is named by a hash of all that it is made of, versions of packages included: a new
input is a new image, and the old one goes once no machine runs from it."""
import contextlib
import fcntl
import gzip
import hashlib
import lzma
import os
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
# kmod loads liblzma5 without depending on it since Debian 13, and reads no packed module without it.
BASE = """base-files base-passwd bash bsdutils busybox-static coreutils dash diffutils findutils grep gzip
    hostname kmod libc-bin liblzma5 mawk mount procps sed tar util-linux""".split()
NOT_UNPACKED = ["./usr/share/doc/*", "./usr/share/man/*", "./usr/share/locale/*",
                "./usr/share/info/*", "./boot/System.map*", "./boot/config*",
                # Modules of what no emulated machine has: four fifths of Debian's kernel.
                *(f"./lib/modules/*/kernel/{part}/*" for part in (
                    "sound", "drivers/gpu", "drivers/media", "drivers/infiniband", "drivers/iio",
                    "drivers/scsi", "drivers/staging", "drivers/usb", "drivers/hwmon",
                    "drivers/net/wireless", "drivers/net/ethernet/mellanox", "drivers/input",
                    "drivers/platform", "drivers/bluetooth", "drivers/mtd", "drivers/edac"))]
INITIAL_MODULES = ["virtio_pci", "virtio_blk", "ext4"]
ROOM = 512 << 20  # free in the file system
WORDS = {"kernel": 1, "packages": 0, "hypervisor": 1, "boot": 0, "start": 1, "memory": 1,
         "cpus": 1, "cpu": 1, "machine": 1, "devices": 0}


class Lacking(Exception):
    """The machine lacks a program, or packages that cannot be fetched."""


def say(text):
    print(f"vm: {text}", file=sys.stderr, flush=True)


def cache_directory():
    return os.environ.get("VRBENCH_VM_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or "/var/cache", "vrbench-tests")


def read_recipe(name):
    recipe = {"packages": [], "boot": [], "devices": [], "memory": ["1024"], "cpus": ["2"],
              "cpu": ["qemu64"], "machine": ["pc"]}
    path = os.path.join(HERE, "images", name)
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            word, *values = shlex.split(line, comments=True) or [None]
            if word is None:
                continue
            if word not in WORDS or WORDS[word] not in (0, len(values)):
                raise ValueError(f"{path}:{number}: not a word with its values: {line.strip()}")
            many = word in ("packages", "boot", "devices")
            recipe[word] = recipe[word] + values if many else values
    return recipe


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise Lacking(f"no {program} here (sudo scripts/deps test)")


class Apt:
    """This machine's apt, made to believe that nothing is installed."""

    def __init__(self, debs):
        self.debs = debs
        # apt does not name files that it has: they are named with an eye on an empty directory.
        self.empty = os.path.join(debs, "empty")
        for directory in (debs, self.empty):
            os.makedirs(os.path.join(directory, "partial"), exist_ok=True)
        status = os.path.join(debs, "nothing-installed")
        with open(status, "wb"):
            pass
        self.options = [word for option in (
            f"Dir::State::status={status}", f"Dir::Cache::archives={debs}/",
            "Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache=", "Debug::NoLocking=1",
            "APT::Install-Recommends=false", "APT::Sandbox::User=root", "Acquire::Retries=2",
        ) for word in ("-o", option)]

    def run(self, *words, **more):
        return subprocess.run([*words[:1], *self.options, *words[1:]], check=True, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, **more).stdout

    def newest_kernel(self, package):
        """The package that holds the kernel, if `package` only names it."""
        for line in self.run("apt-cache", "depends", package).splitlines():
            word, _, depends = line.strip().partition(": ")
            if word == "Depends" and depends.startswith("linux-image-"):
                return depends
        return package

    def names(self, *words):
        """Package files that it takes."""
        answer = self.run("apt-get", "-qq", "-y", "-o", f"Dir::Cache::archives={self.empty}/",
                          "--print-uris", *words)
        return [shlex.split(line)[1] for line in answer.splitlines() if line.startswith("'")]

    def resolve(self, recipe):
        """Names of the kernel's package and of all package files, the kernel's first."""
        kernel = self.newest_kernel(recipe["kernel"][0])
        return kernel, (self.names("download", kernel) +
                        self.names("install", *BASE, *recipe["packages"]))

    def fetch(self, recipe, kernel):
        self.run("apt-get", "-q", "-y", "--download-only", "install", *BASE, *recipe["packages"])
        self.run("apt-get", "-q", "download", kernel, cwd=self.debs)


def resolve(apt, recipe):
    """As apt.resolve; with fresh lists where the ones that are there won't do."""
    try:
        return apt.resolve(recipe)
    except subprocess.CalledProcessError:
        say("package lists (apt-get update)")
        subprocess.run(["apt-get", "-q", "update"], check=False, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return apt.resolve(recipe)
    except subprocess.CalledProcessError as error:
        raise Lacking(f"packages cannot be fetched: {last_line(error.stderr)}") from error


def last_line(text):
    lines = [line for line in text.strip().splitlines() if line.startswith("E:")]
    return lines[-1] if lines else "apt says nothing"


def input_files(name, recipe):
    files = [os.path.join(HERE, "image.py"), os.path.join(HERE, "images", name)]
    files += [os.path.join(HERE, "guest", file) for file in sorted(os.listdir(HERE + "/guest"))]
    return files + [os.path.join(HERE, "images", file) for file in recipe.get("start", [])]


def hash_of(paths, names):
    state = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            state.update(hashlib.sha256(file.read()).digest())
    state.update("\n".join(names).encode())
    return state.hexdigest()[:16]


# ---- putting together

def unpack(debs, names, root):
    # Merged, as in Debian 12: packages still contain /bin, /lib and the like.
    for directory in ("bin", "sbin", "lib", "lib64"):
        os.makedirs(f"{root}/usr/{directory}")
        os.symlink(f"usr/{directory}", f"{root}/{directory}")
    excludes = [f"--exclude={pattern}" for pattern in NOT_UNPACKED]
    for name in names:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", os.path.join(debs, name)],
                              stdout=subprocess.PIPE) as source:
            subprocess.run(["tar", "-x", "-C", root, "--keep-directory-symlink", *excludes],
                           check=True, stdin=source.stdout)
        if source.returncode != 0:
            raise subprocess.CalledProcessError(source.returncode, source.args)


def in_root(root, *command):
    return subprocess.run(["chroot", root, *command], check=True, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL,
                          env={"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C"}).stdout


def finish(recipe, root, version):
    """What the packages' scripts would have done, and what is ours."""
    for file in ("passwd", "group"):
        shutil.copy(f"{root}/usr/share/base-passwd/{file}.master", f"{root}/etc/{file}")
    for directory in ("bin", "lib", "sbin"):
        os.makedirs(f"{root}/usr/local/{directory}")
    if not os.path.lexists(f"{root}/usr/bin/awk"):
        os.symlink("mawk", f"{root}/usr/bin/awk")
    with open(f"{root}/etc/hostname", "w", encoding="ascii") as file:
        file.write("vm\n")
    with open(f"{root}/etc/hosts", "w", encoding="ascii") as file:
        file.write("127.0.0.1 localhost vm\n::1 localhost\n")
    in_root(root, "ldconfig")
    in_root(root, "depmod", version)
    os.makedirs(f"{root}/vm")
    shutil.copy(f"{HERE}/guest/init", f"{root}/vm/init")
    os.chmod(f"{root}/vm/init", 0o755)
    for file in recipe.get("start", []):
        shutil.copy(f"{HERE}/images/{file}", f"{root}/vm/start")


def make_initrd(root, version, path):
    """busybox, the modules that lead to the root file system, and guest/early as /init."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as early:
        for directory in ("bin", "dev", "proc", "sys", "root", "modules"):
            os.makedirs(f"{early}/{directory}")
        shutil.copy(f"{root}/bin/busybox", f"{early}/bin/busybox")
        os.symlink("busybox", f"{early}/bin/sh")
        order = []
        for module in INITIAL_MODULES:
            for line in in_root(root, "modprobe", "-S", version, "--show-depends",
                                module).splitlines():
                word, file, *_ = line.split()
                if word == "insmod" and file not in order:
                    order.append(file)
        for number, file in enumerate(order):
            shutil.copy(root + file, f"{early}/modules/{number:02}-{os.path.basename(file)}")
        shutil.copy(f"{HERE}/guest/early", f"{early}/init")
        os.chmod(f"{early}/init", 0o755)
        names = "".join(os.path.relpath(os.path.join(at, name), early) + "\n"
                        for at, directories, files in os.walk(early)
                        for name in sorted(directories) + sorted(files))
        with open(path, "wb") as file:
            subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], check=True, cwd=early,
                           input=names.encode(), stdout=file)


def plain_kernel(packed, path):
    """Writes the ELF file that a bzImage packs (boot.rst): emulation takes long to unpack it. Debian 12 packs
    it by xz, Debian 13 by zstd. The last four bytes are the size of the ELF file."""
    with open(packed, "rb") as file:
        image = file.read()
    setup = (image[0x1f1] or 4) * 512 + 512
    offset, length = struct.unpack_from("<II", image, 0x248)
    payload = image[setup + offset:setup + offset + length]
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        plain = subprocess.run(["zstd", "-dc"], check=True, input=payload[:-4], stdout=subprocess.PIPE).stdout
    else:
        plain = lzma.LZMADecompressor().decompress(payload)
    with open(path, "wb") as file:
        file.write(plain)


def assemble(recipe, debs, names, into):
    root = f"{into}/root"
    unpack(debs, names, root)
    version = os.listdir(f"{root}/usr/lib/modules")[0]
    plain_kernel(f"{root}/boot/vmlinuz-{version}", f"{into}/vmlinux")
    os.unlink(f"{root}/boot/vmlinuz-{version}")
    finish(recipe, root, version)
    make_initrd(root, version, f"{into}/initrd")
    for file in recipe.get("hypervisor", []):
        with gzip.open(f"{root}/{file}") as packed, open(f"{into}/hypervisor", "wb") as plain:
            shutil.copyfileobj(packed, plain)
    used = int(subprocess.run(["du", "-s", "-B1", root], check=True, capture_output=True,
                              text=True).stdout.split()[0])
    subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", "-m", "0", "-d", root,
                    f"{into}/root.ext4", f"{(used * 5 // 4 + ROOM) >> 10}k"], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.rmtree(root)


def remove_old(cache, name, keep):
    """Images of that name but one, and halves of images, unless a machine runs from them."""
    for entry in os.listdir(cache):
        if entry == keep or not entry.startswith((name + "-", "new-")):
            continue
        with contextlib.suppress(OSError):
            lock = os.open(os.path.join(cache, entry), os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(os.path.join(cache, entry))
            finally:
                os.close(lock)


def make(name):
    """Directory of the image of that name, made if need be, and a descriptor that keeps it there as
    long as it is open. Needs root, for the owners of files."""
    need("apt-get", "dpkg-deb", "tar", "cpio", "zstd", "mkfs.ext4")
    recipe = read_recipe(name)
    cache = cache_directory()
    apt = Apt(os.path.join(cache, "debs"))
    with open(os.path.join(cache, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kernel, names = resolve(apt, recipe)
        entry = f"{name}-{hash_of(input_files(name, recipe), names)}"
        path = os.path.join(cache, entry)
        if not os.path.isdir(path):
            say(f"making image {name} of {len(names)} packages, in {path}")
            try:
                apt.fetch(recipe, kernel)
            except subprocess.CalledProcessError as error:
                raise Lacking(f"packages cannot be fetched: {last_line(error.stderr)}") from error
            new = tempfile.mkdtemp(prefix="new-", dir=cache)
            try:
                assemble(recipe, apt.debs, names, new)
                os.chmod(new, 0o755)
                os.rename(new, path)
            except BaseException:
                shutil.rmtree(new, ignore_errors=True)
                raise
            with contextlib.suppress(subprocess.CalledProcessError):
                apt.run("apt-get", "-qq", "autoclean")
        held = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(held, fcntl.LOCK_SH)
        remove_old(cache, name, entry)
    return path, recipe, held
